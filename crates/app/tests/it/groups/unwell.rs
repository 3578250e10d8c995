//! Members that answer, but not well: half of an answer, or late.

use std::fs;

use http::Request;
use http_body_util::BodyExt as _;
use serde_json::json;
use testkit::{Client, H2Client, ReplyBody, Script};

use super::load::Load;
use super::member::{MEMBER, balance, failover, pythons, seen_by_all, serve_groups, urls};

/// What is asked of the first member: to break its answer off, by a reset or by the end of the
/// connection.
const BREAKS: [&[(&str, &str)]; 2] = [
    &[("X-Fail", "break"), ("X-Fail-At", "a"), ("X-Reset", "yes")],
    &[("X-Fail", "break"), ("X-Fail-At", "a")],
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_answer_is_seen_as_such_and_asked_for_once() {
    let Some(members) = pythons(&["a", "b"]).await else { return };
    let urls = urls(&members);
    let group = [("fail", failover(&urls, &json!({ "suspendDuration": "100" })))];
    let (process, _apis) = serve_groups(&group, "").await;
    let address = process.http_address();
    let mut load = Load::new();
    load.add(address, "fail");
    load.add_http2(address, "fail");
    load.go_on(20).await;
    let go = members.first().unwrap().dir().join("break");
    for method in ["GET", "POST"] {
        for (index, headers) in BREAKS.iter().enumerate() {
            let id = format!("{method}-{index}-1");
            let mut client = Client::connect(address).await.unwrap();
            let fields: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let request = format!(
                "{method} /fail/1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-Id: {id}\r\n{fields}\r\nok"
            );
            client.send(request).await.unwrap();
            assert_eq!(client.head().await.unwrap().status, 200);
            client.read_exact(50_000).await.unwrap();
            fs::write(&go, "").unwrap();
            assert_eq!(client.rest().await.len(), 0, "{id}");
            fs::remove_file(&go).unwrap();

            let id = format!("{method}-{index}-2");
            let mut client = H2Client::connect(address).await.unwrap();
            let url = format!("http://{address}/fail/1/x");
            let mut request = Request::builder().method(method).uri(url).header("x-id", &id);
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            let request = request.body(ReplyBody::full(bytes::Bytes::from("ok"))).unwrap();
            let mut answer = testkit::bounded("an answer", client.open(request)).await.unwrap();
            assert_eq!(answer.status(), 200);
            fs::write(&go, "").unwrap();
            let mut came = 0;
            let error = loop {
                match testkit::bounded("the break", answer.body_mut().frame()).await {
                    Some(Ok(frame)) => came += frame.data_ref().map_or(0, bytes::Bytes::len),
                    ended => break ended,
                }
            };
            assert!(matches!(error, Some(Err(_))), "{id}: {error:?}");
            assert!(came <= 50_000, "{id}: {came}");
            fs::remove_file(&go).unwrap();
        }
    }
    load.until_from("fail", "a", 20).await;
    load.stop().await;
    let mut ids: Vec<String> = seen_by_all(&urls).await.into_iter().map(|seen| seen.id).collect();
    ids.sort();
    let expected: Vec<String> = ["GET", "POST"]
        .iter()
        .flat_map(|method| ["0-1", "0-2", "1-1", "1-2"].map(|end| format!("{method}-{end}")))
        .collect();
    assert_eq!(ids, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_member_gets_few_requests() {
    let Some(mut members) = pythons(&["a", "b"]).await else { return };
    members.extend(Script::python(MEMBER, &["slow", "0.2"]).await);
    let urls = urls(&members);
    let groups = ["leastRequests", "powerOfTwo", "roundRobin"].map(|algorithm| {
        let mut group = balance(&urls, &json!({}));
        group["x-weir"] = json!({ "algorithm": algorithm });
        (algorithm, group)
    });
    let (process, _apis) = serve_groups(&groups, "").await;
    for (algorithm, _) in &groups {
        let mut load = Load::new();
        for _ in 0..3 {
            load.add(process.http_address(), algorithm);
            load.add_http2(process.http_address(), algorithm);
        }
        let is_fair = *algorithm == "roundRobin";
        load.go_on(if is_fair { 30 } else { 600 }).await;
        let [a, b, slow] = ["a", "b", "slow"].map(|member| load.answers(algorithm, member));
        let is_spared = slow * 5 < a && slow * 5 < b;
        assert_eq!(is_spared, !is_fair, "{algorithm}: {a} {b} {slow}");
        load.stop().await;
    }
}
