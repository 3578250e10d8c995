//! What has to be had before it is shown, for one request.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method};
use tokio::time::Instant;

use super::digest::{Digest, Proof, Session, Verdict};
use super::token::{ShownToken, WantedToken};

/// What one request needs.
#[derive(Debug)]
pub(crate) enum Live {
    /// An answer to the upstream's challenge.
    Digest(Arc<Digest>),
    /// A token.
    Token(WantedToken),
}

/// What a request has.
#[derive(Debug)]
pub(crate) enum Shown {
    /// Nothing: the upstream is asked what it wants to see.
    Nothing,
    /// An answer to a challenge.
    Proof(Proof),
    /// A token.
    Token(ShownToken),
}

/// What a refused request is sent once more with.
#[derive(Debug)]
pub(crate) enum Again {
    /// Another token.
    Token,
    /// The answer to another challenge.
    Challenge(Arc<Session>),
}

impl Live {
    /// What can be shown at once; `None` where a token has to be had or a body to be read first.
    pub(crate) fn at_hand(
        &self,
        (origin, path): (&str, &str),
        method: &Method,
        now: Instant,
    ) -> Option<Shown> {
        match self {
            Self::Token(wanted) => wanted.current(now).map(Shown::Token),
            Self::Digest(digest) => match digest.session(origin, path) {
                None => Some(Shown::Nothing),
                Some(session) if session.needs_body() => None,
                Some(session) => Some(Shown::Proof(session.proof(method, path, &[]))),
            },
        }
    }

    /// Learns from an answer that was not 401.
    pub(crate) fn accepted(&self, shown: &Shown, answer: &HeaderMap) {
        match (self, shown) {
            (Self::Digest(digest), Shown::Proof(proof)) => digest.answered(proof, answer),
            (_, Shown::Token(token)) => token.accept(),
            _ => {}
        }
    }

    /// Learns from 401; what the request may be sent once more with, if that makes sense. The other
    /// way round it is why not, for the log.
    pub(crate) fn refused(
        &self,
        (origin, path): (&str, &str),
        shown: &Shown,
        answer: &HeaderMap,
    ) -> Result<Again, String> {
        match (self, shown) {
            (Self::Token(wanted), Shown::Token(token)) if wanted.refused(token) => Ok(Again::Token),
            (Self::Token(_), _) => Err("the upstream refuses the token".to_owned()),
            (Self::Digest(digest), shown) => {
                let used = match shown {
                    Shown::Proof(proof) => Some(proof),
                    Shown::Nothing | Shown::Token(_) => None,
                };
                match digest.challenged(origin, path, answer, used) {
                    Verdict::Again(session) => Ok(Again::Challenge(session)),
                    Verdict::Refused => Err("the upstream refuses user or password".to_owned()),
                    Verdict::NoChallenge(reason) => Err(reason.to_string()),
                }
            }
        }
    }
}

impl Shown {
    /// The value of `Authorization`.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Nothing => None,
            Self::Proof(proof) => Some(proof.header.clone()),
            Self::Token(token) => Some(token.header()),
        }
    }
}
