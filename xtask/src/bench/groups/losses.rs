//! What is lost when a member of a group dies: once for good, and again and again.
//!
//! Each sample has an engine of its own: what it has learnt of a member would last into the next one.
//! Each member is a process of its own, killed without a chance to say goodbye, so that connections to
//! it end and new ones are refused. A process that is merely frozen is not tried: how long it is waited
//! for is a matter of time-outs alone, and none of them is as short as it would be frozen.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};

use crate::bench::behind::{Behind, Group, Sharing};
use crate::bench::driver::{self, AtRate};
use crate::bench::peer::{Peer, Running};
use crate::bench::report::{absent, line, median};
use crate::bench::rig::{Daemon, Rig, api_path, free_ports};
use crate::bench::trial::{Cost, Notes, Plan, metered};

/// How many members share.
const MEMBERS: usize = 3;

/// The one that is killed; neither the first nor the last, which an engine might treat otherwise.
const VICTIM: usize = 1;

/// An engine bears a rate when it answers so much of it in time.
const BORNE: f64 = 0.99;

/// How often an engine may try a rate before that is lowered: a stranger may have been in its way.
const TRIES: usize = 3;

/// Below this rate it is not lowered any more.
const LEAST_RATE: f64 = 500.0;

/// How long a member that flaps is there, and how long it is not.
const FLAP: Duration = Duration::from_millis(500);

/// How often flapping is measured.
const TIMES: usize = 3;

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is killed, and stays dead.
    Killed,
    /// It is killed and started again, over and over.
    Flapping,
}

impl Trouble {
    fn title(self) -> &'static str {
        match self {
            Self::Killed => "A killed member",
            Self::Flapping => "A flapping member",
        }
    }

    /// What tables say of it beside the figures that all have.
    fn column(self) -> &'static str {
        match self {
            Self::Killed => "last failure, ms after",
            Self::Flapping => "kills",
        }
    }

    /// Requests in a second, where everybody bears so many.
    fn rate(self) -> f64 {
        match self {
            Self::Killed => 5_000.0,
            Self::Flapping => 10_000.0,
        }
    }

    fn rounds(self, plan: &Plan) -> usize {
        match self {
            Self::Killed => plan.rounds,
            Self::Flapping => plan.rounds.min(TIMES),
        }
    }

    fn seconds(self, plan: &Plan) -> u64 {
        match self {
            Self::Killed => plan.seconds,
            Self::Flapping => plan.seconds * 2,
        }
    }

    /// When the member is killed for the first time.
    fn first(self, plan: &Plan) -> Duration {
        match self {
            Self::Killed => Duration::from_secs(plan.seconds) / 4,
            Self::Flapping => FLAP,
        }
    }
}

/// An engine, as it is or with what it has against members that fail.
#[derive(Debug, Clone, Copy)]
struct Entrant {
    title: &'static str,
    peer: Peer,
    is_careful: bool,
}

const ENTRANTS: [Entrant; 6] = [
    Entrant { title: "nginx", peer: Peer::Nginx, is_careful: false },
    Entrant { title: "HAProxy", peer: Peer::Haproxy, is_careful: false },
    Entrant { title: "HAProxy, checks and retries", peer: Peer::Haproxy, is_careful: true },
    Entrant { title: "Envoy", peer: Peer::Envoy, is_careful: false },
    Entrant { title: "Envoy, retries", peer: Peer::Envoy, is_careful: true },
    Entrant { title: "Weir", peer: Peer::Weir, is_careful: false },
];

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    engine: &'static str,
    round: usize,
    seen: AtRate,
    cost: Cost,
    /// How often the member was killed.
    kills: usize,
    /// From the first kill to the last failed request, in milliseconds.
    recovery: Option<f64>,
}

/// The engines that take part, and what they bear.
#[derive(Debug)]
struct Setting {
    rig: Rig,
    entrants: Vec<Entrant>,
    trouble: Trouble,
    rate: f64,
}

/// The table and the samples.
pub(super) fn measure(
    plan: &Plan,
    trouble: Trouble,
    notes: &mut Notes,
) -> anyhow::Result<(String, Value)> {
    let setting = Setting::new(plan, trouble)?;
    let mut samples = Vec::new();
    for round in 1..=trouble.rounds(plan) {
        for entrant in &setting.entrants {
            let what = format!("round {round}  {}  {}", trouble.title(), entrant.title);
            let taken = notes.sample(&what, || setting.take(plan, *entrant));
            let Some(((seen, kills), cost)) = taken else { continue };
            let recovery = recovery(&seen, &kills);
            println!(
                "{} of {} failed  p99 {:.2} ms  max {:.0} ms",
                seen.failed,
                seen.due,
                seen.p99 / 1000.0,
                seen.max / 1000.0
            );
            let (engine, kills) = (entrant.title, kills.len());
            samples.push(Sample { engine, round, seen, cost, kills, recovery });
        }
    }
    let results = json!({ "rate": setting.rate, "samples": samples });
    Ok((table(plan, &setting, &samples), results))
}

