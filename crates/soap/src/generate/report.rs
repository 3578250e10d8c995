//! What a mapping could not hold, or only roughly.

use std::collections::HashSet;
use std::fmt::Write as _;

use model::Place;
use serde_json::{Value, json};

/// How much is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fidelity {
    /// It is not there at all.
    Missing,
    /// It is there, and something about it is not.
    Rough,
}

/// One loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How much.
    pub fidelity: Fidelity,
    /// Where in the WSDL or schema.
    pub place: Place,
    /// Of what.
    pub subject: String,
    /// Why, and what follows.
    pub why: String,
}

/// All losses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many operations are mapped.
    pub operations: usize,
    /// How many types.
    pub types: usize,
    /// What is lost, each once.
    pub notes: Vec<Note>,
    seen: HashSet<(String, String)>,
}

impl Fidelity {
    /// As it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "not mapped",
            Self::Rough => "roughly mapped",
        }
    }
}

impl Report {
    pub(super) fn add(&mut self, note: Note) {
        if self.seen.insert((note.subject.clone(), note.why.clone())) {
            self.notes.push(note);
        }
    }

    /// For people, in Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = String::from("# What the mapping holds\n\n");
        let Self { operations, types, notes, .. } = self;
        let counts = format!("Mapped are {operations} operations and {types} types.\n");
        text.push_str(&counts);
        if notes.is_empty() {
            text.push_str("Nothing of them is lost.\n");
            return text;
        }
        for fidelity in [Fidelity::Missing, Fidelity::Rough] {
            let mut of_kind = notes.iter().filter(|note| note.fidelity == fidelity).peekable();
            if of_kind.peek().is_none() {
                continue;
            }
            let title = match fidelity {
                Fidelity::Missing => "Not mapped",
                Fidelity::Rough => "Roughly mapped",
            };
            // Writing to a text cannot fail.
            let _written = writeln!(text, "\n## {title}\n\n| what | where | why |\n|---|---|---|");
            for Note { place, subject, why, .. } in of_kind {
                let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
                let place = cell(&place.to_string());
                let _written = writeln!(text, "| `{}` | {place} | {} |", cell(subject), cell(why));
            }
        }
        text
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let note = |note: &Note| {
            json!({
                "fidelity": note.fidelity.as_str(),
                "subject": note.subject,
                "place": note.place.to_string(),
                "why": note.why,
            })
        };
        json!({
            "operations": self.operations,
            "types": self.types,
            "notes": self.notes.iter().map(note).collect::<Vec<_>>(),
        })
    }
}
