//! What concerns a group of endpoints: WSO2's keys (spec/01 §1.4), and `x-weir`.

use std::fmt;

use serde_json::Value;

use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};

/// Our own key.
const EXTENSION: &str = "x-weir";

/// Keys of `endpointConfig` that concern a group (spec/01 §1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupConfig {
    /// Where `endpointConfig` is.
    place: Place,
    /// `algoClassName`, or `algoCombo` where it is absent and names a class.
    pub algorithm: Option<String>,
    /// `sessionManagement`.
    pub session: Option<String>,
    /// `sessionTimeOut`, milliseconds.
    pub session_timeout: Option<String>,
    /// `failOver`, as written: what it means depends on its very spelling (spec/01 §4.2).
    pub fail_over: Option<Value>,
}

/// What is written under `x-weir`, as it is; the compiler reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Extension {
    file: String,
    pointer: String,
    value: Value,
}

impl GroupConfig {
    pub(super) fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        // The drop-down of the portal also says `other`, and then the class is somewhere else.
        let combo = at.get("algoCombo").word(found).filter(|name| name != "other");
        let fail_over = at.get_any(&["failOver", "failover"]);
        Self {
            place: at.place(),
            algorithm: at.get("algoClassName").word(found).or(combo),
            session: at.get("sessionManagement").word(found),
            session_timeout: at.get_any(&["sessionTimeOut", "sessionTimeout"]).word(found),
            fail_over: (!fail_over.is_absent()).then(|| fail_over.value().clone()),
        }
    }

    /// Where one of its keys is.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Place {
        self.place.deeper(key)
    }
}

impl Extension {
    pub(super) fn read(at: &Cursor<'_>) -> Option<Self> {
        let at = at.get(EXTENSION);
        (!at.is_absent()).then(|| Self {
            file: at.file().to_owned(),
            pointer: at.pointer().to_owned(),
            value: at.value().clone(),
        })
    }

    /// A cursor at the value.
    #[must_use]
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::new(&self.file, self.pointer.clone(), &self.value)
    }
}

/// Without the value, which may hold the credentials of a health check.
impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({}#{})", self.file, self.pointer)
    }
}