impl Setting {
    /// Finds out which rate everybody bears while all members are well.
    fn new(plan: &Plan, trouble: Trouble) -> anyhow::Result<Self> {
        let members = free_ports(MEMBERS)?;
        let group =
            |is_careful| Group { sharing: Sharing::Balance, members: members.clone(), is_careful };
        let groups = vec![group(false), group(true)];
        let behind = Behind { groups, ..Behind::default() };
        let rig = Rig::with_groups("groups-losses", 1, true, plan.apis, behind)?;
        let takes_part = |one: &&Entrant| plan.peers.contains(&one.peer);
        let is_there = |one: &&Entrant| one.peer.program().is_some();
        let entrants = ENTRANTS.iter().filter(takes_part).filter(is_there).copied().collect();
        let mut setting = Self { rig, entrants, trouble, rate: trouble.rate() };
        for index in 0..setting.entrants.len() {
            let Some(entrant) = setting.entrants.get(index).copied() else { continue };
            // Who cannot even do this is void in each sample, and says why there.
            if let Ok(rate) = setting.bearable(entrant) {
                setting.rate = rate;
            }
        }
        println!("bench: {} requests/s for everybody", setting.rate);
        Ok(setting)
    }

    fn api(&self, entrant: Entrant) -> String {
        api_path(self.rig.group_api(usize::from(entrant.is_careful)))
    }

    /// The members and an engine; it ends before them.
    fn start(&self, entrant: Entrant) -> anyhow::Result<(Running, Vec<Daemon>)> {
        let ports = self.rig.behind.groups.first().map(|group| group.members.as_slice());
        let members = ports.unwrap_or_default().iter().map(|port| self.rig.start_member(*port));
        let members = members.collect::<anyhow::Result<Vec<_>>>()?;
        let engine = entrant.peer.start(&self.rig)?.context("it is not installed any more")?;
        Ok((engine, members))
    }

    fn bearable(&self, entrant: Entrant) -> anyhow::Result<f64> {
        let (engine, _members) = self.start(entrant)?;
        let api = self.api(entrant);
        let mut rate = self.rate;
        // The first second is for caches and pools.
        driver::through_failures(&self.rig, engine.http, &api, rate / 2.0, 1)?;
        while rate / 2.0 >= LEAST_RATE {
            for _ in 0..TRIES {
                let seen = driver::through_failures(&self.rig, engine.http, &api, rate, 1)?;
                if seen.answered as f64 >= BORNE * seen.due as f64 {
                    return Ok(rate);
                }
            }
            println!("bench: {} does not bear {rate} requests/s", entrant.title);
            rate /= 2.0;
        }
        Ok(rate)
    }

    /// A life of an engine and of its members: what the driver saw, and when a member was killed.
    fn take(&self, plan: &Plan, entrant: Entrant) -> anyhow::Result<((AtRate, Vec<u64>), Cost)> {
        let (engine, mut members) = self.start(entrant)?;
        let api = self.api(entrant);
        let (first, seconds) = (self.trouble.first(plan), self.trouble.seconds(plan));
        driver::at_rate(&self.rig, engine.http, &api, self.rate / 2.0, 1)?;
        let (rig, port, rate) = (&self.rig, engine.http, self.rate);
        metered(rig, &engine, || {
            std::thread::scope(|scope| {
                let (over, stop) = channel();
                let members = &mut members;
                let trouble = scope.spawn(move || self.make_trouble(members, first, &stop));
                let seen = driver::through_failures(rig, port, &api, rate, seconds);
                drop(over);
                let kills = trouble.join().map_err(|_| anyhow::anyhow!("the trouble panicked"))?;
                Ok((seen?, kills?))
            })
        })
    }

    /// Kills a member, and starts it again where it flaps, until the load is over; says when it was
    /// killed, in microseconds since 1970.
    fn make_trouble(
        &self,
        members: &mut Vec<Daemon>,
        first: Duration,
        stop: &Receiver<()>,
    ) -> anyhow::Result<Vec<u64>> {
        let ports = self.rig.behind.groups.first().map(|group| group.members.as_slice());
        let port = *ports.unwrap_or_default().get(VICTIM).context("no member to kill")?;
        let mut kills = Vec::new();
        let mut next = Instant::now() + first;
        while is_time(next, stop) {
            kills.push(micros_since_1970()?);
            members.remove(VICTIM).kill()?;
            next += FLAP;
            if self.trouble == Trouble::Killed || !is_time(next, stop) {
                break;
            }
            members.insert(VICTIM, self.rig.start_member(port)?);
            next += FLAP;
        }
        Ok(kills)
    }
}

/// Waits until then; false when everything is over before.
fn is_time(then: Instant, stop: &Receiver<()>) -> bool {
    let left = then.saturating_duration_since(Instant::now());
    matches!(stop.recv_timeout(left), Err(RecvTimeoutError::Timeout))
}

