//! A message in mediation: its head, its properties and its body.

mod axis2;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use crate::limits::Limits;
use crate::payload::{Media, Payload, PayloadError};
use crate::property::{Properties, Value};

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To an upstream.
    Request,
    /// To the client.
    Response,
}

/// A message.
#[derive(Debug)]
pub struct Message {
    /// Which way it goes.
    pub direction: Direction,
    /// The method that is sent; `axis2` `HTTP_METHOD`.
    pub method: Method,
    /// The method that the client used.
    pub client_method: Method,
    /// The client's request target.
    pub uri: Uri,
    /// Bytes of the target's path that are the API's context.
    pub context_length: usize,
    /// HTTP headers; the transport scope.
    pub headers: HeaderMap,
    /// The headers that policies have set.
    pub own_headers: Vec<HeaderName>,
    /// Whether head and body are those of an answer, and not the client's any more.
    pub is_answer: bool,
    /// The status of an answer, or the one that a policy wants; `axis2` `HTTP_SC`.
    pub status: Option<StatusCode>,
    /// Where the message goes; the header `To`.
    pub to: Part,
    /// The named endpoint of the API that a rule or a `send` chose.
    pub endpoint: Option<Arc<str>>,
    /// Whether a rule has computed the address, which then wins over the endpoint's own.
    pub is_chosen: bool,
    /// What is appended to the address; `axis2` `REST_URL_POSTFIX`.
    pub postfix: Part,
    /// The body.
    pub payload: Payload,
    /// How the body is to be written, where a policy said so; `axis2` `messageType`.
    pub message_type: Option<Media>,
    /// `NO_ENTITY_BODY`.
    pub has_no_body: bool,
    /// The default scope, as far as policies set it.
    pub properties: Properties,
    /// The axis2 scope, as far as it is none of the fields above.
    pub axis2: Properties,
    /// The scopes that nothing reads but policies; the key is `scope name`.
    pub others: Properties,
    /// Variables.
    pub variables: Properties,
    /// The answer that `cache` waits for.
    pub(crate) pending: Option<Box<crate::cache::Pending>>,
    /// `From`, `Action`, `FaultTo`, `ReplyTo`, `RelatesTo`.
    pub addressing: Properties,
    /// The id of the message; `MessageID`.
    pub id: HeaderValue,
    /// Bytes that steps have written so far.
    pub(crate) written: usize,
}

/// A part of the head that is as the client's request says until a policy says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Part {
    /// As the request says.
    #[default]
    Original,
    /// As a policy said.
    Set(Arc<str>),
    /// Taken away.
    Removed,
}

impl Message {
    /// A request; `headers` and the body are those that go to the upstream.
    pub fn request(method: Method, uri: Uri, context_length: usize, headers: HeaderMap) -> Self {
        let media = Media::of(content_type(&headers));
        Self {
            direction: Direction::Request,
            client_method: method.clone(),
            method,
            uri,
            context_length,
            headers,
            own_headers: Vec::new(),
            is_answer: false,
            status: None,
            to: Part::Original,
            endpoint: None,
            is_chosen: false,
            postfix: Part::Original,
            payload: Payload::unread(media),
            message_type: None,
            has_no_body: false,
            properties: Properties::default(),
            axis2: Properties::default(),
            others: Properties::default(),
            variables: Properties::default(),
            pending: None,
            addressing: Properties::default(),
            id: HeaderValue::from_static(""),
            written: 0,
        }
    }

    /// Becomes the answer to itself: properties and variables stay, head and body are the answer's.
    pub fn answer(&mut self, status: StatusCode, headers: HeaderMap, payload: Payload) {
        self.direction = Direction::Response;
        self.take(status, headers, payload);
    }

    /// Takes an answer's head and body, in the same direction (`call`).
    pub fn take(&mut self, status: StatusCode, headers: HeaderMap, payload: Payload) {
        self.status = Some(status);
        self.headers = headers;
        self.is_answer = true;
        self.payload = payload;
        self.message_type = None;
        self.has_no_body = false;
    }

