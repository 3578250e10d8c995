//! What a caller has shown, what an operation wants, and how a caller is refused.

use std::borrow::Cow;

use compiler::plan::{SecurityPlan, TokenKinds};
use http::{HeaderName, HeaderValue};
use model::fault::FaultCode;

/// What answers with status 401 carry; a client may take it as a call for a new token (RFC 6750
/// §3). The text is WSO2's, as its clients look for it.
const CHALLENGE: HeaderValue = HeaderValue::from_static(
    "Bearer realm=\"WSO2 API Manager\", error=\"invalid_token\", error_description=\"The provided token is invalid\"",
);

/// What kind of credential a caller has shown.
///
/// The place for those that are still to come: API keys, basic authentication, client
/// certificates. Each gets a variant here and a module beside [`super::jwt`].
/// Subscriptions are no credential: they are looked up by [`Credential::client_id`] once a token
/// or key is known to be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialKind {
    /// Nothing was asked for: the gateway has no issuer and was told to serve openly.
    Open,
    /// An OAuth 2 access token that is a signed JWT (RFC 9068).
    AccessToken,
}

/// Which stage a credential is for (`keytype`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// The production endpoint.
    Production,
    /// The sandbox endpoint.
    Sandbox,
}

impl KeyType {
    /// The word that is logged.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }
}

/// Whom a token stands for (`aut`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// An application alone.
    Application,
    /// A user.
    ApplicationUser,
}

/// A credential that was found to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What kind it is.
    pub kind: CredentialKind,
    /// The name of its issuer, as `keyManagers` lists have it.
    pub issuer: String,
    /// The subject.
    pub subject: Option<String>,
    /// The client: the consumer key of the application.
    pub client_id: Option<String>,
    /// The name of the application, when the token says it.
    pub application: Option<String>,
    /// The stage it is for.
    pub key_type: KeyType,
    /// Whom it stands for.
    pub bearer: Bearer,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Its audiences.
    pub audiences: Vec<String>,
    /// When it expires, in seconds since 1970.
    pub expires_at: i64,
}

impl Credential {
    /// What stands in when nothing is asked for.
    #[must_use]
    pub fn open() -> Self {
        Self {
            kind: CredentialKind::Open,
            issuer: String::new(),
            subject: None,
            client_id: None,
            application: None,
            key_type: KeyType::Production,
            bearer: Bearer::ApplicationUser,
            scopes: Vec::new(),
            audiences: Vec::new(),
            expires_at: i64::MAX,
        }
    }

    /// Whether this good credential is enough here.
    ///
    /// # Errors
    /// The first thing that is wanting, in the order of spec/03 §6.2.
    pub(crate) fn suffices(&self, wanted: &Wanted<'_>) -> Result<(), Refused> {
        let security = wanted.security;
        if !names_one(&security.key_managers, std::slice::from_ref(&self.issuer)) {
            return Err(Refused::invalid("the API does not take tokens of this issuer"));
        }
        if !names_one(&security.audiences, &self.audiences) {
            let reason = "no audience of the token is one of the API's";
            return Err(Refused::new(FaultCode::AudienceMismatch, reason));
        }
        let fits = match wanted.tokens {
            TokenKinds::Any => true,
            TokenKinds::Application => self.bearer == Bearer::Application,
            TokenKinds::ApplicationUser => self.bearer == Bearer::ApplicationUser,
        };
        if !fits {
            let reason = "the operation takes another kind of token";
            return Err(Refused::new(FaultCode::WrongTokenKind, reason));
        }
        if !wanted.scopes.is_empty() && !shares(wanted.scopes, &self.scopes) {
            let reason = "the token has none of the operation's scopes";
            return Err(Refused::new(FaultCode::ScopeMissing, reason));
        }
        Ok(())
    }
}

/// What an operation wants of its caller.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What the API says.
    pub security: &'a SecurityPlan,
    /// The scopes of the operation; one of them is enough.
    pub scopes: &'a [String],
    /// The kinds of token that the operation takes.
    pub tokens: TokenKinds,
}

/// A caller is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The fault to answer with.
    pub code: FaultCode,
    /// The `description` of the answer.
    pub description: Cow<'static, str>,
    /// The value of `WWW-Authenticate`, where the answer has one.
    pub www_authenticate: Option<HeaderValue>,
    /// Why, for the log alone; it never holds a part of the credential.
    pub reason: Cow<'static, str>,
}

impl Refused {
    /// A refusal with the usual texts of `code`.
    #[must_use]
    pub fn new(code: FaultCode, reason: impl Into<Cow<'static, str>>) -> Self {
        let www_authenticate = (code.status() == 401).then_some(CHALLENGE);
        let description = Cow::Borrowed(code.description());
        Self { code, description, www_authenticate, reason: reason.into() }
    }

    /// 900901: the credential is not good.
    #[must_use]
    pub fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        let mut refused = Self::new(FaultCode::InvalidCredentials, reason);
        let text =
            "Invalid Credentials. Make sure you have provided the correct security credentials";
        refused.description = Cow::Borrowed(text);
        refused
    }

    /// 900902: there is no credential in `header`.
    #[must_use]
    pub fn missing(header: &HeaderName, reason: impl Into<Cow<'static, str>>) -> Self {
        let mut refused = Self::new(FaultCode::MissingCredentials, reason);
        let name = display(header);
        refused.description = Cow::Owned(format!(
            "Invalid Credentials. Make sure your API invocation call has a header: '{name} : Bearer ACCESS_TOKEN'"
        ));
        refused
    }
}

/// Whether `accepted` has one of `shown`. An empty list, or one with `all`, takes anything.
fn names_one(accepted: &[String], shown: &[String]) -> bool {
    accepted.is_empty() || accepted.iter().any(|one| one == "all") || shares(accepted, shown)
}

fn shares(left: &[String], right: &[String]) -> bool {
    left.iter().any(|one| right.contains(one))
}

/// The name of a header in the usual capitals.
fn display(header: &HeaderName) -> String {
    let mut at_start = true;
    let capital = |letter: char| {
        let shown = if at_start { letter.to_ascii_uppercase() } else { letter };
        at_start = letter == '-';
        shown
    };
    header.as_str().chars().map(capital).collect()
}
