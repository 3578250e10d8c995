//! `x-weir-mock`: in `data` for all operations, in an operation of the definition for that one.

use ::mock::Prefer;
use ::mock::chaos::{Delay, Faults};
use ::mock::state::Limits;
use mediation::rule::Choices;
use model::cursor::Cursor;
use model::{Diagnostics, codes};

use super::super::Source;
use super::super::group::settings::check_keys;
use super::super::group::value;
use super::super::url::deeper;
use super::Implementation;

/// The key.
pub(in super::super) const KEY: &str = "x-weir-mock";
/// Keys of both places.
const COMMON: &[&str] = &["latency", "errors", "validateRequests", "checkAnswers"];
/// Keys in `data` besides.
const OF_API: &[&str] = &["state"];
/// Keys in an operation besides.
const OF_OPERATION: &[&str] = &["answer", "choose", "record"];

/// Where an operation's answers are to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Script,
    Examples,
}

/// What holds for all operations.
#[derive(Debug, Default)]
pub(super) struct Shared {
    delay: Option<Delay>,
    faults: Option<Faults>,
    validates_requests: bool,
    checks_answers: bool,
    /// What may be kept between calls, where anything is.
    pub(super) state: Option<Limits>,
}

/// What holds for one operation.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) answer: Option<Answer>,
    pub(super) delay: Option<Delay>,
    pub(super) faults: Option<Faults>,
    pub(super) validates_requests: bool,
    pub(super) checks_answers: bool,
    pub(super) choices: (Choices, Vec<Prefer>),
    pub(super) records: bool,
}

impl Shared {
    /// Whether the definition is needed for more than what single operations say.
    pub(super) fn holds_documents(&self) -> bool {
        self.validates_requests || self.checks_answers || self.state.is_some()
    }
}

/// Reads what `data` says.
pub(super) fn shared(
    source: &Source<'_>,
    implementation: Implementation,
    found: &mut Diagnostics,
) -> Shared {
    let at = source.project.data().get(KEY);
    if at.is_absent() || !is_mapping(&at, found) {
        return Shared::default();
    }
    check_keys(&at, &[COMMON, OF_API], found);
    let state = state(&at.get("state"), found);
    if implementation == Implementation::Scripts && state.is_some() {
        let message = "`state` has no effect on operations that are answered by a script";
        let help = "Set `answer: examples` in those that are to keep what they are sent.";
        found.note(codes::NO_EFFECT, at.get("state").place(), message, help);
    }
    Shared {
        delay: delay(&at.get("latency"), found),
        faults: faults(&at.get("errors"), found),
        validates_requests: flag(&at, "validateRequests", found).unwrap_or(false),
        checks_answers: flag(&at, "checkAnswers", found).unwrap_or(false),
        state,
    }
}

/// Reads what an operation of the definition says; what it leaves out is as for all.
pub(super) fn own(operation: Option<&Cursor<'_>>, shared: &Shared, found: &mut Diagnostics) -> Own {
    let mut own = Own {
        delay: shared.delay.clone(),
        faults: shared.faults.clone(),
        validates_requests: shared.validates_requests,
        checks_answers: shared.checks_answers,
        ..Own::default()
    };
    let Some(at) = operation.map(|at| at.get(KEY)).filter(|at| !at.is_absent()) else {
        return own;
    };
    if !is_mapping(&at, found) {
        return own;
    }
    check_keys(&at, &[COMMON, OF_OPERATION], found);
    let words = [("script", Answer::Script), ("examples", Answer::Examples)];
    own.answer = value::choice(there(&at, "answer"), &words, found);
    if let Some(at) = there(&at, "latency") {
        own.delay = delay(&at, found);
    }
    if let Some(at) = there(&at, "errors") {
        own.faults = faults(&at, found);
    }
    own.validates_requests = flag(&at, "validateRequests", found).unwrap_or(own.validates_requests);
    own.checks_answers = flag(&at, "checkAnswers", found).unwrap_or(own.checks_answers);
    own.records = flag(&at, "record", found).unwrap_or(false);
    own.choices = choices(&at.get("choose"), found);
    own
}

fn there<'a>(at: &Cursor<'a>, key: &str) -> Option<Cursor<'a>> {
    Some(at.get(key)).filter(|at| !at.is_absent())
}

fn is_mapping(at: &Cursor<'_>, found: &mut Diagnostics) -> bool {
    let is_mapping = at.value().is_object();
    if !is_mapping {
        value::refuse(at, "Write a mapping; docs/mocks.md says what it may hold.", found);
    }
    is_mapping
}

fn flag(at: &Cursor<'_>, key: &str, found: &mut Diagnostics) -> Option<bool> {
    value::flag(there(at, key), found)
}

