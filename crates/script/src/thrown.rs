//! What a script threw.

use rquickjs::{Coerced, Ctx, Error};

use crate::engine::FILE;
use crate::error::ErrorKind;

/// The longest text of an error that is kept, in characters.
const LONGEST_MESSAGE: usize = 500;

/// What was thrown, as far as it can be told.
#[derive(Debug)]
pub(crate) struct Thrown {
    pub(crate) kind: ErrorKind,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) message: String,
    /// Whether it is `null`, which the engine has also where there is no memory left.
    pub(crate) is_null: bool,
}

impl Thrown {
    pub(crate) fn plain(message: String) -> Self {
        Self { kind: ErrorKind::Thrown, line: 0, column: 0, message, is_null: false }
    }

    pub(crate) fn output() -> Self {
        let message = "it changed or printed more than it may".to_owned();
        Self { kind: ErrorKind::Output, ..Self::plain(message) }
    }

    pub(crate) fn of(ctx: &Ctx<'_>, error: &Error) -> Self {
        if matches!(error, Error::Allocation) {
            return Self { kind: ErrorKind::Memory, ..Self::plain("out of memory".to_owned()) };
        }
        if !error.is_exception() && !ctx.has_exception() {
            return Self::plain(error.to_string());
        }
        let value = ctx.catch();
        if value.is_null() {
            // The engine has nothing else left where there is no memory for an error either.
            let plain = Self::plain("out of memory, or `null` was thrown".to_owned());
            return Self { is_null: true, kind: ErrorKind::Memory, ..plain };
        }
        let Some(object) = value.as_object().filter(|object| object.is_error()) else {
            let text = value.get::<Coerced<String>>().map(|text| text.0);
            ctx.catch();
            return Self::plain(shortened(&text.unwrap_or_else(|_| "an object".to_owned())));
        };
        let part = |name: &str| object.get::<_, Coerced<String>>(name).map(|it| it.0).ok();
        let name = part("name").unwrap_or_else(|| "Error".to_owned());
        let message = part("message").unwrap_or_default();
        let (line, column) = place(&part("stack").unwrap_or_default());
        ctx.catch();
        let kind = match (name.as_str(), message.as_str()) {
            ("InternalError", "out of memory") => ErrorKind::Memory,
            ("RangeError", "Maximum call stack size exceeded")
            | ("InternalError", "stack overflow") => ErrorKind::Stack,
            _ => ErrorKind::Thrown,
        };
        Self { line, column, kind, ..Self::plain(shortened(&format!("{name}: {message}"))) }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

/// Line and column of the innermost place of a trace that is in the script.
fn place(trace: &str) -> (u32, u32) {
    let line = trace.lines().find_map(|line| {
        let (_, place) = line.rsplit_once(&format!("{FILE}:"))?;
        let (line, column) = place.trim_end_matches(')').split_once(':').unwrap_or((place, "0"));
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    line.unwrap_or((0, 0))
}
