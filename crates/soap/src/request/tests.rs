#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};

use super::*;
use crate::mapping::read;

const TEXT: &str = r#"
version: 1
namespaces: { p: "urn:p" }
resources:
- resource: POST /order
  operation: Order
  soap: "1.1"
  action: urn:order
  parameters: { id: "query /Order/id", Token: "header /$header/Token" }
  request:
    header: [ { "p:Token": xsd:string ? } ]
    body: [ { "p:Order": order } ]
types:
  order:
  - "p:id": xsd:int
  - item: xsd:string * nillable
  - $choice: [ { a: xsd:int }, { $sequence: [ { b: xsd:int }, { c: xsd:int } ] } ]
  - "p:animal": animal ?
  - price: price ?
  - default: { type: xsd:int, default: "7" }
  animal: { abstract: true, content: [ { name: xsd:string } ] }
  dog: { base: animal, content: [ { name: xsd:string }, { barks: xsd:boolean } ] }
  price: { text: xsd:decimal, attributes: { cur: xsd:token, "p:net": xsd:boolean ? } }
"#;

fn resource() -> (Mapping, usize) {
    let mut found = model::Diagnostics::new();
    let mapping = read("m.yaml", TEXT.as_bytes(), &mut found);
    (mapping.unwrap_or_else(|| panic!("{found:?}")), 0)
}

fn ask(body: Option<&Value>, parameters: &[(&str, &str)]) -> Result<Envelope, Problem> {
    let (mapping, index) = resource();
    let given = |_: ParameterPlace, name: &str| {
        parameters
            .iter()
            .filter(|(known, _)| *known == name)
            .map(|(_, one)| (*one).to_owned())
            .collect()
    };
    let input = Input { body, parameter: &given };
    write(&mapping, &mapping.resources[index], &input, 10_000)
}

#[track_caller]
fn check(body: &Value, expected: &str) {
    let text = ask(Some(body), &[]).unwrap_or_else(|problem| panic!("{problem:?}")).text;
    let (_, body) = text.split_once("<soapenv:Body>").unwrap();
    let (body, _) = body.split_once("</soapenv:Body>").unwrap();
    assert_eq!(body, expected, "{text}");
}

#[test]
fn the_schema_says_the_order() {
    check(
        &json!({ "Order": { "c": 2, "item": ["x", null, "<y>"], "b": 1, "id": 3 } }),
        "<p:Order><p:id>3</p:id><item>x</item><item xsi:nil=\"true\"/><item>&lt;y&gt;</item>\
         <b>1</b><c>2</c><default>7</default></p:Order>",
    );
}

#[test]
fn the_outermost_element_may_be_left_out() {
    check(
        &json!({ "id": 1, "a": 2, "item": "one", "default": 8 }),
        "<p:Order><p:id>1</p:id><item>one</item><a>2</a><default>8</default></p:Order>",
    );
}

#[test]
fn types_attributes_and_texts() {
    check(
        &json!({ "Order": {
            "id": 1, "a": 1,
            "animal": { "$type": "dog", "barks": true, "name": "Rex" },
            "price": { "$": 1.5, "@cur": "E\"U", "@net": false },
        } }),
        "<p:Order><p:id>1</p:id><a>1</a><p:animal xsi:type=\"dog\"><name>Rex</name>\
         <barks>true</barks></p:animal><price cur=\"E&quot;U\" p:net=\"false\">1.5</price>\
         <default>7</default></p:Order>",
    );
}

#[test]
fn parameters_become_members() {
    let envelope = ask(Some(&json!({ "a": 1 })), &[("id", "5"), ("Token", "t")]).unwrap();
    assert_eq!(envelope.action.as_deref(), Some("\"urn:order\""));
    assert_eq!(envelope.content_type, "text/xml; charset=UTF-8");
    assert_eq!(
        envelope.text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:p=\"urn:p\">\
         <soapenv:Header><p:Token>t</p:Token></soapenv:Header><soapenv:Body><p:Order><p:id>5</p:id>\
         <a>1</a><default>7</default></p:Order></soapenv:Body></soapenv:Envelope>"
    );
}

#[test]
fn what_does_not_fit_has_a_place() {
    let order = |more: Value| {
        let mut order = json!({ "id": 1, "a": 1 });
        let members = order.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        json!({ "Order": order })
    };
    for (body, pointer, expected) in [
        (json!({ "Order": { "a": 1 } }), "/Order/id", "a whole number"),
        (json!({ "Order": { "id": "x", "a": 1 } }), "/Order/id", "a whole number"),
        (json!({ "Order": { "id": 1 } }), "/Order", "one of a, (b with c)"),
        (order(json!({ "b": 1 })), "/Order/b", "what the schema allows"),
        (order(json!({ "x/y": 1 })), "/Order/x~1y", "id, item"),
        (order(json!({ "@z": 1 })), "/Order/@z", "no attribute"),
        (order(json!({ "id": [1, 2] })), "/Order/id", "a whole number"),
        (order(json!({ "item": ["a", {}] })), "/Order/item/1", "a text"),
        (order(json!({ "animal": { "name": "x" } })), "/Order/animal", "`$type` with one of dog"),
        (order(json!({ "animal": { "$type": "cat" } })), "/Order/animal/$type", "one of dog"),
        (order(json!({ "price": { "$": 1 } })), "/Order/price/@cur", "a text"),
        (order(json!({ "price": { "$": "1,5", "@cur": "E" } })), "/Order/price/$", "a number"),
        (json!([]), "", "an object"),
        (json!({ "Order": 1 }), "/Order", "an object"),
        (json!({ "$header": 1, "Order": { "id": 1, "a": 1 } }), "/$header", "an object of header"),
        (order(json!({ "item": vec!["x".repeat(100); 200] })), "/Order/item/90", "10000 bytes"),
    ] {
        let problem = ask(Some(&body), &[]).unwrap_err();
        let place = if pointer == "/Order/item/90" { "/Order/item/" } else { pointer };
        assert!(problem.pointer.starts_with(place), "{body} {problem:?}");
        assert!(problem.expected.contains(expected), "{body} {problem:?}");
        assert_eq!(problem.to_json()["status"], 400);
    }
}
