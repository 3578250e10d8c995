//! Elements as text, with the prefixes of the mapping.
//!
//! Text is written at once, without a tree in between; which prefixes were used is noted, and
//! declared on the envelope in the end.

use model::cursor::join;
use serde_json::{Map, Value};
use wsdl::namespace::{ENCODING, ENCODING_12, ENVELOPE, ENVELOPE_12, XSD, XSI};
use xml::escape::text as escaped;

use super::{TEXT, TYPE};
use crate::mapping::{
    Builtin, Complex, Content, Element, Kind, Mapping, QName, Resource, SoapVersion, TypeRef,
};
use crate::problem::Problem;
use crate::value;

/// What is written so far.
pub(super) struct Writer<'a> {
    pub(super) mapping: &'a Mapping,
    version: SoapVersion,
    is_encoded: bool,
    out: String,
    used: Vec<bool>,
    uses_xsi: bool,
    uses_xsd: bool,
    uses_encoding: bool,
    most_bytes: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(mapping: &'a Mapping, resource: &Resource, most_bytes: usize) -> Self {
        Self {
            mapping,
            version: resource.version,
            is_encoded: resource.request.is_encoded,
            out: String::with_capacity(1024),
            used: vec![false; mapping.namespaces.len()],
            uses_xsi: false,
            uses_xsd: false,
            uses_encoding: false,
            most_bytes,
        }
    }

    /// The header or the body.
    pub(super) fn part(
        &mut self,
        content: &Content,
        members: &Map<String, Value>,
        pointer: &str,
    ) -> Result<String, Problem> {
        self.content(content, members, pointer)?;
        Ok(std::mem::take(&mut self.out))
    }

    /// The envelope around both.
    pub(super) fn envelope(&self, header: Option<&str>, body: &str) -> String {
        let (envelope, encoding) = match self.version {
            SoapVersion::V11 => (ENVELOPE, ENCODING),
            SoapVersion::V12 => (ENVELOPE_12, ENCODING_12),
        };
        let mut text = String::with_capacity(body.len() + 512);
        text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope");
        declare(&mut text, "soapenv", envelope);
        let own = self.mapping.namespaces.iter().zip(&self.used).filter(|(_, is_used)| **is_used);
        own.for_each(|(one, _)| declare(&mut text, &one.prefix, &one.uri));
        let known = [
            (self.uses_xsi, "xsi", XSI),
            (self.uses_xsd, "xsd", XSD),
            (self.uses_encoding, "soapenc", encoding),
        ];
        known
            .iter()
            .filter(|(is_used, ..)| *is_used)
            .for_each(|(_, prefix, uri)| declare(&mut text, prefix, uri));
        text.push('>');
        if let Some(header) = header {
            text.push_str("<soapenv:Header>");
            text.push_str(header);
            text.push_str("</soapenv:Header>");
        }
        text.push_str("<soapenv:Body>");
        text.push_str(body);
        text.push_str("</soapenv:Body></soapenv:Envelope>");
        text
    }

    /// An element with a value. What it goes down is as deep as the JSON is.
    pub(super) fn element(
        &mut self,
        element: &Element,
        value: &Value,
        pointer: &str,
    ) -> Result<(), Problem> {
        self.room(pointer)?;
        self.begin(&element.name);
        if value.is_null() {
            return self.nil(element, pointer);
        }
        let type_ref = self.actual(element.type_ref, value, pointer)?;
        if type_ref != element.type_ref || self.is_encoded {
            self.say_type(type_ref);
        }
        match type_ref {
            TypeRef::Builtin(Builtin::AnyType) => self.anything(value, pointer)?,
            _ => match self.mapping.complex(type_ref) {
                Some(complex) => self.complex(type_ref, complex, value, pointer)?,
                None => {
                    let text = self.simple(type_ref, value, pointer)?;
                    self.out.push('>');
                    self.out.push_str(&escaped(&text));
                }
            },
        }
        self.end(&element.name.written);
        Ok(())
    }

    fn begin(&mut self, name: &QName) {
        self.out.push('<');
        self.out.push_str(&name.written);
        self.note(name);
    }

    fn end(&mut self, written: &str) {
        self.out.push_str("</");
        self.out.push_str(written);
        self.out.push('>');
    }

    fn note(&mut self, name: &QName) {
        if let Some(used) = name.space.and_then(|at| self.used.get_mut(at)) {
            *used = true;
        }
    }

    fn room(&self, pointer: &str) -> Result<(), Problem> {
        if self.out.len() <= self.most_bytes {
            return Ok(());
        }
        let expected = format!("a request that becomes {} bytes at most", self.most_bytes);
        Err(Problem::new(pointer, "the request becomes too large a message", expected))
    }

    fn nil(&mut self, element: &Element, pointer: &str) -> Result<(), Problem> {
        if !element.is_nillable && !self.is_encoded {
            let expected = value::expected(self.mapping, element.type_ref);
            return Err(Problem::new(pointer, "this may not be null", expected));
        }
        self.uses_xsi = true;
        self.out.push_str(" xsi:nil=\"true\"/>");
        Ok(())
    }

    /// The type that a value says that it is of.
    fn actual(
        &mut self,
        declared: TypeRef,
        value: &Value,
        pointer: &str,
    ) -> Result<TypeRef, Problem> {
        let mapping = self.mapping;
        let said = value.get(TYPE).filter(|_| self.knows_types(declared));
        let Some(said) = said else {
            let is_abstract = mapping.own(declared).is_some_and(|one| one.is_abstract);
            if is_abstract {
                let expected = format!("`{TYPE}` with one of {}", self.derived(declared));
                return Err(Problem::new(pointer, "the type has to be said", expected));
            }
            return Ok(declared);
        };
        let named = said.as_str().and_then(|said| {
            let all = mapping.types.iter().enumerate();
            let mut fitting = all.filter(|(_, one)| {
                one.name.as_ref().is_some_and(|name| one.key == said || *name.local == *said)
            });
            fitting.find_map(|(index, _)| {
                let type_ref = TypeRef::Own(index);
                mapping.is_derived(type_ref, declared).then_some(type_ref)
            })
        });
        let concrete = named.filter(|one| mapping.own(*one).is_some_and(|one| !one.is_abstract));
        concrete.ok_or_else(|| {
            let expected = format!("one of {}", self.derived(declared));
            Problem::new(join(pointer, TYPE), "there is no such type here", expected)
        })
    }

    /// Whether `$type` means a type here, and is no member of something free.
    fn knows_types(&self, declared: TypeRef) -> bool {
        self.mapping.complex(declared).is_some() || declared == TypeRef::Builtin(Builtin::AnyType)
    }

    fn derived(&self, declared: TypeRef) -> String {
        let all = self.mapping.types.iter().enumerate();
        let names = all.filter(|(index, one)| {
            !one.is_abstract
                && one.name.is_some()
                && self.mapping.is_derived(TypeRef::Own(*index), declared)
        });
        names.map(|(_, one)| one.key.as_str()).take(20).collect::<Vec<_>>().join(", ")
    }

    fn say_type(&mut self, type_ref: TypeRef) {
        let name = match type_ref {
            TypeRef::Builtin(Builtin::AnyType) => return,
            TypeRef::Builtin(one) => {
                self.uses_xsd = true;
                format!("xsd:{}", one.name())
            }
            TypeRef::Own(_) => {
                let Some(one) = self.mapping.own(type_ref) else { return };
                if matches!(&one.kind, Kind::Complex(complex) if complex.array.is_some()) {
                    self.uses_encoding = true;
                    "soapenc:Array".to_owned()
                } else {
                    let Some(name) = &one.name else { return };
                    self.note(name);
                    name.written.to_string()
                }
            }
        };
        self.uses_xsi = true;
        self.attribute("xsi:type", &name);
    }

    fn attribute(&mut self, written: &str, text: &str) {
        self.out.push(' ');
        self.out.push_str(written);
        self.out.push_str("=\"");
        for one in escaped(text).chars() {
            // A reader would make spaces of them.
            match one {
                '\t' => self.out.push_str("&#9;"),
                '\n' => self.out.push_str("&#10;"),
                '\r' => self.out.push_str("&#13;"),
                other => self.out.push(other),
            }
        }
        self.out.push('"');
    }

    fn simple(&self, type_ref: TypeRef, value: &Value, pointer: &str) -> Result<String, Problem> {
        value::to_text(self.mapping, type_ref, value).map_err(|expected| {
            Problem::new(pointer, format!("{} does not fit", shown(value)), expected)
        })
    }

    /// What stands behind the name of an element, up to its end.
    fn complex(
        &mut self,
        type_ref: TypeRef,
        complex: &Complex,
        value: &Value,
        pointer: &str,
    ) -> Result<(), Problem> {
        if let Some(item) = complex.array {
            return self.array(item, value, pointer);
        }
        let single;
        let members = match value {
            Value::Object(members) => members,
            Value::Array(_) => return Err(self.unfit(type_ref, value, pointer)),
            // A text without its attributes.
            one if complex.text.is_some() => {
                single = Map::from_iter([(TEXT.to_owned(), one.clone())]);
                &single
            }
            _ => return Err(self.unfit(type_ref, value, pointer)),
        };
        self.attributes(complex, members, pointer)?;
        self.out.push('>');
        if let Some(text) = complex.text {
            let none = Value::from("");
            let given = members.get(TEXT).unwrap_or(&none);
            let text = self.simple(text, given, &join(pointer, TEXT))?;
            self.out.push_str(&escaped(&text));
        } else if let Some(text) = members.get(TEXT).and_then(Value::as_str)
            && complex.is_mixed
        {
            self.out.push_str(&escaped(text));
        }
        self.content(&complex.content, members, pointer)
    }

    fn unfit(&self, type_ref: TypeRef, value: &Value, pointer: &str) -> Problem {
        let expected = value::expected(self.mapping, type_ref);
        Problem::new(pointer, format!("{} does not fit", shown(value)), expected)
    }

    fn attributes(
        &mut self,
        complex: &Complex,
        members: &Map<String, Value>,
        pointer: &str,
    ) -> Result<(), Problem> {
        for one in &complex.attributes {
            let text = match members.get(&*one.key) {
                Some(value) if !value.is_null() => {
                    self.simple(one.type_ref, value, &join(pointer, &one.key))?
                }
                _ => match &one.default {
                    Some(default) if one.is_required => default.clone(),
                    _ if one.is_required => {
                        let expected = value::expected(self.mapping, one.type_ref);
                        let message = format!("`{}` is missing", one.key);
                        return Err(Problem::new(join(pointer, &one.key), message, expected));
                    }
                    _ => continue,
                },
            };
            self.note(&one.name);
            self.attribute(&one.name.written, &text);
        }
        let unknown = members.iter().filter(|(key, _)| {
            key.starts_with('@') && !complex.attributes.iter().any(|one| *one.key == ***key)
        });
        for (key, value) in unknown {
            let pointer = join(pointer, key);
            if !complex.has_any_attribute {
                let names: Vec<_> = complex.attributes.iter().map(|one| &*one.key).collect();
                let expected =
                    if names.is_empty() { "no attribute".to_owned() } else { names.join(", ") };
                return Err(Problem::new(
                    pointer,
                    format!("there is no attribute `{key}`"),
                    expected,
                ));
            }
            let name = self.free_name(key.trim_start_matches('@'), &pointer)?;
            self.note(&name);
            self.attribute(&name.written, &scalar(value));
        }
        Ok(())
    }

    /// An array of SOAP's encoding.
    fn array(&mut self, item: TypeRef, value: &Value, pointer: &str) -> Result<(), Problem> {
        let Value::Array(items) = value else {
            let expected = format!("an array of {}", self.mapping.called(item));
            return Err(Problem::new(pointer, format!("{} does not fit", shown(value)), expected));
        };
        let called = match item {
            TypeRef::Builtin(one) => {
                self.uses_xsd = true;
                format!("xsd:{}", one.name())
            }
            TypeRef::Own(_) => match self.mapping.own(item).and_then(|one| one.name.as_ref()) {
                Some(name) => {
                    self.note(name);
                    name.written.to_string()
                }
                None => {
                    self.uses_xsd = true;
                    "xsd:anyType".to_owned()
                }
            },
        };
        self.uses_encoding = true;
        match self.version {
            SoapVersion::V11 => {
                self.attribute("soapenc:arrayType", &format!("{called}[{}]", items.len()));
            }
            SoapVersion::V12 => {
                self.attribute("soapenc:itemType", &called);
                self.attribute("soapenc:arraySize", &items.len().to_string());
            }
        }
        self.out.push('>');
        let element = Element {
            name: QName { space: None, local: "item".into(), written: "item".into() },
            key: "item".into(),
            type_ref: item,
            is_nillable: true,
            default: None,
        };
        for (index, item) in items.iter().enumerate() {
            self.element(&element, item, &format!("{pointer}/{index}"))?;
        }
        Ok(())
    }

    /// The value of an element of any type, which then says its own.
    fn anything(&mut self, value: &Value, pointer: &str) -> Result<(), Problem> {
        let said = match value {
            Value::Bool(_) => Some("xsd:boolean"),
            Value::Number(number) if number.is_f64() => Some("xsd:double"),
            Value::Number(_) => Some("xsd:integer"),
            Value::String(_) => Some("xsd:string"),
            _ => None,
        };
        if let Some(said) = said {
            (self.uses_xsi, self.uses_xsd) = (true, true);
            self.attribute("xsi:type", said);
        }
        self.free(value, pointer)
    }

    /// An element that no schema names, by the general rules.
    pub(super) fn general(
        &mut self,
        key: &str,
        value: &Value,
        pointer: &str,
    ) -> Result<(), Problem> {
        if let Value::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                let item = if item.is_array() { &Value::Null } else { item };
                self.general(key, item, &format!("{pointer}/{index}"))?;
            }
            return Ok(());
        }
        self.room(pointer)?;
        let name = self.free_name(key, pointer)?;
        self.begin(&name);
        self.free(value, pointer)?;
        self.end(&name.written);
        Ok(())
    }

    /// What stands behind the name of such an element, up to its end.
    fn free(&mut self, value: &Value, pointer: &str) -> Result<(), Problem> {
        let Value::Object(members) = value else {
            if value.is_null() {
                self.uses_xsi = true;
                self.attribute("xsi:nil", "true");
            }
            self.out.push('>');
            self.out.push_str(&escaped(&scalar(value)));
            return Ok(());
        };
        for (key, value) in members.iter().filter(|(key, _)| key.starts_with('@')) {
            let name = self.free_name(key.trim_start_matches('@'), &join(pointer, key))?;
            self.note(&name);
            self.attribute(&name.written, &scalar(value));
        }
        self.out.push('>');
        if let Some(text) = members.get(TEXT) {
            self.out.push_str(&escaped(&scalar(text)));
        }
        let elements = members.iter().filter(|(key, _)| !key.starts_with('@') && *key != TEXT);
        for (key, value) in elements {
            self.general(key, value, &join(pointer, key))?;
        }
        Ok(())
    }

    /// A name that a caller writes, with a prefix of the mapping or without.
    fn free_name(&self, written: &str, pointer: &str) -> Result<QName, Problem> {
        let (prefix, local) = match written.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, written),
        };
        let space = prefix
            .map(|prefix| self.mapping.namespaces.iter().position(|one| *one.prefix == *prefix));
        if !xml::name::is_ncname(local) || space == Some(None) {
            let message = format!("`{written}` cannot be the name of an element or attribute");
            let expected = "a name, perhaps with a prefix of the mapping";
            return Err(Problem::new(pointer, message, expected));
        }
        Ok(QName { space: space.flatten(), local: local.into(), written: written.into() })
    }
}

fn declare(text: &mut String, prefix: &str, uri: &str) {
    text.push_str(" xmlns:");
    text.push_str(prefix);
    text.push_str("=\"");
    text.push_str(&escaped(uri));
    text.push('"');
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        other => other.to_string(),
    }
}

/// A value as a message shows it.
fn shown(value: &Value) -> String {
    const SHOWN: usize = 60;
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        other => {
            let text = other.to_string();
            if text.chars().count() <= SHOWN {
                return text;
            }
            text.chars().take(SHOWN).chain(['…']).collect()
        }
    }
}
