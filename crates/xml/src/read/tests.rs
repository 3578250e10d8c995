use super::*;

fn text(document: &str) -> Result<Tree, ReadError> {
    read_text(document, &Limits::default())
}

fn reason(document: &str) -> Reason {
    text(document).expect_err(document).reason
}

#[test]
fn a_document_becomes_nodes() {
    let tree = text(concat!(
        "<?xml version='1.0' encoding=\"UTF-8\" standalone='yes' ?>\n<!-- c -->\n",
        "<?go now?><r xmlns='urn:d' xmlns:p='urn:p' a='1' p:a=\"&lt;\t2\">",
        "x &amp; <![CDATA[<y>]]>&#x41;&#66;<p:e/></r>\n"
    ))
    .expect("well-formed");
    let root = tree.root().expect("a root");
    let document: Vec<_> = tree.children(tree.document()).map(|id| tree.kind(id)).collect();
    assert_eq!(document.len(), 3);
    assert_eq!(document[0], &Kind::Comment(" c ".to_owned()));
    let instruction = Kind::Instruction { target: "go".to_owned(), data: "now".to_owned() };
    assert_eq!(document[1], &instruction);
    assert!(tree.name(root).is_some_and(|name| name.is("urn:d", "r")));
    assert_eq!(tree.attribute(root, "", "a"), Some("1"));
    assert_eq!(tree.attribute(root, "urn:p", "a"), Some("< 2"));
    assert_eq!(tree.text(root), "x & <y>AB");
    assert_eq!(tree.children(root).count(), 2);
    let inner = tree.elements(root).next().expect("p:e");
    assert_eq!(tree.name(inner).map(Name::qualified).as_deref(), Some("p:e"));
    assert_eq!(tree.declarations(root).count(), 2);
}

#[test]
fn places_are_lines_and_characters() {
    let tree = text("<r>\n  <é a='1'\n b='2'/>é<c/>&amp;t</r>").expect("well-formed");
    let place = |id| (tree.place(id).line, tree.place(id).column);
    let root = tree.root().expect("a root");
    let elements: Vec<_> = tree.elements(root).collect();
    assert_eq!(place(root), (1, 1));
    assert_eq!(place(elements[0]), (2, 3));
    assert_eq!(tree.attributes(elements[0]).map(place).collect::<Vec<_>>(), [(2, 6), (3, 2)]);
    assert_eq!(place(elements[1]), (3, 10));
    assert_eq!(tree.children(root).map(place).collect::<Vec<_>>().last(), Some(&(3, 14)));
}

#[test]
fn line_ends_become_line_feeds() {
    let tree = text("<r a='1\r\n2\r3&#13;&#10;'>\r\n\r<![CDATA[\r\n]]>&#13;</r>").expect("fine");
    let root = tree.root().expect("a root");
    assert_eq!(tree.text(root), "\n\n\n\r");
    assert_eq!(tree.attribute(root, "", "a"), Some("1 2 3\r\n"));
}

#[test]
fn malformed_documents_are_refused() {
    let cases = [
        "",
        " ",
        "x",
        "<",
        "<a",
        "<a>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a/>&#65;",
        "<a/><![CDATA[ ]]>",
        "<a b/>",
        "<a b=c/>",
        "<a b='1'c='2'/>",
        "<a b='1' b='2'/>",
        "<a b='<'/>",
        "<a b='&'/>",
        "<a b='&amp'/>",
        "<a>&</a>",
        "<a>& b</a>",
        "<a>&;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&#+65;</a>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#99999999999;</a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a><!-- ---></a>",
        "<!--->",
        "<!-->",
        "<a><!x></a>",
        "<a><?xml version='1.0'?></a>",
        " <?xml version='1.0'?><a/>",
        "<?xml?><a/>",
        "<?xml encoding='utf-8'?><a/>",
        "<?xml version='2.0'?><a/>",
        "<?xml version='1.1'?><a/>",
        "<?xml version='1.0' standalone='maybe'?><a/>",
        "<?xml version='1.0' x='y'?><a/>",
        "<?xml version='1.0'standalone='yes'?><a/>",
        "<?XML version='1.0'?><a/>",
        "<a><??></a>",
        "<a><?b:c d?></a>",
        "<a><? b?></a>",
        "< a/>",
        "<1/>",
        "<a:b:c xmlns:a='u'/>",
        "<:a/>",
        "<a:/>",
        "<a 1='2'/>",
        "<a xmlns:='u'/>",
        "<a xmlns:p=''/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:p='u' xmlns:p='v'/>",
        "<a xmlns='u' xmlns='v'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>",
        "<a>\u{1}</a>",
        "<a>\u{FFFF}</a>",
        "<a b='\u{FFFE}'/>",
        "\u{FEFF}\u{FEFF}<a/>",
        "<a></a b='1'>",
        "<a></ a>",
        "<a / b='1'/>",
        "<a><![CDATA[x</a>",
        "<a><![cdata[x]]></a>",
        "<a b='1></a>",
        "<a>&lt</a>",
    ];
    for case in cases {
        assert!(matches!(reason(case), Reason::NotWellFormed(_)), "{case:?}: {:?}", reason(case));
    }
}

