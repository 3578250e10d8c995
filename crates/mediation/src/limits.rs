//! What a flow may use at most; each limit has a fault of its own.

use xml::json;

/// Limits of one flow.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a body that is read whole.
    pub body: usize,
    /// Depth, nodes and attributes of XML that is read; DTDs are always refused.
    pub xml: xml::read::Limits,
    /// How deep JSON may be nested.
    pub json_depth: usize,
    /// Steps of one evaluation of an expression.
    pub expression_steps: u64,
    /// Mediators of one flow, loops counted in.
    pub mediators: u64,
    /// Bytes of what one step writes: a body, or a property.
    pub output: usize,
    /// Bytes of what all steps of an exchange write.
    pub total_output: usize,
    /// Sequences that call sequences.
    pub nesting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 10 * 1024 * 1024,
            xml: xml::read::Limits::default(),
            json_depth: 127,
            expression_steps: 10_000_000,
            mediators: 100_000,
            output: 16 * 1024 * 1024,
            total_output: 256 * 1024 * 1024,
            nesting: 32,
        }
    }
}

impl Limits {
    /// How JSON and XML are turned into each other under these limits.
    pub(crate) fn json(&self) -> json::Options {
        json::Options { read_limits: self.xml.clone(), ..json::Options::default() }
    }
}
