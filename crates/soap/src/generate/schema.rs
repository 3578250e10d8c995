//! Types of schemas as types of the mapping.
//!
//! Types are put on a list when they are first met and made one after the other, so that how deep
//! they refer to each other does not matter.

mod content;

use std::collections::{HashMap, HashSet, VecDeque};

use wsdl::Description;
use wsdl::description::{Port, Service};
use wsdl::namespace::{ENCODING, ENCODING_12};
use wsdl::schema::{
    Builtin, Facets as SchemaFacets, Schemas, SimpleType, TypeId, TypeKind, Value, Variety,
};

use super::names::Spaces;
use super::report::{Fidelity, Note, Report};
use crate::mapping::{
    Attribute, Complex, Content, Facets, Kind, Mapping, QName, Simple, Type, TypeRef,
};

/// Types, as far as they are made.
pub(super) struct Types<'a> {
    pub(super) description: &'a Description,
    pub(super) schemas: &'a Schemas,
    pub(super) spaces: Spaces,
    report: Report,
    made: Vec<Option<Type>>,
    numbers: HashMap<TypeId, usize>,
    open: VecDeque<(TypeId, usize, QName)>,
    keys: HashSet<String>,
}

impl<'a> Types<'a> {
    pub(super) fn new(description: &'a Description) -> Self {
        Self {
            description,
            schemas: description.schemas(),
            spaces: Spaces::default(),
            report: Report::default(),
            made: Vec::new(),
            numbers: HashMap::new(),
            open: VecDeque::new(),
            keys: HashSet::new(),
        }
    }

    pub(super) fn note(
        &mut self,
        fidelity: Fidelity,
        source: wsdl::Source,
        subject: &str,
        why: &str,
    ) {
        let place = source.place(self.description.documents());
        self.report.add(Note { fidelity, place, subject: subject.to_owned(), why: why.to_owned() });
    }

    /// Ports that are left out, and what schemas say that no mapping holds.
    pub(super) fn note_others(&mut self, ports: &[(&Service, &Port)]) {
        for service in self.description.services() {
            for port in &service.ports {
                if ports.iter().any(|(_, meant)| std::ptr::eq(*meant, port)) {
                    continue;
                }
                let why = "the port is left out: it does not speak SOAP, or another was chosen";
                self.note(Fidelity::Missing, port.source, &port.name, why);
            }
        }
        for one in self.schemas.unmapped() {
            let owner = one.owner.as_ref().map_or("", |name| &*name.local);
            let why = format!("`{}` has no effect: the service alone checks it", one.kind);
            self.note(Fidelity::Rough, one.source, owner, &why);
        }
    }

    /// Makes what is still open, and gives everything.
    pub(super) fn finish(mut self) -> (Mapping, Report) {
        while let Some((id, index, hint)) = self.open.pop_front() {
            let made = self.make(id, index, &hint);
            if let Some(place) = self.made.get_mut(index) {
                *place = Some(made);
            }
        }
        let types: Vec<_> = self.made.into_iter().flatten().collect();
        self.report.types = types.len();
        let mapping = Mapping { namespaces: self.spaces.list, resources: Vec::new(), types };
        (mapping, self.report)
    }

    /// The type of the mapping for one of a schema; `hint` is what has it.
    pub(super) fn type_ref(&mut self, id: TypeId, hint: &QName) -> TypeRef {
        if let Some(index) = self.numbers.get(&id) {
            return TypeRef::Own(*index);
        }
        if let Some(builtin) = self.builtin(id) {
            return TypeRef::Builtin(builtin);
        }
        let own = self.schemas.type_of(id);
        if own.is_missing {
            let name = own.name.as_ref().map(|name| name.local.to_string()).unwrap_or_default();
            let why = "the type is not defined anywhere, so that it is anything";
            self.note(Fidelity::Rough, own.source, &name, why);
            return TypeRef::Builtin(Builtin::AnyType);
        }
        let hint = match &own.name {
            Some(name) => self.spaces.name(name),
            None => hint.clone(),
        };
        let index = self.made.len();
        self.made.push(None);
        self.numbers.insert(id, index);
        self.open.push_back((id, index, hint.clone()));
        // What may stand in its place has to be known too.
        if own.name.is_some() && own.complex().is_some() {
            for derived in self.schemas.derived(id) {
                if self.schemas.type_of(derived).name.is_some() {
                    self.type_ref(derived, &hint);
                }
            }
        }
        TypeRef::Own(index)
    }

