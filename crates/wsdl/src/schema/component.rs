//! What a schema is made of, resolved: names have become ids.
//!
//! Types may be recursive by way of elements; who walks down has to expect that.
//! Nothing else goes round: derivations, groups in groups, attribute groups and substitution
//! groups end, however the schema was written.

use std::sync::Arc;

use xml::name::Name;

use super::builtin::Builtin;
use super::facets::Facets;
use crate::arena::Id;
use crate::source::Source;

/// The number of an [`Element`].
pub type ElementId = Id<Element>;
/// The number of an [`Attribute`].
pub type AttributeId = Id<Attribute>;
/// The number of a [`Type`].
pub type TypeId = Id<Type>;
/// The number of a [`Group`].
pub type GroupId = Id<Group>;
/// The number of an [`AttributeGroup`].
pub type AttributeGroupId = Id<AttributeGroup>;

/// The declaration of an element, global or local.
#[derive(Clone, Debug)]
pub struct Element {
    /// As it stands in messages; without a namespace where it is local and unqualified.
    pub name: Name,
    /// What it holds.
    pub type_id: TypeId,
    /// Whether it was declared at the top of a schema, so that a message can begin with it.
    pub is_global: bool,
    /// Whether `xsi:nil="true"` may stand in the place of a value.
    pub is_nillable: bool,
    /// Whether only substitutes of it may be used.
    pub is_abstract: bool,
    /// The value that it has, or has to have.
    pub value: Option<Value>,
    /// The elements that it may stand for.
    pub heads: Vec<ElementId>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// The content types of binary data (`xmime:expectedContentTypes`).
    pub content_types: Option<Arc<str>>,
    /// Whether it is only referred to, and nobody has declared it.
    pub is_missing: bool,
    /// Where it stands.
    pub source: Source,
}

/// A value of an element or attribute that is given in the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// What it is where nothing is written.
    Default(Arc<str>),
    /// The only one that it may have.
    Fixed(Arc<str>),
}

/// The declaration of an attribute, global or local.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// As it stands in messages.
    pub name: Name,
    /// A simple type.
    pub type_id: TypeId,
    /// Whether it was declared at the top of a schema.
    pub is_global: bool,
    /// The value that it has, or has to have.
    pub value: Option<Value>,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// Whether it is only referred to, and nobody has declared it.
    pub is_missing: bool,
    /// Where it stands.
    pub source: Source,
}

/// An attribute as a type has it.
#[derive(Clone, Debug)]
pub struct AttributeUse {
    /// The declaration.
    pub attribute: AttributeId,
    /// Whether it has to be there.
    pub is_required: bool,
    /// Whether it must not be there, though the base type has it.
    pub is_prohibited: bool,
    /// The value that is given here, before that of the declaration.
    pub value: Option<Value>,
    /// Where it stands.
    pub source: Source,
}

/// Attributes with a name of their own.
#[derive(Clone, Debug)]
pub struct AttributeGroup {
    /// Its name.
    pub name: Name,
    /// The attributes.
    pub attributes: Attributes,
    /// Whether it is only referred to, and nobody has defined it.
    pub is_missing: bool,
    /// Where it stands.
    pub source: Source,
}

/// The attributes of a type or a group, as they are written.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    /// Single ones.
    pub uses: Vec<AttributeUse>,
    /// Those of groups.
    pub groups: Vec<AttributeGroupId>,
    /// Any others.
    pub any: Option<Wildcard>,
}

/// A type, with a name or without.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its name; none where it stands inside of an element or another type.
    pub name: Option<Name>,
    /// What it is.
    pub kind: TypeKind,
    /// What is written about it.
    pub documentation: Option<Arc<str>>,
    /// The content types of binary data (`xmime:expectedContentTypes`).
    pub content_types: Option<Arc<str>>,
    /// Whether it is only referred to, and nobody has defined it; it is then like `anyType`.
    pub is_missing: bool,
    /// Where it stands.
    pub source: Source,
}

/// Simple or complex.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// Text only.
    Simple(SimpleType),
    /// With attributes or elements.
    Complex(Box<ComplexType>),
}

/// A type of texts.
#[derive(Clone, Debug)]
pub enum SimpleType {
    /// One of XML Schema's own.
    Builtin(Builtin),
    /// Another one, restricted.
    Restriction {
        /// The other one.
        base: TypeId,
        /// What restricts it.
        facets: Box<Facets>,
    },
    /// Values with blanks between them.
    List {
        /// The type of each value.
        item: TypeId,
    },
    /// A value of one of several types.
    Union {
        /// The types, in the order in which they are tried.
        members: Vec<TypeId>,
    },
}

