//! Running a sequence, step by step, until it ends or needs something from outside.

pub(crate) mod each;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use model::fault::FaultCode;

use crate::fault::MediationFault;
use crate::host::{Host, Note};
use crate::limits::Limits;
use crate::mediator::{self, Surroundings};
use crate::message::Message;
use crate::property::Value;
use crate::script::{self, ScriptRun};
use crate::sequence::{Library, Mediator, Sequence, Step};
use each::Each;

/// A flow that is under way.
#[derive(Debug)]
pub struct Machine {
    frames: Vec<Frame>,
    library: Arc<Library>,
    taken: u64,
    /// What a sequence with `onError` is told of; the answer, where it ends without one of its own.
    caught: Option<MediationFault>,
}

/// A sequence, as far as it has run.
#[derive(Debug)]
struct Frame {
    sequence: Arc<Sequence>,
    next: usize,
    each: Option<Box<Each>>,
}

/// How far a flow has come.
#[derive(Debug)]
pub enum Advance {
    /// It needs something; [`Machine::advance`] goes on when it is there.
    Wants(Wants),
    /// It is over.
    Ends(End),
}

/// What a flow needs before it goes on.
#[derive(Debug)]
pub enum Wants {
    /// The body of the message, whole, by [`crate::Payload::load`].
    Body,
    /// An answer to the message as it stands, by [`Message::take`].
    Call(Outgoing),
    /// This much time.
    Wait(Duration),
    /// What a script does, by [`Machine::take_script`].
    Script(Box<ScriptRun>),
    /// An answer to a question beside the message, which stays as it is.
    Ask(Box<Ask>),
}

/// A question to another server, sent with POST.
#[derive(Debug)]
pub struct Ask {
    /// The address, as the author of the policy wrote it.
    pub url: Arc<str>,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: bytes::Bytes,
    /// How long the answer may take, all in all.
    pub timeout: Duration,
    /// What is asked about, for the judgement.
    pub(crate) rule: Option<Arc<str>>,
}

impl Ask {
    /// Whether the flow goes on after this answer.
    ///
    /// # Errors
    ///
    /// The fault that ends it; no `onError` of a sequence catches it.
    pub fn judge(&self, status: http::StatusCode, body: &[u8]) -> Result<(), MediationFault> {
        crate::opa::judge(self.rule.as_deref(), status, body)
    }
}

/// How a flow ends.
#[derive(Debug)]
pub enum End {
    /// All steps have run: the message goes its way.
    Continue,
    /// `send`: the message goes there, and nothing else of the flow runs.
    Send(Outgoing),
    /// `respond`: the message is the answer, past the response flow.
    Respond,
    /// `loopback`: the message is the answer, through the response flow.
    Loopback,
    /// `drop`: nothing goes anywhere.
    Drop,
}

/// Where a `send` or `call` goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The address.
    pub target: Target,
    /// The method; `None` keeps the message's.
    pub method: Option<Method>,
    /// Whether the rest of the path is appended to the address.
    pub takes_postfix: bool,
}

/// An address, as a step gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The destination that is set; the endpoint of the API where none is.
    Destination,
    /// This URL.
    Url(Arc<str>),
    /// An endpoint of the API, by its name.
    Named(Arc<str>),
}

/// What a step leads to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The next step.
    Next,
    /// The steps of a sequence first.
    Into(Arc<Sequence>),
    /// The steps of a sequence, once for each part of the body.
    Each(Box<Each>, Arc<Sequence>),
    /// Something from outside first.
    Wants(Wants),
    /// The body first, and then the same step again.
    Body,
    /// The end of the flow.
    Ends(End),
}

impl Machine {
    /// A flow that has not begun.
    pub fn new(sequence: Arc<Sequence>, library: Arc<Library>) -> Self {
        // Room for a policy with a branch in it.
        let mut frames = Vec::with_capacity(4);
        frames.push(Frame::new(sequence));
        Self { frames, library, taken: 0, caught: None }
    }

