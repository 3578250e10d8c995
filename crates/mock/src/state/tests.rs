//! A mock that remembers, in several dialects and shapes of lists.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::json;

use super::*;
use crate::{Prepared, Source};

/// A document with one collection; what is listed is as a test wants it.
fn document(list: &Value, pet: &Value) -> Value {
    let pets = |value: &Value| json!({"description": "", "content": {"application/json": value}});
    let one = pets(&json!({"schema": {"$ref": "#/components/schemas/Pet"}}));
    let body = json!({"content": {"application/json": {
        "schema": {"$ref": "#/components/schemas/Pet"}}}});
    json!({"openapi": "3.0.3", "info": {"title": "a", "version": "1"}, "paths": {
        "/pets": {
            "get": {"parameters": [
                {"in": "query", "name": "limit", "schema": {"type": "integer"}},
                {"in": "query", "name": "offset", "schema": {"type": "integer"}}],
                "responses": {"200": pets(list)}},
            "post": {"requestBody": body, "responses": {"201": one}}},
        "/pets/{petId}": {
            "get": {"responses": {"200": one, "404": {"description": ""}}},
            "put": {"requestBody": body, "responses": {"200": one}},
            "patch": {"requestBody": body, "responses": {"200": one}},
            "delete": {"responses": {"204": {"description": ""}}}},
        "/pets/{petId}/photos": {"get": {"responses": {"200": pets(&json!({
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}))}},
            "post": {"requestBody": body, "responses": {"200": one}}},
        "/pets/{petId}/photos/{photoId}": {"get": {"responses": {"200": one}}},
        "/other": {"get": {"responses": {"200": {"description": ""}}}},
    }, "components": {"schemas": {"Pet": pet}}})
}

fn pet() -> Value {
    json!({"type": "object", "required": ["id", "name", "made"], "properties": {
        "id": {"type": "integer"}, "name": {"type": "string"},
        "made": {"type": "string", "format": "date-time", "readOnly": true},
        "secret": {"type": "string", "writeOnly": true}}})
}

fn list() -> Value {
    json!({"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
        "example": [{"id": 4, "name": "Rex", "made": "2024-01-01T00:00:00Z"},
            {"id": 7, "name": "Tom", "made": "2024-01-01T00:00:00Z"}]})
}

struct Mock {
    source: std::sync::Arc<Source>,
    roles: Roles,
    store: Store,
}

impl Mock {
    fn new(document: &Value) -> Self {
        Self::within(document, Limits::default())
    }

    fn within(document: &Value, limits: Limits) -> Self {
        let source = Source::new(document, "openapi.yaml");
        let (roles, _) = Roles::read(&source);
        Self { source, roles, store: Store::new(limits) }
    }

