//! Sequences as text, each step on a line.

use std::fmt::{self, Display, Formatter};

use crate::plan::{BackendPlan, ExtraPlan, FlowsPlan, SequencePlan};

impl Display for FlowsPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (name, sequence) in
            [("request", &self.request), ("response", &self.response), ("fault", &self.fault)]
        {
            if let Some(sequence) = sequence {
                writeln!(f, "  {name} flow")?;
                steps(f, sequence)?;
            }
        }
        Ok(())
    }
}

impl Display for BackendPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "sequence {}", self.name)?;
        steps(f, &self.sequence)
    }
}

impl Display for ExtraPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (name, endpoint) in &self.named {
            write!(f, "named `{name}` {endpoint}")?;
        }
        match &self.computed {
            Some(plan) => write!(f, "computed {plan}"),
            None => Ok(()),
        }
    }
}

fn steps(f: &mut Formatter<'_>, sequence: &SequencePlan) -> fmt::Result {
    sequence.to_string().lines().try_for_each(|line| writeln!(f, "    {line}"))
}
