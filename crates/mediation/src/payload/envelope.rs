//! A message as XPath sees it: whatever the body is, it stands in a SOAP envelope (spec/02 §3.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use xml::name::Name;
use xml::tree::{NodeId, Tree};

/// The namespace of SOAP 1.1.
pub(crate) const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of SOAP 1.2.
pub(crate) const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// The namespace of what stands for text and for bytes.
const WRAPPER: &str = "http://ws.apache.org/commons/ns/payload";

/// A version of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoapVersion {
    /// 1.1.
    Soap11,
    /// 1.2.
    Soap12,
}

/// An envelope.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The tree; its document element is the envelope.
    pub tree: Tree,
    /// `Envelope`.
    pub envelope: NodeId,
    /// `Body`.
    pub body: NodeId,
    /// Whether it came as one; if not, only what is in its body is written.
    pub soap: Option<SoapVersion>,
}

impl SoapVersion {
    /// Its namespace.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Soap11 => SOAP11,
            Self::Soap12 => SOAP12,
        }
    }
}

impl Envelope {
    /// One with nothing in its body.
    pub fn empty(soap: Option<SoapVersion>) -> Self {
        let namespace = soap.unwrap_or(SoapVersion::Soap11).namespace();
        let mut tree = Tree::new();
        let document = tree.document();
        let envelope = tree.create_element(Name::prefixed(namespace, "soapenv", "Envelope"));
        // Not declared: what is copied out of it would bring the declaration along.
        tree.append(document, envelope);
        let body = tree.create_element(Name::prefixed(namespace, "soapenv", "Body"));
        tree.append(envelope, body);
        Self { tree, envelope, body, soap }
    }

    /// The document itself where it is an envelope, else one around it.
    pub fn of(tree: Tree) -> Self {
        match parts(&tree) {
            Some((envelope, body, version)) => Self { tree, envelope, body, soap: Some(version) },
            None => Self::around(tree),
        }
    }

    /// One with a document's element in its body.
    pub fn around(mut tree: Tree) -> Self {
        let document = tree.document();
        let content: Vec<NodeId> = tree.children(document).collect();
        let envelope = tree.create_element(Name::prefixed(SOAP11, "soapenv", "Envelope"));
        let body = tree.create_element(Name::prefixed(SOAP11, "soapenv", "Body"));
        tree.append(envelope, body);
        for node in content {
            tree.detach(node);
            tree.append(body, node);
        }
        tree.append(document, envelope);
        Self { tree, envelope, body, soap: None }
    }

    /// One around XML that was JSON in between; the element that JSON needs around it goes.
    pub(super) fn back(mut tree: Tree, soap: Option<SoapVersion>) -> Self {
        if let Some(root) = tree.root() {
            let only = match tree.children(root).take(2).collect::<Vec<_>>().as_slice() {
                [only] => Some(*only),
                _ => None,
            };
            let is_bare = tree.attributes(root).next().is_none();
            if let Some(only) = only.filter(|only| is_bare && tree.name(*only).is_some()) {
                tree.replace(root, only);
            }
        }
        let Some((version, root)) = soap.zip(tree.root()) else { return Self::around(tree) };
        let mut envelope = Self::empty(Some(version));
        envelope.set_content(&tree, root);
        envelope
    }

    /// One around a text.
    pub fn of_text(text: &str) -> Self {
        Self::wrapped("text", text)
    }

    /// One around bytes, in base64.
    pub fn of_binary(bytes: &[u8]) -> Self {
        Self::wrapped("binary", &STANDARD.encode(bytes))
    }

    fn wrapped(kind: &str, text: &str) -> Self {
        let mut envelope = Self::empty(None);
        let element = envelope.tree.create_element(Name::new(WRAPPER, kind));
        envelope.tree.declare(element, "", WRAPPER);
        envelope.tree.set_text(element, text);
        envelope.tree.append(envelope.body, element);
        envelope
    }

    /// The first element in the body.
    pub fn content(&self) -> Option<NodeId> {
        self.tree.elements(self.body).next()
    }

    /// Whether a node is somewhere in the body.
    pub(crate) fn holds(&self, id: NodeId) -> bool {
        let mut around = std::iter::successors(self.tree.parent(id), |id| self.tree.parent(*id));
        around.any(|id| id == self.body)
    }

