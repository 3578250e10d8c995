//! `cache`: answers that are kept, and given again (spec/02 §3.7).
//!
//! The half in the request flow looks for an answer; the half in the response flow (`collector`)
//! keeps one. What is looked for is the whole request: who calls, the method, the addresses, the
//! headers and the body. Nothing is hashed, so that no two requests are ever taken for one.
//!
//! Nobody is given what was answered to somebody else: the caller's credentials are always a part
//! of what is looked for, whatever the step excludes.

use std::sync::Arc;

use ::expression::JavaRegex;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::fault::MediationFault;
use crate::machine::Outcome;
use crate::mediator::Surroundings;
use crate::message::{self, Direction, Message};
use crate::payload::{Media, Payload};
use crate::property::Value;
use crate::sequence::Sequence;

/// Headers that say nothing of what is asked for.
const NEUTRAL: [&str; 9] = [
    "connection",
    "content-length",
    "transfer-encoding",
    "expect",
    "traceparent",
    "tracestate",
    "x-request-id",
    "activityid",
    "keep-alive",
];
/// Headers that count whatever is excluded.
const ALWAYS: [HeaderName; 3] = [header::AUTHORIZATION, header::ACCEPT_ENCODING, header::RANGE];
/// The longest request that is looked for, in bytes.
const LONGEST: usize = 256 * 1024;

/// The half in the request flow.
#[derive(Debug)]
pub struct CacheStep {
    /// What tells the answers of one step from those of another in an API (`id`).
    pub id: Arc<str>,
    /// How long an answer is good, in milliseconds (`timeout`).
    pub lifetime: i64,
    /// Bytes of the longest body that is kept (`maxMessageSize`).
    pub longest: usize,
    /// The most answers that the API keeps (`maxSize`).
    pub most: usize,
    /// The methods whose answers are kept: GET, POST.
    pub methods: Vec<Method>,
    /// Which headers count.
    pub headers: Counted,
    /// The statuses of answers that are kept; without it those from 200 to 299.
    pub statuses: Option<JavaRegex>,
    /// Whether an answer from the cache says how old it is.
    pub tells_age: bool,
    /// What runs on an answer from the cache, `respond` at its end.
    pub on_hit: Arc<Sequence>,
}

/// Which headers are a part of what is looked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Counted {
    /// All but these.
    Without(Vec<HeaderName>),
    /// These alone.
    Only(Vec<HeaderName>),
}

/// An answer that is kept.
#[derive(Debug)]
pub struct Cached {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// When it was kept, in milliseconds since 1970.
    pub since: i64,
    /// Until when it is good, in milliseconds since 1970.
    pub until: i64,
}

/// An answer that is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    step: Arc<CacheStep>,
    key: Vec<u8>,
}

impl Cached {
    /// Bytes that it takes, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let headers =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
        headers.sum::<usize>().saturating_add(self.body.len()).saturating_add(128)
    }
}

impl Counted {
    fn counts(&self, name: &HeaderName) -> bool {
        ALWAYS.contains(name)
            || match self {
                Self::Without(names) => !NEUTRAL.contains(&name.as_str()) && !names.contains(name),
                Self::Only(names) => names.contains(name) || *name == header::COOKIE,
            }
    }
}

/// Looks for an answer; where there is none, the collector of the response flow is told.
pub(crate) fn find(
    step: &Arc<CacheStep>,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    message.pending = None;
    let is_partial = message.headers.contains_key(header::RANGE);
    if message.direction == Direction::Response || is_partial {
        return Ok(Outcome::Next);
    }
    if !step.methods.contains(&message.method) || message.method != message.client_method {
        return Ok(Outcome::Next);
    }
    if message.payload.is_unread() && message.method != Method::GET {
        return Ok(Outcome::Body);
    }
    let Some(key) = key(step, message, around)? else { return Ok(Outcome::Next) };
    let now = around.host.now_ms();
    match around.host.cached(&key).filter(|found| found.until > now && found.since <= now) {
        Some(found) => {
            give(step, &found, message, now);
            Ok(Outcome::Into(Arc::clone(&step.on_hit)))
        }
        None => {
            message.pending = Some(Box::new(Pending { step: Arc::clone(step), key }));
            Ok(Outcome::Next)
        }
    }
}

