//! An issuer of tokens: its keys, and what its claims mean.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use model::diagnostic::{Diagnostics, Place};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::keys::{self, Key, Verdict};
use super::token::{Claims, Token};
use crate::admit::credential::{Bearer, Credential, CredentialKind, KeyType};
use crate::config::JwtIssuer;
use crate::fetch::Fetcher;

/// Keys are fetched anew in the background when they are older; so a key that its publisher took
/// back is forgotten.
const KEYS_GROW_OLD: Duration = Duration::from_secs(600);
/// How long to wait after a failed fetch; the configured time if that is shorter.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How a token fares with its issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// The issuer signed it.
    Valid,
    /// The issuer did not; the text says why.
    Invalid(&'static str),
    /// The issuer's keys could not be had.
    NoKeys,
}

/// One configured issuer.
#[derive(Debug)]
pub(super) struct Issuer {
    name: String,
    client_claim: Option<String>,
    scopes_claim: String,
    fixed: Vec<Key>,
    published: Option<Arc<Published>>,
}

impl Issuer {
    /// Reads the certificate file. `None`, and an error among the diagnostics, when no key can
    /// ever be had. `now` is in seconds since 1970.
    pub(super) fn new(
        settings: &JwtIssuer,
        fetcher: &Fetcher,
        now: i64,
        place: &Place,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let fixed = read_certificate(settings, now, diagnostics);
        let published = read_url(settings, fetcher, place, diagnostics);
        if settings.jwks_url.is_none() && settings.certificate.is_none() {
            diagnostics.error(
                "ADM002",
                place.clone(),
                format!(
                    "The issuer {:?} has neither a JWKS URL nor a certificate.",
                    settings.issuer
                ),
                "Set `jwks.url`, or `certificate` to a PEM file.",
            );
        }
        if fixed.is_none() && published.is_none() {
            return None;
        }
        Some(Self {
            name: settings.name.clone(),
            client_claim: settings.consumer_key_claim.clone(),
            scopes_claim: settings.scopes_claim.clone(),
            fixed: fixed.into_iter().collect(),
            published: published.map(Arc::new),
        })
    }

    /// Fetches the published keys.
    pub(super) async fn warm_up(&self) {
        if let Some(published) = &self.published {
            published.renew(None).await;
        }
    }

    /// Whether this issuer signed the token.
    pub(super) async fn check(&self, token: &Token<'_>) -> Check {
        if keys::verify(&self.fixed, token) == Verdict::Verified {
            return Check::Valid;
        }
        match &self.published {
            Some(published) => published.check(token).await,
            None => Check::Invalid("the issuer's certificate does not verify the signature"),
        }
    }

    /// What a token of this issuer grants.
    pub(super) fn credential(&self, token: &Token<'_>, expires_at: i64) -> Credential {
        let claims = &token.claims;
        let subject = claims.text("sub").map(str::to_owned);
        let client_id = self.client_of(claims);
        Credential {
            kind: CredentialKind::AccessToken,
            issuer: self.name.clone(),
            application: claims.inner("application", "name").map(str::to_owned),
            key_type: key_type(claims),
            bearer: bearer(claims, subject.as_deref(), client_id.as_deref()),
            scopes: claims.words(&self.scopes_claim),
            audiences: claims.list("aud"),
            subject,
            client_id,
            expires_at,
        }
    }

    fn client_of(&self, claims: &Claims) -> Option<String> {
        let found = match &self.client_claim {
            Some(name) => claims.text(name),
            None => ["azp", "client_id", "consumerKey"].iter().find_map(|name| claims.text(name)),
        };
        found.map(str::to_owned)
    }
}

fn key_type(claims: &Claims) -> KeyType {
    let is_sandbox =
        claims.text("keytype").is_some_and(|kind| kind.eq_ignore_ascii_case("sandbox"));
    if is_sandbox { KeyType::Sandbox } else { KeyType::Production }
}

/// `aut` where the token has it. Otherwise a token without a subject, or whose subject is its own
/// client, stands for an application (RFC 9068 §2.2).
fn bearer(claims: &Claims, subject: Option<&str>, client: Option<&str>) -> Bearer {
    let is_application = match claims.text("aut") {
        Some(kind) => kind.eq_ignore_ascii_case("application"),
        None => subject.is_none() || subject == client,
    };
    if is_application { Bearer::Application } else { Bearer::ApplicationUser }
}

fn read_certificate(settings: &JwtIssuer, now: i64, diagnostics: &mut Diagnostics) -> Option<Key> {
    let file = settings.certificate.as_ref()?;
    let place = Place::file(file.display().to_string());
    let read = std::fs::read(file).map_err(|error| format!("it cannot be read ({error})"));
    let key = read.and_then(|bytes| keys::from_pem(&bytes).map_err(str::to_owned));
    match key {
        Ok((key, end)) => {
            if end.is_some_and(|end| end < now) {
                diagnostics.warning(
                    "ADM003",
                    place,
                    format!("The certificate of the issuer {:?} has expired.", settings.issuer),
                    "Give its new certificate; tokens are still verified with the old key.",
                );
            }
            Some(key)
        }
        Err(problem) => {
            diagnostics.error(
                "ADM004",
                place,
                format!(
                    "The certificate of the issuer {:?} is of no use: {problem}.",
                    settings.issuer
                ),
                "Give a PEM file with BEGIN CERTIFICATE or BEGIN PUBLIC KEY.",
            );
            None
        }
    }
}

