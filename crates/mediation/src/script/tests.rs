//! Scripts in flows.

use model::codes;
use model::fault::FaultCode;

use crate::End;
use crate::host::Category;
use crate::message::Part;
use crate::testing::{Ask, Gateway, check_at};

/// A message of SOAP 1.1.
const ENVELOPE: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><o/></s:Body></s:Envelope>";

/// Runs a script, with steps after it.
fn run(script: &str, after: &str, ask: &Ask) -> crate::testing::Outcome {
    let policy = format!("<script language=\"js\"><![CDATA[{script}]]></script>{after}");
    check_at(&policy, ask, &Gateway::default())
}

fn header(outcome: &crate::testing::Outcome, name: &str) -> Option<String> {
    let value = outcome.message.headers.get(name)?;
    value.to_str().ok().map(str::to_owned)
}

/// What it computes from the message.
#[test]
fn scripts_see_the_message() {
    for (expression, expected) in [
        ("mc.getProperty('uri.var.id')", "a/b c"),
        ("mc.getProperty('query.param.Tier')", "gold x"),
        ("mc.getProperty('query.param.' + 'region')", "eu"),
        ("mc.getProperty('AM_KEY_TYPE')", "SANDBOX"),
        ("mc.getProperty('REST_METHOD')", "GET"),
        ("mc.getProperty('absent')", "null"),
        ("mc.getProperty('REMOTE_ADDR', 'axis2')", "192.0.2.7"),
        ("mc.getProperty('X-REGION', 'transport')", "eu"),
        ("mc.isDoingGET()", "true"),
        ("mc.isResponse()", "false"),
        ("mc.getTo()", "/shop/1.0/orders/7?region=eu&Tier=gold%20x"),
        ("mc.getPayloadJSON()", "null"),
    ] {
        let script = format!("mc.setProperty('X-Out', String({expression}), 'transport')");
        let outcome = run(&script, "", &Ask::default());
        assert_eq!(header(&outcome, "x-out").as_deref(), Some(expected), "{expression}");
    }
}

