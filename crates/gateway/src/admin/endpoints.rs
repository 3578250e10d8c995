//! The endpoints of every API as trees, with their state in numbers and in words.

use std::borrow::Cow;
use std::time::Duration;

use compiler::plan::{AwsSource, Credentials};
use model::fault::FaultCode;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::millis;
use crate::clock;
use crate::endpoint::check::Check;
use crate::endpoint::dynamic::Dynamic;
use crate::endpoint::group::{Group, Member};
use crate::endpoint::health::{Cause, Event, HealthReport, State};
use crate::endpoint::http::HttpLeaf;
use crate::endpoint::{Endpoint, Stage, at};
use crate::sign::oauth::TokenReport;
use crate::snapshot::{LiveApi, Snapshot};
use crate::telemetry::metric::{EndpointTotals, LeafState, Outcome};

/// One endpoint of a tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// The group that it is a member of, and its place there.
    member: Option<(&'a Group, usize)>,
}

impl<'a> Node<'a> {
    fn seat(self) -> Option<&'a Member> {
        let (group, index) = self.member?;
        group.members.get(index)
    }

    fn children(self) -> impl Iterator<Item = Self> {
        let group = match self.endpoint {
            Endpoint::Http(_)
            | Endpoint::Dynamic(_)
            | Endpoint::Sequence(_)
            | Endpoint::Mock(_) => None,
            Endpoint::Group(group) => Some(&**group),
        };
        let members =
            group.into_iter().flat_map(|group| group.members.iter().map(move |m| (group, m)));
        members.enumerate().map(|(index, (group, member))| Self {
            endpoint: &member.endpoint,
            member: Some((group, index)),
        })
    }

    /// Visits this endpoint and all below it, each with its id.
    fn visit(self, id: &str, visitor: &mut dyn FnMut(&str, Self)) {
        visitor(id, self);
        for (index, child) in self.children().enumerate() {
            child.visit(&format!("{id}:{index}"), visitor);
        }
    }
}

/// Every endpoint of a snapshot with the id that it is named by.
pub(super) fn visit<'a>(snapshot: &'a Snapshot, visitor: &mut dyn FnMut(&str, Node<'a>)) {
    for api in snapshot.apis.iter() {
        for (word, endpoint) in roots(api) {
            Node { endpoint, member: None }.visit(&root_id(api, &word), visitor);
        }
    }
}

/// The endpoints of the stages, those that policies choose by name, and the one for addresses that
/// policies give themselves; each with a word for it.
fn roots(api: &LiveApi) -> impl Iterator<Item = (Cow<'_, str>, &Endpoint)> {
    let stages = [Stage::Production, Stage::Sandbox].into_iter();
    let stages = stages
        .filter_map(|stage| Some((Cow::Borrowed(stage.as_str()), at(&api.endpoints, stage)?)));
    let named = api.extras.iter();
    let named = named.map(|(name, endpoint)| (Cow::Owned(format!("named:{name}")), endpoint));
    let computed = api.computed.iter().map(|endpoint| (Cow::Borrowed("computed"), endpoint));
    stages.chain(named).chain(computed)
}

/// What `POST /endpoints/{id}/…` names such an endpoint by; members add their places.
fn root_id(api: &LiveApi, word: &str) -> String {
    format!("{}:{word}", api.plan.id.replace('/', ":"))
}

/// All trees.
pub(super) fn list(snapshot: &Snapshot) -> Vec<Value> {
    let now = Instant::now();
    let apis = snapshot.apis.iter();
    apis.flat_map(|api| {
        roots(api).map(move |(word, endpoint)| {
            let node = Node { endpoint, member: None };
            let mut value = describe(&root_id(api, &word), node, now);
            value["api"] = api.plan.id.as_str().into();
            value["stage"] = word.as_ref().into();
            value
        })
    })
    .collect()
}

/// One endpoint, with those below it.
pub(super) fn describe(id: &str, node: Node<'_>, now: Instant) -> Value {
    let mut value = match node.endpoint {
        Endpoint::Http(leaf) => describe_leaf(leaf, node.seat(), now),
        Endpoint::Dynamic(dynamic) => describe_dynamic(dynamic, now),
        Endpoint::Sequence(plan) => json!({ "name": plan.name, "type": "sequence" }),
        Endpoint::Mock(leaf) => json!({ "name": leaf.name(), "type": "mock" }),
        Endpoint::Group(group) => describe_group(id, group, node, now),
    };
    value["id"] = id.into();
    if let Some(member) = node.seat() {
        value["label"] = json!(member.label.as_deref());
        value["weight"] = member.weight.into();
        if let Some(until) = member.ejected_until(now) {
            value["ejectedForMs"] = millis(until.saturating_duration_since(now)).into();
        }
    }
    value
}

