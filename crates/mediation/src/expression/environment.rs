//! What an XPath may refer to: WSO2's variables (spec/02 §3.2), in the tree that it is asked of.

use std::borrow::Cow;
use std::sync::LazyLock;

use xml::tree::{NodeId, Tree};
use xml::xpath::{Environment, EvaluateError, Value as Found, XPath};

use super::evaluate::Moment;
use super::function;
use crate::payload::Envelope;
use crate::property::{Scope, Value};

/// The tree and the variables of one evaluation.
pub(super) struct Surroundings<'a> {
    at: Moment<'a>,
    envelope: Cow<'a, Envelope>,
    /// Variables that hold XML: their nodes, in this tree.
    held: Vec<((String, String), Vec<NodeId>)>,
}

static NOTHING: LazyLock<Envelope> = LazyLock::new(|| Envelope::empty(None));

impl<'a> Surroundings<'a> {
    pub(super) fn new(path: &XPath, at: Moment<'a>) -> Self {
        let envelope = Cow::Borrowed(at.message.payload.envelope().unwrap_or(&NOTHING));
        let mut made = Self { at, envelope, held: Vec::new() };
        for (prefix, name) in path.variables() {
            let Some(prefix) = prefix else { continue };
            if let Some(Value::Xml(tree)) = made.lookup(prefix, name) {
                made.hold(prefix, name, &tree);
            }
        }
        made
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.envelope.tree
    }

    /// The node that relative paths start from: the envelope.
    pub(super) fn context(&self) -> NodeId {
        self.envelope.envelope
    }

    fn hold(&mut self, prefix: &str, name: &str, tree: &Tree) {
        let key = (prefix.to_owned(), name.to_owned());
        if self.held.iter().any(|(known, _)| *known == key) {
            return;
        }
        let envelope = self.envelope.to_mut();
        let nodes: Vec<NodeId> = tree.children(tree.document()).collect();
        let nodes = nodes.into_iter().map(|node| envelope.tree.import(tree, node)).collect();
        self.held.push((key, nodes));
    }

    fn lookup(&self, prefix: &str, name: &str) -> Option<Value> {
        let message = self.at.message;
        match prefix {
            "ctx" => message.get(Scope::Default, name, self.at.host),
            "axis2" => message.get(Scope::Axis2, name, self.at.host),
            "trp" => message.get(Scope::Transport, name, self.at.host),
            "operation" => message.get(Scope::Other("operation"), name, self.at.host),
            "url" => message.query(name).map(Value::text_of),
            "var" => message.variables.get(name).cloned(),
            // Parameters of templates, and properties of the machine: there are none here.
            _ => None,
        }
    }

    fn part(&self, name: &str) -> Vec<NodeId> {
        match name {
            "body" => vec![self.envelope.body],
            "env" => vec![self.envelope.envelope],
            "header" => self.envelope.header().into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

impl Environment for Surroundings<'_> {
    fn variable(&self, prefix: Option<&str>, local: &str) -> Option<Found> {
        let Some(prefix) = prefix else { return Some(Found::Nodes(self.part(local))) };
        if let Some((_, nodes)) =
            self.held.iter().find(|((scope, name), _)| scope == prefix && name == local)
        {
            return Some(Found::Nodes(nodes.clone()));
        }
        Some(match self.lookup(prefix, local) {
            Some(Value::Boolean(value)) => Found::Boolean(value),
            Some(value) => Found::Text(value.content().as_ref().to_owned()),
            None => Found::Text(String::new()),
        })
    }

    fn function(
        &self,
        prefix: Option<&str>,
        local: &str,
        arguments: &[Found],
        tree: &Tree,
    ) -> Result<Found, EvaluateError> {
        let texts: Vec<String> = arguments.iter().map(|argument| argument.joined(tree)).collect();
        function::call(prefix, local, &texts, self.at)
    }
}
