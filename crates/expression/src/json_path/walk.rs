//! Takes the steps of a path.
//!
//! Nothing here calls itself for a deeper document: only for a filter or function inside a path, whose depth is limited when it is read.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::syntax::{Path, Select, Slice, Step, Tail, Test};
use super::{Found, Location, Segment, filter, function};
use crate::{Budget, Exhausted};

/// Bytes of a text that count as one step.
const BYTES_PER_STEP: usize = 64;

/// A value on the way, perhaps with the way to it.
trait Node<'a>: Clone {
    fn value(&self) -> &'a Value;
    fn child(&self, part: Part<'a>, value: &'a Value) -> Self;
}

#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Key(&'a str),
    Index(usize),
}

#[derive(Debug, Clone)]
struct Located<'a> {
    value: &'a Value,
    trail: Option<Rc<Trail<'a>>>,
}

#[derive(Debug)]
struct Trail<'a> {
    part: Part<'a>,
    before: Option<Rc<Self>>,
}

struct Walk<'a, 'b> {
    root: &'a Value,
    budget: &'b mut Budget,
}

impl<'a> Node<'a> for &'a Value {
    fn value(&self) -> &'a Value {
        self
    }

    fn child(&self, _: Part<'a>, value: &'a Value) -> Self {
        value
    }
}

impl<'a> Node<'a> for Located<'a> {
    fn value(&self) -> &'a Value {
        self.value
    }

    fn child(&self, part: Part<'a>, value: &'a Value) -> Self {
        Self { value, trail: Some(Rc::new(Trail { part, before: self.trail.clone() })) }
    }
}

impl Located<'_> {
    fn location(&self) -> Location {
        let mut location = Vec::new();
        let mut next = self.trail.as_deref();
        while let Some(trail) = next {
            location.push(match trail.part {
                Part::Key(key) => Segment::Key(key.to_owned()),
                Part::Index(index) => Segment::Index(index),
            });
            next = trail.before.as_deref();
        }
        location.reverse();
        location
    }
}

/// Finds values; `current` is what `@` means.
pub(super) fn evaluate<'a>(
    path: &Path,
    root: &'a Value,
    current: &'a Value,
    budget: &mut Budget,
) -> Result<Found<'a>, Exhausted> {
    let start = if path.is_relative { current } else { root };
    let mut walk = Walk { root, budget };
    let Some(nodes) = walk.take(&path.steps, start)? else { return Ok(Found::Missing) };
    let is_definite = path.steps.iter().all(Step::is_definite);
    match &path.tail {
        Some(Tail::Merge { is_deep, names }) => walk.merge(nodes, is_definite, *is_deep, names),
        Some(Tail::Call { function, arguments, then }) => {
            let found = found(nodes, is_definite);
            let mut given = Vec::new();
            for argument in arguments {
                given.push(
                    filter::operand(argument, root, current, walk.budget)?.detached(walk.budget)?,
                );
            }
            let result = function::call(*function, given, found, path.gathers(), walk.budget)?;
            match then {
                None => Ok(result),
                Some(then) => walk.go_on(then, result),
            }
        }
        None => Ok(found(nodes, is_definite)),
    }
}

/// Finds where values stand.
pub(super) fn locations(
    path: &Path,
    root: &Value,
    budget: &mut Budget,
) -> Result<Vec<Location>, Exhausted> {
    let mut walk = Walk { root, budget };
    let start = Located { value: root, trail: None };
    let Some(mut nodes) = walk.take(&path.steps, start)? else { return Ok(Vec::new()) };
    match &path.tail {
        Some(Tail::Call { .. }) => return Ok(Vec::new()),
        Some(Tail::Merge { is_deep, names }) => {
            let step = Step { is_deep: *is_deep, select: Select::Names(names.clone()) };
            nodes = walk.step(&step, nodes)?;
        }
        None => {}
    }
    Ok(nodes.iter().map(Located::location).collect())
}

