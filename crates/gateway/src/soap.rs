//! Which operation of a SOAP service a message calls: by its action, or by the first element of its
//! body.
//!
//! Only for APIs where something depends on it. The body is read as far as that element and goes on
//! as it came; one that does not say it within the limit calls no operation that is known.

use std::sync::Arc;

use compiler::plan::SoapPlan;
use http::{HeaderMap, header};
use mediation::soap::{self, action_of, version_of};
use model::fault::FaultCode;
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;
use xml::soap::Version;

use crate::body::RequestProgress;
use crate::endpoint::group::soap::{LIMIT, Looks, is_cut, readable};
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::upstream::code_of;

/// What the head of a message says.
enum Head {
    /// The operation, by its action.
    Called(Arc<str>),
    /// Its body has to tell.
    Message {
        /// Whether the envelope is one of several parts.
        has_parts: bool,
    },
    /// It is no SOAP message.
    Other,
}

/// What the beginning of a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// Namespace and name of the first element of the body.
    Element(String, String),
    /// It has none, or is no SOAP message.
    Nothing,
    /// It is not there yet.
    More,
}

/// Notes which operation is called.
///
/// # Errors
///
/// A body that breaks off before it says it.
pub(crate) async fn find(exchange: &mut Exchange, plan: &SoapPlan) -> Result<(), Failure> {
    match by_head(&exchange.head.headers, plan) {
        Head::Called(name) => exchange.record.soap_operation = Some(name),
        Head::Other => {}
        Head::Message { has_parts } => {
            if let Found::Element(namespace, local) = peek(exchange, has_parts).await? {
                exchange.record.soap_operation = plan.by_element(&namespace, &local);
            }
        }
    }
    Ok(())
}

/// Which operation is called by a message that is at hand.
pub(crate) fn told(headers: &HeaderMap, plan: &SoapPlan, body: &[u8]) -> Option<Arc<str>> {
    match by_head(headers, plan) {
        Head::Called(name) => Some(name),
        Head::Other => None,
        Head::Message { has_parts } => match first_element(envelope(body, has_parts)) {
            Found::Element(namespace, local) => plan.by_element(&namespace, &local),
            Found::Nothing | Found::More => None,
        },
    }
}

fn by_head(headers: &HeaderMap, plan: &SoapPlan) -> Head {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if version_of(content_type).is_none() {
        return Head::Other;
    }
    let head = soap::Head { content_type, action: text("soapaction") };
    let by_action = action_of(&head).and_then(|action| plan.by_action(&action).cloned());
    by_action.map_or_else(
        || Head::Message {
            has_parts: content_type.trim_start().to_ascii_lowercase().starts_with("multipart/"),
        },
        Head::Called,
    )
}

async fn peek(exchange: &mut Exchange, has_parts: bool) -> Result<Found, Failure> {
    let Some(replay) = exchange.keep_body() else { return Ok(Found::Nothing) };
    replay.take_back();
    let mut looks = Looks::default();
    let look = |start: &[u8]| first_element(envelope(start, has_parts));
    let is_enough = |start: &[u8]| looks.is_due(start.len()) && look(start) != Found::More;
    let start = replay.peek(LIMIT, is_enough).await.map_err(|error| {
        let stage = exchange.record.progress().map(RequestProgress::stage);
        let code = stage.and_then(code_of).unwrap_or(FaultCode::IncompletePayload);
        Failure::from(Fault::new(code).internal(error.to_string()))
    })?;
    // It is read once more, by whoever sends it; nothing else is kept.
    exchange.body = replay.body();
    exchange.replay = None;
    replay.settle();
    Ok(look(&start))
}

/// The envelope; of several parts, what is behind the head of the first one.
fn envelope(start: &[u8], has_parts: bool) -> &[u8] {
    if !has_parts {
        return start;
    }
    let end = start.windows(4).position(|window| window == b"\r\n\r\n");
    end.and_then(|end| start.get(end + 4..)).unwrap_or_default()
}

