//! The format of a `payloadFactory`.

use ::expression::synapse::Expression;

use crate::freemarker::Template;

/// A text with places to fill in.
#[derive(Debug)]
pub enum Format {
    /// The pieces, in order.
    Pieces(Vec<Piece>),
    /// `template-type="freemarker"`.
    FreeMarker(Box<Template>),
}

/// A piece of a format.
#[derive(Debug)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// `$n`: an argument, counted from zero.
    Argument(usize),
    /// `${…}`.
    Expression(Expression),
}

impl Format {
    /// Whether it asks for the body.
    pub fn reads_payload(&self) -> bool {
        match self {
            Self::Pieces(pieces) => pieces.iter().any(
                |piece| matches!(piece, Piece::Expression(expression) if expression.reads_payload()),
            ),
            Self::FreeMarker(template) => template.reads_payload(),
        }
    }
}