/// What it costs to copy or write a value, in steps.
pub(super) fn weight(value: &Value) -> u64 {
    let mut weight: u64 = 0;
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        weight += 1;
        match value {
            Value::String(text) => weight += (text.len() / BYTES_PER_STEP) as u64,
            Value::Array(items) => left.extend(items),
            Value::Object(entries) => left.extend(entries.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    weight
}

/// A copy, paid for.
pub(super) fn copy(value: &Value, budget: &mut Budget) -> Result<Value, Exhausted> {
    budget.spend(weight(value))?;
    Ok(value.clone())
}

impl<'a> Walk<'a, '_> {
    /// Takes all steps. Nothing, where a step from one value to another leads nowhere.
    fn take<N: Node<'a>>(&mut self, steps: &[Step], start: N) -> Result<Option<Vec<N>>, Exhausted> {
        self.budget.spend(1 + steps.len() as u64)?;
        let mut node = start;
        let mut rest = steps;
        while let Some((step, after)) = rest.split_first().filter(|(step, _)| step.is_definite()) {
            let Some(next) = only_child(step, &node) else { return Ok(None) };
            node = next;
            rest = after;
        }
        // The first step to many values needs a value that can have them.
        if rest.first().is_some_and(|step| !step.is_deep && !fits(step, node.value())) {
            return Ok(None);
        }
        let mut nodes = vec![node];
        for step in rest {
            nodes = self.step(step, nodes)?;
        }
        Ok(Some(nodes))
    }

    fn step<N: Node<'a>>(&mut self, step: &Step, nodes: Vec<N>) -> Result<Vec<N>, Exhausted> {
        let mut next = Vec::new();
        for node in nodes {
            if !step.is_deep {
                self.select(&step.select, &node, &mut next)?;
                continue;
            }
            for below in self.descendants(node)? {
                match &step.select {
                    Select::Filter(test) => self.filter_below(test, &below, &mut next)?,
                    select => self.select(select, &below, &mut next)?,
                }
            }
        }
        Ok(next)
    }

    /// The value and all below it, in the order of the document.
    fn descendants<N: Node<'a>>(&mut self, node: N) -> Result<Vec<N>, Exhausted> {
        let mut all = Vec::new();
        let mut left = vec![node];
        while let Some(node) = left.pop() {
            self.budget.spend(1)?;
            let start = left.len();
            push_children(&node, &mut left);
            if let Some(children) = left.get_mut(start..) {
                children.reverse();
            }
            all.push(node);
        }
        Ok(all)
    }

    fn select<N: Node<'a>>(
        &mut self,
        select: &Select,
        node: &N,
        next: &mut Vec<N>,
    ) -> Result<(), Exhausted> {
        let before = next.len();
        match (select, node.value()) {
            (Select::Names(names), Value::Object(entries)) => {
                for (key, value) in names.iter().filter_map(|name| entries.get_key_value(&**name)) {
                    next.push(node.child(Part::Key(key), value));
                }
            }
            (Select::Indexes(indexes), Value::Array(items)) => {
                for index in indexes.iter().filter_map(|index| place(*index, items.len())) {
                    next.extend(items.get(index).map(|item| node.child(Part::Index(index), item)));
                }
            }
            (Select::Slice(slice), Value::Array(items)) => {
                for index in slice.places(items.len()) {
                    next.extend(items.get(index).map(|item| node.child(Part::Index(index), item)));
                }
            }
            (Select::Every, _) => push_children(node, next),
            (Select::Filter(test), _) => return self.filter(test, node, next),
            _ => {}
        }
        self.budget.spend((next.len() - before) as u64)
    }

    /// A filter asks about the items of an array, or about an object itself.
    fn filter<N: Node<'a>>(
        &mut self,
        test: &Test,
        node: &N,
        next: &mut Vec<N>,
    ) -> Result<(), Exhausted> {
        match node.value() {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if self.holds(test, item)? {
                        next.push(node.child(Part::Index(index), item));
                    }
                }
            }
            Value::Object(_) if self.holds(test, node.value())? => next.push(node.clone()),
            _ => {}
        }
        Ok(())
    }

    /// After `..`, where each object comes by itself, its array need not ask about it.
    fn filter_below<N: Node<'a>>(
        &mut self,
        test: &Test,
        node: &N,
        next: &mut Vec<N>,
    ) -> Result<(), Exhausted> {
        let Value::Array(items) = node.value() else { return self.filter(test, node, next) };
        for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.is_object()) {
            if self.holds(test, item)? {
                next.push(node.child(Part::Index(index), item));
            }
        }
        Ok(())
    }

    fn holds(&mut self, test: &Test, current: &Value) -> Result<bool, Exhausted> {
        filter::holds(test, self.root, current, self.budget)
    }

    fn merge(
        &mut self,
        nodes: Vec<&'a Value>,
        is_definite: bool,
        is_deep: bool,
        names: &[Box<str>],
    ) -> Result<Found<'a>, Exhausted> {
        let mut merged = Vec::new();
        for node in nodes {
            let all = if is_deep { self.descendants(node)? } else { vec![node] };
            for entries in all.into_iter().filter_map(Value::as_object) {
                if !is_deep || names.iter().all(|name| entries.contains_key(&**name)) {
                    merged.push(Cow::Owned(self.chosen(entries, names)?));
                }
            }
        }
        if !is_definite || is_deep {
            return Ok(Found::Many(merged));
        }
        Ok(merged.pop().map_or(Found::Missing, Found::One))
    }

    fn chosen(
        &mut self,
        from: &Map<String, Value>,
        names: &[Box<str>],
    ) -> Result<Value, Exhausted> {
        let mut chosen = Map::new();
        for (key, value) in names.iter().filter_map(|name| from.get_key_value(&**name)) {
            chosen.insert(key.clone(), copy(value, self.budget)?);
        }
        Ok(Value::Object(chosen))
    }

    /// Goes on from the result of a function.
    fn go_on(&mut self, then: &Path, result: Found<'a>) -> Result<Found<'a>, Exhausted> {
        match result {
            Found::Missing => Ok(Found::Missing),
            Found::One(value) => self.from(then, value),
            Found::Many(values) => {
                let mut all = Vec::new();
                for value in values {
                    match self.from(then, value)? {
                        Found::Missing => {}
                        Found::One(value) => all.push(value),
                        Found::Many(values) => all.extend(values),
                    }
                }
                Ok(Found::Many(all))
            }
        }
    }

    fn from(&mut self, then: &Path, value: Cow<'a, Value>) -> Result<Found<'a>, Exhausted> {
        match value {
            Cow::Borrowed(value) => evaluate(then, self.root, value, self.budget),
            Cow::Owned(value) => {
                evaluate(then, self.root, &value, self.budget)?.detached(self.budget)
            }
        }
    }
}

impl Found<'_> {
    /// Copies what is borrowed.
    fn detached<'b>(self, budget: &mut Budget) -> Result<Found<'b>, Exhausted> {
        let mut detach = |value: Cow<'_, Value>| {
            Ok(Cow::Owned(match value {
                Cow::Borrowed(value) => copy(value, budget)?,
                Cow::Owned(value) => value,
            }))
        };
        Ok(match self {
            Self::Missing => Found::Missing,
            Self::One(value) => Found::One(detach(value)?),
            Self::Many(values) => {
                Found::Many(values.into_iter().map(detach).collect::<Result<_, _>>()?)
            }
        })
    }
}

