//! The policies that come with the gateway (spec/02 §2, §7.3).
//!
//! Those of WSO2 keep their names, versions and attributes, so that an exported API finds what it
//! refers to; older versions stay beside the newest one.
//! Templates are our own and escape each value, so a value means itself whatever it holds.
//!
//! Some policies are only described: they can be listed and imported, and are refused where an API
//! that uses them is deployed.

mod table;

use std::sync::LazyLock;

use model::policy::PolicySpecification;
use model::{Diagnostics, Document};

/// A policy that comes with the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// What it is and asks for.
    pub specification: PolicySpecification,
    /// The specification as it is written: flat JSON.
    pub document: &'static str,
    /// What it does; `None` where it is refused at deployment.
    pub template: Option<&'static str>,
    /// Why it is refused, and what to use instead; empty where it is not refused.
    pub refusal: &'static str,
}

static SHIPPED: LazyLock<Vec<Shipped>> =
    LazyLock::new(|| table::ROWS.iter().filter_map(read).collect());

/// The policy of this name and version; both are compared as written.
#[must_use]
pub fn specification(name: &str, version: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| {
        let specification = &shipped.specification;
        specification.name == name && specification.version == version
    })
}

/// Every policy; the versions of one are neighbours, the oldest first.
#[must_use]
pub fn all() -> &'static [Shipped] {
    &SHIPPED
}

/// Reads a row. None is ever lost, as a test holds.
fn read(row: &table::Row) -> Option<Shipped> {
    let (name, version, document, template) = *row;
    let value = serde_json::from_str(document).ok()?;
    let read = Document::new(format!("{name}_{version}.json"), value);
    let specification = PolicySpecification::read(&read, &mut Diagnostics::default())?;
    Some(Shipped {
        specification,
        document,
        template: template.ok(),
        refusal: template.err().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
