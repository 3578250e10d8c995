//! Sessions: the calls of one client stay at one member (spec/01 §4.3).
//!
//! The upstream makes the session, the gateway only remembers who made it: by a cookie of the
//! upstream, or by an id in SOAP headers. It adds nothing to any message.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use compiler::plan::{Affinity, AffinityKind, WhenLost};
use http::{HeaderMap, header};
use moka::sync::Cache;
use tokio::time::Instant;

use super::soap::{self, Found, Looks};

/// Sessions that one group remembers; those that were used longest ago give way.
const MOST: u64 = 100_000;
/// No id is longer; who sends longer ones has no session.
const LONGEST_ID: usize = 1024;

/// The sessions of one group.
#[derive(Debug, Clone)]
pub(super) struct Sessions {
    kind: Arc<AffinityKind>,
    timeout: Duration,
    is_sliding: bool,
    pub(super) when_lost: WhenLost,
    bound: Cache<Box<str>, Bound>,
}

#[derive(Debug, Clone, Copy)]
struct Bound {
    member: usize,
    until: Instant,
}

/// The session of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Session {
    /// What it is told by.
    id: Option<Box<str>>,
    /// The member that it is bound to.
    pub(super) member: Option<usize>,
}

impl Sessions {
    pub(super) fn new(affinity: &Affinity, default: Duration) -> Self {
        let timeout = affinity.timeout.unwrap_or(default);
        // What has not been used for so long is over in any case; when exactly it is says `until`.
        let bound = Cache::builder().max_capacity(MOST).time_to_idle(timeout).build();
        Self {
            kind: Arc::new(affinity.kind.clone()),
            timeout,
            is_sliding: affinity.is_sliding,
            when_lost: affinity.when_lost,
            bound,
        }
    }

    /// The session of a request, of whose body the start is at hand where that tells it.
    pub(super) fn of(&self, headers: &HeaderMap, start: &[u8], now: Instant) -> Session {
        let names = match &*self.kind {
            AffinityKind::Cookie(names) => names,
            kind => {
                return match soap::requested(kind, start) {
                    Found::Id(id) => self.known(Some(id.into()), now),
                    Found::Nothing | Found::More => Session::default(),
                };
            }
        };
        let ours = cookies(headers).filter(|(name, _)| names.iter().any(|known| known == name));
        let ids = ours.map(|(name, value)| Box::from(format!("{name}={value}")));
        let mut first = Session::default();
        for id in ids {
            let session = self.known(Some(id), now);
            if session.member.is_some() {
                return session;
            }
            if first.id.is_none() {
                first = session;
            }
        }
        first
    }

    fn known(&self, id: Option<Box<str>>, now: Instant) -> Session {
        let id = id.filter(|id| id.len() <= LONGEST_ID);
        let bound = id.as_ref().and_then(|id| self.bound.get(id));
        Session { id, member: bound.filter(|bound| now < bound.until).map(|bound| bound.member) }
    }

    /// Notes who has answered, and what the head of the answer says of the session.
    pub(super) fn answered(
        &self,
        session: &Session,
        member: usize,
        headers: &HeaderMap,
        now: Instant,
    ) {
        match &*self.kind {
            AffinityKind::Cookie(names) => {
                if let Some(id) = set_cookie(headers, names) {
                    self.bind(id, member, now);
                    return;
                }
            }
            // The upstream chooses the id, in the body of its answer.
            AffinityKind::Soap if session.id.is_none() => return,
            AffinityKind::Soap | AffinityKind::ClientId => {}
        }
        let is_as_before = session.member == Some(member);
        // What the client has a cookie for was begun by the upstream, or before a restart.
        if let Some(id) = &session.id
            && (!is_as_before || self.is_sliding)
        {
            self.bind(id.clone(), member, now);
        }
    }

    fn bind(&self, id: Box<str>, member: usize, now: Instant) {
        if id.len() <= LONGEST_ID {
            let until = now.checked_add(self.timeout).unwrap_or(now);
            self.bound.insert(id, Bound { member, until });
        }
    }

    /// Looks into the bodies of answers, where these name the session.
    pub(super) fn listener(&self, member: usize) -> Option<Listener> {
        let is_soap = *self.kind == AffinityKind::Soap;
        is_soap.then(|| Listener { sessions: self.clone(), member, heard: Mutex::default() })
    }

    /// How many there are, about.
    pub(super) fn count(&self) -> u64 {
        self.bound.entry_count()
    }
}

/// Learns the id of a session from an answer that goes by.
#[derive(Debug)]
pub(crate) struct Listener {
    sessions: Sessions,
    member: usize,
    heard: Mutex<(Vec<u8>, Looks)>,
}

impl Listener {
    /// Hears a piece of the answer; `false` when it need not hear more.
    pub(crate) fn hear(&self, piece: &[u8]) -> bool {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, looks) = &mut *heard;
        start.extend_from_slice(piece.get(..soap::LIMIT).unwrap_or(piece));
        if !looks.is_due(start.len()) {
            return true;
        }
        match soap::answered(start) {
            Found::More => start.len() < soap::LIMIT,
            Found::Nothing => false,
            Found::Id(id) => {
                self.sessions.bind(id.into(), self.member, Instant::now());
                false
            }
        }
    }
}

