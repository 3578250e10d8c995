//! Requests held against the definition, and answers.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use mock::Prepared;
use mock::request::{Request, RequestProblem};
use model::fault::FaultCode;

use super::apart::{Apart, SMALL};
use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::snapshot::LiveApi;
use crate::variables;

/// How much of what is wrong a client is told.
const MOST_TOLD: usize = 10;

type Pairs = Vec<(String, String)>;

/// What came from a client, as it is held against a definition.
pub(crate) struct Came {
    path: Pairs,
    query: Pairs,
    headers: Pairs,
    body: Bytes,
}

/// What is sent to a client.
pub(crate) struct Sent {
    status: u16,
    media_type: Option<String>,
    body: Bytes,
}

impl Came {
    /// What came in an exchange, whose headers and body are elsewhere.
    pub(crate) fn of(exchange: &Exchange, api: &LiveApi, headers: &HeaderMap, body: Bytes) -> Self {
        let query = exchange.head.uri.query().unwrap_or_default().as_bytes();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let pair =
            |(name, value): (&HeaderName, &HeaderValue)| (name.as_str().to_owned(), text(value));
        Self {
            path: variables::of_path(exchange, api),
            query: url::form_urlencoded::parse(query).into_owned().collect(),
            headers: headers.iter().map(pair).collect(),
            body,
        }
    }

    fn problems(&self, prepared: &Prepared) -> Vec<RequestProblem> {
        let Self { path, query, headers, body } = self;
        prepared.validate(&Request { path, query, headers, body })
    }
}

impl Sent {
    /// What an answer says; of its body, what is at hand.
    pub(crate) fn of(response: &Response<ResponseBody>) -> Self {
        let media_type = response.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { status: response.status().as_u16(), media_type, body: response.body().at_hand() }
    }

    fn problem(&self, prepared: &Prepared) -> Option<String> {
        prepared.check(self.status, self.media_type.as_deref(), &self.body)
    }
}

/// Refuses a request that is not as the definition says.
///
/// # Errors
///
/// What is wrong with it; too much is checked already.
pub(crate) async fn request(
    apart: &Apart,
    prepared: &Arc<Prepared>,
    came: Came,
) -> Result<(), Failure> {
    let problems = if came.body.len() <= SMALL && prepared.is_ready_to_validate() {
        came.problems(prepared)
    } else {
        let prepared = Arc::clone(prepared);
        apart.run(move || came.problems(&prepared)).await?
    };
    if problems.is_empty() { Ok(()) } else { Err(refused(&problems)) }
}

/// What is wrong with an answer by the definition; `None` where nothing is.
///
/// # Errors
///
/// Too much is checked already.
pub(crate) async fn answer(
    apart: &Apart,
    prepared: &Arc<Prepared>,
    sent: Sent,
) -> Result<Option<String>, Failure> {
    let is_ready = prepared.is_ready_to_check(sent.status, sent.media_type.as_deref());
    if sent.body.len() <= SMALL && is_ready {
        return Ok(sent.problem(prepared));
    }
    let prepared = Arc::clone(prepared);
    apart.run(move || sent.problem(&prepared)).await
}

fn refused(problems: &[RequestProblem]) -> Failure {
    let one = |problem: &RequestProblem| {
        let RequestProblem { part, pointer, message } = problem;
        if pointer.is_empty() {
            format!("{part}: {message}")
        } else {
            format!("{part} {pointer}: {message}")
        }
    };
    let mut texts: Vec<String> = problems.iter().take(MOST_TOLD).map(one).collect();
    if problems.len() > MOST_TOLD {
        texts.push(format!("and {} more", problems.len() - MOST_TOLD));
    }
    Fault::new(FaultCode::MockRequest).describe(texts.join("; ")).into()
}
