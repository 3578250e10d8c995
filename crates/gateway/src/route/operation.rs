//! From method and path to an operation.
//!
//! The method decides first; then exact paths go before prefixes (the longest first), endings,
//! `/*` and templates in the order of their declaration (spec/01 §3.2).
//! Exact paths, and templates that begin with a whole literal segment, are found by that text, so
//! a lookup compares the path with few of many operations.

use std::cmp::Reverse;
use std::collections::HashMap;

use compiler::ApiPlan;
use compiler::pattern::{Captures, Class, canonical};
use compiler::plan::OperationPlan;
use foldhash::fast::RandomState;
use http::Method;

use super::Methods;

/// The operations of one API, arranged to be found.
#[derive(Debug, Clone, Default)]
pub struct OperationTable {
    /// By path.
    exact: HashMap<Box<str>, Vec<usize>, RandomState>,
    /// Prefixes, the longest first, then endings, then `/*`.
    mappings: Vec<usize>,
    /// Templates by their first segment.
    rooted: HashMap<Box<str>, Vec<usize>, RandomState>,
    /// Templates whose first segment is not literal.
    loose: Vec<usize>,
    /// For each operation, the methods of all that have the same template.
    resources: Vec<Methods>,
}

/// What serves a method and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationMatch {
    /// An operation.
    Found {
        /// Its place in the plan.
        index: usize,
        /// Where its variables are in the rest of the path.
        captures: Captures,
    },
    /// Operations with other methods (405).
    WrongMethod {
        /// Their methods.
        allowed: Methods,
    },
    /// No operation (404).
    NoResource,
}

impl OperationTable {
    /// Arranges the operations of an API.
    #[must_use]
    pub fn new(plan: &ApiPlan) -> Self {
        let mut table = Self::default();
        for (index, operation) in plan.operations.iter().enumerate() {
            table.add(index, operation);
        }
        table.mappings.sort_by_key(|index| {
            plan.operations.get(*index).map(|it| {
                let pattern = &it.pattern;
                (pattern.class(), Reverse(pattern.fixed().len()))
            })
        });
        table.resources = resources(&plan.operations);
        table
    }

    /// Finds the operation for a method and the rest of a path after its context, without query.
    ///
    /// `plan` is the one that the table was made from.
    /// A HEAD that is not declared is served by the operation for GET (RFC 9110 §9.3.2).
    #[must_use]
    pub fn find(&self, plan: &ApiPlan, method: &Method, rest: &str) -> OperationMatch {
        let found = self.first(plan, method, rest).or_else(|| {
            (method == Method::HEAD).then(|| self.first(plan, &Method::GET, rest)).flatten()
        });
        if let Some((index, captures)) = found {
            return OperationMatch::Found { index, captures };
        }
        let allowed = self.allowed(plan, rest);
        if allowed.is_empty() {
            OperationMatch::NoResource
        } else {
            OperationMatch::WrongMethod { allowed }
        }
    }

    /// The methods of every operation at a path; HEAD comes with GET.
    #[must_use]
    pub fn allowed(&self, plan: &ApiPlan, rest: &str) -> Methods {
        let mut methods = Methods::NONE;
        self.candidates(rest, |index| {
            if let Some(operation) = plan.operations.get(index)
                && !methods.contains(&operation.method)
                && operation.pattern.matches(rest).is_some()
            {
                methods = methods.with(&operation.method);
            }
            None::<()>
        });
        if methods.contains(&Method::GET) { methods.with(&Method::HEAD) } else { methods }
    }

    /// The methods of all operations that have the same template as this one: what WSO2 calls the
    /// verbs of a resource.
    #[must_use]
    pub fn resource_methods(&self, index: usize) -> Methods {
        self.resources.get(index).copied().unwrap_or_default()
    }

    fn add(&mut self, index: usize, operation: &OperationPlan) {
        let pattern = &operation.pattern;
        match pattern.class() {
            Class::Exact => self.exact.entry(pattern.fixed().into()).or_default().push(index),
            Class::Prefix | Class::Extension | Class::All => self.mappings.push(index),
            Class::Template => match whole_first_segment(pattern.literal_start()) {
                Some(segment) => self.rooted.entry(segment.into()).or_default().push(index),
                None => self.loose.push(index),
            },
        }
    }

    fn first(&self, plan: &ApiPlan, method: &Method, rest: &str) -> Option<(usize, Captures)> {
        self.candidates(rest, |index| {
            let operation = plan.operations.get(index).filter(|it| it.method == *method)?;
            Some((index, operation.pattern.matches(rest)?))
        })
    }

    /// Calls `visit` with each operation that may match, in order, until it returns something.
    fn candidates<R>(&self, rest: &str, mut visit: impl FnMut(usize) -> Option<R>) -> Option<R> {
        let path = canonical(rest);
        let exact = self.exact.get(path).map_or(&[][..], Vec::as_slice);
        if let Some(found) = exact.iter().chain(&self.mappings).find_map(|index| visit(*index)) {
            return Some(found);
        }
        let segment = first_segment(path);
        let rooted = self.rooted.get(segment).map_or(&[][..], Vec::as_slice);
        merged(rooted, &self.loose).find_map(visit)
    }
}

/// Two ascending lists as one.
fn merged<'a>(one: &'a [usize], other: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    std::iter::from_fn(move || {
        let from_one = match (one.peek(), other.peek()) {
            (Some(a), Some(b)) => a < b,
            (a, _) => a.is_some(),
        };
        if from_one { one.next() } else { other.next() }.copied()
    })
}

/// The first segment of a path, with its slash in front.
fn first_segment(path: &str) -> &str {
    whole_first_segment(path).unwrap_or(path)
}

/// The first segment, if another slash follows it.
fn whole_first_segment(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    path.get(..=rest.find('/')?)
}

fn resources(operations: &[OperationPlan]) -> Vec<Methods> {
    let mut by_template: HashMap<&str, Methods, RandomState> = HashMap::default();
    for operation in operations {
        let methods = by_template.entry(&operation.template).or_default();
        *methods = methods.with(&operation.method);
    }
    let methods = |it: &OperationPlan| by_template.get(&*it.template).copied().unwrap_or_default();
    operations.iter().map(methods).collect()
}

#[cfg(test)]
mod tests;
