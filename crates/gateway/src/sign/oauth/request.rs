//! The request for a token: its grant, its parameters, and how the client proves who it is.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use compiler::plan::{ClientProof, Grant, OAuthPlan, SigningAlgorithm};
use http::{HeaderMap, HeaderValue, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::secret::Secret;
use serde::Serialize;
use url::form_urlencoded::Serializer;

use super::failure::{TokenFailure, TokenOutcome};
use crate::clock::Clock;

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long a signed statement holds, in seconds.
const STATEMENT_LIFE: i64 = 60;

/// What a token is asked for with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ground<'a> {
    /// The grant of the plan.
    Grant,
    /// A refresh token.
    Refresh(&'a Secret),
    /// The token of a caller, which is exchanged.
    Subject(&'a Secret),
}

/// What a client says of itself in a signed statement (RFC 7523 §3).
#[derive(Serialize)]
struct Statement<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

/// Headers and body of the request.
pub(super) fn build(
    plan: &OAuthPlan,
    ground: Ground<'_>,
    clock: &Clock,
) -> Result<(HeaderMap, Bytes), TokenFailure> {
    let mut form = Serializer::new(String::new());
    match (ground, &plan.grant) {
        (Ground::Refresh(token), _) => {
            form.append_pair("grant_type", "refresh_token");
            form.append_pair("refresh_token", token.expose());
        }
        (_, Grant::ClientCredentials) => {
            form.append_pair("grant_type", "client_credentials");
        }
        (_, Grant::Password(account)) => {
            form.append_pair("grant_type", "password");
            form.append_pair("username", &account.username);
            form.append_pair("password", account.password.expose());
        }
        (Ground::Subject(token), Grant::Exchange { subject_token_type, requested_token_type }) => {
            form.append_pair("grant_type", EXCHANGE);
            form.append_pair("subject_token", token.expose());
            form.append_pair("subject_token_type", subject_token_type);
            if let Some(kind) = requested_token_type {
                form.append_pair("requested_token_type", kind);
            }
        }
        (Ground::Grant, Grant::Exchange { .. }) => {
            let detail = "The caller has shown no token that could be exchanged";
            return Err(TokenFailure::new(TokenOutcome::Unasked, detail));
        }
    }
    for (name, value) in &plan.parameters {
        form.append_pair(name, value.expose());
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, FORM);
    headers.insert(header::ACCEPT, JSON);
    prove(plan, &mut form, &mut headers, clock)?;
    Ok((headers, form.finish().into()))
}

fn prove(
    plan: &OAuthPlan,
    form: &mut Serializer<'_, String>,
    headers: &mut HeaderMap,
    clock: &Clock,
) -> Result<(), TokenFailure> {
    let id = plan.client.id.as_str();
    match &plan.client.proof {
        ClientProof::Basic(secret) => {
            // As WSO2 sends them: id and secret are not encoded as a form first.
            let encoded = BASE64_STANDARD.encode(format!("{id}:{}", secret.expose()));
            let mut value = HeaderValue::try_from(format!("Basic {encoded}"))
                .map_err(|_| unasked("the client cannot be named in a header"))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        ClientProof::Body(secret) => {
            form.append_pair("client_id", id);
            form.append_pair("client_secret", secret.expose());
        }
        ClientProof::Certificate => {
            form.append_pair("client_id", id);
        }
        ClientProof::SecretJwt { secret, algorithm } => {
            let key = EncodingKey::from_secret(secret.expose().as_bytes());
            state(plan, form, (&key, *algorithm, None), clock)?;
        }
        ClientProof::KeyJwt { key, key_id, algorithm } => {
            let key = key_of(key, *algorithm)?;
            state(plan, form, (&key, *algorithm, key_id.as_deref()), clock)?;
        }
    }
    Ok(())
}

/// A private key in PEM.
fn key_of(key: &Secret, algorithm: SigningAlgorithm) -> Result<EncodingKey, TokenFailure> {
    let pem = key.expose().as_bytes();
    let key = match algorithm {
        SigningAlgorithm::Es256 | SigningAlgorithm::Es384 => EncodingKey::from_ec_pem(pem),
        _ => EncodingKey::from_rsa_pem(pem),
    };
    key.map_err(|error| unasked(&format!("its key cannot be used for {algorithm:?}: {error}")))
}

/// Adds a signed statement of the client.
fn state(
    plan: &OAuthPlan,
    form: &mut Serializer<'_, String>,
    (key, algorithm, key_id): (&EncodingKey, SigningAlgorithm, Option<&str>),
    clock: &Clock,
) -> Result<(), TokenFailure> {
    let now = clock.unix_seconds();
    let id = plan.client.id.as_str();
    let statement = Statement {
        iss: id,
        sub: id,
        aud: &plan.token_url,
        jti: uuid::Uuid::new_v4().to_string(),
        iat: now,
        exp: now + STATEMENT_LIFE,
    };
    let mut header = Header::new(algorithm_of(algorithm));
    header.kid = key_id.map(str::to_owned);
    let signed = jsonwebtoken::encode(&header, &statement, key)
        .map_err(|error| unasked(&format!("its statement cannot be signed: {error}")))?;
    form.append_pair("client_id", id);
    form.append_pair("client_assertion_type", ASSERTION);
    form.append_pair("client_assertion", &signed);
    Ok(())
}

fn algorithm_of(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Hs256 => Algorithm::HS256,
        SigningAlgorithm::Hs384 => Algorithm::HS384,
        SigningAlgorithm::Hs512 => Algorithm::HS512,
        SigningAlgorithm::Rs256 => Algorithm::RS256,
        SigningAlgorithm::Rs384 => Algorithm::RS384,
        SigningAlgorithm::Rs512 => Algorithm::RS512,
        SigningAlgorithm::Ps256 => Algorithm::PS256,
        SigningAlgorithm::Ps384 => Algorithm::PS384,
        SigningAlgorithm::Ps512 => Algorithm::PS512,
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::Es384 => Algorithm::ES384,
    }
}

fn unasked(why: &str) -> TokenFailure {
    TokenFailure::new(TokenOutcome::Unasked, format!("The client cannot prove who it is: {why}"))
}