/// The message becomes an answer that was kept.
fn give(step: &CacheStep, found: &Cached, message: &mut Message, now: i64) {
    let mut headers = found.headers.clone();
    if step.tells_age {
        let seconds = now.saturating_sub(found.since).max(0) / 1000;
        headers.insert(header::AGE, HeaderValue::from(seconds));
    }
    let media = Media::of(message::content_type(&headers));
    message.take(found.status, headers, Payload::whole(found.body.clone(), media));
    message.properties.set(&Arc::from("RESPONSE"), Value::text_of("true"));
}

/// All that an answer depends on; `None` where that is too long.
fn key(
    step: &CacheStep,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Option<Vec<u8>>, MediationFault> {
    let mut key = Vec::with_capacity(512);
    let mut put = |part: &[u8]| {
        // With its length, so that no two rows of parts are written alike.
        key.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        key.extend_from_slice(part);
    };
    put(step.id.as_bytes());
    put(around.host.caller().unwrap_or_default().as_bytes());
    put(message.method.as_str().as_bytes());
    put(message.uri.to_string().as_bytes());
    for part in [message.to_text(), message.postfix_text(), message.endpoint.as_deref()] {
        put(part.unwrap_or_default().as_bytes());
    }
    let mut names: Vec<&HeaderName> =
        message.headers.keys().filter(|name| step.headers.counts(name)).collect();
    names.sort_unstable_by_key(|name| name.as_str());
    for name in names {
        for value in message.headers.get_all(name) {
            put(name.as_str().as_bytes());
            put(value.as_bytes());
        }
    }
    put(b"");
    if !message.payload.is_unread() && !message.has_no_body {
        put(&message.write_body(around.limits)?);
    }
    Ok((key.len() <= LONGEST).then_some(key))
}

/// Keeps an answer that was waited for.
pub(crate) fn collect(
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    let Some(pending) = message.pending.take() else { return Ok(Outcome::Next) };
    if message.direction != Direction::Response || !may_keep(&pending.step, message) {
        return Ok(Outcome::Next);
    }
    if message.payload.is_unread() {
        // Only what is known to be short is waited for; everything else streams on.
        let length = message.headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|it| it.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length <= pending.step.longest) {
            message.pending = Some(pending);
            return Ok(Outcome::Body);
        }
        return Ok(Outcome::Next);
    }
    let body =
        if message.has_no_body { Bytes::new() } else { message.write_body(around.limits)? };
    if body.len() > pending.step.longest {
        return Ok(Outcome::Next);
    }
    let mut headers = message.headers.clone();
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
        headers.remove(name);
    }
    let now = around.host.now_ms();
    let until = now.saturating_add(pending.step.lifetime);
    let status = message.status.unwrap_or(StatusCode::OK);
    let answer = Cached { status, headers, body, since: now, until };
    around.host.keep(pending.key, Arc::new(answer), pending.step.most);
    Ok(Outcome::Next)
}

/// Whether an answer may be given to others who ask the same.
fn may_keep(step: &CacheStep, message: &Message) -> bool {
    let status = message.status.unwrap_or(StatusCode::OK);
    let is_whole = !matches!(status.as_u16(), 100..=199 | 206 | 304);
    let is_wanted = match &step.statuses {
        Some(regex) => regex.matches(status.as_str()).unwrap_or(false),
        None => status.is_success(),
    };
    let headers = &message.headers;
    let has = |name: &HeaderName, words: &[&str]| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let mut parts = values.flat_map(|value| value.split(','));
        parts.any(|part| {
            let word = part.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
            words.contains(&word.as_str())
        })
    };
    is_whole
        && is_wanted
        && !headers.contains_key(header::SET_COOKIE)
        && !has(&header::CACHE_CONTROL, &["no-store", "private"])
        && varies_by_what_counts(step, headers)
}

/// Whether all that the answer varies by is looked for.
fn varies_by_what_counts(step: &CacheStep, headers: &HeaderMap) -> bool {
    headers.get_all(header::VARY).iter().all(|value| {
        let Ok(names) = value.to_str() else { return false };
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).all(|name| {
            name != "*" && HeaderName::try_from(name).is_ok_and(|name| step.headers.counts(&name))
        })
    })
}

#[cfg(test)]
mod tests;
