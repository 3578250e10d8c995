//! Access tokens that are signed JWTs (RFC 9068, spec/03 §6.2).
//!
//! What a token says of itself is judged once and remembered under its hash; what an API asks of
//! it is looked at in each request.
//! Deliberately absent: opaque tokens (no call to a key manager), encrypted tokens, and lists of
//! revoked tokens. Tokens are never logged.

mod issuer;
mod keys;
#[cfg(test)]
mod tests;
mod token;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use http::{HeaderName, HeaderValue};
use model::diagnostic::{Diagnostics, Place};
use model::fault::FaultCode;
use moka::sync::Cache;

use self::issuer::{Check, Issuer};
use self::token::Token;
use super::credential::{Credential, Refused, Wanted};
use crate::clock::Clock;
use crate::config::{Admission, JwtIssuer};
use crate::fetch::Fetcher;

/// How long a bad token is remembered, in seconds. Short, since keys may be published late.
const REMEMBER_REFUSED: i64 = 10;
/// How many bad tokens are remembered.
const REFUSED_ENTRIES: u64 = 10_000;
/// Longer than any sensible cache time, and short enough for the cache.
const LONGEST_CACHE_TIME: Duration = Duration::from_secs(365 * 86_400);

type Fingerprint = [u8; 32];

/// Judges access tokens.
#[derive(Debug)]
pub struct Admitter {
    issuers: HashMap<String, Arc<Issuer>>,
    header: HeaderName,
    skew: i64,
    cache_time: i64,
    good: Cache<Fingerprint, Remembered<Arc<Credential>>>,
    bad: Cache<Fingerprint, Remembered<Refused>>,
    /// What everybody gets when no credential is asked for.
    open: Option<Arc<Credential>>,
    clock: Clock,
}

#[derive(Debug, Clone)]
struct Remembered<T> {
    what: T,
    until: i64,
}

impl Admitter {
    /// Reads the issuers. An issuer that cannot be used is left out, with an error among the
    /// diagnostics; the caller decides whether to start all the same.
    #[must_use]
    pub fn new(settings: &Admission, fetcher: &Fetcher, clock: Clock) -> (Self, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let mut issuers = HashMap::new();
        for (index, settings) in settings.issuers.iter().enumerate() {
            let place = Place::pointer("configuration", format!("/apim/jwt/issuer/{index}"));
            let now = clock.unix_seconds();
            add_issuer(&mut issuers, settings, fetcher, now, &place, &mut diagnostics);
        }
        let is_open = settings.issuers.is_empty() && settings.allow_unauthenticated;
        let cache_time = settings.cache_time.min(LONGEST_CACHE_TIME);
        let remember = |entries, time| Cache::builder().max_capacity(entries).time_to_live(time);
        let bad_time = Duration::from_secs(REMEMBER_REFUSED.unsigned_abs());
        let admitter = Self {
            issuers,
            header: settings.authorization_header.clone(),
            skew: seconds(settings.clock_skew),
            cache_time: seconds(cache_time),
            good: remember(settings.cache_entries, cache_time).build(),
            bad: Cache::builder().max_capacity(REFUSED_ENTRIES).time_to_live(bad_time).build(),
            open: is_open.then(|| Arc::new(Credential::open())),
            clock,
        };
        (admitter, diagnostics)
    }

    /// Fetches the keys of all issuers, so that the first caller need not wait for them.
    /// Failures are logged; the keys are then fetched when they are needed.
    pub async fn warm_up(&self) {
        for issuer in self.issuers.values() {
            issuer.warm_up().await;
        }
    }

    /// The header that carries the token for this API.
    #[must_use]
    pub fn header_for<'a>(&'a self, wanted: &Wanted<'a>) -> &'a HeaderName {
        wanted.security.authorization_header.as_ref().unwrap_or(&self.header)
    }

    /// The answer for a token that was judged before, or that needs no judging; `None` when
    /// [`Admitter::admit`] has to be asked. `header` is the value of
    /// [`Admitter::header_for`].
    #[must_use]
    pub fn check_cached(
        &self,
        header: Option<&HeaderValue>,
        wanted: &Wanted<'_>,
    ) -> Option<Result<Arc<Credential>, Refused>> {
        if let Some(open) = &self.open {
            return Some(Ok(Arc::clone(open)));
        }
        match self.bearer(header, wanted) {
            Err(refused) => Some(Err(refused)),
            Ok(token) => self.recall(&fingerprint(token), wanted),
        }
    }

    /// Judges the token in `header`; this may fetch the keys of its issuer.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order of spec/03 §6.2.
    pub async fn admit(
        &self,
        header: Option<&HeaderValue>,
        wanted: &Wanted<'_>,
    ) -> Result<Arc<Credential>, Refused> {
        if let Some(open) = &self.open {
            return Ok(Arc::clone(open));
        }
        let text = self.bearer(header, wanted)?;
        let fingerprint = fingerprint(text);
        if let Some(known) = self.recall(&fingerprint, wanted) {
            return known;
        }
        let credential = self.judge(text, fingerprint).await?;
        credential.suffices(wanted)?;
        Ok(credential)
    }

