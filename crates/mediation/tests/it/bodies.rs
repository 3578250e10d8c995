//! `payloadFactory`, `enrich`, `makefault`, `log` (spec/02 §3.7).

use model::fault::FaultCode;

use crate::host::Category;
use crate::testing::{Ask, check};

const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// The body after a policy, and its content type.
#[track_caller]
fn check_body(policy: &str, ask: &Ask, body: &str, content_type: &str) {
    let mut outcome = check(policy, ask);
    assert!(outcome.end.is_ok(), "{policy}: {:?}", outcome.end);
    assert_eq!(
        (outcome.body(), outcome.header("content-type")),
        (body.to_owned(), content_type.to_owned()),
        "{policy}"
    );
}

/// A `payloadFactory` with one argument.
fn factory(media: &str, format: &str, argument: &str) -> String {
    format!(
        r#"<payloadFactory media-type="{media}"><format>{format}</format><args><arg {argument}/></args></payloadFactory>"#
    )
}

fn order() -> Ask {
    Ask::json(r#"{"o":{"x":[1,"a\"b"]},"s":"a\"<b>","n":1.5,"t":true,"z":null}"#)
}

#[test]
fn json_from_arguments() {
    for (format, argument, body) in [
        (r#"{"a":"$1"}"#, r#"expression="json-eval($.s)""#, r#"{"a":"a\"<b>"}"#),
        (r#"{"a":"$1"}"#, r#"evaluator="json" expression="$.s""#, r#"{"a":"a\"<b>"}"#),
        (r#"{"a":$1}"#, r#"evaluator="json" expression="$.o""#, r#"{"a":{"x":[1,"a\"b"]}}"#),
        (r#"{"a":$1}"#, r#"evaluator="json" expression="$.o.x""#, r#"{"a":[1,"a\"b"]}"#),
        (r#"{"a":$1}"#, r#"evaluator="json" expression="$.n""#, r#"{"a":1.5}"#),
        (r#"{"a":$1}"#, r#"evaluator="json" expression="$.z""#, r#"{"a":null}"#),
        (r#"{"a":"$1"}"#, r#"evaluator="json" expression="$.none""#, r#"{"a":""}"#),
        (r#"{"a":"$1"}"#, r#"value="&lt;x&gt;1&lt;/x&gt;" literal="true""#, r#"{"a":"<x>1</x>"}"#),
        (r#"{"a":$1}"#, r#"value="&lt;x&gt;1&lt;/x&gt;""#, r#"{"a":{"x":1}}"#),
        (r#"{"a":"$1"}"#, r#"value="{&quot;x&quot;:1}" literal="true""#, r#"{"a":"{\"x\":1}"}"#),
        (r#"{"a":"$1$1", "p": "$ $0 5$"}"#, r#"value="x""#, r#"{"a":"xx", "p": "$ $0 5$"}"#),
        (
            r#"{"a":"${payload.s}", "b": ${payload.o.x}, "c": ${payload.n + 1}}"#,
            r#"value="x""#,
            r#"{"a":"a\"<b>", "b": [1,"a\"b"], "c": 2.5}"#,
        ),
        (r#"{"a":"$1"}"#, r#"expression="$ctx:none""#, r#"{"a":""}"#),
        (r#"{"a":"$1"}"#, r#"value="$1 $2 ${payload.s}""#, r#"{"a":"$1 $2 ${payload.s}"}"#),
    ] {
        check_body(&factory("json", format, argument), &order(), body, "application/json");
    }
    let quote = r#"<property name="QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON" value="true"/>"#;
    for (value, body) in [("x", r#"{"a":"x"}"#), ("5", r#"{"a":5}"#), ("true", r#"{"a":true}"#)] {
        let policy =
            format!("{quote}{}", factory("json", r#"{"a":$1}"#, &format!(r#"value="{value}""#)));
        check_body(&policy, &order(), body, "application/json");
    }
    let broken = check(&factory("json", r#"{"a":$1}"#, r#"value="x""#), &order());
    assert_eq!(broken.fault(), FaultCode::PolicyFailed);
}

#[test]
fn xml_from_arguments() {
    for (format, argument, body) in [
        ("<a>$1</a>", r#"value="1 &lt; 2 &amp;""#, "<a>1 &lt; 2 &amp;</a>"),
        ("<a>$1</a>", r#"value="&lt;x/&gt;""#, "<a><x/></a>"),
        ("<a>$1</a>", r#"value="&lt;x/&gt;" literal="true""#, "<a>&lt;x/&gt;</a>"),
        ("<a>$1</a>", r#"value="{&quot;x&quot;:1}""#, "<a><x>1</x></a>"),
        ("<a b=\"$1\"/>", r#"value="1""#, "<a b=\"1\"/>"),
        ("<a>$1</a>", r#"expression="json-eval($.o)""#, "<a><x>1</x><x>a\"b</x></a>"),
        ("<a>${payload.s}</a>", r#"value="1""#, "<a>a\"&lt;b&gt;</a>"),
        ("<a>$1</a>", r#"expression="//s""#, "<a>a\"&lt;b&gt;</a>"),
        ("<a>$1</a>", r#"expression="//x""#, "<a>1a\"b</a>"),
        ("<a>$1</a>", r#"expression="//o""#, "<a><o><x>1</x><x>a\"b</x></o></a>"),
        ("<m:a xmlns:m=\"urn:m\">$1</m:a>", r#"value="1""#, "<m:a xmlns:m=\"urn:m\">1</m:a>"),
    ] {
        check_body(&factory("xml", format, argument), &order(), body, "application/xml");
    }
    let injected =
        check(&factory("xml", "<a b=\"$1\"/>", r#"value="&quot; c=&quot;1""#), &order()).body();
    assert_eq!(injected, "<a b=\"&quot; c=&quot;1\"/>");
}

#[test]
fn text_from_arguments() {
    check_body(
        &factory("text", "a $1 b", r#"value="&lt;x&gt; &quot;""#),
        &order(),
        "a <x> \" b",
        "text/plain",
    );
    let none = check(
        r#"<property name="NO_ENTITY_BODY" value="true" scope="axis2"/><payloadFactory media-type="text"><format>x</format></payloadFactory>"#,
        &Ask::default(),
    );
    assert!(!none.message.has_no_body);
}

#[test]
fn xml_keeps_its_type_and_its_envelope() {
    let make = "<payloadFactory><format><n/></format></payloadFactory>";
    check_body(make, &Ask::post("application/vnd.a+xml", "<a/>"), "<n/>", "application/vnd.a+xml");
    check_body(
        make,
        &Ask::post("text/xml; charset=utf-8", "<a/>"),
        "<n/>",
        "text/xml; charset=utf-8",
    );
    let envelope = |namespace: &str, inner: &str| {
        format!(
            r#"<s:Envelope xmlns:s="{namespace}"><s:Header><h/></s:Header><s:Body>{inner}</s:Body></s:Envelope>"#
        )
    };
    for (content_type, namespace) in
        [("text/xml", SOAP11), ("application/soap+xml", "http://www.w3.org/2003/05/soap-envelope")]
    {
        let ask = Ask::post(content_type, &envelope(namespace, "<a/><b/>"));
        check_body(make, &ask, &envelope(namespace, "<n/>"), content_type);
        // A whole envelope takes the place of the one that came.
        let whole = format!(
            r#"<payloadFactory><format><x:Envelope xmlns:x="{namespace}"><x:Body><n/></x:Body></x:Envelope></format></payloadFactory>"#
        );
        let expected =
            format!(r#"<x:Envelope xmlns:x="{namespace}"><x:Body><n/></x:Body></x:Envelope>"#);
        check_body(&whole, &ask, &expected, content_type);
    }
    let whole = format!(
        r#"<payloadFactory><format><x:Envelope xmlns:x="{SOAP11}"><x:Body/></x:Envelope></format></payloadFactory>"#
    );
    check_body(
        &whole,
        &order(),
        &format!(r#"<x:Envelope xmlns:x="{SOAP11}"><x:Body/></x:Envelope>"#),
        "text/xml",
    );
    // `text/xml` is SOAP where a policy asks for it (spec/02 §0).
    let asked = r#"<payloadFactory><format><n/></format></payloadFactory><property name="messageType" value="text/xml" scope="axis2"/>"#;
    check_body(
        asked,
        &order(),
        &format!(
            r#"<soapenv:Envelope xmlns:soapenv="{SOAP11}"><soapenv:Body><n/></soapenv:Body></soapenv:Envelope>"#
        ),
        "text/xml",
    );
}

/// An `enrich`.
fn enrich(source: &str, target: &str) -> String {
    format!("<enrich><source {source}/><target {target}/></enrich>")
}

#[test]
fn enriching_json() {
    let json = "application/json";
    let ask = Ask::json(r#"{"a":{"b":1},"l":[1],"s":"x"}"#);
    for (policy, body) in [
        (enrich(r#"type="custom" xpath="json-eval($.a)""#, r#"type="body""#), r#"{"b":1}"#),
        (enrich(r#"type="custom" xpath="json-eval($.s)" clone="true""#, r#"type="custom" xpath="json-eval($.a.b)""#), r#"{"a":{"b":"x"},"l":[1],"s":"x"}"#),
        (enrich(r#"type="custom" xpath="json-eval($.s)""#, r#"type="custom" xpath="json-eval($.l)" action="child""#), r#"{"a":{"b":1},"l":[1,"x"]}"#),
        ("<enrich><source type=\"inline\">{\"n\":2}</source><target type=\"custom\" xpath=\"json-eval($.a)\" action=\"child\"/></enrich>".to_owned(), r#"{"a":{"b":1,"n":2},"l":[1],"s":"x"}"#),
        ("<enrich><source type=\"inline\">{\"n\":2}</source><target type=\"body\"/></enrich>".to_owned(), r#"{"n":2}"#),
        ("<enrich><source type=\"inline\">{\"n\":2}</source><target type=\"body\" action=\"child\"/></enrich>".to_owned(), r#"{"a":{"b":1},"l":[1],"s":"x","n":2}"#),
        ("<enrich><source type=\"inline\">key</source><target type=\"key\" xpath=\"json-eval($.a)\"/></enrich>".to_owned(), r#"{"key":{"b":1},"l":[1],"s":"x"}"#),
        (r#"<enrich><target type="custom" xpath="json-eval($.a)" action="remove"/></enrich>"#.to_owned(), r#"{"l":[1],"s":"x"}"#),
        (r#"<property name="p" value="{&quot;q&quot;:1}"/>"#.to_owned() + &enrich(r#"type="property" property="p""#, r#"type="custom" xpath="json-eval($.s)""#), r#"{"a":{"b":1},"l":[1],"s":{"q":1}}"#),
        (enrich(r#"type="custom" xpath="json-eval($.none)""#, r#"type="body""#), r#"{"a":{"b":1},"l":[1],"s":"x"}"#),
    ] {
        check_body(&policy, &ask, body, json);
    }
    // What is not there is not made, and nothing comes of nothing.
    for body in ["", "{ broken"] {
        let policy = enrich(
            r#"type="custom" xpath="$trp:X-Region""#,
            r#"type="custom" xpath="json-eval($.a)""#,
        );
        check_body(&policy, &Ask::json(body), body, json);
    }
}

#[test]
fn a_body_is_kept_and_put_back() {
    let keep = enrich(r#"type="body" clone="true""#, r#"type="property" property="kept""#);
    let back = enrich(r#"type="property" property="kept" clone="true""#, r#"type="body""#);
    let change = r#"<enrich><source type="inline"><x/></source><target type="body"/></enrich>"#;
    for (ask, content_type) in [
        (Ask::json(r#"{"a":[1,"x",null,1.50e3]}"#), "application/json"),
        (Ask::xml("<a b=\"1\"><c/>t</a>"), "application/xml"),
        (Ask::post("text/plain", "just <text>"), "text/plain"),
    ] {
        let mut body = String::from_utf8(ask.body.clone()).expect("UTF-8");
        if content_type == "application/json" {
            body = r#"{"a":[1,"x",null,1500.0]}"#.to_owned();
        }
        check_body(&format!("{keep}{change}{back}"), &ask, &body, content_type);
        let outcome = check(&keep, &ask);
        assert!(!outcome.message.payload.is_changed());
    }
    let variable = keep.replace("property\" property=", "variable\" variable=");
    let outcome = check(
        &format!(r#"{variable}<property name="a" expression="${{vars.kept.x}}"/>"#),
        &Ask::json(r#"{"x":5}"#),
    );
    assert_eq!(outcome.property("a").as_deref(), Some("5"));
}

#[test]
fn enriching_xml() {
    let ask = Ask::xml(r#"<o><a id="1">x</a><b/></o>"#);
    let inline = |target: &str| {
        format!("<enrich><source type=\"inline\"><n>1</n></source><target {target}/></enrich>")
    };
    for (policy, body) in [
        (inline(r#"type="custom" xpath="//a""#), r#"<o><n>1</n><b/></o>"#),
        (
            inline(r#"type="custom" xpath="//b" action="child""#),
            r#"<o><a id="1">x</a><b><n>1</n></b></o>"#,
        ),
        (
            inline(r#"type="custom" xpath="//a" action="sibling""#),
            r#"<o><a id="1">x</a><n>1</n><b/></o>"#,
        ),
        (inline(r#"type="body""#), "<n>1</n>"),
        (inline(r#"type="body" action="child""#), r#"<o><a id="1">x</a><b/><n>1</n></o>"#),
        (inline(r#"type="custom" xpath="//none""#), r#"<o><a id="1">x</a><b/></o>"#),
        (
            r#"<enrich><target type="custom" xpath="//a" action="remove"/></enrich>"#.to_owned(),
            "<o><b/></o>",
        ),
        (
            r#"<enrich><target type="custom" xpath="//@id" action="remove"/></enrich>"#.to_owned(),
            "<o><a>x</a><b/></o>",
        ),
        (
            enrich(r#"type="custom" xpath="$trp:X-Region""#, r#"type="custom" xpath="//a/@id""#),
            r#"<o><a id="eu">x</a><b/></o>"#,
        ),
        (
            enrich(
                r#"type="custom" xpath="//a/text()" clone="true""#,
                r#"type="custom" xpath="//b" action="child""#,
            ),
            r#"<o><a id="1">x</a><b>x</b></o>"#,
        ),
        (
            enrich(r#"type="custom" xpath="//a""#, r#"type="custom" xpath="//b" action="child""#),
            r#"<o><b><a id="1">x</a></b></o>"#,
        ),
        (r#"<enrich><target type="body" action="remove"/></enrich>"#.to_owned(), ""),
        // Nodes of a property are none of the message.
        (
            r#"<property name="held"><h><a/></h></property>"#.to_owned()
                + &inline(r#"type="custom" xpath="$ctx:held/a | //b""#),
            r#"<o><a id="1">x</a><n>1</n></o>"#,
        ),
        (
            r#"<property name="held"><h><i>3</i></h></property>"#.to_owned()
                + &enrich(
                    r#"type="custom" xpath="$ctx:held//i" clone="true""#,
                    r#"type="custom" xpath="//b""#,
                ),
            r#"<o><a id="1">x</a><i>3</i></o>"#,
        ),
    ] {
        check_body(&policy, &ask, body, "application/xml");
    }
    // Even the parts of the envelope may go.
    for xpath in ["$body", "$env", "/*", "/*/*"] {
        let policy = format!(
            "{}<property name=\"a\" expression=\"count(//n)\"/>",
            inline(&format!(r#"type="custom" xpath="{xpath}""#))
        );
        let mut outcome = check(&policy, &ask);
        assert!(outcome.end.is_ok(), "{xpath}");
        let _any = outcome.body();
    }
}

#[test]
fn envelopes_are_kept_and_put_back() {
    let soap = format!(
        r#"<s:Envelope xmlns:s="{SOAP11}"><s:Header><h/></s:Header><s:Body><a/></s:Body></s:Envelope>"#
    );
    let policy = format!(
        "{}<payloadFactory><format><n/></format></payloadFactory>{}",
        enrich(r#"type="envelope" clone="true""#, r#"type="property" property="p""#),
        enrich(r#"type="property" property="p""#, r#"type="envelope""#)
    );
    check_body(&policy, &Ask::post("text/xml", &soap), &soap, "text/xml");
}

#[test]
fn faults_are_made() {
    let make = |version: &str| {
        format!(
            r#"<makefault {version}><code value="soap:Server"/><reason expression="concat('no ', $trp:X-Region)"/><role>r</role><detail><d/></detail></makefault>"#
        )
    };
    check_body(
        &make(r#"version="soap11""#),
        &order(),
        &format!(
            r#"<soapenv:Envelope xmlns:soapenv="{SOAP11}"><soapenv:Body><soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>no eu</faultstring><faultactor>r</faultactor><detail><d/></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"#
        ),
        "text/xml",
    );
    check_body(
        &make(r#"version="pox""#),
        &order(),
        "<Fault><Code>Server</Code><Reason>no eu</Reason><Detail><d/></Detail></Fault>",
        "application/xml",
    );
    let mut twelve = check(&make(r#"version="soap12""#), &order());
    let body = twelve.body();
    for part in [
        "soapenv:Code><soapenv:Value>soapenv:Server<",
        r#"<soapenv:Text xml:lang="en">no eu<"#,
        "<soapenv:Detail><d/>",
    ] {
        assert!(body.contains(part), "{body}");
    }
    assert_eq!(twelve.header("content-type"), "application/soap+xml");
}

#[test]
fn lines_of_the_log() {
    let ask = Ask::json("{\"a\":\n1}");
    for (policy, line) in [
        (
            "<log/>",
            "To: /shop/1.0/orders/7?region=eu&Tier=gold%20x, SOAPAction: , MessageID: urn:uuid:1, Direction: request",
        ),
        (
            r#"<log level="custom" separator=" | "><property name="x" value="1"/><property name="r" expression="$trp:X-Region"/></log>"#,
            "x = 1 | r = eu",
        ),
        (r#"<log level="custom"><property name="n" expression="$ctx:none"/></log>"#, "n = "),
        (
            r#"<log level="custom"><message>got ${payload.a} of ${headers["X-Region"]}</message></log>"#,
            "got 1 of eu",
        ),
    ] {
        assert_eq!(check(policy, &ask).log(), line, "{policy}");
    }
    let full = check(r#"<log level="full" category="WARN"/>"#, &ask);
    assert!(full.log().ends_with("Direction: request, Payload: {\"a\":\\n1}"), "{}", full.log());
    assert_eq!(full.lines[0].0, Category::Warn);
    let long = check(r#"<log level="full"/>"#, &Ask::post("text/plain", &"x".repeat(1_000_000)));
    assert!(long.log().len() < 70_000);
}
