//! Public keys that verify tokens: from JWKS documents (RFC 7517) and PEM files.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use serde_json::Value;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Certificate};

use super::token::{Token, algorithm};

/// Keys that are read of one document at most.
const MOST_KEYS: usize = 64;
/// Keys that are tried for one token at most.
const MOST_TRIES: usize = 16;
/// RSA moduli, in bytes: below is too weak, above too slow.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// What a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Kind {
    fn takes(self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::ES256 => self == Self::P256,
            Algorithm::ES384 => self == Self::P384,
            Algorithm::EdDSA => self == Self::Ed25519,
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => false,
            _ => self == Self::Rsa,
        }
    }
}

/// A public key.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    /// The one algorithm that it is for, when its publisher says so.
    only: Option<Algorithm>,
    kind: Kind,
    key: DecodingKey,
}

/// How a token fares against a set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One of the keys made its signature.
    Verified,
    /// The key that the token names did not make it.
    Forged,
    /// The key that the token names is not here, or it names none and none here made it.
    NoSuchKey,
}

/// Tries the keys that `token` may have been signed with.
pub(super) fn verify(keys: &[Key], token: &Token<'_>) -> Verdict {
    let named = token.key_id.as_deref();
    let may_be = |key: &&Key| named.is_none() || key.id.is_none() || key.id.as_deref() == named;
    let fitting = keys.iter().filter(may_be).filter(|key| key.fits(token.algorithm));
    if fitting.take(MOST_TRIES).any(|key| key.made(token)) {
        return Verdict::Verified;
    }
    let is_here = named.is_some() && keys.iter().any(|key| key.id.as_deref() == named);
    if is_here { Verdict::Forged } else { Verdict::NoSuchKey }
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        self.kind.takes(algorithm) && self.only.is_none_or(|only| only == algorithm)
    }

    fn made(&self, token: &Token<'_>) -> bool {
        let message = token.signed.as_bytes();
        jsonwebtoken::crypto::verify(token.signature, message, &self.key, token.algorithm)
            .unwrap_or(false)
    }

    fn from_jwk(value: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
        let common = &jwk.common;
        let operations = common.key_operations.as_ref();
        if common
            .public_key_use
            .as_ref()
            .is_some_and(|for_what| *for_what != PublicKeyUse::Signature)
            || operations.is_some_and(|list| !list.contains(&KeyOperations::Verify))
        {
            return None;
        }
        let kind = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Kind::Rsa,
            AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
                EllipticCurve::P256 => Kind::P256,
                EllipticCurve::P384 => Kind::P384,
                _ => return None,
            },
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                Kind::Ed25519
            }
            _ => return None,
        };
        let only = match value.get("alg") {
            None => None,
            Some(name) => Some(algorithm(name.as_str()?)?),
        };
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        is_sound(&key).then(|| Self { id: common.key_id.clone(), only, kind, key })
    }

    fn from_spki(spki: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let bits = spki.subject_public_key.data.as_ref();
        let curve = || spki.algorithm.parameters.as_ref()?.as_oid().ok().map(|o| o.to_id_string());
        let (kind, key) = match spki.algorithm.algorithm.to_id_string().as_str() {
            "1.2.840.113549.1.1.1" => (Kind::Rsa, DecodingKey::from_rsa_der(bits)),
            "1.3.101.112" => (Kind::Ed25519, DecodingKey::from_ed_der(bits)),
            "1.2.840.10045.2.1" => match curve()?.as_str() {
                "1.2.840.10045.3.1.7" => (Kind::P256, DecodingKey::from_ec_der(bits)),
                "1.3.132.0.34" => (Kind::P384, DecodingKey::from_ec_der(bits)),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { id: None, only: None, kind, key })
    }
}

/// Whether the size of an RSA key from a JWKS is sensible.
fn is_sound(key: &DecodingKey) -> bool {
    match key.kind() {
        jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. } => {
            let leading = n.iter().take_while(|byte| **byte == 0).count();
            RSA_BYTES.contains(&(n.len() - leading))
        }
        jsonwebtoken::DecodingKeyKind::SecretOrDer(_) => true,
    }
}

/// The usable keys of a JWKS document; those that are of another kind, or for another use, are
/// left out.
///
/// # Errors
/// It is no JWKS document, or has no usable key.
pub(super) fn from_jwks(document: &[u8]) -> Result<Vec<Key>, &'static str> {
    let document: Value = serde_json::from_slice(document).map_err(|_| "it is not JSON")?;
    let keys = document.get("keys").and_then(Value::as_array).ok_or("it has no list of keys")?;
    let keys: Vec<_> = keys.iter().filter_map(Key::from_jwk).take(MOST_KEYS).collect();
    if keys.is_empty() { Err("it has no key that can verify tokens") } else { Ok(keys) }
}

/// The key of a PEM file, and when its certificate expires if it is one.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn from_pem(bytes: &[u8]) -> Result<(Key, Option<i64>), &'static str> {
    const UNUSABLE: &str = "its key is not RSA, P-256, P-384 or Ed25519";
    if let Ok(certificate) = CertificateDer::from_pem_slice(bytes) {
        let parsed = X509Certificate::from_der(&certificate);
        let (_, certificate) = parsed.map_err(|_| "its certificate cannot be read")?;
        let key = Key::from_spki(certificate.public_key()).ok_or(UNUSABLE)?;
        return Ok((key, Some(certificate.validity().not_after.timestamp())));
    }
    let der = SubjectPublicKeyInfoDer::from_pem_slice(bytes)
        .map_err(|_| "it holds neither a certificate nor a public key in PEM")?;
    let parsed = SubjectPublicKeyInfo::from_der(&der);
    let (_, spki) = parsed.map_err(|_| "its public key cannot be read")?;
    Ok((Key::from_spki(&spki).ok_or(UNUSABLE)?, None))
}
