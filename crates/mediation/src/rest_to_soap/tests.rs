use std::sync::Arc;

use http::StatusCode;

use super::{SoapResource, Turn};
use crate::machine::End;
use crate::sequence::{Mediator, Sequence, Step};
use crate::testing::{Ask, Gateway, Outcome, check_steps};

const MAPPING: &str = r#"
version: 1
namespaces: { p: "urn:p" }
resources:
- resource: POST /order
  operation: Order
  soap: "1.2"
  action: urn:order
  parameters: { id: "query /Order/id" }
  request: [ { "p:Order": order } ]
  answer: [ { "p:Placed": placed } ]
types:
  order: [ { "p:id": xsd:int } ]
  placed: [ { "p:id": xsd:int + } ]
"#;

fn sequence(turn: Turn) -> Arc<Sequence> {
    let mut found = model::Diagnostics::new();
    let mapping =
        ::soap::mapping::read("m.yaml", MAPPING.as_bytes(), &mut found).expect("a mapping");
    let resource = Arc::new(SoapResource::new(Arc::new(mapping), 0, 1));
    let step = Step { place: Arc::from("mapping"), mediator: Mediator::Soap(turn, resource) };
    Arc::new(Sequence { steps: vec![step], on_error: None })
}

fn run(turn: Turn, ask: &Ask) -> Outcome {
    check_steps(sequence(turn), crate::Library::default(), ask, &Gateway::default())
}

#[test]
fn a_request_becomes_an_envelope() {
    for ask in [
        Ask::post("application/json", "{\"id\": 5}").with(&[("soapaction", "mine")]),
        Ask { target: "/shop/1.0/order?id=5", ..Ask::default() },
    ] {
        let mut outcome = run(Turn::Request, &ask);
        assert!(matches!(outcome.end, Ok(End::Continue)), "{outcome:?}");
        assert!(outcome.body().contains("<p:Order><p:id>5</p:id></p:Order>"));
        assert_eq!(outcome.message.method, http::Method::POST);
        let kind = "application/soap+xml; charset=UTF-8; action=\"urn:order\"";
        assert_eq!(outcome.header("content-type"), kind);
        assert_eq!(outcome.header("soapaction"), "");
        assert_eq!(outcome.message.postfix_text(), None);
    }
}

#[test]
fn what_does_not_fit_is_answered() {
    for (kind, body, expected) in [
        ("text/plain", "{}", "{\"error\": \"Invalid Content-Type detected\"}"),
        ("text/xml", "<a/>", "{\"error\": \"Invalid Content-Type detected\"}"),
        ("application/json", "{", "this is no JSON"),
        ("application/json", "{\"id\": \"x\"}", "\"pointer\":\"/Order/id\""),
    ] {
        let mut outcome = run(Turn::Request, &Ask::post(kind, body));
        assert!(matches!(outcome.end, Ok(End::Respond)), "{outcome:?}");
        assert_eq!(outcome.message.status, Some(StatusCode::BAD_REQUEST));
        assert!(outcome.body().contains(expected), "{}", outcome.body());
    }
}

#[test]
fn an_answer_becomes_json() {
    let envelope = |body: &str| {
        format!(
            "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body>{body}</e:Body></e:Envelope>"
        )
    };
    for (status, kind, body, expected) in [
        (
            200,
            "application/soap+xml",
            envelope("<Placed xmlns='urn:p'><id>1</id></Placed>"),
            (200, "{\"Placed\":{\"id\":[1]}}"),
        ),
        (500, "text/html", "oops".to_owned(), (500, "about:blank")),
        (200, "application/json", "{\"a\":1}".to_owned(), (200, "{\"a\":1}")),
        (202, "text/xml", String::new(), (202, "")),
    ] {
        let ask = Ask::post(kind, &body).answered(status);
        let mut outcome = run(Turn::Answer, &ask);
        assert_eq!(outcome.status(), Some(expected.0));
        assert!(outcome.body().contains(expected.1), "{}", outcome.body());
    }
}
