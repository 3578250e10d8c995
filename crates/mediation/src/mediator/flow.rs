//! `filter`, `switch`, `sequence`, `foreach`, and waiting.

use std::sync::Arc;
use std::time::Duration;

use ::expression::{Exhausted, JavaRegex};
use model::fault::FaultCode;

use super::Surroundings;
use crate::expression::{Expression, Held};
use crate::fault::MediationFault;
use crate::machine::{Outcome, Wants};
use crate::message::Message;
use crate::sequence::{Filter, FilterTest, ForEach, Sequence, Switch};

/// The longest that a step may wait.
const LONGEST_WAIT: Duration = Duration::from_secs(100);

pub(super) fn filter(
    step: &Filter,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    around.prepare(message, step.test.source().need())?;
    let at = around.moment(message);
    let holds = match &step.test {
        FilterTest::Is(expression) => expression.holds(at)?,
        FilterTest::Matches(expression, regex) => match expression.text(at)? {
            Some(text) => matches(regex, &text)?,
            None => false,
        },
    };
    Ok(if holds { into(Some(&step.then)) } else { into(step.otherwise.as_ref()) })
}

pub(super) fn switch(
    step: &Switch,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    around.prepare(message, step.source.need())?;
    if let Some(text) = step.source.text(around.moment(message))? {
        for (regex, steps) in &step.cases {
            if matches(regex, &text)? {
                return Ok(into(Some(steps)));
            }
        }
    }
    Ok(into(step.default.as_ref()))
}

pub(super) fn named(
    key: &Held,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    around.prepare(message, key.need())?;
    let key = key.text(around.moment(message))?;
    let Some(sequence) = around.library.get(&key) else {
        let detail = format!("there is no sequence {key:.200}");
        return Err(MediationFault::new(FaultCode::PolicyFailed, detail));
    };
    Ok(Outcome::Into(Arc::clone(sequence)))
}

pub(super) fn for_each(
    step: &ForEach,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    around.prepare(message, step.expression.need_of_places())?;
    let each = crate::machine::each::Each::begin(step, message, around)?;
    Ok(each.map_or(Outcome::Next, |each| Outcome::Each(Box::new(each), Arc::clone(&step.steps))))
}

pub(super) fn wait(
    expression: &Expression,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<Outcome, MediationFault> {
    around.prepare(message, expression.need())?;
    let text = expression.text(around.moment(message))?.unwrap_or_else(|| Arc::from("0"));
    let Ok(milliseconds) = text.trim().parse::<u64>() else {
        let detail = format!("{text:.64} is no number of milliseconds");
        return Err(MediationFault::new(FaultCode::PolicyFailed, detail));
    };
    let time = Duration::from_millis(milliseconds).min(LONGEST_WAIT);
    Ok(if time.is_zero() { Outcome::Next } else { Outcome::Wants(Wants::Wait(time)) })
}

/// Whether the whole text matches.
pub(super) fn matches(regex: &JavaRegex, text: &str) -> Result<bool, MediationFault> {
    regex.matches(text).map_err(|error| too_long(regex, error))
}

pub(super) fn too_long(regex: &JavaRegex, error: Exhausted) -> MediationFault {
    MediationFault::new(FaultCode::PolicyRegex, format!("{}: {error}", regex.source()))
}

fn into(steps: Option<&Arc<Sequence>>) -> Outcome {
    steps.map_or(Outcome::Next, |steps| Outcome::Into(Arc::clone(steps)))
}