/// A type with attributes or elements.
#[derive(Clone, Debug)]
pub struct ComplexType {
    /// What it is derived from; `anyType` where nothing is named.
    pub base: TypeId,
    /// How.
    pub derivation: Derivation,
    /// Whether only types that are derived from it may be used.
    pub is_abstract: bool,
    /// Whether texts stand between the elements.
    pub is_mixed: bool,
    /// The content that is written here, without that of the base.
    pub content: Content,
    /// The attributes that are written here, without those of the base.
    pub attributes: Attributes,
    /// What `arrayType` of SOAP's encoding says.
    pub array: Option<Array>,
}

/// How a type is derived from its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// It has what the base has, and more behind it.
    Extension,
    /// It has what is written, which the base allows too.
    Restriction,
}

/// What stands between the tags.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing, or nothing more than the base has.
    Empty,
    /// A text.
    Simple {
        /// The type that is written in a restriction, before that of the base.
        inner: Option<TypeId>,
        /// What restricts it further.
        facets: Box<Facets>,
    },
    /// Elements.
    Elements(Particle),
}

/// An array of SOAP's encoding.
#[derive(Clone, Debug)]
pub struct Array {
    /// What it is an array of.
    pub item: TypeId,
    /// The dimensions as they are written: `[]`, `[,]`, `[][3]`.
    pub dimensions: Arc<str>,
}

/// Something in a content, and how often.
#[derive(Clone, Debug)]
pub struct Particle {
    /// How often at least.
    pub min: u32,
    /// How often at most; none is without a bound.
    pub max: Option<u32>,
    /// What.
    pub term: Term,
    /// Where it stands.
    pub source: Source,
}

/// What a particle is.
#[derive(Clone, Debug)]
pub enum Term {
    /// An element.
    Element(ElementId),
    /// Particles in an order.
    Model(Box<Model>),
    /// A group with a name.
    Group(GroupId),
    /// Any element.
    Any(Wildcard),
}

/// Particles, and how they belong together.
#[derive(Clone, Debug)]
pub struct Model {
    /// How they belong together.
    pub compositor: Compositor,
    /// The particles.
    pub particles: Vec<Particle>,
}

/// How particles belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compositor {
    /// All of them, in their order.
    Sequence,
    /// One of them.
    Choice,
    /// All of them, in any order.
    All,
}

/// Particles with a name of their own.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Name,
    /// The particles.
    pub model: Model,
    /// Whether it is only referred to, and nobody has defined it; it is then empty.
    pub is_missing: bool,
    /// Where it stands.
    pub source: Source,
}

/// Elements or attributes that are not named.
#[derive(Clone, Debug)]
pub struct Wildcard {
    /// The namespaces that they may be in.
    pub namespaces: WildcardNamespaces,
    /// What is known of them.
    pub process: Process,
    /// Where it stands.
    pub source: Source,
}

/// The namespaces of a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WildcardNamespaces {
    /// All.
    Any,
    /// All but this one, and but none.
    Other(Arc<str>),
    /// These; an empty one is none.
    Listed(Vec<Arc<str>>),
}

/// What is known of what a wildcard stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// It has to be declared.
    Strict,
    /// It is as it is declared, if it is.
    Lax,
    /// Nothing.
    Skip,
}

impl Type {
    /// The complex type that it is.
    #[must_use]
    pub fn complex(&self) -> Option<&ComplexType> {
        match &self.kind {
            TypeKind::Complex(complex) => Some(complex),
            TypeKind::Simple(_) => None,
        }
    }

    /// The simple type that it is.
    #[must_use]
    pub fn simple(&self) -> Option<&SimpleType> {
        match &self.kind {
            TypeKind::Simple(simple) => Some(simple),
            TypeKind::Complex(_) => None,
        }
    }
}

impl ComplexType {
    /// A type that holds anything.
    pub(crate) fn any(any_type: TypeId, source: Source) -> Self {
        let wildcard =
            Wildcard { namespaces: WildcardNamespaces::Any, process: Process::Lax, source };
        let any = Particle { min: 0, max: None, term: Term::Any(wildcard.clone()), source };
        Self {
            base: any_type,
            derivation: Derivation::Restriction,
            is_abstract: false,
            is_mixed: true,
            content: Content::Elements(any),
            attributes: Attributes { any: Some(wildcard), ..Attributes::default() },
            array: None,
        }
    }
}

impl WildcardNamespaces {
    /// Whether a name in this namespace may stand there.
    #[must_use]
    pub fn allow(&self, namespace: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Other(other) => !namespace.is_empty() && **other != *namespace,
            Self::Listed(listed) => listed.iter().any(|one| **one == *namespace),
        }
    }
}