fn describe_group(id: &str, group: &Group, node: Node<'_>, now: Instant) -> Value {
    let totals = group.counters.read();
    let members = node.children().enumerate();
    let members = members.map(|(index, child)| describe(&format!("{id}:{index}"), child, now));
    json!({
        "name": &*group.name,
        "kind": if group.is_failover() { "failover" } else { "loadBalance" },
        "ready": group.is_ready(now),
        "readyPercent": group.ready_percent(now),
        "inFlight": group.leaves().iter().map(|leaf| leaf.metrics.read().in_flight).sum::<u64>(),
        "repeats": totals.repeats,
        "overBudget": totals.over_budget,
        "hedges": totals.hedges,
        "unserved": totals.unserved,
        "ejections": totals.ejections,
        "sessions": group.sessions(),
        "members": members.collect::<Vec<_>>(),
    })
}

/// An endpoint without an address, with the targets that it knows.
fn describe_dynamic(dynamic: &Dynamic, now: Instant) -> Value {
    let totals = dynamic.metrics.read();
    let targets = dynamic.targets();
    let allow = dynamic.plan.targets.allow.as_ref();
    let allow = allow.map(|allow| allow.iter().map(ToString::to_string).collect::<Vec<_>>());
    json!({
        "name": dynamic.name(),
        "kind": "default",
        "url": "computed",
        "allow": allow,
        "ready": dynamic.is_ready(now),
        "state": dynamic.health.report().state.as_str(),
        "attempts": attempts(&totals),
        "inFlight": totals.in_flight,
        "targets": targets.iter().map(|leaf| describe_leaf(leaf, None, now)).collect::<Vec<_>>(),
    })
}

fn describe_leaf(leaf: &HttpLeaf, member: Option<&Member>, now: Instant) -> Value {
    let totals = leaf.metrics.read();
    let mut value = json!({
        "name": leaf.name(),
        "kind": match leaf.plan.dialect {
            compiler::plan::Dialect::Http => "http",
            compiler::plan::Dialect::Address => "address",
            compiler::plan::Dialect::Dynamic => "target",
            compiler::plan::Dialect::Lambda => "lambda",
        },
        "url": leaf.plan.url.as_str(),
        "ready": member.map_or_else(|| leaf.is_ready(now), |member| member.is_ready(now)),
        "health": health(leaf, member, now),
        "attempts": attempts(&totals),
        "inFlight": totals.in_flight,
        "latency": totals.latency.quantiles().map(|quantiles| json!({
            "p50Ms": quantiles.p50.as_secs_f64() * 1e3,
            "p90Ms": quantiles.p90.as_secs_f64() * 1e3,
            "p99Ms": quantiles.p99.as_secs_f64() * 1e3,
        })),
    });
    if let Some(check) = &leaf.check {
        value["check"] = describe_check(check, now);
    }
    if let Some(credentials) = &leaf.plan.credentials {
        value["credentials"] = describe_credentials(credentials);
        if let Some(token) = leaf.token(now) {
            value["credentials"]["token"] = describe_token(&token, now);
        }
    }
    if let Some(limits) = leaf.gate.occupancy() {
        value["limits"] = json!({
            "inFlight": limits.in_flight,
            "most": limits.most,
            "waiting": limits.waiting,
            "turnedAway": limits.turned_away,
        });
    }
    value
}

/// How often attempts ended in which way; what never happened is left out.
fn attempts(totals: &EndpointTotals) -> Value {
    let all = Outcome::ALL.iter().zip(totals.attempts).filter(|(_, count)| *count > 0);
    all.map(|(outcome, count)| (outcome.label().to_owned(), Value::from(count))).collect()
}

