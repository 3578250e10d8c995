//! A load that goes on while members come and go: nothing is left behind.
//!
//! Five seconds in the usual run; `WEIR_SOAK_SECONDS` makes it longer.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Script, WeirProcess};

use super::load::Load;
use super::member::{balance, failover, pythons, serve_groups, urls};
use crate::support::eventually;

/// What the program may hold more than after its warm-up, in KiB: the allocator keeps what it was
/// given.
const MORE_MEMORY: u64 = 16 * 1024;

fn seconds() -> u64 {
    let named = std::env::var("WEIR_SOAK_SECONDS").ok();
    named.map_or(5, |text| text.parse().expect("WEIR_SOAK_SECONDS is a number"))
}

/// Resident memory, in KiB.
fn memory(process: &WeirProcess) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn open_files(process: &WeirProcess) -> usize {
    fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap().count()
}

/// A group with groups as its members.
fn nested(urls: &[String], config: &Value) -> Value {
    let leaf = |url: &String| json!({ "url": url, "config": config });
    let (last, first) = urls.split_last().unwrap();
    let near = json!({
        "type": "loadBalance",
        "algorithm": "powerOfTwo",
        "members": first.iter().map(leaf).collect::<Vec<_>>(),
    });
    json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": last },
        "x-weir": { "production": { "type": "failover", "members": [near, leaf(last)] } },
    })
}

/// A group that keeps bodies, in files too, and sends them again.
fn keeping(urls: &[String], config: &Value) -> Value {
    let mut group = balance(urls, config);
    group["x-weir"] = json!({
        "retries": { "policy": "idempotent", "budget": false },
        "replay": { "memory": "1KiB", "file": "1MiB" },
    });
    group
}

/// Kills a member and starts it again, while the load goes on.
async fn flap(member: &mut Script, load: &mut Load) {
    member.kill();
    load.go_on(30).await;
    member.again().await;
    load.go_on(30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_behind() {
    if !fs::exists("/proc/self/fd").unwrap() {
        eprintln!("skipped: there is no /proc");
        return;
    }
    let Some(mut members) = pythons(&["a", "b", "c"]).await else { return };
    let urls = urls(&members);
    let config = json!({ "suspendDuration": "50", "factor": "1" });
    let groups = [
        ("fail", failover(&urls, &config)),
        ("even", balance(&urls, &config)),
        ("nested", nested(&urls, &config)),
        ("keeping", keeping(&urls, &config)),
    ];
    let toml = "[weir.limits]\nupstream_idle_timeout = \"1s\"\n";
    let (process, _apis) = serve_groups(&groups, toml).await;
    let files = open_files(&process);
    let started = Instant::now();
    let (total, mut warm) = (Duration::from_secs(seconds()), None);
    let mut load = Load::new();
    for (api, _) in &groups {
        load.add(process.http_address(), api);
        load.add_http2(process.http_address(), api);
    }
    load.add_put(process.http_address(), "keeping");
    while started.elapsed() < total {
        for member in &mut members {
            flap(member, &mut load).await;
        }
        if warm.is_none() && started.elapsed() * 3 > total {
            warm = Some(memory(&process));
        }
    }
    let requests = load.count();
    load.stop().await;
    let (warm, now) = (warm.unwrap(), memory(&process));
    eprintln!("{requests} requests; {warm} KiB after the warm-up, {now} KiB at the end");
    assert!(now <= warm + MORE_MEMORY, "{now} KiB after {requests} requests, {warm} KiB before");
    eventually("the end of the connections", async || {
        (open_files(&process) <= files).then_some(())
    })
    .await;
}
