#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::wire::{Reader, send, send_sockets};
use super::{Offer, Predecessor, Role, Sockets, control_socket, is_served};

fn socket() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

fn port(socket: &TcpListener) -> u16 {
    socket.local_addr().unwrap().port()
}

#[test]
fn more_sockets_than_a_message_takes_arrive_in_order() {
    let (one, other) = UnixStream::pair().unwrap();
    let sockets: Vec<TcpListener> = (0..150).map(|_| socket()).collect();
    send(&one, &json!({ "count": sockets.len() })).unwrap();
    send_sockets(&one, sockets.iter()).unwrap();
    send(&one, &json!("after")).unwrap();
    let mut reader = Reader::new(&other);
    assert_eq!(reader.line().unwrap(), json!({ "count": 150 }));
    let received = reader.sockets(150).unwrap();
    let received: Vec<u16> =
        received.into_iter().map(|fd: OwnedFd| port(&TcpListener::from(fd))).collect();
    assert_eq!(received, sockets.iter().map(port).collect::<Vec<_>>());
    assert_eq!(reader.line().unwrap(), json!("after"));
    drop(one);
    assert_eq!(reader.line().unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn what_is_no_line_is_an_error() {
    let (one, other) = UnixStream::pair().unwrap();
    send(&one, &json!("fine")).unwrap();
    std::io::Write::write_all(&mut &one, b"not json\n").unwrap();
    let mut reader = Reader::new(&other);
    assert_eq!(reader.line().unwrap(), json!("fine"));
    assert!(reader.line().is_err());
}

/// An offer in this folder, with one socket of each role.
fn offer(home: &Path) -> (Offer, Vec<u16>) {
    let mut sockets = Sockets::default();
    let ports = Role::ALL.map(|role| {
        let socket = socket();
        let port = port(&socket);
        sockets.push(role, socket);
        port
    });
    (Offer::open(home, sockets, false).unwrap(), ports.to_vec())
}

#[tokio::test]
async fn the_place_goes_to_who_is_ready() {
    let home = TempDir::new().unwrap();
    assert!(Predecessor::find(home.path()).unwrap().is_none());
    let (mut first, ports) = offer(home.path());
    assert!(is_served(home.path()));
    // Somebody who asks and is not heard of again.
    let (lost, _) = Predecessor::find(home.path()).unwrap().unwrap();
    drop(lost);
    let (predecessor, mut sockets) = Predecessor::find(home.path()).unwrap().unwrap();
    let gateway = sockets.take_gateway();
    assert_eq!(gateway.http.iter().chain(&gateway.https).map(port).collect::<Vec<_>>(), ports[..2]);
    let admin = std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    assert_eq!(sockets.take_at(Role::Admin, admin).as_ref().map(port), Some(ports[2]));
    let elsewhere = std::net::SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), 0));
    assert!(sockets.take_at(Role::Manage, elsewhere).is_none());
    predecessor.relieve();
    assert_eq!(first.taken().await, u64::from(std::process::id()));
    // The path is the successor's, and stays when the other one goes.
    let second = Offer::open(home.path(), Sockets::default(), true).unwrap();
    first.withdraw();
    assert!(is_served(home.path()));
    second.withdraw();
    assert!(!control_socket(home.path()).exists());
}

#[test]
fn one_offer_in_a_home() {
    let home = TempDir::new().unwrap();
    let (first, _) = offer(home.path());
    assert!(Offer::open(home.path(), Sockets::default(), false).is_err());
    // One that is withdrawn is none.
    first.withdraw();
    let (_second, _) = offer(home.path());
    assert!(Predecessor::find(home.path()).unwrap().is_some());
}

#[test]
fn who_speaks_another_language_is_refused() {
    let home = TempDir::new().unwrap();
    let (_offer, _) = offer(home.path());
    let stream = UnixStream::connect(control_socket(home.path())).unwrap();
    send(&stream, &json!({ "takeover": 2 })).unwrap();
    let answer = Reader::new(&stream).line().unwrap();
    assert!(answer["error"].is_string(), "{answer}");
}
