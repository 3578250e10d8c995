//! The state machine as a table: spec/01 §2.3–2.8 and the testable statements of §8, row by row.
//!
//! A script is read from left to right. `!101503` is a call that fails with this code, `ok` one
//! that is answered, `+1000` lets so many milliseconds pass. `ACTIVE`, `TIMEOUT`, `SUSPENDED`
//! expect the state, `open` and `shut` whether a call would pass, `next=1000` the time until it
//! would. `begin` starts a call that stays in flight, `end!101503` and `endok` end the one that
//! began first.
//! Where WSO2 does otherwise, the row says so with `ours:`.

use std::collections::VecDeque;

use super::*;

type Change = fn(&mut Resilience);

struct Row(&'static str, Change, &'static str);

fn timeout_class(codes: &[i64], retries: u32, delay_ms: u64, leaf: &mut Resilience) {
    leaf.timeout_codes = codes.to_vec();
    leaf.retries_before_suspension = retries;
    leaf.retry_delay = Duration::from_millis(delay_ms);
}

fn series(initial_ms: i64, maximum_ms: i64, factor: f64, leaf: &mut Resilience) {
    (leaf.initial_ms, leaf.maximum_ms, leaf.factor) = (initial_ms, maximum_ms, factor);
}

const MAX: i64 = i64::MAX;

const ROWS: &[Row] = &[
    // §2.3: what a code does.
    Row("2.3 both lists empty: any error suspends", |_| {}, "!101500 SUSPENDED shut"),
    Row("2.3 both lists empty: code 0 too", |_| {}, "!0 SUSPENDED shut"),
    Row("2.3 101504 is of the timeout class; 0 retries suspend", |_| {}, "!101504 SUSPENDED shut"),
    Row(
        "2.3 101504 is of the timeout class",
        |l| timeout_class(&[], 1, 0, l),
        "!101504 TIMEOUT open !101505 SUSPENDED",
    ),
    Row(
        "2.3 101507, a real read timeout, is not",
        |l| timeout_class(&[], 1, 0, l),
        "!101507 SUSPENDED",
    ),
    Row(
        "2.3 (a) a code in both lists is a timeout",
        |l| {
            timeout_class(&[101_503], 1, 0, l);
            l.suspend_codes = vec![101_503];
        },
        "!101503 TIMEOUT !101503 SUSPENDED",
    ),
    Row(
        "2.3 (c) only suspend codes: others leave it active",
        |l| l.suspend_codes = vec![101_507],
        "!101503 ACTIVE open !101503 ACTIVE open !101507 SUSPENDED",
    ),
    Row(
        "2.3 (c) but 101504 and 101505 are timeouts still",
        |l| {
            timeout_class(&[], 1, 0, l);
            l.suspend_codes = vec![101_507];
        },
        "!101505 TIMEOUT !101503 TIMEOUT !101504 SUSPENDED",
    ),
    Row(
        "2.3 (d) only timeout codes: others suspend, 101504 too",
        |l| timeout_class(&[101_503], 5, 0, l),
        "!101504 SUSPENDED",
    ),
    Row(
        "2.3 (e) -1 never matches",
        |l| {
            l.timeout_codes = vec![-1];
            l.suspend_codes = vec![-1];
        },
        "!101503 ACTIVE !101504 ACTIVE !0 ACTIVE open",
    ),
    // §2.4: retries before suspension.
    Row(
        "2.4 the failure after the last retry suspends",
        |l| timeout_class(&[101_503], 2, 0, l),
        "!101503 TIMEOUT open !101503 TIMEOUT open !101503 SUSPENDED shut",
    ),
    Row(
        "2.4 success brings the retries back",
        |l| timeout_class(&[101_503], 1, 0, l),
        "!101503 TIMEOUT ok ACTIVE !101503 TIMEOUT !101503 SUSPENDED",
    ),
    Row(
        "2.4 a suspension does not",
        |l| timeout_class(&[101_503], 1, 0, l),
        "!101503 !101503 SUSPENDED +30000 open !101503 SUSPENDED shut",
    ),
    Row(
        "2.4 the retry delay keeps calls away",
        |l| timeout_class(&[101_503], 2, 5000, l),
        "!101503 TIMEOUT shut next=5000 +4999 shut +1 open TIMEOUT !101503 TIMEOUT next=5000 +5000 !101503 SUSPENDED next=30000",
    ),
    Row("2.4 no delay, no waiting", |l| timeout_class(&[101_503], 1, 0, l), "!101503 TIMEOUT open"),
    Row(
        "2.4 a suspend-class error suspends out of TIMEOUT",
        |l| timeout_class(&[101_503], 9, 0, l),
        "!101503 TIMEOUT !101500 SUSPENDED",
    ),
    // §2.5: how long.
    Row(
        "2.5 unset: 30 s each time",
        |_| {},
        "!1 next=30000 +30000 !1 next=30000 +30000 !1 next=30000",
    ),
    Row(
        "2.5 -1, factor 2",
        |l| series(-1, MAX, 2.0, l),
        "!1 next=30000 +30000 !1 next=60000 +60000 !1 next=120000",
    ),
    Row(
        "2.5 1000/10000/2",
        |l| series(1000, 10_000, 2.0, l),
        "!1 next=1000 +1000 !1 next=2000 +2000 !1 next=4000 +4000 !1 next=8000 +8000 !1 next=10000 +10000 !1 next=10000",
    ),
    Row(
        "2.5 5000/0: SUSPENDED and always ready",
        |l| series(5000, 0, 2.0, l),
        "!1 SUSPENDED open begin begin open !1 SUSPENDED open",
    ),
    Row(
        "2.5 5000/-1: never blocks",
        |l| series(5000, -1, 1.0, l),
        "!1 SUSPENDED open !1 SUSPENDED open ok ACTIVE",
    ),
    Row(
        "2.5 0: no suspension and no TIMEOUT",
        |l| l.suspension_is_off = true,
        "!101503 ACTIVE open !101504 ACTIVE open !0 ACTIVE open",
    ),
    Row(
        "2.5 00 is a duration of nothing",
        |l| series(0, MAX, 2.0, l),
        "!1 SUSPENDED open !1 SUSPENDED open",
    ),
    Row("2.5 below -1 is -1", |l| series(-7, MAX, 1.0, l), "!1 next=30000"),
    Row(
        "2.5 factor below 1 shrinks, without the fraction",
        |l| series(1000, MAX, 0.3, l),
        "!1 next=1000 +1000 !1 next=300 +300 !1 next=90 +90 !1 next=27 +27 !1 next=8",
    ),
    Row(
        "2.5 factor 0 begins anew",
        |l| series(1000, MAX, 0.0, l),
        "!1 next=1000 +1000 !1 open !1 next=1000",
    ),
    Row(
        "2.5 success begins the series anew",
        |l| series(1000, MAX, 2.0, l),
        "!1 +1000 !1 next=2000 +2000 ok ACTIVE !1 next=1000",
    ),
    Row(
        "2.5 the state stays SUSPENDED until one is answered",
        |_| {},
        "!1 +30000 SUSPENDED open ok ACTIVE open",
    ),
    Row(
        "2.5 ours: one call at a time when it is over",
        |_| {},
        "!1 +30000 begin SUSPENDED shut +60000 shut endok ACTIVE open begin open",
    ),
    Row(
        "2.5 ours: the failed probe starts the next suspension",
        |l| series(1000, MAX, 2.0, l),
        "!1 +1000 begin shut end!1 SUSPENDED next=2000",
    ),
    Row(
        "2.5 ours: failures in flight count once",
        |l| series(1000, MAX, 2.0, l),
        "begin begin begin end!1 next=1000 end!1 end!1 next=1000",
    ),
    Row(
        "2.5 ours: so do timeouts",
        |l| timeout_class(&[], 2, 0, l),
        "begin begin begin end!101504 end!101504 end!101504 TIMEOUT !101504 TIMEOUT !101504 SUSPENDED",
    ),
    Row("2.8 an answer in flight revives", |_| {}, "begin !1 SUSPENDED shut endok ACTIVE open"),
    // §8.
    Row("8.15 shut for 30 s", |_| {}, "!101503 SUSPENDED shut +29999 shut"),
    Row("8.16 and open after", |_| {}, "!101503 +30000 open ok ACTIVE"),
    Row(
        "8.17 suspendDuration 0",
        |l| l.suspension_is_off = true,
        "!101503 open !101503 open !101503 open !101503 open !101503 open",
    ),
    Row(
        "8.18 1 s, 2 s, 3 s, 3 s",
        |l| series(1000, 3000, 2.0, l),
        "!101503 next=1000 +1000 !101503 next=2000 +2000 !101503 next=3000 +3000 !101503 next=3000",
    ),
    Row(
        "8.19 three times 101503, then shut",
        |l| timeout_class(&[101_503], 2, 0, l),
        "open !101503 open !101503 open !101503 shut SUSPENDED",
    ),
    Row(
        "8.20 shut at once, in TIMEOUT",
        |l| timeout_class(&[101_503], 2, 5000, l),
        "!101503 shut TIMEOUT",
    ),
    Row(
        "8.21 a code that is not listed never suspends",
        |l| l.suspend_codes = vec![101_504],
        "!101503 open !101503 open !101503 open ACTIVE",
    ),
    Row("8.25 answers never suspend", |_| {}, "ok ok ok ACTIVE open"),
];

