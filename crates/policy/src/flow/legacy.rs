//! Sequences that projects before API Manager 4.1 attach by name (spec/02 §1.8).

use model::codes;
use model::policy::{Flow, PolicyReference, SequenceFile, SequenceReference};
use serde_json::Map;

use super::{Fragment, Resolver};

/// The sequences that came with WSO2, and the policies that do the same.
const SHIPPED: &[(&str, &str, &str)] = &[
    ("debug_in_flow", "debugRequestFlow", "v1"),
    ("debug_out_flow", "debugResponseFlow", "v1"),
    ("json_fault", "jsonFault", "v1"),
    ("debug_json_fault", "debugJsonFault", "v1"),
    ("json_to_xml_in_message", "jsonToXML", "v1"),
    ("json_to_xml_out_message", "jsonToXML", "v1"),
    ("xml_to_json_in_message", "xmlToJson", "v1"),
    ("xml_to_json_out_message", "xmlToJson", "v1"),
    ("log_in_message", "addLogMessage", "v1"),
    ("log_out_message", "addLogMessage", "v1"),
    ("disable_chunking", "disableChunking", "v1"),
    ("regex_policy", "regexPolicy", "v1"),
    ("json_validator", "jsonValidator", "v1"),
    ("xml_validator", "xmlValidator", "v1"),
    ("preserve_accept_header", "preserveAcceptHeader", "v1"),
    ("apply_accept_header", "applyAcceptHeader", "v1"),
];

impl Resolver<'_, '_> {
    /// A sequence of the project, or the policy that took the place of a shipped one.
    pub(super) fn sequence(&mut self, reference: &SequenceReference) -> Option<Fragment> {
        if let Some(file) = of_project(reference, self.sources.sequences) {
            return self.take(Fragment {
                name: file.name.clone(),
                text: file.text.clone(),
                place: reference.place.clone(),
                file: Some(file.path.clone()),
                is_document: true,
            });
        }
        let Some((_, policy, version)) = SHIPPED.iter().find(|(name, ..)| *name == reference.name)
        else {
            self.report_missing(reference);
            return None;
        };
        let policy = PolicyReference {
            place: reference.place.clone(),
            name: (*policy).to_owned(),
            version: (*version).to_owned(),
            id: None,
            kind: None,
            parameters: Map::new(),
        };
        self.policy(&policy, reference.flow)
    }

    fn report_missing(&mut self, reference: &SequenceReference) {
        let SequenceReference { name, flow, place, .. } = reference;
        let folder = match flow {
            Flow::Request => "in",
            Flow::Response => "out",
            Flow::Fault => "fault",
        };
        let message = format!("the sequence `{name}` is not in the project");
        let help = format!("Add `Sequences/{folder}-sequence/Custom/{name}.xml`.");
        self.found.error(codes::SEQUENCE_MISSING, place.clone(), message, help);
    }
}

/// The shared one where that is asked for, else the one of the API; the other one if need be.
fn of_project<'a>(
    reference: &SequenceReference,
    sequences: &'a [SequenceFile],
) -> Option<&'a SequenceFile> {
    let is_meant =
        |file: &&SequenceFile| file.flow == reference.flow && file.name == reference.name;
    let mut candidates: Vec<_> = sequences.iter().filter(is_meant).collect();
    candidates.sort_by_key(|file| file.is_custom == reference.is_shared);
    candidates.first().copied()
}
