//! What scripts are turned into.

use proptest::prelude::*;

use super::*;

#[test]
fn literals_become_calls() {
    for (text, expected) in [
        ("x = <a/>;", r#"x = mc.__xml("<a/>");"#),
        ("f(<a b='1'>t</a>)", r#"f(mc.__xml("<a b='1'>t</a>"))"#),
        ("return <a>{x + 1}</a>", r#"return mc.__xml("<a>",(x + 1),"</a>")"#),
        ("x = <a b={c}/>", r#"x = mc.__xml("<a b=\"",(c),"\"/>")"#),
        ("x = <a>\n<b/>\n</a>;", "x = mc.__xml(\"<a>\\n<b/>\\n</a>\"\n\n);"),
        ("x = <a>{ {b: <c/>} }</a>", r#"x = mc.__xml("<a>",( {b: mc.__xml("<c/>")} ),"</a>")"#),
        (
            "x = <a><!-- {no} --><![CDATA[{no}]]></a>",
            r#"x = mc.__xml("<a><!-- {no} --><![CDATA[{no}]]></a>")"#,
        ),
        ("x = y..b.@c", r#"x = y.__descendants("b").__attribute("c")"#),
    ] {
        match prepare(text) {
            Ok(prepared) => assert_eq!(prepared.text, expected, "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn everything_else_stays() {
    for text in [
        "if (a < b && c > d) {}",
        "a <b> c",
        "x = i++ <b",
        "x = (1) <b",
        "x = a[0] <b",
        "var s = '<a>{x}</a>'; var t = \"<b/>\";",
        "// <a>{\n/* <b>{ */ x",
        "x = /<a>{2}[/'\"]/g.test(y) / 2 / 1",
        "x = `<a>${ y < 2 ? `${z}` : '}' }</a>`",
        "f(...a); 1..toString(); 1.5.toFixed(); .5 + 1e+3; a?.b; a ?? b",
        "x = function () { return /}/ }",
        "mc.return < 2",
        "for (const x of y) {} label: for (;;) {}",
        "a = b ? c : d; x = {a:1}; x = a <= b << 2 >>> 1",
        "var java = 1; x.java.lang",
    ] {
        match prepare(text) {
            Ok(prepared) => assert_eq!(prepared.text, text),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

/// No text makes it panic or grow without end.
#[test]
fn any_text_is_read() {
    let pieces = [
        "<a>", "{", "}", "</a>", "'", "\"", "`", "${", "/", "*", "..", ".@", "é", "\\", "\n", "<",
        "=", "(",
    ];
    let mut seed = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let index = usize::try_from(seed >> 33).unwrap_or_default() % pieces.len();
            text.push_str(pieces[index]);
        }
        drop(prepare(&text));
    }
    assert!(prepare(&"x=<a>{".repeat(10_000)).is_err());
    assert!(prepare(&"`${".repeat(10_000)).is_err());
}

/// Turns any text; what comes of it is not turned again, and lines stay where they are.
fn turned(text: &str) {
    let Ok(prepared) = prepare(text) else { return };
    if crate::run::check(&prepared.text).is_ok() {
        let again = prepare(&prepared.text);
        assert!(again.is_ok_and(|again| again.text == prepared.text), "{text:?}");
    }
    assert_eq!(prepared.text.matches('\n').count(), text.matches('\n').count(), "{text:?}");
    if !text.contains(['<', '@']) && !text.contains("..") {
        assert_eq!(prepared.text, text);
    }
}

proptest! {
    /// Texts of the pieces that matter.
    #[test]
    fn what_is_turned_can_be_read(
        pieces in prop::collection::vec(prop::sample::select(&[
            "x", "=", "<a>", "</a>", "<b c='1' d={y}/>", "{", "}", "(", ")", "'s'", "\"", "`", "${",
            "/", "//", "/*", "*/", "..y", ".@z", ".", "1", "\n", " ", "return ", "<!--", "-->",
            "<![CDATA[", "]]>", "é", "\\", "++", ";", ",", "<",
        ][..]), 0..24),
    ) {
        turned(&pieces.concat());
    }

    /// Any text.
    #[test]
    fn any_letters_are_read(text in "\\PC{0,80}") {
        turned(&text);
    }
}
