//! Functions that really run, behind the Invoke API of cargo-lambda.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Script, bounded, free_port, workspace_root};

use super::{any, calling, project};
use crate::gateway::{Weir, code};

const VERIFIER: &str = include_str!("verifier.py");
const FUNCTION: &str = include_str!("function.py");

/// cargo-lambda with one function, behind a verifier of signatures.
struct Emulator {
    verifier: Script,
    _function: Script,
    _watch: Watch,
    _dir: TempDir,
}

/// The emulator itself, which ends with the test.
struct Watch(Child);

impl Emulator {
    /// `None`, and a line on standard error, where it is not installed.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    async fn start() -> Option<Self> {
        let program = workspace_root().join("target/venv/bin/cargo-lambda");
        if !program.is_file() {
            eprintln!("skipped: target/venv has no cargo-lambda (cargo xtask setup)");
            return None;
        }
        let dir = TempDir::with_prefix("weir-lambda-").unwrap();
        let manifest = "[package]\nname = \"functions\"\nversion = \"0.0.0\"\n[workspace]\n";
        std::fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
        std::fs::create_dir(dir.path().join("src")).unwrap();
        std::fs::write(dir.path().join("src/main.rs"), "fn main() {}\n").unwrap();
        let port = free_port();
        let watch = watch(&program, &dir, port);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let listening = async {
            while tokio::net::TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        bounded("cargo-lambda", listening).await;
        let api = format!("{address}/.rt");
        let function = Script::python(FUNCTION, &[&api]).await?;
        let upstream = format!("http://{address}");
        let key = ["AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", "eu-west-1"];
        let [id, secret, token, region] = key;
        let arguments = [id, secret, token, region, &upstream];
        let verifier = Script::venv("botocore", VERIFIER, &arguments).await?;
        Some(Self { verifier, _function: function, _watch: watch, _dir: dir })
    }

    fn url(&self) -> String {
        format!("http://{}", self.verifier.address())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may be gone already, with the same end.
        let _killed = self.0.kill();
        let _waited = self.0.wait();
    }
}

fn watch(program: &PathBuf, dir: &TempDir, port: u16) -> Watch {
    let child = Command::new(program)
        .args(["lambda", "watch", "--only-lambda-apis", "--quiet", "-A", "127.0.0.1", "-P"])
        .arg(port.to_string())
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Watch(child.unwrap())
}

#[tokio::test]
async fn functions_run() {
    let Some(emulator) = Emulator::start().await else { return };
    let project = calling(project(&emulator.url()), "POST", "/user/{id}", "user");
    let weir = Weir::start(&project);
    let json_type = [("content-type", "application/json")];
    let call = async |body: Value| {
        weir.call("POST", "/f/1.0/user/7?a=1", &json_type, body.to_string().as_bytes()).await
    };
    let answer = call(json!({ "do": "echo" })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let event: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(event["path"], "/user/{id}");
    assert_eq!(event["pathParameters"]["id"], "7");
    assert_eq!(event["queryStringParameters"]["a"], "1");
    assert_eq!(event["body"], "{\"do\":\"echo\"}");

    let bytes = BASE64_STANDARD.encode([0, 159, 146, 150, 255]);
    let answer = call(json!({ "do": "give", "what": { "statusCode": 418, "isBase64Encoded": true,
        "headers": { "content-type": "image/png" }, "body": bytes } }))
    .await;
    assert_eq!((answer.status, &answer.body[..]), (418, &[0, 159, 146, 150, 255][..]));
    assert_eq!(answer.header("content-type"), Some("image/png"));

    let answer = call(json!({ "do": "raise" })).await;
    assert_eq!((answer.status, code(&answer)), (502, "303912".to_owned()), "{}", answer.text());
    assert!(!answer.text().contains("ValueError"), "{}", answer.text());
}

/// A body of any bytes comes to the function and back.
#[tokio::test]
async fn bytes_go_both_ways() {
    let Some(emulator) = Emulator::start().await else { return };
    let weir = Weir::start(&any(&emulator.url(), json!({ "event": "proxy-2.0" })));
    let bytes: Vec<u8> = (0..100_000_u32).map(|index| (index * 31 % 251) as u8).collect();
    let kind = [("content-type", "application/octet-stream")];
    let answer = weir.call("POST", "/f/1.0/mirror", &kind, &bytes).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.body, bytes);
}
