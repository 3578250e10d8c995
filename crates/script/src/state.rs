//! The message as a script sees it, and what the script made of it.

use std::collections::BTreeMap;

/// The scopes of properties that a script may name.
pub const SCOPES: [&str; 7] =
    ["default", "axis2", "transport", "operation", "axis2-client", "analytics", "trace"];

/// A message, as plain data; whoever runs a script fills in what it needs ([`Needs`]).
#[derive(Debug, Clone, Default)]
pub struct MessageState {
    /// The body as JSON; `None` where it is none.
    pub json: Option<String>,
    /// What is in the body, as XML.
    pub xml: Option<String>,
    /// The message as a SOAP envelope.
    pub envelope: Option<String>,
    /// The body as text.
    pub text: Option<String>,
    /// Properties by scope and name.
    pub properties: BTreeMap<String, BTreeMap<String, PropertyValue>>,
    /// Variables by name.
    pub variables: BTreeMap<String, PropertyValue>,
    /// Addresses and ids.
    pub addressing: BTreeMap<Addressing, String>,
    /// Whether it is an answer.
    pub is_response: bool,
    /// Whether something has failed before.
    pub is_fault: bool,
    /// Whether the client asked with GET.
    pub is_get: bool,
    /// Whether it is neither SOAP.
    pub is_pox: bool,
    /// Whether it is SOAP 1.1.
    pub is_soap11: bool,
    /// What the script did, in order.
    pub changes: Vec<Change>,
    /// What it printed.
    pub lines: Vec<Line>,
}

/// The value of a property or a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum PropertyValue {
    /// Text.
    Text(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// The text of a JSON value; a script reads it as text, as it does in WSO2.
    Json(String),
    /// The text of an XML element; a script reads it as an XML object.
    Xml(String),
}

/// Parts of a message that say where it goes and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Addressing {
    /// Where the message goes.
    To,
    /// Who sends it.
    From,
    /// Who is answered.
    ReplyTo,
    /// Who is told of faults.
    FaultTo,
    /// What is asked for, by WS-Addressing.
    WsaAction,
    /// What is asked for, by SOAP.
    SoapAction,
    /// The message's id.
    MessageId,
}

/// One thing that a script did.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A property got a value, or went.
    Property {
        /// One of [`SCOPES`].
        scope: String,
        /// Its name.
        name: String,
        /// Its value; `None` takes it away.
        value: Option<PropertyValue>,
    },
    /// A variable got a value, or went.
    Variable {
        /// Its name.
        name: String,
        /// Its value; `None` takes it away.
        value: Option<PropertyValue>,
    },
    /// An address was set, or went.
    Address(Addressing, Option<String>),
    /// The body became this text, which is JSON.
    Json(String),
    /// The body became this XML: one element.
    Xml(String),
    /// The body went.
    Empty,
    /// The envelope got a header block: one element.
    Header {
        /// The element.
        xml: String,
        /// Whether who reads the message must understand it.
        must_understand: bool,
    },
    /// The message became an answer, or a request.
    IsResponse(bool),
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For those who look for something.
    Debug,
    /// What `print` writes.
    Info,
    /// Something is odd.
    Warn,
    /// Something went wrong.
    Error,
}

/// A line that a script printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub level: Level,
    /// The text.
    pub text: String,
}

/// What of a message a script asks for, by the methods that it mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// The body as JSON.
    pub json: bool,
    /// The body as XML.
    pub xml: bool,
    /// The envelope.
    pub envelope: bool,
    /// The body as text.
    pub text: bool,
    /// All names that there are, and not only those that the script spells out.
    pub all_names: bool,
}

impl Needs {
    /// Whether it asks for the body in any form.
    #[must_use]
    pub fn body(self) -> bool {
        self.json || self.xml || self.envelope || self.text
    }
}
