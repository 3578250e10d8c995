//! Keys of AWS from wherever the environment of the program has them (spec/03 §3.1), and functions
//! listed with them.

mod list;
mod providers;
mod roles;

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Answer, Backend, Project, Recorded, Reply, Script, WeirProcess};

use super::support::{Ask, home, serve_with};

const MOTO: &str = include_str!("aws/moto.py");
/// An end that is far away.
const FAR: &str = "2099-01-01T00:00:00Z";

/// A gateway with one API of a function, the Invoke API that it calls, and a home folder.
struct Rig {
    calls: Backend,
    process: WeirProcess,
    _apis: TempDir,
}

/// moto's server; `None`, and a word about it, where it is not installed.
async fn moto() -> Option<Script> {
    Script::venv("moto", MOTO, &[]).await
}

/// The Invoke API: it takes every call, and answers `{}`.
async fn calls() -> Backend {
    Backend::answer(200, &[], "{}").await
}

impl Rig {
    /// Starts a gateway in this environment; `lambda` is what `x-weir.lambda` says.
    async fn start(lambda: Value, variables: &[(&str, &str)]) -> Self {
        Self::over(calls().await, lambda, variables).await
    }

    async fn over(calls: Backend, lambda: Value, variables: &[(&str, &str)]) -> Self {
        let apis = TempDir::new().unwrap();
        project(&calls.url(), &lambda).write(apis.path());
        let mut all = vec![("HOME", apis.path().to_str().unwrap()), ("AWS_REGION", "eu-west-1")];
        // Nobody is asked whom a test does not name.
        all.push(("AWS_EC2_METADATA_DISABLED", "true"));
        all.extend(variables);
        let process = serve_with(apis.path(), home(""), &[], &all).await;
        Self { calls, process, _apis: apis }
    }

    async fn call(&self) -> Answer {
        self.process.get("/f/1/a").await
    }

    /// The access key and the session token that a call is signed with.
    async fn signer(&self) -> (String, Option<String>) {
        let answer = self.call().await;
        assert_eq!(answer.status, 200, "{} {}", answer.text(), self.process.stderr());
        signer(&self.calls.last())
    }
}

/// The access key and the session token of a call.
fn signer(call: &Recorded) -> (String, Option<String>) {
    let signature = call.header("authorization").unwrap();
    let scope = signature.split("Credential=").nth(1).unwrap();
    let id = scope.split('/').next().unwrap().to_owned();
    (id, call.header("x-amz-security-token").map(str::to_owned))
}

fn project(url: &str, lambda: &Value) -> Project {
    let project = Project::new("Functions", "1", "/f").endpoint_config(json!({
        "endpoint_type": "awslambda",
        "access_method": "role-supplied",
        "x-weir-endpoint-url": url,
        "x-weir": { "lambda": lambda },
    }));
    project.operation("GET", "/a").open().operation_set("amznResourceName", json!("a"))
}

/// Writes a file, and says where it is.
fn written(dir: &TempDir, name: &str, text: &str) -> String {
    let file = dir.path().join(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// What containers and instances answer.
fn given(id: &str, end: &str) -> Reply {
    Reply::json(
        &json!({ "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z",
        "AccessKeyId": id, "SecretAccessKey": "secret", "Token": format!("token of {id}"),
        "Expiration": end }),
    )
}
