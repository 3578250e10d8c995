//! Each example of this repository, validated and called as its text says.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Answer, WeirProcess};

use super::support::{Ask, copy, eventually, examples, home, serve_with, weir};

/// The `api.yaml` of every project below a folder.
fn projects(folder: &Path) -> Vec<PathBuf> {
    let own = folder.join("api.yaml");
    if own.is_file() {
        return vec![own];
    }
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).flat_map(|path| projects(&path)).collect()
}

/// The examples with the sample backend's port replaced by the one of a process that serves it.
async fn serve_examples(examples: &Path) -> (WeirProcess, WeirProcess, TempDir) {
    let empty = TempDir::new().unwrap();
    let sample = serve_with(empty.path(), home(""), &["--sample-backend"], &[]).await;
    let address = sample.listener("manage_http").await;
    let port = address.rsplit(':').next().unwrap();
    let own = TempDir::new().unwrap();
    copy(examples, own.path());
    for file in projects(own.path()) {
        let text = fs::read_to_string(&file).unwrap();
        // The service of SOAP and the functions are no part of the examples, and mocks have none.
        if ["type: SOAP", "MOCKED_OAS", "awslambda"].iter().any(|kind| text.contains(kind)) {
            continue;
        }
        assert!(text.contains(":9763/"), "{} has another backend", file.display());
        fs::write(&file, text.replace(":9763/", &format!(":{port}/"))).unwrap();
    }
    (serve_with(own.path(), home(""), &[], &[]).await, sample, own)
}