    /// The type of XML Schema that says the same.
    fn builtin(&self, id: TypeId) -> Option<Builtin> {
        let own = self.schemas.type_of(id);
        match &own.kind {
            TypeKind::Simple(SimpleType::Builtin(one)) => Some(*one),
            TypeKind::Simple(_) if own.name.is_none() => {
                let Some(Variety::Atomic(one)) = self.schemas.variety(id) else { return None };
                self.schemas.facets(id).is_empty().then_some(one)
            }
            TypeKind::Complex(_) if id == self.schemas.builtin(Builtin::AnyType) => {
                Some(Builtin::AnyType)
            }
            // The types of SOAP's encoding are those of XML Schema, with ids.
            TypeKind::Complex(_) => {
                let name = own.name.as_ref()?;
                let is_encoding = [ENCODING, ENCODING_12].contains(&&*name.namespace);
                self.schemas.atomic(id).filter(|_| is_encoding)
            }
            TypeKind::Simple(_) => None,
        }
    }

    /// A complex type of ours.
    pub(super) fn add_anonymous(&mut self, hint: &QName, complex: Complex) -> TypeRef {
        let key = self.key(None, hint);
        let index = self.made.len();
        let kind = Kind::Complex(complex);
        self.made.push(Some(Type { key, name: None, base: None, is_abstract: false, kind }));
        TypeRef::Own(index)
    }

    /// What a type is called in the file, each name once.
    fn key(&mut self, name: Option<&QName>, hint: &QName) -> String {
        let mut key = match name {
            Some(name) => name.written.to_string(),
            None => format!("({})", hint.written),
        };
        let mut number = 1;
        while !self.keys.insert(key.clone()) {
            number += 1;
            key = format!("({} {number})", hint.written);
        }
        key
    }

    fn make(&mut self, id: TypeId, index: usize, hint: &QName) -> Type {
        let own = self.schemas.type_of(id);
        let name = own.name.as_ref().map(|name| self.spaces.name(name));
        let key = self.key(name.as_ref(), hint);
        let (kind, base, is_abstract) = match own.complex() {
            None => (Kind::Simple(self.simple(id, hint)), None, false),
            Some(complex) => {
                let made = self.complex(id, hint, &key);
                let base = self.known_base(id, index);
                (Kind::Complex(made), base, complex.is_abstract)
            }
        };
        // A second type of one name is none that messages can name.
        let name = name.filter(|_| !key.starts_with('('));
        Type { key, name, base, is_abstract, kind }
    }

    /// The type that it may stand for, where the mapping has that.
    fn known_base(&mut self, id: TypeId, index: usize) -> Option<TypeRef> {
        let base = self.schemas.base(id);
        let known = self.numbers.get(&base).copied().filter(|base| *base != index);
        known.filter(|_| self.schemas.type_of(base).complex().is_some()).map(TypeRef::Own)
    }

    fn simple(&mut self, id: TypeId, hint: &QName) -> Simple {
        match self.schemas.variety(id) {
            Some(Variety::Atomic(base)) => {
                let facets = self.facets(id, hint);
                Simple::Restriction(base, Box::new(facets))
            }
            Some(Variety::List(item)) => Simple::List(self.type_ref(item, hint)),
            Some(Variety::Union(members)) => {
                Simple::Union(members.iter().map(|one| self.type_ref(*one, hint)).collect())
            }
            None => Simple::Restriction(Builtin::String, Box::default()),
        }
    }

    fn facets(&mut self, id: TypeId, hint: &QName) -> Facets {
        let facets = self.schemas.facets(id);
        if !facets.patterns.is_empty() {
            let why = "a pattern is in the definition only: the service alone checks it";
            self.note(Fidelity::Rough, self.schemas.type_of(id).source, &hint.local, why);
        }
        facets_of(&facets)
    }

