#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod model;
mod table;

use std::time::SystemTime;

use super::*;

const REFUSED: u32 = 101_503;
const TIMEOUT: u32 = 101_504;

fn defaults() -> EndpointDefaults {
    EndpointDefaults::default()
}

/// A leaf and a clock that goes on only when it is told to.
///
/// Its tickets outlive any borrow of it, for which the little that it holds is leaked.
struct Bench {
    health: &'static Health,
    now: Instant,
}

impl Bench {
    fn new(resilience: &Resilience) -> Self {
        Self::with(resilience, &defaults())
    }

    fn with(resilience: &Resilience, defaults: &EndpointDefaults) -> Self {
        let health = Box::leak(Box::new(Health::new(resilience, defaults)));
        Self { health, now: Instant::now() }
    }

    fn pass(&mut self, ms: i64) {
        self.now += milliseconds(ms);
    }

    fn ticket(&self) -> Ticket<'static> {
        match self.health.ready(self.now) {
            Readiness::Yes(ticket) => ticket,
            no @ Readiness::No { .. } => panic!("{no:?}"),
        }
    }

    /// The state that a call is turned away with, and until when; `None` when it is taken.
    fn refused(&self) -> Option<(State, Option<Instant>)> {
        let refused = match self.health.ready(self.now) {
            Readiness::Yes(_) => None,
            Readiness::No { state, retry_at } => Some((state, retry_at)),
        };
        assert_eq!(self.health.is_ready(self.now), refused.is_none());
        refused
    }

    /// The state that a call is turned away with; `None` when it is taken.
    fn refusal(&self) -> Option<State> {
        self.refused().map(|(state, _)| state)
    }

    fn fail(&self, code: u32) -> Option<Transition> {
        self.health.failed(self.ticket(), code, self.now)
    }

    fn succeed(&self) -> Option<Transition> {
        self.health.succeeded(self.ticket(), self.now)
    }

    /// Fails again and again as soon as the leaf is ready; how long it waits each time.
    fn series(&mut self, count: usize) -> Vec<i64> {
        (0..count).map(|_| self.wait_after_failure()).collect()
    }

    fn wait_after_failure(&mut self) -> i64 {
        let Some(Transition::Suspended { current_ms, .. }) = self.fail(REFUSED) else {
            panic!("not suspended")
        };
        let retry_at = self.health.report().retry_at.unwrap();
        assert_eq!(retry_at, later(self.now, milliseconds(current_ms)));
        if current_ms > 0 {
            assert_eq!(self.refusal(), Some(State::Suspended));
            self.pass(current_ms - 1);
            assert_eq!(self.refusal(), Some(State::Suspended));
            self.pass(1);
        }
        assert_eq!(self.refusal(), None);
        assert_eq!(self.health.report().state, State::Suspended);
        current_ms
    }
}

fn suspension(initial_ms: i64, maximum_ms: i64, factor: f64) -> Resilience {
    Resilience { initial_ms, maximum_ms, factor, ..Resilience::default() }
}

#[test]
fn every_series_of_suspensions() {
    const NO: i64 = i64::MAX;
    let table: [(i64, i64, f64, &[i64]); 13] = [
        (-1, NO, 1.0, &[30_000, 30_000, 30_000]),
        (-1, NO, 2.0, &[30_000, 60_000, 120_000]),
        (1_000, 10_000, 2.0, &[1_000, 2_000, 4_000, 8_000, 10_000, 10_000]),
        (1_000, 3_000, 2.0, &[1_000, 2_000, 3_000, 3_000]),
        (5_000, 0, 2.0, &[0, 0, 0]),
        (5_000, -1, 2.0, &[-1, -1]),
        (0, -1, 1.0, &[-1, -1]),
        (-7, NO, 1.0, &[30_000, 30_000]),
        (-1, 1_000, 1.0, &[30_000, 1_000, 1_000]),
        (1_000, NO, 0.5, &[1_000, 500, 250, 125, 62, 31]),
        (1_000, NO, 0.0, &[1_000, 0, 1_000, 0]),
        (1_000, NO, -2.0, &[1_000, 30_000, 30_000]),
        (333, NO, 1.5, &[333, 499, 748, 1_122]),
    ];
    for (initial, maximum, factor, expected) in table {
        let mut bench = Bench::new(&suspension(initial, maximum, factor));
        assert_eq!(bench.series(expected.len()), expected, "{initial} {maximum} {factor}");
    }
}