    fn bearer<'h>(
        &self,
        header: Option<&'h HeaderValue>,
        wanted: &Wanted<'_>,
    ) -> Result<&'h str, Refused> {
        let missing = |reason| Refused::missing(self.header_for(wanted), reason);
        if self.issuers.is_empty() {
            return Err(missing("no token issuer is configured; add one as [[apim.jwt.issuer]]"));
        }
        let value = header.ok_or_else(|| missing("the request has no token"))?;
        let text = value.to_str().map_err(|_| missing("the header is not plain text"))?;
        let (scheme, token) = text.trim().split_once(' ').unwrap_or((text, ""));
        let token = token.trim_start();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Err(missing("the header is not of the form 'Bearer TOKEN'"));
        }
        Ok(token)
    }

    fn recall(
        &self,
        fingerprint: &Fingerprint,
        wanted: &Wanted<'_>,
    ) -> Option<Result<Arc<Credential>, Refused>> {
        let now = self.clock.unix_seconds();
        if let Some(good) = self.good.get(fingerprint).filter(|good| now < good.until) {
            return Some(good.what.suffices(wanted).map(|()| good.what));
        }
        let bad = self.bad.get(fingerprint).filter(|bad| now < bad.until)?;
        Some(Err(bad.what))
    }

    /// Judges what the token says of itself, and remembers the outcome.
    async fn judge(
        &self,
        text: &str,
        fingerprint: Fingerprint,
    ) -> Result<Arc<Credential>, Refused> {
        let token = Token::parse(text).map_err(Refused::invalid)?;
        let issuer = self.issuer_of(&token)?;
        let outcome = match issuer.check(&token).await {
            Check::Valid => self.dated(&token, issuer),
            Check::Invalid(reason) => Err(Refused::invalid(reason)),
            Check::NoKeys => {
                let reason = "the keys of the token's issuer could not be had";
                return Err(Refused::new(FaultCode::Unclassified, reason));
            }
        };
        self.remember(fingerprint, &outcome);
        outcome
    }

    fn issuer_of(&self, token: &Token<'_>) -> Result<&Arc<Issuer>, Refused> {
        let name = token.claims.text("iss");
        name.and_then(|name| self.issuers.get(name)).ok_or_else(|| {
            let reason = match name {
                None => "the token names no issuer",
                Some(_) => "the token's issuer is not configured as [[apim.jwt.issuer]]",
            };
            Refused::new(FaultCode::Unclassified, reason)
        })
    }

    /// The dates of a token whose signature is good, and what it grants.
    fn dated(&self, token: &Token<'_>, issuer: &Issuer) -> Result<Arc<Credential>, Refused> {
        let now = self.clock.unix_seconds();
        let Some(expires_at) = token.claims.date("exp") else {
            return Err(Refused::invalid("the token does not say when it expires"));
        };
        if now >= expires_at.saturating_add(self.skew) {
            return Err(Refused::invalid("the token has expired"));
        }
        let begins_late = |start: i64| now.saturating_add(self.skew) < start;
        if token.claims.has("nbf") && token.claims.date("nbf").is_none_or(begins_late) {
            return Err(Refused::invalid("the token is not valid yet"));
        }
        Ok(Arc::new(issuer.credential(token, expires_at)))
    }

    fn remember(&self, fingerprint: Fingerprint, outcome: &Result<Arc<Credential>, Refused>) {
        let now = self.clock.unix_seconds();
        match outcome {
            Ok(credential) => {
                let expiry = credential.expires_at.saturating_add(self.skew);
                let until = expiry.min(now.saturating_add(self.cache_time));
                self.good.insert(fingerprint, Remembered { what: Arc::clone(credential), until });
            }
            Err(refused) => {
                let until = now + REMEMBER_REFUSED;
                self.bad.insert(fingerprint, Remembered { what: refused.clone(), until });
            }
        }
    }
}

fn add_issuer(
    issuers: &mut HashMap<String, Arc<Issuer>>,
    settings: &JwtIssuer,
    fetcher: &Fetcher,
    now: i64,
    place: &Place,
    diagnostics: &mut Diagnostics,
) {
    if issuers.contains_key(&settings.issuer) {
        diagnostics.error(
            "ADM001",
            place.clone(),
            format!("The issuer {:?} is configured twice.", settings.issuer),
            "Keep one entry; it may have both a JWKS URL and a certificate.",
        );
        return;
    }
    if let Some(issuer) = Issuer::new(settings, fetcher, now, place, diagnostics) {
        issuers.insert(settings.issuer.clone(), Arc::new(issuer));
    }
}

fn fingerprint(token: &str) -> Fingerprint {
    let hash = digest::digest(&digest::SHA256, token.as_bytes());
    hash.as_ref().try_into().expect("SHA-256 is 32 bytes long")
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