#[test]
fn scripts_change_the_message() {
    let script = "mc.setProperty('p', 7); mc.setVariable('v', {k: [1]});\
                  mc.setProperty('HTTP_METHOD', 'PUT', 'axis2'); mc.setTo('http://b/x');\
                  mc.removeProperty('X-Region', 'transport'); mc.setSoapAction('urn:a');\
                  mc.setProperty('own', 'o', 'operation'); print('said', 1);";
    let after = r#"<header name="X-All" scope="transport" expression="concat($ctx:p, $var:v, get-property('operation', 'own'))"/>"#;
    let outcome = run(script, after, &Ask::default());
    assert_eq!(header(&outcome, "x-all").as_deref(), Some(r#"7{"k":[1]}o"#));
    assert_eq!(outcome.message.method, "PUT");
    assert_eq!(outcome.message.to, Part::Set("http://b/x".into()));
    assert_eq!(header(&outcome, "x-region"), None);
    assert_eq!(header(&outcome, "soapaction").as_deref(), Some("\"urn:a\""));
    assert_eq!(outcome.lines, [(Category::Info, "policy a v1: said 1".to_owned())]);
    assert!(!outcome.is_read);
}

/// A body gets a content type where there is none, and keeps the one that there is.
#[test]
fn bodies_are_written_as_the_message_says() {
    let xml = Ask::xml("<o><n>1</n></o>");
    let json = Ask::json(r#"{"n": 1, "z": null}"#);
    for (script, ask, expected, content_type) in [
        ("mc.setPayloadJSON({a: 1})", &Ask::default(), r#"{"a":1}"#, "application/json"),
        ("mc.setPayloadJSON('')", &json, "", "application/json"),
        ("mc.setPayloadXML('')", &xml, "", "application/xml"),
        (
            "mc.setPayloadJSON('{ \"a\": 1 }'); mc.setProperty('messageType', 'application/xml', 'axis2')",
            &json,
            "<a>1</a>",
            "application/xml",
        ),
        ("mc.setPayloadXML(<a/>)", &Ask::default(), "<a/>", "application/xml"),
        (
            "mc.setPayloadJSON(mc.getPayloadJSON())",
            &json,
            r#"{"n":1,"z":null}"#,
            "application/json",
        ),
        (
            "mc.setPayloadXML(<a>{mc.getPayloadXML().n}</a>)",
            &xml,
            "<a><n>1</n></a>",
            "application/xml",
        ),
        (
            "mc.setPayloadJSON({a: mc.getPayloadJSON().o.n}); mc.setProperty('messageType', 'application/json', 'axis2')",
            &xml,
            r#"{"a":1}"#,
            "application/json",
        ),
        ("mc.setPayloadJSON({a: 1})", &xml, "<a>1</a>", "application/xml"),
    ] {
        let mut outcome = run(script, "", ask);
        let media = outcome.message.written_as();
        let written = outcome.message.payload.write(&media, &crate::Limits::default());
        let written = written.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let written = written.unwrap_or_else(|error| error.to_string());
        if content_type == "application/xml" && expected.contains("<a>1</a>") {
            assert!(written.contains(expected), "{script}: {written}");
        } else {
            assert_eq!(written, expected, "{script}");
        }
        assert_eq!(header(&outcome, "content-type").as_deref(), Some(content_type), "{script}");
    }
}

#[test]
fn scripts_end_flows() {
    let after = r#"<header name="X-After" scope="transport" value="1"/>"#;
    let outcome = run("false", after, &Ask::default());
    assert!(matches!(outcome.end, Ok(End::Drop)), "{:?}", outcome.end);
    assert_eq!(header(&outcome, "x-after"), None);
    let outcome = run("\n\n  throw new Error('no')", after, &Ask::default());
    let fault = outcome.end.expect_err("it throws");
    assert_eq!((fault.code, fault.message.as_str()), (FaultCode::ScriptFailed, "Script failed"));
    assert_eq!(fault.detail.as_deref(), Some("policy a v1, line 3, column 13: Error: no"));
}

/// Blocks in the header of the envelope, before those that came.
#[test]
fn headers_of_soap_are_added() {
    let ask = Ask { headers: vec![("Content-Type", "text/xml")], ..Ask::xml(ENVELOPE) };
    let script = "mc.addHeader(true, <a:b xmlns:a='urn:a'>1</a:b>); mc.addHeader(false, '<c/>')";
    let mut outcome = run(script, "", &ask);
    let body = outcome.message.write_body(&ask.limits).expect("it can be written");
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(body.contains("s:mustUnderstand=\"1\""), "{body}");
    assert!(body.contains(">1</a:b><c/></s:Header><s:Body>"), "{body}");
}

/// A sequence with `onError` takes it, and nothing that the script did remains.
#[test]
fn what_a_script_throws_can_be_taken() {
    let caught = r#"<header name="X-Caught" scope="transport" expression="$ctx:ERROR_CODE"/>"#;
    let ask = Ask { sequences: vec![("fix", caught.to_owned())], ..Ask::default() };
    let policy = r#"<sequence name="s" onError="fix"><script language="js">mc.setTo('x'); absent()</script></sequence>"#;
    let outcome = check_at(policy, &ask, &Gateway::default());
    assert_eq!(header(&outcome, "x-caught").as_deref(), Some("400908"));
    assert_eq!(outcome.message.to, Part::Original);
}

/// Problems of a policy with a script: code, place, and a part of what is said.
#[test]
fn mistakes_are_found_at_deployment() {
    for (text, code, place, part) in [
        (
            "<script language=\"js\"><![CDATA[\nvar a = ;]]></script>",
            codes::SCRIPT_SYNTAX,
            (2, 9),
            "SyntaxError",
        ),
        (
            "<log/>\n<script language=\"js\">\n  java.lang.System.exit(0)</script>",
            codes::SCRIPT_SYNTAX,
            (3, 3),
            "Java",
        ),
        ("<script language=\"groovy\">1</script>", codes::MEDIATOR_VALUE, (1, 9), "rhinoJs"),
        ("<script>1</script>", codes::MEDIATOR_ATTRIBUTE, (1, 1), "language"),
        (
            "<script language=\"js\" key=\"conf:/a.js\" function=\"f\"/>",
            codes::MEDIATOR_UNSUPPORTED,
            (1, 23),
            "conf:/a.js",
        ),
        ("<script language=\"js\"> </script>", codes::MEDIATOR_ATTRIBUTE, (1, 1), "empty"),
        ("<script language=\"js\"><a/></script>", codes::MEDIATOR_VALUE, (1, 23), "CDATA"),
    ] {
        let known_sequences = |_: &str| false;
        let context = crate::parse::Context {
            file: "Policies/a.j2",
            origin: "policy a v1",
            flow: model::policy::Flow::Request,
            known_sequences: &known_sequences,
            is_dynamic_endpoint: true,
            line_offset: 0,
        };
        let mut found = Vec::new();
        assert!(crate::parse::parse(text, &context, &mut found).is_none(), "{text}");
        let [one] = found.as_slice() else { panic!("{text}: {found:?}") };
        let (line, column) = place;
        let place = model::diagnostic::Place::line("Policies/a.j2", line, column);
        assert_eq!((one.code, &one.place), (code, &place), "{text}: {}", one.message);
        assert!(format!("{} {}", one.message, one.help).contains(part), "{text}: {one:?}");
    }
}
