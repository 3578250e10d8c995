//! Which language a text is in, and that the short ways give what the long ones do (spec/02 §3.1).

use std::sync::Arc;

use xml::tree::Namespaces;

use super::*;
use crate::limits::Limits;
use crate::property::Value;
use crate::testing::{Ask, Gateway};

fn compile(text: &str) -> Expression {
    Expression::compile(text, &Namespaces::new()).expect("it is sound")
}

/// Value, text and truth of an expression.
fn ask(expression: &Expression, body: &str) -> (Option<String>, Option<Arc<str>>, bool) {
    let mut message = Ask::json(body).message();
    message.payload.load(body.as_bytes().to_vec().into());
    message.properties.set(&Arc::from("flag"), Value::Boolean(false));
    message.properties.set(&Arc::from("text"), Value::text_of("false"));
    message.properties.set(&Arc::from("empty"), Value::text_of(""));
    message.properties.set(&Arc::from("number"), Value::Integer(0));
    let (host, limits) = (Gateway::default(), Limits::default());
    message.payload.prepare(expression.need(), &limits).expect("a body");
    let at = Moment { message: &message, host: &host, limits: &limits };
    let value = expression.value(at).expect("a value").map(|it| it.text().as_ref().to_owned());
    (value, expression.text(at).expect("a text"), expression.holds(at).expect("a truth"))
}

#[test]
fn languages() {
    for (text, kind, need) in [
        ("$ctx:api.ut.userName", "Property", Need::Nothing),
        ("$axis2:REST_URL_POSTFIX", "Property", Need::Nothing),
        ("$trp:Content-Type", "Header", Need::Nothing),
        ("$url:a", "Query", Need::Nothing),
        ("$var:a", "Variable", Need::Nothing),
        (" get-property('To') ", "Nullable", Need::Nothing),
        ("get-property(\"axis2\", 'a')", "Nullable", Need::Nothing),
        ("get-property('SYSTEM_DATE', 'yyyy')", "XPath", Need::Nothing),
        ("get-property(concat('a', 'b'))", "XPath", Need::Nothing),
        ("fn:concat('a,', $trp:B, get-property('c'))", "Concat", Need::Nothing),
        ("concat('a', //b)", "XPath", Need::Xml),
        ("'a'", "Literal", Need::Nothing),
        ("'a' = 'b'", "XPath", Need::Nothing),
        ("boolean($trp:A)", "Boolean", Need::Nothing),
        ("not($ctx:a)", "Not", Need::Nothing),
        ("string($ctx:a)", "Concat", Need::Nothing),
        ("$body", "XPath", Need::Xml),
        ("count(//a)", "XPath", Need::Xml),
        ("contains($axis2:A, '/')", "XPath", Need::Nothing),
        ("json-eval($.a)", "JsonPath", Need::Field),
        ("json-eval($..a)", "JsonPath", Need::Json),
        ("json-eval($ctx:p.a[0])", "JsonOf", Need::Nothing),
        ("${payload.a}", "Synapse", Need::Json),
        ("${vars.a}", "Synapse", Need::Nothing),
        ("${xpath('//a')}", "Synapse", Need::Xml),
    ] {
        let expression = compile(text);
        assert!(format!("{expression:?}").starts_with(kind), "{text}: {expression:?}");
        assert_eq!(expression.need(), need, "{text}");
    }
}

#[test]
fn short_ways_are_as_long_ones() {
    for text in [
        "$ctx:flag",
        "$ctx:text",
        "$ctx:empty",
        "$ctx:none",
        "$ctx:AM_KEY_TYPE",
        "$axis2:HTTP_METHOD",
        "$trp:X-Region",
        "$trp:None",
        "$url:region",
        "$url:none",
        "$var:none",
        "'a'",
        "''",
        "concat('a', $trp:X-Region, '')",
        "concat('', $ctx:none)",
        "boolean($ctx:flag)",
        "boolean($ctx:text)",
        "boolean($trp:None)",
        "not($ctx:none)",
        "not($ctx:text)",
        "string($ctx:flag)",
        "get-property('AM_KEY_TYPE')",
        "get-property('flag')",
        "get-property('transport', 'X-Region')",
        "get-property('axis2', 'HTTP_METHOD')",
    ] {
        let short = compile(text);
        assert!(!matches!(short, Expression::XPath(..)), "{text}");
        let path = XPath::compile(text, &Namespaces::new(), &function::Extensions).expect("XPath");
        let long = Expression::XPath(Box::new(path), Need::Nothing);
        let (short, long) = (ask(&short, "{}"), ask(&long, "{}"));
        assert_eq!((short.1, short.2), (long.1, long.2), "{text}");
    }
}

#[test]
fn nothing_is_told_from_an_empty_text_by_get_property_alone() {
    for (text, value, shown, holds) in [
        ("get-property('none')", None, None, false),
        ("get-property('axis2', 'none')", None, None, false),
        ("get-property('transport', 'none')", None, None, false),
        ("get-property('empty')", Some(""), Some(""), false),
        ("$ctx:none", None, Some(""), false),
        ("$ctx:number", Some("0"), Some("0"), false),
        ("json-eval($.none)", Some(""), Some(""), false),
        ("json-eval($.null)", Some("null"), Some("null"), false),
        ("json-eval($.yes)", Some("true"), Some("true"), true),
        ("${payload.none}", None, Some(""), false),
        ("//none", None, Some(""), false),
    ] {
        let found = ask(&compile(text), r#"{"yes":true,"null":null}"#);
        let found = (found.0.as_deref(), found.1.as_deref(), found.2);
        assert_eq!(found, (value, shown, holds), "{text}");
    }
}

#[test]
fn mistakes() {
    for (text, part, hint) in [
        ("http://a/b", "", Some(Hint::LiteralUrl)),
        ("//m:a", "prefix", Some(Hint::UndeclaredPrefix)),
        ("", "empty", None),
        ("json-eval($.a", "parenthesis", None),
        ("json-eval($[)", "", None),
        ("${payload.}", "", None),
        ("concat('a'", "", None),
        ("nothing('a')", "nothing", None),
        ("$unknown:a", "", None),
        ("get-property()", "", None),
        ("wso2:vault-lookup()", "", None),
        ("concat('http://a/', json-eval($.b))", "$", None),
        (&format!("{}1{}", "not(".repeat(50_000), ")".repeat(50_000)), "deeper", None),
    ] {
        let error = Expression::compile(text, &Namespaces::new()).expect_err("a mistake");
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.hint, hint, "{text}: {error}");
    }
}

#[test]
fn attributes_with_expressions_in_them() {
    let namespaces = Namespaces::new();
    for (text, expected) in [
        ("plain", "plain"),
        ("{$trp:X-Region}", "eu"),
        ("{json-eval($.a)}", "1"),
        ("{${payload.a}}", "1"),
        ("${payload.a}", "1"),
        ("a-${payload.a}-${headers[\"X-Region\"]}", "a-1-eu"),
        ("{get-property('none')}", ""),
        ("a{b}", "a{b}"),
    ] {
        let held = Held::compile(text, &namespaces).expect(text);
        let mut message = Ask::json(r#"{"a":1}"#).message();
        message.payload.load(r#"{"a":1}"#.into());
        let (host, limits) = (Gateway::default(), Limits::default());
        message.payload.prepare(held.need(), &limits).expect("a body");
        let at = Moment { message: &message, host: &host, limits: &limits };
        assert_eq!(held.text(at).expect("a text").as_ref(), expected, "{text}");
    }
}
