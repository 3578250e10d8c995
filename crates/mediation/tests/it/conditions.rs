//! Conditions that users write (spec/02 §1.6, §3.1–§3.5, §6.1 rows 6–11, 13).

use crate::property::Value;
use crate::testing::{Ask, Gateway, check, check_at};

/// The destination that a `switch` over a source chooses: that of the pattern or of the default.
#[track_caller]
fn switch(source: &str, regex: &str, ask: &Ask) -> bool {
    let policy = format!(
        r#"<switch source="{source}" xmlns:m="urn:m">
          <case regex="{regex}"><header name="To" value="https://a"/></case>
          <default><header name="To" value="https://b"/></default>
        </switch>"#
    );
    let outcome = check(&policy, ask);
    let to = outcome.message.destination().map(AsRef::as_ref);
    assert!(matches!(to, Some("https://a" | "https://b")), "{to:?}");
    to == Some("https://a")
}

/// Whether a `filter` holds, by source and pattern or by truth.
#[track_caller]
fn filter(test: &str, ask: &Ask) -> bool {
    let policy =
        format!(r#"<filter {test} xmlns:m="urn:m"><property name="a" value="1"/></filter>"#);
    check(&policy, ask).property("a").is_some()
}

fn order() -> Ask {
    Ask::json(
        r#"{"order":{"region":"eu","total":12.5,"lines":[{"sku":"a"},{"sku":"b"}],"none":null}}"#,
    )
}

fn shop() -> Ask {
    Ask::xml(
        r#"<order xmlns:m="urn:m"><region>eu</region><m:city>Ulm</m:city><n>1</n><n>2</n></order>"#,
    )
}

#[test]
fn sources_of_every_kind() {
    let get = Ask::default();
    for (source, regex, ask) in [
        ("$trp:X-Region", "eu", &get),
        ("$trp:x-region", "eu", &get),
        ("get-property('transport','X-REGION')", "eu|us", &get),
        ("boolean($trp:X-Region)", "true", &get),
        ("boolean($trp:X-None)", "false", &get),
        ("$url:region", "eu", &get),
        ("$url:tier", "gold x", &get),
        ("get-property('query.param.region')", "eu", &get),
        ("get-property('To')", ".*/orders/.*", &get),
        ("get-property('axis2','REST_URL_POSTFIX')", "/orders/.*", &get),
        ("get-property('uri.var.id')", "a/b c", &get),
        ("$ctx:uri.var.id", "a/b c", &get),
        ("json-eval($.order.region)", "eu", &order()),
        ("${payload.order.region}", "eu", &order()),
        ("json-eval($.order.lines[?(@.sku == 'b')].sku)", r"\[&quot;b&quot;\]", &order()),
        ("json-eval($.order.lines.length())", "2", &order()),
        ("json-eval($.order.none)", "null", &order()),
        ("json-eval($.order.lines[0])", r"\{&quot;sku&quot;:&quot;a&quot;\}", &order()),
        ("json-eval($..sku)", r"\[&quot;a&quot;,&quot;b&quot;\]", &order()),
        ("//region/text()", "eu", &shop()),
        ("//m:city", "Ulm", &shop()),
        ("$body/*/region", "eu", &shop()),
        ("//n", "12", &shop()),
        ("count(//n)", "2", &shop()),
        ("//order/region", "eu", &order()),
        ("get-property('axis2','HTTP_METHOD')", "GET", &get),
        ("$ctx:REST_METHOD", "GET", &get),
        ("$ctx:AM_KEY_TYPE", "SANDBOX", &get),
        ("$ctx:api.ut.userName", "ann", &get),
        ("$ctx:api.ut.application.name", "shop app", &get),
        ("get-property('api.ut.consumerKey')", "key1", &get),
        ("get-property('axis2','REMOTE_ADDR')", r"192\.0\.2\.7", &get),
        ("json-eval($ctx:JWT_CLAIMS.sub)", "ann", &get),
    ] {
        assert!(switch(source, regex, ask), "{source}");
        assert!(!switch(source, "another", ask), "{source}");
        assert!(filter(&format!(r#"source="{source}" regex="{regex}""#), ask), "{source}");
    }
}

#[test]
fn the_whole_value_must_match_in_its_case() {
    let ask = Ask::default().with(&[("X-A", "eu-west")]);
    for regex in ["eu", "west", "EU-WEST", "eu-wes"] {
        assert!(!switch("$trp:X-A", regex, &ask), "{regex}");
    }
    for regex in ["eu.*", "(?i)EU-west", "us|eu-west", "(?&lt;r&gt;eu)-w\\w+"] {
        assert!(switch("$trp:X-A", regex, &ask), "{regex}");
    }
}

#[test]
fn what_is_not_there_takes_the_default_and_is_no_fault() {
    for source in
        ["json-eval($.order.region)", "${payload.order.region}", "//order/region", "$body/*/a"]
    {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            for (content_type, body) in [
                ("application/json", ""),
                ("application/json", "{}"),
                ("application/json", "{ broken"),
                ("application/xml", ""),
                ("application/xml", "<a/>"),
                ("application/xml", "<a>"),
                ("text/plain", "x"),
                ("", "\u{1}"),
            ] {
                let ask = Ask { method, ..Ask::post(content_type, body) };
                if source.starts_with("${") && content_type.is_empty() {
                    continue;
                }
                assert!(!switch(source, "eu", &ask), "{source} of {method} {content_type} {body}");
            }
        }
    }
    // An empty text matches, nothing at all does not.
    let ask = Ask::default();
    assert!(filter(r#"source="$ctx:none" regex=".*""#, &ask));
    assert!(!filter(r#"source="get-property('none')" regex=".*""#, &ask));
    assert!(!filter(r#"source="get-property('axis2','none')" regex=".*""#, &ask));
}

#[test]
fn an_unreadable_body_is_told_to_the_log_and_goes_on_as_it_came() {
    let ask = Ask::json("{ broken");
    let policy = r#"<property name="a" expression="json-eval($.a)"/><property name="b" expression="json-eval($.b)"/>"#;
    let mut outcome = check(policy, &ask);
    assert!(outcome.end.is_ok());
    assert_eq!(outcome.lines.len(), 1, "{}", outcome.log());
    assert_eq!(outcome.body(), "{ broken");
    assert_eq!(outcome.property("a").as_deref(), Some(""));
}

#[test]
fn truth() {
    let ask =
        Ask::json(r#"{"yes":true,"no":false,"text":"false","n":0}"#).with(&[("X-False", "false")]);
    for (xpath, holds) in [
        ("$trp:X-Region", true),
        ("$trp:X-None", false),
        ("$trp:X-False", true),
        ("$ctx:none", false),
        ("$ctx:FLAG_OFF", false),
        ("not($ctx:none)", true),
        ("not($trp:X-Region)", false),
        ("get-property('none')", false),
        ("fn:boolean($trp:X-False)", true),
        ("$trp:X-Region = 'eu'", true),
        ("$trp:X-Region = 'us' or contains($trp:X-Region, 'e')", true),
        ("starts-with($axis2:REST_URL_POSTFIX, '/orders')", true),
        ("string-length($trp:X-Region) &gt; 2", false),
        ("1", true),
        ("0", false),
        ("//yes", true),
        ("//other", false),
        ("json-eval($.yes)", true),
        ("json-eval($.no)", false),
        ("json-eval($.text)", false),
        ("json-eval($.none)", false),
        ("json-eval($.n)", false),
        ("${payload.yes}", true),
        ("${payload.n == 0}", true),
        ("${payload.n == 1}", false),
    ] {
        assert_eq!(filter(&format!(r#"xpath="{xpath}""#), &ask), holds, "{xpath}");
    }
}

/// The text that an expression gives.
#[track_caller]
fn check_text(expression: &str, ask: &Ask, text: &str) {
    let policy = format!(r#"<property name="a" expression="{expression}" xmlns:m="urn:m"/>"#);
    let outcome = check_at(&policy, ask, &Gateway::default());
    assert!(outcome.end.is_ok(), "{expression}: {:?}", outcome.end);
    assert_eq!(outcome.property("a").as_deref(), Some(text), "{expression}");
}

#[test]
fn functions() {
    let get = Ask::default();
    for (expression, text) in [
        ("get-property('default','AM_KEY_TYPE')", "SANDBOX"),
        ("get-property('synapse','AM_KEY_TYPE')", "SANDBOX"),
        ("get-property('To')", get.target),
        ("get-property('MessageID')", "urn:uuid:1"),
        ("get-property('SYSTEM_TIME')", "1714979289010"),
        ("get-property('axis2','SYSTEM_TIME')", "1714979289010"),
        ("get-property('SYSTEM_DATE')", "2024-05-06T07:08:09.010Z"),
        ("get-property('SYSTEM_DATE', 'yyyy-MM-dd HH:mm')", "2024-05-06 07:08"),
        ("get-property('default', 'SYSTEM_DATE', 'dd.MM.yyyy')", "06.05.2024"),
        ("get-property('MESSAGE_FORMAT')", "get"),
        ("concat(get-property('none'), 'x', $ctx:none)", "x"),
        ("fn:concat('http://host/', 'posts/')", "http://host/posts/"),
        ("concat('a', $trp:X-Region, '-', $url:region)", "aeu-eu"),
        ("concat('it', &quot;'s&quot;)", "it's"),
        ("base64Encode('a ü')", "YSDDvA=="),
        ("base64Encode('a', 'UTF-8')", "YQ=="),
        ("base64Decode('YSDDvA==')", "a ü"),
        ("base64Decode('!')", ""),
        ("url-encode('a b/ü')", "a+b%2F%C3%BC"),
        ("hmac-generate('text', 'key', 'HmacSHA1')", "hmac of text by key"),
        ("substring('orders', 2, 3)", "rde"),
        ("substring-before($axis2:REST_URL_POSTFIX, '?')", "/orders/7"),
        ("fn:substring-after($axis2:REST_URL_POSTFIX, 'region=')", "eu&amp;Tier=gold%20x"),
        ("contains('abc', 'b')", "true"),
        ("string-length('äöü')", "3"),
        ("normalize-space('  a  b ')", "a b"),
        ("translate('abc', 'ac', 'AC')", "AbC"),
        ("number('4') div 2", "2"),
        ("1 div 4", "0.25"),
        ("not(false())", "true"),
        ("string($ctx:FLAG_OFF)", "false"),
    ] {
        check_text(expression, &get, &text.replace("&amp;", "&"));
    }
    check_text("sum(//n)", &shop(), "3");
    check_text("//n[2]", &shop(), "2");
    check_text("//n[position() = last()] | //region", &shop(), "eu2");
    check_text("name($body/*)", &shop(), "order");
    check_text("local-name($env)", &shop(), "Envelope");
    check_text("//@id", &Ask::xml("<a id='1'><b id='2'/></a>"), "12");
    check_text("json-eval($)", &Ask::json(r#"{"a":[1,2.50,"x"]}"#), r#"{"a":[1,2.5,"x"]}"#);
    check_text("json-eval($.a)", &Ask::xml("<a>1</a>"), "1");
    check_text("json-eval($.a.members)", &Ask::json(r#"{"a":{"members":1}}"#), "1");
    check_text(
        "json-eval($.a)",
        &Ask::json(r#"{"a":{"members":1,"x":2}}"#),
        r#"{"members":1,"x":2}"#,
    );
}

#[test]
fn synapse_expressions() {
    let ask = order();
    let mut gateway = Gateway::default();
    gateway.known.insert("count", Value::Integer(4));
    for (expression, text) in [
        ("${payload.order.total + 1}", "13.5"),
        ("${vars.none}", ""),
        ("${headers[&quot;X-Region&quot;]}", "eu"),
        ("${properties.synapse.count * 2}", "8"),
        ("${properties.axis2.HTTP_METHOD}", "POST"),
        ("${params.queryParams.region}", "eu"),
        ("${params.pathParams.id}", "a/b c"),
        ("${payload.order.total &gt; 12 ? 'big' : 'small'}", "big"),
        ("${toUpper(payload.order.region)}", "EU"),
        ("${payload.order.lines[?(@.sku == 'b')].sku}", r#"["b"]"#),
        ("${xpath('//region')}", "eu"),
    ] {
        let policy = format!(r#"<property name="a" expression="{expression}"/>"#);
        let outcome = check_at(&policy, &ask, &gateway);
        assert!(outcome.end.is_ok(), "{expression}: {:?}", outcome.end);
        assert_eq!(outcome.property("a").unwrap_or_default(), text, "{expression}");
    }
}

#[test]
fn a_computed_service_address() {
    let policy = r#"
        <property name="service_ep" expression="fn:concat('http://host/', 'posts/')"/>
        <header name="To" expression="get-property('service_ep')"/>"#;
    let outcome = check(policy, &Ask::default());
    assert_eq!(outcome.message.destination().map(AsRef::as_ref), Some("http://host/posts/"));
    assert_eq!(outcome.message.postfix_text(), Some("/orders/7?region=eu&Tier=gold%20x"));
    assert!(!outcome.is_read);
}

#[test]
fn only_what_needs_the_body_reads_it() {
    for (policy, is_read) in [
        (r#"<property name="a" expression="concat($trp:A, $ctx:b, $axis2:HTTP_METHOD)"/>"#, false),
        (r#"<filter xpath="contains($axis2:REST_URL_POSTFIX, '?')"><log/></filter>"#, false),
        (r#"<property name="{json-eval($.a)}" value="1"/>"#, true),
        (r#"<filter source="$trp:X-Region" regex="us"><log level="full"/></filter>"#, false),
        (r#"<filter source="$trp:X-Region" regex="eu"><log level="full"/></filter>"#, true),
        (r#"<property name="messageType" value="application/xml" scope="axis2"/>"#, true),
        (r#"<property name="DISABLE_CHUNKING" value="true" scope="axis2"/>"#, true),
        (r#"<header name="To" expression="$body/*"/>"#, true),
        (
            r#"<payloadFactory media-type="json"><format>{"a":1}</format></payloadFactory><respond/>"#,
            false,
        ),
        ("<respond/>", false),
    ] {
        assert_eq!(check(policy, &Ask::json(r#"{"a":"b"}"#)).is_read, is_read, "{policy}");
    }
}

#[test]
fn a_body_that_was_only_looked_at_goes_on_byte_for_byte() {
    for ask in [
        Ask::json("{ \"a\" : 1.0 ,\n \"order\": {} }"),
        Ask::xml("<?xml version='1.0'?>\n<!-- x --><a  b='1'></a>\n"),
    ] {
        let policy = r#"
            <switch source="json-eval($.a)"><case regex="1"><log level="full"/></case></switch>
            <filter xpath="//a"><log level="headers"/></filter>"#;
        let body = String::from_utf8(ask.body.clone()).expect("UTF-8");
        assert_eq!(check(policy, &ask).body(), body);
    }
}
