//! What readers asked for, what is in effect, and the problems they met.

use std::collections::{BTreeMap, BTreeSet};

use model::diagnostic::{Diagnostic, Diagnostics, Place, Severity};

use crate::Origin;
use crate::mask::{MASK, is_secret_key, mask_credentials};

/// One value in effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The dotted path.
    pub key: String,
    /// The value as text, [`MASK`] where it is a secret.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// The memory behind the settings.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    asked: BTreeSet<String>,
    effective: BTreeMap<String, (String, Origin)>,
    diagnostics: Diagnostics,
    /// Problems of values that were already told.
    blamed: BTreeSet<(Place, String)>,
}

impl Journal {
    /// Remembers a key; `true` the first time.
    pub(crate) fn ask(&mut self, key: &str) -> bool {
        self.asked.insert(without_indices(key))
    }

    /// Tells the problems of a value, each once.
    pub(crate) fn blame(&mut self, problems: &[Diagnostic]) {
        for problem in problems {
            let Diagnostic { severity, code, place, message, help } = problem.clone();
            if !self.blamed.insert((place.clone(), message.clone())) {
                continue;
            }
            match severity {
                Severity::Error => self.diagnostics.error(code, place, message, help),
                Severity::Warning => self.diagnostics.warning(code, place, message, help),
                Severity::Note => self.diagnostics.note(code, place, message, help),
            }
        }
    }

    pub(crate) fn is_asked(&self, key: &str) -> bool {
        self.asked.contains(&without_indices(key))
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.iter().cloned().collect()
    }

    pub(crate) fn set_effective(&mut self, key: String, value: String, origin: Origin) {
        self.effective.insert(key, (value, origin));
    }

    pub(crate) fn effective(&self) -> Vec<Effective> {
        self.effective.iter().map(|(key, (value, origin))| masked(key, value, origin)).collect()
    }

    pub(crate) fn diagnostics(&mut self) -> &mut Diagnostics {
        &mut self.diagnostics
    }

    pub(crate) fn take_diagnostics(&mut self) -> Diagnostics {
        std::mem::take(&mut self.diagnostics)
    }
}

/// `a[3].b` becomes `a[].b`: the same key whichever element it is in.
pub(crate) fn without_indices(key: &str) -> String {
    let mut plain = String::with_capacity(key.len());
    let mut inside = false;
    for character in key.chars() {
        inside = inside && character != ']';
        if !(inside && character.is_ascii_digit()) {
            plain.push(character);
        }
        inside = inside || character == '[';
    }
    plain
}

fn masked(key: &str, value: &str, origin: &Origin) -> Effective {
    let hide = is_secret_key(key) && !value.is_empty();
    let value = if hide { MASK.to_owned() } else { mask_credentials(value) };
    Effective { key: key.to_owned(), value, origin: origin.clone() }
}
