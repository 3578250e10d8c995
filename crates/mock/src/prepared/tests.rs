//! Answers that are ready: the same as those that are made for each request.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{Value, json};

use super::*;
use crate::Contract;

fn document() -> Value {
    json!({
        "openapi": "3.0.3", "info": {"title": "a", "version": "1", "description": "long"},
        "paths": {"/a/{id}": {
            "parameters": [{"in": "path", "name": "id", "required": true, "schema": {"type": "integer"}}],
            "post": {
                "description": "text", "x-mediation-script": "script",
                "parameters": [{"in": "cookie", "name": "c", "schema": {"type": "integer"}}],
                "requestBody": {"required": true, "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": {
                    "404": {"description": "", "content": {"application/json": {"example": {"error": 1}}}},
                    "201": {"$ref": "#/components/responses/Made"},
                    "204": {"description": "", "headers": {
                        "X-A": {"schema": {"type": "integer", "example": 7}},
                        "X-B": {"example": ["a", "b"]},
                        "X-C": {"schema": {"type": "string"}, "examples": {"e": {"value": "c"}}},
                        "X-D": {"example": "a\nb"},
                        "Content-Type": {"schema": {"type": "string"}}}},
                    "418": {"description": "", "content": {"*/*": {"example": {"a": [1, 2]}}}},
                    "5XX": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}}}},
                }}}},
        "components": {
            "examples": {"cat": {"summary": "s", "value": {"name": "Tom", "description": "kept"}}},
            "responses": {"Made": {"description": "", "content": {
                "application/xml": {"schema": {"$ref": "#/components/schemas/Pet"}},
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Pet"},
                    "examples": {
                        "cat": {"$ref": "#/components/examples/cat"},
                        "big dog": {"value": {"name": 3}},
                        "far": {"externalValue": "https://example.com/a"},
                    },
                },
            }}},
            "schemas": {"Pet": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "description": {"type": "string"}}}},
        },
    })
}

fn prepared() -> (Prepared, Vec<String>) {
    let source = Source::new(&document(), "openapi.yaml");
    let read = Prepared::read(&source, "post", "/a/{id}").unwrap();
    source.settle();
    read
}

