#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};

use super::*;
use crate::mapping;

const TEXT: &str = r#"
version: 1
namespaces: { p: "urn:p" }
resources:
- resource: POST /order
  operation: Order
  soap: "1.1"
  request: [ { "p:Order": xsd:string } ]
  answer: { header: [ { "p:Trace": xsd:int ? } ], body: [ { "p:Placed": placed } ] }
  faults: [ { "p:Refused": refused ? } ]
types:
  placed:
  - "p:id": xsd:long
  - item: xsd:boolean *
  - when: xsd:dateTime ? nillable
  - "p:animal": animal ?
  - price: price ?
  animal: [ { name: xsd:string } ]
  "p:dog": { base: animal, content: [ { name: xsd:string }, { barks: xsd:boolean } ] }
  price: { text: xsd:decimal, attributes: { cur: xsd:token } }
  refused: [ { code: xsd:int } ]
"#;

fn ask(status: u16, text: &str) -> Option<Answer> {
    let mut found = model::Diagnostics::new();
    let mapping = mapping::read("m.yaml", TEXT.as_bytes(), &mut found).unwrap();
    read(&mapping, &mapping.resources[0], status, text.as_bytes(), &Limits::default())
}

fn envelope(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns:q='urn:p' \
         xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{body}</s:Envelope>"
    )
}

#[track_caller]
fn check(body: &str, expected: Value) {
    let answer = ask(200, &envelope(&format!("<s:Body>{body}</s:Body>"))).unwrap();
    assert_eq!((answer.status, answer.body), (200, expected));
}

#[test]
fn values_have_the_types_of_the_schema() {
    check(
        "<q:Placed><q:id>1</q:id><item>1</item><when xsi:nil='true'/>\
         <q:animal xsi:type='q:dog'><name>007</name><barks>false</barks></q:animal>\
         <price cur='EUR'>1.50</price></q:Placed>",
        json!({ "Placed": {
            "id": 1, "item": [true], "when": null,
            "animal": { "$type": "p:dog", "name": "007", "barks": false },
            "price": { "@cur": "EUR", "$": 1.5 },
        } }),
    );
}

#[test]
fn what_is_not_in_the_schema_is_kept() {
    check(
        "<q:Placed new='1'><q:id>9</q:id><q:id>10</q:id><more><a>1</a><a>x</a></more></q:Placed>",
        json!({ "Placed": { "@new": "1", "id": [9, 10], "more": { "a": [1, "x"] } } }),
    );
    // Services disagree on namespaces, and on what they call their answers.
    check("<Other><id>9</id></Other>", json!({ "Placed": { "id": 9 } }));
}

#[test]
fn headers_are_members() {
    let text = envelope(
        "<s:Header><q:Trace>5</q:Trace><q:No/></s:Header><s:Body><q:Placed><q:id>1</q:id></q:Placed></s:Body>",
    );
    let answer = ask(200, &text).unwrap();
    assert_eq!(answer.body, json!({ "Placed": { "id": 1 }, "$header": { "Trace": 5 } }));
}

#[test]
fn faults_are_problems() {
    let fault = |code: &str, more: &str| {
        envelope(&format!(
            "<s:Body><s:Fault><faultcode>{code}</faultcode><faultstring>no</faultstring>{more}</s:Fault></s:Body>"
        ))
    };
    for (code, came, status) in [
        ("s:Client", 500, 400),
        ("s:Server", 500, 500),
        ("s:Server", 200, 500),
        ("s:Server", 503, 503),
        ("s:MustUnderstand", 500, 500),
    ] {
        let answer = ask(came, &fault(code, "")).unwrap();
        assert_eq!((answer.status, answer.is_problem), (status, true), "{code} {came}");
        assert_eq!(answer.body["detail"], "no");
    }
    let detail =
        "<faultactor>urn:a</faultactor><detail><q:Refused><code>5</code></q:Refused></detail>";
    let answer = ask(500, &fault("s:Client.Busy", detail)).unwrap();
    assert_eq!(answer.body["faultDetail"], json!({ "Refused": { "code": 5 } }));
    assert_eq!(
        (&answer.body["faultSubcode"], &answer.body["faultActor"]),
        (&json!("Busy"), &json!("urn:a"))
    );
    let newer = "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><e:Fault><e:Code>\
                 <e:Value>e:Sender</e:Value><e:Subcode><e:Value>x:Bad</e:Value></e:Subcode></e:Code>\
                 <e:Reason><e:Text xml:lang='en'>why</e:Text></e:Reason><e:Detail>plain</e:Detail></e:Fault></e:Body></e:Envelope>";
    let answer = ask(500, newer).unwrap();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["faultCode"], "Sender");
    assert_eq!(
        (&answer.body["faultSubcode"], &answer.body["detail"]),
        (&json!("Bad"), &json!("why"))
    );
    assert_eq!(answer.body["faultDetail"], "plain");
}

#[test]
fn what_is_no_envelope_is_a_problem() {
    assert_eq!(ask(202, ""), None);
    for (status, text, expected) in
        [(200, "<html/>", 502), (503, "Service Unavailable", 503), (200, "<!DOCTYPE a><a/>", 502)]
    {
        let answer = ask(status, text).unwrap();
        assert_eq!((answer.status, answer.is_problem), (expected, true), "{text}");
    }
}
