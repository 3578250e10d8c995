//! The sequences that every gateway has, which policies call by their keys (spec/02 §2.4).

use std::sync::{Arc, LazyLock};

use mediation::Library;
use mediation::parse::{self, Context};
use model::policy::Flow;

/// A key, and what it does.
const SEQUENCES: [(&str, &str); 6] = [
    ("fault", include_str!("shipped/fault.xml")),
    ("json_fault", include_str!("shipped/fault.xml")),
    ("_threat_fault_", include_str!("shipped/threat_fault.xml")),
    ("_production_key_error_", include_str!("shipped/key_error.xml")),
    ("_sandbox_key_error_", include_str!("shipped/key_error.xml")),
    ("guardrail_fault", include_str!("shipped/guardrail_fault.xml")),
];

/// All of them.
pub(super) fn library() -> Arc<Library> {
    static LIBRARY: LazyLock<Arc<Library>> =
        LazyLock::new(|| Arc::new(SEQUENCES.iter().filter_map(read).collect()));
    Arc::clone(&LIBRARY)
}

/// None is ever lost, as a test holds.
fn read(row: &(&'static str, &'static str)) -> Option<(Arc<str>, Arc<mediation::Sequence>)> {
    let (key, text) = *row;
    let origin = format!("sequence {key}");
    let context = Context {
        file: key,
        origin: &origin,
        flow: Flow::Fault,
        known_sequences: &|_| false,
        is_dynamic_endpoint: true,
        line_offset: 0,
    };
    let sequence = parse::parse(text, &context, &mut Vec::new())?;
    Some((Arc::from(key), Arc::new(sequence)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_lost() {
        let library = library();
        for (key, _) in SEQUENCES {
            assert!(library.contains_key(key), "{key}");
        }
    }
}
