//! Mocks as text.

use std::fmt::{self, Display, Formatter};

use super::line;
use crate::plan::{MockAnswers, MockLeafPlan, MockPlan};

impl Display for MockLeafPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "mock {}", self.name)?;
        if let Some(code) = &self.wish.code {
            line(f, "code", code)?;
        }
        match &self.wish.example {
            Some(example) => line(f, "example", example),
            None => Ok(()),
        }
    }
}

impl Display for MockPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.answers {
            MockAnswers::Script(sequence) => {
                writeln!(f, "  mocked by a script")?;
                sequence.to_string().lines().try_for_each(|line| writeln!(f, "    {line}"))?;
            }
            MockAnswers::Examples => writeln!(f, "  mocked by the definition")?,
            MockAnswers::Nothing => writeln!(f, "  mocked without a script: 501")?,
        }
        self.choices.to_string().lines().try_for_each(|text| writeln!(f, "    {text}"))?;
        if let Some(delay) = &self.delay {
            line(f, "latency", delay)?;
        }
        if let Some(faults) = &self.faults {
            line(f, "errors", faults)?;
        }
        if self.validates_requests {
            line(f, "requests", "held against the definition")?;
        }
        if self.checks_answers {
            line(f, "answers", "held against the definition")?;
        }
        match &self.role {
            Some(role) => line(f, "state", role),
            None => Ok(()),
        }
    }
}
