//! Groups as text: what differs from a group that says nothing, then the members.

use std::fmt::{self, Display, Formatter, Write as _};

use super::line;
use crate::plan::{
    Affinity, AffinityKind, Algorithm, BalancePlan, BodyNeed, ConsistentHash, Ejection,
    EndpointPlan, FailOverSwitch, FailoverPlan, GroupPlan, HashKey, MemberPlan, Mode, Order,
    Recovery, Retries, RetryPolicy, Triggers, WhenLost,
};

impl Display for EndpointPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(plan) => write!(f, "{plan}"),
            Self::Dynamic(plan) => write!(f, "{plan}"),
            Self::Sequence(plan) => write!(f, "{plan}"),
            Self::Mock(plan) => write!(f, "{plan}"),
            Self::Failover(plan) => write!(f, "{plan}")
                .and_then(|()| body(f, self))
                .and_then(|()| members(f, &plan.group)),
            Self::Balance(plan) => write!(f, "{plan}")
                .and_then(|()| body(f, self))
                .and_then(|()| members(f, &plan.group)),
        }
    }
}

fn body(f: &mut Formatter<'_>, endpoint: &EndpointPlan) -> fmt::Result {
    let replay = endpoint.replay();
    let kept = format!("up to {} B in memory, {} B in a file", replay.memory, replay.file);
    match endpoint.body_need() {
        BodyNeed::Stream => line(f, "body", "streams"),
        BodyNeed::Replay => line(f, "body", format!("kept, {kept}")),
        BodyNeed::SoapHeader => line(f, "body", format!("read for its SOAP header; kept, {kept}")),
    }
}

fn members(f: &mut Formatter<'_>, group: &GroupPlan) -> fmt::Result {
    group.members.iter().try_for_each(|member| write!(f, "{member}"))
}

impl Display for MemberPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write!(text, "{}", self.endpoint)?;
        let label = self.label.as_ref().map_or(String::new(), |label| format!(" `{label}`"));
        write!(f, "  member{label}, weight {}: ", self.weight)?;
        let mut lines = text.lines();
        writeln!(f, "{}", lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| writeln!(f, "  {line}"))
    }
}

impl Display for FailoverPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "failover {}", self.group.name)?;
        let order = match self.order {
            Order::InOrder => "in order",
            Order::RoundRobin => "the primary, then the others in turn",
        };
        line(f, "order", order)?;
        if self.recovery != Recovery::default() {
            let (hold, ramp) =
                (self.recovery.hold_down.as_millis(), self.recovery.ramp.as_millis());
            line(f, "return", format!("held down for {hold} ms, then within {ramp} ms"))?;
        }
        write!(f, "{}", self.group)
    }
}

impl Display for BalancePlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "balance {}", self.group.name)?;
        line(f, "algorithm", &self.algorithm)?;
        if !self.slow_start.is_zero() {
            line(f, "slow start", format!("{} ms", self.slow_start.as_millis()))?;
        }
        line(f, "fails over", self.fail_over)?;
        if let Some(affinity) = &self.affinity {
            line(f, "sessions", affinity)?;
        }
        write!(f, "{}", self.group)
    }
}

/// What both kinds of group have, without the members.
impl Display for GroupPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        line(f, "mode", self.mode)?;
        line(f, "fails on", &self.triggers)?;
        write!(f, "{}", self.retries)?;
        self.ejection.as_ref().map_or(Ok(()), |ejection| line(f, "ejection", ejection))
    }
}

impl Display for Mode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strict => f.write_str("strict"),
            Self::SpillOver { below } => write!(f, "spill over below {below} %"),
            Self::FailOpen => f.write_str("fail open"),
            Self::LastResort => f.write_str("last resort"),
        }
    }
}

impl Display for Triggers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let errors = [
            (self.on_connect_error, "connect error"),
            (self.on_timeout, "timeout"),
            (self.on_reset, "reset"),
        ];
        let errors = errors.iter().filter(|(is_on, _)| *is_on).map(|(_, name)| (*name).to_owned());
        let statuses = (!self.statuses.is_empty()).then(|| format!("status {}", self.statuses));
        let condition = self.condition.as_ref().map(ToString::to_string);
        let all: Vec<_> = errors.chain(statuses).chain(condition).collect();
        f.write_str(&super::list(&all, "nothing"))
    }
}

