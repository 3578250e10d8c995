//! What is sealed before it is stored.
//!
//! Rows of APIs and revisions hold whole projects, and secrets may lie anywhere in one: in the
//! endpoint configuration, in parameters of policies, in files. So the whole content of a project is
//! sealed as one value, instead of searching it for secrets and missing one. What lists show and
//! searches look at stands in columns of its own, in clear.

use model::Secret;
use model::secret::seal::{Keyring, SealError};

use crate::error::StoreError;

/// Seals what may hold secrets, and opens it.
///
/// A value is sealed for one column of one row: what was copied to another place does not open there.
#[derive(Debug, Clone)]
pub struct Sealer(Keyring);

impl Sealer {
    /// A sealer with these keys: the first one seals, each one opens.
    ///
    /// # Errors
    ///
    /// No key.
    pub fn new(keys: Keyring) -> Result<Self, SealError> {
        if keys.is_empty() { Err(SealError::NoKey) } else { Ok(Self(keys)) }
    }

    pub(crate) fn seal(&self, place: Place<'_>, content: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.0.seal_bytes(content, &place.purpose())?)
    }

    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(self.0.open_bytes(sealed, &place.purpose())?)
    }

    pub(crate) fn open_text(&self, place: Place<'_>, sealed: &[u8]) -> Result<Secret, StoreError> {
        let text = String::from_utf8(self.open(place, sealed)?);
        let text = text.map_err(|_| StoreError::Damaged(format!("{} is no text", place.table)))?;
        Ok(Secret::new(text))
    }
}

/// Which value is sealed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The table, which has one sealed column.
    pub(crate) table: &'static str,
    /// What names the row in it.
    pub(crate) row: &'a str,
}

impl Place<'_> {
    fn purpose(&self) -> String {
        format!("weir store {} {}", self.table, self.row)
    }
}
