//! A leaf whose operations are functions of AWS Lambda (spec/03 §3).
//!
//! A request becomes an event (`event.rs`), which is sent with a signature, and again where that
//! makes sense (`invoke.rs`). What the function gives becomes an answer: at once (`payload.rs`), or
//! while it is made (`stream.rs`). A service that says no is understood in `refused.rs`.

mod event;
mod invoke;
mod payload;
mod refused;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compiler::plan::{Budget, FunctionPlan, HttpPlan};
use http::HeaderMap;
use http::uri::PathAndQuery;
use lambda::Repeat;
use tokio::time::Instant;

use super::HttpLeaf;
use crate::config::aws::AwsConfig;
use crate::endpoint::group::budget::RetryBudget;
use crate::exchange::Exchange;
use crate::sign::aws::Account;
use crate::upstream::SendFailure;

/// What may be sent again: a share of all calls, and some each second, as in SDKs of AWS.
const BUDGET: Budget = Budget { percent: 20, minimum: 3 };

/// What a leaf has for its functions.
#[derive(Debug)]
pub(super) struct Functions {
    /// Who calls them.
    account: Arc<Account>,
    region: Box<str>,
    budget: RetryBudget,
    /// How often one is called for one request at most.
    attempts: u32,
    /// The longest silence of the service while a function runs.
    silence: Option<Duration>,
    /// Whether failures are answered as in WSO2.
    pub(super) hides_failures: bool,
}

/// One request on its way to a function.
#[derive(Debug)]
pub(super) struct Invoking {
    plan: Arc<FunctionPlan>,
    event: Bytes,
    /// Path and query of the call.
    path: PathAndQuery,
    /// The headers of the message, which are in the event and are not sent.
    pub(super) headers: HeaderMap,
    /// Whether the client wants no body.
    is_head: bool,
}

/// Why a call brought no answer.
#[derive(Debug)]
struct Failed {
    failure: SendFailure,
    repeat: Repeat,
    /// How long the service wants to be left alone.
    asked: Option<Duration>,
}

impl Functions {
    /// Those of a plan; `None` where it has none, or nobody to call them.
    pub(super) fn of(
        plan: &HttpPlan,
        account: Option<&Arc<Account>>,
        config: &AwsConfig,
    ) -> Option<Box<Self>> {
        let plan = plan.lambda.as_ref()?;
        Some(Box::new(Self {
            account: Arc::clone(account?),
            region: plan.region.as_str().into(),
            budget: RetryBudget::new(BUDGET, Instant::now()),
            attempts: config.attempts.max(1),
            silence: config.silence,
            hides_failures: config.hides_failures,
        }))
    }
}

impl HttpLeaf {
    /// The function of the operation that is called.
    pub(crate) fn function(&self, exchange: &Exchange) -> Option<&Arc<FunctionPlan>> {
        let functions = &self.plan.lambda.as_ref()?.functions;
        functions.get(exchange.record.operation?)?.as_ref()
    }
}

impl From<SendFailure> for Failed {
    /// A failure that is final.
    fn from(failure: SendFailure) -> Self {
        Self { failure, repeat: Repeat::No, asked: None }
    }
}
