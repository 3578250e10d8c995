//! Rules that choose where a request goes, without XML: the first whose conditions all hold.
//!
//! ```json
//! [{ "when": { "header": "X-Region", "equals": "eu" }, "endpoint": "eu" },
//!  { "when": [{ "json": "$.order.total", "range": [1000, null] }, { "method": "POST" }],
//!    "url": "https://big.example.com/{uri.var.id}" },
//!  { "when": { "percentage": 5 }, "endpoint": "canary" }]
//! ```

mod choice;
mod condition;
mod destination;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::expression::{Moment, Need, evaluate};
use crate::fault::MediationFault;
use crate::host::{Host, Note};
use crate::limits::Limits;
use crate::machine::Outcome;
use crate::message::{Message, Part};
pub use choice::{Choice, Choices};
pub use condition::Condition;
pub use destination::Destination;
pub use read::Problem;

/// Ordered rules with a default.
#[derive(Debug, Default)]
pub struct RuleTable {
    /// The rules; the first that applies wins.
    pub rules: Vec<Rule>,
    /// Where a request goes that no rule takes; `None` leaves the destination as it is.
    pub default: Option<Destination>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, for those who read why it applied; `rule 1` where it has none.
    pub name: String,
    /// All must hold; a rule without conditions always applies.
    pub conditions: Vec<Condition>,
    /// Where the request goes then.
    pub destination: Destination,
}

/// How far conditions hold.
enum Judgement<'a> {
    Applies,
    /// The first condition that does not hold.
    Fails(&'a Condition),
    /// A condition looks at the body, which is not there yet.
    NeedsBody,
}

/// What became of one rule, for `weir explain` and for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The rule's name; `default` for the default.
    pub rule: String,
    /// Why it did not apply; `None` for the one that did.
    pub why_not: Option<String>,
}

impl RuleTable {
    /// What of the body the rules need.
    pub fn need(&self) -> Need {
        let conditions = self.rules.iter().flat_map(|rule| &rule.conditions);
        conditions.map(Condition::need).max().unwrap_or_default()
    }

    /// Whether a rule asks which SOAP operation is called.
    pub fn asks_operation(&self) -> bool {
        let mut conditions = self.rules.iter().flat_map(|rule| &rule.conditions);
        conditions.any(|condition| match &condition.source {
            condition::Source::SoapOperation => true,
            condition::Source::Property(name) => name.as_ref() == condition::SOAP_OPERATION,
            _ => false,
        })
    }

    /// The names of the endpoints that it chooses from.
    pub fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.destinations().filter_map(|it| match it {
            Destination::Endpoint(name) => Some(name.as_ref()),
            Destination::Url { .. } => None,
        })
    }

    /// Whether it computes addresses, and does not only choose endpoints.
    pub fn computes(&self) -> bool {
        self.destinations().any(|it| matches!(it, Destination::Url { .. }))
    }

    fn destinations(&self) -> impl Iterator<Item = &Destination> {
        self.rules.iter().map(|rule| &rule.destination).chain(&self.default)
    }

    /// Sends the message where the rules say; the body is asked for when a rule that looks at it
    /// has its turn.
    ///
    /// # Errors
    ///
    /// A condition that took too many steps; a body that passes a limit.
    pub(crate) fn apply(
        &self,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<Outcome, MediationFault> {
        let mut verdicts = Vec::new();
        let mut tell = |rule: &str, failed: Option<&Condition>| {
            if host.notes().is_some() {
                let why_not = failed.map(ToString::to_string);
                verdicts.push(Note::Rule(Verdict { rule: rule.to_owned(), why_not }));
            }
        };
        let mut destination = self.default.as_ref().map(|default| ("default", default));
        for rule in &self.rules {
            match rule.judge(message, host, limits)? {
                Judgement::Applies => {
                    destination = Some((&rule.name, &rule.destination));
                    break;
                }
                Judgement::Fails(condition) => tell(&rule.name, Some(condition)),
                Judgement::NeedsBody => return Ok(Outcome::Body),
            }
        }
        if let Some((name, destination)) = destination {
            tell(name, None);
            destination.set(message, host, limits);
        }
        if let Some(notes) = host.notes() {
            notes.borrow_mut().append(&mut verdicts);
        }
        Ok(Outcome::Next)
    }
}

impl Rule {
    fn judge(
        &self,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<Judgement<'_>, MediationFault> {
        holds(&self.conditions, message, host, limits)
    }
}

/// Whether all of some conditions hold.
fn holds<'a>(
    conditions: &'a [Condition],
    message: &mut Message,
    host: &dyn Host,
    limits: &Limits,
) -> Result<Judgement<'a>, MediationFault> {
    for condition in conditions {
        let need = condition.need();
        if need != Need::Nothing && message.payload.is_unread() {
            return Ok(Judgement::NeedsBody);
        }
        evaluate::prepare(message, need, host, limits)?;
        if !condition.holds(Moment { message, host, limits })? {
            return Ok(Judgement::Fails(condition));
        }
    }
    Ok(Judgement::Applies)
}

impl Destination {
    fn set(&self, message: &mut Message, host: &dyn Host, limits: &Limits) {
        match self {
            Self::Endpoint(name) => {
                message.endpoint = Some(Arc::clone(name));
                message.to = Part::Original;
                message.is_chosen = false;
            }
            Self::Url { .. } => {
                let url = self.expand(Moment { message, host, limits });
                message.endpoint = None;
                message.to = Part::Set(Arc::from(url));
                message.is_chosen = true;
            }
        }
        if !self.keeps_path() {
            message.postfix = Part::Removed;
        }
    }
}

impl fmt::Display for RuleTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            let conditions: Vec<String> = rule.conditions.iter().map(ToString::to_string).collect();
            writeln!(
                formatter,
                "{}: {} → {}",
                rule.name,
                conditions.join(" and "),
                rule.destination
            )?;
        }
        match &self.default {
            Some(default) => writeln!(formatter, "default → {default}"),
            None => Ok(()),
        }
    }
}
