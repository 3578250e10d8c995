//! Schemas that others import without saying where they are, or from hosts that are long gone.
//!
//! They are read only where somebody refers to them and nothing better was found. Their texts have
//! no target namespace, so that one text serves a namespace and its draft.

use std::sync::Arc;

use super::builder::Builder;
use crate::markup::Markup;
use crate::namespace::{
    ADDRESSING, ADDRESSING_DRAFT, ENCODING, ENCODING_12, ENVELOPE, ENVELOPE_12, WSDL, XMIME,
    XMIME_DRAFT, XSD, XSI,
};
use crate::report::Report;

const TEXTS: &[(&str, &str)] = &[
    (xml::name::XML, include_str!("known/xml.xsd")),
    (XSD, include_str!("known/schema.xsd")),
    (XSI, include_str!("known/instance.xsd")),
    (WSDL, include_str!("known/wsdl.xsd")),
    (ENCODING, include_str!("known/encoding.xsd")),
    (ENCODING_12, include_str!("known/encoding.xsd")),
    (ENVELOPE, include_str!("known/envelope.xsd")),
    (ENVELOPE_12, include_str!("known/envelope12.xsd")),
    (XMIME, include_str!("known/xmlmime.xsd")),
    (XMIME_DRAFT, include_str!("known/xmlmime.xsd")),
    (ADDRESSING, include_str!("known/addressing.xsd")),
    (ADDRESSING_DRAFT, include_str!("known/addressing2004.xsd")),
    // Its official document has a document type, which is never read.
    ("http://www.w3.org/2000/09/xmldsig#", include_str!("known/xmldsig.xsd")),
    ("http://www.w3.org/2004/08/xop/include", include_str!("known/xop.xsd")),
    (
        "http://schemas.microsoft.com/2003/10/Serialization/",
        include_str!("known/serialization.xsd"),
    ),
];

/// Whether the schema of a namespace is built in.
pub(crate) fn is_known(namespace: &str) -> bool {
    text(namespace).is_some()
}

fn text(namespace: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(name, _)| *name == namespace).map(|(_, text)| *text)
}

/// Reads the schema of a namespace; what is defined already stays.
pub(super) fn load(namespace: &Arc<str>, builder: &mut Builder, report: &mut Report) {
    let Some(text) = text(namespace) else { return };
    let Ok(tree) = xml::read::read_text(text, &xml::read::Limits::default()) else { return };
    let Some(root) = tree.root() else { return };
    let markup = Markup { tree: &tree, document: None, lines_before: 0 };
    drop(super::read::read(markup, root, namespace, builder, report));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_complete() {
        let mut builder = Builder::default();
        let mut report = Report::new(1_000_000);
        for (namespace, _) in TEXTS {
            load(&(*namespace).into(), &mut builder, &mut report);
        }
        let limits = crate::Limits::default();
        let (schemas, missing) = super::super::finish(builder, &limits, &mut report);
        let found = report.finish(&[]);
        assert!(found.is_empty() && missing.is_empty(), "{found:?}");
        assert_eq!(schemas.namespaces().len(), TEXTS.len());
    }
}
