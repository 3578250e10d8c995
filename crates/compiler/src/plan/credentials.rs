//! What an endpoint is shown, so that it answers (spec/03 §4).

use std::time::Duration;

use http::HeaderName;
use model::secret::Secret;

use super::AwsPlan;

/// How the gateway shows an endpoint who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// `Basic` (RFC 7617).
    Basic(Account),
    /// `Digest` (RFC 7616).
    Digest(Account),
    /// A token from an authorization server (RFC 6749, RFC 6750).
    OAuth(Box<OAuthPlan>),
    /// A key in a header.
    HeaderKey {
        /// The name of the header.
        name: HeaderName,
        /// The key.
        key: Secret,
    },
    /// A key in the query.
    QueryKey {
        /// The name of the parameter, as its author wrote it.
        name: String,
        /// The key.
        key: Secret,
    },
    /// A signature for an account of AWS (Signature Version 4).
    Aws(Box<AwsPlan>),
}

impl Credentials {
    /// Whether a call may have to be made once more, because what is shown was not accepted.
    #[must_use]
    pub fn may_be_refused(&self) -> bool {
        matches!(self, Self::Digest(_) | Self::OAuth(_))
    }

    /// Whether the token of the caller is exchanged.
    #[must_use]
    pub fn exchanges_tokens(&self) -> bool {
        matches!(self, Self::OAuth(plan) if matches!(plan.grant, Grant::Exchange { .. }))
    }
}

/// A user and what it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// How a token is had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthPlan {
    /// Where; an absolute http or https URL without a fragment.
    pub token_url: String,
    /// On what grounds.
    pub grant: Grant,
    /// For whom.
    pub client: TokenClient,
    /// Further parameters of the request, not yet encoded: `customParameters`, and then scope,
    /// audience and resource where they are said.
    pub parameters: Vec<(String, Secret)>,
    /// The way to the authorization server.
    pub network: TokenNetwork,
}

/// On what grounds a token is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// `client_credentials`.
    ClientCredentials,
    /// `password`.
    Password(Account),
    /// The caller's token is exchanged for another (RFC 8693).
    Exchange {
        /// `subject_token_type`.
        subject_token_type: String,
        /// `requested_token_type`.
        requested_token_type: Option<String>,
    },
}

/// Who asks for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClient {
    /// `client_id`.
    pub id: String,
    /// How the client proves that it is the one.
    pub proof: ClientProof,
}

/// How a client authenticates at an authorization server (RFC 6749 §2.3, RFC 7523, RFC 8705).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientProof {
    /// `client_secret_basic`: in the `Authorization` header.
    Basic(Secret),
    /// `client_secret_post`: in the body.
    Body(Secret),
    /// `client_secret_jwt`: a statement signed with the secret.
    SecretJwt {
        /// The secret.
        secret: Secret,
        /// `HS256`, `HS384` or `HS512`.
        algorithm: SigningAlgorithm,
    },
    /// `private_key_jwt`: a statement signed with a private key.
    KeyJwt {
        /// The key, PEM.
        key: Secret,
        /// `kid` of the statement.
        key_id: Option<String>,
        /// Any but those with a shared secret.
        algorithm: SigningAlgorithm,
    },
    /// `tls_client_auth`: the certificate that is shown to the authorization server.
    Certificate,
}

/// Algorithms of signed statements (RFC 7518 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
}

impl SigningAlgorithm {
    /// Every algorithm with its name.
    pub const ALL: [(&'static str, Self); 11] = [
        ("HS256", Self::Hs256),
        ("HS384", Self::Hs384),
        ("HS512", Self::Hs512),
        ("RS256", Self::Rs256),
        ("RS384", Self::Rs384),
        ("RS512", Self::Rs512),
        ("PS256", Self::Ps256),
        ("PS384", Self::Ps384),
        ("PS512", Self::Ps512),
        ("ES256", Self::Es256),
        ("ES384", Self::Es384),
    ];

    /// Whether both sides share the key.
    #[must_use]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

/// The way to an authorization server; what is not said is as the gateway's configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenNetwork {
    /// How long connecting may take (`connectionTimeoutDuration`).
    pub connect: Option<Duration>,
    /// How long to wait for a turn, where connections are limited
    /// (`connectionRequestTimeoutDuration`).
    pub turn: Option<Duration>,
    /// How long the answer may take (`socketTimeoutDuration`).
    pub answer: Option<Duration>,
    /// The proxy on the way.
    pub proxy: TokenProxy,
}

/// Which proxy is on the way to an authorization server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TokenProxy {
    /// The one of the gateway's configuration, if there is any.
    #[default]
    Global,
    /// None.
    None,
    /// One for this endpoint alone.
    Own {
        /// Its name or address, without brackets.
        host: String,
        /// Its port.
        port: u16,
        /// What it wants to be shown.
        account: Option<Account>,
    },
}