impl Display for Retries {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let policy = match self.policy {
            None => "what the gateway says",
            Some(RetryPolicy::Never) => "nothing",
            Some(RetryPolicy::Unsent) => "what was not sent",
            Some(RetryPolicy::Safe) => "what was not sent, and safe methods",
            Some(RetryPolicy::Idempotent) => "what was not sent, and idempotent methods",
            Some(RetryPolicy::Wso2) => "everything",
        };
        let mut text = policy.to_owned();
        if let Some(header) = &self.idempotency_header {
            write!(text, ", and what has {header}")?;
        }
        match self.attempts {
            Some(attempts) => write!(text, "; {attempts} attempts")?,
            None => text.push_str("; each member once"),
        }
        if let Some(deadline) = self.deadline {
            write!(text, " within {} ms", deadline.as_millis())?;
        }
        line(f, "repeats", text)?;
        match self.budget {
            Some(budget) => {
                let (percent, minimum) = (budget.percent, budget.minimum);
                line(f, "budget", format!("{percent} %, and {minimum} each second"))?;
            }
            None => line(f, "budget", "none")?,
        }
        self.hedge.map_or(Ok(()), |hedge| {
            let (after, most) = (hedge.after.as_millis(), hedge.at_most);
            line(f, "hedge", format!("after {after} ms, at most {most}"))
        })
    }
}

impl Display for Ejection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let row = self.consecutive.map(|count| format!("{count} in a row"));
        let rate = self.rate.map(|rate| {
            let (percent, minimum, window) = (rate.percent, rate.minimum, self.window.as_millis());
            format!("{percent} % of {minimum} or more in {window} ms")
        });
        let rules: Vec<_> = row.into_iter().chain(rate).collect();
        let (rules, statuses) = (super::list(&rules, "never"), &self.statuses);
        let (base, maximum) = (self.base.as_millis(), self.maximum.as_millis());
        let share = self.share;
        write!(f, "{rules}, of errors and {statuses}; {base} ms up to {maximum} ms; {share} % out")
    }
}

impl Display for Algorithm {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoundRobin => f.write_str("round robin"),
            Self::Weighted => f.write_str("weighted"),
            Self::WeightedOnEnd => f.write_str("weighted, on end"),
            Self::WeightedByLoad { rounds } => write!(f, "weighted by load every {rounds} rounds"),
            Self::LeastRequests => f.write_str("least requests"),
            Self::PowerOfTwo => f.write_str("power of two"),
            Self::Random => f.write_str("random"),
            Self::ConsistentHash(hash) => write!(f, "{hash}"),
        }
    }
}

impl Display for ConsistentHash {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(ToString::to_string).collect();
        write!(f, "consistent hash on {}", super::list(&keys, "nothing"))?;
        self.bound.map_or(Ok(()), |bound| write!(f, ", up to {bound} % of the share"))
    }
}

impl Display for HashKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header {name}"),
            Self::Cookie(name) => write!(f, "cookie {name}"),
            Self::Query(name) => write!(f, "query {name}"),
            Self::ClientAddress => f.write_str("client address"),
            Self::Path => f.write_str("path"),
        }
    }
}

impl Display for FailOverSwitch {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.before_4_6, self.since_4_6) {
            (true, true) => "yes",
            (false, false) => "no",
            (true, false) => "before 4.6 only",
            (false, true) => "since 4.6",
        })
    }
}

impl Display for Affinity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            AffinityKind::Cookie(names) => write!(f, "by cookie {}", names.join(", "))?,
            AffinityKind::Soap => f.write_str("by SOAP ServiceGroupId")?,
            AffinityKind::ClientId => f.write_str("by SOAP ClientID")?,
        }
        match self.timeout {
            Some(timeout) => write!(f, "; {} ms", timeout.as_millis())?,
            None => f.write_str("; global time")?,
        }
        f.write_str(if self.is_sliding { ", sliding" } else { ", fixed" })?;
        f.write_str(match self.when_lost {
            WhenLost::Rebind => "; rebinds",
            WhenLost::Fault => "; faults",
        })
    }
}