    /// Asks, and holds what is answered against the document.
    fn reply(
        &mut self,
        method: &str,
        template: &str,
        ids: &[&str],
        body: &str,
    ) -> Result<Reply, Refusal> {
        let (template, query) = template.split_once('?').unwrap_or((template, ""));
        let pairs = |text: &str| -> Vec<(String, String)> {
            let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let names = template.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        let path: Vec<(String, String)> =
            names.zip(ids).map(|((name, _), id)| (name.to_owned(), (*id).to_owned())).collect();
        let (query, target) = (pairs(query), "/shop/1.0/pets");
        let body = body.as_bytes();
        let call = Call { path: &path, target, query: &query, body, seed: 1, ..Call::default() };
        let role = self.roles.role(method, template).unwrap();
        let reply = self.store.handle(role, &call)?;
        let (prepared, _) = Prepared::read(&self.source, method, template).unwrap();
        let told = prepared.check(reply.status, reply.media_type.as_deref(), &reply.body);
        assert_eq!(told, None, "{method} {template} {reply:?}");
        Ok(reply)
    }

    /// The status, and the body as a value.
    fn ask(&mut self, method: &str, template: &str, ids: &[&str], body: &str) -> (u16, Value) {
        match self.reply(method, template, ids, body) {
            Ok(reply) => (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default()),
            Err(refusal) => (refusal.status, Value::Null),
        }
    }
}

const PETS: &str = "/pets";
const PET: &str = "/pets/{petId}";

#[test]
fn entries_come_and_go() {
    let mut mock = Mock::new(&document(&list(), &pet()));
    let names = |answer: &(u16, Value)| -> Vec<String> {
        let all = answer.1.as_array().unwrap().iter();
        all.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&mock.ask("GET", PETS, &[], "")), ["Rex", "Tom"]);
    assert_eq!(mock.store.size(), 0, "who only reads costs nothing");
    let created = mock.reply("POST", PETS, &[], r#"{"name":"Ina","secret":"x"}"#).unwrap();
    assert_eq!((created.status, created.location.as_deref()), (201, Some("/shop/1.0/pets/8")));
    let entry: Value = serde_json::from_slice(&created.body).unwrap();
    assert_eq!(
        (&entry["id"], &entry["name"], entry.get("secret")),
        (&json!(8), &json!("Ina"), None)
    );
    assert_eq!(mock.ask("GET", PET, &["8"], "").1, entry);
    assert_eq!(names(&mock.ask("GET", PETS, &[], "")), ["Rex", "Tom", "Ina"]);
    assert_eq!(mock.ask("PUT", PET, &["4"], r#"{"id":99,"name":"Max"}"#).1["id"], json!(4));
    assert_eq!(mock.ask("PATCH", PET, &["7"], r#"{"name":"Tim","id":1}"#).1["name"], "Tim");
    assert_eq!(names(&mock.ask("GET", PETS, &[], "")), ["Max", "Tim", "Ina"]);
    assert_eq!(mock.ask("DELETE", PET, &["4"], ""), (204, Value::Null));
    assert_eq!(mock.ask("GET", PET, &["4"], "").0, 404);
    assert_eq!(mock.ask("DELETE", PET, &["4"], "").0, 404);
    mock.store.reset();
    assert_eq!(names(&mock.ask("GET", PETS, &[], "")), ["Rex", "Tom"]);
}

#[test]
fn what_cannot_be_done_is_refused() {
    let mut mock = Mock::new(&document(&list(), &pet()));
    let mut check = |method: &str, template: &str, body: &str, expected| {
        assert_eq!(mock.ask(method, template, &["7"], body).0, expected, "{method} {body}");
    };
    check("POST", PETS, r#"{"id":7,"name":"a"}"#, 409);
    check("POST", PETS, "[1]", 400);
    check("POST", PETS, "{", 400);
    check("PATCH", PET, r#"{"name":null}"#, 422);
    check("PATCH", PET, r#""x""#, 400);
    check("GET", "/pets?limit=x", "", 400);
    let mut missing = |method: &str, body: &str| mock.ask(method, PET, &["99"], body).0;
    assert_eq!(missing("PUT", r#"{"name":"a"}"#), 404);
    assert_eq!(missing("PATCH", r#"{"name":"a"}"#), 404);
    let role = mock.roles.role("POST", PETS).unwrap();
    let with = |content_type, accept| {
        let call = Call { content_type, accept, body: b"{}", ..Call::default() };
        Store::new(Limits::default())
            .handle(role, &call)
            .map_or_else(|no| no.status, |one| one.status)
    };
    assert_eq!(with(Some("text/plain"), None), 415);
    assert_eq!(with(Some("application/json-patch+json"), None), 415);
    assert_eq!(with(Some("application/json"), Some("image/png")), 406);
    assert_eq!(with(Some("application/merge-patch+json"), None), 201);
}

#[test]
fn pages_are_cut_where_the_document_has_them() {
    let mut mock = Mock::new(&document(&list(), &pet()));
    let mut ids = |query: &str| -> Vec<Value> {
        let (_, all) = mock.ask("GET", &format!("/pets?{query}"), &[], "");
        all.as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
    };
    assert_eq!(ids("limit=1"), [4]);
    assert_eq!(ids("offset=1"), [7]);
    assert_eq!(ids("offset=9&limit=9"), Vec::<i64>::new());
}

#[test]
fn lists_may_be_in_an_object() {
    let schema = json!({"type": "object", "required": ["totalCount", "data"], "properties": {
        "totalCount": {"type": "integer"}, "limit": {"type": "integer"},
        "data": {"type": "array", "maxItems": 2, "items": {"$ref": "#/components/schemas/Pet"}}}});
    let example = json!({"totalCount": 9, "limit": 5, "data": list()["example"]});
    let mut mock = Mock::new(&document(&json!({"schema": schema, "example": example}), &pet()));
    mock.ask("POST", PETS, &[], r#"{"name":"Ina"}"#);
    let (_, all) = mock.ask("GET", "/pets?offset=1", &[], "");
    assert_eq!((&all["totalCount"], all["data"].as_array().unwrap().len()), (&json!(3), 2));
}

#[test]
fn collections_of_several_parents_are_apart() {
    let mut mock = Mock::new(&document(&list(), &pet()));
    let photos = "/pets/{petId}/photos";
    assert_eq!(mock.ask("POST", photos, &["4"], r#"{"name":"a"}"#).0, 200);
    assert_eq!(mock.ask("GET", photos, &["4"], "").1.as_array().unwrap().len(), 1);
    assert_eq!(mock.ask("GET", photos, &["7"], "").1, json!([]));
    assert_eq!(mock.ask("GET", "/pets/{petId}/photos/{photoId}", &["4", "1"], "").0, 200);
    assert_eq!(mock.ask("GET", "/pets/{petId}/photos/{photoId}", &["7", "1"], "").0, 404);
}

#[test]
fn ids_are_as_the_schema_has_them() {
    let fresh = |id: Value| {
        let pet = json!({"type": "object", "required": ["id"], "properties": {"id": id}});
        let mut mock =
            Mock::new(&document(&json!({"schema": {"type": "array", "items": pet}}), &pet));
        let (status, entry) = mock.ask("POST", PETS, &[], "{}");
        assert_eq!(status, 201);
        let id = entry["id"].clone();
        assert_eq!(mock.ask("GET", PET, &[&ids::text(&id)], "").0, 200);
        id
    };
    assert_eq!(fresh(json!({"type": "integer"})), json!(1));
    assert_eq!(fresh(json!({"type": "string"})), json!("1"));
    let uuid = fresh(json!({"type": "string", "format": "uuid"}));
    let text = uuid.as_str().unwrap();
    assert!(text.len() == 36 && text.as_bytes()[14] == b'4', "{text}");
    let made = fresh(json!({"type": "string", "pattern": "^p-[0-9]{4}$"}));
    assert!(made.as_str().unwrap().starts_with("p-"), "{made}");
    // Clients have no say where the id is read only.
    let pet =
        json!({"type": "object", "properties": {"id": {"type": "integer", "readOnly": true}}});
    let mut mock = Mock::new(&document(&json!({"schema": {"type": "array", "items": pet}}), &pet));
    assert_eq!(mock.ask("POST", PETS, &[], r#"{"id":5}"#).1["id"], json!(1));
}

#[test]
fn variables_name_properties() {
    let check = |variable: &str, properties: Value, expected: Option<&str>| {
        let pet = json!({"type": "object", "properties": properties});
        let schema = crate::Schema::read(
            &Value::Null,
            definition::Dialect::V3_1,
            &pet,
            crate::Direction::Response,
        );
        let found = ids::Ids::read(variable, schema.ok());
        assert_eq!(found.property.as_deref(), expected, "{variable}");
    };
    check("petId", json!({"id": {}, "petId": {}}), Some("petId"));
    check("petId", json!({"name": {}, "id": {}}), Some("id"));
    check("pet_id", json!({"PetId": {}}), Some("PetId"));
    check("username", json!({"id": {}, "username": {}}), Some("username"));
    check("key", json!({"id": {}}), Some("id"));
    check("key", json!({"name": {}}), None);
}

#[test]
fn a_full_store_says_so() {
    let limits = Limits { collections: 1, entries: 3, bytes: 2_000 };
    let mut mock = Mock::within(&document(&list(), &pet()), limits);
    let post = |mock: &mut Mock, body: &str| mock.ask("POST", PETS, &[], body).0;
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(2_000));
    assert_eq!(post(&mut mock, &large), 507);
    assert_eq!(post(&mut mock, r#"{"name":"a"}"#), 201);
    assert_eq!(post(&mut mock, r#"{"name":"a"}"#), 507);
    let told = mock.reply("POST", PETS, &[], r#"{"name":"a"}"#).unwrap_err();
    assert!(told.detail.contains("3 entries"), "{told:?}");
    assert_eq!(mock.ask("POST", "/pets/{petId}/photos", &["1"], r#"{"name":"a"}"#).0, 507);
    assert_eq!(mock.ask("PUT", PET, &["4"], r#"{"name":"b"}"#).0, 200);
    assert_eq!(mock.ask("DELETE", PET, &["4"], "").0, 204);
    assert_eq!(post(&mut mock, r#"{"name":"a"}"#), 201);
    let before = mock.store.size();
    mock.ask("PATCH", PET, &["7"], &large);
    assert_eq!(mock.store.size(), before);
}

#[test]
fn openapi_2_and_xml_have_state_too() {
    let pet = json!({"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string", "example": "Rex"}}});
    let body = json!([{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/Pet"}}]);
    let document = json!({"swagger": "2.0", "produces": ["application/xml", "application/json"],
        "paths": {
            "/pet": {"post": {"parameters": body, "responses": {"default": {
                "description": "", "schema": {"$ref": "#/definitions/Pet"}}}}},
            "/pet/{petId}": {
                "get": {"responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/Pet"}}}},
                "put": {"parameters": body, "responses": {
                    "201": {"description": ""}, "204": {"description": ""}}}}},
        "definitions": {"Pet": pet}});
    let mut mock = Mock::new(&document);
    assert_eq!(mock.ask("GET", PET.replace("pets", "pet").as_str(), &["0"], "").1["name"], "Rex");
    assert_eq!(mock.ask("POST", "/pet", &[], r#"{"name":"Ina"}"#).0, 201);
    assert_eq!(mock.ask("PUT", "/pet/{petId}", &["9"], r#"{"name":"Tom"}"#).0, 201);
    assert_eq!(mock.ask("GET", "/pet/{petId}", &["9"], "").1, json!({"name": "Tom", "id": 9}));
    let role = mock.roles.role("GET", "/pet/{petId}").unwrap();
    let path = [("petId".to_owned(), "9".to_owned())];
    let accept = Some("application/xml");
    let call = Call { path: &path, accept, ..Call::default() };
    let reply = mock.store.handle(role, &call).unwrap();
    assert_eq!(reply.body, "<Pet><name>Tom</name><id>9</id></Pet>");
}

#[test]
fn what_is_no_collection_has_no_role() {
    let document = json!({"openapi": "3.0.0", "paths": {
        "/a": {"get": {}}, "/b/{c}/{d}": {"get": {}}, "/e/{f}": {"get": {}}, "/g/{h}.txt": {"get": {}},
        "/g": {"get": {}}, "/i": {"get": {"responses": {"200": {"description": "", "content": {"text/csv": {}}}}}},
        "/i/{j}": {}}});
    let (roles, notes) = Roles::read(&Source::new(&document, "openapi.yaml"));
    assert!(roles.is_empty(), "{roles:?}");
    assert!(notes.iter().any(|note| note.starts_with("GET /i ")), "{notes:?}");
}

#[test]
fn patches_are_merged() {
    let check = |target: Value, patch: Value, expected: Value| {
        let mut merged = target;
        merge(&mut merged, &patch);
        assert_eq!(merged, expected);
    };
    // From RFC 7396, appendix A.
    check(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}));
    check(json!({"a": "b"}), json!({"a": null}), json!({}));
    check(json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"}));
    check(json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}}));
    check(json!(["a", "b"]), json!({"a": "c"}), json!({"a": "c"}));
    check(json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}}));
}
