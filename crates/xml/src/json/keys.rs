//! Keys as names and back.
//!
//! WSO2 marks a leading `$` as `_JsonReader_PS_` and a leading digit as `_JsonReader_PD_`; with
//! its setting `buildValidNCNames`, any other character becomes `_JsonReader_` with its code and
//! `_`.
//! Here that is always done, and done to `_` too where a key holds such a mark itself, so that
//! every key comes back.

use std::borrow::Cow;

use crate::name;

const MARK: &str = "_JsonReader_";
const DOLLAR: &str = "_JsonReader_PS_";
const DIGIT: &str = "_JsonReader_PD_";

/// The name of an element for a key.
pub(super) fn encode(key: &str) -> Cow<'_, str> {
    if name::is_ncname(key) && !key.contains(MARK) {
        return Cow::Borrowed(key);
    }
    let mut name = String::with_capacity(key.len() + DOLLAR.len());
    let mut rest = key;
    if key.is_empty() || key.starts_with(|first: char| first.is_ascii_digit()) {
        name.push_str(DIGIT);
    } else if let Some(behind) = key.strip_prefix('$') {
        name.push_str(DOLLAR);
        rest = behind;
    }
    while let Some(character) = rest.chars().next() {
        let starts = !name.is_empty() || name::is_name_start(character);
        if starts && name::is_name_character(character) && !rest.starts_with(MARK) {
            name.push(character);
        } else {
            push_code(&mut name, character);
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    Cow::Owned(name)
}

/// The name of an attribute for a key without its `@`.
pub(super) fn encode_attribute(key: &str) -> Cow<'_, str> {
    match key.strip_prefix('x') {
        Some("mlns") => Cow::Owned(format!("{MARK}{}_mlns", u32::from('x'))),
        _ => encode(key),
    }
}

/// The key that a name was made of.
pub(super) fn decode(name: &str) -> Cow<'_, str> {
    if !name.contains(MARK) {
        return Cow::Borrowed(name);
    }
    let (first, mut rest) = match (name.strip_prefix(DOLLAR), name.strip_prefix(DIGIT)) {
        (Some(rest), _) => ("$", rest),
        (_, Some(rest)) => ("", rest),
        _ => ("", name),
    };
    let mut key = String::from(first);
    while let Some((before, behind)) = rest.split_once(MARK) {
        key.push_str(before);
        if let Some((character, behind)) = code(behind) {
            key.push(character);
            rest = behind;
        } else {
            // The last mark of this one may begin the next one.
            key.push('_');
            rest = rest.get(before.len() + 1..).unwrap_or_default();
        }
    }
    key.push_str(rest);
    Cow::Owned(key)
}

fn push_code(name: &mut String, character: char) {
    name.push_str(MARK);
    name.push_str(&u32::from(character).to_string());
    name.push('_');
}

/// The character whose code and `_` a text begins with, and what stands behind.
fn code(text: &str) -> Option<(char, &str)> {
    let end = text.bytes().take(8).position(|byte| byte == b'_')?;
    let (digits, rest) = text.split_at_checked(end)?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    let character = digits.parse().ok().filter(|_| is_number).and_then(char::from_u32)?;
    Some((character, rest.strip_prefix('_')?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_those_of_wso2() {
        let cases = [
            ("a", "a"),
            ("$key", "_JsonReader_PS_key"),
            ("32X32", "_JsonReader_PD_32X32"),
            ("abc def", "abc_JsonReader_32_def"),
            ("soap:Body", "soap_JsonReader_58_Body"),
            ("", "_JsonReader_PD_"),
            ("-a", "_JsonReader_45_a"),
            ("@a", "_JsonReader_64_a"),
            ("_JsonReader_PS_a", "_JsonReader_95_JsonReader_PS_a"),
            ("$1", "_JsonReader_PS_1"),
            ("_JsonReader", "_JsonReader"),
        ];
        for (key, name) in cases {
            assert_eq!(encode(key), name);
            assert_eq!(decode(name), key);
        }
        assert_eq!(encode_attribute("xmlns"), "_JsonReader_120_mlns");
        assert_eq!(decode("_JsonReader_120_mlns"), "xmlns");
        for name in
            ["_JsonReader_", "_JsonReader_x_", "_JsonReader_55296_", "_JsonReader_9999999999_"]
        {
            assert_eq!(decode(name), name);
        }
    }

    proptest! {
        #[test]
        fn any_key_comes_back(key in any::<String>()) {
            prop_assert!(name::is_ncname(&encode(&key)));
            let encoded = encode(&key).into_owned();
            prop_assert_eq!(decode(&encoded), key);
        }

        #[test]
        fn keys_like_names_come_back(key in "(_|JsonReader|_JsonReader_|PS|PD|32|[$: 1a]){0,6}") {
            prop_assert!(name::is_ncname(&encode(&key)));
            let encoded = encode(&key).into_owned();
            prop_assert_eq!(decode(&encoded), key);
        }
    }
}