#[test]
fn a_factor_does_not_overflow() {
    for factor in [1e300, f64::INFINITY] {
        let health = Health::new(&suspension(1_000, i64::MAX, factor), &defaults());
        let mut now = Instant::now();
        for _ in 0..4 {
            let Readiness::Yes(ticket) = health.ready(now) else { break };
            health.failed(ticket, REFUSED, now);
            now = health.report().retry_at.unwrap();
        }
        assert_eq!(health.report().last_duration, Some(milliseconds(i64::MAX)));
    }
    let mut bench = Bench::new(&suspension(1_000, i64::MAX, f64::NAN));
    assert_eq!(bench.series(3), [1_000, 0, 1_000]);
}

#[test]
fn one_failure_suspends_and_one_success_revives() {
    let mut bench = Bench::new(&Resilience::default());
    assert_eq!(bench.fail(REFUSED), Some(Transition::Suspended { last_ms: 0, current_ms: 30_000 }));
    let no = Some((State::Suspended, Some(bench.now + milliseconds(30_000))));
    assert_eq!(bench.refused(), no);
    bench.pass(30_000);
    assert_eq!(bench.succeed(), Some(Transition::Recovered { from: State::Suspended }));
    assert_eq!(bench.succeed(), None);
    assert_eq!(bench.health.report().state, State::Active);
}

#[test]
fn success_starts_the_series_anew() {
    let mut bench = Bench::new(&suspension(1_000, 3_000, 2.0));
    assert_eq!(bench.series(2), [1_000, 2_000]);
    bench.succeed();
    assert_eq!(bench.series(2), [1_000, 2_000]);
}

#[test]
fn a_suspension_of_zero_is_none_at_all() {
    let resilience = Resilience { suspension_is_off: true, ..suspension(0, 0, 1.0) };
    let bench = Bench::new(&resilience);
    for code in [REFUSED, TIMEOUT, REFUSED, 0, TIMEOUT] {
        assert_eq!(bench.fail(code), None);
        assert_eq!(bench.health.report().state, State::Active);
    }
    assert_eq!(bench.health.report().failures, 5);
    assert_eq!(bench.health.report().last_code, Some(TIMEOUT));
}

#[test]
fn retries_come_before_suspension() {
    let resilience = Resilience {
        timeout_codes: vec![i64::from(REFUSED)],
        retries_before_suspension: 2,
        ..Resilience::default()
    };
    let mut bench = Bench::new(&resilience);
    let waits = |remaining| Some(Transition::TimedOut { remaining, delay: Duration::ZERO });
    assert_eq!(bench.fail(REFUSED), waits(1));
    assert_eq!(bench.health.report().state, State::Timeout);
    assert_eq!(bench.fail(REFUSED), waits(0));
    assert!(matches!(bench.fail(REFUSED), Some(Transition::Suspended { .. })));
    assert_eq!(bench.refusal(), Some(State::Suspended));
    // The suspension has not brought the retries back; a success does.
    bench.pass(30_000);
    assert!(matches!(bench.fail(REFUSED), Some(Transition::Suspended { .. })));
    bench.pass(30_000);
    bench.succeed();
    assert_eq!(bench.fail(REFUSED), waits(1));
    assert_eq!(bench.succeed(), Some(Transition::Recovered { from: State::Timeout }));
    assert_eq!(bench.fail(REFUSED), waits(1));
}

#[test]
fn the_retry_delay_turns_calls_away() {
    let resilience = Resilience {
        timeout_codes: vec![i64::from(REFUSED)],
        retries_before_suspension: 2,
        retry_delay: Duration::from_secs(5),
        ..Resilience::default()
    };
    let mut bench = Bench::new(&resilience);
    bench.fail(REFUSED);
    assert_eq!(bench.refusal(), Some(State::Timeout));
    bench.pass(4_999);
    assert_eq!(bench.refusal(), Some(State::Timeout));
    bench.pass(1);
    assert_eq!(bench.refusal(), None);
    // A failure of another class suspends out of the timed-out state as out of any.
    assert!(matches!(bench.fail(101_500), Some(Transition::Suspended { .. })));
}

#[test]
fn only_listed_codes_suspend() {
    let resilience = Resilience { suspend_codes: vec![101_507], ..Resilience::default() };
    let bench = Bench::new(&resilience);
    for _ in 0..5 {
        assert_eq!(bench.fail(REFUSED), None);
        assert_eq!(bench.health.report().state, State::Active);
    }
    assert!(bench.fail(101_507).is_some());
}

