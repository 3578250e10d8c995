//! Rules that choose where a request goes, without XML: the first whose conditions all hold.
//!
//! ```json
//! [{ "when": { "header": "X-Region", "equals": "eu" }, "endpoint": "eu" },
//!  { "when": [{ "json": "$.order.total", "range": [1000, null] }, { "method": "POST" }],
//!    "url": "https://big.example.com/{uri.var.id}" },
//!  { "when": { "percentage": 5 }, "endpoint": "canary" }]
//! ```

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
use crate::message::{Message, Part};
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

    /// Sends the message where the rules say.
    ///
    /// # Errors
    ///
    /// A condition that took too many steps; a body that passes a limit.
    pub fn apply(
        &self,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<(), MediationFault> {
        let tell = |rule: &str, failed: Option<&Condition>| {
            if let Some(notes) = host.notes() {
                let why_not = failed.map(ToString::to_string);
                let verdict = Verdict { rule: rule.to_owned(), why_not };
                notes.borrow_mut().push(Note::Rule(verdict));
            }
        };
        for rule in &self.rules {
            let failed = rule.fails(message, host, limits)?;
            tell(&rule.name, failed);
            if failed.is_none() {
                rule.destination.set(message, host, limits);
                return Ok(());
            }
        }
        if let Some(default) = &self.default {
            tell("default", None);
            default.set(message, host, limits);
        }
        Ok(())
    }
}

impl Rule {
    /// The first condition that does not hold.
    fn fails(
        &self,
        message: &mut Message,
        host: &dyn Host,
        limits: &Limits,
    ) -> Result<Option<&Condition>, MediationFault> {
        for condition in &self.conditions {
            evaluate::prepare(message, condition.need(), host, limits)?;
            if !condition.holds(Moment { message, host, limits })? {
                return Ok(Some(condition));
            }
        }
        Ok(None)
    }
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
