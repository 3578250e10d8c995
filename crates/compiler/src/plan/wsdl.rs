//! The WSDL that an API serves.

use std::fmt::{self, Display, Formatter};

/// The documents of a WSDL, ready but for the base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsdlPlan {
    /// Whether everybody gets it, and not only who may call.
    pub is_public: bool,
    /// The documents; the first one is what is asked for by `?wsdl`.
    pub documents: Vec<WsdlDocument>,
}

/// A document of a WSDL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsdlDocument {
    /// What it is.
    pub kind: WsdlKind,
    /// What it is asked for by: `?wsdl=1`, `?xsd=2`.
    pub number: usize,
    /// Its path in the project, below `WSDL/`.
    pub path: String,
    /// Its text, cut wherever the base URL goes.
    pub pieces: Vec<Box<str>>,
}

/// The kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WsdlKind {
    /// A WSDL.
    Wsdl,
    /// An XML Schema.
    Schema,
}

impl WsdlKind {
    /// The parameter that asks for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Wsdl => "wsdl",
            Self::Schema => "xsd",
        }
    }
}

impl WsdlPlan {
    /// The document that a query asks for: `wsdl`, `wsdl=1`, `xsd=2`, or by its path.
    #[must_use]
    pub fn asked(&self, query: &str) -> Option<&WsdlDocument> {
        let (name, value) = query.split_once('=').unwrap_or((query, ""));
        let kind = [WsdlKind::Wsdl, WsdlKind::Schema];
        let kind = kind.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(name))?;
        if value.is_empty() {
            return self.documents.first().filter(|_| kind == WsdlKind::Wsdl);
        }
        let number = value.parse::<usize>().ok();
        let path = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
        let is_it = |one: &&WsdlDocument| Some(one.number) == number || one.path == path;
        self.documents.iter().filter(|one| one.kind == kind).find(is_it)
    }
}

impl WsdlDocument {
    /// The text for a base URL, which is escaped already.
    #[must_use]
    pub fn text(&self, base: &str) -> String {
        self.pieces.join(base)
    }
}

impl Display for WsdlPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let who = if self.is_public { "everybody" } else { "whoever may call" };
        writeln!(f, "wsdl for {who}")?;
        self.documents.iter().try_for_each(|one| {
            let gaps = one.pieces.len().saturating_sub(1);
            writeln!(f, "  {}={}: {}, {gaps} addresses", one.kind.word(), one.number, one.path)
        })
    }
}