/// What codes do under `retryErroCode` and `suspendErrorCode`.
fn check_reactions(timeout: &[i64], suspend: &[i64], reactions: &[(u32, Reaction)]) {
    let resilience = Resilience {
        timeout_codes: timeout.to_vec(),
        suspend_codes: suspend.to_vec(),
        ..Resilience::default()
    };
    let rules = Rules::new(&resilience, &defaults());
    for (code, reaction) in reactions {
        assert_eq!(rules.reaction(*code), *reaction, "{timeout:?} {suspend:?} {code}");
    }
}

#[test]
fn what_each_code_does() {
    use Reaction::{None, Suspend, Timeout};
    check_reactions(
        &[],
        &[],
        &[(101_504, Timeout), (101_505, Timeout), (101_507, Suspend), (0, Suspend)],
    );
    check_reactions(&[101_503], &[], &[(101_503, Timeout), (101_504, Suspend), (0, Suspend)]);
    check_reactions(
        &[],
        &[101_503, 101_504],
        &[(101_503, Suspend), (101_504, Timeout), (101_500, None)],
    );
    check_reactions(&[-1], &[-1], &[(101_503, None), (101_504, None), (0, None)]);
}

/// What comes of the failures of some calls, one after the other.
fn fail_all(bench: &Bench, tickets: Vec<Ticket<'static>>) -> Vec<Transition> {
    let outcomes = tickets.into_iter().map(|it| bench.health.failed(it, REFUSED, bench.now));
    outcomes.flatten().collect()
}

#[test]
fn calls_in_flight_together_fail_as_one() {
    let bench = Bench::new(&suspension(1_000, i64::MAX, 2.0));
    let mut tickets: Vec<_> = (0..11).map(|_| bench.ticket()).collect();
    let (late, slow) = (tickets.pop().unwrap(), tickets.pop().unwrap());
    let first = Transition::Suspended { last_ms: 0, current_ms: 1_000 };
    assert_eq!(fail_all(&bench, tickets), [first]);
    // Old news does not suspend a leaf that has come back.
    assert!(bench.health.succeeded(slow, bench.now).is_some());
    assert_eq!(fail_all(&bench, vec![late]), []);
    assert_eq!(bench.refusal(), None);
    assert_eq!(bench.health.report().failures, 10);
}

#[test]
fn timeouts_in_flight_together_use_up_one_retry() {
    let resilience = Resilience { retries_before_suspension: 2, ..Resilience::default() };
    let bench = Bench::new(&resilience);
    let tickets: Vec<_> = (0..10).map(|_| bench.ticket()).collect();
    let outcomes = tickets.into_iter().map(|it| bench.health.failed(it, TIMEOUT, bench.now));
    assert_eq!(outcomes.flatten().count(), 1);
    assert_eq!(bench.health.report().state, State::Timeout);
    for expected in [State::Timeout, State::Suspended] {
        bench.fail(TIMEOUT);
        assert_eq!(bench.health.report().state, expected);
    }
}

#[test]
fn one_probe_passes_when_a_suspension_is_over() {
    let mut bench = Bench::new(&suspension(1_000, i64::MAX, 2.0));
    bench.fail(REFUSED);
    let over = bench.now + milliseconds(1_000);
    bench.pass(1_000);
    let probe = bench.ticket();
    assert_eq!(bench.refused(), Some((State::Suspended, Some(over))));
    assert!(bench.health.report().is_probing);
    bench.now += milliseconds(5_000);
    assert_eq!(bench.refusal(), Some(State::Suspended), "however long it takes");
    // It fails: the next suspension begins, and the next probe comes after it.
    let again = Some(Transition::Suspended { last_ms: 1_000, current_ms: 2_000 });
    assert_eq!(bench.health.failed(probe, REFUSED, bench.now), again);
    bench.pass(2_000);
    let probe = bench.ticket();
    assert_eq!(bench.refusal(), Some(State::Suspended));
    // It is answered: all pass.
    bench.health.succeeded(probe, bench.now);
    let all: Vec<_> = (0..5).map(|_| bench.ticket()).collect();
    assert_eq!(all.len(), 5);
}

#[test]
fn a_probe_that_is_given_up_lets_the_next_one_pass() {
    let mut bench = Bench::new(&Resilience {
        suspend_codes: vec![i64::from(REFUSED)],
        ..suspension(1_000, i64::MAX, 1.0)
    });
    bench.fail(REFUSED);
    bench.pass(1_000);
    drop(bench.ticket());
    assert!(bench.health.is_ready(bench.now));
    let probe = bench.ticket();
    assert!(!bench.health.is_ready(bench.now));
    // A code that does not matter leaves the leaf suspended, and ends the probe.
    assert_eq!(bench.health.failed(probe, 101_500, bench.now), None);
    assert_eq!(bench.health.report().state, State::Suspended);
    assert!(bench.health.is_ready(bench.now));
}

