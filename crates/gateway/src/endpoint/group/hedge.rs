//! Asking a second member when the first one is slow; whoever answers first is heard.

use std::pin::Pin;
use std::sync::Arc;

use compiler::plan::Hedge;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::HeaderMap;
use tokio::time::{Instant, sleep_until};

use super::live::{Group, count};
use super::walk::{Walk, leave};
use crate::endpoint::Endpoint;
use crate::endpoint::health::Ticket;
use crate::endpoint::http::{Attempt, HttpLeaf, Surroundings, outcome};
use crate::endpoint::limit::Pass;
use crate::exchange::{AttemptEnd, Exchange, PastAttempt};
use crate::snapshot::LiveApi;
use crate::upstream::{Answer, SendFailure};

/// An attempt that is under way, with the member it is made at.
type Running<'a> = Pin<Box<dyn Future<Output = Ended<'a>> + Send + 'a>>;
type Ended<'a> = (usize, Attempt<'a>, Result<Answer, SendFailure>);

/// Makes an attempt, and others beside it while it is slow. Gives the first answer, or the failure
/// that came last.
pub(super) async fn race<'a>(
    walk: &mut Walk<'a>,
    attempt: Attempt<'a>,
    exchange: &mut Exchange,
    (api, headers, hedge): (&LiveApi, HeaderMap, Hedge),
) -> (Attempt<'a>, Result<Answer, SendFailure>) {
    let mut running = FuturesUnordered::new();
    let mut shown = vec![(member(walk), seen(&attempt))];
    let mut next = Instant::now() + hedge.after;
    let mut left = hedge.at_most;
    running.push(run(walk, attempt, exchange));
    loop {
        let ended = tokio::select! {
            Some(ended) = running.next() => ended,
            () = sleep_until(next), if left > 0 => {
                left -= 1;
                next = Instant::now() + hedge.after;
                exchange.head.headers = headers.clone();
                if let Some(attempt) = another(walk, exchange, api) {
                    shown.push((member(walk), seen(&attempt)));
                    running.push(run(walk, attempt, exchange));
                } else {
                    left = 0;
                }
                continue;
            }
        };
        let (index, attempt, sent) = ended;
        shown.retain(|(member, _)| *member != index);
        if let Some(frame) = walk.frames.last_mut() {
            frame.member = index;
        }
        match sent {
            Err(failure) if !running.is_empty() && !failure.by_client => {
                exchange.record.attempts.note(attempt.elapsed());
                lose(walk, attempt, &failure, exchange);
            }
            sent => {
                let others = shown.into_iter().map(|(_, past)| past);
                overtaken(others, exchange);
                return (attempt, sent);
            }
        }
    }
}

fn run<'a>(walk: &Walk<'a>, mut attempt: Attempt<'a>, exchange: &Exchange) -> Running<'a> {
    let connection = Arc::clone(&exchange.record.connection);
    let snapshot = Arc::clone(&exchange.snapshot);
    let (interim, deadline, index) = (exchange.interim.clone(), walk.deadline(), member(walk));
    Box::pin(async move {
        let surroundings = Surroundings {
            worker: &connection.worker,
            config: &snapshot.config,
            interim: &interim,
            deadline,
        };
        let sent = attempt.send(surroundings).await;
        (index, attempt, sent)
    })
}

/// An attempt at another leaf of the same group, if one is free and may be asked. Whoever is not
/// asked may still be when the first one fails.
fn another<'a>(walk: &mut Walk<'a>, exchange: &mut Exchange, api: &LiveApi) -> Option<Attempt<'a>> {
    let worker = walk.worker;
    let now = Instant::now();
    let frame = walk.frames.last_mut()?;
    let before = frame.member;
    let group = frame.group;
    let picked = frame.pick(worker, now)?;
    let Some((leaf, ticket, pass)) = enter(group, picked.index, now) else {
        frame.put_back(before);
        return None;
    };
    count(&group.counters.hedges);
    frame.begin();
    leaf.attempt(exchange, api, ticket, pass).ok()
}

/// A place at a leaf, paid for; `None` where there is none to be had at once.
fn enter(group: &Group, index: usize, now: Instant) -> Option<(&HttpLeaf, Ticket<'_>, Pass)> {
    let Endpoint::Http(leaf) = &group.members.get(index)?.endpoint else { return None };
    if leaf.plan.lambda.is_some() {
        // Its message has to be written anew, for which there is no time.
        return None;
    }
    let pass = leaf.gate.try_enter()?;
    let ticket = leaf.permit(now).ok()?;
    let is_paid = group.budget.as_ref().is_none_or(|budget| budget.spend(now));
    is_paid.then_some((leaf, ticket, pass))
}

fn member(walk: &Walk<'_>) -> usize {
    walk.frames.last().map_or(0, |frame| frame.member)
}

/// What the record says of an attempt that nobody waited for.
fn seen(attempt: &Attempt<'_>) -> (Instant, PastAttempt) {
    let past = PastAttempt {
        endpoint: attempt.leaf().shared_name(),
        target: Arc::clone(attempt.target()),
        time: attempt.elapsed(),
        end: AttemptEnd::Overtaken,
    };
    (attempt.started(), past)
}

/// One of several failed; the others go on.
fn lose(walk: &Walk<'_>, attempt: Attempt<'_>, failure: &SendFailure, exchange: &mut Exchange) {
    let number = failure.code.number(failure.state);
    leave(&attempt, AttemptEnd::Failed(outcome(failure).label(), number), exchange);
    if let Some(frame) = walk.frames.last().filter(|_| failure.speaks_against_upstream()) {
        frame.group.note(frame.member, true, Instant::now());
    }
    attempt.judge(failure, &walk.surroundings(exchange), true);
}

fn overtaken(others: impl Iterator<Item = (Instant, PastAttempt)>, exchange: &mut Exchange) {
    for (started, past) in others {
        let past = PastAttempt { time: started.elapsed(), ..past };
        exchange.record.attempts.note(past.time);
        exchange.record.attempts.past.get_or_insert_default().push(past);
    }
}
