//! Conditions that choose one of several things, which are known by their numbers.

use std::fmt;

use serde_json::Value as Json;

use super::condition::Condition;
use super::read::{self, Problem};
use super::{Judgement, holds};
use crate::expression::Need;
use crate::fault::MediationFault;
use crate::host::Host;
use crate::limits::Limits;
use crate::message::Message;

/// Lists of conditions; the first list of which all hold is chosen.
#[derive(Debug, Default)]
pub struct Choices(Vec<Vec<Condition>>);

/// What conditions have chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The list of this number.
    Number(usize),
    /// None of them.
    Nothing,
    /// A condition looks at the body, which is not there yet.
    NeedsBody,
}

impl Choices {
    /// Reads lists of conditions, in the form that `when` of a rule has; an absent one always
    /// holds.
    ///
    /// What cannot be read is among the problems, with a pointer such as `/0/when/header`.
    pub fn read(lists: &[Option<&Json>], problems: &mut Vec<Problem>) -> Self {
        let list =
            |(index, when): (usize, &Option<&Json>)| read::conditions(index, *when, problems);
        Self(lists.iter().enumerate().map(list).collect())
    }

    /// Whether there is nothing to choose from.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a condition may look at the body.
    pub fn reads_body(&self) -> bool {
        self.0.iter().flatten().any(|condition| condition.need() != Need::Nothing)
    }

    /// The first of which all conditions hold.
    ///
    /// # Errors
    ///
    /// A condition that took too many steps; a body that passes a limit.
    pub fn choose(
        &self,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<Choice, MediationFault> {
        for (number, conditions) in self.0.iter().enumerate() {
            match holds(conditions, message, host, limits)? {
                Judgement::Applies => return Ok(Choice::Number(number)),
                Judgement::NeedsBody => return Ok(Choice::NeedsBody),
                Judgement::Fails(_) => {}
            }
        }
        Ok(Choice::Nothing)
    }
}

/// A line for each list.
impl fmt::Display for Choices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for conditions in &self.0 {
            let texts: Vec<String> = conditions.iter().map(ToString::to_string).collect();
            let text = if texts.is_empty() { "always".to_owned() } else { texts.join(" and ") };
            writeln!(formatter, "{text}")?;
        }
        Ok(())
    }
}
