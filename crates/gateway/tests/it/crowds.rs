//! Many clients, greedy clients, and clients at the end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use gateway::config::GatewayConfig;
use testkit::{Backend, Client};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::gateway::{Weir, shop};

/// A connection from another address of this machine.
async fn connect_from(last: u8, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0))).unwrap();
    socket.connect(address).await.unwrap()
}

/// The status line that a connection brings for a request; empty when it is closed without one.
async fn ask(stream: &mut TcpStream) -> String {
    // A client that is turned away may find the connection closed already.
    drop(stream.write_all(b"GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await);
    let mut start = [0; 12];
    match testkit::bounded("an answer", stream.read_exact(&mut start)).await {
        Ok(_) => String::from_utf8_lossy(&start).into_owned(),
        Err(_closed) => String::new(),
    }
}

async fn refused(weir: &Weir, reason: &str) -> f64 {
    weir.metric(&format!("gateway_connections_refused_total{{reason=\"{reason}\"}}")).await
}

#[tokio::test]
async fn one_client_leaves_places_to_others() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config: &mut GatewayConfig| {
        config.limits.clients.connections = Some(2);
    });
    let mut first = connect_from(2, weir.address()).await;
    let mut second = connect_from(2, weir.address()).await;
    assert_eq!(ask(&mut first).await, "HTTP/1.1 200");
    assert_eq!(ask(&mut second).await, "HTTP/1.1 200");
    assert_eq!(ask(&mut connect_from(2, weir.address()).await).await, "HTTP/1.1 503");
    assert_eq!(ask(&mut connect_from(3, weir.address()).await).await, "HTTP/1.1 200");
    assert_eq!(refused(&weir, "connections_per_client").await, 1.0);
    assert_eq!(refused(&weir, "connections").await, 0.0);
    drop(first);
    weir.until("a free place", || async {
        ask(&mut connect_from(2, weir.address()).await).await == "HTTP/1.1 200"
    })
    .await;
}

#[tokio::test]
async fn new_connections_have_a_rate() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config: &mut GatewayConfig| {
        config.limits.clients.connection_rate = Some(1);
    });
    let mut served = 0;
    for _ in 0..20 {
        let answer = ask(&mut connect_from(2, weir.address()).await).await;
        served += usize::from(answer == "HTTP/1.1 200");
    }
    // One at once, and some more for the time that this took.
    assert!((1..20).contains(&served), "{served}");
    assert!(refused(&weir, "connection_rate_per_client").await >= 1.0);
    assert_eq!(ask(&mut connect_from(3, weir.address()).await).await, "HTTP/1.1 200");
}

#[tokio::test]
async fn trusted_proxies_are_no_clients() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config: &mut GatewayConfig| {
        config.limits.clients.connections = Some(1);
        config.forwarding.trusted_proxies = vec![IpAddr::from([127, 0, 0, 2]).into()];
    });
    let mut open = Vec::new();
    for _ in 0..5 {
        let mut stream = connect_from(2, weir.address()).await;
        assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");
        open.push(stream);
    }
    let mut first = connect_from(3, weir.address()).await;
    assert_eq!(ask(&mut first).await, "HTTP/1.1 200");
    assert_eq!(ask(&mut connect_from(3, weir.address()).await).await, "HTTP/1.1 503");
}

#[tokio::test]
async fn over_tls_who_is_turned_away_is_told_nothing() {
    let backend = Backend::echo().await;
    let weir = Weir::tls(&[&shop(&backend.url())], |config: &mut GatewayConfig| {
        config.limits.clients.connections = Some(1);
    });
    let mut client = weir.tls_client().await;
    assert_eq!(client.get("/shop/1.0/a").await.unwrap().status, 200);
    let mut other = TcpStream::connect(weir.tls_address()).await.unwrap();
    let mut nothing = Vec::new();
    assert_eq!(other.read_to_end(&mut nothing).await.unwrap_or_default(), 0);
    assert_eq!(client.get("/shop/1.0/a").await.unwrap().status, 200);
}

#[tokio::test]
async fn handshakes_wait_for_their_turn() {
    let backend = Backend::echo().await;
    for is_of_the_worker in [false, true] {
        let change = |config: &mut GatewayConfig| {
            if is_of_the_worker {
                config.limits.handshakes = 1;
            } else {
                config.limits.clients.handshakes = Some(1);
            }
        };
        let weir = Weir::tls(&[&shop(&backend.url())], change);
        let silent = TcpStream::connect(weir.tls_address()).await.unwrap();
        weir.until("the silent one", || async {
            weir.metric("gateway_connections_open").await == 1.0
        })
        .await;
        let mut waiting = std::pin::pin!(weir.tls_client());
        let early = tokio::time::timeout(Duration::from_millis(100), &mut waiting).await;
        assert!(early.is_err(), "the silent one has the turn");
        drop(silent);
        let mut client = waiting.await;
        assert_eq!(client.get("/shop/1.0/a").await.unwrap().status, 200);
        // An open connection holds no turn.
        assert_eq!(weir.tls_client().await.get("/shop/1.0/a").await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let backend = Backend::echo().await;
    let weir = Weir::tls(&[&shop(&backend.url())], |config: &mut GatewayConfig| {
        config.limits.clients.handshakes = Some(1);
        config.timeouts.handshake = Duration::from_millis(200);
    });
    let mut streams = Vec::new();
    for _ in 0..2 {
        streams.push(TcpStream::connect(weir.tls_address()).await.unwrap());
    }
    for mut stream in streams {
        let mut nothing = Vec::new();
        let closed = testkit::bounded("the end", stream.read_to_end(&mut nothing)).await;
        assert_eq!(closed.unwrap_or_default(), 0);
    }
    weir.until("both counted", || async {
        let handshakes = weir.metric("gateway_tls_handshakes_failed_total").await;
        handshakes + refused(&weir, "handshakes_per_client").await == 2.0
    })
    .await;
}

#[tokio::test]
async fn an_idle_client_may_send_one_more_request() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let address = weir.address();
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = weir.client().await;
        assert_eq!(client.get("/shop/1.0/a").await.unwrap().header("connection"), None);
        clients.push(client);
    }
    // One that has not sent anything yet.
    clients.push(weir.client().await);
    let ended = weir.hand_over(Duration::from_secs(30));
    // The grace has begun once nobody is accepted any more.
    testkit::bounded("a refusal", async {
        while Client::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    for mut client in clients {
        let answer = client.get("/shop/1.0/a").await.unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
        assert!(client.rest().await.is_empty());
    }
    assert!(ended.await.unwrap(), "everything had ended");
}
