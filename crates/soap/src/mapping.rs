//! The mapping: resources on one side, messages on the other, and the types of both.
//!
//! Types have numbers here and names in the file, so that they may be recursive.
//! What a JSON object may hold is found once, when a mapping is made ([`Fields`]).

mod fields;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

pub use fields::{Content, Field, Fields};
pub use read::read;
pub use write::{to_text, to_value};
pub use wsdl::description::SoapVersion;
pub use wsdl::schema::Builtin;

/// Where a project has it.
pub const PATH: &str = "SoapToRest/mapping.yaml";
/// The prefix of XML Schema's own types in the file.
pub const XSD_PREFIX: &str = "xsd";

/// A mapping.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    /// Prefixes and the namespaces that they stand for, as messages are written with them.
    pub namespaces: Vec<Namespace>,
    /// The resources, in their order.
    pub resources: Vec<Resource>,
    /// The types, in their order.
    pub types: Vec<Type>,
}

/// A prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// The prefix.
    pub prefix: Arc<str>,
    /// What it stands for.
    pub uri: Arc<str>,
}

/// A name of an element, an attribute or a type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QName {
    /// Its place in [`Mapping::namespaces`]; none for no namespace.
    pub space: Option<usize>,
    /// The part behind the prefix.
    pub local: Arc<str>,
    /// As it is written.
    pub written: Arc<str>,
}

/// One operation as a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// The method.
    pub method: String,
    /// The path, with `{name}` for its parameters.
    pub path: String,
    /// The operation.
    pub operation: String,
    /// What is said about it.
    pub description: Option<String>,
    /// The version of SOAP.
    pub version: SoapVersion,
    /// `SOAPAction`, or the parameter `action` of SOAP 1.2.
    pub action: Option<String>,
    /// Members of the request that are not in the body.
    pub parameters: Vec<Parameter>,
    /// What the service is sent.
    pub request: Message,
    /// What it answers; none where it answers nothing.
    pub answer: Option<Message>,
    /// What it may answer in the detail of a fault.
    pub faults: Content,
}

/// Something outside of the body that becomes a member of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: ParameterPlace,
    /// The member that it becomes, from the outermost on.
    pub target: Vec<String>,
}

/// Where a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterPlace {
    /// In the query.
    Query,
    /// In the path.
    Path,
    /// Among the headers of the request.
    Header,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// Whether values say their types, as SOAP's encoding wants it.
    pub is_encoded: bool,
    /// The blocks of its header.
    pub header: Content,
    /// Its body.
    pub body: Content,
}

/// Which type something is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeRef {
    /// One of XML Schema.
    Builtin(Builtin),
    /// One of [`Mapping::types`].
    Own(usize),
}

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// What it is called in the file; in parentheses where messages cannot name it.
    pub key: String,
    /// What messages call it.
    pub name: Option<QName>,
    /// The type that it may stand for.
    pub base: Option<TypeRef>,
    /// Whether only types that are derived from it may be used.
    pub is_abstract: bool,
    /// What it is.
    pub kind: Kind,
}

/// Simple or complex.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Text only.
    Simple(Simple),
    /// With attributes or elements.
    Complex(Complex),
}

/// A type of texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Simple {
    /// A type of XML Schema, restricted.
    Restriction(Builtin, Box<Facets>),
    /// Values with blanks between them.
    List(TypeRef),
    /// A value of one of these types.
    Union(Vec<TypeRef>),
}

/// What restricts a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// The values that there are; empty for any.
    pub enumeration: Vec<String>,
    /// Patterns of XML Schema; of each inner list one has to match. Only the definition has them.
    pub patterns: Vec<Vec<String>>,
    /// Numbers, by their names in XML Schema: `length`, `minLength`, `totalDigits` and so on.
    pub numbers: Vec<(String, u64)>,
    /// Bounds, by their names in XML Schema: `minInclusive` and so on.
    pub bounds: Vec<(String, String)>,
}

