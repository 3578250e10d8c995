//! Every policy that comes with the gateway, with its parameters, on a message (spec/02 §2.1, §6.1).

use std::time::Duration;

use model::fault::FaultCode;
use policy::shipped::{self, specification};
use policy::template::{TemplateLimits, render};
use serde_json::{Value as Json, json};

use crate::End;
use crate::machine::{Outgoing, Target};
use crate::testing::{Ask, Gateway, Outcome, check, check_at};

/// A policy, rendered.
#[track_caller]
fn text(name: &str, version: &str, parameters: &Json) -> String {
    let policy = specification(name, version).expect("it is shipped");
    let template = policy.template.expect("it is not refused");
    let parameters = parameters.as_object().expect("an object");
    render(template, parameters, &TemplateLimits::default()).expect("it renders")
}

/// Runs a policy of every version that it has.
#[track_caller]
fn run(name: &str, parameters: &Json, ask: &Ask) -> Outcome {
    let mut last = None;
    for policy in shipped::all().iter().filter(|it| it.specification.name == name) {
        last = Some(check(&text(name, &policy.specification.version, parameters), ask));
    }
    last.expect("it has a version")
}

/// The postfix after a policy.
#[track_caller]
fn check_postfix(name: &str, parameters: &Json, target: &'static str, postfix: &str) {
    let outcome = run(name, parameters, &Ask { target, ..Ask::default() });
    assert_eq!(outcome.message.postfix_text(), Some(postfix), "{name} {parameters} {target}");
}

#[test]
fn each_is_tested_here() {
    let own = include_str!("shipped.rs");
    // What asks another server is tested where there is one.
    let is_ours =
        |it: &&shipped::Shipped| it.template.is_some() && it.specification.name != "opaPolicy";
    for policy in shipped::all().iter().filter(is_ours) {
        let name = format!("\"{}\"", policy.specification.name);
        assert!(own.contains(&name), "{name}");
    }
}

#[test]
fn add_header() {
    for value in ["v", "${x}&<", "a\"'>b", "{$ctx:x}", "json-eval($.a)"] {
        let outcome = run(
            "addHeader",
            &json!({"headerName": "X-Region", "headerValue": value}),
            &Ask::default(),
        );
        assert_eq!(outcome.header("x-region"), value);
        assert_eq!(outcome.message.headers.get_all("x-region").iter().count(), 1);
        assert!(!outcome.is_read);
    }
}

#[test]
fn remove_header() {
    let outcome = run("removeHeader", &json!({"headerName": "x-region "}), &Ask::default());
    assert!(!outcome.message.headers.contains_key("x-region"));
    assert!(outcome.message.headers.contains_key("accept"));
}

#[test]
fn add_query_param() {
    let parameters = json!({"paramKey": "k", "paramValue": "v%20w"});
    check_postfix("addQueryParam", &parameters, "/shop/1.0/o", "/o?k=v%20w");
    check_postfix("addQueryParam", &parameters, "/shop/1.0/o?a=1", "/o?a=1&k=v%20w");
    check_postfix("addQueryParam", &parameters, "/shop/1.0", "?k=v%20w");
    let twice = text("addQueryParam", "v2", &parameters)
        + &text("addQueryParam", "v2", &json!({"paramKey": "b", "paramValue": "it's"}));
    let outcome = check(&twice, &Ask { target: "/shop/1.0/", ..Ask::default() });
    assert_eq!(outcome.message.postfix_text(), Some("/?k=v%20w&b=it's"));
    assert_eq!(outcome.property("rest_postfix").as_deref(), Some("/?k=v%20w&b=it's"));
}

#[test]
fn change_http_method() {
    let outcome = run("changeHTTPMethod", &json!({"httpMethod": "get"}), &Ask::json("{}"));
    assert_eq!(
        (outcome.message.method.as_str(), outcome.message.client_method.as_str()),
        ("GET", "POST")
    );
}