#[test]
fn every_example_is_valid() {
    let Some(examples) = examples() else { return };
    let done = weir(&["validate", "--json", examples.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{done:?}");
    let json = done.json();
    let projects = json["projects"].as_array().unwrap();
    for project in projects {
        assert_eq!(project["diagnostics"], json!([]), "{project:#}");
    }
    assert_eq!(projects.len(), self::projects(&examples).len(), "{json:#}");
}

async fn call(
    process: &WeirProcess,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let url = format!("{}{target}", process.http());
    let asked = async { testkit::request(method, &url, headers, body).await.unwrap() };
    Box::pin(asked).await
}

#[tokio::test]
async fn every_example_answers_as_its_text_says() {
    let Some(examples) = examples() else { return };
    let (process, _sample, own) = serve_examples(&examples).await;
    let list = process.admin("/apis").await.json();
    let list = list["list"].as_array().unwrap();
    assert!(list.iter().all(|one| one["state"] == "deployed"), "{list:#?}");

    // pizzashack
    for target in ["/pizzashack/1.0.0/menu", "/pizzashack/menu"] {
        let menu = process.get(target).await;
        assert_eq!(menu.status, 200, "{target}");
        assert_eq!(menu.json()[0]["name"], "Margherita");
    }
    let kind = [("Content-Type", "application/json")];
    let order = json!({ "pizzaType": "Tonno", "quantity": 2 }).to_string();
    let placed = call(&process, "POST", "/pizzashack/1.0.0/order", &kind, &order).await;
    assert_eq!(placed.status, 201);
    let id = placed.json()["orderId"].as_str().unwrap().to_owned();
    let target = format!("/pizzashack/1.0.0/order/{id}");
    assert_eq!(process.get(&target).await.json()["pizzaType"], "Tonno");
    let other = json!({ "pizzaType": "Funghi", "quantity": 1 }).to_string();
    assert_eq!(call(&process, "PUT", &target, &kind, &other).await.json()["pizzaType"], "Funghi");
    assert_eq!(call(&process, "DELETE", &target, &[], "").await.status, 200);
    assert_eq!(process.get("/pizzashack/1.0.0/drinks").await.status, 404);
    assert_eq!(call(&process, "DELETE", "/pizzashack/1.0.0/menu", &[], "").await.status, 405);

    // soap and soap-to-rest, without their service
    let warm = json!({ "city": "Oslo", "day": [{ "@date": "2026-05-06", "high": "warm", "low": null, "sky": "clear" }] });
    let refused = call(&process, "POST", "/weather/1.0.0/report", &kind, &warm.to_string()).await;
    assert_eq!((refused.status, &refused.json()["pointer"]), (400, &json!("/Report/day/0/high")));
    let soap = [("Content-Type", "text/xml")];
    assert_ne!(call(&process, "POST", "/weather-soap/1.0.0", &soap, "<a/>").await.status, 404);

    // lambda, without its functions
    assert_ne!(process.get("/lambda/1.0.0/menu").await.status, 404);

    // uri-template
    assert_eq!(
        process.get("/releases/1.0.0/menu?release=v1").await.json()[0]["name"],
        "Margherita"
    );
    assert_eq!(process.get("/releases/1.0.0/menu?release=v2").await.status, 404);

    // secured
    let staff = process.get("/staff/1.0.0/orders").await;
    assert_eq!((staff.status, &staff.json()["orders"]), (200, &json!(0)), "{}", staff.text());
    policies(&process).await;
    mocks(&process).await;
    // stages
    assert_eq!(process.get("/stages/1.0.0/menu").await.status, 200);
    let refused = process.get("/stages/1.0.0/order/7").await;
    assert_eq!((refused.status, refused.json()["code"].clone()), (401, json!("900902")));
    for (key_type, host) in [("production", "127.0.0.1"), ("sandbox", "localhost")] {
        let header = format!("x-weir-key-type: {key_type}");
        let apis = own.path().to_str().unwrap();
        let done = weir(&[
            "explain",
            "--json",
            "--apis",
            apis,
            "GET",
            "/stages/1.0.0/order/7",
            "-H",
            &header,
        ]);
        let url = done.json()["request"]["url"].as_str().unwrap().to_owned();
        assert!(url.starts_with(&format!("http://{host}:")), "{key_type}: {url}");
    }

    // cors
    let origin = |name: &'static str| ("Origin", name);
    let wish = ("Access-Control-Request-Method", "POST");
    let preflight =
        call(&process, "OPTIONS", "/web/1.0.0/order", &[origin("https://shop.example"), wish], "")
            .await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("https://shop.example"));
    assert_eq!(preflight.header("access-control-allow-methods"), Some("POST"));
    for (name, allowed) in [
        ("https://shop.example", Some("https://shop.example")),
        ("https://elsewhere.example", None),
    ] {
        let answer = call(&process, "GET", "/web/1.0.0/menu", &[origin(name)], "").await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, allowed));
    }
    groups(&process).await;
    let metrics = process.admin("/metrics").await.text();
    for api in list {
        let name: &Value = &api["name"];
        assert!(metrics.contains(name.as_str().unwrap()), "{name} is not counted");
    }
}

/// The example with policies and rules.
async fn policies(process: &WeirProcess) {
    let menu = process.get("/kitchen/1.0.0/menu").await;
    assert_eq!((menu.status, &menu.json()[0]["name"]), (200, &json!("Margherita")));
    assert_eq!(menu.header("x-served-by"), Some("kitchen"));
    let menu = process.get("/kitchen/1.0.0/xml/menu").await;
    assert_eq!(menu.header("content-type"), Some("application/xml"), "{}", menu.text());
    assert!(menu.text().contains("<name>Margherita</name>"), "{}", menu.text());
    let special = process.get("/kitchen/1.0.0/specials").await;
    assert_eq!((special.status, special.json()), (200, json!({ "special": "Quattro Stagioni" })));
    let kind = [("Content-Type", "application/json")];
    for quantity in [2, 12] {
        let order = json!({ "pizzaType": "Tonno", "quantity": quantity }).to_string();
        let placed = call(process, "POST", "/kitchen/1.0.0/order", &kind, &order).await;
        assert_eq!((placed.status, placed.header("x-order")), (201, Some("pizza-Tonno")));
    }
    for (release, status) in [("v1", 200), ("v2", 404)] {
        let menu = process.get(&format!("/kitchen/1.0.0/menu?release={release}")).await;
        assert_eq!(menu.status, status, "{release}");
    }
    let moon = [("X-Region", "moon")];
    let failed = call(process, "GET", "/kitchen/1.0.0/menu", &moon, "").await;
    assert_eq!((failed.status, &failed.json()["fault"]["code"]), (500, &json!("101503")));
}

