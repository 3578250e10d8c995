//! What branches and what calls: `filter`, `switch`, `sequence`, `foreach`.

use std::sync::Arc;

use ::expression::JavaRegex;
use model::codes;
use xml::tree::NodeId;

use super::attribute::{Attribute, Attributes};
use super::lint;
use super::reader::Reader;
use crate::expression::Held;
use crate::sequence::{Filter, FilterTest, ForEach, Mediator, Sequence, Switch};

/// A `sequence` that is the whole text.
pub(super) fn root(reader: &mut Reader<'_>, id: NodeId) -> Option<Sequence> {
    let mut attributes = Attributes::of(reader.tree, id);
    // Its key is known to whoever reads the file.
    attributes.take("name");
    inline(reader, attributes)
}

pub(super) fn sequence(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let Some(key) = attributes.take("key") else {
        attributes.take("name");
        return inline(reader, attributes).map(|steps| Mediator::Inline(Arc::new(steps)));
    };
    attributes.finish(reader);
    if let Some(child) = reader.elements(id).first() {
        reader.unexpected(*child, "sequence", "either a key, or steps,");
        return None;
    }
    named(reader, &key).map(Mediator::Named)
}

fn inline(reader: &mut Reader<'_>, mut attributes: Attributes) -> Option<Sequence> {
    let id = attributes.id;
    let on_error = attributes.take("onError");
    attributes.finish(reader);
    let mut steps = reader.steps(id);
    if let Some(key) = on_error {
        let held = named(reader, &key)?;
        let Some(literal) = held.as_literal() else {
            reader.bad_value(&key, "Write the fixed key of a sequence.");
            return None;
        };
        steps.on_error = Some(Arc::from(literal));
    }
    Some(steps)
}

/// The key of a sequence, which must be there where it is fixed.
fn named(reader: &mut Reader<'_>, key: &Attribute) -> Option<Held> {
    let held = reader.held(key)?;
    match held.as_literal().map(str::trim) {
        Some(literal) if !(reader.context.known_sequences)(literal) => {
            reader.error(
                codes::SEQUENCE_UNKNOWN,
                key.place,
                format!("There is no sequence `{literal}`"),
                "Mend the key, or add the sequence to the project.",
            );
            None
        }
        Some(literal) => Some(Held::literal(literal)),
        None => Some(held),
    }
}

pub(super) fn filter(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let test = filter_test(reader, &mut attributes);
    attributes.finish(reader);
    let elements = reader.elements(id);
    let is_branch =
        |child: &NodeId| reader.is_mediator(*child, "then") || reader.is_mediator(*child, "else");
    if !elements.iter().any(is_branch) {
        let then = Arc::new(reader.steps(id));
        return Some(Mediator::Filter(Filter { test: test?, then, otherwise: None }));
    }
    let (mut then, mut otherwise) = (None, None);
    for child in elements {
        let branch = if reader.is_mediator(child, "then") {
            &mut then
        } else if reader.is_mediator(child, "else") {
            &mut otherwise
        } else {
            reader.unexpected(child, "filter", "one `then` and one `else`");
            continue;
        };
        if branch.is_some() {
            reader.unexpected(child, "filter", "one `then` and one `else`");
            continue;
        }
        *branch = Some(Arc::new(branch_of(reader, Attributes::of(reader.tree, child))?));
    }
    Some(Mediator::Filter(Filter { test: test?, then: then.unwrap_or_default(), otherwise }))
}

fn filter_test(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Option<FilterTest> {
    if let Some(xpath) = attributes.take("xpath") {
        return reader.expression(&xpath).map(FilterTest::Is);
    }
    if !attributes.has("source") && !attributes.has("regex") {
        reader.lacks(
            attributes.id,
            "`filter` has no condition",
            "Add `xpath`, or both `source` and `regex`.",
        );
        return None;
    }
    let source = reader.required(attributes, "source")?;
    let regex = reader.required(attributes, "regex")?;
    lint::substring(reader, &regex, &source.value);
    let expression = reader.expression(&source);
    let pattern = reader.regex(&regex)?;
    Some(FilterTest::Matches(expression?, pattern))
}

/// A branch: steps, or the key of a sequence.
pub(super) fn branch_of(reader: &mut Reader<'_>, mut attributes: Attributes) -> Option<Sequence> {
    let id = attributes.id;
    let key = attributes.take("sequence");
    attributes.finish(reader);
    let Some(key) = key else {
        return Some(reader.steps(id));
    };
    if let Some(child) = reader.elements(id).first() {
        let branch = reader.local(id);
        reader.unexpected(*child, branch, "either `sequence=`, or steps,");
        return None;
    }
    let mediator = named(reader, &key).map(Mediator::Named)?;
    Some(Sequence { steps: vec![reader.step(id, mediator)], on_error: None })
}

pub(super) fn switch(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let source = reader.required(&mut attributes, "source");
    attributes.finish(reader);
    let text = source.as_ref().map(|source| source.value.clone()).unwrap_or_default();
    let source = source.and_then(|source| reader.expression(&source));
    let (mut cases, mut default) = (Vec::new(), None);
    for child in reader.elements(id) {
        if reader.is_mediator(child, "case") {
            cases.extend(case(reader, child, &text));
        } else if reader.is_mediator(child, "default") && default.is_none() {
            default = branch_of(reader, Attributes::of(reader.tree, child)).map(Arc::new);
        } else {
            reader.unexpected(child, "switch", "`case` elements and one `default`");
        }
    }
    Some(Mediator::Switch(Switch { source: source?, cases, default }))
}

fn case(reader: &mut Reader<'_>, id: NodeId, source: &str) -> Option<(JavaRegex, Arc<Sequence>)> {
    let mut attributes = Attributes::of(reader.tree, id);
    let regex = reader.required(&mut attributes, "regex");
    let steps = branch_of(reader, attributes);
    let regex = regex?;
    lint::substring(reader, &regex, source);
    Some((reader.regex(&regex)?, Arc::new(steps?)))
}

pub(super) fn for_each(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let expression = match attributes.take("collection") {
        Some(collection) => Some(collection),
        None => reader.required(&mut attributes, "expression"),
    };
    let counter = attributes.take("counter-variable");
    for_each_limits(reader, &mut attributes);
    let steps = branch_of(reader, attributes);
    let expression = expression.and_then(|expression| reader.expression(&expression));
    let steps = steps?;
    if steps.steps.is_empty() {
        reader.lacks(id, "`foreach` has no steps", "Add the steps, or `sequence=`.");
        return None;
    }
    let counter = counter.map(|counter| Arc::from(counter.value.trim()));
    Some(Mediator::ForEach(ForEach { expression: expression?, steps: Arc::new(steps), counter }))
}

/// The attributes of the newer `foreach` of which only one value is supported.
fn for_each_limits(reader: &mut Reader<'_>, attributes: &mut Attributes) {
    // The elements are always handled one after the other, which gives the same result.
    attributes.take("parallel-execution");
    attributes.take("continue-without-aggregation");
    if let Some(attribute) = attributes.take("update-original")
        && attribute.value.trim() != "true"
    {
        reader.bad_value(
            &attribute,
            "Write `true`; what the steps leave takes the place of the element.",
        );
    }
    for name in ["target-variable", "result-content-type", "result-enclosing-element"] {
        if let Some(attribute) = attributes.take(name) {
            reader.bad_value(
                &attribute,
                "Remove it; what the steps leave takes the place of the element.",
            );
        }
    }
}
