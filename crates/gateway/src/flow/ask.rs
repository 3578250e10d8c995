//! Questions that policies ask of other servers, beside the message.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, header};
use mediation::machine::Ask;
use model::fault::FaultCode;

use super::{Flow, body, of_mediation, send};
use crate::body::{RequestBody, RequestSource};
use crate::exchange::{Destination, Exchange};
use crate::fault::{Failure, Fault};
use crate::known::Present;

/// Bytes of an answer that are read.
const ANSWER: usize = 256 * 1024;

impl Flow<'_> {
    /// Asks, and goes on where the answer allows it. The message does not see any of it.
    ///
    /// # Errors
    ///
    /// The fault of an answer that says no; without a good answer, the policy has failed.
    pub(super) async fn ask(&mut self, ask: Ask) -> Result<(), Failure> {
        let before = swap(self.exchange, Side::of(&ask, self.exchange));
        let answered = tokio::time::timeout(ask.timeout, self.answer()).await;
        swap(self.exchange, before);
        let failed = |detail: String| {
            let detail = format!("{}: {detail}", ask.url);
            Failure::from(Fault::new(FaultCode::PolicyFailed).internal(detail))
        };
        let (status, bytes) = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(Failure::Fault(fault))) => {
                let detail = fault.internal.clone().unwrap_or_else(|| fault.text().to_owned());
                return Err(failed(detail));
            }
            Ok(Err(_)) => return Err(failed("no answer".to_owned())),
            Err(_) => {
                return Err(failed(format!("no answer within {} ms", ask.timeout.as_millis())));
            }
        };
        ask.judge(status, &bytes).map_err(of_mediation)
    }

    async fn answer(&mut self) -> Result<(StatusCode, bytes::Bytes), Failure> {
        let endpoint = send::computed(self.api)?;
        let response = endpoint.call(self.exchange, self.api).await?;
        let (head, body) = response.into_parts();
        Ok((head.status, body::of_answer(body, ANSWER).await?))
    }
}

/// What an endpoint takes out of an exchange for one call.
struct Side {
    method: Method,
    headers: http::HeaderMap,
    body: RequestBody,
    present: Present,
    destination: Option<Destination>,
    postfix: Option<String>,
    own_host: Option<Box<HeaderValue>>,
    wish: Option<crate::forward::Wish>,
    replay: Option<crate::body::Replay>,
}

impl Side {
    /// That of a question.
    fn of(ask: &Ask, exchange: &Exchange) -> Self {
        let mut headers = ask.headers.clone();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(ask.body.len()));
        let idle = exchange.snapshot.config.timeouts.socket;
        Self {
            method: Method::POST,
            present: Present::scan(&headers),
            headers,
            body: RequestBody::new(RequestSource::Ready(ask.body.clone()), None, idle),
            destination: Some(Destination { to: Arc::clone(&ask.url) }),
            postfix: Some(String::new()),
            own_host: None,
            wish: None,
            replay: None,
        }
    }
}

/// Puts a side into an exchange, and gives back what was there.
fn swap(exchange: &mut Exchange, side: Side) -> Side {
    use std::mem::replace;
    Side {
        method: replace(&mut exchange.head.method, side.method),
        headers: replace(&mut exchange.head.headers, side.headers),
        body: replace(&mut exchange.body, side.body),
        present: replace(&mut exchange.present, side.present),
        destination: replace(&mut exchange.destination, side.destination),
        postfix: replace(&mut exchange.postfix, side.postfix),
        own_host: replace(&mut exchange.own_host, side.own_host),
        wish: replace(&mut exchange.wish, side.wish),
        replay: replace(&mut exchange.replay, side.replay),
    }
}
