//! Why a head is refused.

/// Why a head is refused.
///
/// Each is a sentence that the peer may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum HeadError {
    /// More empty lines before a request line than a sloppy client sends.
    #[error("There are too many empty lines before the request line")]
    EmptyLines,
    /// The request line has not three parts, or its version is no version.
    #[error("The request line is malformed")]
    RequestLine,
    /// The method is not a token.
    #[error("The method is malformed")]
    MethodInvalid,
    /// The target has none of the four forms, or a character that no target has.
    #[error("The request target is malformed")]
    TargetInvalid,
    /// The target carries a user in front of its host (RFC 9110 §4.2.4).
    #[error("The request target must not name a user")]
    TargetUser,
    /// The request line alone is longer than a head may be.
    #[error("The request line is too long")]
    TargetTooLong,
    /// Another version than 1.0 and 1.1.
    #[error("The HTTP version is not supported")]
    Version,
    /// The status line of an answer is malformed.
    #[error("The status line is malformed")]
    StatusLine,
    /// The status of an answer is below 100.
    #[error("The status is not valid")]
    Status,
    /// A line feed without a carriage return.
    #[error("A line ends in a line feed without a carriage return")]
    BareLineFeed,
    /// A carriage return without a line feed.
    #[error("A carriage return is not followed by a line feed")]
    BareCarriageReturn,
    /// A line begins with white space, which once continued the line before.
    #[error("A header line is folded")]
    Folding,
    /// White space between a header's name and its colon.
    #[error("There is white space before the colon of a header")]
    SpaceBeforeColon,
    /// A header line without a colon.
    #[error("A header line has no colon")]
    ColonMissing,
    /// The name of a header is empty, too long, or not a token.
    #[error("The name of a header is malformed")]
    NameInvalid,
    /// The value of a header has a control character.
    #[error("The value of a header has a control character")]
    FieldInvalid,
    /// The head is longer than allowed.
    #[error("The header is too large")]
    TooLarge,
    /// The head has more fields than allowed.
    #[error("There are too many header fields")]
    TooManyFields,
    /// `Content-Length` and `Transfer-Encoding` together.
    #[error("The message has both Content-Length and Transfer-Encoding")]
    BothLengths,
    /// More than one `Content-Length`, equal or not.
    #[error("The message has more than one Content-Length")]
    LengthRepeated,
    /// A `Content-Length` that is not a number, or larger than 64 bits.
    #[error("The Content-Length is not a valid number")]
    LengthInvalid,
    /// A transfer coding below `chunked` that is not known here.
    #[error("The transfer coding is not supported")]
    CodingUnknown,
    /// `Transfer-Encoding` that does not end in one `chunked`, or that comes twice.
    #[error("The Transfer-Encoding is malformed")]
    CodingInvalid,
    /// `Transfer-Encoding` in a message of HTTP/1.0.
    #[error("A message of HTTP/1.0 must not have a Transfer-Encoding")]
    CodingOnHttp10,
    /// `Transfer-Encoding` in an answer that cannot have a body.
    #[error("An answer without a body must not have a Transfer-Encoding")]
    CodingWithoutBody,
    /// A request of HTTP/1.1 without `Host`.
    #[error("The Host header is missing")]
    HostMissing,
    /// More than one `Host`.
    #[error("There is more than one Host header")]
    HostRepeated,
    /// `Host` is not a host with an optional port.
    #[error("The Host header is not a host name")]
    HostInvalid,
}

impl HeadError {
    /// The status with which a server refuses the request.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::TargetTooLong => 414,
            Self::TooLarge | Self::TooManyFields => 431,
            Self::CodingUnknown => 501,
            Self::Version => 505,
            _ => 400,
        }
    }
}
