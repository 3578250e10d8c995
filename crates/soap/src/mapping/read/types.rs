//! Types.

use model::cursor::Cursor;
use model::{Diagnostics, codes};

use super::{Reader, keys};
use crate::mapping::{Builtin, Complex, Facets, Kind, Simple, Type, TypeRef};

/// Facets that are numbers.
pub(crate) const NUMBERS: &[&str] =
    &["length", "minLength", "maxLength", "totalDigits", "fractionDigits"];
/// Facets that are values of the type.
pub(crate) const BOUNDS: &[&str] =
    &["minInclusive", "maxInclusive", "minExclusive", "maxExclusive"];

impl<'a> Reader<'a> {
    pub(super) fn type_of(&self, key: &str, at: &Cursor<'a>, found: &mut Diagnostics) -> Type {
        let is_anonymous = key.starts_with('(') && key.ends_with(')');
        let name = (!is_anonymous).then(|| self.name(key, at, found));
        let has = |key: &str| at.value().get(key).is_some();
        let kind = if has("restriction") || has("list") || has("union") {
            Kind::Simple(self.simple(at, found))
        } else {
            Kind::Complex(self.complex(at, found))
        };
        let is_long = at.value().is_object();
        let base = at.get("base").word(found).filter(|_| is_long);
        let base = base.map(|called| self.type_ref(&called, &at.get("base"), found));
        let is_abstract = is_long && at.get("abstract").flag(found).unwrap_or_default();
        Type { key: key.to_owned(), name, base, is_abstract, kind }
    }

    fn simple(&self, at: &Cursor<'a>, found: &mut Diagnostics) -> Simple {
        if let Some(item) = at.get("list").word(found) {
            keys(at, &["list"], found);
            return Simple::List(self.simple_ref(&item, &at.get("list"), found));
        }
        let union = at.get("union");
        if !union.is_absent() {
            keys(at, &["union"], found);
            let members = union.texts(found);
            let members = members.iter().map(|one| self.simple_ref(one, &union, found));
            return Simple::Union(members.collect());
        }
        let all = [&["restriction", "enumeration", "patterns"], NUMBERS, BOUNDS].concat();
        keys(at, &all, found);
        let called = at.get("restriction").word(found).unwrap_or_default();
        let base = match self.type_ref(&called, &at.get("restriction"), found) {
            TypeRef::Builtin(base) => base,
            TypeRef::Own(_) => {
                let message = format!("`{called}` is no type of XML Schema");
                let help = "Name the type of XML Schema below it, with all that restricts it here.";
                found.error(codes::MAPPING_VALUE, at.get("restriction").place(), message, help);
                Builtin::String
            }
        };
        Simple::Restriction(base, Box::new(facets(at, found)))
    }

    /// A type of texts; circles of lists and unions are found when values are read.
    fn simple_ref(&self, called: &str, at: &Cursor<'_>, found: &mut Diagnostics) -> TypeRef {
        self.type_ref(called, at, found)
    }

    fn complex(&self, at: &Cursor<'a>, found: &mut Diagnostics) -> Complex {
        if !at.value().is_object() {
            let content = self.content(at, found);
            return Complex { content, ..Complex::default() };
        }
        const KEYS: &[&str] = &[
            "base",
            "abstract",
            "mixed",
            "attributes",
            "anyAttribute",
            "text",
            "array",
            "content",
        ];
        keys(at, KEYS, found);
        let attributes = at.get("attributes").entries(found);
        let attributes = attributes.iter().filter_map(|(name, at)| self.attribute(name, at, found));
        let attributes = attributes.collect();
        let mut reference = |key: &str| {
            let called = at.get(key).word(found)?;
            Some(self.type_ref(&called, &at.get(key), found))
        };
        let (text, array) = (reference("text"), reference("array"));
        let flag = |key: &str, found: &mut Diagnostics| at.get(key).flag(found).unwrap_or_default();
        Complex {
            attributes,
            has_any_attribute: flag("anyAttribute", found),
            text,
            is_mixed: flag("mixed", found),
            content: self.content(&at.get("content"), found),
            array,
        }
    }
}

fn facets(at: &Cursor<'_>, found: &mut Diagnostics) -> Facets {
    let patterns = at.get("patterns").items(found);
    let patterns = patterns.iter().map(|inner| inner.texts(found)).collect();
    let enumeration = at.get("enumeration").items(found);
    let enumeration = enumeration.iter().filter_map(|one| one.text(found)).collect();
    let mut facets = Facets { enumeration, patterns, ..Facets::default() };
    for name in NUMBERS {
        let number = at.get(name).integer(found).and_then(|one| u64::try_from(one).ok());
        facets.numbers.extend(number.map(|one| ((*name).to_owned(), one)));
    }
    for name in BOUNDS {
        facets.bounds.extend(at.get(name).text(found).map(|one| ((*name).to_owned(), one)));
    }
    facets
}
