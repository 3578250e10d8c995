//! `Prefer` (RFC 7240 §2): which answer the client wants to see.

/// What the client prefers; the first of each counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefer {
    /// `code=404`, as it was written.
    pub code: Option<String>,
    /// `example=name`.
    pub example: Option<String>,
    /// `dynamic=true`.
    pub is_dynamic: bool,
}

impl Prefer {
    /// Reads the values of all `Prefer` fields; what is meant for others is passed over.
    #[must_use]
    pub fn parse<'a>(fields: impl IntoIterator<Item = &'a str>) -> Self {
        let mut prefer = Self::default();
        let mut dynamic = None;
        for field in fields {
            for preference in split(field, ',') {
                // Parameters of a preference mean nothing here.
                let first = split(&preference, ';').into_iter().next().unwrap_or_default();
                let (name, value) = first.split_once('=').unwrap_or((&first, ""));
                let value = unquoted(value.trim());
                match name.trim().to_ascii_lowercase().as_str() {
                    "code" => drop(prefer.code.get_or_insert(value)),
                    "example" => drop(prefer.example.get_or_insert(value)),
                    "dynamic" => drop(dynamic.get_or_insert(value)),
                    _ => {}
                }
            }
        }
        prefer.is_dynamic = dynamic.is_some_and(|value| !value.eq_ignore_ascii_case("false"));
        prefer
    }
}

impl Prefer {
    /// Whether nothing is preferred.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.code.is_none() && self.example.is_none() && !self.is_dynamic
    }

    /// What `Preference-Applied` says (RFC 7240 §3) of an answer that was chosen by these;
    /// `None` where there is nothing to say.
    pub(crate) fn applied(&self, is_made: bool) -> Option<String> {
        let pair =
            |name: &str, value: &str| is_shown(value).then(|| format!("{name}={}", quoted(value)));
        let code = self.code.as_deref().and_then(|code| pair("code", code.trim()));
        let example = self.example.as_deref().and_then(|name| pair("example", name));
        let made = is_made.then(|| "dynamic=true".to_owned());
        let all: Vec<String> = [code, example, made].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

/// Whether a text can stand in a header.
fn is_shown(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// A text as a token where it is one, else in quotes (RFC 9110 §5.6.4).
fn quoted(text: &str) -> String {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_token) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The parts between separators that are not in quotes.
pub(crate) fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut is_quoted, mut is_escaped) = (vec![String::new()], false, false);
    for letter in text.chars() {
        if letter == separator && !is_quoted {
            parts.push(String::new());
            continue;
        }
        is_quoted ^= letter == '"' && !is_escaped;
        is_escaped = is_quoted && letter == '\\' && !is_escaped;
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

/// A text without the quotes around it.
pub(crate) fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let (mut out, mut letters) = (String::new(), inner.chars());
    while let Some(letter) = letters.next() {
        out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    out
}

#[cfg(test)]
mod tests;
