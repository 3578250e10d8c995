//! Hosts that stand in the text of policies: their author may have them called, wherever they are.
//!
//! A host that is computed from a request is never among them, so that a caller cannot reach what
//! the author did not write.

use mediation::RuleTable;
use model::policy::Flow;
use model::project::Project;
use policy::flow::{ApiFlows, Fragment};

use crate::plan::TargetPattern;

/// The most hosts that are remembered.
const MOST: usize = 256;

/// The hosts in all policies of an API, and in the sequences that they call or that answer in
/// place of an upstream.
pub(super) fn hosts(flows: &ApiFlows, project: &Project) -> Vec<TargetPattern> {
    let levels = std::iter::once(&flows.api).chain(&flows.operations);
    let fragments = levels.flat_map(|level| Flow::ALL.map(|flow| level.of(flow))).flatten();
    let texts = fragments.map(|fragment: &Fragment| fragment.text.as_str());
    let sequences = project.sequences.iter().map(|file| file.text.as_str());
    let backends = project.backends.iter().map(|file| file.text.as_str());
    collect(texts.chain(sequences).chain(backends).flat_map(in_text))
}

/// The hosts in the URLs of rules.
pub(super) fn of_rules(rules: &RuleTable) -> Vec<TargetPattern> {
    let text = rules.to_string();
    collect(in_text(&text))
}

fn collect(found: impl Iterator<Item = TargetPattern>) -> Vec<TargetPattern> {
    let mut all: Vec<TargetPattern> = Vec::new();
    for pattern in found {
        if all.len() < MOST && !all.contains(&pattern) {
            all.push(pattern);
        }
    }
    all
}

/// Scheme, host and port of every URL in a text; the names of namespaces are none.
fn in_text(text: &str) -> impl Iterator<Item = TargetPattern> {
    text.match_indices("://").filter_map(move |(mark, _)| {
        let before = text.get(..mark)?;
        let scheme = ["https", "http"].into_iter().find(|scheme| before.ends_with(scheme))?;
        let around = before.strip_suffix(scheme)?.trim_end_matches(['"', '\'', '=', ' ']);
        let attribute = around.rsplit(|it: char| it.is_whitespace() || it == '<').next()?;
        if attribute.starts_with("xmlns") {
            return None;
        }
        let rest = text.get(mark + 3..)?;
        let ends = |it: char| it.is_whitespace() || "/?#\"'<>&{}$(),|\\".contains(it);
        let end = rest.find(ends).unwrap_or(rest.len());
        TargetPattern::parse(&format!("{scheme}://{}", rest.get(..end)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_and_namespaces_are_not() {
        let text = r#"<a xmlns="http://ws.apache.org/ns/synapse" xmlns:m='http://m/'>
            <header name="To" value="http://localhost:8080/a"/>
            <header name="To" expression="fn:concat('https://b.example.com/', $ctx:x)"/>
            <header name="To" expression="concat('http://', $trp:X-Host)"/>
            <header name="To" expression="concat('http://127.0.0.1:', $trp:X-Port)"/></a>"#;
        let expected = ["http://localhost:8080", "https://b.example.com"]
            .map(|text| TargetPattern::parse(text).expect("a pattern"));
        assert_eq!(collect(in_text(text)), expected);
    }
}