/// The state of a leaf.
pub(super) fn health(leaf: &HttpLeaf, member: Option<&Member>, now: Instant) -> Value {
    let report = leaf.health.report();
    let transitions: Vec<Value> =
        leaf.health.events().iter().map(|event| transition(event, now)).collect();
    json!({
        "state": report.state.as_str(),
        "since": report.since.map(clock::text_of),
        "reason": reason(leaf, member, &report, now),
        "forMs": report.since.map(|since| millis(now.saturating_duration_since(since))),
        "retryInMs": report.retry_at.map(|at| millis(at.saturating_duration_since(now))),
        "failures": report.failures,
        "lastCode": report.last_code,
        "lastError": leaf.last_error().map(|(at, text)| json!({ "at": clock::text_of(at), "text": text })),
        "lastSuspensionMs": report.last_duration.map(millis),
        "heldForMs": report.held_until.filter(|until| *until > now)
            .map(|until| millis(until.saturating_duration_since(now))),
        "transitions": transitions,
    })
}

/// Why it is as it is, in words.
fn reason(
    leaf: &HttpLeaf,
    member: Option<&Member>,
    report: &HealthReport,
    now: Instant,
) -> Option<String> {
    if let Some(until) = member.and_then(|member| member.ejected_until(now)) {
        let left = seconds(until.saturating_duration_since(now));
        return Some(format!("left out by its group for bad answers; taken back in {left}"));
    }
    if report.state == State::Active && !leaf.is_healthy() {
        let last = leaf.check.as_ref().and_then(|check| check.report().last);
        let text = last.map_or_else(|| "no outcome".to_owned(), |last| last.text);
        return Some(format!("its health checks fail: {text}"));
    }
    let word = match report.state {
        State::Active => return None,
        State::Timeout => "waiting",
        State::Suspended => "suspended",
        State::Off => "switched off by hand",
    };
    let since = report.since.map(|since| format!(" since {}", clock::time_of(since)));
    let cause = match report.state {
        State::Off => None,
        _ => leaf.last_error().map(|(_, text)| text).or_else(|| report.last_code.map(words)),
    };
    let cause = cause.map(|cause| format!(": {cause}"));
    let next = match report.retry_at {
        Some(at) if at > now => {
            format!("; next try in {}", seconds(at.saturating_duration_since(now)))
        }
        Some(_) if report.is_probing => "; one call is trying it".to_owned(),
        Some(_) => "; the next call tries it".to_owned(),
        None => "; until it is resumed".to_owned(),
    };
    Some(format!("{word}{}{}{next}", since.unwrap_or_default(), cause.unwrap_or_default()))
}

/// A code in words.
fn words(code: u32) -> String {
    let known = FaultCode::ALL.iter().find(|known| known.base() == code);
    known.map_or_else(|| format!("code {code}"), |known| known.description().to_owned())
}

fn transition(event: &Event, now: Instant) -> Value {
    let cause = match event.cause {
        Cause::Failure(code) => format!("a call failed with {code}"),
        Cause::Answer => "a call was answered".to_owned(),
        Cause::Operator => "switched by hand".to_owned(),
        Cause::Elapsed => "its time was over".to_owned(),
    };
    json!({
        "at": clock::text_of(event.at),
        "agoMs": millis(now.saturating_duration_since(event.at)),
        "from": event.from.as_str(),
        "to": event.to.as_str(),
        "cause": cause,
    })
}

fn describe_token(token: &TokenReport, now: Instant) -> Value {
    let failure = token.last_failure.as_ref().map(|(at, text)| {
        json!({
            "at": clock::text_of(*at),
            "agoMs": millis(now.saturating_duration_since(*at)),
            "text": text,
        })
    });
    json!({
        "validForMs": token.valid_for.map(millis),
        "renewedInMs": token.renewed_in.map(millis),
        "nextTryInMs": token.next_try_in.map(millis),
        "lastFailure": failure,
    })
}

/// Who calls, and never what proves it.
fn describe_credentials(credentials: &Credentials) -> Value {
    match credentials {
        Credentials::Basic(account) => json!({ "kind": "basic", "user": account.username }),
        Credentials::Digest(account) => json!({ "kind": "digest", "user": account.username }),
        Credentials::HeaderKey { name, .. } => json!({ "kind": "apikey", "header": name.as_str() }),
        Credentials::QueryKey { name, .. } => json!({ "kind": "apikey", "query": name }),
        Credentials::OAuth(plan) => {
            json!({ "kind": "oauth", "tokenUrl": plan.token_url, "clientId": plan.client.id })
        }
        Credentials::Aws(plan) => {
            let key = match &plan.source {
                AwsSource::Keys { id, .. } => Some(id),
                AwsSource::Chain { .. } => None,
            };
            let role = plan.role.as_ref().map(|role| &role.arn);
            json!({ "kind": "aws", "accessKey": key, "role": role })
        }
    }
}