#[test]
fn rewrite_resource_path() {
    let name = "rewriteResourcePath";
    check_postfix(
        name,
        &json!({"newResourcePath": "/n", "includeQueryParams": true}),
        "/shop/1.0/o?a=1&b=?",
        "/n?a=1&b=?",
    );
    check_postfix(
        name,
        &json!({"newResourcePath": "/n", "includeQueryParams": "true"}),
        "/shop/1.0/o",
        "/n",
    );
    check_postfix(name, &json!({"newResourcePath": "/n"}), "/shop/1.0/o?a=1", "/n?a=1");
    check_postfix(name, &json!({"newResourcePath": "/n?x=1"}), "/shop/1.0/o?a=1", "/n?x=1&a=1");
    check_postfix(
        name,
        &json!({"newResourcePath": "/n", "includeQueryParams": false}),
        "/shop/1.0/o?a=1",
        "/n",
    );
    check_postfix(
        name,
        &json!({"newResourcePath": "/n", "includeQueryParams": "false"}),
        "/shop/1.0/o?a=1",
        "/n",
    );
    check_postfix(name, &json!({"newResourcePath": "/it's&{x}"}), "/shop/1.0/o", "/it's&{x}");
}

#[test]
fn set_to_header() {
    for value in ["https://b/x?y=1&z=2", " https://b/{x} "] {
        let outcome = run("setToHeader", &json!({"value": value}), &Ask::default());
        assert_eq!(outcome.message.destination().map(AsRef::as_ref), Some(value.trim()));
    }
    let parameters =
        json!({"value": "concat('https://', $trp:X-Region, '.b')", "isExpression": true});
    let outcome = check(&text("setToHeader", "v3", &parameters), &Ask::default());
    assert_eq!(outcome.message.destination().map(AsRef::as_ref), Some("https://eu.b"));
    let outcome = run("setToHeaderWS", &json!({"value": "wss://b"}), &Ask::default());
    assert_eq!(outcome.message.destination().map(AsRef::as_ref), Some("wss://b/orders/{id}"));
}

