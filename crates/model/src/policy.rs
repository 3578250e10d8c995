//! Policies: what a specification says, and where an API attaches one (spec/02 §1.9).
//!
//! Deliberately absent: whether a policy may stand where it stands, and what it does. That is
//! judged by the crate `policy`.

mod files;
mod references;
mod sequences;
mod specification;

use std::fmt;

use serde_json::Value;

pub use files::{PolicyDefinition, PolicyFile};
pub use references::{PolicyReference, PolicyReferences};
pub use sequences::{BackendSequence, SequenceFile, SequenceReference};

/// The version of a policy where none is written.
pub const DEFAULT_VERSION: &str = "v1";
/// The name under which policies list the gateway whose form of them is read here.
pub const GATEWAY: &str = "Synapse";

/// The direction in which a policy works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flow {
    /// On the way to the upstream.
    Request,
    /// On the way back.
    Response,
    /// When something failed.
    Fault,
}

/// What a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// It changes messages.
    Mediation,
    /// It decides who gets through.
    Security,
}

/// A kind of API that a policy may be attached to.
///
/// The names are kept as written and compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiType {
    /// `apiType`, such as `HTTP`.
    pub api_type: String,
    /// `subType`, such as `AIAPI`; `None` where the kind is written as a plain text.
    pub sub_type: Option<String>,
}

/// What a policy is, who may use it where, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySpecification {
    /// `name`.
    pub name: String,
    /// `version`; [`DEFAULT_VERSION`] where it is absent.
    pub version: String,
    /// `displayName`; the name where it is absent.
    pub display_name: String,
    /// `description`; may be empty.
    pub description: String,
    /// `category`.
    pub category: Category,
    /// `applicableFlows`, without repetitions.
    pub flows: Vec<Flow>,
    /// `supportedGateways`, as written.
    pub gateways: Vec<String>,
    /// `supportedApiTypes`.
    pub api_types: Vec<ApiType>,
    /// `policyAttributes`.
    pub attributes: Vec<PolicyAttribute>,
}

/// The type of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeKind {
    /// Any text.
    String,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// One of the allowed values.
    Enum,
    /// A mapping, of older specifications.
    Map,
    /// A text that is never shown.
    Secret,
    /// JSON, mostly written as text.
    Json,
}

/// One value that a policy asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyAttribute {
    /// `name`: the key in the parameters, and the variable of the template.
    pub name: String,
    /// `displayName`; the name where it is absent.
    pub display_name: String,
    /// `description`; may be empty.
    pub description: String,
    /// `type`; text where it is absent.
    pub kind: AttributeKind,
    /// `validationRegex`, in Java's dialect; unchecked.
    pub pattern: Option<String>,
    /// `defaultValue`, as written: a text, a number or a boolean.
    pub default: Option<Value>,
    /// `allowedValues`.
    pub allowed: Vec<String>,
    /// `required`.
    pub required: bool,
}

impl Flow {
    /// Every flow.
    pub const ALL: [Self; 3] = [Self::Request, Self::Response, Self::Fault];

    /// The word for it in specifications and references.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Fault => "fault",
        }
    }

    /// Reads a flow; `in` and `out` are taken for request and response, as older projects write.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "request" | "in" => Some(Self::Request),
            "response" | "out" => Some(Self::Response),
            "fault" => Some(Self::Fault),
            _ => None,
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Category {
    /// Reads a category.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "mediation" => Some(Self::Mediation),
            "security" => Some(Self::Security),
            _ => None,
        }
    }
}

impl AttributeKind {
    /// Reads the type of an attribute.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "string" => Some(Self::String),
            "integer" => Some(Self::Integer),
            "boolean" => Some(Self::Boolean),
            "enum" => Some(Self::Enum),
            "map" => Some(Self::Map),
            "secret" => Some(Self::Secret),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl PolicySpecification {
    /// Whether the policy may be used in a flow.
    #[must_use]
    pub fn applies_to(&self, flow: Flow) -> bool {
        self.flows.contains(&flow)
    }

    /// Whether the policy has a form for a kind of gateway, such as [`GATEWAY`].
    #[must_use]
    pub fn supports_gateway(&self, gateway: &str) -> bool {
        self.gateways.iter().any(|name| name.eq_ignore_ascii_case(gateway))
    }

    /// Whether the policy may be attached to APIs of a type and, where they have one, a subtype.
    ///
    /// A type without a subtype takes every API of that type.
    #[must_use]
    pub fn supports_api(&self, api_type: &str, sub_type: Option<&str>) -> bool {
        self.api_types.iter().any(|one| one.takes(api_type, sub_type))
    }

    /// The attribute of a name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&PolicyAttribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

impl ApiType {
    fn takes(&self, api_type: &str, sub_type: Option<&str>) -> bool {
        let is_of_sub_type = match (self.sub_type.as_deref(), sub_type) {
            (None, _) => true,
            (Some(wanted), Some(found)) => wanted.eq_ignore_ascii_case(found),
            (Some(wanted), None) => wanted.eq_ignore_ascii_case("DEFAULT"),
        };
        self.api_type.eq_ignore_ascii_case(api_type) && is_of_sub_type
    }
}

#[cfg(test)]
mod tests;
