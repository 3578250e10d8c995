//! A nonce of an upstream in use: proofs are made from it until the upstream wants another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use tokio::time::Instant;

use super::challenge::{Challenge, Qop};
use super::hash::{Hash, Hex};

/// How soon after a challenge a first proof has to be made, so that its refusal can only mean the
/// name or the password. Later, the upstream may have forgotten the nonce without saying so.
const FRESH: Duration = Duration::from_secs(10);
/// What stands as it is in an extended value (`attr-char` of RFC 8187).
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Who asks for sessions: an origin and one of its realms.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) origin: Box<str>,
    pub(super) realm: Box<[u8]>,
}

/// A nonce, and all that is computed once for it.
#[derive(Debug)]
pub struct Session {
    pub(super) place: Arc<Place>,
    /// Paths where it is used rather than another of the same origin.
    pub(super) spaces: Spaces,
    challenge: Arc<Challenge>,
    nonce: Box<[u8]>,
    /// How many proofs were made.
    count: AtomicU32,
    /// H(A1) of RFC 7616 §3.4.2: as good as the password, as far as this realm goes.
    key: Hex,
    /// The same in every proof, which the count tells from the others. For `-sess` it is part of
    /// the key, and stays with it.
    cnonce: Hex,
    /// The header up to the request target, which is the same in every proof. It holds nothing
    /// secret.
    beginning: Box<[u8]>,
    /// When the challenge came; `None` for a nonce that came by `nextnonce`.
    challenged: Option<Instant>,
}

/// Paths of an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spaces {
    /// The upstream has said them (`domain`).
    Told(Box<[Box<str>]>),
    /// It has not: the folder that every path is in for which it has asked.
    Met(Box<str>),
}

/// What one request shows.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The value of `Authorization`, sensitive.
    pub header: HeaderValue,
    /// The session that it is made from.
    pub session: Arc<Session>,
    /// Whether it is the first of a challenge that had just come.
    pub(super) is_fresh: bool,
}

impl Session {
    /// The session that a challenge begins.
    pub(super) fn begin(
        challenge: Challenge,
        place: Arc<Place>,
        spaces: Spaces,
        account: (&str, &str),
    ) -> Self {
        Self::with_cnonce(challenge, place, spaces, account, cnonce())
    }

    fn with_cnonce(
        challenge: Challenge,
        place: Arc<Place>,
        spaces: Spaces,
        (username, password): (&str, &str),
        cnonce: Hex,
    ) -> Self {
        let hash = challenge.algorithm.hash;
        let is_session = challenge.algorithm.is_session;
        let mut key = hash.of(&[username.as_bytes(), &challenge.realm, password.as_bytes()]);
        if is_session {
            key = hash.of(&[key.as_bytes(), &challenge.nonce, cnonce.as_bytes()]);
        }
        Self {
            beginning: beginning(&challenge, &challenge.nonce, username),
            nonce: challenge.nonce.clone(),
            challenge: Arc::new(challenge),
            place,
            spaces,
            count: AtomicU32::new(0),
            key,
            cnonce,
            challenged: Some(Instant::now()),
        }
    }

    /// The same with the nonce that the upstream wants next, counted anew.
    ///
    /// The key of a `-sess` algorithm stays: it is that of the challenge and of the first proof
    /// (RFC 7616 §3.4.2).
    pub(super) fn next(&self, nonce: &[u8], username: &str) -> Self {
        Self {
            place: Arc::clone(&self.place),
            spaces: self.spaces.clone(),
            challenge: Arc::clone(&self.challenge),
            nonce: nonce.into(),
            count: AtomicU32::new(0),
            key: self.key,
            cnonce: if self.challenge.algorithm.is_session { self.cnonce } else { cnonce() },
            beginning: beginning(&self.challenge, nonce, username),
            challenged: None,
        }
    }

    /// Whether a challenge is the one that this session has been begun by, and still goes on with:
    /// some upstreams hand out one nonce many times, and want it counted on.
    pub(super) fn is_of(&self, challenge: &Challenge) -> bool {
        let again = Challenge { is_stale: self.challenge.is_stale, ..challenge.clone() };
        *self.nonce == *challenge.nonce && *self.challenge == again
    }

    /// Whether proofs cover the body, which then has to be whole before anything is sent.
    #[must_use]
    pub fn needs_body(&self) -> bool {
        self.challenge.qop == Qop::AuthInt
    }

