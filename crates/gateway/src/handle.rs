//! One request from start to end, as a straight line. `docs/life-of-a-request.md` tells the same.

use std::sync::Arc;

use futures_util::FutureExt;
use http::Response;

use crate::body::ResponseBody;
use crate::exchange::{Arrival, Connection, Exchange};
use crate::fault::Failure;
use crate::flow::brief::After;
use crate::{admit, endpoint, flow, locate, normalise, recording, respond, soap, wsdl};

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the exchange ends without an answer")]
pub struct Silence;

/// Serves one request.
///
/// # Errors
///
/// [`Silence`] when the answer is to close the connection.
pub fn handle<A: Into<Arrival>>(
    connection: Arc<Connection>,
    arrival: A,
) -> impl Future<Output = Result<Response<ResponseBody>, Silence>> {
    // Combined by hand: an `async` block would move the whole future once more for each `await`.
    let serving = serve(Arc::clone(&connection), arrival.into());
    // A defect ends one request, not the process.
    std::panic::AssertUnwindSafe(serving)
        .catch_unwind()
        .map(move |served| served.unwrap_or_else(|_panic| Ok(respond::panicked(&connection))))
}

async fn serve(
    connection: Arc<Connection>,
    arrival: Arrival,
) -> Result<Response<ResponseBody>, Silence> {
    let mut exchange = Exchange::begin(&connection, arrival);
    match answer(&mut exchange).await {
        Ok(reply) => Ok(respond::reply(exchange, reply)),
        Err(Failure::Fault(fault)) => Ok(respond::rescue(exchange, &fault)),
        Err(Failure::Silence) => Err(respond::silence(exchange)),
    }
}

async fn answer(exchange: &mut Exchange) -> Result<Response<ResponseBody>, Failure> {
    normalise::normalise(exchange)?;
    locate::find_api(exchange)?;
    if wsdl::is_asked(exchange) {
        return Box::pin(wsdl::answer(exchange)).await;
    }
    if let Some(preflight) = locate::find_operation(exchange)? {
        return Ok(preflight);
    }
    admit::admit(exchange).await?;
    let api = exchange.record.api.clone().expect("an API was found above");
    if let Some(plan) = &api.plan.soap {
        Box::pin(soap::find(exchange, plan)).await?;
    }
    if api.records {
        recording::prepare(exchange, &api);
    }
    let (endpoint, after) = match flow::brief::prepare(exchange, &api) {
        Some(prepared) => prepared?,
        // Boxed, so that it does not make every exchange larger.
        None if flow::concerns(exchange, &api) => {
            return Box::pin(flow::answer(exchange, &api)).await;
        }
        None => (endpoint::choose(exchange, &api)?, After::default()),
    };
    let called = endpoint.call(exchange, &api).await;
    after.finish(exchange, called)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<A, B, F: Future>(_: impl Fn(A, B) -> F) -> usize {
        size_of::<F>()
    }

    /// The HTTP library moves this future for each request, so what is rare in it is boxed.
    #[test]
    fn the_future_of_an_exchange_is_small() {
        let bytes = size(handle::<Arrival>);
        assert!(bytes <= 3500, "{bytes} bytes");
    }
}
