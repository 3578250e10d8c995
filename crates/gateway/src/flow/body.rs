//! Gathering bodies for steps that read them.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body::Body;
use http_body_util::BodyExt as _;
use model::fault::FaultCode;

use crate::body::{BodyError, RequestBody, RequestStage, ResponseBody};
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::{self, Wish};

/// Whose body a flow reads.
#[derive(Debug)]
pub(super) enum Origin {
    /// The client's.
    Request,
    /// That of an answer; empty once it was read.
    Answer(ResponseBody),
}

impl Origin {
    /// The whole body.
    ///
    /// # Errors
    ///
    /// More bytes than the limit; a body that broke off.
    pub(super) async fn gather(
        &mut self,
        exchange: &mut Exchange,
        limit: usize,
    ) -> Result<Bytes, Failure> {
        match self {
            Self::Request => of_request(exchange, limit).await,
            Self::Answer(body) => {
                let body = std::mem::replace(body, ResponseBody::empty());
                of_answer(body, limit).await
            }
        }
    }
}

async fn of_request(exchange: &mut Exchange, limit: usize) -> Result<Bytes, Failure> {
    let body = std::mem::replace(&mut exchange.body, RequestBody::Empty);
    if matches!(body, RequestBody::Empty) {
        return Ok(Bytes::new());
    }
    if forward::wish(exchange) == Wish::Continue {
        // Nobody else will ask for it.
        exchange.interim.send(StatusCode::CONTINUE, &HeaderMap::new());
    }
    let progress = body.progress();
    whole(body, limit).await.map_err(|problem| match problem {
        Problem::TooLong => too_long(limit),
        Problem::Broken(error) => {
            let stage = progress.map_or(RequestStage::Broken, |progress| progress.stage());
            let code = match stage {
                RequestStage::TooLarge => FaultCode::PayloadTooLarge,
                RequestStage::Stalled => FaultCode::RequestTimeout,
                RequestStage::Gone => return Failure::Silence,
                _ => FaultCode::BadRequest,
            };
            Fault::new(code).internal(error.to_string()).into()
        }
    })
}

/// The whole body of an answer.
///
/// # Errors
///
/// As [`Origin::gather`].
pub(super) async fn of_answer(body: ResponseBody, limit: usize) -> Result<Bytes, Failure> {
    whole(body, limit).await.map_err(|problem| match problem {
        Problem::TooLong => too_long(limit),
        Problem::Broken(error) => {
            Fault::new(FaultCode::ConnectionClosed).internal(error.to_string()).into()
        }
    })
}

fn too_long(limit: usize) -> Failure {
    let detail = format!("a policy reads the body, which has more than {limit} bytes");
    Fault::new(FaultCode::PolicyBody).internal(detail).into()
}

enum Problem {
    TooLong,
    Broken(BodyError),
}

/// One piece goes through as it is; several are put together.
async fn whole<B>(body: B, limit: usize) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes, Error = BodyError>,
{
    let mut body = std::pin::pin!(body);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(Problem::Broken)?.into_data() else { continue };
        if first.len() + all.len() + data.len() > limit {
            return Err(Problem::TooLong);
        }
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}
