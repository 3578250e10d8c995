//! XPath against the answers of libxml2, by way of Python's lxml.
//!
//! Skipped where there is no lxml; `PYTHON` names another interpreter than `python3`.

mod generator;

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;
use xml::read::{Limits, read_text};
use xml::tree::{Kind, Namespaces, NodeId, Tree};
use xml::xpath::{Budget, Environment, EvaluateError, Knows, Value, XPath};

use generator::Generator;

const CASES: usize = 10_000;

const DOCUMENTS: [&str; 3] = [
    r#"<!--c--><a xmlns:p="urn:p" id="1" xml:lang="en"><b id="2">1<c>2</c>3</b><b p:id="3" id="4"><c id="5"/><c>4</c></b><p:b><c><a><b>5</b></a></c></p:b><!--d--><?e f?></a><?g h?>"#,
    r#"<a xml:lang="de"><a id="a"><a><b>x</b><b xml:lang="en-GB"> y  z </b></a></a><b xml:id="k">1.5</b><c>-2</c>t<a xml:id="l"/>u<b><a><b><c>x</c></b></a></b></a>"#,
    r#"<p:c xmlns:p="urn:p" xmlns="urn:q"><b xmlns=""><p:a>äöü</p:a></b><a><b id="9">7</b></a><c xmlns="" p:id="8" id="9"><a><b/><b/><b><c/></b></a></c></p:c>"#,
];

/// A host without variables or functions.
struct Nothing;

impl Knows for Nothing {
    fn variable(&self, _: Option<&str>, _: &str) -> bool {
        false
    }

    fn function(&self, _: Option<&str>, _: &str, _: usize) -> bool {
        false
    }
}

impl Environment for Nothing {
    fn variable(&self, _: Option<&str>, _: &str) -> Option<Value> {
        None
    }

    fn function(
        &self,
        _: Option<&str>,
        local: &str,
        _: &[Value],
        _: &Tree,
    ) -> Result<Value, EvaluateError> {
        Err(EvaluateError::Failed(local.to_owned()))
    }
}

#[test]
fn expressions_evaluate_as_in_libxml2() {
    let mut generator = Generator::new(20_26);
    let cases: Vec<(usize, usize, String)> = (0..CASES)
        .map(|number| (number % DOCUMENTS.len(), number / 7 % 5, generator.expression()))
        .collect();
    let Some(expected) = answers(&cases) else {
        return;
    };
    assert_eq!(expected.len(), CASES);
    let trees = DOCUMENTS.map(|text| read_text(text, &Limits::default()).expect("well formed"));
    let mut different = Vec::new();
    // Outside of predicates, lxml gives an expression no position.
    let compared =
        cases.iter().zip(&expected).filter(|(_, expected)| !expected.contains("Invalid context"));
    for ((document, context, expression), expected) in compared {
        let found = answer(&trees[*document], *context, expression);
        if found != *expected {
            different.push(format!(
                "document {document}, element {context}: {expression}\n  ours {found}\n  libxml2 {expected}"
            ));
        }
    }
    let count = different.len();
    different.sort_by_key(String::len);
    different.truncate(20);
    assert!(different.is_empty(), "{count} of {CASES} differ:\n{}", different.join("\n"));
}

/// What lxml makes of expressions, or nothing where there is none.
fn answers(cases: &[(usize, usize, String)]) -> Option<Vec<String>> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let probe = Command::new(&python).args(["-c", "import lxml"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        skip(&format!("{python} has no lxml"));
        return None;
    }
    let request = json!({
        "namespaces": { "p": "urn:p", "q": "urn:q" },
        "documents": DOCUMENTS,
        "cases": cases,
    });
    let mut child = Command::new(&python)
        .arg("-c")
        .arg(include_str!("xpath/oracle.py"))
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts, as it did a moment ago");
    let mut input = child.stdin.take().expect("standard input is a pipe");
    let writer = std::thread::spawn(move || input.write_all(request.to_string().as_bytes()));
    let output = child.wait_with_output().expect("Python ends");
    writer.join().expect("the writer ends").expect("Python reads all");
    assert!(output.status.success(), "the script fails");
    let lines = String::from_utf8(output.stdout).expect("the script writes UTF-8");
    Some(lines.lines().map(|line| serde_json::from_str(line).expect("a text")).collect())
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

fn answer(tree: &Tree, context: usize, expression: &str) -> String {
    let mut namespaces = Namespaces::new();
    namespaces.set("p", "urn:p");
    namespaces.set("q", "urn:q");
    let elements = tree.descendants(tree.document());
    let mut elements = elements.filter(|node| matches!(tree.kind(*node), Kind::Element(_)));
    let node = elements.nth(context).expect("there are so many elements");
    let compiled = match XPath::compile(expression, &namespaces, &Nothing) {
        Ok(compiled) => compiled,
        Err(error) => return format!("error {error}"),
    };
    match compiled.evaluate(tree, node, &Nothing, &mut Budget::new(10_000_000)) {
        Ok(value) => shown(tree, &value),
        Err(error) => format!("error {error}"),
    }
}

fn shown(tree: &Tree, value: &Value) -> String {
    match value {
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Text(text) => format!("text {text}"),
        Value::Number(number) if number.is_finite() => format!("number {:.6}", number + 0.0),
        Value::Number(number) => {
            format!("number {}", number.to_string().replace("inf", "Infinity"))
        }
        Value::Nodes(nodes) => {
            let numbers = numbered(tree);
            let nodes: Vec<_> = nodes
                .iter()
                .filter(|node| **node != tree.document())
                .map(|node| shown_node(tree, *node, &numbers))
                .collect();
            format!("nodes {}", nodes.join(", "))
        }
    }
}

/// Elements, comments and instructions with their numbers in document order.
fn numbered(tree: &Tree) -> HashMap<NodeId, usize> {
    let nodes = tree.descendants(tree.document());
    let nodes = nodes.filter(|node| !matches!(tree.kind(*node), Kind::Text(_)));
    nodes.zip(0..).collect()
}

/// A node as lxml can tell it: text is the first of its element, or follows another node.
fn shown_node(tree: &Tree, node: NodeId, numbers: &HashMap<NodeId, usize>) -> String {
    let parent = tree.parent(node).and_then(|parent| numbers.get(&parent)).copied();
    let parent = parent.unwrap_or_default();
    match tree.kind(node) {
        Kind::Attribute(name, _) if name.namespace.is_empty() => {
            format!("attribute {parent} {}", name.local)
        }
        Kind::Attribute(name, _) => {
            format!("attribute {parent} {{{}}}{}", name.namespace, name.local)
        }
        Kind::Text(_) => match tree.previous_sibling(node) {
            Some(before) => format!("tail {}", numbers[&before]),
            None => format!("text {parent}"),
        },
        _ => format!("node {}", numbers[&node]),
    }
}
