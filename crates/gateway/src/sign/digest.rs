//! Digest (RFC 7616, and servers of RFC 2617 and 2069): what a user shows an upstream.
//!
//! The first request to an upstream is answered with 401 and a challenge, and sent again with a
//! proof. The challenge is kept: later requests show their proof at once, each with its own count,
//! until the upstream wants another nonce. Nothing is sent from here.
//!
//! Reading the kept challenges takes no lock: a list of them is replaced whole when an upstream
//! comes up with a new realm, and a new nonce of a known realm replaces the old one in place.
//!
//! Deliberately absent:
//! * `rspauth`, by which an upstream shows that it knows the password too: whom we talk to is what
//!   TLS is for.
//! * `Authentication-Info` in trailers, which come too late for anybody to wait for.
//! * Normalising names and passwords (NFC, RFC 8265): they are hashed as UTF-8, as they are
//!   written.
//! * Any other encoding than UTF-8.

pub mod challenge;
pub mod hash;
pub mod scan;
pub mod session;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderName};
use model::secret::Secret;
use tokio::time::Instant;

use self::challenge::{Challenge, Unusable};
use self::session::{Place, Spaces, covers};
pub use self::session::{Proof, Session};

/// Realms that are kept; the one that was used longest ago gives way.
const MOST: usize = 128;
/// How long a nonce is kept without being used. By then, hardly any upstream still takes it.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// How much of a path is remembered of those that an upstream asked for, in bytes.
const LONGEST_FOLDER: usize = 256;
/// Longer nonces are not taken from `nextnonce`.
const LONGEST_NONCE: usize = 4096;

const AUTHENTICATION_INFO: HeaderName = HeaderName::from_static("authentication-info");

/// One user at the upstreams of one endpoint.
pub struct Digest {
    username: Box<str>,
    password: Secret,
    started: Instant,
    realms: ArcSwap<Vec<Arc<Realm>>>,
    /// Held while the list of realms is replaced; never by a request that has a proof.
    turn: Mutex<()>,
}

/// One realm, with its newest nonce.
#[derive(Debug)]
struct Realm {
    place: Arc<Place>,
    session: ArcSwap<Session>,
    /// When it was last used, in milliseconds after the start.
    used: AtomicU64,
}

/// What a 401 means.
#[derive(Debug)]
pub enum Verdict {
    /// The request may be sent again, with a proof made from this session.
    Again(Arc<Session>),
    /// The proof was refused, and sending another one will not help: it was made from a nonce that
    /// nobody had used before and that had just come, so name or password are wrong.
    Refused,
    /// There is nothing to prove: the 401 is not about Digest, or cannot be met.
    NoChallenge(Unusable),
}

impl Digest {
    /// A user who has not been challenged yet.
    #[must_use]
    pub fn new(username: &str, password: &Secret) -> Self {
        Self {
            username: username.into(),
            password: password.clone(),
            started: Instant::now(),
            realms: ArcSwap::default(),
            turn: Mutex::new(()),
        }
    }

    /// The session for a request to this origin (`https://host:port`) and path, if an upstream has
    /// challenged there: the one whose `domain` fits the path best; else the one that was used
    /// last.
    #[must_use]
    pub fn session(&self, origin: &str, path: &str) -> Option<Arc<Session>> {
        let now = self.now();
        let path = path.split('?').next().unwrap_or_default();
        let realms = self.realms.load();
        let mut best: Option<(&Realm, (Option<usize>, u64))> = None;
        for realm in realms.iter().filter(|realm| &*realm.place.origin == origin) {
            let used = realm.used.load(Ordering::Relaxed);
            let rank = (realm.session.load().spaces.fit(path), used);
            let is_better = best.as_ref().is_none_or(|(_, best)| rank >= *best);
            if is_better && !is_idle(used, now) {
                best = Some((realm, rank));
            }
        }
        let (realm, (_, used)) = best?;
        if used != now {
            realm.used.store(now, Ordering::Relaxed);
        }
        Some(realm.session.load_full())
    }

    /// Reads a 401 to a request to this origin and path, which has shown `used`, if anything.
    ///
    /// A challenge is kept whatever the verdict. The caller sends a request again once at most,
    /// since upstreams may go on challenging for ever.
    #[must_use]
    pub fn challenged(
        &self,
        origin: &str,
        path: &str,
        answer: &HeaderMap,
        used: Option<&Proof>,
    ) -> Verdict {
        let challenge = match Challenge::strongest(answer) {
            Ok(challenge) => challenge,
            Err(reason) => return Verdict::NoChallenge(reason),
        };
        let is_stale = challenge.is_stale;
        let (session, before) = self.keep(origin, path, challenge);
        let is_refused = used.is_some_and(|proof| {
            let is_newest = before.is_some_and(|before| Arc::ptr_eq(&before, &proof.session));
            proof.is_fresh && is_newest && !is_stale
        });
        if is_refused { Verdict::Refused } else { Verdict::Again(session) }
    }

