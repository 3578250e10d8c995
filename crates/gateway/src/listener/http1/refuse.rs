//! What has not become a request, and its answer.

use ::http1::HeadError;
use http::{Method, Request, Uri, Version, request};
use model::fault::FaultCode;
use tokio::time::Instant;

use super::answer::Asked;
use super::close::Farewell;
use super::{Answered, Handler, Server};
use crate::fault::Fault;
use crate::respond;

/// The longest method that is recorded.
const LONGEST_METHOD: usize = 32;

/// Why there is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its head is malformed, ambiguous or over a limit.
    Head(HeadError),
    /// It is not whole in time; it began then.
    Late(Instant),
}

impl Refusal {
    fn fault(self) -> Fault {
        let Self::Head(error) = self else { return Fault::new(FaultCode::RequestTimeout) };
        let code = match error.status() {
            414 => FaultCode::TargetTooLong,
            431 => FaultCode::HeadTooLarge,
            501 => FaultCode::NotImplemented,
            505 => FaultCode::VersionNotSupported,
            _ => FaultCode::BadRequest,
        };
        Fault::new(code).describe(error.to_string())
    }
}

impl<H: Handler> Server<H> {
    /// Answers what is no request, and ends the connection.
    pub(super) async fn refuse(&mut self, refusal: Refusal) {
        let since = if let Refusal::Late(since) = refusal { since } else { Instant::now() };
        let head = line(self.reader.refused(&self.wire.lock().input));
        let asked = Asked {
            is_http11: true,
            is_head: head.method == Method::HEAD,
            keep_alive: false,
            takes_trailers: false,
        };
        let response = respond::refuse(&self.connection, (head, since), &refusal.fault());
        if self.answer(response, asked).await == Answered::Closing {
            let is_late = matches!(refusal, Refusal::Late(_));
            self.close(if is_late { Farewell::Slow } else { Farewell::Sending }).await;
        }
    }
}

/// The method and the target of a head, as far as they can be read; `-` stands for what cannot.
fn line(head: &[u8]) -> request::Parts {
    let line = head.split(|byte| b"\r\n".contains(byte)).next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().filter(|method| method.len() <= LONGEST_METHOD);
    let method = method.and_then(|method| Method::from_bytes(method).ok());
    // What does not even begin as a request is not read any further.
    let target = words.next().filter(|_| method.is_some());
    let target = target.and_then(|target| Uri::try_from(target).ok());
    let is_old = words.next() == Some(b"HTTP/1.0");
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = method.unwrap_or_else(|| {
        Method::from_bytes(b"-").expect("a hyphen is a token, so that it can be a method")
    });
    // An authority alone has no path, which records show as a hyphen.
    parts.uri = target.unwrap_or_else(|| Uri::from_static("-"));
    parts.version = if is_old { Version::HTTP_10 } else { Version::HTTP_11 };
    parts
}
