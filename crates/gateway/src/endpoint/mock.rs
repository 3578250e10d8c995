//! Operations that are answered without an upstream: by the definition, or by a script.
//!
//! Most requests to examples are answered at once, from bytes that were prepared at deployment.
//! What takes time — made-up values, large bodies that are held against schemas — does so on a
//! thread apart; scripts have threads of their own, and are run by `flow/mock.rs`.

mod answer;
mod apart;
mod check;
pub(crate) mod state;

use std::sync::Arc;
use std::time::Duration;

use compiler::plan::{MockAnswers, MockLeafPlan, MockPlan};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use mock::{Prefer, Prepared, ReplyBody};
use tokio::time::Instant;

use super::LeafName;
use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::fault::Failure;
use crate::flow;
use crate::snapshot::LiveApi;
pub(crate) use answer::{failing, of_definition, warn};
pub(crate) use apart::Apart;
pub(crate) use check::{Came, Sent, answer as check_answer, request as check_request};

/// Where a client says which answer it wants to see (RFC 7240).
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// An endpoint that answers by the mocks of the operations.
#[derive(Debug)]
pub struct MockLeaf {
    /// The plan it was built from.
    pub plan: MockLeafPlan,
    name: LeafName,
}

impl MockLeaf {
    pub(crate) fn new(plan: &MockLeafPlan) -> Self {
        Self { plan: plan.clone(), name: Arc::from(plan.name.as_str()) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says in the record who answers.
    pub(crate) fn note(&self, exchange: &mut Exchange, api: &LiveApi) {
        exchange.record.attempts.endpoint = Some(Arc::clone(&self.name));
        let worker = exchange.record.connection.worker.index;
        api.metrics.mocked(worker);
    }

    /// Answers at once, where nothing but the head of the request and prepared bytes are needed.
    pub(crate) fn at_once(
        &self,
        exchange: &mut Exchange,
        api: &LiveApi,
    ) -> Option<Result<Response<ResponseBody>, Failure>> {
        let mock = plan_of(exchange, api)?;
        let is_plain = matches!(mock.answers, MockAnswers::Examples)
            && mock.choices.wishes.is_empty()
            && mock.delay.is_none()
            && mock.faults.is_none()
            && mock.role.is_none()
            && !mock.validates_requests;
        let prepared = mock.prepared.as_deref().filter(|_| is_plain)?;
        let headers = &exchange.head.headers;
        let wish = self.wish(headers, None);
        let reply = match prepared.choose(accept(headers), &wish) {
            Ok(reply) if matches!(reply.body, ReplyBody::Made) => return None,
            Ok(reply) => answer::of_reply(&reply, mock.checks_answers),
            Err(refusal) => Err(answer::refused(refusal)),
        };
        let reply = reply.map(|(response, warning)| match warning {
            Some(warning) => warn(response, &warning, exchange, api),
            None => response,
        });
        self.note(exchange, api);
        Some(reply)
    }

    /// Answers what [`Self::at_once`] does not: a request whose policies are done, or that has
    /// none.
    ///
    /// # Errors
    ///
    /// A request that the definition does not take, or asks for an answer that is not there; a
    /// script that failed.
    pub(crate) async fn call(
        &self,
        exchange: &mut Exchange,
        api: &LiveApi,
    ) -> Result<Response<ResponseBody>, Failure> {
        flow::mock::answer(exchange, api, self).await
    }

    /// What is wished for: by the client, else by conditions, else by the endpoint itself.
    pub(crate) fn wish(&self, headers: &HeaderMap, chosen: Option<&Prefer>) -> Prefer {
        let mut wish = preferred(headers);
        if wish.code.is_none() && wish.example.is_none() {
            let other = chosen.unwrap_or(&self.plan.wish);
            wish.code.clone_from(&other.code);
            wish.example.clone_from(&other.example);
        }
        wish
    }
}

/// What the client wishes for.
pub(crate) fn preferred(headers: &HeaderMap) -> Prefer {
    let fields = headers.get_all(&PREFER).iter();
    Prefer::parse(fields.filter_map(|field| field.to_str().ok()))
}

/// How the operation of an exchange is mocked.
pub(crate) fn plan_of<'a>(exchange: &Exchange, api: &'a LiveApi) -> Option<&'a Arc<MockPlan>> {
    api.plan.operations.get(exchange.record.operation?)?.mock.as_ref()
}

/// What the client accepts.
pub(crate) fn accept(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok())
}

/// Waits until an answer has taken as long as it is to take.
pub(crate) async fn wait(mock: &MockPlan, since: Instant) {
    let Some(delay) = &mock.delay else { return };
    let due = delay.draw(rand::random());
    let left = due.saturating_sub(since.elapsed());
    if left > Duration::ZERO {
        tokio::time::sleep(left).await;
    }
}

/// What an operation without a script answers (spec/02 §4.2).
pub(crate) fn without_script() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
    response
}

/// A value as a header shows it: without what no header takes, and short.
fn header_value(text: &str) -> HeaderValue {
    let visible = |letter: char| if matches!(letter, ' '..='~') { letter } else { '?' };
    let text: String = text.chars().take(300).map(visible).collect();
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("?"))
}

/// The document that an answer is held against.
pub(crate) fn contract(mock: &MockPlan) -> Option<&Arc<Prepared>> {
    mock.prepared.as_ref().filter(|_| mock.checks_answers)
}
