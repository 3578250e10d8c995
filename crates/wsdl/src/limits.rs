//! What reading a WSDL may cost.

/// Limits of one reading; each has a diagnostic of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Documents in all, counted again where one is read under another namespace.
    pub documents: usize,
    /// Bytes of one document.
    pub document_bytes: usize,
    /// Bytes of all documents.
    pub total_bytes: usize,
    /// Elements inside each other; bounds every recursion of the readers.
    pub depth: usize,
    /// Nodes of one document, attributes included.
    pub nodes: usize,
    /// Nodes of all documents.
    pub total_nodes: usize,
    /// Looks at one declaration of a prefix, for all names together.
    pub steps: u64,
    /// Definitions of schemas that are built on each other: derivations, groups in groups.
    pub chain: usize,
    /// Particles of one type, with those of groups counted wherever they are referred to.
    pub particles: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            documents: 5_000,
            document_bytes: 16 << 20,
            total_bytes: 64 << 20,
            depth: 100,
            nodes: 750_000,
            total_nodes: 1_000_000,
            steps: 50_000_000,
            chain: 100,
            particles: 100_000,
        }
    }
}

impl Limits {
    /// What one document may cost the reader of XML.
    pub(crate) fn of_document(&self) -> xml::read::Limits {
        xml::read::Limits {
            bytes: self.document_bytes,
            depth: self.depth,
            nodes: self.nodes,
            attributes: 256,
            name: 1024,
        }
    }
}
