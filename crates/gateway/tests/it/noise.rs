//! Whatever bytes come, the gateway neither panics nor hangs, and serves the next request.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use testkit::Backend;

use crate::gateway::{Weir, shop};

/// Bytes that look like HTTP here and there.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "GET ",
        "POST ",
        "CONNECT ",
        "OPTIONS * ",
        "/shop/1.0/a",
        "/shop/1.0/%",
        "http://x",
        " HTTP/1.1",
        " HTTP/1.0",
        " HTTP/2.0",
        "\r\n",
        "\r\n\r\n",
        "\n",
        "Host: x",
        "Host: ",
        "Content-Length: 5",
        "Content-Length: -1",
        "Transfer-Encoding: chunked",
        "Expect: 100-continue",
        "Connection: close",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "ffffffffffffffff\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\0\0\0\x04\0\0\0\0\0",
        "\0\0\x01\x01\x05\0\0\0\x01",
        "\x16\x03\x01\x02\0\x01",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    let any = prop::collection::vec(any::<u8>(), 0..40);
    prop::collection::vec(prop_oneof![6 => known, 1 => any], 0..30)
        .prop_map(|pieces| pieces.concat())
}

#[test]
fn noise_does_no_harm() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (backend, weir) = runtime.block_on(async {
        let backend = Backend::echo().await;
        let weir = Weir::tls(&[&shop(&backend.url())], |config| {
            config.timeouts.head = Duration::from_millis(50);
            config.timeouts.client_idle = Duration::from_millis(50);
            config.timeouts.socket = Duration::from_millis(50);
            config.limits.body_bytes = Some(10_000);
        });
        (backend, weir)
    });
    let settings = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let checked = TestRunner::new(settings).run(&noise(), |bytes| {
        runtime.block_on(async {
            let mut client = weir.client().await;
            // The gateway may close at any byte.
            let sent = client.send(&bytes).await;
            if sent.is_ok() {
                // Its end comes by its own doing: by a refusal or by a time limit.
                let _answers = client.rest().await;
            }
            prop_assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
            prop_assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
            Ok(())
        })
    });
    assert_eq!(checked, Ok(()));
    runtime.block_on(weir.quiet());
    drop(backend);
}