    /// `Header`, where there is one.
    pub fn header(&self) -> Option<NodeId> {
        let namespace = self.tree.name(self.envelope)?.namespace.as_ref();
        self.tree
            .elements(self.envelope)
            .find(|id| self.tree.name(*id).is_some_and(|name| name.is(namespace, "Header")))
    }

    /// `Header`, made where there is none.
    pub fn header_mut(&mut self) -> NodeId {
        if let Some(header) = self.header() {
            return header;
        }
        let header = self.tree.create_element(self.named("Header"));
        self.tree.insert_before(self.body, header);
        header
    }

    /// Puts a copy of one node, alone, in the body.
    pub fn set_content(&mut self, from: &Tree, id: NodeId) {
        let copy = self.tree.import(from, id);
        let old: Vec<NodeId> = self.tree.children(self.body).collect();
        for node in old {
            self.tree.detach(node);
        }
        self.tree.append(self.body, copy);
    }

    /// The parts again, after nodes of any kind were changed.
    pub(crate) fn settle(&mut self) {
        if self.tree.parent(self.envelope) != Some(self.tree.document()) {
            *self = Self::of(std::mem::take(&mut self.tree));
        } else if self.tree.parent(self.body) != Some(self.envelope) {
            self.body = match parts(&self.tree) {
                Some((_, body, _)) => body,
                None => {
                    let body = self.tree.create_element(self.named("Body"));
                    self.tree.append(self.envelope, body);
                    body
                }
            };
        }
    }

    /// A name in the namespace of the envelope.
    fn named(&self, local: &str) -> Name {
        let own = self.tree.name(self.envelope).cloned();
        Name { local: local.into(), ..own.unwrap_or_else(|| Name::new(SOAP11, local)) }
    }

    /// Written as an envelope of this version; without one, only what is in its body.
    pub fn write(&self, soap: Option<SoapVersion>) -> String {
        let namespace = self.tree.name(self.envelope).map(|name| name.namespace.as_ref());
        match soap {
            Some(version) if namespace == Some(version.namespace()) => {
                xml::write::write(&self.tree, self.envelope)
            }
            Some(version) => self.in_version(version),
            None => self.content().map(|id| xml::write::write(&self.tree, id)).unwrap_or_default(),
        }
    }

    /// The same in another version of SOAP: header blocks and body, in its envelope.
    fn in_version(&self, version: SoapVersion) -> String {
        let mut other = Self::empty(Some(version));
        if self.soap.is_some()
            && let Some(header) = self.header()
        {
            let to = other.header_mut();
            for block in self.tree.elements(header) {
                let copy = other.tree.import(&self.tree, block);
                other.tree.append(to, copy);
            }
        }
        for node in self.tree.children(self.body) {
            let copy = other.tree.import(&self.tree, node);
            other.forget_soap(copy);
            other.tree.append(other.body, copy);
        }
        xml::write::write(&other.tree, other.envelope)
    }

    /// Takes from a copy the declarations of the envelope that it was in, where it needs none.
    fn forget_soap(&mut self, copy: NodeId) {
        for namespace in [SOAP11, SOAP12] {
            let names = |id: NodeId| {
                self.tree.name(id).is_some_and(|it| it.namespace.as_ref() == namespace)
            };
            let is_used = names(copy) || self.tree.descendants(copy).any(names);
            if !is_used {
                self.tree.undeclare(copy, namespace);
            }
        }
    }

    /// What a text or binary body holds; of anything else, the XML.
    pub(super) fn plain(&self) -> Bytes {
        let Some(content) = self.content() else {
            return Bytes::from(self.tree.text(self.body));
        };
        let name = self.tree.name(content);
        let is = |local| name.is_some_and(|name| name.is(WRAPPER, local));
        let text = self.tree.text(content);
        if is("text") {
            return Bytes::from(text);
        }
        if is("binary")
            && let Ok(bytes) = STANDARD.decode(text.trim())
        {
            return Bytes::from(bytes);
        }
        Bytes::from(self.write(self.soap))
    }
}

/// The parts of a document that is an envelope.
fn parts(tree: &Tree) -> Option<(NodeId, NodeId, SoapVersion)> {
    let root = tree.root()?;
    let version = [SoapVersion::Soap11, SoapVersion::Soap12].into_iter().find(|version| {
        tree.name(root).is_some_and(|name| name.is(version.namespace(), "Envelope"))
    })?;
    let body = tree
        .elements(root)
        .find(|id| tree.name(*id).is_some_and(|name| name.is(version.namespace(), "Body")))?;
    Some((root, body, version))
}
