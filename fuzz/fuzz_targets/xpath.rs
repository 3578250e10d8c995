//! Any text is read as an XPath and evaluated over a document: no panic, and no more steps than the
//! budget has.

#![no_main]

use libfuzzer_sys::fuzz_target;
use xml::read::{Limits, read_text};
use xml::tree::{Namespaces, Tree};
use xml::xpath::{Budget, Environment, EvaluateError, Knows, Value, XPath};

const DOCUMENT: &str = r#"<m:order xmlns:m="urn:m" id="7"><item n="1">a</item><item n="2">b<i>c</i></item>
<!-- d --><?p e?><m:total xml:lang="en">12.5</m:total></m:order>"#;

struct Host;

impl Knows for Host {
    fn variable(&self, _prefix: Option<&str>, local: &str) -> bool {
        local.len() % 2 == 1
    }

    fn function(&self, prefix: Option<&str>, _local: &str, arguments: usize) -> bool {
        prefix.is_none() && arguments < 3
    }
}

impl Environment for Host {
    fn variable(&self, _prefix: Option<&str>, local: &str) -> Option<Value> {
        Some(Value::Text(local.to_owned()))
    }

    fn function(
        &self,
        _prefix: Option<&str>,
        _local: &str,
        arguments: &[Value],
        tree: &Tree,
    ) -> Result<Value, EvaluateError> {
        Ok(Value::Text(arguments.iter().map(|argument| argument.joined(tree)).collect()))
    }
}

fuzz_target!(|text: &str| {
    let mut namespaces = Namespaces::new();
    namespaces.set("m", "urn:m");
    let compiled = match XPath::compile(text, &namespaces, &Host) {
        Ok(compiled) => compiled,
        Err(error) => return assert!(error.offset <= text.len()),
    };
    let tree = read_text(DOCUMENT, &Limits::default()).expect("the document is sound");
    let mut budget = Budget::new(100_000);
    let Ok(found) = compiled.evaluate(&tree, tree.document(), &Host, &mut budget) else { return };
    let _shown = (found.text(&tree), found.joined(&tree), found.boolean(), found.number(&tree));
    let mut other = Budget::new(100_000);
    let again = compiled.evaluate(&tree, tree.document(), &Host, &mut other);
    assert_eq!(again.map(|it| it.text(&tree)).ok(), Some(found.text(&tree)));
    assert_eq!(other.left(), budget.left());
});
