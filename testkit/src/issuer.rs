//! An issuer of tokens that publishes its keys.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::reply::Reply;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// RSA, 2048 bits.
    Rs256,
    /// ECDSA, P-256.
    Es256,
}

/// A running issuer.
#[derive(Debug)]
pub struct Issuer {
    server: Backend,
    rsa: Signer,
    ec: Signer,
}

struct Signer {
    pair: KeyPair,
    key: EncodingKey,
    id: &'static str,
    algorithm: Algorithm,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Makes both keys and publishes them at [`Issuer::jwks_url`].
    pub async fn start() -> Self {
        let (rsa, ec) = (Signer::rsa(), Signer::ec());
        let keys = json!({ "keys": [rsa.public(), ec.public()] });
        let server = Backend::builder().start(move |_| Reply::json(&keys)).await;
        Self { server, rsa, ec }
    }

    /// What stands in `iss`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/issuer", self.server.url())
    }

    /// Where the keys are published.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        format!("{}/jwks", self.server.url())
    }

    /// How often the keys were fetched.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.server.requests().len()
    }

    /// The public RSA key (PEM, `PUBLIC KEY`).
    #[must_use]
    pub fn public_key_pem(&self) -> String {
        self.rsa.pair.public_key_pem()
    }

    /// A token signed with RS256. `iss`, `iat`, `exp` (in an hour) and `jti` are added where
    /// `claims` does not have them; a claim that is `null` is left out.
    #[must_use]
    pub fn token(&self, claims: Value) -> String {
        self.token_with(TokenAlgorithm::Rs256, claims)
    }

    /// As [`Issuer::token`], signed as said.
    ///
    /// # Panics
    /// When `claims` is no object.
    #[must_use]
    pub fn token_with(&self, algorithm: TokenAlgorithm, claims: Value) -> String {
        let signer = match algorithm {
            TokenAlgorithm::Rs256 => &self.rsa,
            TokenAlgorithm::Es256 => &self.ec,
        };
        let mut header = Header::new(signer.algorithm);
        header.kid = Some(signer.id.to_owned());
        jsonwebtoken::encode(&header, &self.complete(claims), &signer.key).expect("a signed token")
    }

    fn complete(&self, claims: Value) -> Value {
        let now = now().as_secs();
        let mut all = json!({
            "iss": self.name(),
            "sub": "tester",
            "iat": now,
            "exp": now + 3600,
            "jti": format!("{:x}", self::now().as_nanos()),
        });
        let known = all.as_object_mut().expect("an object, written above");
        let Value::Object(claims) = claims else { unreachable!("claims are an object") };
        for (name, value) in claims {
            if value.is_null() {
                known.remove(&name);
            } else {
                known.insert(name, value);
            }
        }
        all
    }
}

impl Signer {
    fn rsa() -> Self {
        let pair = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("an RSA key");
        let key = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes());
        Self { key: key.expect("our own key"), pair, id: "rsa-1", algorithm: Algorithm::RS256 }
    }

    fn ec() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("an EC key");
        let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes());
        Self { key: key.expect("our own key"), pair, id: "ec-1", algorithm: Algorithm::ES256 }
    }

    fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("our own key");
        jwk.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(jwk).expect("a key as JSON")
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
