//! Messages that a leaf wants in another form than they come in (`format`, `optimize`).
//!
//! Only such a message is gathered. What is sent belongs to one attempt: another leaf gets the
//! message as it came.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use mediation::soap::{Head, Sent};
use model::fault::FaultCode;

use super::HttpLeaf;
use super::attempt::Attempt;
use crate::body::{Replay, RequestBody, RequestProgress, RequestSource};
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::{self, Wish};
use crate::upstream::code_of;

const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");
/// What speaks of the body that came, and not of the one that is sent.
const OF_BODY: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::EXPECT,
    SOAP_ACTION,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("digest"),
];

/// A message as a leaf wants it.
#[derive(Debug)]
pub(crate) struct Written {
    content_type: Option<HeaderValue>,
    action: Option<HeaderValue>,
    body: RequestBody,
    length: usize,
    query: Option<String>,
}

/// The headers that another leaf gets again.
pub(super) type Originals = Vec<(HeaderName, HeaderValue)>;

impl HttpLeaf {
    /// Whether it cares how messages are written.
    pub(crate) fn writes(&self) -> bool {
        !self.plan.message.is_nothing()
    }

    /// The message as this leaf wants it; `None` where it goes as it came. `kept` is its body where
    /// a group keeps it.
    ///
    /// # Errors
    ///
    /// A body that breaks off, is too large, or cannot be written so.
    pub(crate) async fn written(
        &self,
        exchange: &mut Exchange,
        kept: Option<&Replay>,
    ) -> Result<Option<Written>, Failure> {
        let headers = &exchange.head.headers;
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let content_type = text(&header::CONTENT_TYPE).unwrap_or_default().to_owned();
        let action = headers.get(SOAP_ACTION).and_then(|value| value.to_str().ok());
        let action = action.map(str::to_owned);
        let head = Head { content_type: &content_type, action: action.as_deref() };
        if !forward::carries_body(&exchange.head.method) || !self.plan.message.concerns(&head) {
            return Ok(None);
        }
        let is_coded = text(&header::CONTENT_ENCODING)
            .is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity"));
        let Some(replay) = kept.cloned().or_else(|| exchange.keep_body()) else { return Ok(None) };
        if is_coded {
            return Err(unfit("The body is compressed; send it without Content-Encoding"));
        }
        let body = whole(&replay, exchange).await?;
        let limits = &exchange.snapshot.config.mediation.xml;
        let sent = self.plan.message.write(&head, &body, limits);
        let sent = sent.map_err(|problem| unfit(&problem.0))?;
        ready(sent, exchange).map(Some)
    }
}

async fn whole(replay: &Replay, exchange: &Exchange) -> Result<Bytes, Failure> {
    let limit = exchange.snapshot.config.mediation.body;
    replay.take_back();
    let body = replay.peek(limit.saturating_add(1), |_| false).await.map_err(|error| {
        let stage = exchange.record.progress().map(RequestProgress::stage);
        let code = stage.and_then(code_of).unwrap_or(FaultCode::IncompletePayload);
        Failure::from(Fault::new(code).internal(error.to_string()))
    })?;
    if body.len() <= limit {
        return Ok(body);
    }
    let text = format!("The body exceeds {limit} bytes, and has to be read for its format");
    Err(Fault::new(FaultCode::PayloadTooLarge).describe(text).into())
}

fn unfit(problem: &str) -> Failure {
    Fault::new(FaultCode::MessageFormat).describe(problem).into()
}

fn ready(sent: Sent, exchange: &Exchange) -> Result<Written, Failure> {
    let value = |text: Option<String>| {
        let value = text.map(|text| HeaderValue::from_bytes(text.as_bytes()));
        value.transpose().map_err(|_| unfit("The action of the message has a control character"))
    };
    let idle = exchange.snapshot.config.timeouts.socket;
    let length = sent.body.len();
    let body = match length {
        0 => RequestBody::Empty,
        _ => RequestBody::new(RequestSource::Ready(sent.body), None, idle),
    };
    let (content_type, action) = (value(sent.content_type)?, value(sent.action)?);
    Ok(Written { content_type, action, body, length, query: sent.query })
}

impl Attempt<'_> {
    /// Sends another message than the one that came.
    ///
    /// # Errors
    ///
    /// An address that cannot take the query.
    pub(crate) fn write(&mut self, written: Written) -> Result<(), Failure> {
        let headers = self.request.headers_mut();
        let mut originals = Originals::new();
        for name in OF_BODY {
            originals.extend(headers.remove(&name).map(|value| (name, value)));
        }
        self.originals = Some(Box::new(originals));
        if self.wish == Wish::Continue {
            // The body is at hand.
            self.wish = Wish::None;
        }
        let own = [(header::CONTENT_TYPE, written.content_type), (SOAP_ACTION, written.action)];
        for (name, value) in own {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        if written.query.is_none() {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(written.length));
        }
        *self.request.body_mut() = match &mut self.showing {
            Some(showing) => showing.resend(written.body),
            None => written.body,
        };
        written.query.map_or(Ok(()), |query| self.ask(&query))
    }

    /// Makes it a GET with this query.
    fn ask(&mut self, query: &str) -> Result<(), Failure> {
        *self.request.method_mut() = Method::GET;
        if query.is_empty() {
            return Ok(());
        }
        let path = self.request.uri().path_and_query().map_or("/", |path| path.as_str());
        let mark = if path.contains('?') { '&' } else { '?' };
        let uri = Uri::try_from(format!("{path}{mark}{query}"));
        *self.request.uri_mut() =
            uri.map_err(|_| unfit("The message is too long to be written as a query"))?;
        Ok(())
    }
}

/// The headers of the message as it came.
pub(super) fn restore(headers: &mut HeaderMap, originals: &Originals) {
    for name in OF_BODY {
        headers.remove(name);
    }
    for (name, value) in originals {
        headers.insert(name, value.clone());
    }
}