    /// What the password is for.
    #[must_use]
    pub fn realm(&self) -> &[u8] {
        &self.place.realm
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// Makes the proof of a request.
    ///
    /// `target` is its path and query exactly as they are sent; `body` is looked at only where
    /// [`Session::needs_body`] says so. Each call counts, so it is made once for each time that
    /// the request is sent.
    #[must_use]
    pub fn proof(self: &Arc<Self>, method: &Method, target: &str, body: &[u8]) -> Proof {
        // After 2^32 proofs it begins again, which the upstream answers with another nonce.
        let count = self.count.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let is_fresh = count == 1 && self.challenged.is_some_and(|then| then.elapsed() < FRESH);
        let header = self.header(method, target, body, count, &self.cnonce);
        Proof { header, session: Arc::clone(self), is_fresh }
    }

    fn header(
        &self,
        method: &Method,
        target: &str,
        body: &[u8],
        count: u32,
        cnonce: &Hex,
    ) -> HeaderValue {
        let Challenge { qop, algorithm, .. } = *self.challenge;
        let nc = Hex::new(&count.to_be_bytes());
        let response = self.response(method, target, body, &nc, cnonce);
        let mut text = Vec::with_capacity(self.beginning.len() + target.len() + 200);
        text.extend_from_slice(&self.beginning);
        quote(&mut text, "uri", target.as_bytes());
        if qop != Qop::None {
            word(&mut text, "nc", nc.as_bytes());
        }
        // Without `qop` it was not foreseen, but no upstream can check a `-sess` key without it.
        if qop != Qop::None || algorithm.is_session {
            quote(&mut text, "cnonce", cnonce.as_bytes());
        }
        quote(&mut text, "response", response.as_bytes());
        // Cannot fail: what came in a header may go into one, names are encoded, and a target with
        // control characters is none. If it did, the upstream would ask again.
        let mut header = HeaderValue::from_maybe_shared(Bytes::from(text))
            .unwrap_or(HeaderValue::from_static("Digest"));
        header.set_sensitive(true);
        header
    }

    /// `response` of RFC 7616 §3.4.1, and of RFC 2069 where there is no `qop`.
    fn response(&self, method: &Method, target: &str, body: &[u8], nc: &Hex, cnonce: &Hex) -> Hex {
        let hash = self.challenge.algorithm.hash;
        let (method, target) = (method.as_str().as_bytes(), target.as_bytes());
        let request = match self.challenge.qop {
            Qop::AuthInt => hash.of(&[method, target, hash.of(&[body]).as_bytes()]),
            Qop::Auth | Qop::None => hash.of(&[method, target]),
        };
        let (key, request) = (self.key.as_bytes(), request.as_bytes());
        match self.challenge.qop.name() {
            None => hash.of(&[key, &self.nonce, request]),
            Some(qop) => {
                let (nc, cnonce) = (nc.as_bytes(), cnonce.as_bytes());
                hash.of(&[key, &self.nonce, nc, cnonce, qop.as_bytes(), request])
            }
        }
    }
}

impl Qop {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Auth => Some("auth"),
            Self::AuthInt => Some("auth-int"),
        }
    }
}

impl Spaces {
    /// How well they fit a path: the length of the longest one that it is in.
    pub(super) fn fit(&self, path: &str) -> Option<usize> {
        let all = match self {
            Self::Told(told) => told,
            Self::Met(folder) => std::slice::from_ref(folder),
        };
        let fitting = all.iter().filter(|space| covers(space, path));
        fitting.map(|space| space.len()).max()
    }
}

/// Whether a path is this one or below it.
pub(super) fn covers(space: &str, path: &str) -> bool {
    path.strip_prefix(space).is_some_and(|rest| {
        rest.is_empty() || space.ends_with('/') || rest.starts_with('/') || space.is_empty()
    })
}

/// 128 random bits, which nobody can foretell.
fn cnonce() -> Hex {
    Hex::new(&rand::random::<[u8; 16]>())
}

/// The header of every proof, up to the request target.
fn beginning(challenge: &Challenge, nonce: &[u8], username: &str) -> Box<[u8]> {
    let mut text = b"Digest ".to_vec();
    name(&mut text, challenge, username);
    quote(&mut text, "realm", &challenge.realm);
    quote(&mut text, "nonce", nonce);
    if let Some(algorithm) = &challenge.algorithm_name {
        word(&mut text, "algorithm", algorithm);
    }
    if let Some(opaque) = &challenge.opaque {
        quote(&mut text, "opaque", opaque);
    }
    if let Some(qop) = challenge.qop.name() {
        word(&mut text, "qop", qop.as_bytes());
    }
    text.into()
}

/// The name of the user, in the one of four forms that the upstream can read (RFC 7616 §3.4, §4).
fn name(text: &mut Vec<u8>, challenge: &Challenge, username: &str) {
    let hash: Hash = challenge.algorithm.hash;
    if challenge.takes_userhash {
        quote(text, "username", hash.of(&[username.as_bytes(), &challenge.realm]).as_bytes());
        word(text, "userhash", b"true");
    } else if username.contains(|char: char| char.is_ascii_control())
        || (challenge.is_utf8 && !username.is_ascii())
    {
        let encoded = percent_encode(username.as_bytes(), EXTENDED);
        word(text, "username*", format!("UTF-8''{encoded}").as_bytes());
    } else {
        // Upstreams before RFC 7616 know no `username*`; they compare bytes.
        quote(text, "username", username.as_bytes());
    }
}

/// Adds a parameter whose value is quoted.
fn quote(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    separate(text, name);
    text.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(*byte);
    }
    text.push(b'"');
}

/// Adds a parameter whose value is not quoted.
fn word(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    separate(text, name);
    text.extend_from_slice(value);
}

fn separate(text: &mut Vec<u8>, name: &str) {
    if !text.ends_with(b" ") {
        text.extend_from_slice(b", ");
    }
    text.extend_from_slice(name.as_bytes());
    text.push(b'=');
}

#[cfg(test)]
mod tests;