    /// Runs on until the flow ends or needs something.
    ///
    /// # Errors
    ///
    /// Why the flow broke off; it is over then. A sequence with `onError` runs first, and may end
    /// the flow in another way.
    pub fn advance(
        &mut self,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<Advance, MediationFault> {
        loop {
            match self.step(message, host, limits) {
                Ok(Some(advance)) => return Ok(advance),
                Ok(None) => {}
                Err(fault) => self.recover(message, fault)?,
            }
        }
    }

    /// One step; `None` where the next one follows.
    fn step(
        &mut self,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<Option<Advance>, MediationFault> {
        let depth = self.frames.len();
        let Some(Frame { sequence, next, .. }) = self.frames.last_mut() else {
            // What failed does not go on to the upstream.
            return match self.caught.take() {
                Some(fault) => Err(fault),
                None => Ok(Some(Advance::Ends(End::Continue))),
            };
        };
        let Some(step) = sequence.steps.get(*next) else {
            self.leave(message, limits)?;
            return Ok(None);
        };
        if message.payload.is_unread() && step.mediator.awaits_body() {
            return Ok(Some(Advance::Wants(Wants::Body)));
        }
        self.taken += 1;
        if self.taken > limits.mediators || depth > limits.nesting.saturating_mul(4) {
            let detail = format!("more than {} steps, or sequences too deep", limits.mediators);
            return Err(MediationFault::new(FaultCode::PolicySteps, detail).at(&step.place));
        }
        *next += 1;
        if let Some(notes) = host.notes() {
            notes.borrow_mut().push(Note::Step(Arc::clone(&step.place)));
        }
        let surroundings = Surroundings { host, limits, library: &self.library };
        let outcome = mediator::run(&step.mediator, message, surroundings)
            .map_err(|fault| fault.at(&step.place))?;
        Ok(match outcome {
            Outcome::Next => None,
            Outcome::Into(sequence) => {
                self.frames.push(Frame::new(sequence));
                None
            }
            Outcome::Each(each, sequence) => {
                self.frames.push(Frame { each: Some(each), ..Frame::new(sequence) });
                None
            }
            Outcome::Wants(wants) => Some(Advance::Wants(wants)),
            Outcome::Body => {
                // The step has not run yet.
                if let Some(notes) = host.notes() {
                    notes.borrow_mut().pop();
                }
                if let Some(frame) = self.frames.last_mut() {
                    frame.next = frame.next.saturating_sub(1);
                }
                Some(Advance::Wants(Wants::Body))
            }
            Outcome::Ends(end) => {
                self.frames.clear();
                self.caught = None;
                Some(Advance::Ends(end))
            }
        })
    }

    /// The end of a sequence: of a loop, perhaps its next turn.
    fn leave(&mut self, message: &mut Message, limits: &Limits) -> Result<(), MediationFault> {
        let Some(mut frame) = self.frames.pop() else { return Ok(()) };
        if let Some(each) = &mut frame.each
            && each.turn(message, limits)?
        {
            frame.next = 0;
            self.frames.push(frame);
        }
        Ok(())
    }

    /// Goes on in the innermost `onError` sequence; without one the fault ends the flow.
    fn recover(
        &mut self,
        message: &mut Message,
        fault: MediationFault,
    ) -> Result<(), MediationFault> {
        let catch = self.frames.iter().rev().find_map(|frame| frame.sequence.on_error.clone());
        if let Some(each) = self.frames.iter_mut().find_map(|frame| frame.each.as_mut()) {
            // The fault is one of the message, not of the part whose turn it was.
            message.payload = each.whole();
        }
        self.frames.clear();
        // A flow that has used up its steps has none for this either.
        let catch = catch.filter(|_| fault.code != FaultCode::PolicySteps);
        let Some(sequence) = catch.and_then(|key| self.library.get(&key).cloned()) else {
            self.caught = None;
            return Err(fault);
        };
        note(message, &fault);
        self.frames.push(Frame::new(sequence));
        self.caught = Some(fault);
        Ok(())
    }

    /// Ends the flow with a fault from outside, such as a call that failed; where a sequence with
    /// `onError` takes it, [`Self::advance`] runs that.
    ///
    /// # Errors
    ///
    /// The fault, where nothing takes it.
    pub fn fail(
        &mut self,
        message: &mut Message,
        fault: MediationFault,
    ) -> Result<(), MediationFault> {
        self.recover(message, fault)
    }
}

impl Machine {
    /// Goes on with what a script did; one that returned `false` drops the message.
    ///
    /// # Errors
    ///
    /// Why the script broke off, where nothing takes it.
    pub fn take_script(
        &mut self,
        run: ScriptRun,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<(), MediationFault> {
        let ScriptRun { script, state, ended } = run;
        script::log(script.name(), &state.lines, host);
        let continues = match ended {
            Some(Ok(outcome)) => script::apply(state, message, limits).map(|()| outcome.continues),
            Some(Err(error)) => Err(script::failed(error.to_string())),
            None => Err(script::failed(format!("{}: it did not run", script.name()))),
        };
        match continues {
            Ok(true) => {}
            Ok(false) => {
                let step = Step { place: Arc::from(script.name()), mediator: Mediator::Drop };
                self.frames.clear();
                let steps = Sequence { steps: vec![step], ..Sequence::default() };
                self.frames.push(Frame::new(Arc::new(steps)));
            }
            Err(fault) => self.recover(message, fault)?,
        }
        Ok(())
    }
}

impl Frame {
    fn new(sequence: Arc<Sequence>) -> Self {
        Self { sequence, next: 0, each: None }
    }
}

/// Tells a flow what went wrong (spec/02 §3.7, fault flow inputs).
pub fn note(message: &mut Message, fault: &MediationFault) {
    let number = fault.code.number(model::fault::ProtocolState::RequestReady).to_string();
    let code = fault.kind.clone().unwrap_or(number);
    // The detail is for the log; policies may show what they are told to the caller.
    tell(message, &code, &fault.message, None);
}

/// Sets `ERROR_CODE`, `ERROR_MESSAGE`, `ERROR_DETAIL`, `ERROR_EXCEPTION`.
pub fn tell(message: &mut Message, code: &str, text: &str, detail: Option<&str>) {
    let mut set = |name: &str, value: Value| message.properties.set(&Arc::from(name), value);
    set("ERROR_CODE", Value::text_of(code));
    set("ERROR_MESSAGE", Value::text_of(text));
    set("ERROR_DETAIL", Value::text_of(detail.unwrap_or(text)));
    set("ERROR_EXCEPTION", Value::text_of(""));
}
