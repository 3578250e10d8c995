use http::Method;
use serde_json::{Value, json};

use super::{examples, response};
use crate::gateway::{Weir, code};

fn pets() -> Vec<(&'static str, &'static str, Value)> {
    let pet = json!({
        "type": "object",
        "required": ["id", "name"],
        "properties": { "id": { "type": "integer" }, "name": { "type": "string" } },
    });
    let rex = json!({ "id": 1, "name": "Rex" });
    let list = json!({ "type": "array", "items": pet });
    let body = json!({ "content": { "application/json": { "schema": pet } } });
    let one = |status: &str| json!({ status: response(pet.clone(), &[("rex", rex.clone())]) });
    let empty = json!({ "204": { "description": "" } });
    vec![
        (
            "GET",
            "/pets",
            json!({ "responses": { "200": response(list, &[("all", json!([rex]))]) } }),
        ),
        ("POST", "/pets", json!({ "requestBody": body, "responses": one("201") })),
        ("GET", "/pets/{id}", json!({ "responses": one("200") })),
        ("PUT", "/pets/{id}", json!({ "requestBody": body, "responses": one("200") })),
        ("PATCH", "/pets/{id}", json!({ "requestBody": body, "responses": one("200") })),
        ("DELETE", "/pets/{id}", json!({ "responses": empty })),
    ]
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn what_is_created_is_read_and_changed_and_deleted() {
    let project = examples(&pets()).set("x-weir-mock", json!({ "state": true }));
    let weir = Weir::start(&project);
    let call = async |method: &str, target: &str, body: &str| {
        let answer = weir.call(method, target, &[JSON], body.as_bytes()).await;
        (answer.status, answer)
    };
    let (status, answer) = call("POST", "/pets/1.0/pets", r#"{"name": "Ada"}"#).await;
    assert_eq!(status, 201, "{}", answer.text());
    let made = answer.json();
    let place = answer.header("location").unwrap().to_owned();
    assert_eq!(place, format!("/pets/1.0/pets/{}", made["id"]));
    assert_eq!(call("GET", &place, "").await.1.json(), made);
    assert_eq!(call("GET", "/pets/1.0/pets", "").await.1.json().as_array().unwrap().len(), 2);
    // Other preferences are nobody's business here; one for an answer leaves the state alone.
    let other = [JSON, ("prefer", "return=minimal")];
    assert_eq!(weir.call("GET", &place, &other, b"").await.json(), made);
    let asked = [JSON, ("prefer", "example=rex")];
    assert_eq!(
        weir.call("GET", &place, &asked, b"").await.json(),
        json!({ "id": 1, "name": "Rex" })
    );
    let (status, answer) = call("PATCH", &place, r#"{"name": "Eve"}"#).await;
    assert_eq!((status, &answer.json()["name"]), (200, &json!("Eve")));
    assert_eq!(call("PUT", &place, r#"{"name": "Ann"}"#).await.1.json()["name"], json!("Ann"));
    assert_eq!(call("DELETE", &place, "").await.0, 204);
    let (status, answer) = call("GET", &place, "").await;
    assert_eq!((status, code(&answer)), (404, "400911".to_owned()));
    let (status, _) = call("DELETE", "/pets/1.0/pets/1", "").await;
    assert_eq!(status, 204);
    assert_eq!(call("GET", "/pets/1.0/pets", "").await.1.json(), json!([]));
    // Reset, all is as it was.
    let (status, told) = weir.admin(Method::POST, "/mocks/reset?api=Pets/1.0").await;
    assert_eq!((status, &told["reset"]), (200, &json!(["Pets/1.0"])), "{told}");
    let rex = json!([{ "id": 1, "name": "Rex" }]);
    assert_eq!(call("GET", "/pets/1.0/pets", "").await.1.json(), rex);
    assert_eq!(weir.admin(Method::POST, "/mocks/reset?api=Cats/1.0").await.0, 404);
    assert_eq!(weir.admin(Method::POST, "/mocks/reset").await.0, 200);
}

#[tokio::test]
async fn only_so_much_is_kept() {
    let limits = json!({ "state": { "entries": 3, "bytes": "1KiB" } });
    let weir = Weir::start(&examples(&pets()).set("x-weir-mock", limits));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = weir.call("POST", "/pets/1.0/pets", &[JSON], br#"{"name": "A"}"#).await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [201, 201, 507]);
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(2000));
    let answer = weir.call("PUT", "/pets/1.0/pets/1", &[JSON], long.as_bytes()).await;
    assert_eq!(answer.status, 507, "{}", answer.text());
}

#[tokio::test]
async fn nothing_is_kept_where_nobody_asks_for_it() {
    let weir = Weir::start(&examples(&pets()));
    let body = br#"{"name": "Ada"}"#;
    assert_eq!(weir.call("POST", "/pets/1.0/pets", &[JSON], body).await.status, 201);
    let rex = json!([{ "id": 1, "name": "Rex" }]);
    assert_eq!(weir.get("/pets/1.0/pets").await.json(), rex);
}