#[test]
fn unusual_documents_are_read() {
    let cases = [
        ("\u{FEFF}<a/>", ""),
        ("<a ></a >", ""),
        ("<a\n/>", ""),
        ("<a b = '>' />", ""),
        ("<a b='\"' c=\"'\"/>", ""),
        ("<?xml version=\"1.5\"?><a/>", ""),
        ("<a><!----></a>", ""),
        ("<a><![CDATA[]]></a>", ""),
        ("<a><![CDATA[]]]]><![CDATA[>]]></a>", "]]>"),
        ("<a>]]&gt;></a>", "]]>>"),
        ("<a xml:lang='en'/>", ""),
        ("<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", ""),
        ("<a xmlns:p='u'><b xmlns:p='v'/><p:c/></a>", ""),
        ("<a xmlns='u'><b xmlns=''/></a>", ""),
        ("<a b='' xmlns:p='u' p:b=''/>", ""),
        ("<a>\u{FEFF}\u{10FFFF}\u{7F}</a>", "\u{FEFF}\u{10FFFF}\u{7F}"),
        ("<a>&quot;&apos;</a>\n<!---->\n<?x?>", "\"'"),
    ];
    for (case, expected) in cases {
        let tree = text(case).unwrap_or_else(|error| panic!("{case:?}: {error}"));
        assert_eq!(tree.text(tree.root().expect("a root")), expected, "{case:?}");
    }
}

#[test]
fn prefixes_end_with_their_element() {
    let undeclared = |prefix: &str| Reason::UndeclaredPrefix(prefix.to_owned());
    assert_eq!(reason("<p:a/>"), undeclared("p"));
    assert_eq!(reason("<a p:b='1'/>"), undeclared("p"));
    assert_eq!(reason("<a><b xmlns:q='u'/><q:c/></a>"), undeclared("q"));
    assert_eq!(reason("<a><b xmlns:q='u'></b><q:c/></a>"), undeclared("q"));
    assert_eq!(reason("<xmlns:a/>"), undeclared("xmlns"));
}

#[test]
fn document_types_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '&b;&b;&b;&b;'>]><a>&c;&c;</a>";
    for case in [
        bomb,
        "<!DOCTYPE a><a/>",
        "<!doctype a><a/>",
        "<!DOCTYPE>",
        "<!DOCTYPE a [",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<?xml version='1.0'?>\n<!DOCTYPE a PUBLIC 'x' 'http://localhost/'><a/>",
        "<a><!DOCTYPE a></a>",
    ] {
        assert_eq!(reason(case), Reason::DoctypeRefused, "{case}");
    }
    assert_eq!(reason("<a>&nbsp;</a>"), Reason::UnknownEntity("nbsp".to_owned()));
    assert_eq!(reason("<a b='&c;'/>"), Reason::UnknownEntity("c".to_owned()));
}

#[test]
fn limits_hold() {
    let limits = Limits { bytes: 100, depth: 3, nodes: 6, attributes: 2, name: 5 };
    let cases = [
        ("<a><b><c/></b></a>", None),
        ("<a><b><c><d/></c></b></a>", Some(Reason::TooDeep)),
        ("<a><b/><b/><b/><b/><b/></a>", None),
        ("<a><b/><b/><b/><b/><b/><b/></a>", Some(Reason::TooManyNodes)),
        ("<a b='' c=''><b/>x<b/>x</a>", Some(Reason::TooManyNodes)),
        ("<a b='' c='' d=''/>", Some(Reason::TooManyAttributes)),
        ("<a b='' xmlns='u' d=''/>", Some(Reason::TooManyAttributes)),
        ("<abcde/>", None),
        ("<abcdef/>", Some(Reason::NameTooLong)),
        ("<a abcdef=''/>", Some(Reason::NameTooLong)),
        ("<a><?abcdef?></a>", Some(Reason::NameTooLong)),
        ("<xml:ab/>", Some(Reason::NameTooLong)),
    ];
    for (case, expected) in cases {
        let found = read_text(case, &limits).err().map(|error| error.reason);
        assert_eq!(found, expected, "{case}");
    }
    let long = format!("<a>{}</a>", "x".repeat(100));
    assert_eq!(read_text(&long, &limits).map_err(|e| e.reason).err(), Some(Reason::TooLarge));
    let long = long.as_bytes();
    assert_eq!(read(long, &limits).map_err(|e| e.reason).err(), Some(Reason::TooLarge));
}

#[test]
fn hostile_documents_end_soon() {
    assert_eq!(reason(&"<a>".repeat(100_000)), Reason::TooDeep);
    let many = format!("<a{}/>", " b=''".repeat(100_000));
    assert_eq!(reason(&many), Reason::TooManyAttributes);
    let declarations: String = (0..255).map(|n| format!(" xmlns:p{n}='u'")).collect();
    let nested = format!("<a{declarations}>").repeat(255);
    let uses = "<p0:b p1:c=''/>".repeat(5_000);
    assert!(matches!(reason(&format!("{nested}{uses}")), Reason::NotWellFormed(_)));
    let line = format!("<a>{}</a>", "<b/>".repeat(50_000));
    assert!(text(&line).is_ok());
    let references = format!("<a>{}</a>", "&amp;".repeat(100_000));
    let tree = text(&references).expect("well-formed");
    assert_eq!(tree.text(tree.document()).len(), 100_000);
}