/// A type with attributes or elements.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Complex {
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// Whether there may be others.
    pub has_any_attribute: bool,
    /// The type of its text, where it has no elements.
    pub text: Option<TypeRef>,
    /// Whether texts stand between the elements.
    pub is_mixed: bool,
    /// The elements.
    pub content: Content,
    /// What it is an array of, in SOAP's encoding.
    pub array: Option<TypeRef>,
}

/// An attribute; its key in JSON is `@` and the local name.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: QName,
    /// Its key in JSON.
    pub key: Arc<str>,
    /// Its type.
    pub type_ref: TypeRef,
    /// Whether it has to be there.
    pub is_required: bool,
    /// The value where none is given.
    pub default: Option<String>,
}

/// Something in a content, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Particle {
    /// How often at least.
    pub min: u32,
    /// How often at most; none is without a bound.
    pub max: Option<u32>,
    /// What.
    pub term: Term,
}

/// What a particle is.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// An element.
    Element(Element),
    /// All of these, in this order.
    Sequence(Vec<Particle>),
    /// One of these.
    Choice(Vec<Particle>),
    /// All of these, in any order.
    All(Vec<Particle>),
    /// Any element.
    Any,
}

/// An element.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Its name.
    pub name: QName,
    /// Its key in JSON.
    pub key: Arc<str>,
    /// Its type.
    pub type_ref: TypeRef,
    /// Whether it may be null.
    pub is_nillable: bool,
    /// The value where none is given.
    pub default: Option<String>,
}

impl Mapping {
    /// A resource, by its method and path.
    #[must_use]
    pub fn resource(&self, method: &str, path: &str) -> Option<&Resource> {
        self.resources.iter().find(|one| one.method == method && one.path == path)
    }

    /// A type of its own; `None` for one of XML Schema.
    #[must_use]
    pub fn own(&self, type_ref: TypeRef) -> Option<&Type> {
        match type_ref {
            TypeRef::Own(index) => self.types.get(index),
            TypeRef::Builtin(_) => None,
        }
    }

    /// The complex type that it is.
    #[must_use]
    pub fn complex(&self, type_ref: TypeRef) -> Option<&Complex> {
        match &self.own(type_ref)?.kind {
            Kind::Complex(complex) => Some(complex),
            Kind::Simple(_) => None,
        }
    }

    /// The namespace of a name; empty for none.
    #[must_use]
    pub fn namespace(&self, name: &QName) -> &str {
        name.space.and_then(|at| self.namespaces.get(at)).map_or("", |one| &one.uri)
    }

    /// How a type is called where people read of it.
    #[must_use]
    pub fn called(&self, type_ref: TypeRef) -> String {
        match type_ref {
            TypeRef::Builtin(one) => format!("{XSD_PREFIX}:{}", one.name()),
            TypeRef::Own(_) => self.own(type_ref).map(|one| one.key.clone()).unwrap_or_default(),
        }
    }

    /// Whether a type is another, or derived from it.
    #[must_use]
    pub fn is_derived(&self, type_ref: TypeRef, ancestor: TypeRef) -> bool {
        if ancestor == TypeRef::Builtin(Builtin::AnyType) {
            return true;
        }
        let mut at = type_ref;
        // A chain is never longer than the list of all types.
        for _ in 0..=self.types.len() {
            if at == ancestor {
                return true;
            }
            match self.own(at).and_then(|one| one.base) {
                Some(base) => at = base,
                None => return false,
            }
        }
        false
    }

    /// Types by what messages call them.
    #[must_use]
    pub fn by_name(&self) -> HashMap<(&str, &str), TypeRef> {
        let named = self.types.iter().enumerate().filter_map(|(index, one)| {
            let name = one.name.as_ref()?;
            Some(((self.namespace(name), &*name.local), TypeRef::Own(index)))
        });
        named.collect()
    }
}

impl Particle {
    /// The particles within.
    #[must_use]
    pub fn inner(&self) -> &[Self] {
        match &self.term {
            Term::Sequence(inner) | Term::Choice(inner) | Term::All(inner) => inner,
            Term::Element(_) | Term::Any => &[],
        }
    }
}

impl ParameterPlace {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Path => "path",
            Self::Header => "header",
        }
    }
}

impl Facets {
    /// A number, by its name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.numbers.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}
