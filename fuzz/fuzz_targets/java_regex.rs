//! Any text is read as a regular expression in Java's dialect and looked for in another one: no
//! panic; whatever matches as a whole is found too, and groups lie in the text.

#![no_main]

use expression::JavaRegex;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (pattern, text, replacement) = input;
    let regex = match JavaRegex::compile(pattern) {
        Ok(regex) => regex,
        Err(error) => return assert!(error.offset <= pattern.len()),
    };
    let (Ok(whole), Ok(part)) = (regex.matches(text), regex.find(text)) else { return };
    assert!(part || !whole, "what matches as a whole is found");
    if let Ok(groups) = regex.captures(text) {
        assert_eq!(groups.is_some(), whole);
        for group in groups.iter().flat_map(|groups| {
            (0..=regex.group_count()).filter_map(|index| groups.text(index))
        }) {
            assert!(text.contains(group));
        }
    }
    let _parts = regex.split(text);
    if regex.check_replacement(replacement).is_ok() {
        let _replaced = regex.replace_all(text, replacement);
    }
});
