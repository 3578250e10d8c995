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

fn unquoted(text: &str) -> String {
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
