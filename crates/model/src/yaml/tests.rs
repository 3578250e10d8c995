#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(text: &str) -> Value {
    parse("a.yaml", text.as_bytes()).unwrap()
}

#[track_caller]
fn refused(text: &str, expect: &str) {
    assert_eq!(parse("a.yaml", text.as_bytes()).unwrap_err().to_string(), expect);
}

#[test]
fn scalars_mean_what_yaml_1_1_says() {
    let text = "a: yes\nb: on\nc: Off\nd: no\ne: true\nf: 1\ng: 1.5\nh: ~\ni: 0123\nj: 1.0.0\nk: 2021-04-05\nl: 1_000\n";
    let expect = json!({"a": true, "b": true, "c": false, "d": false, "e": true, "f": 1, "g": 1.5,
        "h": null, "i": "0123", "j": "1.0.0", "k": "2021-04-05", "l": "1_000"});
    assert_eq!(read(text), expect);
}

#[test]
fn quoted_words_are_text() {
    assert_eq!(read("a: \"yes\"\nb: '1'\n"), json!({"a": "yes", "b": "1"}));
}

#[test]
fn numbers_as_keys_become_text() {
    assert_eq!(read("200: ok\n404: no such thing\n"), json!({"200": "ok", "404": "no such thing"}));
}

#[test]
fn order_is_kept() {
    let value = read("z: 1\na: 2\nm: 3\n");
    assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["z", "a", "m"]);
}

#[test]
fn anchors_and_merge_keys_are_expanded() {
    let value = read("base: &b {x: 1}\nuse:\n  <<: *b\n  y: 2\n");
    assert_eq!(value["use"], json!({"x": 1, "y": 2}));
}

#[test]
fn an_empty_document_is_null() {
    assert_eq!(read(" \n"), Value::Null);
    assert_eq!(read("# only a comment\n"), Value::Null);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(read("\u{feff}a: 1"), json!({"a": 1}));
}

#[test]
fn duplicate_keys_are_refused() {
    refused(
        "a: 1\nb: 2\na: 3\n",
        "error[PR002]: duplicate mapping key `a` is not allowed here\n  --> a.yaml:3:1\n  help: Mend the text at this place.",
    );
    assert!(parse("a.json", br#"{"a": 1, "a": 2}"#).is_err());
}

#[test]
fn a_second_document_is_refused() {
    assert!(parse("a.yaml", b"a: 1\n---\nb: 2\n").is_err());
}

#[test]
fn alias_bombs_are_refused() {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..10 {
        let before = level - 1;
        let items = vec![format!("*a{before}"); 9].join(",");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let problem = parse("a.yaml", text.as_bytes()).unwrap_err();
    assert!(matches!(problem.code, codes::BUDGET | codes::SYNTAX), "{problem}");
}

#[test]
fn deep_nesting_is_refused() {
    for depth in [66, 80, MAX_DEPTH + 1, 200, 100_000] {
        assert!(parse("a.yaml", "[".repeat(depth).as_bytes()).is_err());
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse("a.yaml", nested.as_bytes()).is_err());
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(parse("a.yaml", b"a: \xff").unwrap_err().code, codes::NOT_TEXT);
}

#[test]
fn what_is_written() {
    let value = json!({
        "version": "1.0.0", "flag": "true", "zeros": "0123", "empty": "", "yes": "yes", "n": "null",
        "number": "1", "float": "1e3", "date": "2021-04-05 17:51:59.909", "list": [1, true, null],
        "none": [], "nothing": {}, "nested": [{"url": "http://a:8080/{x}", "k": "- a"}],
        "lines": "one\ntwo\n", "hash": "a #b", "colon": "a: b", "star": "*", "tilde": "~",
    });
    let expect = r#"version: "1.0.0"
flag: "true"
zeros: "0123"
empty: ""
"yes": "yes"
"n": "null"
number: "1"
float: "1e3"
date: "2021-04-05 17:51:59.909"
list:
- 1
- true
- null
none: []
nothing: {}
nested:
- url: http://a:8080/{x}
  k: "- a"
lines: |
  one
  two
hash: "a #b"
colon: "a: b"
star: "*"
tilde: "~"
"#;
    let text = to_yaml(&value);
    assert_eq!(text, expect);
    assert_eq!(read(&text), value);
}

#[test]
fn json_keeps_order_and_ends_with_a_newline() {
    let text = to_json(&json!({"b": 1, "a": "1.0"}));
    assert_eq!(text, "{\n  \"b\": 1,\n  \"a\": \"1.0\"\n}\n");
    assert_eq!(read(&text), json!({"b": 1, "a": "1.0"}));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9f64).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[ \\n\\t#:\\-'\"0-9a-z*&!|>{}\\[\\],]{0,10}".prop_map(Value::from),
        proptest::sample::select(vec![
            "1.0.0",
            "true",
            "0123",
            "",
            "1_0",
            "yes",
            ".inf",
            "0x1F",
            "~",
            "1:30",
            "=",
            "<<",
            "2021-04-05"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-z0-9 .:<~-]{0,6}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in values()) {
        let text = to_yaml(&value);
        let back = parse("a.yaml", text.as_bytes());
        prop_assert!(back.as_ref() == Ok(&value), "{text:?} gave {back:?}");
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}|[a-c:\\- \\n&*\\[\\]{},\"'|>#?!%]{0,40}") {
        let read = parse("a.yaml", text.as_bytes());
        prop_assert!(read.is_ok() || read.is_err());
    }
}

#[test]
fn json_is_read_however_it_is_laid_out() {
    let value = json!({"paths": {"/a": {"get": {"tags": ["a", "b"], "summary": "é \u{1F355} \" \\ / \t"}}}, "empty": {}, "n": -1.5e3});
    for text in [
        serde_json::to_string(&value).unwrap(),
        serde_json::to_string_pretty(&value).unwrap(),
        serde_json::to_string_pretty(&value).unwrap().replace("  ", "\t"),
        serde_json::to_string_pretty(&value).unwrap().replace('\n', "\r\n"),
        r#"{"paths":{"\/a":{"get":{"tags":["a","b"],"summary":"\u00e9 \ud83c\udf55 \" \\ \/ \t"}}},"empty":{},"n":-1.5e3}"#.to_owned(),
    ] {
        assert_eq!(parse("a.json", text.as_bytes()).as_ref(), Ok(&value), "{text}");
    }
}

#[test]
fn a_long_line_of_json_is_read() {
    let value: Value =
        (0..5_000).map(|n| (format!("key{n}"), json!({"a": [n, {"b": "c"}]}))).collect();
    assert_eq!(parse("a.json", value.to_string().as_bytes()), Ok(value));
}
