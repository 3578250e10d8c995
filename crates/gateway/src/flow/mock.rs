//! Operations that are answered without an upstream, with what policies and conditions say of them.

use std::sync::Arc;

use bytes::Bytes;
use compiler::plan::{FlowsPlan, MockAnswers, MockPlan};
use http::{Response, StatusCode};
use mediation::rule::Choice;
use mediation::{End, Message};
use tokio::time::Instant;

use super::body::Origin;
use super::host::View;
use super::{Flow, dropped, message, of_mediation};
use crate::body::ResponseBody;
use crate::endpoint::mock::{self, Apart, Came, MockLeaf, Sent};
use crate::exchange::Exchange;
use crate::fault::Failure;
use crate::snapshot::LiveApi;

/// Answers a request that no policy has seen, or whose policies are done.
///
/// # Errors
///
/// As [`MockLeaf::call`].
pub(crate) async fn answer(
    exchange: &mut Exchange,
    api: &LiveApi,
    leaf: &MockLeaf,
) -> Result<Response<ResponseBody>, Failure> {
    let plan = Arc::<FlowsPlan>::default();
    let limits = Arc::clone(&exchange.snapshot.config.mediation);
    let mut message = message::of_request(exchange, api, &plan);
    let mut flow = Flow { exchange, api, plan, limits, is_final: false };
    flow.mock(leaf, &mut message).await
}

impl Flow<'_> {
    /// Answers with the mock of the operation.
    pub(super) async fn mock(
        &mut self,
        leaf: &MockLeaf,
        message: &mut Message,
    ) -> Result<Response<ResponseBody>, Failure> {
        let since = Instant::now();
        leaf.note(self.exchange, self.api);
        let Some(plan) = mock::plan_of(self.exchange, self.api).map(Arc::clone) else {
            return Ok(mock::without_script());
        };
        let answered = self.mocked(leaf, &plan, message).await;
        mock::wait(&plan, since).await;
        answered
    }

    async fn mocked(
        &mut self,
        leaf: &MockLeaf,
        plan: &MockPlan,
        message: &mut Message,
    ) -> Result<Response<ResponseBody>, Failure> {
        if let Some(prepared) = plan.prepared.as_ref().filter(|_| plan.validates_requests) {
            let body = self.body_of(message).await?;
            let came = Came::of(self.exchange, self.api, &message.headers, body);
            mock::check_request(&self.apart(), prepared, came).await?;
        }
        if let Some(status) = plan.faults.as_ref().and_then(|it| it.draw(rand::random())) {
            return mock::failing(plan, &message.headers, status);
        }
        match &plan.answers {
            MockAnswers::Nothing => Ok(mock::without_script()),
            MockAnswers::Script(sequence) => {
                // What the script has said is the answer (spec/02 §4.2): no policy follows.
                self.is_final = true;
                let response = match self.run(sequence, message, &mut Origin::Request).await? {
                    End::Drop => dropped(),
                    _ => self.reply(message, &mut Origin::Request, StatusCode::OK).await?,
                };
                self.checked(plan, response).await
            }
            MockAnswers::Examples => {
                if let Some(kept) = self.kept(plan, message).await? {
                    return self.checked(plan, kept).await;
                }
                let number = self.chosen(plan, message).await?;
                let chosen = number.and_then(|number| plan.choices.wishes.get(number));
                let wish = leaf.wish(&message.headers, chosen);
                let (apart, headers) = (self.apart(), &message.headers);
                let answered = mock::of_definition(&apart, plan, headers, &wish).await?;
                Ok(match answered {
                    (response, None) => response,
                    (response, Some(warning)) => {
                        mock::warn(response, &warning, self.exchange, self.api)
                    }
                })
            }
        }
    }

    /// What conditions on the request choose.
    async fn chosen(
        &mut self,
        plan: &MockPlan,
        message: &mut Message,
    ) -> Result<Option<usize>, Failure> {
        if plan.choices.wishes.is_empty() {
            return Ok(None);
        }
        loop {
            let choice = {
                let view = View { exchange: self.exchange, api: self.api, notes: None };
                plan.choices.choices.choose(message, &view, &self.limits)
            };
            match choice.map_err(of_mediation)? {
                Choice::Number(number) => return Ok(Some(number)),
                Choice::Nothing => return Ok(None),
                Choice::NeedsBody => drop(self.body_of(message).await?),
            }
        }
    }

    /// What is kept between calls, where the operation has a part in that.
    async fn kept(
        &mut self,
        plan: &MockPlan,
        message: &mut Message,
    ) -> Result<Option<Response<ResponseBody>>, Failure> {
        let Some((role, store)) = plan.role.as_ref().zip(self.api.mock_state.as_ref()) else {
            return Ok(None);
        };
        // Who asks for a certain answer gets that one.
        if !mock::preferred(&message.headers).is_empty() {
            return Ok(None);
        }
        let body = self.body_of(message).await?;
        mock::state::serve(self.exchange, self.api, (role, store), &message.headers, &body)
    }

    /// Holds an answer against the definition, where that is asked for.
    async fn checked(
        &mut self,
        plan: &MockPlan,
        response: Response<ResponseBody>,
    ) -> Result<Response<ResponseBody>, Failure> {
        let Some(prepared) = mock::contract(plan) else { return Ok(response) };
        let sent = Sent::of(&response);
        let warning = mock::check_answer(&self.apart(), prepared, sent).await?;
        Ok(match warning {
            Some(warning) => mock::warn(response, &warning, self.exchange, self.api),
            None => response,
        })
    }

    fn apart(&self) -> Apart {
        self.exchange.record.connection.worker.shared.apart.clone()
    }

    /// The whole body of the request, which the message then has.
    async fn body_of(&mut self, message: &mut Message) -> Result<Bytes, Failure> {
        if message.payload.is_unread() {
            let bytes = Origin::Request.gather(self.exchange, self.limits.body).await?;
            message.payload.load(bytes.clone());
            return Ok(bytes);
        }
        message::written(message, &self.limits)
    }
}
