//! Which answer a request gets.

use serde_json::Value;

use super::{Answer, Answers, Content, Status};
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
    let (status, answer) = match &prefer.code {
        Some(code) => by_code(answers, code)?,
        None => usual(answers)?,
    };
    let mode = if prefer.is_dynamic { Mode::Dynamic(seed) } else { Mode::Fixed };
    if answer.contents.is_empty() || matches!(status, 100..=199 | 204 | 205 | 304) {
        let media_type = String::new();
        return match &prefer.example {
            Some(name) => Err(no_example(name, status, &[])),
            None => Ok(Chosen { status, content: None, media_type, example: None, mode }),
        };
    }
    let content = acceptable(answer, accept, prefer.example.as_deref(), status)?;
    let example = match &prefer.example {
        Some(name) => content.examples.iter().find(|(known, _)| known == name),
        None => content.examples.first().filter(|_| !prefer.is_dynamic || content.schema.is_none()),
    };
    let media_type = concrete(content.media_type, accept);
    let example = example.map(|(_, value)| *value);
    Ok(Chosen { status, content: Some(content), media_type, example, mode })
}

/// The answer for a code that the client has asked for.
fn by_code<'a, 'b>(answers: &'b Answers<'a>, code: &str) -> Result<(u16, &'b Answer<'a>), Refusal> {
    let number = code.trim().parse().ok().filter(|number| (100..=599).contains(number));
    let Some(number) = number else {
        let detail = format!("`{code}` in `Prefer` is no status; write `code=404`");
        return Err(Refusal { status: 400, detail });
    };
    let with = |status: Status| answers.answers.iter().find(|answer| answer.status == status);
    let found = with(Status::Code(number))
        .or_else(|| with(Status::Class(number / 100)))
        .or_else(|| with(Status::Default));
    found.map(|answer| (number, answer)).ok_or_else(|| {
        let known: Vec<String> =
            answers.answers.iter().map(|answer| shown(answer.status)).collect();
        let detail = format!("there is no answer {number}; there are: {}", listed(&known));
        Refusal { status: 404, detail }
    })
}

/// The answer without a wish: the lowest 2xx, then `2XX`, `default`, and the lowest of all.
fn usual<'a, 'b>(answers: &'b Answers<'a>) -> Result<(u16, &'b Answer<'a>), Refusal> {
    let order = |answer: &&Answer<'_>| match answer.status {
        Status::Code(code @ 200..=299) => (0, code),
        Status::Class(2) => (1, 200),
        Status::Default => (2, 200),
        Status::Code(code) => (3, code),
        Status::Class(class) => (4, class * 100),
    };
    let best = answers.answers.iter().min_by_key(order);
    best.map(|answer| (order(&answer).1, answer)).ok_or_else(|| {
        let detail = "the document gives no answer for this operation".to_owned();
        Refusal { status: 501, detail }
    })
}

fn acceptable<'a, 'b>(
    answer: &'b Answer<'a>,
    accept: Option<&str>,
    example: Option<&str>,
    status: u16,
) -> Result<&'b Content<'a>, Refusal> {
    let has_example = |content: &&Content<'_>| {
        example.is_none_or(|name| content.examples.iter().any(|(known, _)| *known == name))
    };
    let offers: Vec<&Content<'a>> = answer.contents.iter().filter(has_example).collect();
    if let Some(name) = example.filter(|_| offers.is_empty()) {
        return Err(no_example(name, status, &answer.contents));
    }
    let types: Vec<&str> = offers.iter().map(|content| content.media_type).collect();
    let chosen = negotiate(accept, &types).and_then(|at| offers.get(at).copied());
    chosen.ok_or_else(|| {
        let types: Vec<String> = types.iter().map(|kind| (*kind).to_owned()).collect();
        let detail = format!("nothing that is acceptable; there are: {}", listed(&types));
        Refusal { status: 406, detail }
    })
}

fn no_example(name: &str, status: u16, contents: &[Content<'_>]) -> Refusal {
    let names = contents.iter().flat_map(|content| content.examples.iter().map(|(name, _)| *name));
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

fn shown(status: Status) -> String {
    match status {
        Status::Code(code) => code.to_string(),
        Status::Class(class) => format!("{class}XX"),
        Status::Default => "default".to_owned(),
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