    /// Reads an answer to a request that was accepted: the upstream may name the nonce that it
    /// wants next (RFC 7616 §3.5).
    pub fn answered(&self, proof: &Proof, answer: &HeaderMap) {
        let Some(line) = answer.get(AUTHENTICATION_INFO) else { return };
        if line.len() > 2 * LONGEST_NONCE {
            return;
        }
        let parameters = scan::parameters(line.as_bytes());
        let next = scan::value(&parameters, "nextnonce");
        let is_new =
            |nonce: &&[u8]| *nonce != proof.session.nonce() && nonce.len() <= LONGEST_NONCE;
        let Some(nonce) = next.filter(is_new) else { return };
        let realms = self.realms.load();
        let Some(realm) = find(&realms, &proof.session.place) else { return };
        // Of several answers to one nonce, the first decides. Those to an older one do not.
        if Arc::ptr_eq(&realm.session.load(), &proof.session) {
            let session = Arc::new(proof.session.next(nonce, &self.username));
            realm.session.compare_and_swap(&proof.session, session);
        }
    }

    /// Begins a session and makes it the newest of its realm; gives it with the one before it,
    /// which is the same where the challenge has not changed.
    fn keep(
        &self,
        origin: &str,
        path: &str,
        challenge: Challenge,
    ) -> (Arc<Session>, Option<Arc<Session>>) {
        let place = Place { origin: origin.into(), realm: challenge.realm.clone() };
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let realms = self.realms.load();
        let known = find(&realms, &place);
        let before = known.map(|realm| realm.session.load_full());
        if let Some(same) = before.as_ref().filter(|before| before.is_of(&challenge)) {
            return (Arc::clone(same), before);
        }
        let place = known.map_or_else(|| Arc::new(place), |realm| Arc::clone(&realm.place));
        let spaces = spaces(&challenge, origin, path, before.as_deref());
        let account = (&*self.username, self.password.expose());
        let session = Session::begin(challenge, Arc::clone(&place), spaces, account);
        let session = Arc::new(session);
        let now = self.now();
        if let Some(realm) = known {
            realm.session.store(Arc::clone(&session));
            realm.used.store(now, Ordering::Relaxed);
        } else {
            let realm = Realm {
                place,
                session: ArcSwap::new(Arc::clone(&session)),
                used: AtomicU64::new(now),
            };
            self.realms.store(Arc::new(with(&realms, realm, now)));
        }
        (session, before)
    }

    /// Milliseconds since the start.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("username", &self.username).finish_non_exhaustive()
    }
}

fn is_idle(used: u64, now: u64) -> bool {
    u128::from(now.saturating_sub(used)) > IDLE.as_millis()
}

fn find<'a>(realms: &'a [Arc<Realm>], place: &Place) -> Option<&'a Arc<Realm>> {
    realms.iter().find(|realm| *realm.place == *place)
}

/// The list with one more realm, without those that nobody uses and those that are too many.
fn with(realms: &[Arc<Realm>], realm: Realm, now: u64) -> Vec<Arc<Realm>> {
    let used = |realm: &Arc<Realm>| realm.used.load(Ordering::Relaxed);
    let is_kept = |realm: &&Arc<Realm>| !is_idle(used(realm), now);
    let mut kept: Vec<_> = realms.iter().filter(is_kept).cloned().collect();
    while kept.len() >= MOST {
        let oldest = (0..kept.len()).min_by_key(|index| kept.get(*index).map(used));
        kept.remove(oldest.unwrap_or_default());
    }
    kept.push(Arc::new(realm));
    kept
}

/// Where a challenge holds: where it says so itself, else in the folder that all paths are in for
/// which its realm has come up.
fn spaces(challenge: &Challenge, origin: &str, path: &str, before: Option<&Session>) -> Spaces {
    let told = challenge.spaces(origin);
    if !told.is_empty() {
        return Spaces::Told(told.into());
    }
    let path = path.split('?').next().unwrap_or_default();
    let path = path.get(..path.floor_char_boundary(LONGEST_FOLDER)).unwrap_or_default();
    let mut folder = match before.map(|session| &session.spaces) {
        Some(Spaces::Met(folder)) => folder,
        Some(Spaces::Told(_)) | None => path,
    };
    loop {
        folder = folder.rfind('/').and_then(|slash| folder.get(..=slash)).unwrap_or_default();
        if covers(folder, path) {
            return Spaces::Met(folder.into());
        }
        folder = folder.strip_suffix('/').unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
