//! The form of a token: JWS in its compact serialization (RFC 7515 §7.1) with JSON claims
//! (RFC 7519).
//!
//! Nothing here is trusted yet.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A token that was taken apart.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    pub(super) claims: Claims,
    /// What the signature is over.
    pub(super) signed: &'a str,
    /// The signature, still in base64url.
    pub(super) signature: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Takes a token apart. The error is for the log, and holds nothing of the token.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (signed, signature) = text.rsplit_once('.').ok_or("the token is not a JWT")?;
        let (header, payload) = signed.split_once('.').ok_or("the token is not a JWT")?;
        if payload.contains('.') {
            return Err("the token is not a signed JWT");
        }
        let header: Header = decode(header).ok_or("the header of the token is malformed")?;
        if header.crit.is_some() {
            return Err("the token has a critical header parameter that is not known");
        }
        let algorithm = algorithm(&header.alg)
            .ok_or("the token is unsigned, or signed with an algorithm that is not taken")?;
        let claims = decode(payload).ok_or("the claims of the token are malformed")?;
        Ok(Self { algorithm, key_id: header.kid, claims: Claims(claims), signed, signature })
    }
}

/// What a token claims.
#[derive(Debug)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A `NumericDate` (RFC 7519 §2), in whole seconds since 1970.
    pub(super) fn date(&self, name: &str) -> Option<i64> {
        let value = self.0.get(name)?;
        value.as_i64().or_else(|| value.as_f64().filter(|date| date.is_finite()).map(whole))
    }

    /// A text of several words, or a list of texts.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
            other => texts(other),
        }
    }

    /// A text, or a list of texts.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::String(text)) => vec![text.clone()],
            other => texts(other),
        }
    }

    /// A member of a claim that is an object.
    pub(super) fn inner(&self, name: &str, member: &str) -> Option<&str> {
        self.0.get(name)?.get(member)?.as_str()
    }
}

/// The algorithm of that name, if it is one that is taken: signatures with a public key only.
/// `none` and the HMAC family are refused here, before any key is looked at.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" | "Ed25519" => Algorithm::EdDSA,
        _ => return None,
    })
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Rounds towards zero; numbers beyond the range become its ends.
fn whole(date: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is wanted")]
    let seconds = date as i64;
    seconds
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC*", dots in "[A-Za-z0-9_-]*(\\.[A-Za-z0-9_-]*){0,5}") {
            prop_assert!(Token::parse(&text).is_err());
            prop_assert!(Token::parse(&dots).is_err());
        }

        #[test]
        fn any_claims_are_read(claims in "\\{(\"(exp|aud|scope)\":(1e999|-1|\"a b\"|\\[1,\"x\"\\]|null|1.5),?){0,2}\\}") {
            let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
            let text = format!("{}.{}.AA", part(r#"{"alg":"RS256"}"#), part(&claims));
            if let Ok(token) = Token::parse(&text) {
                token.claims.date("exp");
                token.claims.list("aud");
                token.claims.words("scope");
            }
        }
    }

    #[test]
    fn dates_are_whole_and_bounded() {
        let claims = |text| Claims(serde_json::from_str(text).unwrap_or_default());
        for (text, want) in [
            (r#"{"exp":10}"#, Some(10)),
            (r#"{"exp":10.9}"#, Some(10)),
            (r#"{"exp":1e300}"#, Some(i64::MAX)),
            (r#"{"exp":18446744073709551615}"#, Some(i64::MAX)),
            (r#"{"exp":"10"}"#, None),
            ("{}", None),
        ] {
            assert_eq!(claims(text).date("exp"), want, "{text}");
        }
    }
}
