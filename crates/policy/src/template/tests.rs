use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Substitution, TemplateLimits, render, render_policy};

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

#[track_caller]
fn check(template: &str, parameters: Value, expected: &str) {
    let text = render(template, &map(parameters), &TemplateLimits::default());
    assert_eq!(text.as_deref(), Ok(expected), "{template}");
}

/// Renders on a stack as small as that of a worker, and soon.
#[track_caller]
fn check_refused(template: String, expected: &str) {
    let started = Instant::now();
    let shown: String = template.chars().take(80).collect();
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let parameters =
        map(json!({"s": "aaaa", "n": 3, "xs": ["a", "b"], "in": ["a"], "m": {"if": ["a"]}}));
    let joined = thread
        .spawn(move || render(&template, &parameters, &TemplateLimits::default()))
        .expect("a thread starts")
        .join()
        .expect("no panic");
    let error = joined.expect_err(&shown);
    assert!(error.message.contains(expected), "{shown}: {error}");
    assert!(started.elapsed() < Duration::from_secs(5), "{shown} took {:?}", started.elapsed());
}

#[test]
fn puts_values_in() {
    check("<a b=\"{{ x }}\"/>", json!({"x": "1"}), "<a b=\"1\"/>");
    check("{{x}}|{{ missing }}|{{ missing.a.b }}", json!({"x": null}), "||");
    check("{{ b }} {{ i }} {{ f }}", json!({"b": true, "i": 5, "f": 1.5}), "true 5 1.5");
    check(
        "{{ o }}{{ a }}",
        json!({"o": {"z": 1, "a": "x"}, "a": [1, "b"]}),
        "{\"z\":1,\"a\":\"x\"}[1,\"b\"]",
    );
    check("{{ x }}", json!({"x": "&<\"{{ y }}"}), "&<\"{{ y }}");
    check("${x} {$ctx:y} {z}", json!({}), "${x} {$ctx:y} {z}");
}

