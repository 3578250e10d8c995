//! Members that are killed.

use serde_json::json;
use testkit::Script;

use super::load::Load;
use super::member::{Member, balance, failover, pythons, serve_groups, urls};
use crate::support::{Ask as _, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_safe_request_fails_while_members_come_and_go() {
    let members = (Member::nginx().await, Member::node().await, Member::python("python").await);
    let (Some(nginx), Some(node), Some(python)) = members else { return };
    let mut members = [("nginx", nginx), ("node", node), ("python", python)];
    let mut urls: Vec<String> = members.iter().map(|(_, member)| member.url()).collect();
    let config = json!({ "suspendDuration": "100", "factor": "1", "actionDuration": "5000" });
    // Each member is the primary of one failover group.
    let mut groups = vec![("even", balance(&urls, &config))];
    for name in ["fail-nginx", "fail-node", "fail-python"] {
        groups.push((name, failover(&urls, &config)));
        urls.rotate_left(1);
    }
    let (process, _apis) = serve_groups(&groups, "").await;
    let address = process.http_address();
    let mut load = Load::new();
    for (name, _) in &groups {
        load.add(address, name);
        load.add(address, name);
        load.add_http2(address, name);
    }
    for (name, member) in &mut members {
        let primary = format!("fail-{name}");
        load.until_from("even", name, 20).await;
        load.until_from(&primary, name, 20).await;
        member.kill();
        load.go_on(200).await;
        let before = (load.answers("even", name), load.answers(&primary, name));
        load.go_on(200).await;
        let after = (load.answers("even", name), load.answers(&primary, name));
        assert_eq!(before, after, "{name} was killed");
        member.again().await;
        load.until_from("even", name, 20).await;
        load.until_from(&primary, name, 20).await;
    }
    load.stop().await;
}

#[tokio::test]
async fn when_all_are_dead_the_answer_comes_at_once() {
    let Some(mut members) = pythons(&["a", "b", "c"]).await else { return };
    let urls = urls(&members);
    // Long enough that none is ready again while it is looked at; the last one tells of recovery.
    let config = json!({ "suspendDuration": "600", "factor": "1" });
    let groups = [("fail", failover(&urls, &config)), ("even", balance(&urls, &config))];
    let (process, _apis) = serve_groups(&groups, "").await;
    for api in ["/fail/1/x", "/even/1/x"] {
        assert_eq!(process.get(api).await.status, 200);
        members.iter_mut().for_each(Script::kill);
        for method in ["GET", "POST", "GET", "DELETE"] {
            let url = format!("{}{api}", process.http());
            let asked = async move { testkit::request(method, &url, &[], b"").await.unwrap() };
            let answer = Box::pin(asked).await;
            assert_eq!(answer.status, 500, "{method} {api}: {answer:?}");
            assert_eq!(answer.json()["code"], "303000", "{method} {api}: {answer:?}");
        }
        let last = members.last_mut().unwrap();
        last.again().await;
        let answer = eventually("recovery", async || {
            Some(process.get(api).await).filter(|it| it.status == 200)
        })
        .await;
        assert_eq!(answer.text(), "c");
        for member in members.iter_mut().take(2) {
            member.again().await;
        }
        let returned = async || Some(process.get(api).await).filter(|it| it.text() == "a");
        eventually("the first member", returned).await;
    }
}
