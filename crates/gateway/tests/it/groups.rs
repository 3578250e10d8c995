//! Groups of endpoints: who is asked, who is asked instead, and what is told of it.

mod balance;
mod bodies;
mod checks;
mod crowd;
mod failover;
mod failures;
mod hedges;
mod limits;
mod messages;
mod modes;
mod outliers;
mod retries;
mod sessions;
mod states;
mod versions;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use testkit::{Backend, Client, Project, RawBackend, Reply, Step};
use tokio::sync::Semaphore;

use crate::gateway::{Weir, open};

/// A member of WSO2's lists, or of `members`.
fn at(url: &str) -> Value {
    json!({ "url": url })
}

/// A member with a `config`.
fn at_with(url: &str, config: Value) -> Value {
    json!({ "url": url, "config": config })
}

/// A member whose state no failure changes.
fn steady(url: &str) -> Value {
    at_with(url, json!({ "suspendDuration": "0" }))
}

/// A member that is suspended for a moment.
fn brief(url: &str) -> Value {
    at_with(url, json!({ "suspendDuration": "50" }))
}

/// A member that answers within a moment, or not at all.
fn hasty(url: &str) -> Value {
    at_with(url, json!({ "actionDuration": "50", "suspendDuration": "0" }))
}

/// A value with the keys of another one.
fn merged(mut value: Value, more: Value) -> Value {
    let (Value::Object(to), Value::Object(from)) = (&mut value, more) else {
        unreachable!("two mappings")
    };
    to.extend(from);
    value
}

/// An API `/<name>/1.0` without tokens, with this `endpointConfig`.
fn api(name: &str, config: Value) -> Project {
    let context = format!("/{}", name.to_lowercase());
    open(Project::new(name, "1.0", &context), "/*").endpoint_config(config)
}

fn failover_config(members: &[Value], settings: Value) -> Value {
    json!({
        "endpoint_type": "failover",
        "production_endpoints": members[0],
        "production_failovers": members[1..],
        "x-weir": settings,
    })
}

/// An API `/shop/1.0` with WSO2's failover group, and what its `x-weir` says.
fn failover(members: &[Value], settings: Value) -> Project {
    api("Shop", failover_config(members, settings))
}

/// An API `/shop/1.0` with WSO2's load-balance group, and what its `x-weir` says.
fn balance(members: &[Value], settings: Value) -> Project {
    let config = json!({
        "endpoint_type": "load_balance", "production_endpoints": members, "x-weir": settings,
    });
    api("Shop", config)
}

/// An API `/shop/1.0` whose production endpoint is this group.
fn tree(group: Value) -> Project {
    let config = json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": "http://for.wso2.invalid" },
        "x-weir": { "production": group },
    });
    api("Shop", config)
}

/// A backend that answers with its name.
async fn named(name: &'static str) -> Backend {
    Backend::answer(200, &[], name).await
}

/// A backend that answers with its name, each time once it is let go.
async fn held(name: &'static str) -> (Backend, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let backend = Backend::with(move |_| {
        let gate = Arc::clone(&held);
        async move {
            gate.acquire().await.unwrap().forget();
            Reply::new(200).body(name)
        }
    })
    .await;
    (backend, gate)
}

/// A backend that hangs up once it has read the head of a request.
async fn hanging_up() -> RawBackend {
    RawBackend::play(vec![Step::ReadHead, Step::Close]).await
}

/// What so many calls in a row are answered with, one after the other.
async fn asked(client: &mut Client, count: usize) -> String {
    let mut all = String::new();
    for _ in 0..count {
        let answer = client.get("/shop/1.0/a").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        all.push_str(&answer.text());
    }
    all
}

/// As [`asked`], on a connection of their own.
async fn calls(weir: &Weir, count: usize) -> String {
    asked(&mut weir.client().await, count).await
}

/// How often a letter is in a text.
fn share(text: &str, letter: &str) -> usize {
    text.matches(letter).count()
}

/// A call that is under way, on a task of its own.
fn begun(weir: &Weir, method: &'static str) -> tokio::task::JoinHandle<(u16, String)> {
    let url = weir.url("/shop/1.0/a");
    tokio::spawn(async move {
        let answer = testkit::request(method, &url, &[], b"").await.unwrap();
        (answer.status, answer.text())
    })
}

/// A member of the first endpoint as the admin listener shows it, by its place in the tree.
async fn member(weir: &Weir, place: &[usize]) -> Value {
    place.iter().fold(weir.endpoint().await, |node, index| node["members"][*index].clone())
}

/// The state of a member of the first endpoint.
async fn state(weir: &Weir, place: &[usize]) -> String {
    member(weir, place).await["health"]["state"].as_str().unwrap().to_owned()
}

/// Drains or resumes an endpoint of the tree, as `POST /endpoints/<id>/<verb>`.
async fn switch(weir: &Weir, place: &[usize], verb: &str) -> Value {
    let id = member(weir, place).await["id"].as_str().unwrap().to_owned();
    let (status, body) = weir.admin(Method::POST, &format!("/endpoints/{id}/{verb}")).await;
    assert_eq!(status, 200, "{id} {verb}");
    body
}