/// The example without a service.
async fn mocks(process: &WeirProcess) {
    let all = process.get("/reviews/1.0.0/reviews").await.json();
    assert_eq!((&all[0]["pizza"], &all[1]["stars"]), (&json!("Margherita"), &json!(1)));
    let kind = [("Content-Type", "application/json")];
    let post = async |stars: u32| {
        let review = json!({ "pizza": "Tonno", "stars": stars }).to_string();
        call(process, "POST", "/reviews/1.0.0/reviews", &kind, &review).await
    };
    let taken = post(4).await;
    assert_eq!((taken.status, &taken.json()["stars"]), (201, &json!(4)), "{}", taken.text());
    let place = taken.header("location").unwrap();
    assert_eq!(process.get(place).await.json(), taken.json());
    let refused = post(9).await;
    assert_eq!(refused.status, 400);
    let told = refused.json()["description"].to_string();
    assert!(told.contains("body /stars"), "{told}");
    let gone = call(process, "DELETE", "/reviews/1.0.0/reviews/2", &[], "").await;
    assert_eq!(gone.status, 204);
    assert_eq!(process.get("/reviews/1.0.0/reviews/2").await.status, 404);
    let average = process.get("/reviews/1.0.0/average?stars=5,4,3").await;
    assert_eq!((average.header("x-count"), average.json()), (Some("3"), json!({ "average": 4 })));
    assert_eq!(process.get("/reviews/1.0.0/average?stars=many").await.status, 400);
    let report = process.get("/reviews/1.0.0/report?month=november").await;
    assert_eq!(report.json(), json!({ "month": "november", "stars": 2.5 }));
    let wish = [("Prefer", "code=404")];
    let none = call(process, "GET", "/reviews/1.0.0/report", &wish, "").await;
    assert_eq!((none.status, none.json()), (404, json!({ "error": "no report" })));
}

/// The members of the group of an API.
async fn members(process: &WeirProcess, api: &str) -> Vec<Value> {
    let all = process.admin("/endpoints").await.json();
    let list = all["list"].as_array().unwrap();
    list.iter().find(|it| it["api"] == api).unwrap()["members"].as_array().unwrap().clone()
}

/// Waits until the member that nobody listens at, and no other, is not ready.
async fn until_known(process: &WeirProcess, api: &str) -> Vec<Value> {
    eventually(&format!("what is known of {api}"), async || {
        let members = members(process, api).await;
        let is_dead = |member: &Value| member["url"].as_str().unwrap().contains(":9/");
        let is_known = members.iter().all(|member| member["ready"] != is_dead(member));
        is_known.then_some(members)
    })
    .await
}

/// The examples with several endpoints.
async fn groups(process: &WeirProcess) {
    // Its checks find out before a call does.
    let balanced = until_known(process, "PizzaBalance/1.0.0").await;
    let dead = balanced.iter().find(|member| member["label"] == "dead").unwrap();
    let reason = dead["health"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("its health checks fail: "), "{reason}");
    let kind = [("Content-Type", "application/json")];
    let order = json!({ "pizzaType": "Tonno", "quantity": 2 }).to_string();
    for context in ["failover", "balance"] {
        let menu = process.get(&format!("/{context}/1.0.0/menu")).await;
        assert_eq!((menu.status, &menu.json()[0]["name"]), (200, &json!("Margherita")));
        let target = format!("/{context}/1.0.0/order");
        assert_eq!(call(process, "POST", &target, &kind, &order).await.status, 201, "{context}");
    }
    let members = until_known(process, "PizzaFailover/1.0.0").await;
    let health = &members[0]["health"];
    assert_eq!((&health["state"], &health["lastCode"]), (&json!("SUSPENDED"), &json!(101_503)));
    assert_eq!(members[1]["health"]["state"], "ACTIVE");
}
