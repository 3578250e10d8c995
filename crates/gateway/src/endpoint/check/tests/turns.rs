//! When it is asked, and what becomes of an endpoint.

use std::collections::VecDeque;
use std::sync::Arc;

use testkit::{Backend, RawBackend};
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};

use super::super::checker::follow;
use super::super::probe::Ask;
use super::*;

/// Takes its time, and says what is written.
#[derive(Debug, Default)]
struct Scripted {
    takes: Duration,
    verdicts: Mutex<VecDeque<Verdict>>,
    asked: Mutex<Vec<Instant>>,
}

impl Scripted {
    fn new(takes: u64, verdicts: &[Verdict]) -> Arc<Self> {
        let verdicts = Mutex::new(verdicts.iter().cloned().collect());
        Arc::new(Self { takes: Duration::from_millis(takes), verdicts, ..Self::default() })
    }

    /// When it was asked, in milliseconds.
    fn asked(&self, since: Instant) -> Vec<u128> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|at| at.duration_since(since).as_millis()).collect()
    }
}

impl Ask for Scripted {
    async fn ask(&self, _question: &Question) -> Verdict {
        self.asked.lock().unwrap().push(Instant::now());
        tokio::time::sleep(self.takes).await;
        self.verdicts.lock().unwrap().pop_front().unwrap_or_else(|| good("well"))
    }
}

fn some_check() -> Arc<Check> {
    check(&plan(Probe::Tcp), Target::new("127.0.0.1", 1, None, Http2::Never))
}

/// Has it followed for so many milliseconds.
async fn follow_for(limit: u64, check: &Arc<Check>, asker: &Arc<Scripted>) {
    let following = follow(Arc::downgrade(check), Arc::clone(asker));
    tokio::time::timeout(Duration::from_millis(limit), following).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_at_once_and_then_an_interval_after_each_answer() {
    let (check, asker, started) = (some_check(), Scripted::new(300, &[]), Instant::now());
    follow_for(4_000, &check, &asker).await;
    assert_eq!(asker.asked(started), [0, 1_300, 2_600, 3_900]);
    assert_eq!(check.report().good, 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_too_long_is_bad() {
    let (check, asker, started) = (some_check(), Scripted::new(10_000, &[]), Instant::now());
    follow_for(6_500, &check, &asker).await;
    assert_eq!(asker.asked(started), [0, 3_000, 6_000]);
    let report = check.report();
    assert_eq!((report.is_healthy, report.good, report.bad), (false, 0, 2));
    assert_eq!(report.last.unwrap().text, "no answer within 2s");
    assert_eq!(report.since, started + Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_turns_after_so_many_in_a_row() {
    let (check, started) = (some_check(), Instant::now());
    let before = check.report();
    assert_eq!((before.is_healthy, before.since, before.last), (true, started, None));
    let said = [bad("b"), good("g"), bad("b"), bad("no"), good("g"), bad("b"), good("g"), good("")];
    let asker = Scripted::new(0, &said);
    let mut seen = Vec::new();
    for _ in 0..8 {
        // One at a time: the next one is an interval away.
        follow_for(1, &check, &asker).await;
        let CheckReport { is_healthy, run, .. } = check.report();
        seen.push((is_healthy, run));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let turned = [(true, 1), (true, 0), (true, 1), (false, 0)];
    let back = [(false, 1), (false, 0), (false, 1), (true, 0)];
    assert_eq!(seen, [turned, back].concat());
    let report = check.report();
    assert_eq!((report.good, report.bad, report.needed), (4, 4, 2));
    assert!(report.since > started + Duration::from_secs(6));
    assert_eq!(report.last.unwrap().at, report.since);
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_for_a_check_that_is_gone() {
    let (check, asker, started) = (some_check(), Scripted::new(0, &[]), Instant::now());
    let following = tokio::spawn(follow(Arc::downgrade(&check), Arc::clone(&asker)));
    tokio::time::advance(Duration::from_millis(100)).await;
    drop(check);
    following.await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(1_100), "{:?}", started.elapsed());
    assert_eq!(asker.asked(started).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn asking_does_not_keep_a_check() {
    let (check, asker, started) = (some_check(), Scripted::new(1_000, &[]), Instant::now());
    let following = tokio::spawn(follow(Arc::downgrade(&check), Arc::clone(&asker)));
    tokio::time::advance(Duration::from_millis(100)).await;
    assert_eq!((asker.asked(started).len(), Arc::strong_count(&check)), (1, 1));
    drop(check);
    following.await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(1_100), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_thread_asks_until_the_checker_is_dropped() {
    let backend = Backend::answer(204, &[], "").await;
    let often = HealthCheck { interval: Duration::from_millis(1), ..plan(Probe::Http(http("/"))) };
    let (one, two) = (check(&often, clear(backend.address())), some_check());
    let checker = Checker::start(&GatewayConfig::default()).unwrap();
    let watch = checker.handle();
    watch.watch(&one);
    checker.watch(&two);
    backend.arrived(5).await;
    let report = one.report();
    assert!(report.good >= 4 && report.bad == 0, "{report:?}");
    assert_eq!(report.last.unwrap().text, "answered 204");
    drop(checker);
    assert_eq!(Arc::weak_count(&one), 0, "its task is gone");
    // Too late, and nothing comes of it.
    watch.watch(&one);
    assert_eq!(Arc::weak_count(&one), 0);
}

#[tokio::test]
async fn a_checker_that_waits_for_an_answer_ends_all_the_same() {
    let backend = RawBackend::silent().await;
    let patient = HealthCheck { timeout: Duration::MAX, ..plan(Probe::Http(http("/"))) };
    let check = check(&patient, clear(backend.address()));
    let checker = Checker::start(&GatewayConfig::default()).unwrap();
    checker.watch(&check);
    backend.accepted(1).await;
    drop(checker);
    assert_eq!(check.report().last, None);
}

/// Keeps the lines that are logged.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

#[test]
fn only_turns_are_logged() {
    let (check, lines) = (some_check(), Lines::default());
    tracing::subscriber::with_default(lines.clone(), || {
        for verdict in [bad("a"), bad("b"), bad("c"), good("d"), good("e"), good("f"), bad("g")] {
            check.note(verdict);
        }
    });
    let lines = lines.0.lock().unwrap();
    assert_eq!(
        *lines,
        [
            "WARN message=An endpoint is unhealthy. endpoint=\"shop\" \
             address=\"http://127.0.0.1:1\" reason=\"b\"",
            "INFO message=An endpoint is healthy again. endpoint=\"shop\" \
             address=\"http://127.0.0.1:1\" answer=\"e\"",
        ]
    );
}