fn describe_check(check: &Check, now: Instant) -> Value {
    let report = check.report();
    let mut value = Map::new();
    value.insert("healthy".to_owned(), report.is_healthy.into());
    value.insert("since".to_owned(), clock::text_of(report.since).into());
    value.insert("good".to_owned(), report.good.into());
    value.insert("bad".to_owned(), report.bad.into());
    let progress = json!({ "run": report.run, "needed": report.needed });
    value.insert("progress".to_owned(), progress);
    let last = report.last.map(|last| {
        json!({
            "at": clock::text_of(last.at),
            "agoMs": millis(now.saturating_duration_since(last.at)),
            "good": last.is_good,
            "text": last.text,
        })
    });
    value.insert("last".to_owned(), json!(last));
    Value::Object(value)
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// The one word for the state of a leaf, for metrics.
pub(super) fn leaf_state(leaf: &HttpLeaf, member: Option<&Member>, now: Instant) -> LeafState {
    match leaf.health.report().state {
        State::Off => LeafState::Drained,
        State::Timeout => LeafState::TimingOut,
        State::Suspended => LeafState::Suspended,
        State::Active if !leaf.is_healthy() => LeafState::Unhealthy,
        State::Active if member.is_some_and(|member| member.is_ejected(now)) => LeafState::Ejected,
        State::Active => LeafState::Active,
    }
}

/// Every leaf with what its group says of it.
pub(super) fn leaves(snapshot: &Snapshot) -> Vec<(&HttpLeaf, Option<&Member>)> {
    let mut found = Vec::new();
    visit(snapshot, &mut |_, node| {
        if let Endpoint::Http(leaf) = node.endpoint {
            found.push((&**leaf, node.seat()));
        }
    });
    found
}

/// Every endpoint without an address of its own.
pub(super) fn dynamics(snapshot: &Snapshot) -> Vec<&Dynamic> {
    let mut found = Vec::new();
    visit(snapshot, &mut |_, node| {
        if let Endpoint::Dynamic(dynamic) = node.endpoint {
            found.push(&**dynamic);
        }
    });
    found
}

/// The one word for the state of such an endpoint: its targets have states of their own, which are
/// no labels.
pub(super) fn dynamic_state(dynamic: &Dynamic) -> LeafState {
    match dynamic.health.report().state {
        State::Off => LeafState::Drained,
        State::Active | State::Timeout | State::Suspended => LeafState::Active,
    }
}

/// Every group.
pub(super) fn groups(snapshot: &Snapshot) -> Vec<&Group> {
    let mut found = Vec::new();
    visit(snapshot, &mut |_, node| {
        if let Endpoint::Group(group) = node.endpoint {
            found.push(&**group);
        }
    });
    found
}

/// Takes an endpoint, and all below it, out of service; for a time, if one is given.
pub(super) fn drain(endpoint: &Endpoint, now: Instant, limit: Option<Duration>) {
    if let Endpoint::Dynamic(dynamic) = endpoint {
        dynamic.health.switch_off(now, limit);
        let name = dynamic.name();
        tracing::warn!(endpoint = name, ?limit, "An endpoint was switched off by hand.");
    }
    for leaf in endpoint.leaves() {
        leaf.health.switch_off(now, limit);
        tracing::warn!(endpoint = leaf.name(), ?limit, "An endpoint was switched off by hand.");
    }
}

/// Puts an endpoint, and all below it, into service, whatever speaks against it; for a time, if one
/// is given, it stays so whatever happens.
pub(super) fn resume(node: Node<'_>, now: Instant, hold: Option<Duration>) {
    if let Some(member) = node.seat() {
        member.restore();
    }
    match node.endpoint {
        Endpoint::Http(leaf) => {
            leaf.resume(now, hold);
            tracing::warn!(endpoint = leaf.name(), ?hold, "An endpoint was switched on by hand.");
        }
        Endpoint::Dynamic(dynamic) => {
            dynamic.resume(now, hold);
            let name = dynamic.name();
            tracing::warn!(endpoint = name, ?hold, "An endpoint was switched on by hand.");
        }
        Endpoint::Sequence(_) | Endpoint::Mock(_) => {}
        Endpoint::Group(_) => node.children().for_each(|child| resume(child, now, hold)),
    }
}
