//! The algorithms of Digest.

use aws_lc_rs::digest;
use md5::{Digest as _, Md5};

/// The length of the longest hash, as hexadecimal digits.
const LONGEST: usize = 64;

/// A hash function, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// MD5 (RFC 1321).
    Md5,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-512/256 (FIPS 180-4). It is not the first half of SHA-512, which the example of
    /// RFC 7616 §3.9.2 shows by mistake (erratum 4897).
    Sha512_256,
}

/// What a challenge calls `algorithm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Algorithm {
    /// The hash function.
    pub hash: Hash,
    /// Whether its name ends in `-sess`: what is derived from the password is derived once more for
    /// each session.
    pub is_session: bool,
}

impl Algorithm {
    /// Reads a name, in any case; `None` for one that nobody here can compute.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], Hash, bool); 6] = [
            (b"MD5", Hash::Md5, false),
            (b"MD5-sess", Hash::Md5, true),
            (b"SHA-256", Hash::Sha256, false),
            (b"SHA-256-sess", Hash::Sha256, true),
            (b"SHA-512-256", Hash::Sha512_256, false),
            (b"SHA-512-256-sess", Hash::Sha512_256, true),
        ];
        let known = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        known.map(|&(_, hash, is_session)| Self { hash, is_session })
    }
}

impl Hash {
    /// The hash of these parts with a colon between each two.
    #[must_use]
    pub fn of(self, parts: &[&[u8]]) -> Hex {
        match self {
            Self::Md5 => {
                let mut context = Md5::new();
                feed(parts, |bytes| context.update(bytes));
                Hex::new(&context.finalize())
            }
            Self::Sha256 => sha2(&digest::SHA256, parts),
            Self::Sha512_256 => sha2(&digest::SHA512_256, parts),
        }
    }
}

fn sha2(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> Hex {
    // At once where that is little: a context costs more than a copy.
    if let [whole] = parts {
        return Hex::new(digest::digest(algorithm, whole).as_ref());
    }
    let mut whole = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    feed(parts, |bytes| whole.extend_from_slice(bytes));
    Hex::new(digest::digest(algorithm, &whole).as_ref())
}

fn feed(parts: &[&[u8]], mut update: impl FnMut(&[u8])) {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            update(b":");
        }
        update(part);
    }
}

/// Bytes as small hexadecimal digits.
///
/// What is derived from a password is one of these, so `Debug` prints stars.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex {
    digits: [u8; LONGEST],
    length: usize,
}

impl Hex {
    /// Writes out bytes, at most 32 of them.
    pub(super) fn new(bytes: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [b'0'; LONGEST];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        Self { digits, length: (2 * bytes.len()).min(LONGEST) }
    }

    /// Any text of at most 64 bytes in place of digits, as the examples of RFCs have it.
    #[cfg(test)]
    pub(super) fn verbatim(text: &str) -> Self {
        let mut digits = [b'0'; LONGEST];
        digits[..text.len()].copy_from_slice(text.as_bytes());
        Self { digits, length: text.len() }
    }

    /// The digits.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}

impl std::fmt::Debug for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hex(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(hash: Hash, parts: &[&[u8]]) -> String {
        String::from_utf8_lossy(hash.of(parts).as_bytes()).into_owned()
    }

    #[test]
    fn hashes_are_those_of_their_standards() {
        assert_eq!(hex(Hash::Md5, &[b"abc"]), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            hex(Hash::Sha256, &[b"abc"]),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex(Hash::Sha512_256, &[b"abc"]),
            "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"
        );
        assert_eq!(hex(Hash::Md5, &[b"a", b"", b"c"]), hex(Hash::Md5, &[b"a::c"]));
    }

    #[test]
    fn names_are_read_in_any_case_and_none_is_guessed() {
        let algorithm = |hash, is_session| Some(Algorithm { hash, is_session });
        for (name, expected) in [
            ("MD5", algorithm(Hash::Md5, false)),
            ("md5-SESS", algorithm(Hash::Md5, true)),
            ("sha-256", algorithm(Hash::Sha256, false)),
            ("SHA-256-sess", algorithm(Hash::Sha256, true)),
            ("SHA-512-256", algorithm(Hash::Sha512_256, false)),
            ("Sha-512-256-Sess", algorithm(Hash::Sha512_256, true)),
            ("SHA-512", None),
            ("SHA", None),
            ("MD5 ", None),
            ("'MD5'", None),
            ("", None),
        ] {
            assert_eq!(Algorithm::parse(name.as_bytes()), expected, "{name}");
        }
    }
}
