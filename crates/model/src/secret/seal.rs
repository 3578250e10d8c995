//! Sealing: secrets that may lie in files that others read.
//!
//! AES-256-GCM with a random nonce. The key is derived from a master key for one purpose, so that
//! what was sealed for one cannot be passed off as another. A sealed text names its master key, so
//! that several can be in use while they are replaced.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf, rand};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use thiserror::Error;

use super::Secret;

/// The length of a master key, in bytes.
const KEY_BYTES: usize = 32;
const VERSION: &str = "v1";
/// The length of the id of a key: four bytes in hex.
const ID_CHARS: usize = 8;
/// What secrets of projects and of the configuration are sealed for.
pub const PURPOSE: &str = "weir secrets of endpoints and configuration";

/// Why a secret cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealError {
    /// A master key is malformed.
    #[error("a key is not 32 bytes in base64 or hex; make one with `weir encrypt --new-key`")]
    BadKey,
    /// There is no master key.
    #[error(
        "there is no key to seal and open secrets with; set WEIR_SECRET_KEY or WEIR_SECRET_KEY_FILE, or key_file in [weir.secrets]"
    )]
    NoKey,
    /// The text was sealed with a key that is not there.
    #[error("it was sealed with the key {wanted}, and the keys here are {known}")]
    UnknownKey {
        /// The id of the key.
        wanted: String,
        /// The ids of those that are there.
        known: String,
    },
    /// The text is no sealed secret of this version.
    #[error("it is no sealed secret, or one of another version; seal it anew with `weir encrypt`")]
    Malformed,
    /// The text was changed, or sealed for something else.
    #[error("it was changed after it was sealed; seal the secret anew with `weir encrypt`")]
    Damaged,
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// Master keys: the first one seals, each one opens.
#[derive(Clone, Default)]
pub struct Keyring(Vec<MasterKey>);

#[derive(Clone)]
struct MasterKey {
    id: String,
    bytes: [u8; KEY_BYTES],
}

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

impl Keyring {
    /// Reads keys, separated by commas or line breaks; what follows `#` on a line is left out.
    ///
    /// # Errors
    ///
    /// A key that is not 32 bytes in base64 or hex.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        let keys = lines.flat_map(|line| line.split(',')).map(str::trim);
        let keys = keys.filter(|key| !key.is_empty()).map(MasterKey::parse);
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// These keys, and then others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Seals a secret with the first key.
    ///
    /// # Errors
    ///
    /// No key, or no randomness.
    pub fn seal(&self, secret: &Secret, purpose: &str) -> Result<String, SealError> {
        let (key, sealed) = self.encrypt(secret.expose().as_bytes(), purpose)?;
        let text = BASE64_URL_SAFE_NO_PAD.encode(sealed);
        Ok(format!("{VERSION}.{}.{text}", key.id))
    }

    /// Seals bytes with the first key, for places that hold bytes: the version, the id of the key,
    /// the nonce, and what is encrypted.
    ///
    /// # Errors
    ///
    /// No key, or no randomness.
    pub fn seal_bytes(&self, content: &[u8], purpose: &str) -> Result<Vec<u8>, SealError> {
        let (key, sealed) = self.encrypt(content, purpose)?;
        Ok([VERSION.as_bytes(), key.id.as_bytes(), &sealed].concat())
    }