#[test]
fn logs() {
    let ask = Ask::json(r#"{"a":1}"#).with(&[("Host", "h"), ("Origin", "o")]);
    let outcome = run("addLogMessage", &json!({}), &ask);
    assert!(outcome.log().ends_with(r#"Payload: {"a":1}"#), "{}", outcome.log());
    let outcome = run("debugRequestFlow", &json!({}), &ask);
    let log = outcome.log();
    for part in [
        "Host = h",
        "HTTP_METHOD = POST",
        "REST_URL_POSTFIX = /orders/7",
        "Origin = o",
        "MessageID = urn:uuid:1",
        r#"{"a":1}"#,
    ] {
        assert!(log.contains(part), "{part} in {log}");
    }
    let outcome = run("debugResponseFlow", &json!({}), &ask.answered(503));
    assert!(outcome.log().contains("HTTP_SC = 503"), "{}", outcome.log());
}

#[test]
fn json_fault() {
    let note = r#"<property name="ERROR_CODE" value="101503"/><property name="ERROR_MESSAGE" value="it's &quot;down&quot;"/>"#;
    let ask = Ask::xml("<a/>").with(&[
        ("Authorization", "Bearer x"),
        ("X-JWT-Assertion", "j"),
        ("Accept", "a"),
        ("Host", "h"),
    ]);
    for (name, status, before) in [
        ("jsonFault", 500, ""),
        ("jsonFault", 503, r#"<property name="CUSTOM_HTTP_SC" value="503"/>"#),
        ("debugJsonFault", 500, ""),
    ] {
        let policy = format!("{note}{before}{}", text(name, "v1", &json!({})));
        let mut outcome = check(&policy, &ask);
        assert!(matches!(outcome.end, Ok(End::Respond)), "{:?}", outcome.end);
        assert_eq!(outcome.status(), Some(status));
        assert_eq!(
            outcome.body(),
            r#"{"fault":{"code":"101503","type":"Status report","message":"Runtime Error","description":"it's \"down\""}}"#
        );
        assert_eq!(outcome.header("content-type"), "application/json");
        let headers = &outcome.message.headers;
        for gone in ["authorization", "host", "accept", "x-jwt-assertion"] {
            assert!(!headers.contains_key(gone), "{gone}");
        }
        assert_eq!(outcome.log().contains("ERROR_CODE = 101503"), name == "debugJsonFault");
    }
}

#[test]
fn disable_chunking() {
    let outcome = run("disableChunking", &json!({}), &Ask::json("{}"));
    assert!(outcome.is_read);
    let value = outcome.message.axis2.get("DISABLE_CHUNKING").map(|it| it.text());
    assert_eq!(value.as_deref(), Some("true"));
}

#[test]
fn json_and_xml() {
    for (ask, name, body, content_type) in [
        (
            Ask::json(r#"{"a":{"b":1}}"#),
            "jsonToXML",
            "<jsonObject><a><b>1</b></a></jsonObject>",
            "application/xml",
        ),
        (
            Ask::json(r#"{"a:b":1}"#),
            "jsonToXML",
            "<jsonObject><a_JsonReader_58_b>1</a_JsonReader_58_b></jsonObject>",
            "application/xml",
        ),
        (
            Ask::json(r#"{"a":1}"#).answered(200),
            "jsonToXML",
            "<jsonObject><a>1</a></jsonObject>",
            "application/xml",
        ),
        (Ask::xml("<a><b>1</b></a>"), "jsonToXML", "<a><b>1</b></a>", "application/xml"),
        (Ask::xml("<a><b>1</b><b/></a>"), "xmlToJson", r#"{"a":{"b":[1,""]}}"#, "application/json"),
        (
            Ask::post("text/xml", "<a/>").answered(200),
            "xmlToJson",
            r#"{"a":""}"#,
            "application/json",
        ),
        (Ask::json(r#"{ "a": 1 }"#), "xmlToJson", r#"{ "a": 1 }"#, "application/json"),
        (Ask::json(""), "jsonToXML", "", "application/xml"),
    ] {
        let mut outcome = run(name, &json!({}), &ask);
        assert_eq!(
            (outcome.body().as_str(), outcome.header("content-type").as_str()),
            (body, content_type)
        );
    }
    // There and back.
    let both = text("jsonToXML", "v1", &json!({})) + &text("xmlToJson", "v1", &json!({}));
    assert_eq!(check(&both, &Ask::json(r#"{"a": [1, "x"]}"#)).body(), r#"{"a": [1, "x"]}"#);
}

#[test]
fn accepted_types() {
    let policy = text("preserveAcceptHeader", "v1", &json!({}))
        + &text("applyAcceptHeader", "v1", &json!({}));
    for (accept, body, content_type) in [
        ("application/xml", "<jsonObject><a>1</a></jsonObject>", "application/xml"),
        ("application/json, */*", r#"{"a":1}"#, "application/json"),
        ("*/*", r#"{"a":1}"#, "application/json"),
    ] {
        let mut outcome = check(&policy, &Ask::json(r#"{"a":1}"#).with(&[("Accept", accept)]));
        assert_eq!(
            (outcome.body().as_str(), outcome.header("content-type").as_str()),
            (body, content_type)
        );
        assert!(!outcome.message.headers.contains_key("accept"));
        assert_eq!(outcome.property("WSO2_AM_API_ACCEPT_MESSAGE_TYPE").as_deref(), Some(accept));
    }
    let mut without = check(&policy, &Ask::json("{}"));
    assert_eq!(
        (without.body().as_str(), without.header("content-type").as_str()),
        ("{}", "application/json")
    );
}

/// Checks whether a policy lets a message through, or with which fault it ends.
#[track_caller]
fn check_guard(name: &str, parameters: &Json, ask: &Ask, fault: Option<FaultCode>) {
    let mut outcome = run(name, parameters, ask);
    let found = outcome.end.as_ref().err().map(|fault| fault.code);
    assert_eq!(found, fault, "{name} {parameters} {ask:?}");
    if fault == Some(FaultCode::Threat) {
        assert_eq!(outcome.property("THREAT_CODE").as_deref(), Some("400"));
        assert!(outcome.property("THREAT_MSG").is_some_and(|text| !text.is_empty()));
    }
    if fault.is_none() {
        assert_eq!(outcome.body().into_bytes(), ask.body, "it goes on as it came");
    }
}

#[test]
fn json_validator() {
    let small = json!({"maxPropertyCount": "2", "maxStringLength": 3, "maxArrayElementCount": "2", "maxKeyLength": "3", "maxJsonDepth": "2", "requestMessageBufferSize": "1024"});
    let threat = Some(FaultCode::Threat);
    for (body, parameters, fault) in [
        (r#"{"a": [1, "abc"]}"#, &small, None),
        ("", &small, None),
        (r#"{"a":1,"b":2,"c":3}"#, &small, threat),
        (r#"{"a":"abcd"}"#, &small, threat),
        (r#"{"a":[1,2,3]}"#, &small, threat),
        (r#"{"abcd":1}"#, &small, threat),
        (r#"{"a":[[1]]}"#, &small, threat),
        ("{ broken", &small, threat),
        (r#"{"a":1,"b":2,"c":"abcd"}"#, &json!({}), None),
    ] {
        check_guard("jsonValidator", parameters, &Ask::json(body), fault);
    }
    check_guard("jsonValidator", &json!({}), &Ask::json(&format!("{:?}", vec![1; 101])), threat);
    check_guard("jsonValidator", &small, &Ask::xml("<abcd/>"), None);
}

#[test]
fn xml_validator() {
    let threat = Some(FaultCode::Threat);
    for (body, fault) in [
        ("<a b='1'><c/></a>".to_owned(), None),
        (String::new(), None),
        ("<a>".repeat(101) + &"</a>".repeat(101), threat),
        (format!("<a>{}</a>", "<b/>".repeat(101)), threat),
        (format!("<a b='{}'/>", "x".repeat(101)), threat),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned(), threat),
        ("<a>".to_owned(), threat),
    ] {
        check_guard("xmlValidator", &json!({}), &Ask::xml(&body), fault);
    }
    check_guard("xmlValidator", &json!({}), &Ask::json("{}"), None);
}

#[test]
fn regex_policy() {
    let threat = Some(FaultCode::Threat);
    let name = "regexPolicy";
    for (target, fault) in [
        ("/shop/1.0/orders?q=blue%20shirt", None),
        ("/shop/1.0/orders?q=select%20a%20drop%20of%20ink", None),
        ("/shop/1.0/orders?q=1%27%20OR%20%271%27=%271", threat),
        ("/shop/1.0/orders?q=1%2527+or+1", threat),
        ("/shop/1.0/UNION+ALL+SELECT", threat),
        ("/shop/1.0/orders?q=x;DROP%20TABLE%20users", threat),
    ] {
        check_guard(name, &json!({}), &Ask { target, ..Ask::default() }, fault);
    }
    check_guard(name, &json!({}), &Ask::default().with(&[("X-Q", "delete from users")]), threat);
    check_guard(name, &json!({}), &Ask::json(r#"{"q":"Robert'); DROP TABLE students"}"#), threat);
    check_guard(name, &json!({}), &Ask::json(r#"{"q":"select a colour"}"#), None);
}

#[test]
fn claims() {
    let name = "jwtClaimBasedAccessValidator";
    let no = Some(FaultCode::PolicyForbidden);
    let claim = |claim: &str, value: &str, regex: &str, inverted: &str| {
        json!({
            "accessVerificationClaim": claim, "accessVerificationClaimValue": value,
            "accessVerificationClaimValueRegex": regex, "shouldAllowValidation": inverted,
        })
    };
    for (parameters, fault) in [
        (json!({}), None),
        (claim("aut", "APPLICATION", "", "false"), None),
        (claim("aut", "APPLICATION_USER", "", "false"), no),
        (claim("aut", "APPLICATION_USER", "", "true"), None),
        (claim("aut", "APPLICATION", "", "true"), no),
        (claim("none", "x", "", "false"), no),
        (claim("none", "x", "", "true"), no),
        (claim("roles", "b", "", "false"), None),
        (claim("roles", "c", "", "false"), no),
        (claim("level", "3", "", "false"), None),
        // The pattern must match both.
        (claim("aut", "APP", "APP.*", "false"), None),
        (claim("aut", "USER", "APP.*", "false"), no),
        (claim("aut", "APP", "USER.*", "false"), no),
    ] {
        check_guard(name, &parameters, &Ask::default(), fault);
    }
    let nobody = Gateway { claims: json!({}), ..Gateway::default() };
    let outcome = check_at(&text(name, "v1", &json!({})), &Ask::default(), &nobody);
    assert_eq!(outcome.fault(), FaultCode::PolicyForbidden);
}

#[test]
fn csrf() {
    let name = "validateCsrfCookie";
    let no = Some(FaultCode::PolicyForbidden);
    let post = Ask::json("{}");
    for (headers, fault) in [
        (vec![], no),
        (vec![("Cookie", "a=1; atbv=tok")], no),
        (vec![("X-CSRF-Token", "tok")], no),
        (vec![("Cookie", "a=1; atbv=tok"), ("X-CSRF-Token", "tok")], None),
        (vec![("Cookie", "atbv=tok"), ("X-CSRF-Token", "other")], no),
        (vec![("Cookie", "atbv="), ("X-CSRF-Token", "")], no),
    ] {
        check_guard(name, &json!({}), &post.clone().with(&headers), fault);
    }
    let own = post.with(&[("Cookie", "c=1"), ("X-XSRF-Token", "1")]);
    check_guard(name, &json!({"csrfCookieName": "c"}), &own, None);
    check_guard(name, &json!({}), &Ask::default(), None);
}

#[test]
fn dynamic_endpoint() {
    let rules = json!([
        {"when": {"header": "X-Region", "equals": "eu"}, "url": "https://eu.b/{uri.var.id}"},
        {"when": {"json": "$.vip", "equals": true}, "endpoint": "fast"},
        {"when": {"json": "$.old", "equals": true}, "url": "https://old.b", "keepPath": true},
    ]);
    for rules in
        [rules.clone(), json!(rules.to_string()), json!(rules.to_string().replace('"', "'"))]
    {
        let parameters = json!({"rules": rules, "default": "https://std.b", "keepPath": false});
        let outcome = run("dynamicEndpoint", &parameters, &Ask::default());
        assert_eq!(
            outcome.message.destination().map(AsRef::as_ref),
            Some("https://eu.b/a%2Fb%20c")
        );
        assert_eq!(outcome.message.postfix_text(), None);
        let ask =
            |body| Ask { headers: vec![("Content-Type", "application/json")], ..Ask::json(body) };
        let outcome = run("dynamicEndpoint", &parameters, &ask(r#"{"vip":true}"#));
        assert_eq!(outcome.message.endpoint.as_deref(), Some("fast"));
        assert!(outcome.message.postfix_text().is_some());
        let outcome = run("dynamicEndpoint", &parameters, &ask(r#"{"old":true}"#));
        assert_eq!(outcome.message.destination().map(AsRef::as_ref), Some("https://old.b"));
        assert!(outcome.message.postfix_text().is_some());
        let outcome = run("dynamicEndpoint", &parameters, &ask("{}"));
        assert_eq!(outcome.message.destination().map(AsRef::as_ref), Some("https://std.b"));
    }
    let outcome = run("dynamicEndpoint", &json!({"rules": []}), &Ask::default());
    assert!(outcome.message.destination().is_none() && outcome.message.endpoint.is_none());
    // The way on is the message's own.
    let text = text("dynamicEndpoint", "v1", &json!({"rules": rules})) + "<send/>";
    let outcome = check(&text, &Ask::default());
    let Ok(End::Send(outgoing)) = outcome.end else { panic!("{:?}", outcome.end) };
    assert_eq!(
        outgoing,
        Outgoing { target: Target::Destination, method: None, takes_postfix: false }
    );
}

#[test]
fn respond() {
    let ask = Ask::xml("<a/>").with(&[("Authorization", "Bearer x")]);
    for (parameters, status, body, content_type) in [
        (json!({}), 200, "", ""),
        (
            json!({"statusCode": "418", "body": "{\"a\": \"$1 ${x} <&>\"}"}),
            418,
            "{\"a\": \"$1 ${x} <&>\"}",
            "application/json",
        ),
        (
            json!({"statusCode": 201, "body": "<a>'x'</a>", "contentType": "application/xml"}),
            201,
            "<a>'x'</a>",
            "application/xml",
        ),
        (
            json!({"body": "plain\ntext", "contentType": "text/plain; charset=utf-8"}),
            200,
            "plain\ntext",
            "text/plain; charset=utf-8",
        ),
    ] {
        let mut outcome = run("respond", &parameters, &ask);
        assert!(matches!(outcome.end, Ok(End::Respond)));
        assert_eq!(outcome.status(), Some(status));
        assert!(!outcome.message.headers.contains_key("authorization"));
        assert_eq!(outcome.header("content-type"), content_type, "{parameters}");
        if body.is_empty() {
            assert!(outcome.message.has_no_body);
        } else {
            assert_eq!(outcome.body(), body);
        }
    }
    for headers in
        [json!({"X-A": "1&2", "Retry-After": 5}), json!("{\"X-A\": \"1&2\", \"Retry-After\": 5}")]
    {
        let outcome = run("respond", &json!({"headers": headers}), &ask);
        assert_eq!(
            (outcome.header("x-a"), outcome.header("retry-after")),
            ("1&2".to_owned(), "5".to_owned())
        );
    }
}

#[test]
fn mock_latency() {
    for (parameters, milliseconds) in [
        (json!({}), 100),
        (json!({"milliseconds": "5"}), 5),
        (json!({"milliseconds": 99_999}), 99_999),
    ] {
        let outcome = run("mockLatency", &parameters, &Ask::default());
        assert_eq!(outcome.waits, [Duration::from_millis(milliseconds)]);
    }
}

/// The gateway of these tests draws the number in the middle.
#[test]
fn mock_latency_with_a_distribution() {
    for (parameters, milliseconds) in [
        (json!({"milliseconds": 10, "maximum": "30"}), 19),
        (json!({"percentiles": "50:20, 100:200"}), 19),
        (json!({"milliseconds": 9, "percentiles": "25:20, 75:60"}), 39),
    ] {
        let outcome = check(&text("mockLatency", "v2", &parameters), &Ask::default());
        let waits: Vec<u128> = outcome.waits.iter().map(Duration::as_millis).collect();
        assert_eq!(waits, [milliseconds], "{parameters}");
    }
}

#[test]
fn mock_error() {
    for (rate, fails) in [("0", false), ("49.9", false), ("50.1", true), ("100", true)] {
        let parameters = json!({"rate": rate, "status": "418, 503", "message": "<no> \"luck\""});
        let mut outcome = run("mockError", &parameters, &Ask::json("{}"));
        assert_eq!(matches!(outcome.end, Ok(End::Respond)), fails, "{rate}");
        if fails {
            assert!(matches!(outcome.status(), Some(418 | 503)), "{rate}");
            let body: Json = serde_json::from_str(&outcome.body()).expect("JSON");
            assert_eq!(body["description"], "<no> \"luck\"");
            assert_eq!(outcome.header("content-type"), "application/json");
        }
    }
}

#[test]
fn the_steps_of_a_policy_come_one_after_the_other() {
    let add =
        |value: &str| text("addHeader", "v3", &json!({"headerName": "X-A", "headerValue": value}));
    let outcome = check(&(add("1") + &add("2")), &Ask::default());
    assert_eq!(outcome.header("x-a"), "2");
}
