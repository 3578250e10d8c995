//! Random calls, failures and clocks against a small model, written from the sheet alone.

use proptest::prelude::*;

use super::*;

/// The leaf as the sheet describes it, with our two rules: failures in flight count once, and one
/// call at a time passes after a suspension.
struct Model {
    leaf: Resilience,
    state: State,
    now: i64,
    next: i64,
    last: i64,
    left: u32,
    /// Failures that counted; a call that began under a lower number does not count.
    counted: u64,
    /// The number of the call that probes.
    probe: Option<usize>,
}

impl Model {
    fn new(leaf: &Resilience) -> Self {
        Self {
            leaf: leaf.clone(),
            state: State::Active,
            now: 0,
            next: 0,
            last: 0,
            left: leaf.retries_before_suspension,
            counted: 0,
            probe: None,
        }
    }

    fn is_open(&self) -> bool {
        match self.state {
            State::Active => true,
            State::Timeout => self.now >= self.next,
            State::Suspended => self.now >= self.next && self.probe.is_none(),
            State::Off => false,
        }
    }

    fn begin(&mut self, call: usize) -> u64 {
        if self.state == State::Suspended && self.last > 0 {
            self.probe = Some(call);
        }
        self.counted
    }

    fn end(&mut self, call: usize) {
        if self.probe == Some(call) {
            self.probe = None;
        }
    }

    fn answer(&mut self) {
        self.state = State::Active;
        self.last = 0;
        self.left = self.leaf.retries_before_suspension;
        self.probe = None;
    }

    fn fail(&mut self, code: i64, began: u64) {
        if began < self.counted || self.leaf.suspension_is_off {
            return;
        }
        let leaf = &self.leaf;
        let is_timeout = if leaf.timeout_codes.is_empty() {
            code == 101_504 || code == 101_505
        } else {
            leaf.timeout_codes.contains(&code)
        };
        let suspends = leaf.suspend_codes.is_empty() || leaf.suspend_codes.contains(&code);
        if is_timeout && self.left > 0 {
            self.left -= 1;
            self.state = State::Timeout;
            self.next = self.now + i64::try_from(leaf.retry_delay.as_millis()).unwrap();
        } else if is_timeout || suspends {
            let first = self.last <= 0;
            let wanted =
                if first { leaf.initial_ms } else { (self.last as f64 * leaf.factor) as i64 };
            let duration = match wanted {
                wanted if wanted > leaf.maximum_ms => leaf.maximum_ms,
                wanted if wanted < 0 => 30_000,
                wanted => wanted,
            };
            self.state = State::Suspended;
            self.last = duration;
            self.next = self.now + duration;
        } else {
            return;
        }
        self.counted += 1;
        self.probe = None;
    }
}

#[derive(Debug, Clone)]
enum Step {
    Begin,
    Answer(usize),
    Fail(usize, i64),
    GiveUp(usize),
    Pass(i64),
    Wait,
}

fn code() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(101_500), Just(101_503), Just(101_504), Just(101_505), Just(101_507)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Begin),
        2 => (0usize..4).prop_map(Step::Answer),
        4 => (0usize..4, code()).prop_map(|(call, code)| Step::Fail(call, code)),
        1 => (0usize..4).prop_map(Step::GiveUp),
        2 => (0i64..40_000).prop_map(Step::Pass),
        3 => Just(Step::Wait),
    ]
}

fn leaf() -> impl Strategy<Value = Resilience> {
    let codes = || proptest::collection::vec(prop_oneof![code(), Just(-1)], 0..3);
    let ms = || prop_oneof![Just(-1i64), Just(0), 1i64..5_000];
    (
        (codes(), codes(), 0u32..4, 0u64..3_000),
        (ms(), prop_oneof![Just(MAX), ms()], 0.0f64..3.0, proptest::bool::weighted(0.1)),
    )
        .prop_map(
            |((timeout, suspend, retries, delay), (initial, maximum, factor, is_off))| Resilience {
                timeout_codes: timeout,
                suspend_codes: suspend,
                retries_before_suspension: retries,
                retry_delay: Duration::from_millis(delay),
                initial_ms: initial,
                maximum_ms: maximum,
                factor: if (factor - 1.0).abs() < f64::EPSILON { 1.5 } else { factor },
                suspension_is_off: is_off,
                ..Resilience::default()
            },
        )
}

const MAX: i64 = i64::MAX;

proptest! {
    #[test]
    fn a_leaf_does_what_the_sheet_says(leaf in leaf(), steps in proptest::collection::vec(step(), 1..80)) {
        let mut bench = Bench::new(&leaf);
        let mut model = Model::new(&leaf);
        let mut calls: Vec<(usize, u64, Ticket<'static>)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Begin => match bench.health.ready(bench.now) {
                    Readiness::Yes(ticket) => {
                        prop_assert!(model.is_open());
                        calls.push((number, model.begin(number), ticket));
                    }
                    Readiness::No { state, .. } => {
                        prop_assert!(!model.is_open());
                        prop_assert_eq!(state, model.state);
                    }
                },
                Step::Answer(call) if call < calls.len() => {
                    let (number, _, ticket) = calls.remove(call);
                    bench.health.succeeded(ticket, bench.now);
                    model.answer();
                    model.end(number);
                }
                Step::Fail(call, code) if call < calls.len() => {
                    let (number, began, ticket) = calls.remove(call);
                    bench.health.failed(ticket, u32::try_from(code).unwrap(), bench.now);
                    model.fail(code, began);
                    model.end(number);
                }
                Step::GiveUp(call) if call < calls.len() => {
                    let (number, _, ticket) = calls.remove(call);
                    drop(ticket);
                    model.end(number);
                }
                Step::Answer(_) | Step::Fail(..) | Step::GiveUp(_) => {}
                Step::Pass(ms) => {
                    bench.pass(ms);
                    model.now += ms;
                }
                // To the very moment at which something is over.
                Step::Wait => if model.next > model.now && model.next < 1 << 40 {
                    bench.pass(model.next - model.now);
                    model.now = model.next;
                },
            }
            prop_assert_eq!(bench.health.report().state, model.state);
            prop_assert_eq!(bench.health.is_ready(bench.now), model.is_open());
        }
    }
}
