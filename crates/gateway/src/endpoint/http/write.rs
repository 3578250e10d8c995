//! Messages that a leaf wants in another form than they come in (`format`, `optimize`).
//!
//! Only such a message is gathered. What is sent belongs to one attempt: another leaf gets the
//! message as it came.

use bytes::Bytes;
use compiler::plan::Replay as Limits;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use mediation::soap::{Head, Sent};
use model::fault::FaultCode;

use super::HttpLeaf;
use super::attempt::Attempt;
use crate::body::{Replay, RequestBody, RequestProgress, RequestSource};
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::Wish;
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

/// The headers that another leaf gets again.
pub(super) type Originals = Vec<(HeaderName, HeaderValue)>;

impl HttpLeaf {
    /// Whether it cares how messages are written.
    pub(crate) fn writes(&self) -> bool {
        self.plan.lambda.is_some() || !self.plan.message.is_nothing()
    }
}

impl Attempt<'_> {
    /// Writes the message as the leaf wants it, unless it goes as it came.
    ///
    /// # Errors
    ///
    /// A body that breaks off, is too large, or cannot be written so.
    pub(crate) async fn write(&mut self, exchange: &Exchange) -> Result<(), Failure> {
        if self.leaf.plan.lambda.is_some() {
            return self.make_event(exchange).await;
        }
        let headers = self.request.headers();
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let name = SOAP_ACTION;
        let content_type = text(&header::CONTENT_TYPE).unwrap_or_default().to_owned();
        let action = text(&name).map(str::to_owned);
        let head = Head { content_type: &content_type, action: action.as_deref() };
        let is_empty = matches!(self.request.body(), RequestBody::Empty);
        if is_empty || !self.leaf.plan.message.concerns(&head) {
            return Ok(());
        }
        let is_plain = |coding: &str| coding.trim().eq_ignore_ascii_case("identity");
        if !text(&header::CONTENT_ENCODING).is_none_or(is_plain) {
            return Err(unfit("The body is compressed; send it without Content-Encoding"));
        }
        let replay = self.kept(exchange);
        let body = whole(&replay, exchange).await?;
        let limits = &exchange.snapshot.config.mediation.xml;
        let sent = self.leaf.plan.message.write(&head, &body, limits);
        self.put(sent.map_err(|problem| unfit(&problem.0))?, exchange)
    }

    /// The body, from its beginning.
    pub(super) fn kept(&mut self, exchange: &Exchange) -> Replay {
        let kept = self.showing.as_ref().and_then(|showing| showing.replay());
        if let Some(replay) = kept.or(exchange.replay.as_ref()) {
            return replay.clone();
        }
        let body = std::mem::replace(self.request.body_mut(), RequestBody::Empty);
        Replay::new(body, Limits::default())
    }

    /// Sends another message than the one that came.
    fn put(&mut self, sent: Sent, exchange: &Exchange) -> Result<(), Failure> {
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
        let own = [(header::CONTENT_TYPE, sent.content_type), (SOAP_ACTION, sent.action)];
        for (name, text) in own {
            if let Some(text) = text {
                headers.insert(name, value(&text)?);
            }
        }
        if sent.query.is_none() {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(sent.body.len()));
        }
        let body = match sent.body.is_empty() {
            true => RequestBody::Empty,
            false => {
                let idle = exchange.snapshot.config.timeouts.socket;
                RequestBody::new(RequestSource::Ready(sent.body), None, idle)
            }
        };
        *self.request.body_mut() = match &mut self.showing {
            Some(showing) => showing.resend(body),
            None => body,
        };
        sent.query.map_or(Ok(()), |query| self.ask(&query))
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

async fn whole(replay: &Replay, exchange: &Exchange) -> Result<Bytes, Failure> {
    let limit = exchange.snapshot.config.mediation.body;
    let body = beginning(replay, exchange, limit.saturating_add(1)).await?;
    if body.len() <= limit {
        return Ok(body);
    }
    let text = format!("The body exceeds {limit} bytes, and has to be read for its format");
    Err(Fault::new(FaultCode::PayloadTooLarge).describe(text).into())
}

/// As much of a body as there is, up to `limit` bytes or a little more.
///
/// # Errors
///
/// A body that breaks off.
pub(super) async fn beginning(
    replay: &Replay,
    exchange: &Exchange,
    limit: usize,
) -> Result<Bytes, Failure> {
    replay.take_back();
    replay.peek(limit, |_| false).await.map_err(|error| {
        let stage = exchange.record.progress().map(RequestProgress::stage);
        let code = stage.and_then(code_of).unwrap_or(FaultCode::IncompletePayload);
        Fault::new(code).internal(error.to_string()).into()
    })
}

fn unfit(problem: &str) -> Failure {
    Fault::new(FaultCode::MessageFormat).describe(problem).into()
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_bytes(text.as_bytes());
    value.map_err(|_| unfit("The action of the message has a control character"))
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
