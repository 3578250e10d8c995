//! Calling the core library (XPath 1.0 §4).

use std::collections::{HashMap, HashSet};

use super::EvaluateError;
use super::axis::top;
use super::evaluate::{Context, Evaluator};
use super::library::Core;
use super::number;
use super::syntax::{Expression, Type};
use super::token::is_space;
use super::value::Value;
use crate::tree::{Kind, NodeId, XML};

impl Evaluator<'_> {
    /// Calls a function; reading the expression has seen to it that the arguments fit.
    pub(super) fn call(
        &mut self,
        function: Core,
        arguments: &[Expression],
        context: Context,
    ) -> Result<Value, EvaluateError> {
        match function.kind() {
            Type::Boolean => self.test(function, arguments, context).map(Value::Boolean),
            Type::Number => self.calculate(function, arguments, context).map(Value::Number),
            Type::Nodes => self.identified(arguments, context).map(Value::Nodes),
            Type::Text | Type::Unknown => {
                let text = self.compose(function, arguments, context)?;
                self.budget.spend_text(text.len())?;
                Ok(Value::Text(text))
            }
        }
    }

    fn test(
        &mut self,
        function: Core,
        arguments: &[Expression],
        context: Context,
    ) -> Result<bool, EvaluateError> {
        match (function, arguments) {
            (Core::Boolean, [value]) => self.boolean(value, context),
            (Core::Not, [value]) => self.boolean(value, context).map(|holds| !holds),
            (Core::Contains, [text, part]) => {
                Ok(self.text(text, context)?.contains(&self.text(part, context)?))
            }
            (Core::StartsWith, [text, start]) => {
                Ok(self.text(text, context)?.starts_with(&self.text(start, context)?))
            }
            (Core::Lang, [language]) => self.is_in(language, context),
            _ => Ok(function == Core::True),
        }
    }

    fn calculate(
        &mut self,
        function: Core,
        arguments: &[Expression],
        context: Context,
    ) -> Result<f64, EvaluateError> {
        match (function, arguments) {
            (Core::Position, _) => Ok(context.position as f64),
            (Core::Last, _) => Ok(context.size as f64),
            (Core::Count, [nodes]) => Ok(self.nodes(nodes, context, "count()")?.len() as f64),
            (Core::Sum, [nodes]) => self.sum(nodes, context),
            (Core::StringLength, texts) => Ok(self.subject(texts, context)?.chars().count() as f64),
            (Core::Floor, [value]) => self.number(value, context).map(f64::floor),
            (Core::Ceiling, [value]) => self.number(value, context).map(f64::ceil),
            (Core::Round, [value]) => self.number(value, context).map(number::round),
            (_, [value]) => self.number(value, context),
            _ => Ok(number::parse(&self.node_text(context.node)?)),
        }
    }

    fn compose(
        &mut self,
        function: Core,
        arguments: &[Expression],
        context: Context,
    ) -> Result<String, EvaluateError> {
        match (function, arguments) {
            (Core::Name | Core::LocalName | Core::NamespaceUri, nodes) => {
                self.name(function, nodes, context)
            }
            (Core::NormalizeSpace, texts) => Ok(normalized(&self.subject(texts, context)?)),
            (Core::Concat, parts) => self.concat(parts, context),
            (Core::Substring, [text, start, rest @ ..]) => {
                let text = self.text(text, context)?;
                let start = number::round(self.number(start, context)?);
                let length = match rest {
                    [length, ..] => number::round(self.number(length, context)?),
                    [] => f64::INFINITY,
                };
                Ok(substring(&text, start, length))
            }
            (Core::SubstringBefore | Core::SubstringAfter, [text, mark]) => {
                let (text, mark) = (self.text(text, context)?, self.text(mark, context)?);
                let (before, after) = text.split_once(mark.as_str()).unwrap_or_default();
                Ok(if function == Core::SubstringBefore { before } else { after }.to_owned())
            }
            (Core::Translate, [text, from, to]) => {
                let text = self.text(text, context)?;
                let (from, to) = (self.text(from, context)?, self.text(to, context)?);
                Ok(translated(&text, &from, &to))
            }
            (_, texts) => self.subject(texts, context),
        }
    }

    /// The text that a function is given, or that of the context node.
    fn subject(
        &mut self,
        arguments: &[Expression],
        context: Context,
    ) -> Result<String, EvaluateError> {
        match arguments {
            [text, ..] => self.text(text, context),
            [] => self.node_text(context.node),
        }
    }

    fn name(
        &mut self,
        function: Core,
        arguments: &[Expression],
        context: Context,
    ) -> Result<String, EvaluateError> {
        let node = match arguments {
            [nodes, ..] => self.nodes(nodes, context, function.name())?.first().copied(),
            [] => Some(context.node),
        };
        let Some(node) = node else {
            return Ok(String::new());
        };
        Ok(match (self.tree.kind(node), function) {
            (Kind::Instruction { .. }, Core::NamespaceUri) => String::new(),
            (Kind::Instruction { target, .. }, _) => target.clone(),
            (Kind::Element(name) | Kind::Attribute(name, _), _) => match function {
                Core::Name => name.qualified(),
                Core::LocalName => name.local.as_ref().to_owned(),
                _ => name.namespace.as_ref().to_owned(),
            },
            _ => String::new(),
        })
    }

    fn concat(&mut self, parts: &[Expression], context: Context) -> Result<String, EvaluateError> {
        let mut text = String::new();
        for part in parts {
            let part = self.text(part, context)?;
            self.budget.spend_text(part.len())?;
            text.push_str(&part);
        }
        Ok(text)
    }

    fn sum(&mut self, nodes: &Expression, context: Context) -> Result<f64, EvaluateError> {
        let mut sum = 0.0;
        for node in self.nodes(nodes, context, "sum()")? {
            sum += number::parse(&self.node_text(node)?);
        }
        Ok(sum)
    }

    /// `lang()`: whether the context node is in a language, or in a dialect of it.
    fn is_in(&mut self, language: &Expression, context: Context) -> Result<bool, EvaluateError> {
        let wanted = self.text(language, context)?;
        let mut next = Some(context.node);
        while let Some(node) = next {
            self.budget.spend(1)?;
            if let Some(language) = self.tree.attribute(node, XML, "lang") {
                return Ok(is_dialect(language, &wanted));
            }
            next = self.tree.parent(node);
        }
        Ok(false)
    }

    /// `id()`: the elements whose `xml:id` is among the words.
    ///
    /// Without document types, no other attribute is an identifier.
    fn identified(
        &mut self,
        arguments: &[Expression],
        context: Context,
    ) -> Result<Vec<NodeId>, EvaluateError> {
        let mut words = String::new();
        for argument in arguments {
            words.push_str(&self.words(argument, context)?);
        }
        let mut wanted: HashSet<&str> =
            words.split(is_space).filter(|word| !word.is_empty()).collect();
        let (tree, budget) = (self.tree, &mut *self.budget);
        let mut found = Vec::new();
        for node in tree.descendants(top(tree, context.node)) {
            budget.spend(1)?;
            if tree.attribute(node, XML, "id").is_some_and(|id| wanted.remove(id)) {
                found.push(node);
            }
        }
        Ok(found)
    }

    /// The texts of all nodes, or the text of what is no node-set.
    fn words(&mut self, argument: &Expression, context: Context) -> Result<String, EvaluateError> {
        let nodes = match self.evaluate(argument, context)? {
            Value::Nodes(nodes) => nodes,
            other => return Ok(other.scalar()),
        };
        let mut words = String::new();
        for node in nodes {
            words.push_str(&self.node_text(node)?);
            words.push(' ');
        }
        Ok(words)
    }
}

fn normalized(text: &str) -> String {
    let mut normalized = String::with_capacity(text.len());
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if !normalized.is_empty() {
            normalized.push(' ');
        }
        normalized.push_str(word);
    }
    normalized
}

/// The characters whose positions, from 1, are at `start` or after, and before `start + length`.
fn substring(text: &str, start: f64, length: f64) -> String {
    let end = start + length;
    text.chars()
        .zip(1_u64..)
        .filter(|(_, position)| (start..end).contains(&(*position as f64)))
        .map(|(character, _)| character)
        .collect()
}

fn translated(text: &str, from: &str, to: &str) -> String {
    let mut replacements = to.chars();
    let mut table = HashMap::new();
    for character in from.chars() {
        let replacement = replacements.next();
        table.entry(character).or_insert(replacement);
    }
    text.chars()
        .filter_map(|character| table.get(&character).copied().unwrap_or(Some(character)))
        .collect()
}

fn is_dialect(language: &str, wanted: &str) -> bool {
    let head = language.get(..wanted.len());
    let tail = language.get(wanted.len()..);
    head.is_some_and(|head| head.eq_ignore_ascii_case(wanted))
        && tail.is_some_and(|tail| tail.is_empty() || tail.starts_with('-'))
}