#[test]
fn knows_blocks() {
    let cases = [
        ("{% if x is defined %}a{% else %}b{% endif %}", "a"),
        ("{% if y is defined %}a{% elif x == 'v' %}b{% endif %}", "b"),
        ("{% if not y %}a{% endif %}{% unless y %}b{% endunless %}", "ab"),
        ("{% if x eq 'v' && !y %}a{% endif %}{% if y || n ge 3 %}b{% endif %}", "ab"),
        ("{% set q = x ~ '!' %}{{ q }}", "v!"),
        ("{% set q %}[{{ x }}]{% endset %}{{ q }}", "[v]"),
        (
            "{% for i in xs %}{{ loop.index }}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}",
            "1a,2b",
        ),
        ("{% for k, v in m.items() %}{{ k }}={{ v }};{% endfor %}", "p=1;q=2;"),
        ("{% for k in m %}{{ k }}={{ m[k] }};{% endfor %}", "p=1;q=2;"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
        ("{% for i in [x, 'w'] %}{{ i }}{% else %}none{% endfor %}", "vw"),
        ("{% if x in ['u', 'v'] %}a{% endif %}", "a"),
        ("{% with a = 1, b = x %}{{ a }}{{ b }}{% endwith %}", "1v"),
        ("{% raw %}{{ x }}{%{{% endraw %}!", "{{ x }}{%{!"),
        ("a{# {{ gone }} #}b", "ab"),
        ("a\n{%- if x %} b{% endif -%}\n c", "a bc"),
        ("{{ n * 2 + 1 }} {{ 'a' + x }} {{ n mod 2 }}", "7 av 1"),
        ("{{ 'yes' if x else 'no' }}", "yes"),
        ("{{ true ~ x ~ (1 == 1) ~ none ~ gone.a ~ xs }}", "truevtrue[\"a\",\"b\"]"),
        ("{{ (n + 1) ~ x ~ n * 2 ~ -n }}", "4v6-3"),
    ];
    for (template, expected) in cases {
        check(
            template,
            json!({"x": "v", "n": 3, "xs": ["a", "b"], "m": {"p": 1, "q": 2}}),
            expected,
        );
    }
}

#[test]
fn knows_filters_and_methods() {
    let cases = [
        ("{{ s | upper }}{{ s|length }}{{ s.length() }}", "A,B,,55"),
        ("{{ s.split(',')|length }} {{ (s|split(',')) | join('-') }}", "2 A-b"),
        ("{{ s|replace(',', ';') }}{{ s.replace(',', '') }}", "A;b;;Ab"),
        ("{{ gone|default('d') }}{{ e|default('d') }}{{ e|default('d', true) }}", "dd"),
        ("{{ x|xml }}", "&lt;&amp;&quot;&#39;&#10;&gt;"),
        (
            "{% set o = j|fromjson %}{{ o.a.b }}{{ o.list[1] }}{{ o|tojson }}",
            "12{\"a\":{\"b\":1},\"list\":[1,2]}",
        ),
        ("{% set o = q|fromjson %}{{ o.a }}", "1"),
        ("{% set o = h|fromjson %}{{ o.a }}", "1"),
        ("{% if s.equals(\"A,b,,\") %}a{% endif %}{% if t.equals('true') %}b{% endif %}", "ab"),
        ("{% if s.contains('b') and not s.contains('z') and gone.isEmpty() %}a{% endif %}", "a"),
        ("{{ s.substring(0, 1) }}{{ s.indexOf('b') }}{{ s.toLowerCase() }}", "A2a,b,,"),
        ("{{ 'false'|bool }}{{ '7'|int + 1 }}{{ 'aB'|capitalize }}", "false8Ab"),
        ("{% if s is string and gone is undefined and 4 is divisibleby(2) %}a{% endif %}", "a"),
    ];
    for (template, expected) in cases {
        let parameters = json!({
            "s": "A,b,,", "e": "", "x": "<&\"'\n>", "t": true,
            "j": "{\"a\":{\"b\":1},\"list\":[1,2]}", "q": "{&quot;a&quot;:1}", "h": "{'a':1}",
        });
        check(template, parameters, expected);
    }
}

#[test]
fn tells_the_line() {
    let cases = [
        ("a\n{% include 'b' %}", 2, "`include` is not available"),
        ("a\n{{ x\n ? y }}", 3, "write `a if c else b`"),
        ("{{ x }}\n{% if x %}", 2, "write `endif`"),
        ("{# a\n #}\n{{ x|nothing }}", 3, "nothing"),
        ("{{ x\n\n}}\n{{ x.nothing() }}", 4, "method `nothing`"),
        ("{% raw %}\n\n{% endraw %}{{ 'a }}", 3, "not closed"),
        ("\n{% endif %}", 2, "no `if`"),
        ("\n\n{{ x|fromjson }}", 3, "not JSON"),
        ("{% else if x %}", 1, "`elif`"),
        ("{% set loop = 1 %}", 1, "plain name"),
    ];
    for (template, line, message) in cases {
        let error = render(template, &map(json!({"x": "v"})), &TemplateLimits::default())
            .expect_err(template);
        assert_eq!(error.line, line, "{template}: {error}");
        assert!(error.message.contains(message), "{template}: {error}");
    }
}

#[test]
fn refuses_other_templates_and_code() {
    for block in
        ["include 'a'", "import 'a' as b", "from 'a' import b", "extends 'a'", "macro a()", "do x"]
    {
        check_refused(format!("{{% {block} %}}"), "not available");
    }
    check_refused("{{ namespace() }}".to_owned(), "namespace");
    check_refused("{{ s.getClass() }}".to_owned(), "getClass");
    check_refused(
        "{% for x in xs recursive %}{{ loop(xs) }}{% endfor %}".to_owned(),
        "call themselves",
    );
}

#[test]
fn bounds_what_grows() {
    let double = |step: &str| format!("{{% set s = 'aaaaaaaa' %}}{}{{{{ s }}}}", step.repeat(60));
    check_refused(double("{% set s = s ~ s %}"), "steps");
    check_refused(double("{% set s = s + s %}"), "steps");
    check_refused(double("{% set s = s|replace('a', 'aaaa') %}"), "bytes");
    check_refused(double("{% set s = s.concat(s) %}"), "bytes");
    check_refused(double("{% set s %}{{ s }}{{ s }}{% endset %}"), "steps");
    check_refused("{{ 'a' * 1000000000 }}".to_owned(), "steps");
    check_refused("{{ '&' * 200000 | xml }}".to_owned(), "");
    check_refused("{% for i in range(1000000000) %}{% endfor %}".to_owned(), "at most 1000");
    let nested = "{% for i in range(900) %}".repeat(6) + "x" + &"{% endfor %}".repeat(6);
    check_refused(nested, "steps");
    let long = "{% set s = 'aaaaaaaa' * 8000 %}".to_owned() + &"{{ s }}".repeat(10);
    check_refused(long, "bytes");
    check_refused("x".repeat(70_000), "at most 65536");
}

#[test]
fn refuses_lists_that_share() {
    check_refused("{% set x = [xs, xs] %}".to_owned(), "may not stand in a list");
    check_refused("{% set x = {'a': xs} %}".to_owned(), "may not stand in a list");
    check_refused("{% set x = [[1]] %}".to_owned(), "may not hold another");
    check_refused("{% set x = xs, xs %}".to_owned(), "comma");
    check_refused("{% set x = (xs, xs) %}".to_owned(), "comma");
    check_refused("{% for x in [[xs, xs]] %}{% endfor %}".to_owned(), "may not hold another");
    check_refused("{% set x = xs + xs %}".to_owned(), "cannot be added");
    check_refused("{% set x = [1] * 1000000 %}".to_owned(), "cannot be added");
    check_refused("{% set x = 1000000 * [1] %}".to_owned(), "cannot be added");
    check_refused("{% set x = 1000000 * (xs if n else n) %}".to_owned(), "cannot be added");
    check_refused("{% set x = n * xs.get(0) ~ n * xs %}".to_owned(), "");
    check_refused("{% set x = in + in %}".to_owned(), "no value before");
    check_refused("{% set x = m.if + m.if %}".to_owned(), "cannot follow");
    check_refused("{% set x = m['if'] + m['if'] %}".to_owned(), "cannot be added");
    check_refused("{{ xs[0:1] }}".to_owned(), "slices");
    check_refused("{{ range(*xs) }}".to_owned(), "no value before");
    check_refused("{{ xs|join(*xs) }}".to_owned(), "no value before");
}

#[test]
fn bounds_depth() {
    check_refused("{{ ".to_owned() + &"(".repeat(100) + "1" + &")".repeat(100) + " }}", "brackets");
    check_refused("{{ 1".to_owned() + &" ~ 1".repeat(5000) + " }}", "words");
    check_refused("{{ s".to_owned() + &"|trim".repeat(5000) + " }}", "words");
    check_refused("{{ ".to_owned() + &"not ".repeat(5000) + "s }}", "words");
    check_refused("{% if s %}".repeat(500), "blocks and");
    check_refused("{% if s %}".to_owned() + &"{% elif s %}".repeat(500), "`elif`");
    check_refused("{{ s }}".repeat(5000), "too many tags");
    check_refused("{{ ".to_owned() + &"- ".repeat(250) + "s }}", "");
}

#[test]
fn accepts_what_is_just_within_bounds() {
    let long = "{{ 1".to_owned() + &" ~ 1".repeat(127) + " }}";
    check(&long, json!({}), &"1".repeat(128));
    let chain = "{{ s".to_owned() + &"|trim".repeat(127) + " }}";
    check(&chain, json!({"s": " a "}), "a");
    let branches = "{% if x %}".to_owned() + &"{% elif x %}".repeat(63) + "{% else %}a{% endif %}";
    check(&branches, json!({}), "a");
    let blocks = "{% if x %}".repeat(32) + "a" + &"{% endif %}".repeat(32);
    check(&blocks, json!({"x": 1}), "a");
    check(&"x".repeat(60_000), json!({}), &"x".repeat(60_000));
}

#[test]
fn escapes_only_where_it_helps() {
    let well_formed = |text: &str| !text.contains("<a b=\"<");
    let template = "<a b=\"{{ x }}\"/>";
    let plain = render_policy(template, &map(json!({"x": "v"})), &well_formed).expect("plain");
    assert_eq!((plain.text.as_str(), plain.substitution), ("<a b=\"v\"/>", Substitution::Raw));
    let nasty = render_policy(template, &map(json!({"x": "<&"})), &well_formed).expect("nasty");
    assert_eq!(nasty.text, "<a b=\"&lt;&amp;\"/>");
    assert_eq!(nasty.substitution, Substitution::Escaped);
    let hopeless = render_policy(template, &map(json!({"x": "<"})), &|_| false).expect("hopeless");
    assert_eq!(
        (hopeless.text.as_str(), hopeless.substitution),
        ("<a b=\"<\"/>", Substitution::Raw)
    );
}

#[test]
fn reads_any_json_parameter_when_escaped() {
    let template = "{% set o = x|fromjson %}<a b=\"{{ o.c }}{{ y }}\"/>";
    let parameters = map(json!({"x": "{\"c\":\"1\"}", "y": "&"}));
    let rendered =
        render_policy(template, &parameters, &|text| !text.contains("&\"")).expect("renders");
    assert_eq!(rendered.text, "<a b=\"1&amp;\"/>");
}

/// Renders on a stack as small as that of a worker; only that it ends counts.
fn survives(template: String) {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let shown: String = template.chars().take(80).collect();
    let started = Instant::now();
    thread
        .spawn(move || {
            let parameters =
                map(json!({"s": "a", "n": 3, "xs": ["a", ["b"]], "m": {"a": {"b": 1}}}));
            render(&template, &parameters, &TemplateLimits::default()).map(drop)
        })
        .expect("a thread starts")
        .join()
        .unwrap_or_else(|_| panic!("{shown} panics"))
        .ok();
    assert!(started.elapsed() < Duration::from_secs(5), "{shown} took {:?}", started.elapsed());
}

#[test]
fn survives_the_deepest_nesting() {
    let branches = "{% if s %}".to_owned() + &"{% elif n %}".repeat(3);
    survives(branches.repeat(16) + "a" + &"{% endif %}".repeat(16));
    survives(branches.repeat(200) + "a" + &"{% endif %}".repeat(200));
    survives("{{ ".to_owned() + &"not ".repeat(250) + "s }}");
    survives("{{ ".to_owned() + &"s if n else ".repeat(60) + "s }}");
    survives("{{ ".to_owned() + &"s.a(".repeat(24) + &")".repeat(24) + " }}");
    survives("{{ s".to_owned() + &" ** s".repeat(120) + " }}");
    survives("{{ ".to_owned() + &"n and ".repeat(120) + "s }}");
    survives("{{ ".to_owned() + &"n < ".repeat(120) + "s }}");
    let deep = "[".repeat(120) + &"]".repeat(120);
    survives(format!(
        "{{% set x = '{deep}'|fromjson %}}{{{{ x }}}}{{{{ x == x }}}}{{{{ x|tojson }}}}"
    ));
    survives("{% for i in xs %}{{ loop }}{{ loop ~ loop }}{% endfor %}".to_owned());
    let wide = "[1".to_owned() + &",[1]".repeat(10_000) + "]";
    let compare = "{% for i in range(900) %}{% for j in range(9) %}{% if x == y %}{% endif %}{% endfor %}{% endfor %}";
    survives(format!(
        "{{% set x = '{wide}'|fromjson %}}{{% set y = '{wide}'|fromjson %}}{compare}"
    ));
}

/// Pieces of which templates are made.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        "+",
        "*",
        "~",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "|",
        ".",
        "=",
        "==",
        "!",
        "&&",
        "?",
        "'",
        "\"",
        "\\",
        "\n",
        " ",
        "a",
        "é",
        "0",
        "1.5",
        "s",
        "xs",
        "m",
        "in",
        "is",
        "not",
        "if",
        "else",
        "elif",
        "endif",
        "for",
        "endfor",
        "set",
        "endset",
        "raw",
        "endraw",
        "with",
        "default",
        "items",
        "split",
        "range",
        "loop",
        "{{ s }}",
        "{% if s %}",
        "{% endif %}",
        "{% for i in xs %}",
        "{% endfor %}",
        "{% raw %}",
        "{% endraw %}",
    ])
}

proptest! {
    #[test]
    fn never_panics(pieces in prop::collection::vec(piece(), 0..40)) {
        let parameters = map(json!({"s": "a", "xs": ["a", 1], "m": {"a": [1]}}));
        let template = pieces.concat();
        let spaced = pieces.join(" ");
        render(&template, &parameters, &TemplateLimits::default()).ok();
        render(&spaced, &parameters, &TemplateLimits::default()).ok();
    }

    #[test]
    fn raw_text_stays(text in "[a-z{}%#\n]{0,20}") {
        let template = format!("<a>{{% raw %}}{text}{{% endraw %}}{{{{ s }}}}</a>");
        let rendered = render(&template, &map(json!({"s": "v"})), &TemplateLimits::default());
        prop_assert_eq!(rendered, Ok(format!("<a>{text}v</a>")));
    }

    #[test]
    fn literals_stay(text in "\\PC{0,20}") {
        let text = text.replace(['\'', '\\'], "");
        let rendered = render(&format!("{{{{ '{text}' }}}}."), &Map::new(), &TemplateLimits::default());
        prop_assert_eq!(rendered, Ok(format!("{text}.")));
    }
}