#[test]
fn an_old_probe_ends_no_new_one() {
    let mut bench = Bench::new(&suspension(1_000, i64::MAX, 1.0));
    bench.fail(REFUSED);
    bench.pass(1_000);
    let old = bench.ticket();
    bench.health.switch_on(bench.now, None);
    let now = bench.now + milliseconds(1_000);
    assert!(bench.fail(REFUSED).is_some());
    let Readiness::Yes(new) = bench.health.ready(now) else { panic!("it is over") };
    drop(old);
    assert!(!bench.health.is_ready(now), "the new probe is under way");
    drop(new);
    assert!(bench.health.is_ready(now));
}

#[test]
fn a_suspension_that_keeps_nobody_away_has_no_probe() {
    for maximum_ms in [0, -1] {
        let bench = Bench::new(&suspension(5_000, maximum_ms, 1.0));
        bench.fail(REFUSED);
        assert_eq!(bench.health.report().state, State::Suspended);
        let all: Vec<_> = (0..5).map(|_| bench.ticket()).collect();
        assert_eq!(all.len(), 5);
    }
}

#[test]
fn so_many_failures_suspend_in_any_case() {
    let defaults = EndpointDefaults {
        failover_retries: Some(3),
        failover_suspension: Duration::from_secs(7),
        recursive_failover_retries: Some(2),
        recursive_failover_suspension: Duration::from_secs(9),
        ..EndpointDefaults::default()
    };
    for (is_member, failures, current_ms) in [(false, 3, 7_000), (true, 2, 9_000)] {
        let leaf = Resilience { suspension_is_off: true, is_member, ..Resilience::default() };
        let bench = Bench::with(&leaf, &defaults);
        for _ in 0..2 {
            for _ in 1..failures {
                assert_eq!(bench.fail(REFUSED), None);
            }
            assert_eq!(bench.succeed(), None, "it was active all the time");
        }
        for _ in 1..failures {
            assert_eq!(bench.fail(REFUSED), None);
        }
        assert_eq!(bench.fail(REFUSED), Some(Transition::Suspended { last_ms: 0, current_ms }));
    }
}

#[test]
fn a_late_success_revives() {
    let bench = Bench::new(&Resilience::default());
    let slow = bench.ticket();
    bench.fail(REFUSED);
    let recovered = Some(Transition::Recovered { from: State::Suspended });
    assert_eq!(bench.health.succeeded(slow, bench.now), recovered);
    assert_eq!(bench.refusal(), None);
}

#[test]
fn a_leaf_that_is_off_stays_off() {
    let bench = Bench::new(&Resilience::default());
    let (good, bad) = (bench.ticket(), bench.ticket());
    bench.health.switch_off(bench.now, None);
    assert_eq!(bench.refused(), Some((State::Off, None)));
    assert_eq!(bench.health.succeeded(good, bench.now), None);
    assert_eq!(bench.health.failed(bad, REFUSED, bench.now), None);
    assert_eq!(bench.refusal(), Some(State::Off));
    bench.health.switch_on(bench.now, None);
    assert_eq!(bench.refusal(), None);
}

#[test]
fn the_gateway_gives_what_the_leaf_leaves_open() {
    let global = EndpointDefaults {
        suspend_initial_ms: 500,
        suspend_factor: 3.0,
        ..EndpointDefaults::default()
    };
    assert_eq!(Bench::with(&Resilience::default(), &global).series(3), [500, 1_500, 4_500]);
    let leaf = suspension(1_000, i64::MAX, 2.0);
    assert_eq!(Bench::with(&leaf, &global).series(2), [1_000, 2_000]);
    let wins = EndpointDefaults { override_leaf: true, ..global };
    assert_eq!(Bench::with(&leaf, &wins).series(2), [500, 1_500]);
}