/// The cookies of a request.
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim(), value.trim()))
}

/// The first cookie of these names that an answer sets.
fn set_cookie(headers: &HeaderMap, names: &[String]) -> Option<Box<str>> {
    let lines = headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let firsts = lines.filter_map(|line| line.split(';').next()?.split_once('='));
    let mut pairs = firsts.map(|(name, value)| (name.trim(), value.trim()));
    let (name, value) = pairs.find(|(name, _)| names.iter().any(|known| known == name))?;
    Some(format!("{name}={value}").into())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn sessions(change: impl Fn(&mut Affinity)) -> Sessions {
        let mut affinity = Affinity {
            kind: AffinityKind::Cookie(vec!["JSESSIONID".into(), "SID".into()]),
            timeout: Some(Duration::from_secs(60)),
            is_sliding: false,
            when_lost: WhenLost::Rebind,
        };
        change(&mut affinity);
        Sessions::new(&affinity, Duration::from_secs(600))
    }

    fn headers(name: &header::HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn member(sessions: &Sessions, cookie: &'static str, now: Instant) -> Option<usize> {
        sessions.of(&headers(&header::COOKIE, &[cookie]), b"", now).member
    }

    #[test]
    fn the_cookie_that_a_member_sets_leads_back_to_it() {
        let (sessions, now) = (sessions(|_| {}), Instant::now());
        let answer = headers(&header::SET_COOKIE, &["x=1", "SID=abc; Path=/; HttpOnly", "SID=z"]);
        assert_eq!(member(&sessions, "SID=abc", now), None);
        sessions.answered(&Session::default(), 2, &answer, now);
        assert_eq!(member(&sessions, "x=1; SID=abc; y=2", now), Some(2));
        for other in ["SID=z", "SID=", "XSID=abc", "sid=abc", "x=1"] {
            assert_eq!(member(&sessions, other, now), None, "{other}");
        }
    }

    #[test]
    fn a_session_ends_so_long_after_its_beginning_or_its_last_call() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        for (is_sliding, at_the_end) in [(false, None), (true, Some(1))] {
            let sessions = sessions(|affinity| affinity.is_sliding = is_sliding);
            let answer = headers(&header::SET_COOKIE, &["SID=a"]);
            sessions.answered(&Session::default(), 1, &answer, now);
            let later = now + 59 * second;
            let session = sessions.of(&headers(&header::COOKIE, &["SID=a"]), b"", later);
            assert_eq!(session.member, Some(1));
            sessions.answered(&session, 1, &HeaderMap::new(), later);
            assert_eq!(member(&sessions, "SID=a", now + 60 * second), at_the_end);
            assert_eq!(member(&sessions, "SID=a", later + 60 * second), None);
        }
    }

    #[test]
    fn a_session_goes_where_it_was_answered() {
        let (sessions, now) = (sessions(|_| {}), Instant::now());
        let cookie = headers(&header::COOKIE, &["SID=old"]);
        // Known to the client from before a restart of the gateway.
        let session = sessions.of(&cookie, b"", now);
        assert_eq!(session.member, None);
        sessions.answered(&session, 0, &HeaderMap::new(), now);
        assert_eq!(member(&sessions, "SID=old", now), Some(0));
        // Its member was lost.
        let session = sessions.of(&cookie, b"", now);
        sessions.answered(&session, 3, &HeaderMap::new(), now);
        assert_eq!(member(&sessions, "SID=old", now), Some(3));
    }

    #[test]
    fn ids_of_soap_messages() {
        let now = Instant::now();
        let by_client = sessions(|affinity| affinity.kind = AffinityKind::ClientId);
        let envelope = |block: &str| {
            format!(
                "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>{block}\
                 </e:Header><e:Body/></e:Envelope>"
            )
        };
        let client =
            envelope("<c:ClientID xmlns:c='http://ws.apache.org/ns/synapse'>7</c:ClientID>");
        let session = by_client.of(&HeaderMap::new(), client.as_bytes(), now);
        assert_eq!(session.member, None);
        by_client.answered(&session, 1, &HeaderMap::new(), now);
        let session = by_client.of(&HeaderMap::new(), client.as_bytes(), now);
        assert_eq!(session.member, Some(1));
        assert!(by_client.listener(0).is_none());

        let soap = sessions(|affinity| affinity.kind = AffinityKind::Soap);
        let group = "<g:ServiceGroupId xmlns:g='http://ws.apache.org/namespaces/axis2'>urn:1\
                     </g:ServiceGroupId>";
        let answer = envelope(&format!(
            "<a:ReplyTo xmlns:a='http://www.w3.org/2005/08/addressing'><a:ReferenceParameters>\
             {group}</a:ReferenceParameters></a:ReplyTo>"
        ));
        let listener = soap.listener(2).expect("answers are listened to");
        let (one, two) = answer.as_bytes().split_at(90);
        assert!(listener.hear(one));
        assert!(!listener.hear(two));
        let request = envelope(group);
        assert_eq!(soap.of(&HeaderMap::new(), request.as_bytes(), now).member, Some(2));
    }
}