    fn complex(&mut self, id: TypeId, hint: &QName, key: &str) -> Complex {
        let schemas = self.schemas;
        if schemas.is_encoded_array(id) {
            let item = schemas.array_item(id);
            let item = item.map(|item| self.type_ref(item, hint));
            let array = Some(item.unwrap_or(TypeRef::Builtin(Builtin::AnyType)));
            return Complex { array, ..Complex::default() };
        }
        let source = schemas.type_of(id).source;
        let is_mixed = schemas.is_mixed(id);
        if is_mixed {
            let why = "texts between elements become one text, `$`; where they stood is lost";
            self.note(Fidelity::Rough, source, key, why);
        }
        let all = schemas.all_attributes(id);
        if all.any.is_some() {
            let why = "attributes that the schema does not name are texts";
            self.note(Fidelity::Rough, source, key, why);
        }
        let attributes = self.attributes(id, hint);
        let text = schemas.simple(id).map(|simple| self.text(id, simple, hint));
        let content = if text.is_some() { Content::default() } else { self.content(id, key) };
        Complex {
            attributes,
            has_any_attribute: all.any.is_some(),
            text,
            is_mixed,
            content,
            array: None,
        }
    }

    /// The type of a simple content, which may be restricted where it stands.
    fn text(&mut self, id: TypeId, simple: TypeId, hint: &QName) -> TypeRef {
        let all = self.schemas.facets(id);
        if all == self.schemas.facets(simple) {
            return self.type_ref(simple, hint);
        }
        let Some(base) = self.schemas.atomic(id) else { return self.type_ref(simple, hint) };
        let key = self.key(None, hint);
        let kind = Kind::Simple(Simple::Restriction(base, Box::new(self.facets(id, hint))));
        let index = self.made.len();
        self.made.push(Some(Type { key, name: None, base: None, is_abstract: false, kind }));
        TypeRef::Own(index)
    }

    fn attributes(&mut self, id: TypeId, hint: &QName) -> Vec<Attribute> {
        let schemas = self.schemas;
        let mut taken = HashSet::new();
        let mut attributes = Vec::new();
        for one in schemas.all_attributes(id).uses {
            let declared = schemas.attribute(one.attribute);
            let name = self.spaces.name(&declared.name);
            let mut key = format!("@{}", name.local);
            if !taken.insert(key.clone()) {
                key = format!("@{}", name.written);
                taken.insert(key.clone());
            }
            let type_ref =
                self.type_ref(declared.type_id, if name.space.is_some() { &name } else { hint });
            let value = one.value.as_ref().or(declared.value.as_ref());
            attributes.push(Attribute {
                name,
                key: key.into(),
                type_ref,
                is_required: one.is_required,
                default: value.map(|value| text_of(value).to_owned()),
            });
        }
        attributes
    }
}

pub(super) fn text_of(value: &Value) -> &str {
    match value {
        Value::Default(text) | Value::Fixed(text) => text,
    }
}

fn facets_of(facets: &SchemaFacets) -> Facets {
    let numbers = [
        ("length", facets.length),
        ("minLength", facets.min_length),
        ("maxLength", facets.max_length),
        ("totalDigits", facets.total_digits),
        ("fractionDigits", facets.fraction_digits),
    ];
    let bounds = [
        ("minInclusive", &facets.min_inclusive),
        ("maxInclusive", &facets.max_inclusive),
        ("minExclusive", &facets.min_exclusive),
        ("maxExclusive", &facets.max_exclusive),
    ];
    let texts = |all: &Vec<std::sync::Arc<str>>| all.iter().map(|one| one.to_string()).collect();
    Facets {
        enumeration: facets.enumeration.iter().map(|one| one.value.to_string()).collect(),
        patterns: facets.patterns.iter().map(texts).collect(),
        numbers: numbers
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
        bounds: bounds
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.as_ref()?.to_string())))
            .collect(),
    }
}
