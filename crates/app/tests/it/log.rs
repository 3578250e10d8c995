//! The access log as it comes out of the program.

use std::io::BufRead as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Backend, RefusedPort};

use super::support::{Ask, WEIR, home, open, serve};

/// The access records in what was logged.
fn records(stderr: &str) -> Vec<Value> {
    let lines = stderr.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    lines
        .filter(|line| line.get("request_id").is_some() && line.get("duration_us").is_some())
        .collect()
}

#[tokio::test]
async fn each_request_has_one_record() {
    let backend = Backend::echo().await;
    let refused = RefusedPort::new();
    let apis = open("Shop", &backend.url()).write_temp();
    open("Down", &refused.url()).write(apis.dir());
    let process = serve(apis.dir(), "").await;
    let url = |target: &str| format!("{}{target}", process.http());
    let agent = [("User-Agent", "tester/1 \"quoted\""), ("X-Request-ID", "mine")];
    let answer = testkit::request("GET", &url("/shop/1/a?secret=1"), &agent, "").await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(process.get("/nothing").await.status, 404);
    assert_eq!(process.get("/down/1/a").await.status, 500);
    assert_eq!(testkit::request("POST", &url("/shop/1/a"), &[], "four").await.unwrap().status, 405);
    let exit = process.terminate().await;
    assert!(!exit.stderr.contains("secret"), "{}", exit.stderr);
    let records = records(&exit.stderr);
    let seen: Vec<(&str, &Value)> =
        records.iter().map(|one| (one["path"].as_str().unwrap(), &one["status"])).collect();
    let want = [("/shop/1/a", 200), ("/nothing", 404), ("/down/1/a", 500), ("/shop/1/a", 405)];
    let mut sorted = (seen.clone(), want.map(|(path, status)| (path, json!(status))).to_vec());
    sorted.0.sort_by_key(|it| it.1.as_u64());
    sorted.1.sort_by_key(|it| it.1.as_u64());
    assert_eq!(sorted.0.len(), want.len(), "{records:#?}");
    assert!(
        sorted.0.iter().zip(&sorted.1).all(|(one, other)| one.0 == other.0 && *one.1 == other.1)
    );
    let of = |status: u16| records.iter().find(|one| one["status"] == status).unwrap();
    let good = of(200);
    for (key, value) in [
        ("method", json!("GET")),
        ("protocol", json!("HTTP/1.1")),
        ("client", json!("127.0.0.1")),
        ("api", json!("Shop")),
        ("version", json!("1")),
        ("operation", json!("/a")),
        ("attempts", json!(1)),
        ("request_bytes", json!(0)),
        ("user_agent", json!("tester/1 \"quoted\"")),
    ] {
        assert_eq!(good[key], value, "{key} in {good:#}");
    }
    assert!(
        good["upstream"].as_str().unwrap().contains(&backend.address().to_string()),
        "{good:#}"
    );
    assert!(good["endpoint"].is_string() && good["upstream_us"].is_u64(), "{good:#}");
    assert_eq!(good["trace_id"].as_str().unwrap().len(), 32);
    let down = of(500);
    assert_eq!((&down["fault_code"], &down["attempts"]), (&json!(101_503), &json!(1)), "{down:#}");
    assert_eq!(of(404)["fault_code"], 404);
    assert!(of(404).get("api").is_none());
}

#[tokio::test]
async fn a_terminal_gets_text() {
    let backend = Backend::echo().await;
    let apis = open("Shop", &backend.url()).write_temp();
    let home = home("");
    let empty = TempDir::new().unwrap();
    let command = format!(
        "echo PID $$; exec {WEIR} serve --home {} --apis {} --http 127.0.0.1:0 --https off --manage off --manage-http off --admin off",
        home.path().display(),
        apis.dir().display()
    );
    let spawned = Command::new("script")
        .args(["-qec", &format!("env -u NO_COLOR sh -c '{command}'"), "/dev/null"])
        .current_dir(empty.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut script) = spawned else {
        eprintln!("skipped: script (Debian package bsdutils) is not installed");
        return;
    };
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let stdout = std::io::BufReader::new(script.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            drop(sender.send(line));
        }
    });
    let mut line_with = async |text: &str| {
        testkit::bounded(text, async {
            loop {
                let line = lines.recv().await.expect("the line");
                if line.contains(text) {
                    return line;
                }
            }
        })
        .await
    };
    let pid = line_with("PID ").await;
    let pid = pid.rsplit(' ').next().unwrap().trim().to_owned();
    let serving = line_with("Weir is serving: ").await;
    let url =
        serving.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    assert_eq!(testkit::get(&format!("{url}/shop/1/a?secret=1")).await.unwrap().status, 200);
    let record = line_with("/shop/1/a").await;
    assert!(record.contains(" 200 GET ") && record.contains(" api=Shop "), "{record}");
    assert!(!record.contains('{') && !record.contains("secret"), "{record}");
    let stop = Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status().unwrap();
    assert!(stop.success());
    assert!(script.wait().unwrap().success());
}