#[test]
fn encodings_are_honoured() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>".to_vec();
    let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    };
    let declared = "<?xml version='1.0' encoding='utf-16'?><a>é</a>";
    let good = [
        "<a>é</a>".as_bytes().to_vec(),
        "\u{FEFF}<a>é</a>".as_bytes().to_vec(),
        latin,
        utf16("\u{FEFF}<a>é</a>", u16::to_be_bytes),
        utf16("\u{FEFF}<a>é</a>", u16::to_le_bytes),
        utf16(declared, u16::to_be_bytes),
        utf16(declared, u16::to_le_bytes),
    ];
    for bytes in good {
        let tree = read(&bytes, &Limits::default()).unwrap_or_else(|e| panic!("{bytes:?}: {e}"));
        assert_eq!(tree.text(tree.document()), "é", "{bytes:?}");
    }
    let bad = [
        b"<a>\n\xE9</a>".to_vec(),
        b"<?xml version='1.0' encoding='windows-1252'?><a/>".to_vec(),
        declared.as_bytes().to_vec(),
        "\u{FEFF}<?xml version='1.0' encoding='latin1'?><a/>".as_bytes().to_vec(),
        utf16("\u{FEFF}<?xml version='1.0' encoding='utf-8'?><a/>", u16::to_be_bytes),
        b"\xFE\xFF\x00<\x00".to_vec(),
        b"\xFF\xFE\x00\xD8".to_vec(),
    ];
    for bytes in bad {
        let error = read(&bytes, &Limits::default()).expect_err("an encoding that is not");
        assert!(matches!(error.reason, Reason::Encoding(_)), "{bytes:?}: {error}");
    }
    let error = read(b"<a>\n\xE9</a>", &Limits::default()).expect_err("not UTF-8");
    assert_eq!(error.place, Place { line: 2, column: 1 });
}

#[test]
fn fragments_have_many_tops() {
    let mut scope = Namespaces::new();
    scope.set("p", "urn:p");
    let read = |text: &str| read_fragment(text, &scope, &Limits::default());
    let tree = read(" x<p:a/>y<b/> ").expect("a fragment");
    assert_eq!(tree.children(tree.document()).count(), 5);
    let first = tree.root().expect("p:a");
    assert!(tree.name(first).is_some_and(|name| name.is("urn:p", "a")));
    assert_eq!(tree.namespaces(first).get("p"), Some("urn:p"));
    assert_eq!(read("").expect("nothing").len(), 1);
    assert_eq!(read("&lt;").expect("text").len(), 2);
    for bad in ["<?xml version='1.0'?><a/>", "<a>", "</a>", "<q:a/>", "<!DOCTYPE a>"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn errors_name_their_place() {
    let cases = [
        (
            "<a>\n <b></c></a>",
            "line 2, column 5: not well-formed XML: </c> stands where </b> \
          should, which begins at line 2, column 2",
        ),
        ("<a>\n<b>", "line 2, column 1: not well-formed XML: <b> does not end; add </b>"),
        (
            "<a>x &nbsp; y</a>",
            "line 1, column 6: the entity &nbsp; is not known; write the \
          character itself, or &#…;",
        ),
        (
            "<a x='1'\n p:y='2'/>",
            "line 2, column 2: the prefix p is not declared; add \
          xmlns:p=\"…\"",
        ),
        (
            "<a>& b</a>",
            "line 1, column 4: not well-formed XML: & begins no reference; write \
          &amp;",
        ),
        (
            "<a>\n\u{1}</a>",
            "line 2, column 1: not well-formed XML: the character U+0001 is not \
          allowed here; remove it",
        ),
    ];
    for (case, expected) in cases {
        assert_eq!(text(case).expect_err(case).to_string(), expected);
    }
}

#[test]
fn spans_are_what_stands_in_the_text() {
    let source = "<a b = 'x&amp;y' xmlns:p='urn:p' p:c=\"\"><!-- - --><d>t<e/>u</d >\u{e9}<f/></a>";
    let (tree, spans) = read_spans(source, &Limits::default()).expect("well-formed");
    let root = tree.root().expect("a document");
    let slice = |span: Option<std::ops::Range<usize>>| span.and_then(|span| source.get(span));
    let values: Vec<_> = tree.attributes(root).map(|node| slice(spans.value(node))).collect();
    assert_eq!(values, [Some("x&amp;y"), Some("")]);
    let contents: Vec<_> = tree.elements(root).map(|node| slice(spans.content(node))).collect();
    assert_eq!(contents, [Some("t<e/>u"), None]);
    assert!(slice(spans.content(root)).is_some_and(|all| all.ends_with("\u{e9}<f/>")));
}
