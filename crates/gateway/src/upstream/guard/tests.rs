#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use compiler::plan::Http2;
use model::fault::FaultCode;
use tokio::net::TcpListener;

use super::*;
use crate::upstream::{Target, try_connection};

fn policy(allow: &[&str], reach: Reach) -> TargetPolicy {
    let patterns = allow.iter().map(|text| TargetPattern::parse(text).unwrap()).collect();
    TargetPolicy { allow: (!allow.is_empty()).then_some(patterns), reach, trusted: Vec::new() }
}

fn judged(policy: TargetPolicy, host: &str, address: &str) -> bool {
    let wanted = Wanted { host, port: 80, is_secure: false };
    Guard::new(policy).judge(wanted, address.parse().unwrap()).is_ok()
}

#[test]
fn what_may_be_reached_without_being_named() {
    // Public alone, with private networks, with this machine.
    for (address, expected) in [
        ("9.9.9.9", [true, true, true]),
        ("10.0.0.1", [false, true, true]),
        ("fd00::1", [false, true, true]),
        ("127.0.0.1", [false, false, true]),
        ("::1", [false, false, true]),
        ("::ffff:127.0.0.1", [false, false, true]),
        ("64:ff9b::7f00:1", [false, false, true]),
        ("2002:7f00:1::", [false, false, true]),
        ("0.0.0.0", [false, false, true]),
        ("169.254.0.1", [false, false, true]),
        ("fe80::1", [false, false, true]),
        ("169.254.169.254", [false, false, false]),
        ("100.100.100.200", [false, false, false]),
        ("fd00:ec2::254", [false, false, false]),
        ("64:ff9b::a9fe:a9fe", [false, false, false]),
        ("224.0.0.1", [false, false, false]),
        ("255.255.255.255", [false, false, false]),
        ("ff02::1", [false, false, false]),
    ] {
        let reaches = [Reach::Public, Reach::Networks, Reach::Local];
        let seen = reaches.map(|reach| judged(policy(&[], reach), "b", address));
        assert_eq!(seen, expected, "{address}");
    }
}

#[test]
fn what_is_named_may_be_reached() {
    for (allow, host, address, expected) in [
        ("127.0.0.0/8", "b", "127.0.0.1", true),
        ("127.0.0.0/8", "b", "::ffff:127.0.0.1", true),
        ("127.0.0.1:80", "127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1:81", "127.0.0.1", "127.0.0.1", false),
        ("https://127.0.0.1", "127.0.0.1", "127.0.0.1", false),
        ("localhost", "localhost", "127.0.0.1", true),
        ("localhost", "localhost", "::1", true),
        ("localhost", "localhost", "169.254.0.1", false),
        ("*", "localhost", "127.0.0.1", false),
        ("b.example", "b.example", "127.0.0.1", false),
        ("b.example", "b.example", "10.0.0.1", true),
        ("169.254.169.254", "169.254.169.254", "169.254.169.254", true),
        ("169.254.0.0/16", "169.254.169.254", "169.254.169.254", false),
        ("169.254.0.0/16", "b", "169.254.0.1", true),
        ("0.0.0.0/0", "b", "224.0.0.1", false),
    ] {
        let seen = judged(policy(&[allow], Reach::Networks), host, address);
        assert_eq!(seen, expected, "{allow} {host} {address}");
    }
}

#[test]
fn what_the_text_of_an_address_tells() {
    let check = |allow: &[&str], reach, host, by_proxy| {
        let wanted = Wanted { host, port: 80, is_secure: false };
        Guard::new(policy(allow, reach)).check(wanted, by_proxy).is_ok()
    };
    assert!(check(&[], Reach::Networks, "b.example", false));
    assert!(!check(&["a.example"], Reach::Local, "b.example", false));
    assert!(!check(&[], Reach::Networks, "127.0.0.1", false));
    assert!(!check(&[], Reach::Networks, "::1", true));
    // Nobody here sees what a proxy looks up.
    assert!(!check(&[], Reach::Networks, "b.example", true));
    assert!(!check(&["*"], Reach::Networks, "b.example", true));
    assert!(check(&["*.example"], Reach::Networks, "b.example", true));
    assert!(check(&[], Reach::Local, "b.example", true));
}

/// A name server that gives each asker the next answer.
fn changing(answers: &'static [&'static [&'static str]]) -> (Names, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let names = Box::new(move |_: &str| {
        let index = count.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        answers[index].iter().map(|text| text.parse().unwrap()).collect()
    });
    (names, asked)
}

async fn connect(guard: &Arc<Guard>, port: u16) -> Result<(), FaultCode> {
    let target = Target::new("moving.example", port, None, Http2::Never);
    let target = target.guarded(Some(Arc::clone(guard)));
    let tried = try_connection(&target, Duration::from_secs(5)).await;
    tried.map_err(|failure| {
        assert!(!failure.speaks_against_upstream() || failure.code != FaultCode::TargetNotAllowed);
        failure.code
    })
}

#[tokio::test]
async fn an_answer_that_changes_does_not_slip_through() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let other = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)).await.unwrap();
    let (names, asked) = changing(&[&["127.0.0.1"], &["127.0.0.2"], &["169.254.169.254"], &[]]);
    let allow = policy(&["moving.example", "127.0.0.1"], Reach::Networks);
    let guard = Arc::new(Guard::new(allow).asking(names));
    assert_eq!(connect(&guard, port).await, Ok(()));
    assert_eq!(connect(&guard, port).await, Err(FaultCode::TargetNotAllowed));
    assert_eq!(connect(&guard, port).await, Err(FaultCode::TargetNotAllowed));
    assert_eq!(connect(&guard, port).await, Err(FaultCode::ConnectFailed));
    // Once for each connection: what was judged is what was connected to.
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    let none = tokio::time::timeout(Duration::from_millis(50), other.accept()).await;
    assert!(none.is_err(), "the address that is not allowed was not connected to");
}

#[tokio::test]
async fn of_several_addresses_those_that_are_allowed_are_tried() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (names, _) = changing(&[&["169.254.169.254", "127.0.0.1", "::ffff:127.0.0.3"]]);
    let allow = policy(&["moving.example", "127.0.0.1"], Reach::Networks);
    let guard = Arc::new(Guard::new(allow).asking(names));
    assert_eq!(connect(&guard, port).await, Ok(()));
    let (_stream, peer) = listener.accept().await.unwrap();
    assert_eq!(peer.ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_it_is_called() {
    let guard = Arc::new(Guard::new(TargetPolicy::default()));
    let target = Target::new("localhost", 9, None, Http2::Never).guarded(Some(guard));
    let failure = try_connection(&target, Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(failure.code, FaultCode::TargetNotAllowed);
}