/// The first element of the body, as far as it has come.
fn first_element(start: &[u8]) -> Found {
    let seen = start.get(..LIMIT).unwrap_or(start);
    let (text, is_text) = readable(seen);
    match search(text) {
        Found::More if !is_text || seen.len() == LIMIT => Found::Nothing,
        found => found,
    }
}

fn search(text: &str) -> Found {
    let mut reader = NsReader::from_str(text);
    let mut walk = Walk::default();
    loop {
        let found = match reader.read_resolved_event() {
            Ok((_, Event::DocType(_))) => Some(Found::Nothing),
            Ok((_, Event::Eof)) => Some(Found::More),
            Ok((namespace, Event::Start(start))) => {
                walk.open(&namespace, start.local_name().into_inner())
            }
            Ok((namespace, Event::Empty(start))) => {
                let found = walk.open(&namespace, start.local_name().into_inner());
                found.or_else(|| walk.close())
            }
            Ok((_, Event::End(_))) => walk.close(),
            Ok(_) => None,
            Err(error) => {
                let place = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                let is_cut = is_cut(&error, text.get(place..).unwrap_or_default());
                Some(if is_cut { Found::More } else { Found::Nothing })
            }
        };
        if let Some(found) = found {
            return found;
        }
    }
}

/// Where in a message the search is.
#[derive(Default)]
struct Walk {
    depth: usize,
    version: Option<Version>,
    is_in_body: bool,
}

impl Walk {
    fn open(&mut self, namespace: &ResolveResult<'_>, local: &str) -> Option<Found> {
        let namespace = match namespace {
            ResolveResult::Bound(Namespace(namespace)) => *namespace,
            _ => "",
        };
        let depth = self.depth;
        self.depth += 1;
        let version = Version::of_namespace(namespace);
        match depth {
            0 if local == "Envelope" && version.is_some() => self.version = version,
            0 => return Some(Found::Nothing),
            1 => self.is_in_body = local == "Body" && version == self.version,
            2 if self.is_in_body => {
                return Some(Found::Element(namespace.to_owned(), local.to_owned()));
            }
            _ => {}
        }
        None
    }

    fn close(&mut self) -> Option<Found> {
        self.depth = self.depth.saturating_sub(1);
        // The body, or all of it, is over.
        (self.depth == 0 || (self.depth == 1 && self.is_in_body)).then_some(Found::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &Found) {
        assert_eq!(&first_element(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn the_first_element_of_the_body_is_found_as_soon_as_it_is_there() {
        let message = "<?xml version=\"1.0\"?><!-- x --><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header><a><Body><b/></Body></a></s:Header><s:Body> <q xmlns=\"urn:q\"><r/></q></s:Body></s:Envelope>";
        let element = Found::Element("urn:q".to_owned(), "q".to_owned());
        check(message, &element);
        let end = message.find("<r/>").expect("it is there");
        for cut in 0..message.len() {
            let expected = if cut < end { &Found::More } else { &element };
            check(message.get(..cut).expect("it is ASCII"), expected);
        }
    }

    #[test]
    fn what_is_no_message_has_no_operation() {
        for text in [
            "<a/>",
            "<Envelope/>",
            "{}",
            "<!DOCTYPE a><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">",
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body/></s:Envelope>",
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"></s:Envelope>",
        ] {
            let found = first_element(text.as_bytes());
            assert!(!matches!(found, Found::Element(..)), "{text}: {found:?}");
        }
    }

    #[test]
    fn of_several_parts_the_first_is_the_envelope() {
        let start = b"--b\r\nContent-Type: text/xml\r\n\r\n<a>";
        assert_eq!(envelope(start, true), b"<a>");
        assert_eq!(envelope(b"--b\r\nContent", true), b"");
        assert_eq!(envelope(start, false), start);
    }
}
