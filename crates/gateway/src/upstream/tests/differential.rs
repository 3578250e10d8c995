//! The same answers through both clients: what both take they must take for the same.
//!
//! Answers are generated from a seed: framings, splits, trailers, truncations, and faults of every
//! kind that a broken or hostile upstream comes up with.

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::*;

const CASES: u64 = 2000;

/// What ours refuses although the other takes it, by the reason that ours gives.
const STRICTER: [&str; 11] = [
    "A line ends in a line feed without a carriage return",
    "The message has both Content-Length and Transfer-Encoding",
    "The message has more than one Content-Length",
    "The Content-Length is not a valid number",
    "The transfer coding is not supported",
    "The Transfer-Encoding is malformed",
    "A message of HTTP/1.0 must not have a Transfer-Encoding",
    "An answer without a body must not have a Transfer-Encoding",
    "The size of a chunk is malformed",
    "A chunk is too long",
    "The extension of a chunk is malformed or too long",
];

/// Numbers that are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// An answer as its upstream sends it.
#[derive(Debug)]
struct Case {
    method: &'static str,
    bytes: Vec<u8>,
    /// Where a write ends.
    cuts: Vec<usize>,
}

fn case(seed: u64) -> Case {
    let mut dice = Dice(seed);
    let method = if dice.one_in(10) { "HEAD" } else { "GET" };
    let mut bytes = Vec::new();
    while dice.one_in(12) {
        bytes.extend_from_slice(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    }
    bytes.extend_from_slice(head_and_body(&mut dice).as_slice());
    if dice.one_in(12) {
        bytes.extend_from_slice(dice.pick(&["x", "\r\n", "HTTP/1.1 200 OK\r\n\r\n"]).as_bytes());
    }
    if dice.one_in(5) {
        bytes.truncate(dice.below(bytes.len()));
    }
    if dice.one_in(6) && !bytes.is_empty() {
        let at = dice.below(bytes.len().min(400));
        bytes[at] = *dice.pick(&[&b'\n', &b'\r', &0, &b' ', &b':', &b'0', &b';', &b'\t', &0xff]);
    }
    let mut cuts: Vec<usize> = (0..dice.below(6)).map(|_| dice.below(bytes.len().max(1))).collect();
    cuts.sort_unstable();
    Case { method, bytes, cuts }
}

fn head_and_body(dice: &mut Dice) -> Vec<u8> {
    let version = if dice.one_in(8) { "1.0" } else { "1.1" };
    let status = dice.pick(&[
        "200 OK",
        "201 Created",
        "404 Not Found",
        "500 ",
        "204 No Content",
        "304",
        "205",
    ]);
    let mut head = format!("HTTP/{version} {status}\r\n");
    for _ in 0..dice.below(5) {
        let name = dice.pick(&["X-A", "x-b", "Content-Type", "Set-Cookie", "Server", "Trailer"]);
        let value = dice.pick(&["a", "", "b c", " d ", "\u{fc}", "text/plain; x=\"y\""]);
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if dice.one_in(25) {
        head.push_str(dice.pick(&[
            "X: a\r\n b\r\n",
            "X : a\r\n",
            "X: a\n",
            "X\r\n",
            ": a\r\n",
            "X: a\0\r\n",
            "X: a\rb\r\n",
        ]));
    }
    if dice.one_in(6) {
        head.push_str(dice.pick(&["Connection: close\r\n", "Connection: keep-alive\r\n"]));
    }
    let size = match dice.below(10) {
        0 => 0,
        1 => 70_000,
        _ => dice.below(2000),
    };
    let body: Vec<u8> = (0..size).map(|at| b"0123456789abcdef"[at % 16]).collect();
    let framed = match dice.below(3) {
        0 => with_length(dice, &mut head, body),
        1 => in_chunks(dice, &mut head, &body),
        _ => body,
    };
    if dice.one_in(25) {
        head.push_str(dice.pick(&[
            "Content-Length: 7\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity\r\n",
        ]));
    }
    head.push_str("\r\n");
    [head.into_bytes(), framed].concat()
}

fn with_length(dice: &mut Dice, head: &mut String, body: Vec<u8>) -> Vec<u8> {
    let length = body.len();
    head.push_str(&match dice.below(20) {
        0 => format!("Content-Length: +{length}\r\n"),
        1 => format!("Content-Length: {length}, {length}\r\n"),
        2 => format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"),
        3 => format!("Content-Length: 0x{length:x}\r\n"),
        4 => "Content-Length: 18446744073709551616\r\n".to_owned(),
        5 => "Content-Length:\r\n".to_owned(),
        6 => format!("content-length:   00{length}  \r\n"),
        _ => format!("Content-Length: {length}\r\n"),
    });
    body
}

fn in_chunks(dice: &mut Dice, head: &mut String, body: &[u8]) -> Vec<u8> {
    head.push_str(match dice.below(20) {
        0 => "Transfer-Encoding: gzip, chunked\r\n",
        1 => "Transfer-Encoding: chunked, chunked\r\n",
        2 => "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        3 => "transfer-encoding: Chunked\r\n",
        _ => "Transfer-Encoding: chunked\r\n",
    });
    let mut out = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let largest = if dice.one_in(2) { 100 } else { 20_000 };
        let (chunk, behind) = rest.split_at((1 + dice.below(largest)).min(rest.len()));
        rest = behind;
        out.extend_from_slice(size_line(dice, chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        let end = if dice.one_in(80) { dice.pick(&["\n", "", "x\r\n", "\r\r\n"]) } else { "\r\n" };
        out.extend_from_slice(end.as_bytes());
    }
    out.extend_from_slice(dice.pick(&["0\r\n", "0\r\n", "000\r\n", "0;last\r\n"]).as_bytes());
    if dice.one_in(3) {
        out.extend_from_slice(b"X-Sum: 1\r\nX-Other: a, b\r\n");
    }
    if dice.one_in(30) {
        let odd = ["X : 1\r\n", "X: a\r\n b\r\n", "X: a\n", "no colon\r\n", &"A: b\r\n".repeat(70)];
        out.extend_from_slice(dice.pick(&odd).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out
}

fn size_line(dice: &mut Dice, size: usize) -> String {
    match dice.below(60) {
        0 => format!("{size:x} \r\n"),
        1 => format!(" {size:x}\r\n"),
        2 => format!("0x{size:x}\r\n"),
        3 => format!("{size:x}\n"),
        4 => format!("+{size:x}\r\n"),
        5 => format!("{size:x};{}\r\n", "e".repeat(300)),
        6 => format!("{size:017x}\r\n"),
        7 | 8 => format!("{size:X};a=\"b c\"\r\n"),
        9 | 10 => format!("{size:04X}\r\n"),
        11 => format!("{size:x};a\tb\r\n"),
        _ => format!("{size:x}\r\n"),
    }
}

/// What a client made of an answer.
#[derive(Debug)]
enum Outcome {
    Whole(Whole),
    /// With the reason.
    Refused(String),
}

async fn play(listener: &TcpListener, case: &Case) {
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.unwrap() > 0);
    }
    drop(write(&mut stream, case).await);
    // What is closed with something unread is reset, and that would lose what was written.
    drop(stream.shutdown().await);
    while stream.read_buf(&mut head).await.is_ok_and(|count| count > 0) {}
}

async fn write(stream: &mut TcpStream, case: &Case) -> std::io::Result<()> {
    let mut from = 0;
    for cut in case.cuts.iter().copied().chain([case.bytes.len()]) {
        stream.write_all(&case.bytes[from..cut]).await?;
        from = cut;
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

async fn ask(choice: ClientChoice, listener: &TcpListener, case: &Case) -> Outcome {
    let port = listener.local_addr().unwrap().port();
    let asking = async {
        let rig = Rig::to(choice, Target::new("127.0.0.1", port, None, Http2::Never));
        match rig.send(request(case.method, RequestBody::Empty)).await {
            Err(failure) => Outcome::Refused(failure.detail),
            Ok(answer) => match whole(answer).await {
                Ok(whole) => Outcome::Whole(whole),
                Err((_, error)) => Outcome::Refused(error.to_string()),
            },
        }
    };
    let ((), outcome) = tokio::join!(play(listener, case), asking);
    outcome
}

#[tokio::test]
async fn both_clients_read_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut taken, mut stricter, mut refused) = (0, 0, 0);
    let mut unknown = Vec::new();
    let mut met = [false; STRICTER.len()];
    for seed in 0..CASES {
        let case = case(seed);
        let ours = ask(ClientChoice::Own, &listener, &case).await;
        let other = ask(ClientChoice::Library, &listener, &case).await;
        let shown =
            || String::from_utf8_lossy(&case.bytes[..case.bytes.len().min(600)]).into_owned();
        match (ours, other) {
            (Outcome::Whole(ours), Outcome::Whole(other)) => {
                assert_eq!(ours, other, "{seed}: {:?}", shown());
                taken += 1;
            }
            (Outcome::Refused(reason), Outcome::Whole(_)) => {
                match STRICTER.iter().position(|known| *known == reason) {
                    Some(known) => met[known] = true,
                    None => unknown.push(format!("{seed}: {reason}: {:?}", shown())),
                }
                stricter += 1;
            }
            (Outcome::Refused(_), Outcome::Refused(_)) => refused += 1,
            (Outcome::Whole(ours), Outcome::Refused(reason)) => {
                unknown.push(format!("{seed}: only ours takes {ours:?}: {reason}: {:?}", shown()));
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    let unmet: Vec<_> = STRICTER.iter().zip(met).filter(|(_, met)| !met).collect();
    assert!(unmet.is_empty(), "{unmet:?}");
    // The generator is worth something as long as each kind is common.
    assert!(taken > 600 && stricter > 60 && refused > 200, "{taken} {stricter} {refused}");
}