/// A time; `min` and `max`; or `p50` and the like.
fn delay(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Delay> {
    if at.is_absent() {
        return None;
    }
    let made = if at.value().is_object() {
        spread(at, found)?
    } else {
        Delay::fixed(value::time(Some(at.clone()), found)?).map_err(|error| error.to_string())
    };
    match made {
        Ok(delay) => Some(delay),
        Err(problem) => {
            found.error(codes::EXTENSION_VALUE, at.place(), problem, "Mend the times.");
            None
        }
    }
}

fn spread(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Result<Delay, String>> {
    let time = |key: &str, found: &mut Diagnostics| value::time(there(at, key), found);
    let percentiles: Vec<&str> = at.keys().filter(|key| percent(key).is_some()).collect();
    if percentiles.is_empty() {
        check_keys(at, &[&["min", "max"]], found);
        let least = time("min", found).unwrap_or_default();
        let Some(most) = time("max", found) else {
            value::refuse(
                at,
                "Write a time, `min` and `max`, or `p50`, `p95` and the like.",
                found,
            );
            return None;
        };
        return Some(Delay::range(least, most).map_err(|error| error.to_string()));
    }
    check_keys(at, &[&percentiles, &["min"]], found);
    let least = time("min", found).unwrap_or_default();
    let mut points = Vec::new();
    for key in percentiles {
        points.push((percent(key)?, time(key, found)?));
    }
    points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    Some(Delay::percentiles(least, &points).map_err(|error| error.to_string()))
}

/// The number in `p99.9`.
fn percent(key: &str) -> Option<f64> {
    let number = key.strip_prefix('p')?.parse::<f64>().ok()?;
    (0.0..=100.0).contains(&number).then_some(number)
}

/// `rate`, from 0 to 1, and `status`, one or a list.
fn faults(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Faults> {
    if at.is_absent() || !is_mapping(at, found) {
        return None;
    }
    check_keys(at, &[&["rate", "status"]], found);
    let rate = value::scalar(&at.get("rate")).and_then(|text| text.parse::<f64>().ok());
    let Some(rate) = rate else {
        value::refuse(&at.get("rate"), "Write a number from 0 to 1, such as 0.05.", found);
        return None;
    };
    let list = at.get("status");
    let entries = match list.value() {
        serde_json::Value::Null => Vec::new(),
        serde_json::Value::Array(_) => list.items(found),
        _ => vec![list],
    };
    let mut statuses = Vec::new();
    for entry in &entries {
        let status = value::scalar(entry).and_then(|text| text.parse::<u16>().ok());
        let Some(status) = status else {
            value::refuse(entry, "Write statuses such as 503.", found);
            return None;
        };
        statuses.push(status);
    }
    if statuses.is_empty() {
        statuses.push(503);
    }
    let made = Faults::new(rate, &statuses);
    made.map_err(|problem| {
        let help = "Write `rate` from 0 to 1, and statuses such as 503.";
        found.error(codes::EXTENSION_VALUE, at.place(), problem.to_string(), help);
    })
    .ok()
}

/// Conditions, and what each of them chooses.
fn choices(at: &Cursor<'_>, found: &mut Diagnostics) -> (Choices, Vec<Prefer>) {
    let entries = if at.is_absent() { Vec::new() } else { at.items(found) };
    let (mut conditions, mut wishes) = (Vec::new(), Vec::new());
    for entry in &entries {
        check_keys(entry, &[&["when", "code", "example"]], found);
        let code = value::count(there(entry, "code"), 200..=599, found);
        let example = value::text(there(entry, "example"), found);
        if entry.get("code").is_absent() && entry.get("example").is_absent() {
            value::refuse(entry, "Write `code`, `example`, or both.", found);
        }
        conditions.push(entry.value().get("when"));
        let code = code.map(|code| code.to_string());
        wishes.push(Prefer { code, example, is_dynamic: false });
    }
    let mut problems = Vec::new();
    let choices = Choices::read(&conditions, &mut problems);
    for problem in &problems {
        let parts = problem.pointer.split('/').filter(|part| !part.is_empty());
        let place = parts.fold(at.place(), |place, part| deeper(&place, part));
        let help = "See docs/dynamic-endpoints.md for what a condition may say.";
        found.error(codes::RULE, place, problem.message.as_str(), help);
    }
    (choices, wishes)
}

/// `true`, or how much may be kept.
fn state(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Limits> {
    let mut limits = Limits::default();
    match at.value() {
        serde_json::Value::Null | serde_json::Value::Bool(false) => return None,
        serde_json::Value::Bool(true) => {}
        serde_json::Value::Object(_) => {
            check_keys(at, &[&["entries", "bytes"]], found);
            if let Some(entries) = value::count(there(at, "entries"), 1..=100_000, found) {
                limits.entries = entries as usize;
            }
            if let Some(bytes) = value::size(there(at, "bytes"), found) {
                limits.bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            }
        }
        _ => value::refuse(at, "Write true, or a mapping with `entries` and `bytes`.", found),
    }
    Some(limits)
}
