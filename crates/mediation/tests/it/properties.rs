//! `property`, `propertyGroup`, `variable`, `header` and what names mean (spec/02 §3.7, §3.8).

use model::fault::FaultCode;

use crate::testing::{Ask, check};

/// The text of the property `a` after a policy; `-` where it is not there.
#[track_caller]
fn check_a(policy: &str, ask: &Ask, text: &str) {
    let outcome = check(policy, ask);
    assert!(outcome.end.is_ok(), "{policy}: {:?}", outcome.end);
    assert_eq!(outcome.property("a").as_deref().unwrap_or("-"), text, "{policy}");
}

#[test]
fn values_and_types() {
    let ask = Ask::json(r#"{"n":5,"o":{"x":[1]},"s":"a1-b2"}"#);
    for (attributes, text) in [
        (r#"value="x""#, "x"),
        (r#"value="{x}""#, "{x}"),
        (r#"value="true" type="BOOLEAN""#, "true"),
        (r#"value=" 12 " type="INTEGER""#, "12"),
        (r#"value="12" type="LONG""#, "12"),
        (r#"value="1.50" type="DOUBLE""#, "1.5"),
        (r#"value="2" type="FLOAT""#, "2"),
        (r#"value='{"x": 1}' type="JSON""#, r#"{"x":1}"#),
        (r#"value="&lt;x&gt;1&lt;/x&gt;" type="OM""#, "<x>1</x>"),
        (r#"expression="json-eval($.n)" type="INTEGER""#, "5"),
        (r#"expression="json-eval($.o)" type="JSON""#, r#"{"x":[1]}"#),
        (r#"expression="//o" type="OM""#, "<o><x>1</x></o>"),
        (r#"expression="//o""#, "1"),
        (r#"expression="json-eval($.s)" pattern="(\w+)-(\w+)" group="2""#, "b2"),
        (r#"expression="json-eval($.s)" pattern="(\w+)-(\w+)""#, "a1-b2"),
        (r#"expression="json-eval($.s)" pattern="(\w+)" group="1""#, ""),
        (r#"value="abc" pattern="a(.*)" group="1""#, "bc"),
        (r#"expression="get-property('none')""#, "-"),
        (r#"expression="get-property('none')" type="INTEGER""#, "-"),
        (r#"expression="$ctx:none""#, ""),
        (r#"expression="$ctx:none" type="BOOLEAN""#, "-"),
    ] {
        check_a(&format!(r#"<property name="a" {attributes}/>"#), &ask, text);
    }
    check_a(
        r#"<property name="a"><x xmlns="urn:x"><y/></x></property>"#,
        &ask,
        r#"<x xmlns="urn:x"><y/></x>"#,
    );
    check_a(r#"<property name="a" value="1" scope="default"/>"#, &ask, "1");
    check_a(r#"<property name="a" value="1"/><property name="a" action="remove"/>"#, &ask, "-");
    check_a(r#"<property name="n" value="a"/><property name="{$ctx:n}" value="1"/>"#, &ask, "1");
    check_a(
        r#"<property name="a" value="1"/><property name="a" expression="get-property('none')"/>"#,
        &ask,
        "-",
    );
}

#[test]
fn values_that_are_not_of_their_type_are_faults() {
    let ask = Ask::json(r#"{"s":"x","j":"{"}"#);
    for (attributes, code) in [
        (r#"expression="json-eval($.s)" type="INTEGER""#, FaultCode::PolicyFailed),
        (r#"expression="json-eval($.s)" type="DOUBLE""#, FaultCode::PolicyFailed),
        (r#"expression="json-eval($.j)" type="JSON""#, FaultCode::PolicyFailed),
        (r#"expression="json-eval($.s)" type="OM""#, FaultCode::PolicyFailed),
    ] {
        let outcome = check(&format!(r#"<property name="a" {attributes}/>"#), &ask);
        assert_eq!(outcome.fault(), code, "{attributes}");
    }
}

#[test]
fn groups_and_variables() {
    let ask = Ask::json(r#"{"o":{"x":[1,2]}}"#);
    check_a(
        r#"<propertyGroup><property name="b" value="1"/><property name="a" expression="concat($ctx:b, '2')"/></propertyGroup>"#,
        &ask,
        "12",
    );
    check_a(
        r#"<variable name="v" expression="json-eval($.o)" type="JSON"/><property name="a" expression="${vars.v.x[1] + 1}"/>"#,
        &ask,
        "3",
    );
    check_a(r#"<variable name="v" value="x"/><property name="a" expression="$var:v"/>"#, &ask, "x");
    check_a(
        r#"<variable name="v" value="x"/><variable name="v" action="remove"/><property name="a" expression="$var:v"/>"#,
        &ask,
        "",
    );
    check_a(
        r#"<property name="x"><o><i>1</i></o></property><property name="a" expression="$ctx:x//i"/>"#,
        &ask,
        "1",
    );
}

#[test]
fn scopes_are_apart() {
    let policy = r#"
        <property name="a" value="1"/>
        <property name="a" value="2" scope="operation"/>
        <property name="a" value="3" scope="axis2"/>
        <property name="a" value="4" scope="axis2-client"/>
        <property name="a" value="5" scope="transport"/>
        <property name="all" expression="concat($ctx:a, $operation:a, $axis2:a, get-property('axis2-client', 'a'), $trp:a)"/>"#;
    let outcome = check(policy, &Ask::default());
    assert_eq!(outcome.property("all").as_deref(), Some("12345"));
}

#[test]
fn headers() {
    let policy = r#"
        <header name="X-A" value="1" scope="transport"/>
        <property name="x-a" value="2" scope="transport"/>
        <header name="X-B" expression="concat('b-', $trp:X-Region)" scope="transport"/>
        <header name="X-C" expression="get-property('none')" scope="transport"/>
        <property name="{concat('X', '-D')}" value="d" scope="transport"/>
        <header name="x-region" action="remove" scope="transport"/>"#;
    let outcome = check(policy, &Ask::default());
    let headers = &outcome.message.headers;
    assert_eq!(headers.get_all("x-a").iter().count(), 1);
    assert_eq!((outcome.header("x-a"), outcome.header("x-b")), ("2".to_owned(), "b-eu".to_owned()));
    assert_eq!(
        (headers.get("x-c").map(|it| it.len()), outcome.header("x-d")),
        (Some(0), "d".to_owned())
    );
    assert!(!headers.contains_key("x-region") && headers.contains_key("accept"));
    let outcome = check(
        r#"<property name="TRANSPORT_HEADERS" action="remove" scope="axis2"/>"#,
        &Ask::default(),
    );
    assert!(outcome.message.headers.is_empty());
}

#[test]
fn addressing_and_soap_headers() {
    let policy = r#"
        <header name="Action" value="urn:go"/>
        <header name="ReplyTo" expression="concat('a', 'b')"/>
        <header name="FaultTo" value="x"/><header name="FaultTo" action="remove"/>
        <property name="a" expression="concat(get-property('Action'), '-', get-property('ReplyTo'), '-', get-property('FaultTo'))"/>
        <header name="t:Token" value="a&lt;b" xmlns:t="urn:t"/>
        <header><t:Two xmlns:t="urn:t"><t:x/></t:Two></header>
        <header name="t:Old" action="remove" xmlns:t="urn:t"/>"#;
    let namespace = "http://schemas.xmlsoap.org/soap/envelope/";
    let envelope = format!(
        r#"<s:Envelope xmlns:s="{namespace}"><s:Header><t:Old xmlns:t="urn:t"/><x/></s:Header><s:Body><a/></s:Body></s:Envelope>"#
    );
    let mut outcome = check(policy, &Ask::post("text/xml", &envelope));
    assert_eq!(outcome.property("a").as_deref(), Some("urn:go-ab-"));
    let header =
        r#"<x/><t:Token xmlns:t="urn:t">a&lt;b</t:Token><t:Two xmlns:t="urn:t"><t:x/></t:Two>"#;
    let expected = envelope.replace(r#"<t:Old xmlns:t="urn:t"/><x/>"#, header);
    assert_eq!(outcome.body(), expected);
}

#[test]
fn destinations() {
    for (policy, to) in [
        (r#"<header name="To" value="http://b/x"/>"#, Some("http://b/x")),
        (
            r#"<header name="To" expression="concat('http://', $trp:X-Region, '.b')"/>"#,
            Some("http://eu.b"),
        ),
        (r#"<header name="To" expression="$ctx:none"/>"#, None),
        (r#"<header name="To" value="http://b"/><header name="To" action="remove"/>"#, None),
    ] {
        let outcome = check(policy, &Ask::default());
        assert_eq!(outcome.message.destination().map(AsRef::as_ref), to, "{policy}");
    }
    // After it, `$url:` looks at the new one (spec/02 §3.2).
    check_a(
        r#"<header name="To" value="http://b?region=us"/><property name="a" expression="$url:region"/>"#,
        &Ask::default(),
        "us",
    );
}

#[test]
fn what_shipped_sequences_set() {
    let policy = r#"
        <property name="HTTP_METHOD" value="GET" scope="axis2"/>
        <property name="HTTP_SC" value="418" scope="axis2"/>
        <property name="NO_ENTITY_BODY" value="true" scope="axis2" type="BOOLEAN"/>
        <property name="REST_URL_POSTFIX" action="remove" scope="axis2"/>
        <property name="POST_TO_URI" value="true" scope="axis2"/>
        <property name="REQUEST_HOST_HEADER" value="h" scope="axis2"/>
        <property name="a" expression="concat($ctx:REST_METHOD, $axis2:HTTP_METHOD, $axis2:HTTP_SC, $axis2:POST_TO_URI, $axis2:REQUEST_HOST_HEADER, $axis2:REST_URL_POSTFIX)"/>"#;
    let outcome = check(policy, &Ask::json("{}"));
    assert_eq!(outcome.property("a").as_deref(), Some("POSTGET418trueh"));
    let message = &outcome.message;
    assert_eq!((message.method.as_str(), message.has_no_body), ("GET", true));
    assert_eq!((outcome.status(), message.postfix_text()), (Some(418), None));
}
