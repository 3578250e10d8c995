//! Step 4 of a request: who may call.
//!
//! Applications, subscriptions and API keys will stand beside the tokens here.

pub mod cors;
pub mod credential;
pub mod jwt;

use compiler::plan::AuthPlan;
use model::fault::FaultCode;

use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use credential::{Refused, Wanted};

/// Lets a caller pass who shows what the operation asks for.
///
/// # Errors
///
/// What is wrong with the credential, as WSO2 answers it (spec/03 §6.4).
pub(crate) async fn admit(exchange: &mut Exchange) -> Result<(), Failure> {
    let api = exchange.record.api.clone().ok_or_else(|| Failure::from(FaultCode::Internal))?;
    let operation = exchange.record.operation.and_then(|index| api.plan.operations.get(index));
    // Without an operation nobody can say that it is open.
    let operation = operation.ok_or_else(|| Failure::from(FaultCode::Internal))?;
    let AuthPlan::Required { scopes, tokens } = &operation.auth else { return Ok(()) };
    let wanted = Wanted { security: &api.plan.security, scopes, tokens: *tokens };
    let admitter = &exchange.snapshot.admitter;
    let header = exchange.head.headers.get(admitter.header_for(&wanted));
    let judged = match admitter.check_cached(header, &wanted) {
        Some(judged) => judged,
        // Boxed, since it is rare and its state would make every exchange larger.
        None => Box::pin(admitter.admit(header, &wanted)).await,
    };
    exchange.record.credential = Some(judged.map_err(refusal)?);
    Ok(())
}

fn refusal(refused: Refused) -> Failure {
    let mut fault = Fault::new(refused.code).describe(refused.description).internal(refused.reason);
    fault.challenge = refused.www_authenticate;
    fault.into()
}