#[test]
fn a_report_tells_what_happened() {
    let mut bench = Bench::new(&suspension(1_000, i64::MAX, 1.0));
    let fresh = bench.health.report();
    assert_eq!((fresh.state, fresh.since, fresh.retry_at), (State::Active, None, None));
    let start = bench.now;
    bench.fail(REFUSED);
    bench.pass(1_000);
    bench.fail(101_500);
    let report = bench.health.report();
    let expected = HealthReport {
        state: State::Suspended,
        since: Some(start),
        retry_at: Some(bench.now + Duration::from_secs(1)),
        failures: 2,
        last_code: Some(101_500),
        last_duration: Some(Duration::from_secs(1)),
        is_probing: false,
        held_until: None,
    };
    assert_eq!(report, expected);
    bench.pass(1_000);
    bench.succeed();
    let events = bench.health.events();
    let seen: Vec<_> = events.iter().map(|event| (event.from, event.to, event.cause)).collect();
    assert_eq!(
        seen,
        [
            (State::Active, State::Suspended, Cause::Failure(REFUSED)),
            (State::Suspended, State::Suspended, Cause::Failure(101_500)),
            (State::Suspended, State::Active, Cause::Answer),
        ]
    );
    assert_eq!(events.first().unwrap().at, start);
    (0..50).for_each(|_| bench.health.switch_on(bench.now, None));
    assert_eq!(bench.health.events().len(), REMEMBERED);
}

#[test]
fn the_log_has_the_words_that_users_look_for() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let lines = |transition: Transition| transition.lines("N", "http://u", at);
    assert_eq!(
        lines(Transition::Suspended { last_ms: 0, current_ms: 30_000 }),
        [
            "Endpoint : N with address http://u will be marked SUSPENDED as it failed",
            "Suspending endpoint : N with address http://u - last suspend duration was : 0ms and \
             current suspend duration is : 30000ms - Next retry after : \
             Tue Nov 14 22:13:50 UTC 2023",
        ]
    );
    assert_eq!(
        lines(Transition::TimedOut { remaining: 1, delay: Duration::from_secs(5) }),
        ["Endpoint : N with address http://u is marked as TIMEOUT and will be retried : 1 more \
          time/s after : Tue Nov 14 22:13:25 UTC 2023 until its marked SUSPENDED for failure"]
    );
    assert_eq!(
        lines(Transition::Recovered { from: State::Suspended }),
        ["Endpoint : N with address http://u currently SUSPENDED will now be marked active since \
          it processed its last message"]
    );
    let far = lines(Transition::Suspended { last_ms: 1, current_ms: i64::MAX });
    assert!(far.last().unwrap().ends_with("9999"));
}

#[test]
fn who_has_been_ready_since_when() {
    let mut bench = Bench::new(&suspension(1_000, i64::MAX, 1.0));
    assert_eq!(bench.health.ready_since(), None, "it has always been");
    bench.fail(REFUSED);
    let ready_again = bench.now + milliseconds(1_000);
    bench.pass(5_000);
    // Nobody has tried it, and yet it has taken calls for four seconds.
    assert_eq!(bench.health.ready_since(), Some(ready_again));
    // An answer proves it and does not start the time anew.
    assert!(bench.succeed().is_some());
    assert_eq!(bench.health.ready_since(), Some(ready_again));
    bench.health.switch_off(bench.now, None);
    bench.pass(100);
    bench.health.switch_on(bench.now, None);
    assert_eq!(bench.health.ready_since(), Some(bench.now));
}

#[test]
fn who_has_no_other_choice_may_call_a_suspended_leaf_and_none_that_is_off() {
    let mut bench = Bench::new(&suspension(1_000, i64::MAX, 1.0));
    bench.fail(REFUSED);
    let ticket = bench.health.force(bench.now).unwrap();
    assert!(bench.health.succeeded(ticket, bench.now).is_some(), "its answer counts");
    bench.health.switch_off(bench.now, Some(milliseconds(500)));
    assert!(bench.health.is_off(bench.now));
    assert!(bench.health.force(bench.now).is_none());
    bench.pass(500);
    assert!(!bench.health.is_off(bench.now));
    assert!(bench.health.force(bench.now).is_some());
}

#[test]
fn a_leaf_that_is_held_in_service_stays_there_for_that_time() {
    let mut bench = Bench::new(&suspension(1_000, i64::MAX, 1.0));
    bench.fail(REFUSED);
    bench.health.switch_on(bench.now, Some(milliseconds(500)));
    assert!(bench.health.is_held(bench.now));
    assert_eq!(bench.fail(REFUSED), None);
    assert_eq!(bench.refusal(), None);
    assert_eq!(bench.health.report().failures, 2, "failures are counted all the same");
    bench.pass(500);
    assert!(!bench.health.is_held(bench.now));
    assert!(bench.fail(REFUSED).is_some());
    assert_eq!(bench.refusal(), Some(State::Suspended));
    // Switching it off ends a hold.
    bench.health.switch_on(bench.now, Some(milliseconds(500)));
    bench.health.switch_off(bench.now, None);
    assert!(!bench.health.is_held(bench.now));
}
