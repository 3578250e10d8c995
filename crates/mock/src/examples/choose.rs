//! Which answer a request gets.

use serde_json::Value;

use super::{Answers, Content, Status};
use crate::negotiate::{choose as negotiate, concrete};
use crate::{Mode, Prefer};

/// The answer that was chosen.
#[derive(Debug, Clone)]
pub struct Chosen<'a, 'b> {
    /// The status to send.
    pub status: u16,
    /// What to send; `None` for an answer without a body.
    pub content: Option<&'b Content<'a>>,
    /// Its media type; a type even where the document has a range.
    pub media_type: String,
    /// The example to send.
    pub example: Option<&'a Value>,
    /// How to make a value where there is no example.
    pub mode: Mode,
}

/// Why no answer fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status that tells it.
    pub status: u16,
    /// What is wrong, and what there is instead.
    pub detail: String,
}

/// Chooses by `Accept` and `Prefer`; the seed is for made-up values.
///
/// # Errors
///
/// 406 where no media type is acceptable, 404 for a code or an example that is not there, 400 for
/// what is no code, and 501 where the document gives no answer at all.
pub fn choose<'a, 'b>(
    answers: &'b Answers<'a>,
    accept: Option<&str>,
    prefer: &Prefer,
    seed: u64,
) -> Result<Chosen<'a, 'b>, Refusal> {
    let statuses: Vec<Status> = answers.answers.iter().map(|answer| answer.status).collect();
    let (status, at) = answer_for(&statuses, prefer.code.as_deref())?;
    let answer = answers.answers.get(at).ok_or_else(no_answer)?;
    let mode = if prefer.is_dynamic { Mode::Dynamic(seed) } else { Mode::Fixed };
    let named = prefer.example.as_deref();
    if answer.contents.is_empty() || is_bare(status) {
        let media_type = String::new();
        return match named {
            Some(name) => Err(no_example(name, status, &[])),
            None => Ok(Chosen { status, content: None, media_type, example: None, mode }),
        };
    }
    let offers: Vec<Offer<'_>> = answer.contents.iter().map(Content::offer).collect();
    let at = acceptable(&offers, accept, named, status)?;
    let content = answer.contents.get(at).ok_or_else(no_answer)?;
    let example = match &prefer.example {
        Some(name) => content.examples.iter().find(|(known, _)| known == name),
        None => content.examples.first().filter(|_| !prefer.is_dynamic || content.schema.is_none()),
    };
    let media_type = concrete(content.media_type, accept);
    let example = example.map(|(_, value)| *value);
    Ok(Chosen { status, content: Some(content), media_type, example, mode })
}

/// What is chosen among: a media type, and the names of its examples.
pub(crate) struct Offer<'a> {
    pub(crate) media_type: &'a str,
    pub(crate) examples: Vec<&'a str>,
}

impl Content<'_> {
    fn offer(&self) -> Offer<'_> {
        let examples = self.examples.iter().map(|(name, _)| *name).collect();
        Offer { media_type: self.media_type, examples }
    }
}

/// The status, and the number of the answer that tells what it looks like.
pub(crate) fn answer_for(statuses: &[Status], code: Option<&str>) -> Result<(u16, usize), Refusal> {
    match code {
        Some(code) => by_code(statuses, code),
        None => usual(statuses).ok_or_else(no_answer),
    }
}

/// The answer for a code that the client has asked for.
fn by_code(statuses: &[Status], code: &str) -> Result<(u16, usize), Refusal> {
    let number = code.trim().parse().ok().filter(|number| (200..=599).contains(number));
    let Some(number) = number else {
        let detail = format!("`{code}` in `Prefer` is no status of an answer; write `code=404`");
        return Err(Refusal { status: 400, detail });
    };
    declared(statuses, number).map(|at| (number, at)).ok_or_else(|| {
        let known: Vec<String> = statuses.iter().map(ToString::to_string).collect();
        let detail = format!("there is no answer {number}; there are: {}", listed(&known));
        Refusal { status: 404, detail }
    })
}

/// The number of the answer that speaks of a status.
pub(crate) fn declared(statuses: &[Status], number: u16) -> Option<usize> {
    let with = |wanted: Status| statuses.iter().position(|status| *status == wanted);
    with(Status::Code(number))
        .or_else(|| with(Status::Class(number / 100)))
        .or_else(|| with(Status::Default))
}

/// The answer without a wish: the lowest 2xx, then `2XX`, `default`, and the lowest of all.
pub(crate) fn usual(statuses: &[Status]) -> Option<(u16, usize)> {
    let order = |status: Status| match status {
        Status::Code(code @ 200..=299) => (0, code),
        Status::Class(2) => (1, 200),
        Status::Default => (2, 200),
        Status::Code(code) => (3, code),
        Status::Class(class) => (4, class * 100),
    };
    let all = statuses.iter().enumerate();
    let best = all.min_by_key(|(_, status)| order(**status));
    best.map(|(at, status)| (order(*status).1, at))
}

/// Whether an answer of this status has no body (RFC 9110 §15).
pub(crate) fn is_bare(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 205 | 304)
}

/// The number of the offer that the client takes best.
pub(crate) fn acceptable(
    offers: &[Offer<'_>],
    accept: Option<&str>,
    example: Option<&str>,
    status: u16,
) -> Result<usize, Refusal> {
    let has_example = |offer: &Offer<'_>| example.is_none_or(|name| offer.examples.contains(&name));
    let all = offers.iter().enumerate();
    let (numbers, types): (Vec<usize>, Vec<&str>) = all
        .filter(|(_, offer)| has_example(offer))
        .map(|(at, offer)| (at, offer.media_type))
        .unzip();
    if let Some(name) = example.filter(|_| numbers.is_empty()) {
        return Err(no_example(name, status, offers));
    }
    let chosen = negotiate(accept, &types).and_then(|at| numbers.get(at).copied());
    chosen.ok_or_else(|| {
        let types: Vec<String> = types.iter().map(|kind| (*kind).to_owned()).collect();
        let detail = format!("nothing that is acceptable; there are: {}", listed(&types));
        Refusal { status: 406, detail }
    })
}

/// The document gives no answer at all.
pub(crate) fn no_answer() -> Refusal {
    let detail = "the document gives no answer for this operation".to_owned();
    Refusal { status: 501, detail }
}

/// No example has the name that was asked for.
pub(crate) fn no_example(name: &str, status: u16, offers: &[Offer<'_>]) -> Refusal {
    let names = offers.iter().flat_map(|offer| offer.examples.iter().copied());
    let mut known: Vec<String> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if !known.iter().any(|known| known == name) {
            known.push(name.to_owned());
        }
    }
    let detail =
        format!("the answer {status} has no example `{name}`; there are: {}", listed(&known));
    Refusal { status: 404, detail }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
