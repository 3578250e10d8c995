//! Values: expressions, regular expressions, names with expressions in them, XML that is written out.

use std::sync::Arc;

use ::expression::JavaRegex;
use model::codes;
use xml::tree::{Kind, NodeId, Tree};

use super::attribute::{Attribute, Attributes, excerpt};
use super::lint;
use super::reader::Reader;
use crate::expression::{CompileError, Expression, Held, Hint};
use crate::sequence::Source;

impl Reader<'_> {
    /// Compiles an attribute that is an expression.
    pub(super) fn expression(&mut self, attribute: &Attribute) -> Option<Expression> {
        let text = attribute.value.clone();
        self.expression_text(attribute, &text)
    }

    /// Compiles a text as the expression of an attribute.
    pub(super) fn expression_text(
        &mut self,
        attribute: &Attribute,
        text: &str,
    ) -> Option<Expression> {
        if lint::is_url(text) {
            self.literal_url(attribute);
            return None;
        }
        let namespaces = self.tree.namespaces(attribute.owner);
        match Expression::compile(text, &namespaces) {
            Ok(expression) => Some(expression),
            Err(error) => {
                self.bad_expression(attribute, &error);
                None
            }
        }
    }

    /// Compiles an attribute that is a text, with `${…}` in it or a whole `{…}`.
    pub(super) fn held(&mut self, attribute: &Attribute) -> Option<Held> {
        let namespaces = self.tree.namespaces(attribute.owner);
        let compiled = Held::compile(&attribute.value, &namespaces);
        compiled.map_err(|error| self.bad_expression(attribute, &error)).ok()
    }

    /// Compiles an attribute in which only `${…}` is an expression.
    pub(super) fn template(&mut self, attribute: &Attribute) -> Option<Held> {
        let compiled = Held::template(&attribute.value);
        compiled.map_err(|error| self.bad_expression(attribute, &error)).ok()
    }

    /// Reports an expression that cannot be compiled.
    pub(super) fn bad_expression(&mut self, attribute: &Attribute, error: &CompileError) {
        let (code, help) = match error.hint {
            Some(Hint::LiteralUrl) => return self.literal_url(attribute),
            Some(Hint::UndeclaredPrefix) => {
                (codes::EXPRESSION_PREFIX, "Declare it with `xmlns:prefix=\"…\"` on the element.")
            }
            None => (codes::EXPRESSION_SYNTAX, "Mend the expression."),
        };
        let message = format!(
            "`{}` of `{}`: {} (in `{}`, at character {})",
            attribute.name,
            self.local(attribute.owner),
            error.message,
            excerpt(&attribute.value),
            error.offset.saturating_add(1)
        );
        self.error(code, attribute.place, message, help);
    }

    fn literal_url(&mut self, attribute: &Attribute) {
        let message = format!(
            "`{}` of `{}` expects an expression, and `{}` is a URL",
            attribute.name,
            self.local(attribute.owner),
            excerpt(&attribute.value)
        );
        let help = "Write it in `value=`, or in quotes within the expression.";
        self.error(codes::EXPRESSION_IS_URL, attribute.place, message, help);
    }

    /// Compiles a regular expression.
    pub(super) fn regex(&mut self, attribute: &Attribute) -> Option<JavaRegex> {
        match JavaRegex::compile(&attribute.value) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let message =
                    format!("`{}` of `{}`: {error}", attribute.name, self.local(attribute.owner));
                self.error(
                    codes::MEDIATION_REGEX,
                    attribute.place,
                    message,
                    "Mend the regular expression (Java's dialect).",
                );
                None
            }
        }
    }

    /// `value`, `expression`, or XML in the element; one of them must be there.
    pub(super) fn source(&mut self, attributes: &mut Attributes) -> Option<Source> {
        if let Some(source) = self.plain_source(attributes)? {
            return Some(source);
        }
        if let Some(inline) = self.inline_xml(attributes.id) {
            return Some(Source::Xml(Arc::new(inline)));
        }
        let message = format!("`{}` has no value", attributes.element);
        self.lacks(attributes.id, &message, "Add `value`, `expression` or an element in it.");
        None
    }

    /// `value` or `expression`; one of them must be there.
    pub(super) fn attribute_source(&mut self, attributes: &mut Attributes) -> Option<Source> {
        let source = self.plain_source(attributes)?;
        if source.is_none() {
            let message = format!("`{}` has no value", attributes.element);
            self.lacks(attributes.id, &message, "Add `value` or `expression`.");
        }
        source
    }

    /// `value` or `expression`, as far as they are there; `value` wins, as it does with WSO2.
    /// The outer `None` says that a mistake was reported.
    fn plain_source(&mut self, attributes: &mut Attributes) -> Option<Option<Source>> {
        if let Some(value) = attributes.take("value") {
            return Some(Some(Source::Text(Held::literal(&value.value))));
        }
        let Some(expression) = attributes.take("expression") else {
            return Some(None);
        };
        self.expression(&expression).map(|it| Some(Source::Expression(it)))
    }

    /// The elements in an element, in a tree of their own; `None` where there are none.
    pub(super) fn inline_xml(&self, id: NodeId) -> Option<Tree> {
        let children: Vec<NodeId> = self.tree.elements(id).collect();
        (!children.is_empty()).then(|| self.copied(&children))
    }

    /// Nodes in a tree of their own, without comments, which are meant for readers of the policy.
    pub(super) fn copied(&self, nodes: &[NodeId]) -> Tree {
        let mut own = Tree::new();
        let document = own.document();
        for node in nodes {
            let copy = own.import(self.tree, *node);
            own.append(document, copy);
        }
        let mut open = vec![document];
        while let Some(next) = open.pop() {
            let children: Vec<NodeId> = own.children(next).collect();
            for child in children {
                match own.kind(child) {
                    Kind::Comment(_) => own.detach(child),
                    _ => open.push(child),
                }
            }
        }
        own
    }
}
