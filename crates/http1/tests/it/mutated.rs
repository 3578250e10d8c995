//! Messages with random faults, always the same ones: what fuzzing does, for a bounded time.

use crate::checks::{self, Random};

/// Bytes that matter to a reader.
const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b"\0",
    b"\x7f",
    b"\xff",
    b"#",
    b"?",
    b"*",
    b"/",
    b"@",
    b"[",
    b"]",
    b"%",
    b"0",
    b"1",
    b"ff",
    b"0x",
    b"+1",
    b"-1",
    b"18446744073709551616",
    b"HTTP/1.0",
    b"HTTP/2.0",
    b"GET ",
    b"CONNECT ",
    b"OPTIONS ",
    b"http://",
    b"chunked",
    b"gzip",
    b"close",
    b"keep-alive",
    b"Host: b\r\n",
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"0\r\n\r\n",
    b"3\r\nabc\r\n",
    b";a=b",
    b"204",
    b"100",
    b"304",
];

const REQUESTS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /a/b?c=d HTTP/1.1\r\nHost: a.example:8080\r\nAccept: */*\r\nContent-Length: 12\r\n\r\n",
    b"PUT http://[::1]:80/x HTTP/1.1\r\nhost: [::1]:80\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"OPTIONS * HTTP/1.0\r\nConnection: keep-alive, x\r\nEmpty:\r\nA: 1\r\nA: 2\r\n\r\n",
    b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nX-Long-Name-Of-A-Header: \xc3\xa4 b\t c \r\n\r\n",
];

const ANSWERS: &[&[u8]] = &[
    b"\0HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: a\r\n\r\nhello",
    b"\0HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nDigest: a\r\n\r\n",
    b"\0HTTP/1.0 404 Not Found\r\nConnection: keep-alive\r\n\r\nall of it",
    b"\x02HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n",
    b"\x01HTTP/1.1 103\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
];

const CHUNKS: &[&[u8]] = &[
    b"0\r\n\r\n",
    b"5\r\nhello\r\n6;a=\"b\"\r\n world\r\n0\r\n\r\nGET / HTTP/1.1",
    b"00a\r\n0123456789\r\n1\r\n\n\r\n0;x\r\nA: b\r\nDigest: c\r\n\r\n",
];

/// Puts a few faults into a message: bytes changed, left out, repeated, put in, cut off.
fn mutate(random: &mut Random, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                drop(bytes.splice(to..to, copy));
            }
            4 if random.below(4) == 0 => bytes.truncate(at),
            _ => {
                let token = TOKENS[random.below(TOKENS.len())];
                drop(bytes.splice(at..at, token.iter().copied()));
            }
        }
    }
    bytes
}

/// Checks `count` messages; some must be accepted and some refused, or the faults say nothing.
fn check(seed: u64, seeds: &[&[u8]], count: usize, check: impl Fn(&[u8]) -> bool) {
    let mut random = Random(seed);
    let mut accepted = 0;
    for _ in 0..count {
        let seed = seeds[random.below(seeds.len())];
        accepted += usize::from(check(&mutate(&mut random, seed)));
    }
    assert!(accepted > count / 10, "{accepted} of {count} were accepted");
    assert!(accepted < count * 9 / 10, "{accepted} of {count} were accepted");
}

#[test]
fn requests_with_faults_are_read_in_one_way_or_refused() {
    check(1, REQUESTS, 20_000, checks::request_head);
}

#[test]
fn answers_with_faults_are_read_in_one_way_or_refused() {
    check(2, ANSWERS, 20_000, checks::answer);
}

#[test]
fn chunks_with_faults_are_read_in_one_way_or_refused() {
    check(3, CHUNKS, 20_000, checks::chunks);
}

#[test]
fn noise_is_no_message() {
    let mut random = Random(4);
    for _ in 0..5_000 {
        let length = random.below(200);
        let noise: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        for check in [checks::request_head, checks::answer, checks::chunks] {
            let _accepted = check(&noise);
        }
    }
}
