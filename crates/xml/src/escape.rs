//! Escaping text for XML 1.0 (§2.2, §2.4).

use std::borrow::Cow;

/// Escapes text for element content and attribute values.
///
/// Characters that XML 1.0 cannot hold at all become U+FFFD.
#[must_use]
pub fn text(raw: &str) -> Cow<'_, str> {
    if raw.chars().all(|character| !needs_escape(character)) {
        return Cow::Borrowed(raw);
    }
    let mut escaped = String::with_capacity(raw.len() + 16);
    for character in raw.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            other if is_forbidden(other) => escaped.push('\u{FFFD}'),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// Writes text between tags, so that a reader gets it back.
///
/// Characters that XML 1.0 cannot hold at all become U+FFFD.
pub(crate) fn push_content(out: &mut String, raw: &str) {
    push(out, raw, |character| matches!(character, '&' | '<' | '>' | '\r'));
}

/// Writes the value of an attribute between double quotes, so that a reader gets it back.
///
/// Characters that XML 1.0 cannot hold at all become U+FFFD.
pub(crate) fn push_value(out: &mut String, raw: &str) {
    push(out, raw, |character| matches!(character, '&' | '<' | '>' | '"' | '\t' | '\n' | '\r'));
}

/// Writes what can hold no references: comments and instructions.
pub(crate) fn push_plain(out: &mut String, raw: &str) {
    push(out, raw, |_| false);
}

fn push(out: &mut String, raw: &str, is_marked: fn(char) -> bool) {
    let mut rest = raw;
    while let Some(at) = rest.find(|mark| is_marked(mark) || is_forbidden(mark)) {
        let (before, behind) = rest.split_at(at);
        let mut behind = behind.chars();
        out.push_str(before);
        out.push_str(behind.next().map_or("", reference));
        rest = behind.as_str();
    }
    out.push_str(rest);
}

fn reference(character: char) -> &'static str {
    match character {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\t' => "&#9;",
        '\n' => "&#10;",
        '\r' => "&#13;",
        _ => "\u{FFFD}",
    }
}

fn needs_escape(character: char) -> bool {
    matches!(character, '&' | '<' | '>' | '"' | '\'') || is_forbidden(character)
}

fn is_forbidden(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_escaped() {
        assert_eq!(text(r#"a<b & "c"'"#), "a&lt;b &amp; &quot;c&quot;&apos;");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(text("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn places_differ_in_what_they_need() {
        let raw = "a<b>&\"'\t\n\r\u{1}z";
        let written = |push: fn(&mut String, &str)| {
            let mut out = String::new();
            push(&mut out, raw);
            out
        };
        assert_eq!(written(push_content), "a&lt;b&gt;&amp;\"'\t\n&#13;\u{FFFD}z");
        assert_eq!(written(push_value), "a&lt;b&gt;&amp;&quot;'&#9;&#10;&#13;\u{FFFD}z");
        assert_eq!(written(push_plain), "a<b>&\"'\t\n\r\u{FFFD}z");
    }

    proptest! {
        #[test]
        fn nothing_escapes_the_element(raw in any::<String>()) {
            let escaped = text(&raw);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'', '\0']));
        }
    }
}
