//! The prefixes in scope while a text is read.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::Reason;
use super::characters::shorten;
use crate::name::{Name, XML, XMLNS};
use crate::tree::{Declaration, Namespaces};

/// Prefixes with their namespaces, innermost last, and the strings that names are made of.
pub(super) struct Prefixes<'a> {
    bound: HashMap<Arc<str>, Vec<Arc<str>>, RandomState>,
    /// What was declared, in order, to be undone.
    declared: Vec<Arc<str>>,
    /// How much was declared when an element began.
    marks: Vec<usize>,
    strings: HashMap<&'a str, Arc<str>, RandomState>,
    /// Names of elements as they were last understood, and in which scope.
    elements: HashMap<&'a str, (usize, Name), RandomState>,
    /// Told apart from all scopes before; a new one begins where a declaration comes or goes.
    scope: usize,
    empty: Arc<str>,
}

impl<'a> Prefixes<'a> {
    pub(super) fn new(scope: &Namespaces) -> Self {
        let outer = scope.iter().chain([("xml", XML)]);
        Self {
            bound: outer.map(|(prefix, uri)| (prefix.into(), vec![uri.into()])).collect(),
            declared: Vec::new(),
            marks: Vec::new(),
            strings: HashMap::default(),
            elements: HashMap::default(),
            scope: 0,
            empty: "".into(),
        }
    }

    /// Begins an element.
    pub(super) fn open(&mut self) {
        self.marks.push(self.declared.len());
    }

    /// Ends the innermost element.
    pub(super) fn close(&mut self) {
        let mark = self.marks.pop().unwrap_or_default();
        if mark < self.declared.len() {
            self.scope += 1;
        }
        for prefix in self.declared.drain(mark..) {
            if let Some(uris) = self.bound.get_mut(&prefix) {
                uris.pop();
            }
        }
    }

    /// Declares a prefix for the innermost element; nothing comes of declaring `xml` as it is.
    pub(super) fn declare(
        &mut self,
        prefix: &'a str,
        uri: &str,
    ) -> Result<Option<Declaration>, Reason> {
        if prefix == "xml" && uri == XML {
            return Ok(None);
        }
        if matches!(prefix, "xml" | "xmlns") || matches!(uri, XML | XMLNS) {
            let uri = shorten(uri);
            return Err(malformed(format!("the prefix {prefix:?} cannot be declared as {uri:?}")));
        }
        if uri.is_empty() && !prefix.is_empty() {
            return Err(malformed(format!("xmlns:{prefix} is empty; give it a namespace")));
        }
        let prefix = self.string(prefix);
        let start = self.marks.last().copied().unwrap_or_default();
        // One string is one `Arc` here, and the limit on attributes bounds the count.
        if self.declared.iter().skip(start).any(|known| Arc::ptr_eq(known, &prefix)) {
            return Err(malformed(format!("the prefix {prefix:?} is declared twice; remove one")));
        }
        let uri: Arc<str> = uri.into();
        self.scope += 1;
        self.bound.entry(prefix.clone()).or_default().push(uri.clone());
        self.declared.push(prefix.clone());
        Ok(Some((prefix, uri)))
    }

    /// The name of an element.
    pub(super) fn element(&mut self, qualified: &'a str) -> Result<Name, Reason> {
        if let Some((scope, name)) = self.elements.get(qualified)
            && *scope == self.scope
        {
            return Ok(name.clone());
        }
        let name = match qualified.split_once(':') {
            Some((prefix, local)) => self.prefixed(prefix, local)?,
            None => Name {
                namespace: self.innermost("").unwrap_or_else(|| self.empty.clone()),
                local: self.string(qualified),
                prefix: self.empty.clone(),
            },
        };
        self.elements.insert(qualified, (self.scope, name.clone()));
        Ok(name)
    }

    /// The name of an attribute; the default namespace does not count.
    pub(super) fn attribute(&mut self, qualified: &'a str) -> Result<Name, Reason> {
        match qualified.split_once(':') {
            Some((prefix, local)) => self.prefixed(prefix, local),
            None => Ok(Name {
                namespace: self.empty.clone(),
                local: self.string(qualified),
                prefix: self.empty.clone(),
            }),
        }
    }

    fn prefixed(&mut self, prefix: &'a str, local: &'a str) -> Result<Name, Reason> {
        let undeclared = || Reason::UndeclaredPrefix(prefix.to_owned());
        let namespace = self.innermost(prefix).ok_or_else(undeclared)?;
        Ok(Name { namespace, local: self.string(local), prefix: self.string(prefix) })
    }

    fn innermost(&self, prefix: &str) -> Option<Arc<str>> {
        self.bound.get(prefix)?.last().cloned()
    }

    fn string(&mut self, text: &'a str) -> Arc<str> {
        self.strings.entry(text).or_insert_with(|| text.into()).clone()
    }
}

fn malformed(message: String) -> Reason {
    Reason::NotWellFormed(message)
}