    /// Opens what was sealed for this purpose.
    ///
    /// # Errors
    ///
    /// A text that is malformed, was changed, or was sealed with another key.
    pub fn open(&self, text: &str, purpose: &str) -> Result<Secret, SealError> {
        let mut parts = text.trim().split('.');
        let (Some(VERSION), Some(id), Some(text), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SealError::Malformed);
        };
        if self.is_empty() {
            return Err(SealError::NoKey);
        }
        let key = self.named(id)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Malformed)?;
        let opened = String::from_utf8(key.decrypt(&bytes, purpose)?);
        Ok(Secret::new(opened.map_err(|_| SealError::Damaged)?))
    }

    /// Opens what [`Self::seal_bytes`] sealed for this purpose.
    ///
    /// # Errors
    ///
    /// Bytes that are malformed, were changed, or were sealed with another key.
    pub fn open_bytes(&self, sealed: &[u8], purpose: &str) -> Result<Vec<u8>, SealError> {
        let rest = sealed.strip_prefix(VERSION.as_bytes()).ok_or(SealError::Malformed)?;
        let (id, rest) = rest.split_at_checked(ID_CHARS).ok_or(SealError::Malformed)?;
        let id = std::str::from_utf8(id).map_err(|_| SealError::Malformed)?;
        if self.is_empty() {
            return Err(SealError::NoKey);
        }
        self.named(id)?.decrypt(rest, purpose)
    }

    /// The first key, and the nonce with what it encrypted.
    fn encrypt(&self, content: &[u8], purpose: &str) -> Result<(&MasterKey, Vec<u8>), SealError> {
        let key = self.0.first().ok_or(SealError::NoKey)?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let mut sealed = content.to_vec();
        let used = Nonce::assume_unique_for_key(nonce);
        key.for_purpose(purpose)?
            .seal_in_place_append_tag(used, Aad::from(key.context(purpose)), &mut sealed)
            .map_err(|_| SealError::NoRandomness)?;
        Ok((key, [&nonce[..], &sealed].concat()))
    }

    fn named(&self, id: &str) -> Result<&MasterKey, SealError> {
        self.0.iter().find(|key| key.id == id).ok_or_else(|| self.unknown(id))
    }

    fn unknown(&self, id: &str) -> SealError {
        let known: Vec<_> = self.0.iter().map(|key| key.id.as_str()).collect();
        let wanted = id.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        SealError::UnknownKey { wanted, known: known.join(", ") }
    }
}

/// A new master key, in base64.
///
/// # Errors
///
/// No randomness.
pub fn new_key() -> Result<String, SealError> {
    let mut bytes = [0; KEY_BYTES];
    rand::fill(&mut bytes).map_err(|_| SealError::NoRandomness)?;
    Ok(BASE64_STANDARD.encode(bytes))
}

impl MasterKey {
    fn parse(text: &str) -> Result<Self, SealError> {
        let bytes = if text.len() == 2 * KEY_BYTES { from_hex(text) } else { None };
        let bytes = bytes.or_else(|| BASE64_STANDARD.decode(text).ok());
        let bytes = bytes.or_else(|| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        let bytes = bytes.and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
        let bytes = bytes.ok_or(SealError::BadKey)?;
        let mut named = digest::Context::new(&digest::SHA256);
        named.update(b"weir key id");
        named.update(&bytes);
        let id = named.finish().as_ref().iter().take(4).fold(String::new(), |mut id, byte| {
            id.push_str(&format!("{byte:02x}"));
            id
        });
        Ok(Self { id, bytes })
    }

    /// Decrypts a nonce with what follows it.
    fn decrypt(&self, bytes: &[u8], purpose: &str) -> Result<Vec<u8>, SealError> {
        let (nonce, sealed) = bytes.split_first_chunk().ok_or(SealError::Malformed)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self
            .for_purpose(purpose)?
            .open_in_place(nonce, Aad::from(self.context(purpose)), &mut sealed)
            .map_err(|_| SealError::Damaged)?;
        let length = opened.len();
        sealed.truncate(length);
        Ok(sealed)
    }

    /// The key for one purpose (RFC 5869).
    fn for_purpose(&self, purpose: &str) -> Result<LessSafeKey, SealError> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"weir");
        let mut derived = [0; KEY_BYTES];
        let info = [purpose.as_bytes()];
        salt.extract(&self.bytes)
            .expand(&info, KeyLength)
            .and_then(|okm| okm.fill(&mut derived))
            .map_err(|_| SealError::BadKey)?;
        let key = UnboundKey::new(&AES_256_GCM, &derived).map_err(|_| SealError::BadKey)?;
        Ok(LessSafeKey::new(key))
    }

    /// What a sealed text cannot be taken out of.
    fn context(&self, purpose: &str) -> Vec<u8> {
        format!("{VERSION}.{}.{purpose}", self.id).into_bytes()
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits?;
    let pairs = digits.chunks(2).map(|pair| u8::try_from(pair.iter().fold(0, |n, d| n * 16 + d)));
    pairs.collect::<Result<_, _>>().ok()
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

#[cfg(test)]
mod tests;
