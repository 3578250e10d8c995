#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{EvaluationError, Expression, MAX_TEXT, Scope, Template};
use crate::budget::Budget;

const STEPS: u64 = 1_000_000;

struct Message {
    payload: Value,
    variables: Value,
}

impl Message {
    fn sample() -> Self {
        let users = json!([
            {"name": "Ann", "age": 17, "tags": ["a", "b"]},
            {"name": "Bob", "age": 30, "tags": []},
        ]);
        Self {
            payload: json!({
                "users": users, "first name": "Zoe", "n": 3, "d": 2.5, "none": null, "yes": true,
                "text": " Héllo ", "it's": 1, "in": {"a-b": 7},
            }),
            variables: json!({
                "i": 1, "least": 18, "key": "name", "who": "Bob", "quote": "x' || '1'=='1",
                "list": [1, 2, 3], "json": "{\"a\":{\"b\":[4]}}", "plain": "abc", "zero": 0,
                "last name": "Lee", "big": i64::MAX, "whole": 16.0,
            }),
        }
    }
}

impl Scope for Message {
    fn payload(&self) -> Option<Cow<'_, Value>> {
        Some(Cow::Borrowed(&self.payload))
    }
    fn variable(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.variables.get(name).map(Cow::Borrowed)
    }
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        name.eq_ignore_ascii_case("X-Region").then_some(Cow::Borrowed("eu"))
    }
    fn property(&self, scope: &str, name: &str) -> Option<Cow<'_, Value>> {
        match (scope, name) {
            ("synapse", "uri.var.id") => Some(Cow::Owned(json!("42"))),
            ("axis2", "HTTP_SC") => Some(Cow::Owned(json!(200))),
            ("synapse", "doc") => Some(Cow::Owned(json!({"a": [5]}))),
            _ => None,
        }
    }
    fn query_parameter(&self, name: &str) -> Option<String> {
        (name == "q").then(|| "fiction".to_owned())
    }
    fn path_parameter(&self, name: &str) -> Option<String> {
        (name == "id").then(|| "7".to_owned())
    }
    fn function_parameter(&self, name: &str) -> Option<Cow<'_, Value>> {
        (name == "p").then(|| Cow::Owned(json!({"x": 1})))
    }
    fn configuration(&self, name: &str) -> Option<String> {
        (name == "host").then(|| "example.org".to_owned())
    }
    fn registry(&self, path: &str) -> Option<String> {
        (path == "gov:/a.json").then(|| r#"{"student":{"name":"Kim"}}"#.to_owned())
    }
    fn registry_property(&self, path: &str, name: &str) -> Option<String> {
        Some(format!("{path}#{name}"))
    }
    fn secret(&self, alias: &str) -> Option<String> {
        (alias == "db").then(|| "hunter2".to_owned())
    }
    fn xpath(&self, path: &str) -> Result<String, String> {
        if path == "//bad[" { Err("unfinished".to_owned()) } else { Ok(format!("<{path}>")) }
    }
    fn now_ms(&self) -> i64 {
        1_700_000_000_123
    }
}

fn evaluate(text: &str) -> Result<Value, EvaluationError> {
    let expression = Expression::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.evaluate(&Message::sample(), &mut Budget::new(STEPS))
}