impl Slice {
    /// The places that it takes of so many.
    fn places(self, length: usize) -> Vec<usize> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let (lowest, highest) = if self.step > 0 { (0, length) } else { (-1, length - 1) };
        let bound = |end: i64| {
            let end = if end < 0 { end.saturating_add(length) } else { end };
            end.clamp(lowest, highest)
        };
        let (first, last) = if self.step > 0 { (lowest, highest) } else { (highest, lowest) };
        let mut at = self.from.map_or(first, bound);
        let to = self.to.map_or(last, bound);
        let mut places = Vec::new();
        while if self.step > 0 { at < to } else { at > to } {
            places.extend(usize::try_from(at).ok());
            at = at.saturating_add(self.step);
        }
        places
    }
}

fn found<'a>(nodes: Vec<&'a Value>, is_definite: bool) -> Found<'a> {
    let mut values: Vec<_> = nodes.into_iter().map(Cow::Borrowed).collect();
    if !is_definite {
        return Found::Many(values);
    }
    values.pop().map_or(Found::Missing, Found::One)
}

/// Where a definite step leads.
fn only_child<'a, N: Node<'a>>(step: &Step, node: &N) -> Option<N> {
    match (&step.select, node.value()) {
        (Select::Names(names), Value::Object(entries)) => {
            let (key, value) = entries.get_key_value(&**names.first()?)?;
            Some(node.child(Part::Key(key), value))
        }
        (Select::Indexes(indexes), Value::Array(items)) => {
            let index = place(*indexes.first()?, items.len())?;
            Some(node.child(Part::Index(index), items.get(index)?))
        }
        _ => None,
    }
}

/// Whether a value is of the kind from which a step can be taken.
fn fits(step: &Step, value: &Value) -> bool {
    match step.select {
        Select::Names(_) => value.is_object(),
        Select::Indexes(_) | Select::Slice(_) => value.is_array(),
        Select::Filter(_) => value.is_object() || value.is_array(),
        Select::Every => true,
    }
}

/// The place in an array of this length that an index means.
fn place(index: i64, length: usize) -> Option<usize> {
    if index >= 0 {
        return usize::try_from(index).ok();
    }
    length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
}

fn push_children<'a, N: Node<'a>>(node: &N, into: &mut Vec<N>) {
    match node.value() {
        Value::Array(items) => {
            let children = items.iter().enumerate();
            into.extend(children.map(|(index, item)| node.child(Part::Index(index), item)));
        }
        Value::Object(entries) => {
            into.extend(entries.iter().map(|(key, value)| node.child(Part::Key(key), value)));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
