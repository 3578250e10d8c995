//! Texts that look like an attack on what reads them, such as SQL in a parameter.

use std::borrow::Cow;

use expression::{JavaRegex, SyntaxError};
use percent_encoding::percent_decode_str;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Injection(JavaRegex);

/// How often a text is decoded: attackers encode twice what is decoded once.
const ROUNDS: usize = 2;

impl Injection {
    /// Looks for a regular expression of Java's dialect, in letters of any case.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn compile(pattern: &str) -> Result<Self, SyntaxError> {
        JavaRegex::compile(&format!("(?i){pattern}")).map(Self)
    }

    /// The pattern that is found in a text, as it is or percent-decoded.
    ///
    /// A search that would take too long counts as found.
    pub fn check(&self, text: &str) -> Option<&'static str> {
        let mut text = Cow::Borrowed(text);
        for round in 0..=ROUNDS {
            if self.0.find(&text).unwrap_or(true) {
                return Some("an injection");
            }
            if round == ROUNDS || !text.contains(['%', '+']) {
                return None;
            }
            let spaced = text.replace('+', " ");
            text = Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned());
        }
        None
    }
}
