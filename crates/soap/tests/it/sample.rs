//! Values that fit a mapping, from a row of numbers that is always the same.

use serde_json::{Map, Value, json};
use soap::mapping::{Builtin, Content, Kind, Mapping, Message, Particle, Simple, Term, TypeRef};

/// A row of numbers.
pub(crate) struct Row(pub(crate) u64);

impl Row {
    pub(crate) fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// What is made.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    /// Whether what need not be there may be left out, and null may be there.
    pub(crate) varies: bool,
    /// Whether there is something for elements of any type.
    pub(crate) any: bool,
}

/// A message; `None` where it cannot be made.
pub(crate) fn message(
    mapping: &Mapping,
    message: &Message,
    wish: Wish,
    row: &mut Row,
) -> Option<Map<String, Value>> {
    let mut members = Map::new();
    content(mapping, &message.body, wish, row, 0, &mut members)?;
    Some(members)
}

fn content(
    mapping: &Mapping,
    content: &Content,
    wish: Wish,
    row: &mut Row,
    depth: usize,
    members: &mut Map<String, Value>,
) -> Option<()> {
    for particle in content.particles() {
        self::particle(mapping, content, particle, wish, row, depth, members)?;
    }
    Some(())
}

fn particle(
    mapping: &Mapping,
    around: &Content,
    particle: &Particle,
    wish: Wish,
    row: &mut Row,
    depth: usize,
    members: &mut Map<String, Value>,
) -> Option<()> {
    let is_left_out = particle.min == 0 && (depth > 4 || (wish.varies && row.next(3) == 0));
    if is_left_out {
        return Some(());
    }
    match &particle.term {
        Term::Any => Some(()),
        Term::Choice(inner) => {
            if inner.is_empty() {
                return Some(());
            }
            let which = if wish.varies { row.next(inner.len() as u64) as usize } else { 0 };
            self::particle(mapping, around, &inner[which], wish, row, depth, members)
        }
        Term::Sequence(inner) | Term::All(inner) => {
            for one in inner {
                self::particle(mapping, around, one, wish, row, depth, members)?;
            }
            Some(())
        }
        Term::Element(element) => {
            if members.contains_key(&*element.key) {
                return Some(());
            }
            let repeats = around.fields().by_key(&element.key).unwrap().repeats;
            let most = particle.max.unwrap_or(3).min(3).max(particle.min);
            let count = if repeats && depth < 4 {
                u64::from(particle.min.max(1))
                    + row.next(u64::from(most.saturating_sub(particle.min.max(1)) + 1))
            } else {
                1
            };
            let mut values = Vec::new();
            for _ in 0..count {
                let is_null = wish.varies && element.is_nillable && row.next(4) == 0;
                let one = if is_null {
                    Some(Value::Null)
                } else {
                    value(mapping, element.type_ref, wish, row, depth + 1)
                };
                match one {
                    Some(one) => values.push(one),
                    // What cannot be made, and need not be there.
                    None if particle.min == 0 => return Some(()),
                    None => return None,
                }
            }
            let value = if repeats { Value::Array(values) } else { values.pop()? };
            members.insert(element.key.to_string(), value);
            Some(())
        }
    }
}

fn value(
    mapping: &Mapping,
    type_ref: TypeRef,
    wish: Wish,
    row: &mut Row,
    depth: usize,
) -> Option<Value> {
    if depth > 12 || mapping.own(type_ref).is_some_and(|one| one.is_abstract) {
        return None;
    }
    if let Some(complex) = mapping.complex(type_ref) {
        if let Some(item) = complex.array {
            let items: Option<Vec<_>> =
                (0..2).map(|_| value(mapping, item, wish, row, depth + 1)).collect();
            return items.map(Value::Array);
        }
        let mut members = Map::new();
        for one in &complex.attributes {
            if one.is_required || !wish.varies || row.next(2) == 0 {
                members.insert(one.key.to_string(), simple(mapping, one.type_ref, row)?);
            }
        }
        if let Some(text) = complex.text {
            let text = simple(mapping, text, row)?;
            if complex.attributes.is_empty() {
                return Some(text);
            }
            members.insert("$".to_owned(), text);
        }
        content(mapping, &complex.content, wish, row, depth, &mut members)?;
        return Some(Value::Object(members));
    }
    if type_ref == TypeRef::Builtin(Builtin::AnyType) {
        return wish.any.then(|| json!({ "free": { "a": 1, "b": ["x", "y"] } }));
    }
    simple(mapping, type_ref, row)
}

/// A value of a simple type; `None` where restrictions make that hard.
fn simple(mapping: &Mapping, type_ref: TypeRef, row: &mut Row) -> Option<Value> {
    match type_ref {
        TypeRef::Builtin(one) => builtin(one, row),
        TypeRef::Own(_) => match &mapping.own(type_ref)?.kind {
            Kind::Simple(Simple::Restriction(base, facets)) => {
                if !facets.enumeration.is_empty() {
                    let which = row.next(facets.enumeration.len() as u64) as usize;
                    let text = &facets.enumeration[which];
                    return Some(soap::value::to_json(mapping, TypeRef::Builtin(*base), text));
                }
                if !facets.patterns.is_empty() {
                    return None;
                }
                let made = builtin(*base, row)?;
                soap::value::to_text(mapping, type_ref, &made).is_ok().then_some(made)
            }
            Kind::Simple(Simple::List(item)) => {
                let items: Option<Vec<_>> =
                    (0..2).map(|_| word(simple(mapping, *item, row)?)).collect();
                items.map(Value::Array)
            }
            Kind::Simple(Simple::Union(members)) => simple(mapping, *members.first()?, row),
            Kind::Complex(_) => None,
        },
    }
}

/// Items of lists have no blanks.
fn word(value: Value) -> Option<Value> {
    let has_blank = value.as_str().is_some_and(|text| text.contains(' '));
    (!has_blank).then_some(value)
}

fn builtin(one: Builtin, row: &mut Row) -> Option<Value> {
    let number = row.next(100);
    Some(match one.primitive() {
        Builtin::Boolean => json!(number.is_multiple_of(2)),
        Builtin::Decimal if one.is_a(Builtin::NegativeInteger) => json!(-1 - number as i64),
        Builtin::Decimal if one.is_a(Builtin::NonPositiveInteger) => json!(0),
        Builtin::Decimal if one.is_a(Builtin::Integer) => json!(number + 1),
        Builtin::Decimal => json!(number as f64 + 0.25),
        Builtin::Float | Builtin::Double => json!(number as f64 + 0.5),
        Builtin::Date => json!(format!("2024-05-{:02}", number % 28 + 1)),
        Builtin::DateTime => json!(format!("2024-05-{:02}T10:20:30Z", number % 28 + 1)),
        Builtin::Time => json!("10:20:30"),
        Builtin::Duration => json!("P1DT2H"),
        Builtin::GYear => json!("2024"),
        Builtin::GYearMonth => json!("2024-05"),
        Builtin::GMonthDay | Builtin::GDay | Builtin::GMonth => return None,
        Builtin::Base64Binary => json!("aGVsbG8="),
        Builtin::HexBinary => json!("CAFE"),
        Builtin::AnyUri => json!(format!("http://h/{number}")),
        Builtin::QName | Builtin::Notation | Builtin::AnySimpleType | Builtin::AnyAtomicType => {
            return None;
        }
        _ if one.item().is_some() => json!(["a1", "b2"]),
        _ if matches!(one, Builtin::String) => json!(format!("a <b> & \"c\" {number}")),
        _ => json!(format!("w{number}")),
    })
}
