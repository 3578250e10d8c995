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

    proptest! {
        #[test]
        fn nothing_escapes_the_element(raw in any::<String>()) {
            let escaped = text(&raw);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'', '\0']));
        }
    }
}
