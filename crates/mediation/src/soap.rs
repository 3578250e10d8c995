//! A SOAP message as an endpoint wants it (`format` and `optimize`, spec/03 §1.4), and what a
//! message says of itself before it is read.
//!
//! A body is touched only where it has to become another one. What cannot be said in the format
//! that is wanted is refused: an attachment has no place in a query, and JSON none in an envelope.
//!
//! Deliberately absent: answers, which pass as they are, and signatures: one over an envelope ends
//! with its version.

mod envelope;
mod media;
mod multipart;
mod query;

use std::fmt;

use bytes::Bytes;
use xml::read::Limits;
use xml::soap::Version;
use xml::tree::Tree;

use envelope::Envelope;
pub use media::Media;

const XML: &str = "application/xml";

/// What an endpoint wants of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// `format`; nothing is `leave-as-is`.
    pub format: Option<Format>,
    /// `optimize`; nothing is `leave-as-is`.
    pub optimize: Option<Optimize>,
}

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As an envelope of this version.
    Soap(Version),
    /// As what is in the envelope.
    Pox,
    /// As a query.
    Get,
}

/// How attachments are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optimize {
    /// MTOM: the envelope is a package of XOP.
    Mtom,
    /// SOAP with attachments.
    Swa,
}

/// What the head of a message says.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// `Content-Type`; empty where there is none.
    pub content_type: &'a str,
    /// `SOAPAction` as it came.
    pub action: Option<&'a str>,
}

/// A message as it is sent instead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// `Content-Type`; none where there is no body.
    pub content_type: Option<String>,
    /// `SOAPAction`, with its quotes.
    pub action: Option<String>,
    /// The body.
    pub body: Bytes,
    /// The query, where the message is one: the method is GET then.
    pub query: Option<String>,
}

/// Why a message cannot be written as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub String);

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Soap(Version::V11) => "soap11",
            Self::Soap(Version::V12) => "soap12",
            Self::Pox => "pox",
            Self::Get => "get",
        })
    }
}

impl fmt::Display for Optimize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Mtom => "mtom",
            Self::Swa => "swa",
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a message is, as far as its head tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Soap(Version),
    /// With attachments.
    Multipart(Version),
    Xml,
    Other,
}

/// The version of SOAP that a message is in by its `Content-Type`, with attachments or without.
#[must_use]
pub fn version_of(content_type: &str) -> Option<Version> {
    match kind(&Media::parse(content_type)) {
        Kind::Soap(version) | Kind::Multipart(version) => Some(version),
        Kind::Xml | Kind::Other => None,
    }
}

/// The action of a message by its head: `SOAPAction`, or the parameter `action` of 1.2; without
/// quotes, and `None` where it is empty.
#[must_use]
pub fn action_of<'a>(head: &Head<'a>) -> Option<std::borrow::Cow<'a, str>> {
    let parameter = || {
        let media = Media::parse(head.content_type);
        media.parameter("action").map(|text| text.to_owned().into())
    };
    let header = head.action.map(|text| unquoted(text).into());
    header.filter(|text: &std::borrow::Cow<'_, str>| !text.is_empty()).or_else(parameter)
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn kind(media: &Media) -> Kind {
    if let Some(version) = Version::of_media_type(media.essence()) {
        return Kind::Soap(version);
    }
    let version = |name: &str| {
        let inner = Media::parse(media.parameter(name)?);
        Version::of_media_type(inner.essence())
    };
    match media.essence() {
        "multipart/related" => match version("type").or_else(|| version("start-info")) {
            Some(version) => Kind::Multipart(version),
            None => Kind::Other,
        },
        XML => Kind::Xml,
        other if other.ends_with("+xml") => Kind::Xml,
        _ => Kind::Other,
    }
}

impl Wanted {
    /// Whether it is left to the message how it is written.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// Whether a message with this head has to be read, because it is not as it is wanted.
    #[must_use]
    pub fn concerns(self, head: &Head<'_>) -> bool {
        let kind = kind(&Media::parse(head.content_type));
        let is_rewritten = match self.format {
            None => false,
            Some(Format::Soap(wanted)) => match kind {
                Kind::Soap(version) | Kind::Multipart(version) => {
                    version != wanted || (wanted == Version::V11 && head.action.is_none())
                }
                Kind::Xml | Kind::Other => true,
            },
            Some(Format::Pox) => matches!(kind, Kind::Soap(_) | Kind::Multipart(_)),
            Some(Format::Get) => true,
        };
        let is_wrapped = self.optimize.is_some() && matches!(kind, Kind::Soap(_));
        is_rewritten || is_wrapped
    }

    /// Writes a message as it is wanted.
    ///
    /// # Errors
    ///
    /// That it cannot be read, or not be said in this format.
    pub fn write(self, head: &Head<'_>, body: &Bytes, limits: &Limits) -> Result<Sent, Problem> {
        let media = Media::parse(head.content_type);
        let kind = kind(&media);
        let message = Message { media, kind, head, body, limits };
        let sent = match self.format {
            None => message.as_is(),
            Some(Format::Soap(version)) => message.soap(version)?,
            Some(Format::Pox) => message.pox()?,
            Some(Format::Get) => return message.get(),
        };
        Ok(match self.optimize {
            Some(optimize) => wrapped(sent, optimize),
            None => sent,
        })
    }
}

struct Message<'a> {
    media: Media,
    kind: Kind,
    head: &'a Head<'a>,
    body: &'a Bytes,
    limits: &'a Limits,
}

