use super::*;

#[test]
fn syntax_errors_say_where_and_what() {
    for (expression, offset, part) in [
        ("", 0, "the expression ends here, but needs a value or a path"),
        ("1 +", 3, "the expression ends here, but needs a value or a path"),
        ("a b", 2, "`b` follows a complete expression"),
        ("a]", 1, "`]` follows a complete expression"),
        ("a[1", 3, "needs `]` to close the predicate"),
        ("(1", 2, "needs `)` to close the parenthesis"),
        ("concat('a' 'b')", 11, "expected `)` to close the arguments, found a literal"),
        ("a == b", 3, "write a single `=`"),
        ("a && b", 2, "write `and`"),
        ("!a", 0, "write not(…)"),
        ("'a", 0, "the literal has no end; close it with '"),
        ("äö/\"a", 5, "the literal has no end; close it with \""),
        ("$", 0, "`$` has no name"),
        ("$ctx:", 0, "`$ctx:` has no name after the colon"),
        ("$nope:a", 0, "there is no variable `$nope:a`"),
        ("1 + $unknown", 4, "there is no variable `$unknown`"),
        ("nope('a')", 0, "there is no function `nope` that takes 1 argument(s)"),
        ("get-property()", 0, "there is no function `get-property` that takes 0 argument(s)"),
        ("concat('a')", 0, "concat() takes at least 2 arguments, not 1"),
        ("1 + not()", 4, "not() takes 1 argument, not 0"),
        ("substring('a')", 0, "substring() takes 2 or 3 arguments, not 1"),
        ("true(1)", 0, "true() takes no argument, not 1"),
        ("string(1, 2)", 0, "string() takes at most 1 argument, not 2"),
        ("count('a')", 6, "count() needs nodes, but this is text"),
        ("a | 1", 4, "`|` needs nodes, but this is a number"),
        ("('a')/b", 0, "`/` needs nodes, but this is text"),
        ("(1 = 1)[1]", 0, "a predicate needs nodes, but this is a boolean"),
        ("a/x:b", 2, "the prefix `x` is not declared; declare it by xmlns:x"),
        ("//x:*", 2, "the prefix `x` is not declared"),
        ("@x:a", 1, "the prefix `x` is not declared"),
        ("x:", 0, "`x:` has no name after the colon"),
        ("nope::a", 0, "there is no axis `nope`"),
        ("namespace::a", 0, "the axis `namespace` is not supported"),
        ("a/b()", 2, "b() is a function, which cannot be a step of a path"),
        (".[1]", 1, "`.` takes no predicate; write self::node()[…]"),
        ("a/..[1]", 4, "`..` takes no predicate; write parent::node()[…]"),
        ("a/", 2, "the expression ends here"),
        ("a//", 3, "the expression ends here"),
        ("//", 2, "the expression ends here"),
        ("@", 1, "needs the name of an attribute"),
        ("text(1)", 5, "expected `)` to close text("),
        ("a # b", 2, "`#` has no meaning here"),
        ("“a”", 0, "quotes are ' and \""),
        ("{$ctx:a}", 0, "braces are for values that hold an expression"),
    ] {
        let Err(error) = XPath::compile(expression, &declared(), &Host) else {
            panic!("{expression} is read");
        };
        assert!(error.message.contains(part), "{expression}: {}", error.message);
        assert_eq!(error.offset, offset, "{expression}: {}", error.message);
    }
}

#[test]
fn addresses_are_told_from_expressions() {
    for (expression, offset) in [
        ("http://localhost:8080/path", 0),
        ("https://{uri.var.host}/path", 0),
        ("concat(https://example.org, 'a')", 7),
        ("gov:/sequences/a.xml", 0),
        ("urn:example:a", 0),
        ("localhost:8080/path", 0),
        ("mailto:a", 0),
    ] {
        let Err(error) = XPath::compile(expression, &declared(), &Host) else {
            panic!("{expression} is read");
        };
        let told = "this is a literal: use value= instead of expression=";
        assert!(error.message.contains(told), "{expression}: {error}");
        assert_eq!(error.offset, offset, "{expression}: {error}");
    }
}

#[test]
fn an_error_is_shown_with_its_place() {
    let error = XPath::compile("1 +", &declared(), &Host).expect_err("it ends too soon");
    assert_eq!(
        error.to_string(),
        "the expression ends here, but needs a value or a path (at byte 3 of the expression)"
    );
}