fn read_url(
    settings: &JwtIssuer,
    fetcher: &Fetcher,
    place: &Place,
    diagnostics: &mut Diagnostics,
) -> Option<Published> {
    let text = settings.jwks_url.as_ref()?;
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    let Some(url) = url else {
        diagnostics.error(
            "ADM005",
            place.clone(),
            format!(
                "The JWKS URL {text:?} of the issuer {:?} is not an http or https URL.",
                settings.issuer
            ),
            "Give an absolute URL, such as https://idp.example.com/oauth2/jwks.",
        );
        return None;
    };
    Some(Published {
        url,
        pause: settings.jwks_refresh,
        fetcher: fetcher.clone(),
        current: ArcSwapOption::empty(),
        last: Mutex::new(None),
    })
}

/// The keys that an issuer publishes. One fetch at a time; what was had last stays in use when a
/// fetch fails.
#[derive(Debug)]
struct Published {
    url: Url,
    pause: Duration,
    fetcher: Fetcher,
    current: ArcSwapOption<KeySet>,
    last: Mutex<Option<Attempt>>,
}

#[derive(Debug)]
struct KeySet {
    keys: Vec<Key>,
    fetched: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    ended: Instant,
    worked: bool,
}

impl Published {
    async fn check(self: &Arc<Self>, token: &Token<'_>) -> Check {
        let had = self.current.load_full();
        let verdict = had.as_ref().map(|set| keys::verify(&set.keys, token));
        if had.as_ref().is_some_and(|set| set.fetched.elapsed() > KEYS_GROW_OLD) {
            self.renew_in_background(had.clone());
        }
        let verdict = match verdict {
            Some(Verdict::NoSuchKey) | None => {
                self.renew(had).await;
                self.current.load_full().map(|set| keys::verify(&set.keys, token))
            }
            judged => judged,
        };
        match verdict {
            Some(Verdict::Verified) => Check::Valid,
            Some(Verdict::Forged) => Check::Invalid("the signature does not verify"),
            Some(Verdict::NoSuchKey) => {
                Check::Invalid("the issuer publishes no key that verifies the signature")
            }
            None => Check::NoKeys,
        }
    }

    /// Fetches the keys, unless that was done a moment ago or somebody else has done it since the
    /// caller looked at `had`. It goes on to its end even when the caller is dropped.
    async fn renew(self: &Arc<Self>, had: Option<Arc<KeySet>>) {
        if self.is_too_soon() {
            return;
        }
        let this = Arc::clone(self);
        let task = tokio::spawn(async move { this.renew_once(had.as_ref()).await });
        if let Err(error) = task.await {
            tracing::error!(%error, "The fetch of the keys of a token issuer broke off.");
        }
    }

    fn renew_in_background(self: &Arc<Self>, had: Option<Arc<KeySet>>) {
        if !self.is_too_soon() {
            let this = Arc::clone(self);
            tokio::spawn(async move { this.renew_once(had.as_ref()).await });
        }
    }

    /// Whether the last attempt is too young for another; not, when one is under way.
    fn is_too_soon(&self) -> bool {
        self.last.try_lock().is_ok_and(|last| self.must_wait(*last))
    }

    fn must_wait(&self, last: Option<Attempt>) -> bool {
        last.is_some_and(|last| {
            let pause = if last.worked { self.pause } else { self.pause.min(PAUSE_AFTER_FAILURE) };
            last.ended.elapsed() < pause
        })
    }

    async fn renew_once(&self, had: Option<&Arc<KeySet>>) {
        let mut last = self.last.lock().await;
        let current = self.current.load_full();
        let was_renewed = match (&current, had) {
            (Some(current), Some(had)) => !Arc::ptr_eq(current, had),
            (current, had) => current.is_some() != had.is_some(),
        };
        if was_renewed || self.must_wait(*last) {
            return;
        }
        let outcome = self.fetch().await;
        *last = Some(Attempt { ended: Instant::now(), worked: outcome.is_ok() });
        match outcome {
            Ok(keys) => {
                tracing::debug!(url = %self.url, count = keys.len(), "Fetched the keys of a token issuer.");
                self.current.store(Some(Arc::new(KeySet { keys, fetched: Instant::now() })));
            }
            Err(problem) => {
                let kept = current.is_some();
                tracing::warn!(url = %self.url, problem, kept, "Cannot fetch the keys of a token issuer.");
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<Key>, String> {
        let answer = self.fetcher.get(&self.url).await.map_err(|error| error.to_string())?;
        if answer.status != http::StatusCode::OK {
            return Err(format!("the answer has status {}", answer.status));
        }
        let keys = keys::from_jwks(&answer.body);
        keys.map_err(|problem| format!("the answer is of no use: {problem}"))
    }
}