fn text(reply: &Reply<'_>) -> String {
    match reply.body {
        ReplyBody::Ready(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        ReplyBody::Empty => String::new(),
        other => format!("{other:?}"),
    }
}

#[test]
fn answers_are_those_that_are_made_for_each_request() {
    let (document, (prepared, _)) = (document(), prepared());
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let answers = examples::Answers::read(contract.operation("POST", "/a/{id}").unwrap());
    let accepts = [
        None,
        Some("*/*"),
        Some("application/json"),
        Some("application/xml"),
        Some("application/xml;q=0.5, application/json;q=0.1"),
        Some("image/png"),
        Some("text/plain"),
    ];
    let wishes = [
        "",
        "code=200",
        "code=201",
        "code=204",
        "code=404",
        "code=418",
        "code=503",
        "code=x",
        "example=cat",
        "example=\"big dog\"",
        "example=bird",
        "code=204, example=cat",
    ];
    for accept in accepts {
        for wish in wishes.map(|wish| Prefer::parse([wish])) {
            let old = examples::choose(&answers, accept, &wish, 0);
            let new = prepared.choose(accept, &wish);
            let old = old.map(|chosen| {
                let body = examples::make(&answers, &chosen).unwrap();
                let text = body.as_ref().map_or(String::new(), |body| body.text.clone());
                (chosen.status, chosen.media_type, text, body.and_then(|body| body.violation))
            });
            let new = new.map(|reply| {
                let media_type = reply.media_type.as_deref().unwrap_or_default().to_owned();
                (reply.status, media_type, text(&reply), reply.violation.map(str::to_owned))
            });
            assert_eq!(old, new, "{accept:?} {wish:?}");
        }
    }
}

#[test]
fn the_usual_answer_borrows_everything() {
    let (prepared, _) = prepared();
    for accept in [None, Some("*/*"), Some("application/json")] {
        let reply = prepared.choose(accept, &Prefer::default()).unwrap();
        assert!(matches!(reply.media_type, Some(Cow::Borrowed("application/json"))), "{reply:?}");
        assert_eq!(text(&reply), r#"{"name":"Tom","description":"kept"}"#);
        assert_eq!((reply.status, reply.applied), (201, None));
    }
}

#[test]
fn what_was_preferred_and_applied_is_said() {
    let (prepared, _) = prepared();
    let check = |wish: &str, expected: Option<&str>| {
        let reply = prepared.choose(None, &Prefer::parse([wish])).unwrap();
        assert_eq!(reply.applied.as_deref(), expected, "{wish}");
    };
    check("wait=10", None);
    check("code=404", Some("code=404"));
    check("code=201, example=\"big dog\"", Some("code=201, example=\"big dog\""));
    check("dynamic=true", Some("dynamic=true"));
    check("code=404, dynamic=true", Some("code=404"));
    check("code=204", Some("code=204"));
}

#[test]
fn headers_are_prepared_and_what_is_wrong_is_told() {
    let (prepared, notes) = prepared();
    let reply = prepared.choose(None, &Prefer::parse(["code=204"])).unwrap();
    let headers: Vec<(&str, &str)> =
        reply.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(headers, [("X-A", "7"), ("X-B", "a,b"), ("X-C", "c")]);
    let told = |part: &str| assert!(notes.iter().any(|note| note.contains(part)), "{notes:?}");
    told("`X-D`");
    told("`far`");
    told("201 application/json: the example `big dog` is not as its schema: at `/name`");
}

#[test]
fn headers_of_openapi_2_are_schemas() {
    let document = json!({"swagger": "2.0", "paths": {"/a": {"get": {"responses": {"200": {
        "description": "", "headers": {"X-A": {"type": "integer", "default": 3},
            "X-B": {"type": "string", "x-example": "b"}}}}}}}});
    let source = Source::new(&document, "swagger.yaml");
    let (prepared, notes) = Prepared::read(&source, "GET", "/a").unwrap();
    let reply = prepared.choose(None, &Prefer::default()).unwrap();
    let headers: Vec<&str> = reply.headers.iter().map(|(_, value)| &**value).collect();
    assert_eq!((headers, notes), (vec!["3", "b"], Vec::new()));
}

#[test]
fn made_up_values_are_the_same_for_a_seed() {
    let (prepared, _) = prepared();
    let reply = prepared.choose(None, &Prefer::parse(["dynamic=true"])).unwrap();
    assert_eq!((&reply.body, reply.status), (&ReplyBody::Made, 201));
    let make = |seed| prepared.make(201, "application/json", seed).unwrap();
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
    assert_eq!(prepared.check(201, Some("application/json"), &make(3)), None);
    assert!(prepared.make(404, "application/json", 1).is_err());
    assert!(prepared.make(299, "application/json", 1).is_err());
}

#[test]
fn requests_are_held_against_the_document() {
    let (prepared, _) = prepared();
    assert!(prepared.takes_body());
    let check = |id: &str, headers: &[(&str, &str)], body: &str, expected: &[&str]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers: Vec<(String, String)> = headers.iter().map(owned).collect();
        let path = [("id".to_owned(), id.to_owned())];
        let body = body.as_bytes();
        let found =
            prepared.validate(&Request { path: &path, query: &[], headers: &headers, body });
        let found: Vec<String> =
            found.iter().map(|one| format!("{}{}", one.part, one.pointer)).collect();
        assert_eq!(found, expected);
    };
    let json = ("content-type", "application/json");
    check("1", &[json], "{\"name\":\"a\"}", &[]);
    check("x", &[json, ("Cookie", "b=1; c=2")], "{}", &["path/id", "body"]);
    check("1", &[("cookie", "c=x")], "", &["cookie/c", "body"]);
}

#[test]
fn answers_are_held_against_the_document() {
    let (prepared, _) = prepared();
    let check = |status, media_type: Option<&str>, body: &str, part: Option<&str>| {
        let told = prepared.check(status, media_type, body.as_bytes());
        match part {
            Some(part) => assert!(told.clone().unwrap_or_default().contains(part), "{told:?}"),
            None => assert_eq!(told, None),
        }
    };
    let json = Some("application/json; charset=utf-8");
    check(201, json, "{\"name\":\"a\"}", None);
    check(201, json, "{\"name\":1}", Some("/name"));
    check(201, json, "{", Some("not JSON"));
    check(201, Some("application/xml"), "<a/>", None);
    check(201, Some("text/html"), "a", Some("application/xml, application/json"));
    check(299, json, "{}", Some("no answer 299"));
    check(204, None, "", None);
    check(503, Some("text/plain"), "a", None);
    check(418, Some("image/png"), "a", None);
    check(404, None, "a", Some("octet-stream"));
}

#[test]
fn a_document_loses_its_prose_and_nothing_else() {
    let source = Source::new(&document(), "openapi.yaml");
    let kept = source.open();
    let kept = &kept.document;
    let operation = &kept["paths"]["/a/{id}"]["post"];
    assert_eq!(operation.get("description"), None);
    assert_eq!(operation.get("x-mediation-script"), None);
    assert_eq!(kept.get("info"), None);
    let pet = &kept["components"]["schemas"]["Pet"]["properties"];
    assert!(pet.get("description").is_some(), "a property may have any name");
    let cat = &kept["components"]["examples"]["cat"];
    assert_eq!(*cat, json!({"value": {"name": "Tom", "description": "kept"}}));
    let odd = json!({"openapi": "3.1.0", "paths": {}, "x-types": {"a": {"type": "string"}},
        "components": {"schemas": {"a": {"$ref": "#/x-types/a"}}}});
    assert_eq!(Source::new(&odd, "openapi.yaml").open().document, odd);
}

#[test]
fn an_operation_that_is_not_there_is_none() {
    let source = Source::new(&document(), "openapi.yaml");
    assert!(Prepared::read(&source, "GET", "/a/{id}").is_none());
    assert!(Prepared::read(&source, "POST", "/b").is_none());
    let nothing = json!({"openapi": "3.0.0", "paths": {"/a": {"get": {}}}});
    let source = Source::new(&nothing, "openapi.yaml");
    let (prepared, _) = Prepared::read(&source, "GET", "/a").unwrap();
    assert_eq!(prepared.choose(None, &Prefer::default()).unwrap_err().status, 501);
    assert!(!prepared.takes_body());
}

/// Two operations are the same where their documents and answers are.
#[test]
fn what_is_prepared_is_compared() {
    assert_eq!(prepared().0, prepared().0);
    let mut other = document();
    other["components"]["examples"]["cat"]["value"]["name"] = json!("Tim");
    let source = Source::new(&other, "openapi.yaml");
    let (other, _) = Prepared::read(&source, "POST", "/a/{id}").unwrap();
    assert_ne!(prepared().0, other);
    assert!(!format!("{other:?}").contains("components"));
}

/// A mock that nobody asks costs little: the text of the document, and the bodies.
#[test]
fn an_idle_mock_is_small() {
    let document = include_str!("../../tests/golden/openapi3/openapi.yaml");
    let document = model::yaml::parse("openapi.yaml", document.as_bytes()).unwrap();
    let source = Source::new(&document, "openapi.yaml");
    let size = |prepared: &Prepared| -> usize {
        let body = |(_, body): &(Notation, Body)| {
            size_of::<(Notation, Body)>() + body.bytes.as_ref().map_or(0, Bytes::len)
        };
        let bodies = |bodies: &Bodies| bodies.iter().map(body).sum::<usize>();
        let content = |content: &Content| {
            let examples: usize = content.examples.iter().map(|(_, all)| bodies(all)).sum();
            size_of::<Content>() + examples + content.made.as_ref().map_or(0, bodies)
        };
        let answers = prepared.answers.iter();
        let contents = answers.flat_map(|answer| answer.contents.iter());
        let answers = prepared.answers.len() * size_of::<Answer>();
        size_of::<Prepared>() + answers + contents.map(content).sum::<usize>()
    };
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let mut all = Vec::new();
    for (method, template, _) in contract.operations() {
        all.push(Prepared::read(&source, method, template).unwrap().0);
    }
    source.settle();
    let sizes: usize = all.iter().map(size).sum();
    assert!(sizes < all.len() * 2_000, "{sizes} bytes for {} operations", all.len());
}