#[track_caller]
fn check(table: &[(&str, Value)]) {
    for (text, expected) in table {
        match evaluate(text) {
            Ok(found) => assert_eq!(found, *expected, "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[track_caller]
fn check_failures(table: &[(&str, &str)]) {
    for (text, expected) in table {
        match evaluate(text) {
            Ok(found) => panic!("{text} is {found}"),
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains(expected), "{text}: {message}");
            }
        }
    }
}

#[test]
fn literals_stand_for_themselves() {
    check(&[
        (r#""Hello World""#, json!("Hello World")),
        (r"'it\'s'", json!("it's")),
        (r#""a\tA😀\\""#, json!("a\tA😀\\")),
        ("123", json!(123)),
        ("123.4", json!(123.4)),
        ("-5", json!(-5)),
        (" true ", json!(true)),
        ("null", Value::Null),
        ("[1, 'a', vars.i]", json!([1, "a", 1])),
        ("[]", json!([])),
    ]);
}

#[test]
fn values_come_from_the_scope() {
    check(&[
        ("payload.n", json!(3)),
        ("$.n", json!(3)),
        ("payload[\"first name\"]", json!("Zoe")),
        ("payload['it\\'s']", json!(1)),
        ("payload.in['a-b']", json!(7)),
        ("$.users[1].name", json!("Bob")),
        ("vars.i", json!(1)),
        ("var.i", json!(1)),
        ("vars['last name']", json!("Lee")),
        ("vars.list[2]", json!(3)),
        ("vars.json.a.b[0]", json!(4)),
        ("vars.plain.a", Value::Null),
        ("headers[\"x-region\"]", json!("eu")),
        ("headers.Host", Value::Null),
        ("properties.synapse['uri.var.id']", json!("42")),
        ("props.axis2.HTTP_SC", json!(200)),
        ("props.synapse.doc.a[0]", json!(5)),
        ("params.queryParams.q", json!("fiction")),
        ("params.pathParams.id", json!("7")),
        ("params.functionParams.p.x", json!(1)),
        ("configs.host", json!("example.org")),
        ("registry('gov:/a.json').student.name", json!("Kim")),
        ("registry('gov:/a').property('k')", json!("gov:/a#k")),
        ("registry('none')", Value::Null),
        ("secret('db')", json!("hunter2")),
        ("wso2-vault('db')", json!("hunter2")),
        ("xpath('//a')", json!("<//a>")),
        ("payload.missing.deep", Value::Null),
        ("payload.none", Value::Null),
    ]);
}

#[test]
fn paths_take_values_from_the_scope() {
    check(&[
        ("payload.users[vars.i].name", json!("Bob")),
        ("payload.users[vars.i - 1].name", json!("Ann")),
        ("payload.users[0][vars.key]", json!("Ann")),
        ("payload.users[?(@.age >= 18)].name", json!(["Bob"])),
        ("payload.users[?(@.age >= vars.least)].name", json!(["Bob"])),
        ("payload.users[?(@.name == vars.who)].age", json!([30])),
        ("payload.users[?(@.name == 'vars.who')].age", json!([])),
        ("payload.users[?(@.name == toUpper('x') || @.age < 18)].name", json!(["Ann"])),
        ("payload.users[?(@.age in vars.list)]", json!([])),
        ("payload.users[?(@.name =~ /A.*[n\\]]/)].age", json!([17])),
        ("payload.users[*].age", json!([17, 30])),
        ("payload..name", json!(["Ann", "Bob"])),
        ("payload.users.length()", json!(2)),
        ("payload.users[0:1].name", json!(["Ann"])),
        ("payload.users[-1].name", json!("Bob")),
        ("array('[[1,2],[3]]')[0][1]", json!(2)),
        ("object(vars.json).a.b", json!([4])),
    ]);
}

#[test]
fn a_value_in_a_filter_stays_a_value() {
    check(&[("payload.users[?(@.name == vars.quote)]", json!([]))]);
}

#[test]
fn operators_bind_as_usual() {
    check(&[
        ("1 + 2 * 3", json!(7)),
        ("(1 + 2) * 3", json!(9)),
        ("10 - 2 - 3", json!(5)),
        ("-vars.i + 3", json!(2)),
        ("1 < 2 && 3 >= 3", json!(true)),
        ("true || false && false", json!(true)),
        ("true or false and false", json!(true)),
        ("1 == 2 == false", json!(true)),
        ("!(1 > 2)", json!(true)),
        ("vars.i > 18 ? 'Adult' : 'Child'", json!("Child")),
        ("false ? 1 : true ? 2 : 3", json!(2)),
        ("(vars.i + 5) > 3 && (payload.n - 3) < 4", json!(true)),
        ("vars.order == null", json!(true)),
    ]);
}

#[test]
fn whole_numbers_stay_whole_and_decimals_are_exact() {
    check(&[
        ("7 / 2", json!(3.5)),
        ("8 / 2", json!(4)),
        ("7 % 3", json!(1)),
        ("-7 % 3", json!(-1)),
        ("0.1 + 0.2", json!(0.3)),
        ("1.1 * 1.1", json!(1.21)),
        ("8.99 - 8", json!(0.99)),
        ("5.5 % 2", json!(1.5)),
        ("1.0 / 4", json!(0.25)),
        ("vars.big + 1", json!(9.223_372_036_854_776e18)),
        ("- vars.big", json!(-i64::MAX)),
    ]);
}

#[test]
fn plus_joins_texts() {
    check(&[
        ("'a' + 'b'", json!("ab")),
        ("'n=' + 3", json!("n=3")),
        ("1 + 2 + 'x'", json!("3x")),
        ("'is ' + true", json!("is true")),
    ]);
}

#[test]
fn equality_takes_anything() {
    check(&[
        ("1 == 1.0", json!(true)),
        ("1 == '1'", json!(true)),
        ("'a' != 'b'", json!(true)),
        ("payload.none == null", json!(true)),
        ("payload.n == null", json!(false)),
        ("null != null", json!(false)),
        ("vars.list == array('[1,2,3]')", json!(true)),
        ("true == 'true'", json!(true)),
    ]);
}

#[test]
fn logic_asks_no_more_than_it_must() {
    check(&[
        ("false && vars.zero / 0 > 1", json!(false)),
        ("true || 'x' > 1", json!(true)),
        ("exists(vars.none) ? vars.none : 'default'", json!("default")),
    ]);
}

#[test]
fn functions_of_texts() {
    check(&[
        ("length('text')", json!(4)),
        ("length('a😀')", json!(3)),
        ("length(vars.list)", json!(3)),
        ("toUpper('text')", json!("TEXT")),
        ("toLower('TEXT')", json!("text")),
        ("toLower(true)", json!("true")),
        ("subString('text', 2)", json!("xt")),
        ("subString('text', 0, 2)", json!("te")),
        ("subString('text', 4)", json!("")),
        ("subString('a😀b', 3)", json!("b")),
        ("startsWith('text', 'te')", json!(true)),
        ("endsWith('text', 'te')", json!(false)),
        ("contains('text', 'ex')", json!(true)),
        ("trim(payload.text)", json!("Héllo")),
        ("replace('text', 't', 'rr')", json!("rrexrr")),
        ("replace('ab', '', '-')", json!("-a-b-")),
        ("split('a,b,,', ',')", json!(["a", "b"])),
        ("split('a1b22c', '[0-9]+')", json!(["a", "b", "c"])),
        ("split('a.b', '\\\\.')", json!(["a", "b"])),
        ("split('abc', '')", json!(["a", "b", "c"])),
        ("split('', ',')", json!([""])),
        ("charAt('text', 2)", json!("x")),
        ("indexOf('text', 't')", json!(0)),
        ("indexOf('text', 't', 1)", json!(3)),
        ("indexOf('text', 'z')", json!(-1)),
        ("indexOf('a😀b', 'b', 2)", json!(3)),
        ("indexOf('text', 't', 99)", json!(-1)),
    ]);
}

#[test]
fn functions_of_numbers() {
    check(&[
        ("abs(-5)", json!(5)),
        ("abs(-5.5)", json!(5.5)),
        ("floor(3.7)", json!(3)),
        ("ceil(3.2)", json!(4)),
        ("ceil(-3.2)", json!(-3)),
        ("sqrt(16)", json!(4.0)),
        ("log(1)", json!(0.0)),
        ("pow(2, 3)", json!(8.0)),
        ("round(2.7543)", json!(3)),
        ("round(-2.5)", json!(-2)),
        ("round(2.7543, 2)", json!(2.75)),
        ("round(1.005, 2)", json!(1.01)),
        ("round(7, 2)", json!(7)),
    ]);
}

#[test]
fn functions_of_kinds() {
    check(&[
        ("isNumber(payload.n)", json!(true)),
        ("isNumber(vars.none)", json!(false)),
        ("isString('x')", json!(true)),
        ("isArray(vars.list)", json!(true)),
        ("isArray('[1]')", json!(true)),
        ("isObject(vars.json)", json!(true)),
        ("isObject('x')", json!(false)),
        ("integer('12')", json!(12)),
        ("integer(vars.whole)", json!(16)),
        ("float('1.5')", json!(1.5)),
        ("float(2)", json!(2.0)),
        ("string(12)", json!("12")),
        ("string(vars.list)", json!("[1,2,3]")),
        ("boolean('TRUE')", json!(true)),
        ("boolean('yes')", json!(false)),
        ("object('{\"a\":1}')", json!({"a": 1})),
        ("array('[1]')", json!([1])),
        ("not(payload.yes)", json!(false)),
        ("exists(payload.n)", json!(true)),
        ("exists(payload.none)", json!(false)),
        ("exists(toUpper(payload.users))", json!(false)),
    ]);
}

#[test]
fn functions_that_encode() {
    check(&[
        ("base64encode('text')", json!("dGV4dA==")),
        ("base64encode('é', 'ISO-8859-1')", json!("6Q==")),
        ("base64encode('a', 'utf-16')", json!("/v8AYQ==")),
        ("base64decode('dGV4dA==')", json!("text")),
        ("urlEncode('a b*~é/')", json!("a%20b%2A%7E%C3%A9%2F")),
        ("urlEncode('é', 'ISO-8859-1')", json!("%E9")),
        ("urlDecode('a%20b+c')", json!("a b c")),
    ]);
}

#[test]
fn functions_of_time() {
    check(&[
        ("now()", json!(1_700_000_000_123_i64)),
        ("formatDateTime(now(), 'yyyy-MM-dd')", json!("2023-11-14")),
        ("formatDateTime('29-09-1988', 'dd-MM-yyyy', 'yyyy MMM dd')", json!("1988 Sep 29")),
        (
            "formatDateTime('2024-02-29T23:05:07', \"yyyy-MM-dd'T'HH:mm:ss\", 'EEE d/M/yy h:mm a')",
            json!("Thu 29/2/24 11:05 PM"),
        ),
    ]);
}

#[test]
fn failures_name_what_failed() {
    check_failures(&[
        ("toUpper(payload.users)", "toUpper: the first argument must be a text, not an array"),
        ("length(vars.none)", "length: the first argument is missing"),
        ("subString('text', 9)", "subString: position 9 is outside"),
        ("subString('text', -1)", "subString: position -1"),
        ("subString('text', 3, 1)", "subString: the third argument"),
        ("subString('😀', 1)", "subString: position 1 is within a character"),
        ("charAt('a', 1)", "charAt: position 1 is outside"),
        ("integer('1.5')", "integer: the first argument"),
        ("object('[1]')", "object: the first argument"),
        ("base64decode('?')", "base64decode: this is no Base64"),
        ("urlDecode('%zz')", "urlDecode: a `%`"),
        ("base64encode('a', 'ebcdic')", "base64encode: the character set `ebcdic`"),
        ("sqrt(-1)", "sqrt: it has no finite value"),
        ("pow(10, 999)", "pow: it has no finite value"),
        ("log(0)", "log: it has no finite value"),
        ("split('a', '(.')", "split: `(.`"),
        ("formatDateTime('x', 'yyyy', 'yyyy')", "formatDateTime: the first argument is no date"),
        ("formatDateTime(now(), 'bb')", "formatDateTime: `bb`"),
        ("formatDateTime('10:00', 'HH:mm', 'yyyy')", "formatDateTime: `yyyy` asks for more"),
        ("secret('none')", "secret: there is no secret `none`"),
        ("xpath('//bad[')", "xpath: unfinished"),
        ("1 / 0", "`/` cannot divide by zero"),
        ("1.5 % 0", "`%` cannot divide by zero"),
        ("'1' > 0", "`>` cannot take a text and a number; make a number"),
        ("1 + null", "`+` cannot take a number and null"),
        ("'a' + vars.none", "`+` cannot take a text and null"),
        ("1 && true", "`&&` takes true or false, not a number"),
        ("true && 1", "`&&` takes true or false, not a number"),
        ("vars.none ? 1 : 2", "the condition of `? :` takes true or false, not null"),
        ("not('true')", "not: the first argument must be true or false"),
        ("-'a'", "`-` takes a number"),
    ]);
}

#[test]
fn mistakes_have_a_place_and_help() {
    let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
    let signs = "!".repeat(5000);
    let table = [
        ("", 0, "a value is missing"),
        ("1 +", 3, "a value is missing"),
        ("(1", 2, "`)` is missing"),
        ("1 = 2", 2, "compare with =="),
        ("true & false", 5, "use && or ||"),
        ("'abc", 0, "quote of this text is not closed"),
        (r"'\q'", 2, "escape is not known"),
        ("headers.Content-Type", 16, "`Type` is neither"),
        ("foo(1)", 0, "`foo` is neither"),
        ("foo", 0, "values begin with payload"),
        ("length()", 0, "length takes 1 arguments, not 0"),
        ("subString('a')", 0, "subString takes 2 to 3"),
        ("exists()", 0, "exists takes one"),
        ("params.header.x", 6, "is no kind of parameter"),
        ("props.transport.x", 5, "is no scope"),
        ("vars", 4, "name of a variable is missing"),
        ("payload.users[0", 15, "`]` is missing"),
        ("payload.users[?(@.a == 1)", 25, "`]` is missing"),
        ("payload.users.sort()", 14, "no function of a path"),
        ("true ? 1", 8, "`:` is missing"),
        ("headers.a.b", 9, "has no parts"),
        ("12abc", 2, "a number ends here"),
        (deep.as_str(), 0, "nests deeper"),
        (signs.as_str(), 0, "nests deeper"),
    ];
    for (text, offset, expected) in table {
        let Err(error) = Expression::compile(text) else { panic!("{text} is no mistake") };
        assert!(error.message.contains(expected), "{text}: {}", error.message);
        if offset > 0 {
            assert_eq!(error.offset, offset, "{text}");
        }
    }
}

#[test]
fn a_long_sum_is_no_deep_tree() {
    let text = vec!["1"; 20_000].join("+");
    assert_eq!(evaluate(&text), Ok(json!(20_000)));
}

#[test]
fn what_an_expression_needs_is_known() {
    for (text, reads, xpaths) in [
        ("payload.a", true, vec![]),
        ("$.a", true, vec![]),
        ("vars.a[?(@.b == payload.c)]", true, vec![]),
        ("vars.a + 'payload'", false, vec![]),
        ("xpath('//a') + xpath(\"//b\") + xpath(vars.p)", true, vec!["//a", "//b"]),
    ] {
        let expression = Expression::compile(text).unwrap();
        assert_eq!(expression.reads_payload(), reads, "{text}");
        assert_eq!(expression.xpaths().collect::<Vec<_>>(), xpaths, "{text}");
    }
}

#[test]
fn budgets_end() {
    let message = Message { payload: json!(vec![json!({"a": [1]}); 2000]), ..Message::sample() };
    for text in ["payload", "payload..*", "payload == 1", "length(string(payload))"] {
        let expression = Expression::compile(text).unwrap();
        let found = expression.evaluate(&message, &mut Budget::new(1000));
        assert!(matches!(found, Err(EvaluationError::Exhausted(_))), "{text}: {found:?}");
        let found = expression.text(&message, &mut Budget::new(1000));
        assert!(matches!(found, Err(EvaluationError::Exhausted(_))), "{text}: {found:?}");
    }
}

#[test]
fn texts_do_not_grow_without_bound() {
    let half = "x".repeat(MAX_TEXT / 2 + 1);
    let message = Message { payload: json!({"half": half}), ..Message::sample() };
    for text in [
        "payload.half + payload.half",
        "replace(payload.half, 'x', payload.half)",
        "replace(payload.half, '', 'xxx')",
        "urlEncode(replace(payload.half, 'x', '~'))",
    ] {
        let expression = Expression::compile(text).unwrap();
        let found = expression.evaluate(&message, &mut Budget::new(100_000_000));
        let error = found.unwrap_err().to_string();
        assert!(error.contains("1 MiB"), "{text}: {error}");
    }
}

#[test]
fn templates_put_values_into_text() {
    for (text, expected) in [
        ("plain", "plain"),
        ("${payload.n}", "3"),
        ("a ${vars.i}/${headers['X-Region']} b", "a 1/eu b"),
        ("${vars.none}${payload.none}.", "."),
        (r"\${payload.n} ${payload.n}", "${payload.n} 3"),
        ("${'}' + \"{\\\"}\"}", "}{\"}"),
        ("$ {x} $5 }", "$ {x} $5 }"),
        ("${vars.list}", "[1,2,3]"),
        ("${payload.users[?(@.age > 18)].name}", "[\"Bob\"]"),
        ("é${1.0}é", "é1.0é"),
    ] {
        let template = Template::compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let found = template.text(&Message::sample(), &mut Budget::new(STEPS));
        assert_eq!(found, Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn templates_know_what_they_need() {
    let constant = Template::compile(r"a \${payload}").unwrap();
    assert!(constant.is_constant() && !constant.reads_payload());
    let reads = Template::compile("a ${xpath('//b')}").unwrap();
    assert!(!reads.is_constant() && reads.reads_payload());
    assert_eq!(reads.xpaths().collect::<Vec<_>>(), ["//b"]);
    assert_eq!(reads.parts().count(), 2);
}

#[test]
fn mistakes_in_templates_have_their_place_in_the_whole() {
    for (text, offset, expected) in [
        ("ab ${payload.n", 5, "the `}` that closes"),
        ("ab ${}", 5, "a value is missing"),
        ("${1} ${1 = 2}", 9, "compare with =="),
    ] {
        let error = Template::compile(text).unwrap_err();
        assert_eq!(error.offset, offset, "{text}");
        assert!(error.message.contains(expected), "{text}: {error}");
    }
}

/// Pieces of which many make expressions, and many do not.
fn pieces() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "payload",
        "$",
        ".",
        "..",
        "[",
        "]",
        "(",
        ")",
        "?",
        ":",
        "@.a",
        "vars.i",
        "vars.list",
        "'x'",
        "1",
        "-",
        "2.5",
        "+",
        "*",
        "/",
        "%",
        "==",
        ">",
        "&&",
        "or",
        "!",
        "length",
        "round",
        "subString",
        "formatDateTime",
        "now()",
        "split",
        ",",
        " ",
        "null",
        "true",
        "é",
        "\\",
        "=~ /a/",
        "${",
        "}",
        "users",
    ]);
    prop::collection::vec(words, 0..24).prop_map(|it| it.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![pieces(), any::<String>()]) {
        let message = Message::sample();
        if let Ok(expression) = Expression::compile(&text) {
            let _found = expression.evaluate(&message, &mut Budget::new(10_000));
        }
        if let Ok(template) = Template::compile(&format!("${{{text}}}")) {
            let _found = template.text(&message, &mut Budget::new(10_000));
        }
    }

    #[test]
    fn no_text_in_a_function_makes_it_panic(text: String, other: String, from: i64, to: i64) {
        let quote = |it: &str| serde_json::to_string(it).unwrap_or_default();
        let (text, other) = (quote(&text), quote(&other));
        for call in [
            format!("subString({text}, {from}, {to})"), format!("charAt({text}, {from})"),
            format!("indexOf({text}, {other}, {from})"), format!("replace({text}, {other}, {text})"),
            format!("split({text}, {other})"), format!("urlDecode({text})"), format!("base64decode({text})"),
            format!("urlDecode(urlEncode({text}))"), format!("formatDateTime({from}, {text})"),
            format!("formatDateTime({text}, {other}, {text})"), format!("round({from}, {to})"),
            format!("payload[{text}]"), format!("vars.list[?(@ == {text})]"), format!("{from} * {to}"),
        ] {
            if let Ok(expression) = Expression::compile(&call) {
                let _found = expression.evaluate(&Message::sample(), &mut Budget::new(10_000));
            }
        }
    }
}