#[test]
fn every_row() {
    for Row(name, change, script) in ROWS {
        let mut leaf = Resilience::default();
        change(&mut leaf);
        run(name, &leaf, script);
    }
}

fn run(name: &str, leaf: &Resilience, script: &str) {
    let mut bench = Bench::new(leaf);
    let mut flying: VecDeque<Ticket<'static>> = VecDeque::new();
    for (index, word) in script.split(' ').enumerate() {
        let place = format!("{name}: word {index}, `{word}`");
        let report = bench.health.report();
        if let Some(code) = word.strip_prefix('!') {
            bench.fail(code.parse().unwrap());
        } else if let Some(code) = word.strip_prefix("end!") {
            let ticket = flying.pop_front().expect(&place);
            bench.health.failed(ticket, code.parse().unwrap(), bench.now);
        } else if let Some(ms) = word.strip_prefix('+') {
            bench.pass(ms.parse().unwrap());
        } else if let Some(ms) = word.strip_prefix("next=") {
            let next = bench.now + milliseconds(ms.parse().unwrap());
            assert_eq!(report.retry_at, Some(next), "{place}");
            assert!(!bench.health.is_ready(next - Duration::from_millis(1)), "{place}");
            assert!(bench.health.is_ready(next), "{place}");
        } else {
            match word {
                "ok" => drop(bench.succeed()),
                "begin" => flying.push_back(bench.ticket()),
                "endok" => {
                    let ticket = flying.pop_front().expect(&place);
                    bench.health.succeeded(ticket, bench.now);
                }
                "open" => assert_eq!(bench.refusal(), None, "{place}"),
                "shut" => assert!(bench.refusal().is_some(), "{place}"),
                state => assert_eq!(report.state.as_str(), state, "{place}"),
            }
        }
    }
}
