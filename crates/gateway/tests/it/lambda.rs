//! Functions of AWS Lambda (spec/03 §3, statements 28 to 37 of §7.3).

mod calls;
mod emulator;
mod failures;
mod groups;
mod keys;
mod streams;

use serde_json::{Value, json};
use testkit::{Backend, Project, Recorded, Reply};

use crate::gateway::Weir;

/// An API `/f/1.0` whose functions are at a URL, called with keys that are written down.
fn project(url: &str) -> Project {
    with(url, json!({}))
}

/// The same with what is said below `x-weir.lambda`.
fn with(url: &str, lambda: Value) -> Project {
    Project::new("Functions", "1.0", "/f").endpoint_config(config(url, lambda))
}

fn config(url: &str, lambda: Value) -> Value {
    json!({
        "endpoint_type": "awslambda",
        "access_method": "stored",
        "amznAccessKey": "AKIDEXAMPLE",
        "amznSecretKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "amznRegion": "eu-west-1",
        "x-weir-endpoint-url": url,
        "x-weir": { "lambda": lambda },
    })
}

/// Adds an operation without a token that calls a function.
fn calling(project: Project, verb: &str, target: &str, function: &str) -> Project {
    project.operation(verb, target).open().operation_set("amznResourceName", json!(function))
}

/// A function that gives this payload, and a gateway with an API that calls it by every method.
async fn function(lambda: Value, payload: impl Into<bytes::Bytes>) -> (Backend, Weir) {
    let backend = Backend::answer(200, &[], payload).await;
    let weir = serving(&backend, lambda);
    (backend, weir)
}

/// A gateway with an API that calls a function behind a backend by some methods.
fn serving(backend: &Backend, lambda: Value) -> Weir {
    Weir::start(&any(&backend.url(), lambda))
}

/// An API that calls the function `any` by some methods, at every path.
fn any(url: &str, lambda: Value) -> Project {
    let mut project = with(url, lambda);
    for verb in ["GET", "POST", "PUT", "HEAD"] {
        project = calling(project, verb, "/*", "any");
    }
    project
}

/// The event that came with a call.
fn event(call: &Recorded) -> Value {
    serde_json::from_slice(&call.body).unwrap()
}

/// An error as the service writes it.
fn refusal(status: u16, name: &str, message: &str) -> Reply {
    Reply::new(status)
        .header("x-amzn-errortype", name)
        .header("x-amzn-requestid", "the-id")
        .body(json!({ "Type": "User", "message": message }).to_string())
}
