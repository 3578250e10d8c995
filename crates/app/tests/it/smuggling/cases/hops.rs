//! What is meant for one connection, what looks like something else, and what changes the protocol
//! (RFC 9110 §7.6–7.8, §10.1.1).

use crate::smuggling::case::{Case, Claim, Place, Then, Want};

/// What `Connection` must not take away, since it frames, routes or tells the origin of a request.
const NAMED: &[(&str, &str)] = &[
    ("connection-length", "content-length"),
    ("connection-host", "host"),
    ("connection-both", "host, content-length"),
    ("connection-type", "content-type"),
    ("connection-coding", "transfer-encoding"),
    ("connection-forwarded-for", "x-forwarded-for"),
    ("connection-forwarded-host", "x-forwarded-host, x-forwarded-proto"),
    ("connection-forwarded", "forwarded"),
    ("connection-request-id", "x-request-id"),
    ("connection-traceparent", "traceparent"),
    ("connection-activity", "activityid"),
    ("connection-close-and-length", "close, content-length"),
    ("connection-itself", "connection, keep-alive"),
    ("connection-upgrade-alone", "upgrade"),
    ("connection-settings-alone", "upgrade, http2-settings"),
    ("connection-empty-elements", ",, ,host,,"),
    ("connection-no-token", "\"content-length\", <host>"),
    ("connection-nothing", ""),
];

/// Names that CGI and its heirs read as other ones, for which they would be believed.
const LOOKALIKES: &[(&str, &str)] = &[
    ("x_forwarded_for", "6.6.6.6"),
    ("x-forwarded_for", "6.6.6.6"),
    ("x_forwarded_host", "evil.example"),
    ("x_forwarded_proto", "evil"),
    ("content_length", "0"),
    ("transfer_encoding", "chunked"),
    ("x_request_id", "evil"),
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, value) in NAMED {
        let closes = value.starts_with("close");
        let case = Case::passed(*name, move |at: &Place| {
            let fields =
                format!("Connection: {value}\r\nContent-Type: a/b\r\nContent-Length: 5\r\n");
            at.post(fields, "12345")
        });
        let claims = [
            Claim::Has("\r\ncontent-length: 5\r\n"),
            Claim::Has("\r\ncontent-type: a/b\r\n"),
            Claim::Has("\r\nx-forwarded-for: 127.0.0.1\r\n"),
            Claim::Has("\r\nx-forwarded-host: gw\r\n"),
            Claim::Has("\r\nx-forwarded-proto: http\r\n"),
            Claim::Has("\r\ntraceparent: "),
            Claim::Lacks("\r\nconnection: "),
            Claim::Body(b"12345"),
        ];
        cases.push(case.then(if closes { Then::Closed } else { Then::Open }).claiming(&claims));
    }
    for (name, value) in LOOKALIKES {
        let slug = format!("lookalike-{}", name.replace('_', "."));
        let case = Case::harmless(slug, move |at: &Place| {
            at.post(format!("{name}: {value}\r\nContent-Length: 5\r\n"), "12345")
        });
        cases.push(case.claiming(&[Claim::Lacks(name), Claim::Body(b"12345")]));
    }
    cases.extend(connections());
    cases.extend(origins());
    cases.extend(expectations());
    cases.extend(upgrades());
    cases
}

fn connections() -> Vec<Case> {
    let plain = |fields: &'static str| move |at: &Place| at.get(fields);
    let hidden = [
        Claim::Lacks("\r\nx-secret"),
        Claim::Lacks("\r\nconnection"),
        Claim::Lacks("\r\nkeep-alive"),
        Claim::Lacks("\r\nproxy-connection"),
        Claim::Lacks("\r\nproxy-authorization"),
        Claim::Lacks("\r\nte: gzip"),
    ];
    [
        ("connection-own-field", "Connection: x-secret\r\nX-Secret: 1\r\n", Then::Open),
        ("connection-case", "CONNECTION: X-SECRET\r\nX-Secret: 1\r\n", Then::Open),
        (
            "connection-twice",
            "Connection: keep-alive\r\nConnection: x-secret\r\nX-Secret: 1\r\n",
            Then::Open,
        ),
        (
            "connection-field-twice",
            "Connection: x-secret\r\nX-Secret: 1\r\nX-Secret: 2\r\n",
            Then::Open,
        ),
        ("connection-keep-and-close", "Connection: keep-alive, close\r\n", Then::Closed),
        ("connection-close-twice", "Connection: keep-alive\r\nConnection: close\r\n", Then::Closed),
        ("connection-close-case", "Connection: CLOSE\r\n", Then::Closed),
        ("connection-close-in-word", "Connection: closed, x-close\r\n", Then::Open),
        ("connection-keep-alive-field", "Keep-Alive: timeout=9999, max=1\r\n", Then::Open),
        (
            "connection-of-proxy",
            "Proxy-Connection: close\r\nProxy-Authorization: a b\r\n",
            Then::Open,
        ),
        ("connection-te", "TE: gzip, trailers;q=0.5\r\nConnection: TE\r\n", Then::Open),
    ]
    .into_iter()
    .map(|(name, fields, then)| Case::passed(name, plain(fields)).then(then).claiming(&hidden))
    .collect()
}

