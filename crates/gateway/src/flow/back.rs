//! The way back: the response flow, and answers that policies make.

use std::sync::Arc;

use http::{Response, StatusCode, header};
use mediation::payload::Media;
use mediation::{End, Message, Payload};

use super::body::Origin;
use super::{Flow, dropped, message};
use crate::body::ResponseBody;
use crate::fault::Failure;

impl Flow<'_> {
    /// Runs the response flow over an answer.
    pub(super) async fn back(
        &mut self,
        message: &mut Message,
        response: Response<ResponseBody>,
    ) -> Result<Response<ResponseBody>, Failure> {
        let plan = Arc::clone(&self.plan);
        let Some(sequence) = &plan.response else { return Ok(response) };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response);
        }
        let (mut head, body) = response.into_parts();
        let headers = std::mem::take(&mut head.headers);
        let framing = headers.get(header::CONTENT_LENGTH).cloned();
        let media = Media::of(mediation::message::content_type(&headers));
        let mut payload = Payload::unread(media);
        if http_body::Body::is_end_stream(&body) {
            payload.load(bytes::Bytes::new());
        }
        message.answer(head.status, headers, payload);
        let mut origin = Origin::Answer(body);
        match self.run(sequence, message, &mut origin).await? {
            End::Drop => return Ok(dropped()),
            End::Send(outgoing) => {
                if message.payload.is_unread() {
                    let bytes = origin.gather(self.exchange, self.limits.body).await?;
                    message.payload.load(bytes);
                }
                return self.forward(message, Some(&outgoing)).await;
            }
            End::Continue | End::Respond | End::Loopback => {}
        }
        let Origin::Answer(body) = origin else { return Ok(dropped()) };
        if !message.payload.is_unread() || message.has_no_body {
            return self.answer_of(message, head.status).map_err(super::of_answer);
        }
        // It streams on as it came.
        message::clean(&mut message.headers);
        head.headers = std::mem::take(&mut message.headers);
        if let Some(length) = framing {
            head.headers.insert(header::CONTENT_LENGTH, length);
        }
        head.status = message.status.unwrap_or(head.status);
        Ok(Response::from_parts(head, body))
    }

    /// An answer that a policy makes of the message as it stands.
    pub(super) async fn reply(
        &mut self,
        message: &mut Message,
        origin: &mut Origin,
        status: StatusCode,
    ) -> Result<Response<ResponseBody>, Failure> {
        if message.payload.is_unread() && !message.has_no_body {
            let bytes = origin.gather(self.exchange, self.limits.body).await?;
            message.payload.load(bytes);
        }
        self.answer_of(message, status)
    }

    pub(super) fn answer_of(
        &self,
        message: &mut Message,
        status: StatusCode,
    ) -> Result<Response<ResponseBody>, Failure> {
        let is_changed = message.payload.is_changed();
        let mut response = message::to_answer(message, status, &self.limits)?;
        if is_changed {
            response.headers_mut().remove(header::CONTENT_ENCODING);
        }
        Ok(response)
    }
}
