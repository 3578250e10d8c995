//! What is well-formed and still probably wrong, and what makes a text not well-formed.

use model::codes;
use model::diagnostic::{Diagnostic, Severity};
use xml::read::{ReadError, Reason};
use xml::tree::Place;

use super::Context;
use super::attribute::{Attribute, excerpt};
use super::reader::{Reader, at};
use crate::sequence::{Mediator, Sequence};

/// Values of which a part is what people usually ask for.
const LONG_VALUES: [&str; 14] = [
    "get-property('To')",
    "get-property(\"To\")",
    "$ctx:To",
    "REST_URL_POSTFIX",
    "REST_FULL_REQUEST_PATH",
    "REST_SUB_REQUEST_PATH",
    "User-Agent",
    "Content-Type",
    "Cookie",
    "Authorization",
    "Referer",
    "$trp:Accept",
    "json-eval($)",
    "$body",
];

/// Finds a prolog, which cannot stand in a fragment.
pub(super) fn prolog(text: &str, context: &Context<'_>) -> Option<Diagnostic> {
    let trimmed = text.trim_start();
    let is_prolog = trimmed.starts_with("<?xml ") || trimmed.starts_with("<!DOCTYPE");
    if !is_prolog {
        return None;
    }
    let place = place_of(text, text.len().saturating_sub(trimmed.len()));
    let message = format!("The policy begins with an XML prolog ({}).", context.origin);
    let help = "Remove the line that begins with `<?xml` or `<!DOCTYPE`.";
    Some(error(context, codes::MEDIATION_PROLOG, place, message, help))
}

/// What a text that cannot be read tells its author.
pub(super) fn malformed(text: &str, error: &ReadError, context: &Context<'_>) -> Diagnostic {
    let ampersand = matches!(error.reason, Reason::NotWellFormed(_) | Reason::UnknownEntity(_))
        .then(|| ampersand(text))
        .flatten();
    if let Some((offset, excerpt)) = ampersand {
        let message = format!("An `&` is not escaped at `{excerpt}` ({}).", context.origin);
        let help =
            "Write `&amp;` for `&`, `&lt;` for `<` and `&quot;` for `\"`, also in the parameters.";
        let place = place_of(text, offset);
        return self::error(context, codes::MEDIATION_AMPERSAND, place, message, help);
    }
    let (code, help) = match error.reason {
        Reason::TooDeep
        | Reason::TooLarge
        | Reason::TooManyNodes
        | Reason::TooManyAttributes
        | Reason::NameTooLong => {
            (codes::MEDIATION_LIMIT, "Split it, or remove what is not needed.")
        }
        Reason::DoctypeRefused => {
            (codes::MEDIATION_PROLOG, "Remove the line that begins with `<!DOCTYPE`.")
        }
        Reason::UndeclaredPrefix(_) => {
            (codes::MEDIATION_SYNTAX, "Declare it with `xmlns:prefix=\"…\"` on the element.")
        }
        _ => (codes::MEDIATION_SYNTAX, "Mend the XML at this place."),
    };
    let message = format!("The XML cannot be read: {error} ({}).", context.origin);
    self::error(context, code, error.place, message, help)
}

fn error(
    context: &Context<'_>,
    code: &'static str,
    place: Place,
    message: String,
    help: &str,
) -> Diagnostic {
    let place = at(context, place);
    Diagnostic { severity: Severity::Error, code, place, message, help: help.to_owned() }
}

/// The first `&` that begins no reference, outside comments and CDATA, with what follows it.
fn ampersand(text: &str) -> Option<(usize, String)> {
    let mut offset = 0;
    while let Some(rest) = text.get(offset..) {
        let step = rest.find(['&', '<'])?;
        let found = rest.get(step..)?;
        offset = offset.saturating_add(step);
        let skipped = hidden(found);
        if skipped == 0 && found.starts_with('&') && !is_reference(found) {
            return Some((offset, excerpt(&found.chars().take(20).collect::<String>())));
        }
        offset = offset.saturating_add(skipped.max(1));
    }
    None
}

/// Bytes of a comment or CDATA section that begins here.
fn hidden(text: &str) -> usize {
    [("<!--", "-->"), ("<![CDATA[", "]]>")]
        .into_iter()
        .find(|(open, _)| text.starts_with(open))
        .map_or(0, |(_, close)| {
            text.find(close).map_or(text.len(), |end| end.saturating_add(close.len()))
        })
}

/// Whether an entity that XML knows, or a character by its number, begins here.
fn is_reference(text: &str) -> bool {
    let Some((name, _)) = text.strip_prefix('&').and_then(|rest| rest.split_once(';')) else {
        return false;
    };
    match name.strip_prefix('#') {
        Some(number) => {
            let digits = number.strip_prefix('x').unwrap_or(number);
            !digits.is_empty() && digits.chars().all(|at| at.is_ascii_hexdigit())
        }
        None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
    }
}

/// Line and column of a byte.
fn place_of(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: small(line), column: small(column) }
}

/// Whether a text is a URL, so that it is no expression.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, _)) = text.trim_start().split_once("://") else {
        return false;
    };
    let mut letters = scheme.chars();
    letters.next().is_some_and(|at| at.is_ascii_alphabetic())
        && letters.all(|at| at.is_ascii_alphanumeric() || "+-.".contains(at))
}

/// Warns of a regular expression that seems to ask for a part, where the whole value must match.
pub(super) fn substring(reader: &mut Reader<'_>, regex: &Attribute, source: &str) {
    let pattern = regex.value.trim();
    let is_long =
        source.trim() == "$body" || LONG_VALUES.iter().any(|value| source.contains(value));
    let is_part = half_anchored(pattern) || (is_long && is_plain(pattern));
    if !is_part {
        return;
    }
    let message = format!(
        "`regex=\"{}\"` matches only where it is the whole of `{}`",
        excerpt(pattern),
        excerpt(source.trim())
    );
    let help = "Write `.*` before and after it where a part is enough.";
    reader.warn(codes::REGEX_IS_SUBSTRING, regex.place, message, help);
}

/// `^/orders` or `json$`: anchored at one end, and with nothing open at the other.
fn half_anchored(pattern: &str) -> bool {
    let is_letter =
        |at: Option<char>| at.is_some_and(|at| at.is_alphanumeric() || "/-_".contains(at));
    match (pattern.strip_prefix('^'), pattern.strip_suffix('$')) {
        (Some(rest), None) => is_letter(rest.chars().next_back()),
        (None, Some(rest)) => is_letter(rest.chars().next()),
        _ => false,
    }
}

/// Without anything that repeats, groups or anchors, and no path or address of its own.
fn is_plain(pattern: &str) -> bool {
    !pattern.is_empty()
        && !pattern.contains(['*', '+', '?', '[', '(', '{', '|', '^', '$'])
        && !pattern.starts_with('/')
        && !pattern.contains("://")
}

/// Warns of steps after one that ends the flow.
pub(super) fn unreachable(reader: &mut Reader<'_>, sequence: &Sequence, places: &[Place]) {
    let Some(last) = sequence.steps.iter().position(|step| step.mediator.ends_flow()) else {
        return;
    };
    let rest = sequence.steps.iter().zip(places).skip(last.saturating_add(1));
    // `send` and then `drop` is an old habit, and does no harm.
    let unreached = rest.into_iter().find(|(step, _)| !matches!(step.mediator, Mediator::Drop));
    if let Some((_, place)) = unreached {
        reader.warn(
            codes::MEDIATION_UNREACHABLE,
            *place,
            "The steps from here on never run: a step before them ends the flow",
            "Move them before it, or remove them.",
        );
    }
}
