//! A member behind a bad link: frames are lost and late, then none gets through, then all is well.
//!
//! The test runs itself once more in a network of its own, so that no other network is touched, and
//! all of it goes away with the processes that are in it.

use std::net::SocketAddr;

use serde_json::json;
use testkit::{Client, Script};

use super::load::Load;
use super::member::{MEMBER, Seen, balance, failover, pythons, seen_by_all, serve_groups};
use crate::support::{eventually, replace, tool};

/// Says that this process is in a network of its own.
const INSIDE: &str = "WEIR_TEST_OWN_NETWORK";

const NAME: &str = "groups::network::a_bad_link_costs_no_safe_request_and_doubles_no_other";

/// The addresses of the two ends, which are for documentation (RFC 5737): nobody has them.
const NEAR: &str = "192.0.2.1";
const FAR: &str = "192.0.2.2";

async fn run(program: &str, arguments: &[&str]) {
    let done = tool(program, arguments).await.expect("a program that ran before");
    assert_eq!(done.code, 0, "{program} {arguments:?}: {done:?}");
}

/// Whether networks can be made here.
async fn is_possible() -> bool {
    let own = ["--map-root-user", "--net"];
    let link = ["ip", "link", "add", "w0", "type", "veth", "peer", "name", "w1"];
    let Some(done) = tool("unshare", &[&own[..], &link].concat()).await else { return false };
    if done.code != 0 {
        eprintln!("skipped: no network can be made (as root, with iproute2): {}", done.stderr);
    }
    done.code == 0
}

/// A member at the other end of a link, and the link.
struct Far {
    member: Script,
    link: Script,
}

impl Far {
    async fn start() -> Self {
        for pair in [["w0", "r0"], ["w1", "r1"]] {
            let [one, other] = pair;
            run("ip", &["link", "add", one, "type", "veth", "peer", "name", other]).await;
            run("ip", &["link", "set", other, "up"]).await;
        }
        let arguments = ["r0", "r1", "w0", "w1"];
        let link = Script::python(include_str!("link.py"), &arguments).await.unwrap();
        let arguments = ["--net", "python3", "-c", MEMBER, "far", "0", "0.0.0.0"];
        let member = Script::program("unshare", "util-linux", &arguments).await.unwrap();
        let id = member.id().to_string();
        run("ip", &["link", "set", "w1", "netns", &id]).await;
        run("ip", &["address", "add", &format!("{NEAR}/24"), "dev", "w0"]).await;
        run("ip", &["link", "set", "w0", "up"]).await;
        let inside = ["--target", &id, "--net", "ip"];
        for arguments in [
            &["address", "add", &format!("{FAR}/24"), "dev", "w1"][..],
            &["link", "set", "w1", "up"],
        ] {
            run("nsenter", &[&inside[..], arguments].concat()).await;
        }
        Self { member, link }
    }

    fn url(&self) -> String {
        format!("http://{FAR}:{}", self.member.address().port())
    }

    /// The share of the frames that is lost, and the delay of the others in seconds.
    fn quality(&self, quality: &str) {
        replace(&self.link.dir().join("quality"), quality);
    }
}

/// Requests that must not be repeated, one after the other; gives how many had an answer.
async fn posts(address: SocketAddr, api: &str, ids: &mut Vec<String>, count: usize) -> usize {
    let mut answered = 0;
    for _ in 0..count {
        let id = format!("{api}-{}", ids.len());
        let mut client = Client::connect(address).await.unwrap();
        let target = format!("/{api}/1/x");
        let answer = client.call("POST", &target, &[("X-Id", &id)], b"once").await.unwrap();
        answered += usize::from(answer.status == 200);
        ids.push(id);
    }
    answered
}

fn count(all: &[Seen], id: &str) -> usize {
    all.iter().filter(|seen| seen.id == id).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_link_costs_no_safe_request_and_doubles_no_other() {
    if std::env::var_os(INSIDE).is_some() {
        return inside().await;
    }
    if !is_possible().await {
        return;
    }
    let test = std::env::current_exe().unwrap();
    let variable = format!("{INSIDE}=1");
    let own = ["--map-root-user", "--net", "env", &variable];
    let test = [test.to_str().unwrap(), "--exact", NAME, "--nocapture"];
    let done = tool("unshare", &[&own[..], &test].concat()).await.unwrap();
    let is_good = done.code == 0 && done.stdout.contains("1 passed");
    assert!(is_good, "{}\n{}", done.stdout, done.stderr);
}

async fn inside() {
    run("ip", &["link", "set", "lo", "up"]).await;
    let Some(near) = pythons(&["near"]).await else { return };
    let far = Far::start().await;
    let urls = [far.url(), near.first().unwrap().url()];
    let config = json!({ "actionDuration": "400", "suspendDuration": "150", "factor": "1" });
    let groups = [("fail", failover(&urls, &config)), ("even", balance(&urls, &config))];
    let toml = "[passthru_http]\n\"http.connection.timeout\" = 400\n";
    let (process, _apis) = serve_groups(&groups, toml).await;
    let address = process.http_address();
    let mut load = Load::new();
    for (api, _) in &groups {
        load.add(address, api);
        load.add_http2(address, api);
        load.until_from(api, "far", 5).await;
    }
    let mut ids = Vec::new();
    for quality in ["0.2 0.05", "1 0"] {
        far.quality(quality);
        for (api, _) in &groups {
            posts(address, api, &mut ids, 8).await;
            load.go_on(50).await;
        }
    }
    far.quality("0 0.001");
    for (api, _) in &groups {
        load.until_from(api, "far", 5).await;
        assert_eq!(posts(address, api, &mut ids, 3).await, 3, "{api}");
    }
    load.stop().await;
    let all = eventually("the members", async || Some(seen_by_all(&urls).await)).await;
    for id in &ids {
        assert!(count(&all, id) <= 1, "{id} was sent twice: {all:?}");
    }
}
