//! Envelopes: read, and in the other version.

use xml::name::Name;
use xml::soap::Version;
use xml::tree::{Kind, NodeId, Tree};

use super::Problem;

const ADDRESSING: [&str; 2] =
    ["http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"];
const NEXT_11: &str = "http://schemas.xmlsoap.org/soap/actor/next";
const NEXT_12: &str = "http://www.w3.org/2003/05/soap-envelope/role/next";
const ULTIMATE_12: &str = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// A document whose root is an envelope.
pub(super) struct Envelope {
    tree: Tree,
    root: NodeId,
    version: Version,
}

impl Envelope {
    /// # Errors
    ///
    /// That it is none.
    pub(super) fn read(tree: Tree) -> Result<Self, Problem> {
        let root = tree.root();
        let version = root.and_then(|root| {
            let name = tree.name(root).filter(|name| &*name.local == "Envelope")?;
            Version::of_namespace(&name.namespace)
        });
        match root.zip(version) {
            Some((root, version)) => Ok(Self { tree, root, version }),
            None => Err(Problem("The body is no envelope of SOAP 1.1 or 1.2".into())),
        }
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    fn child(&self, local: &str) -> Option<NodeId> {
        let namespace = self.version.namespace();
        self.tree.elements(self.root).find(|node| is(&self.tree, *node, namespace, local))
    }

    /// The first element of the body.
    pub(super) fn payload(&self) -> Option<NodeId> {
        self.tree.elements(self.child("Body")?).next()
    }

    /// That element, written alone.
    pub(super) fn content(&self) -> Option<String> {
        let payload = self.payload()?;
        Some(format!("{DECLARATION}{}", xml::write::write(&self.tree, payload)))
    }

    /// `Action` of WS-Addressing.
    pub(super) fn action(&self) -> Option<String> {
        let header = self.child("Header")?;
        let is_action = |node: &NodeId| {
            ADDRESSING.iter().any(|namespace| is(&self.tree, *node, namespace, "Action"))
        };
        let text = self.tree.text(self.tree.elements(header).find(is_action)?);
        let text = text.trim();
        let is_sound = !text.is_empty() && !text.contains(char::is_control);
        is_sound.then(|| text.to_owned())
    }

    /// The envelope in this version.
    pub(super) fn in_version(mut self, wanted: Version) -> Result<String, Problem> {
        if self.version != wanted {
            let nodes = self.tree.descendants(self.tree.document());
            let nodes: Vec<NodeId> = nodes.filter(|node| self.tree.is_element(*node)).collect();
            if wanted == Version::V12 {
                self.move_encoding();
            }
            for node in nodes {
                self.convert(node, wanted);
            }
            self.version = wanted;
        }
        Ok(format!("{DECLARATION}{}", xml::write::write_document(&self.tree)))
    }

    /// 1.2 has `encodingStyle` below the body alone (SOAP 1.2 part 1, §5.1.1), where it is given to
    /// what was encoded by what is above.
    fn move_encoding(&mut self) {
        const STYLE: &str = "encodingStyle";
        let namespace = self.version.namespace();
        let Some(body) = self.child("Body") else { return };
        let inherited = [body, self.root]
            .iter()
            .find_map(|node| self.tree.attribute(*node, namespace, STYLE))
            .map(str::to_owned);
        let children: Vec<NodeId> = self.tree.elements(body).collect();
        for node in [Some(self.root), self.child("Header"), Some(body)].into_iter().flatten() {
            self.tree.remove_attribute(node, namespace, STYLE);
        }
        let Some(style) = inherited else { return };
        for child in children {
            if self.tree.attribute(child, namespace, STYLE).is_none() {
                self.tree.set_attribute(child, Name::prefixed(namespace, "soapenv", STYLE), &style);
            }
        }
    }

    fn convert(&mut self, node: NodeId, wanted: Version) {
        let (from, to) = (self.version.namespace(), wanted.namespace());
        let prefixes: Vec<String> = self
            .tree
            .declarations(node)
            .filter(|(_, uri)| *uri == from)
            .map(|(prefix, _)| prefix.to_owned())
            .collect();
        self.tree.undeclare(node, from);
        for prefix in prefixes {
            self.tree.declare(node, &prefix, to);
        }
        if let Some(name) = self.tree.name(node).filter(|name| &*name.namespace == from) {
            let name = Name::prefixed(to, &name.prefix.clone(), &name.local.clone());
            self.tree.rename(node, name);
        }
        let attributes: Vec<NodeId> = self.tree.attributes(node).collect();
        for attribute in attributes {
            self.convert_attribute(attribute, wanted);
        }
    }

    fn convert_attribute(&mut self, attribute: NodeId, wanted: Version) {
        let Kind::Attribute(name, value) = self.tree.kind(attribute) else { return };
        if &*name.namespace != self.version.namespace() {
            return;
        }
        let Some((local, value)) = translated(&name.local, value, wanted) else {
            self.tree.detach(attribute);
            return;
        };
        let name = Name::prefixed(wanted.namespace(), &name.prefix, local);
        self.tree.set_text(attribute, &value);
        self.tree.rename(attribute, name);
    }
}

/// An attribute of headers in the other version; `None` where that has none.
fn translated<'a>(local: &'a str, value: &str, wanted: Version) -> Option<(&'a str, String)> {
    Some(match (local, wanted) {
        ("actor", Version::V12) if value == NEXT_11 => ("role", NEXT_12.to_owned()),
        ("actor", Version::V12) => ("role", value.to_owned()),
        ("role", Version::V11) if value == ULTIMATE_12 => return None,
        ("role", Version::V11) if value == NEXT_12 => ("actor", NEXT_11.to_owned()),
        ("role", Version::V11) => ("actor", value.to_owned()),
        ("relay", Version::V11) => return None,
        ("mustUnderstand", Version::V11) => match value.trim() {
            "true" | "1" => (local, "1".to_owned()),
            _ => (local, "0".to_owned()),
        },
        _ => (local, value.to_owned()),
    })
}

/// XML that is no envelope, in one.
pub(super) fn around(tree: &Tree, version: Version) -> Result<String, Problem> {
    let root = tree.root().ok_or_else(|| Problem("The body has no element".into()))?;
    if tree.name(root).is_some_and(|name| Version::of_namespace(&name.namespace).is_some()) {
        return Err(Problem("The body is an envelope, and its type does not say so".into()));
    }
    let (namespace, content) = (version.namespace(), xml::write::write(tree, root));
    Ok(format!(
        "{DECLARATION}<soapenv:Envelope xmlns:soapenv=\"{namespace}\"><soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>"
    ))
}

fn is(tree: &Tree, node: NodeId, namespace: &str, local: &str) -> bool {
    tree.name(node).is_some_and(|name| name.is(namespace, local))
}
