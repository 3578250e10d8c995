//! The XML declaration (§2.8).

use super::Reason;
use super::attributes;
use super::characters::shorten;

/// Checks what stands between `<?xml` and `?>`.
pub(super) fn check(inner: &str) -> Result<(), Reason> {
    let parts = attributes::split(inner, 3).map_err(|(_, reason)| reason)?;
    let mut parts = parts.iter().map(|part| (part.name, part.value)).peekable();
    match parts.next() {
        Some(("version", version)) if is_version(version) => {}
        Some(("version", "1.1")) => return Err(malformed("XML 1.1 is not supported; use 1.0")),
        _ => return Err(malformed("the XML declaration does not begin with version=\"1.0\"")),
    }
    parts.next_if(|(name, value)| *name == "encoding" && is_encoding(value));
    parts.next_if(|(name, value)| *name == "standalone" && matches!(*value, "yes" | "no"));
    match parts.next() {
        None => Ok(()),
        Some((name, _)) => Err(Reason::NotWellFormed(format!(
            "{} in the XML declaration is not known, not in its place, or has a wrong value",
            shorten(name)
        ))),
    }
}

/// The encoding that the beginning of a document declares.
pub(super) fn encoding(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("<?xml")?.split_once("?>")?.0;
    let parts = attributes::split(inner, 3).ok()?;
    parts.iter().find(|part| part.name == "encoding").map(|part| part.value)
}

/// `1.0`, or a later one that is to be read as such (§2.8, since the fifth edition).
fn is_version(version: &str) -> bool {
    let minor = version.strip_prefix("1.").filter(|_| version != "1.1");
    minor.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

fn is_encoding(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|mark| mark.is_ascii_alphanumeric() || "._-".contains(mark))
}

fn malformed(message: &str) -> Reason {
    Reason::NotWellFormed(message.to_owned())
}
