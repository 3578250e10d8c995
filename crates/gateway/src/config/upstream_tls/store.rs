//! A store of certificates as WSO2 names it: a location, a type and a password.

use std::path::{Path, PathBuf};

use super::{ProfileRoots, RootStore};
use crate::config::{KeyFiles, Secret};

/// WSO2's password of its stores.
pub(crate) const STORE_PASSWORD: &str = "wso2carbon";

/// What a store file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// PKCS#12.
    Pkcs12,
    /// PEM; WSO2 has no such stores.
    Pem,
    /// Java's own format, which cannot be read here.
    Jks,
}

/// A store that is named somewhere.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    /// Where it is.
    pub(crate) file: PathBuf,
    /// What it is.
    pub(crate) kind: StoreKind,
    /// What opens it.
    pub(crate) password: Secret,
}

impl StoreKind {
    /// The words for the kinds.
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("PKCS12", Self::Pkcs12), ("PEM", Self::Pem), ("JKS", Self::Jks)];

    /// What a file is as its name ends.
    pub(crate) fn of_name(file: &str) -> &'static str {
        match Path::new(file).extension().and_then(|ending| ending.to_str()) {
            Some("p12" | "pfx" | "pkcs12") => "PKCS12",
            Some("pem" | "crt" | "cer") => "PEM",
            _ => "JKS",
        }
    }

    /// The kind that a word says, else the one that the name of the file does.
    pub(crate) fn parse(word: Option<&str>, file: &str) -> Self {
        let of = |word: &str| {
            let found = Self::WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word.trim()));
            found.map(|(_, kind)| *kind)
        };
        word.and_then(of).or_else(|| of(Self::of_name(file))).unwrap_or(Self::Jks)
    }
}

impl Store {
    /// As a certificate with its key; `None` where it cannot be read.
    pub(crate) fn key_files(&self) -> Option<KeyFiles> {
        let Self { file, kind, password } = self;
        match kind {
            StoreKind::Pkcs12 => Some(KeyFiles::Pkcs12 {
                file: file.clone(),
                password: password.clone(),
                alias: None,
            }),
            StoreKind::Pem => Some(KeyFiles::Pem { certificate: file.clone(), key: file.clone() }),
            StoreKind::Jks => None,
        }
    }

    /// As roots.
    pub(crate) fn roots(&self) -> ProfileRoots {
        let Self { file, kind, password } = self;
        match kind {
            StoreKind::Pkcs12 => {
                let password = password.clone();
                ProfileRoots::Pkcs12(RootStore { file: file.clone(), password })
            }
            StoreKind::Pem => ProfileRoots::Pem(file.clone()),
            StoreKind::Jks => ProfileRoots::Nobody,
        }
    }
}

/// Where a `location` is: relative to the installation folder, and a bare file name in WSO2's
/// folder of stores.
pub(crate) fn locate(home: &Path, location: &str) -> PathBuf {
    let location = location.trim();
    if location.contains('/') {
        home.join(location)
    } else {
        home.join("repository/resources/security").join(location)
    }
}
