//! Clients that send safe requests without a pause, and take no failure.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use testkit::{Answer, Client, H2Client};
use tokio::task::JoinSet;

use crate::support::eventually;

/// How many requests a client makes on a connection.
const KEPT: usize = 100;

/// How long the bodies are that are sent.
const LENGTHS: [usize; 3] = [10, 10_000, 300_000];

/// A load that is under way; it ends when this is dropped.
pub(crate) struct Load {
    clients: JoinSet<()>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    /// How many answers came, by API and member.
    answers: Mutex<BTreeMap<(String, String), usize>>,
}

impl Shared {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Every answer has to be good, and names the member that gave it.
    fn note(&self, api: &str, answer: &Answer) {
        assert_eq!(answer.status, 200, "{api}: {answer:?}");
        let member = answer.header("x-member").unwrap().to_owned();
        let body = if ["nginx2", "node2"].contains(&&*member) { "" } else { &member };
        assert_eq!(answer.text(), body, "{api}: {answer:?}");
        *self.answers.lock().unwrap().entry((api.to_owned(), member)).or_default() += 1;
    }
}

impl Load {
    pub(crate) fn new() -> Self {
        Self { clients: JoinSet::new(), shared: Arc::default() }
    }

    /// Adds a client that speaks HTTP/1.1 with this API.
    pub(crate) fn add(&mut self, address: SocketAddr, api: &str) {
        let (shared, api) = (Arc::clone(&self.shared), api.to_owned());
        self.clients.spawn(async move {
            while !shared.is_over() {
                let mut client = Client::connect(address).await.unwrap();
                for _ in 0..KEPT {
                    let answer = client.get(&format!("/{api}/1/x")).await;
                    let answer = answer.unwrap_or_else(|error| panic!("{api}: {error}"));
                    shared.note(&api, &answer);
                    if shared.is_over() || answer.header("connection") == Some("close") {
                        break;
                    }
                }
            }
        });
    }

    /// Adds a client that speaks HTTP/2 with this API.
    pub(crate) fn add_http2(&mut self, address: SocketAddr, api: &str) {
        let (shared, api) = (Arc::clone(&self.shared), api.to_owned());
        self.clients.spawn(async move {
            let mut client = H2Client::connect(address).await.unwrap();
            while !shared.is_over() {
                let answer = client.get(&format!("http://{address}/{api}/1/x")).await;
                shared.note(&api, &answer.unwrap_or_else(|error| panic!("{api}: {error}")));
            }
        });
    }

    /// Adds a client that sends bodies with `PUT`, which the policy of the API has to allow; the
    /// members have to be Python ones.
    pub(crate) fn add_put(&mut self, address: SocketAddr, api: &str) {
        let (shared, api) = (Arc::clone(&self.shared), api.to_owned());
        self.clients.spawn(async move {
            let mut client = Client::connect(address).await.unwrap();
            for number in 0_usize.. {
                if shared.is_over() {
                    break;
                }
                let length = LENGTHS.get(number % LENGTHS.len()).copied().unwrap_or_default();
                let body: Vec<u8> = (number..number + length).map(|byte| byte as u8).collect();
                let target = format!("/{api}/1/x");
                let answer = client.call("PUT", &target, &[], &body).await;
                let answer = answer.unwrap_or_else(|error| panic!("{api}: {error}"));
                shared.note(&api, &answer);
                assert_eq!(answer.header("x-sum"), Some(&*adler32(&body).to_string()), "{length}");
                if answer.header("connection") == Some("close") {
                    client = Client::connect(address).await.unwrap();
                }
            }
        });
    }

    /// How many answers of an API a member has given.
    pub(crate) fn answers(&self, api: &str, member: &str) -> usize {
        let key = (api.to_owned(), member.to_owned());
        self.shared.answers.lock().unwrap().get(&key).copied().unwrap_or(0)
    }

    /// How many answers there were.
    pub(crate) fn count(&self) -> usize {
        self.shared.answers.lock().unwrap().values().sum()
    }

    /// Waits until so many further requests were answered.
    pub(crate) async fn go_on(&mut self, more: usize) {
        let until = self.count() + more;
        self.until("progress of the load", |load| load.count() >= until).await;
    }

    /// Waits until a member has given so many further answers of an API.
    pub(crate) async fn until_from(&mut self, api: &str, member: &str, more: usize) {
        let until = self.answers(api, member) + more;
        let what = format!("answers of {api} from {member}");
        self.until(&what, |load| load.answers(api, member) >= until).await;
    }

    async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        eventually(what, async || {
            // A client that failed ends the test at once.
            while let Some(ended) = self.clients.try_join_next() {
                ended.unwrap();
            }
            holds(self).then_some(())
        })
        .await;
    }

    /// Ends it, once what is under way was answered.
    pub(crate) async fn stop(mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
    }
}

/// The checksum of a body (RFC 1950 §9).
fn adler32(bytes: &[u8]) -> u32 {
    const BASE: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % BASE;
        (low, (high + low) % BASE)
    });
    (high << 16) | low
}
