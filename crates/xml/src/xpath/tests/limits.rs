use proptest::prelude::*;

use super::*;

fn nested(levels: usize) -> String {
    format!("{}1{}", "(1 or 1 and 1 = 1 < 1 + 1 * -".repeat(levels), ")".repeat(levels))
}

#[test]
fn nesting_is_limited() {
    let tree = shop();
    assert_eq!(evaluate(&tree, &nested(63)), Ok(Value::Boolean(true)));
    let deep = nested(64);
    let error = XPath::compile(&deep, &declared(), &Host).expect_err("it is too deep");
    assert!(error.message.contains("deeper than 64 levels"), "{error}");
    for (open, close) in [("(", ")"), ("a[", "]"), ("not(", ")"), ("-(", ")"), ("/a[b or ", "]")] {
        let text = format!("{}a{}", open.repeat(10_000), close.repeat(10_000));
        let error = XPath::compile(&text, &declared(), &Host).expect_err("it is too deep");
        assert!(error.message.contains("deeper than"), "{open}: {error}");
    }
}

#[test]
fn length_is_no_depth() {
    let tree = shop();
    for (part, expected) in [
        ("1 + ", Value::Number(10_001.0)),
        ("1 and ", Value::Boolean(true)),
        ("--", Value::Number(1.0)),
        ("0 = ", Value::Boolean(true)),
    ] {
        let text = format!("{}1", part.repeat(10_000));
        let value = compile(&text).evaluate(
            &tree,
            tree.document(),
            &Answers(&tree),
            &mut Budget::new(10_000_000),
        );
        assert_eq!(value, Ok(expected), "{part}");
    }
    assert_eq!(evaluate(&tree, &format!("a{}", "/a".repeat(10_000))), Ok(Value::Nodes(vec![])));
}

#[test]
fn evaluation_ends_when_the_budget_is_gone() {
    let wide = format!("<a>{}</a>", "<b>text of some length</b>".repeat(300));
    let tree = read_text(&wide, &Limits::default()).expect("the document is well formed");
    for expression in [
        "//b[//b[//b]]",
        "count(//b[count(//b) = 2])",
        "//b[following-sibling::b = preceding-sibling::b]",
        "//b[//b = 'x']",
        "//b[. = 'x' or //*[. = 'y']]",
        "sum(//b[sum(//b) > 1])",
        "//b[. = concat(/, /, /, /)]",
        "//b[id(//b)]",
        "//b/following::b/preceding::b",
    ] {
        let mut budget = Budget::new(20_000);
        let value =
            compile(expression).evaluate(&tree, tree.document(), &Answers(&tree), &mut budget);
        assert_eq!(value, Err(EvaluateError::Exhausted), "{expression}");
        assert_eq!(budget.left(), 0, "{expression}");
    }
}

#[test]
fn text_that_grows_is_paid_for() {
    let tree = read_text("<a/>", &Limits::default()).expect("the document is well formed");
    let mut text = "'0123456789'".to_owned();
    for _ in 0..20 {
        text = format!("concat({text}, {text})");
        if text.len() > 1_000_000 {
            break;
        }
    }
    let value =
        compile(&text).evaluate(&tree, tree.document(), &Answers(&tree), &mut Budget::new(10_000));
    assert_eq!(value, Err(EvaluateError::Exhausted));
}

#[test]
fn a_first_position_needs_no_look_at_the_rest() {
    let wide = format!("<a>{}</a>", "<b/>".repeat(10_000));
    let tree = read_text(&wide, &Limits::default()).expect("the document is well formed");
    for expression in ["/a/b[1]", "boolean(/a/b)", "not(//b)", "/a[b]", "/a/b[3] or 1"] {
        let mut budget = Budget::new(50);
        let value =
            compile(expression).evaluate(&tree, tree.document(), &Answers(&tree), &mut budget);
        assert!(value.is_ok(), "{expression}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        if let Err(error) = XPath::compile(&text, &declared(), &Host) {
            prop_assert!(text.is_char_boundary(error.offset), "{error}");
        }
    }

    #[test]
    fn no_tokens_break_reader_or_evaluation(
        tokens in proptest::collection::vec(
            prop::sample::select(vec![
                "/", "//", "a", "*", "@", "item", "[", "]", "(", ")", "1", "'x'", ".", "..", "$body",
                "|", "=", "-", "or", "div", "count(", "position()", "last()", "text()", "::",
                "ancestor::", "preceding::", ",", "p:item", "<", "substring(", "$ctx:a:b",
            ]),
            0..12,
        )
    ) {
        let tree = shop();
        if let Ok(parsed) = XPath::compile(&tokens.join(" "), &declared(), &Host) {
            let budget = &mut Budget::new(20_000);
            let value = parsed.evaluate(&tree, tree.document(), &Answers(&tree), budget);
            if let Ok(Value::Nodes(nodes)) = value {
                let in_order = |one: &NodeId, other: &NodeId| tree.compare(*one, *other).is_lt();
                prop_assert!(nodes.is_sorted_by(in_order), "{}", parsed.source());
            }
        }
    }
}