fn micros_since_1970() -> anyhow::Result<u64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(u64::try_from(now.as_micros())?)
}

/// From the first kill to the last failed request, in milliseconds.
fn recovery(seen: &AtRate, kills: &[u64]) -> Option<f64> {
    let killed = kills.first()?.checked_sub(seen.began)?;
    Some((seen.last_failure? - killed as f64) / 1000.0)
}

fn table(plan: &Plan, setting: &Setting, samples: &[Sample]) -> String {
    let trouble = setting.trouble;
    let mut text = String::new();
    line(&mut text, format_args!("\n### {}\n", trouble.title()));
    line(
        &mut text,
        format_args!(
            "| engine | failed | most | of those due | {} | answered | p50 ms | p99 ms | max ms | \
             CPU s/M | busy | n |\n|---|---|---|---|---|---|---|---|---|---|---|---|",
            trouble.column()
        ),
    );
    let is_there = |name: &str| {
        setting.entrants.iter().any(|one| {
            one.peer.name() == name && samples.iter().any(|sample| sample.engine == one.title)
        })
    };
    for (peer, reason) in absent(plan, is_there) {
        line(&mut text, format_args!("| {peer} | {reason} | | | | | | | | | | 0 |"));
    }
    for entrant in &setting.entrants {
        let of = |sample: &&Sample| sample.engine == entrant.title;
        row(&mut text, trouble, &samples.iter().filter(of).collect::<Vec<_>>());
    }
    text.push_str(&explained(plan, setting));
    text
}

fn explained(plan: &Plan, setting: &Setting) -> String {
    let (trouble, rate) = (setting.trouble, setting.rate);
    let what = match trouble {
        Trouble::Killed => format!("one killed after {:.1} s", trouble.first(plan).as_secs_f64()),
        Trouble::Flapping => "one killed, and started again after 500 ms, every second".to_owned(),
    };
    let lowered = if rate < trouble.rate() {
        format!(" (lowered from {}, which not everybody bears here)", trouble.rate())
    } else {
        String::new()
    };
    format!(
        "\n{MEMBERS} members, {what}; an open loop of {rate} requests/s{lowered} for {} s over 64 \
         connections. \"failed\" are answers other than 200, broken connections, and what had no \
         answer 5 s after the end; \"most\" and the last failure are the worst of all rounds, the rest are \
         medians. Latencies are those of the others, counted from when they were due.\n",
        trouble.seconds(plan)
    )
}

fn row(text: &mut String, trouble: Trouble, samples: &[&Sample]) {
    let Some(first) = samples.first() else { return };
    let median =
        |value: fn(&Sample) -> f64| median(samples.iter().map(|sample| value(sample)).collect());
    let latest = samples.iter().filter_map(|sample| sample.recovery).max_by(f64::total_cmp);
    let column = match trouble {
        Trouble::Killed => latest.map_or_else(|| "–".to_owned(), |time| format!("{time:.0}")),
        Trouble::Flapping => format!("{:.0}", median(|sample| sample.kills as f64)),
    };
    let star = if samples.iter().any(|sample| sample.cost.is_disturbed()) { "*" } else { "" };
    line(
        text,
        format_args!(
            "| {}{star} | {:.0} | {} | {:.3} % | {column} | {:.1} % | {:.2} | {:.2} | {:.0} | \
             {:.1} | {:.0} % | {} |",
            first.engine,
            median(|sample| sample.seen.failed as f64),
            samples.iter().map(|sample| sample.seen.failed).max().unwrap_or(0),
            median(|sample| sample.seen.failed as f64 / sample.seen.due as f64) * 100.0,
            median(|sample| sample.seen.answered as f64 / sample.seen.due as f64) * 100.0,
            median(|sample| sample.seen.p50) / 1000.0,
            median(|sample| sample.seen.p99) / 1000.0,
            median(|sample| sample.seen.max) / 1000.0,
            median(|sample| sample.cost.per_million(sample.seen.answered)),
            median(|sample| sample.cost.busy(1)) * 100.0,
            samples.len()
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_counts_from_the_first_kill() {
        let seen = AtRate {
            due: 1,
            answered: 1,
            failed: 1,
            last_failure: Some(1_500_000.0),
            began: 7_000_000,
            seconds: 2.0,
            p50: 0.0,
            p99: 0.0,
            p999: 0.0,
            max: 0.0,
            late_p99: 0.0,
        };
        let after = |seen, kills: &[u64]| recovery(seen, kills);
        assert_eq!(after(&seen, &[8_000_000, 9_000_000]), Some(500.0));
        assert_eq!(after(&seen, &[]), None);
        assert_eq!(after(&AtRate { last_failure: None, ..seen }, &[8_000_000]), None);
    }

    #[test]
    fn a_wait_ends_with_what_is_waited_for() {
        let (over, stop) = channel();
        assert!(is_time(Instant::now(), &stop));
        drop(over);
        assert!(!is_time(Instant::now() + Duration::from_secs(60), &stop));
    }
}
