#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;

use super::{Moment, Pattern, date_text};

/// Tuesday, 14 November 2023, 22:13:20.123 in UTC.
const MOMENT: i64 = 1_700_000_000_123;

#[test]
fn simple_patterns() {
    for (pattern, expected) in [
        ("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "2023-11-14T22:13:20.123Z"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2023-11-14T22:13:20.123+0000"),
        ("EEE, d MMM yyyy HH:mm:ss z", "Tue, 14 Nov 2023 22:13:20 UTC"),
        ("EEEE d MMMM yy", "Tuesday 14 November 23"),
        ("h:mm a, K, k", "10:13 PM, 10, 22"),
        ("D F w YYYY G", "318 2 46 2023 AD"),
        ("SSSSS X", "00123 Z"),
        ("''yyyy'' 'o''clock'", "'2023' o'clock"),
        ("yyyyMMddHHmmssSSS", "20231114221320123"),
        ("", ""),
    ] {
        assert_eq!(date_text(MOMENT, pattern).as_deref(), Some(expected), "{pattern}");
    }
}

#[test]
fn what_is_no_pattern() {
    for pattern in ["yyyy-MM-dd'T", "bb", "j", &"y".repeat(17)] {
        assert_eq!(date_text(MOMENT, pattern), None, "{pattern}");
    }
    assert_eq!(date_text(i64::MAX, "yyyy"), None);
    assert_eq!(date_text(0, "yyyy").as_deref(), Some("1970"));
    assert_eq!(date_text(-1, "yyyy HH").as_deref(), Some("1969 23"));
}

#[test]
fn formatter_patterns() {
    let moment = Moment::at(MOMENT).unwrap();
    for (pattern, expected) in [
        ("uuuu-MM-dd HH:mm:ss.SSSSSS", Some("2023-11-14 22:13:20.123000")),
        ("S Q", Some("1 4")),
        ("yyyy z", None),
        ("yyyy Z", None),
    ] {
        let pattern = Pattern::of_formatter(pattern).unwrap();
        assert_eq!(pattern.format(&moment).as_deref(), expected, "{}", pattern.source());
    }
    assert!(Pattern::of_formatter("yyyy[-MM]").is_none());
}

#[test]
fn texts_are_read() {
    const OUT: &str = "yyyy-MM-dd HH:mm:ss.SSS";
    for (pattern, text, expected) in [
        ("yyyyMMddHHmmss", "20240229235959", Some("2024-02-29 23:59:59.000")),
        ("d/M/yy h:mm a", "1/2/03 12:05 AM", Some("2003-02-01 00:05:00.000")),
        ("d/M/yyyy h a", "11/12/2003 12 pm", Some("2003-12-11 12:00:00.000")),
        (
            "EEE, d MMM yyyy H:m:s.SSS",
            "Tue, 14 Nov 2023 2:3:4.050",
            Some("2023-11-14 02:03:04.050"),
        ),
        ("yyyy-DDD HH", "2024-060 07", Some("2024-02-29 07:00:00.000")),
        ("yyyy-MM-dd HH", "2023-02-29 07", None),
        ("yyyy-MM-dd HH", "2023-2-28 07", None),
        ("yyyy-MM-dd HH", "2023-02-28 07x", None),
        ("yyyy-MM-dd", "2023-02-28", None),
        ("HH:mm", "25:00", None),
    ] {
        let read = Pattern::of_formatter(pattern).unwrap().parse(text);
        let found = read.and_then(|it| Pattern::of_formatter(OUT).unwrap().format(&it));
        assert_eq!(found.as_deref(), expected, "{pattern} {text}");
    }
}

proptest! {
    #[test]
    fn no_pattern_makes_it_panic(time: i64, pattern in "[a-zA-Z'.: ]{0,12}", text: String) {
        let _found = date_text(time, &pattern);
        if let Some(pattern) = Pattern::of_formatter(&pattern) {
            let _found = pattern.parse(&text);
        }
    }

    #[test]
    fn what_is_written_is_read_again(time in 0..4_102_444_800_000_i64) {
        let pattern = Pattern::of_formatter("EEEE, dd MMMM yyyy HH:mm:ss.SSS").unwrap();
        let text = pattern.format(&Moment::at(time).unwrap()).unwrap();
        let again = pattern.parse(&text).unwrap();
        prop_assert_eq!(pattern.format(&again).unwrap(), text);
    }
}
