use super::*;
use crate::testing::{Ask as Asked, Gateway, check};

const STEP: &str = "<opa><serverUrl>http://a</serverUrl><policy>p</policy><rule>allow</rule></opa>";

fn step() -> Opa {
    Opa {
        url: Arc::from("http://a/p/allow"),
        key: Some(HeaderValue::from_static("Bearer k")),
        rule: Some(Arc::from("allow")),
        sends_token: true,
        properties: vec![Arc::from("tier"), Arc::from("method"), Arc::from("missing")],
        timeout: Duration::from_secs(1),
    }
}

#[test]
fn the_question_tells_of_the_request() {
    let mut message = Asked::default().with(&[("X-Region", "us")]).message();
    message.properties.set(&Arc::from("tier"), crate::Value::text_of("gold"));
    message.properties.set(&Arc::from("method"), crate::Value::text_of("PUT"));
    let ask = step().ask(&message, &Gateway::default());
    assert_eq!((&*ask.url, ask.headers.get("authorization").is_some()), ("http://a/p/allow", true));
    let body: Json = serde_json::from_slice(&ask.body).expect("JSON");
    assert_eq!(
        body,
        json!({ "input": {
            "requestOrigin": "192.0.2.7",
            "method": "GET",
            "path": "/shop/1.0/orders/7?region=eu&Tier=gold%20x",
            "transportHeaders": { "x-region": "eu, us", "accept": "application/json" },
            "electedResource": "/orders/{id}",
            "apiContext": {
                "keyType": "SANDBOX",
                "consumerKey": "key1",
                "applicationName": "shop app",
                "username": "ann",
                "isAuthenticated": true,
            },
            "tier": "gold",
        }})
    );
}

#[test]
fn only_a_clear_yes_passes() {
    let forbidden = Some(FaultCode::PolicyForbidden);
    let failed = Some(FaultCode::PolicyFailed);
    for (rule, status, body, expected) in [
        (Some("allow"), 200, r#"{"result": true}"#, None),
        (Some("allow"), 200, r#"{"result": false}"#, forbidden),
        (Some("allow"), 200, "{}", failed),
        (Some("allow"), 200, r#"{"result": "true"}"#, failed),
        (Some("allow"), 200, r#"{"result": {"allow": true}}"#, failed),
        (Some("allow"), 200, "true", failed),
        (Some("allow"), 200, "", failed),
        (Some("allow"), 201, r#"{"result": true}"#, failed),
        (Some("allow"), 500, r#"{"result": true}"#, failed),
        (None, 200, r#"{"result": {"allow": true}}"#, None),
        (None, 200, r#"{"result": {"allow": false}}"#, forbidden),
        (None, 200, r#"{"result": true}"#, failed),
    ] {
        let status = StatusCode::from_u16(status).expect("a status");
        let judged = judge(rule, status, body.as_bytes()).err().map(|fault| fault.code);
        assert_eq!(judged, expected, "{rule:?} {status} {body}");
    }
}

#[test]
fn the_message_goes_on_as_it_was() {
    let ask = Asked { answer: r#"{"result": true}"#, ..Asked::json(r#"{"a": 1}"#) };
    let mut outcome = check(STEP, &ask);
    assert!(!outcome.is_read && outcome.end.is_ok());
    assert_eq!(outcome.body(), r#"{"a": 1}"#);
    let ask = Asked { answer: r#"{"result": false}"#, ..ask };
    let caught = Asked { sequences: vec![("s", "<drop/>".to_owned())], ..ask };
    let policy = format!(r#"<sequence onError="s">{STEP}</sequence>"#);
    assert_eq!(check(&policy, &caught).fault(), FaultCode::PolicyForbidden);
}