    /// The destination that a policy set.
    pub fn destination(&self) -> Option<&Arc<str>> {
        match &self.to {
            Part::Set(to) => Some(to),
            _ => None,
        }
    }

    /// `To`: what a policy set, or the client's target.
    pub fn to_text(&self) -> Option<&str> {
        match &self.to {
            Part::Set(to) => Some(to),
            Part::Original => Some(self.uri.path_and_query().map_or("/", |target| target.as_str())),
            Part::Removed => None,
        }
    }

    /// `REST_URL_POSTFIX`: what a policy set, or the client's path and query after the context.
    pub fn postfix_text(&self) -> Option<&str> {
        match &self.postfix {
            Part::Set(postfix) => Some(postfix),
            Part::Original => Some(self.original_postfix()),
            Part::Removed => None,
        }
    }

    /// The client's path and query after the context.
    pub fn original_postfix(&self) -> &str {
        let target = self.uri.path_and_query().map_or("", |target| target.as_str());
        target.get(self.context_length..).unwrap_or_default()
    }

    /// A query parameter of `To`, percent-decoded; the name in any case (spec/02 §3.2).
    pub fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.to_text()?.split_once('?')?;
        let query = query.split('#').next().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
    }

    /// The first value of a header; bytes that are no UTF-8 are replaced.
    pub fn header(&self, name: &HeaderName) -> Option<std::borrow::Cow<'_, str>> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// Sets a header, in place of all of its name; characters that no header takes are left out.
    pub fn set_header(&mut self, name: &HeaderName, value: &str) {
        if let Some(value) = header_value(value) {
            self.headers.insert(name, value);
            if !self.own_headers.contains(name) {
                self.own_headers.push(name.clone());
            }
        }
    }

    /// The body gets a form, and the message the content type that says so.
    pub fn set_message_type(&mut self, content_type: &str) {
        self.set_header(&header::CONTENT_TYPE, content_type);
        self.message_type = Some(Media::of(content_type));
    }

    /// The body as it goes out; the head then names the encoding that it has.
    ///
    /// # Errors
    ///
    /// Why it cannot be written as the message says.
    pub fn write_body(&mut self, limits: &Limits) -> Result<Bytes, PayloadError> {
        let media = self.written_as();
        let bytes = self.payload.write(&media, limits)?;
        if !self.payload.came_as(&bytes)
            && let Some(mended) = in_utf8(content_type(&self.headers))
        {
            self.set_header(&header::CONTENT_TYPE, &mended);
        }
        Ok(bytes)
    }

    /// How the body is written when the message goes.
    pub fn written_as(&self) -> Media {
        self.message_type.clone().unwrap_or_else(|| self.payload.media().clone())
    }

    /// A property of the default scope that a policy set, or an error left.
    pub fn property(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }
}

/// A value that a header takes: control characters, line breaks above all, become spaces.
pub fn header_value(text: &str) -> Option<HeaderValue> {
    if let Ok(value) = HeaderValue::from_str(text) {
        return Some(value);
    }
    let cleaned: Vec<u8> = text
        .bytes()
        .map(|byte| if byte < b' ' && byte != b'\t' || byte == 0x7f { b' ' } else { byte })
        .collect();
    HeaderValue::from_bytes(&cleaned).ok()
}

/// The content type of a head.
pub fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A content type with UTF-8 in place of another encoding; `None` where it names none.
fn in_utf8(content_type: &str) -> Option<String> {
    let parts = content_type.split(';').map(str::trim);
    let is_other = |part: &&str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        name.trim().eq_ignore_ascii_case("charset")
            && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    let changed = parts.clone().any(|part| is_other(&part));
    let mended = parts.map(|part| if is_other(&part) { "charset=UTF-8" } else { part });
    changed.then(|| mended.collect::<Vec<_>>().join("; "))
}
