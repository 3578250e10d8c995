//! What a function streams, on its way to the client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use compiler::plan::FunctionPlan;
use http::{Response, header};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use lambda::stream::{Head, Part, StreamError, StreamForm, StreamLimits, StreamReader};
use model::fault::{FaultCode, ProtocolState};
use tokio::time::{Instant, timeout_at};

use super::Invoking;
use super::payload::Unread;
use super::refused::text;
use crate::body::BodyError;
use crate::upstream::{Answer, AnswerBody, AnswerError, SendFailure};

/// How long the rest of a stream is read that has ended, so that its connection can be used again.
const REST: Duration = Duration::from_secs(1);

/// The body of an answer in the events of a stream.
#[derive(Debug)]
struct Streamed {
    plan: Arc<FunctionPlan>,
    /// What the service sends; gone once the stream has ended.
    body: Option<AnswerBody>,
    buffer: BytesMut,
    reader: StreamReader,
}

impl Invoking {
    /// Waits for status and headers of a function that streams.
    pub(super) async fn streamed(
        &self,
        answer: Answer,
        until: Instant,
    ) -> Result<Answer, SendFailure> {
        let (head, mut body) = answer.into_parts();
        let form = match self.plan.stream.unwrap_or_default() {
            StreamForm::Unknown => {
                StreamForm::of(text(&head.headers, header::CONTENT_TYPE.as_str()))
            }
            form => form,
        };
        let mut reader = StreamReader::new(form, StreamLimits::default());
        let mut buffer = BytesMut::new();
        let Head { status, headers } = loop {
            match reader.next(&mut buffer) {
                Ok(Some(Part::Head(head))) => break head,
                Ok(Some(Part::Body(_) | Part::End)) => {
                    return Err(self.unfit(&StreamError::HeadMissing));
                }
                Ok(None) => {}
                Err(StreamError::Function(failure)) => return self.failure(*failure),
                Err(error) => return Err(self.broken(&error)),
            }
            let frame = timeout_at(until, body.frame()).await.map_err(|_elapsed| self.late())?;
            match frame {
                Some(Ok(frame)) => {
                    buffer.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
                }
                Some(Err(error)) => return Err(self.unread(&Unread::Broken(error.to_string()))),
                None => return Err(self.broken(&StreamError::Unfinished)),
            }
        };
        let plan = Arc::clone(&self.plan);
        let streamed = Streamed { plan, body: Some(body), buffer, reader };
        let mut answer = Response::new(AnswerBody::made(streamed));
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    /// A stream that breaks off before its head.
    fn broken(&self, error: &StreamError) -> SendFailure {
        let code = match error {
            StreamError::Frame(_) | StreamError::Event(_) => FaultCode::ProtocolViolation,
            StreamError::Service(_) => FaultCode::LambdaService,
            StreamError::Unfinished => FaultCode::ConnectionClosed,
            StreamError::Function(_)
            | StreamError::Head(_)
            | StreamError::HeadTooLarge(_)
            | StreamError::HeadMissing
            | StreamError::TooLarge(_) => FaultCode::LambdaAnswer,
        };
        let detail = format!("{}: {error}", self.plan.function);
        SendFailure { state: ProtocolState::ResponseBody, ..SendFailure::before(code, detail) }
    }
}

impl Streamed {
    fn poll_part(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            let Some(body) = &mut self.body else { return Poll::Ready(None) };
            match self.reader.next(&mut self.buffer) {
                Ok(Some(Part::Body(bytes))) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Ok(Some(Part::End)) => {
                    self.end();
                    return Poll::Ready(None);
                }
                Ok(Some(Part::Head(_))) => continue,
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(self.broken(error)))),
            }
            match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    self.buffer.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(Some(Err(self.broken(StreamError::Unfinished)))),
            }
        }
    }

    /// All of the stream has come; the end of the message that it is in need not have.
    fn end(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            tokio::spawn(body.drain(REST));
        }
    }

    /// The client has its status by now: all that is left is to break off, and to tell the log.
    fn broken(&self, error: StreamError) -> BodyError {
        let detail = match &error {
            StreamError::Function(failure) => failure.message.clone().unwrap_or_default(),
            StreamError::Service(failure) => failure.message.clone(),
            _ => String::new(),
        };
        let function = self.plan.function.to_string();
        tracing::warn!(function, reason = %error, detail, "The stream of a function broke off.");
        AnswerError::from(error).into()
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let streamed = self.get_mut();
        let polled = streamed.poll_part(context);
        if matches!(polled, Poll::Ready(Some(Err(_)))) {
            // Whatever comes next is of no use.
            streamed.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }
}
