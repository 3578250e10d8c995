//! What is put in the place of a match: `$1`, `${name}`, `\$`.

use crate::SyntaxError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Group(usize),
}

/// Reads a replacement; `group` finds the number of a name, `count` is the highest number.
pub(super) fn parse(
    text: &str,
    count: usize,
    group: impl Fn(&str) -> Option<usize>,
) -> Result<Vec<Part>, SyntaxError> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let at = text.len() - rest.len();
        let after = rest.strip_prefix(next).unwrap_or_default();
        match next {
            '\\' => {
                let Some(character) = after.chars().next() else {
                    return Err(SyntaxError::new(at, "a character is expected after `\\`"));
                };
                plain.push(character);
                rest = after.strip_prefix(character).unwrap_or_default();
            }
            '$' => {
                let Some((number, left)) = reference(after, count, &group) else {
                    let message = "after `$` the number or the `{name}` of a group is expected; \
                                   write `\\$` for the character";
                    return Err(SyntaxError::new(at, message));
                };
                parts.extend(filled(std::mem::take(&mut plain)));
                parts.push(Part::Group(number));
                rest = left;
            }
            character => {
                plain.push(character);
                rest = after;
            }
        }
    }
    parts.extend(filled(plain));
    Ok(parts)
}

fn filled(text: String) -> Option<Part> {
    if text.is_empty() { None } else { Some(Part::Text(text)) }
}

/// The group that is meant, and what follows.
fn reference<'t>(
    text: &'t str,
    count: usize,
    group: &impl Fn(&str) -> Option<usize>,
) -> Option<(usize, &'t str)> {
    if let Some(named) = text.strip_prefix('{') {
        let (name, rest) = named.split_once('}')?;
        return Some((group(name)?, rest));
    }
    let mut number: Option<usize> = None;
    let mut rest = text;
    while let Some(next) = rest.chars().next()
        && let Some(digit) = next.to_digit(10)
    {
        let longer = number.unwrap_or(0) * 10 + digit as usize;
        if longer > count {
            break;
        }
        number = Some(longer);
        rest = rest.strip_prefix(next).unwrap_or_default();
    }
    number.map(|number| (number, rest))
}
