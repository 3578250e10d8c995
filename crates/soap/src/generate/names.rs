//! Names: of paths, of prefixes, and of what has none.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use xml::name::Name;

use crate::mapping::{Namespace, QName};

/// Prefixes that have a meaning of their own.
const TAKEN: &[&str] = &["xsd", "xsi", "soapenv", "soapenc", "xml", "xmlns"];
/// Parts of URIs that say nothing.
const DULL: &[&str] = &[
    "http", "https", "urn", "www", "org", "com", "net", "wsdl", "xsd", "schema", "schemas", "asmx",
    "svc", "php", "html",
];

/// A name that begins with a small letter.
pub(super) fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(characters).collect()
}

/// Namespaces with the prefixes that they got.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    pub(super) list: Vec<Namespace>,
    known: HashMap<Arc<str>, usize>,
    prefixes: HashSet<String>,
}

impl Spaces {
    /// A name as the mapping has it.
    pub(super) fn name(&mut self, name: &Name) -> QName {
        if *name.namespace == *xml::name::XML {
            let written = format!("xml:{}", name.local);
            return QName { space: None, local: Arc::clone(&name.local), written: written.into() };
        }
        let space = (!name.namespace.is_empty()).then(|| self.space(&name.namespace));
        let prefix = space.and_then(|at| self.list.get(at)).map(|one| &one.prefix);
        let written = match prefix {
            Some(prefix) => format!("{prefix}:{}", name.local).into(),
            None => Arc::clone(&name.local),
        };
        QName { space, local: Arc::clone(&name.local), written }
    }

    fn space(&mut self, uri: &Arc<str>) -> usize {
        if let Some(known) = self.known.get(uri) {
            return *known;
        }
        let wanted = prefix(uri);
        let mut prefix = wanted.clone();
        let mut number = 1;
        while TAKEN.contains(&prefix.as_str()) || !self.prefixes.insert(prefix.clone()) {
            number += 1;
            prefix = format!("{wanted}{number}");
        }
        let index = self.list.len();
        self.list.push(Namespace { prefix: prefix.into(), uri: Arc::clone(uri) });
        self.known.insert(Arc::clone(uri), index);
        index
    }
}

/// A prefix that says something of its namespace: its last word.
fn prefix(uri: &str) -> String {
    const LONGEST: usize = 12;
    let words = uri.rsplit(|one: char| !one.is_ascii_alphanumeric());
    let mut telling = words.filter(|word| {
        word.len() > 1
            && word.starts_with(|one: char| one.is_ascii_alphabetic())
            && !DULL.contains(&word.to_ascii_lowercase().as_str())
    });
    let word = telling.next().unwrap_or("ns");
    word.chars().take(LONGEST).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_the_last_word_that_says_something() {
        for (uri, expected) in [
            ("http://ws.cdyne.com/PhoneVerify/query", "query"),
            ("http://tempuri.org/", "tempuri"),
            ("urn:orders:v1", "v1"),
            ("http://a/xsd", "ns"),
            ("", "ns"),
        ] {
            assert_eq!(prefix(uri), expected, "{uri}");
        }
    }

    #[test]
    fn paths_begin_with_a_small_letter() {
        assert_eq!(lower_first("CheckPhone"), "checkPhone");
        assert_eq!(lower_first(""), "");
    }
}