impl Message<'_> {
    fn as_is(&self) -> Sent {
        Sent {
            content_type: Some(self.head.content_type.to_owned()),
            action: self.head.action.map(str::to_owned),
            body: self.body.clone(),
            query: None,
        }
    }

    fn soap(&self, wanted: Version) -> Result<Sent, Problem> {
        match self.kind {
            Kind::Soap(_) => {
                let envelope = self.envelope()?;
                let action = self.action(&envelope);
                if envelope.version() == wanted && self.kind == Kind::Soap(wanted) {
                    return Ok(Sent { action: header(wanted, action.as_deref()), ..self.as_is() });
                }
                let charset = self.media.utf8_charset();
                Ok(Sent {
                    content_type: Some(content_type(wanted, charset, action.as_deref())),
                    action: header(wanted, action.as_deref()),
                    body: envelope.in_version(wanted)?.into(),
                    query: None,
                })
            }
            Kind::Multipart(_) => self.multipart(wanted),
            Kind::Xml => Ok(Sent {
                content_type: Some(content_type(wanted, "UTF-8", self.said().as_deref())),
                action: header(wanted, self.said().as_deref()),
                body: envelope::around(&self.tree()?, wanted)?.into(),
                query: None,
            }),
            Kind::Other => Err(self.unfit("put into an envelope")),
        }
    }

    /// The envelope of a message with attachments is converted, and they stay as they are.
    fn multipart(&self, wanted: Version) -> Result<Sent, Problem> {
        let parts = multipart::Root::find(&self.media, self.body)?;
        let root = parts.media();
        let envelope = Envelope::read(tree(&root, parts.content(), self.limits)?)?;
        let action = self.action(&envelope);
        let media = multipart::media_in(&self.media, wanted, action.as_deref());
        let written = match envelope.version() == wanted {
            true => self.body.clone(),
            false => parts.replaced(wanted, &envelope.in_version(wanted)?).into(),
        };
        Ok(Sent {
            content_type: Some(media.to_string()),
            action: header(wanted, action.as_deref()),
            body: written,
            query: None,
        })
    }

    fn pox(&self) -> Result<Sent, Problem> {
        if !matches!(self.kind, Kind::Soap(_) | Kind::Multipart(_)) {
            return Ok(self.as_is());
        }
        self.refuse_attachments()?;
        let envelope = self.envelope()?;
        let body = envelope.content().ok_or_else(|| {
            Problem("The Body of the envelope is empty, so that there is nothing to send".into())
        })?;
        Ok(Sent {
            content_type: Some(format!("{XML}; charset=UTF-8")),
            body: body.into(),
            ..Sent::default()
        })
    }

    fn get(&self) -> Result<Sent, Problem> {
        self.refuse_attachments()?;
        let query = match self.kind {
            Kind::Soap(_) | Kind::Multipart(_) => {
                let envelope = self.envelope()?;
                envelope.payload().map(|node| query::of(envelope.tree(), node)).transpose()?
            }
            Kind::Xml => {
                let tree = self.tree()?;
                tree.root().map(|node| query::of(&tree, node)).transpose()?
            }
            Kind::Other if self.body.is_empty() => None,
            Kind::Other => return Err(self.unfit("written as a query")),
        };
        Ok(Sent { query: Some(query.unwrap_or_default()), ..Sent::default() })
    }

    fn refuse_attachments(&self) -> Result<(), Problem> {
        match self.kind {
            Kind::Multipart(_) => Err(Problem(
                "The endpoint takes no attachments, and the message may have some".into(),
            )),
            _ => Ok(()),
        }
    }

    fn unfit(&self, what: &str) -> Problem {
        let media = match self.media.essence() {
            "" => "without a Content-Type",
            media => media,
        };
        let fit = "text/xml, application/soap+xml or application/xml";
        Problem(format!("A body {media:.100} cannot be {what}; send {fit}"))
    }

    fn tree(&self) -> Result<Tree, Problem> {
        tree(&self.media, self.body, self.limits)
    }

    fn envelope(&self) -> Result<Envelope, Problem> {
        Envelope::read(self.tree()?)
    }

    /// The action as the head says it.
    fn said(&self) -> Option<String> {
        action_of(self.head).map(std::borrow::Cow::into_owned)
    }

    /// The action, also as WS-Addressing has it.
    fn action(&self, envelope: &Envelope) -> Option<String> {
        self.said().or_else(|| envelope.action())
    }
}

/// A body as a tree; what the head says of its encoding goes before what it says itself.
fn tree(media: &Media, body: &[u8], limits: &Limits) -> Result<Tree, Problem> {
    let is_latin = media.parameter("charset").is_some_and(media::is_latin);
    let read = if is_latin {
        let text: String = body.iter().map(|byte| char::from(*byte)).collect();
        xml::read::read_text(&text, limits)
    } else {
        xml::read::read(body, limits)
    };
    read.map_err(|error| Problem(format!("The body is not well-formed XML: {error}")))
}

/// `SOAPAction`, which 1.1 cannot do without (SOAP 1.1 §6.1.1), and 1.2 does not have.
fn header(version: Version, action: Option<&str>) -> Option<String> {
    let action = action.unwrap_or_default();
    (version == Version::V11).then(|| format!("\"{}\"", action.replace('"', "%22")))
}

fn content_type(version: Version, charset: &str, action: Option<&str>) -> String {
    let mut media = Media::new(version.media_type());
    media.set("charset", charset);
    if let Some(action) = action.filter(|_| version == Version::V12) {
        media.set("action", action);
    }
    media.to_string()
}

/// A plain SOAP message as the only part of a package; any other one stays as it is.
fn wrapped(sent: Sent, optimize: Optimize) -> Sent {
    let media = Media::parse(sent.content_type.as_deref().unwrap_or_default());
    let Kind::Soap(version) = kind(&media) else { return sent };
    let package = multipart::around(version, &media, &sent.body, optimize);
    Sent { content_type: Some(package.media.to_string()), body: package.body.into(), ..sent }
}

#[cfg(test)]
mod tests;