/// Where a request comes from, as a stranger says.
fn origins() -> Vec<Case> {
    [
        ("origin-for", "X-Forwarded-For: 6.6.6.6\r\n"),
        ("origin-for-twice", "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 6.6.6.6\r\n"),
        ("origin-host", "X-Forwarded-Host: evil\r\n"),
        ("origin-proto", "X-Forwarded-Proto: evil\r\n"),
        ("origin-forwarded", "Forwarded: for=6.6.6.6;host=evil\r\n"),
        (
            "origin-kept-by-connection",
            "X-Forwarded-For: 6.6.6.6\r\nConnection: x-forwarded-for\r\n",
        ),
    ]
    .into_iter()
    .map(|(name, fields)| {
        Case::passed(name, move |at: &Place| at.get(fields)).claiming(&[
            Claim::Has("\r\nx-forwarded-for: 127.0.0.1\r\n"),
            Claim::Lacks("6.6.6.6"),
            Claim::Lacks("evil"),
        ])
    })
    .collect()
}

/// `Expect` is answered here; a backend that is told it may wait, or not.
fn expectations() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, value) in [
        ("expect-continue", "100-continue"),
        ("expect-case", "100-Continue"),
        ("expect-empty", ""),
        ("expect-other", "200-ok"),
        ("expect-word-before", "y 100-continue"),
        ("expect-word-behind", "100-continue y"),
        ("expect-list", "100-continue, 100-continue"),
        ("expect-list-other", "x, 100-continue"),
        ("expect-parameter", "100-continue;x=y"),
        ("expect-twice", "100-continue\r\nExpect: 100-continue"),
        ("expect-twice-other", "x\r\nExpect: 100-continue"),
    ] {
        for method in ["GET", "POST"] {
            let slug = format!("{name}-{}", method.to_ascii_lowercase());
            let case = Case::harmless(slug, move |at: &Place| {
                let body = at.smuggled();
                let fields = format!("Expect: {value}\r\nContent-Length: {}\r\n", body.len());
                at.request((method, "attack"), fields, body)
            });
            cases.push(case);
        }
        cases.push(
            Case::harmless(format!("{name}-chunked"), move |at: &Place| {
                let fields = format!("Expect: {value}\r\nTransfer-Encoding: chunked\r\n");
                at.post(fields, "5\r\n12345\r\n0\r\n\r\n")
            })
            .claiming(&[Claim::Body(b"12345")]),
        );
    }
    cases
}

/// Upgrades that would let a client speak past the gateway.
fn upgrades() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, fields) in [
        (
            "upgrade-clear",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        ),
        ("upgrade-clear-case", "Connection: upgrade\r\nUpgrade: H2C\r\n"),
        ("upgrade-clear-unnamed", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
        ("upgrade-clear-second", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"),
        ("upgrade-clear-first", "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n"),
        ("upgrade-clear-own-line", "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n"),
        ("upgrade-clear-empty-element", "Connection: Upgrade\r\nUpgrade: ,h2c\r\n"),
        ("upgrade-clear-tab", "Connection: Upgrade\r\nUpgrade:\th2c\r\n"),
        ("upgrade-http-1", "Connection: Upgrade\r\nUpgrade: HTTP/1.1\r\n"),
        ("upgrade-http-2", "Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n"),
        ("upgrade-tls", "Connection: Upgrade\r\nUpgrade: TLS/1.2, HTTP/1.1\r\n"),
    ] {
        let case = Case::harmless(name, move |at: &Place| {
            [at.get(fields), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()]
                .concat()
        });
        // What comes before a 101 belongs to nobody but the gateway, which refuses it.
        let case = Case {
            answers: vec![Want::Either("attack", &[400, 501]), Want::OwnOrEnd(&[400, 505])],
            ..case
        };
        cases.push(case.then(Then::Closed).claiming(&[
            Claim::Lacks("h2c"),
            Claim::Lacks("http2-settings"),
            Claim::Lacks("upgrade: http"),
            Claim::Lacks("upgrade: tls"),
        ]));
    }
    // What follows could be read as a request or as the other protocol.
    for (name, fields) in [
        ("upgrade-then-request", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        (
            "upgrade-websocket-then-request",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n",
        ),
        (
            "upgrade-bad-version-then-request",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 1777\r\n",
        ),
    ] {
        // What is there before the answer is refused. What comes byte by byte may come after it, when
        // the connection has not switched: then it is the next request, and counted as such.
        let answers = [Want::Either("attack", &[400]), Want::Either("smuggled", &[400])];
        cases.push(Case::answered(name, &answers, Then::Any, move |at: &Place| {
            [at.get(fields), at.smuggled()].concat()
        }));
    }
    cases.push(Case::harmless("upgrade-with-body", |at: &Place| {
        let body = at.smuggled();
        let fields = format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: {}\r\n",
            body.len()
        );
        at.post(fields, body)
    }));
    cases
}
