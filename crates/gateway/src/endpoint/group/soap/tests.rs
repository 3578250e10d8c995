#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;

use super::*;

const HEADS: [&str; 2] = [
    r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://ws.apache.org/namespaces/axis2" xmlns:w="http://www.w3.org/2005/08/addressing" xmlns:o="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:y="http://ws.apache.org/ns/synapse">"#,
    r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://ws.apache.org/namespaces/axis2" xmlns:w="http://www.w3.org/2005/08/addressing" xmlns:o="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:y="http://ws.apache.org/ns/synapse">"#,
];
const BODY: &str = "<s:Body><a:ServiceGroupId>no</a:ServiceGroupId></s:Body></s:Envelope>";
const GROUP: &str = "<a:ServiceGroupId>urn:uuid:1</a:ServiceGroupId>";

fn id(text: &str) -> Found {
    Found::Id(text.to_owned())
}

/// A message with this header, in either version of SOAP.
fn messages(header: &str) -> [String; 2] {
    HEADS.map(|head| format!("{head}<s:Header>{header}</s:Header>{BODY}"))
}

fn by_group(message: &[u8]) -> Found {
    requested(&AffinityKind::Soap, message)
}

fn by_client(message: &[u8]) -> Found {
    requested(&AffinityKind::ClientId, message)
}

/// What any look finds in a beginning.
fn all(message: &[u8]) -> [Found; 3] {
    [by_group(message), by_client(message), answered(message)]
}

#[test]
fn requests_name_their_session_in_the_header() {
    for (header, expected) in [
        (GROUP, id("urn:uuid:1")),
        ("<a:ServiceGroupId s:mustUnderstand='0'>\n  x y\t</a:ServiceGroupId>", id("x y")),
        ("<a:ServiceGroupId><!-- c -->x<![CDATA[<y>]]>&amp;&#x41;&#66;</a:ServiceGroupId>", {
            id("x<y>&AB")
        }),
        ("<ServiceGroupId xmlns='http://ws.apache.org/namespaces/axis2'>x</ServiceGroupId>", {
            id("x")
        }),
        ("<w:To>http://b</w:To><w:Action>x</w:Action><a:ServiceGroupId>x</a:ServiceGroupId>", {
            id("x")
        }),
        ("<a:ServiceGroupId>x<b>no</b>y</a:ServiceGroupId>", id("xy")),
        (
            "<a:ServiceGroupId/><a:ServiceGroupId> </a:ServiceGroupId><a:ServiceGroupId>x</a:ServiceGroupId>",
            { id("x") },
        ),
        ("<a:ServiceGroupId>x</a:ServiceGroupId><a:ServiceGroupId>y</a:ServiceGroupId>", id("x")),
        (
            "<w:ReferenceParameters><a:ServiceGroupId>x</a:ServiceGroupId></w:ReferenceParameters>",
            { id("x") },
        ),
        (
            "<w:To><w:ReferenceParameters><a:ServiceGroupId>x</a:ServiceGroupId></w:ReferenceParameters></w:To>",
            id("x"),
        ),
        // No session of theirs.
        ("", Found::Nothing),
        ("<w:ServiceGroupId>x</w:ServiceGroupId>", Found::Nothing),
        ("<ServiceGroupId>x</ServiceGroupId>", Found::Nothing),
        ("<unknown:ServiceGroupId>x</unknown:ServiceGroupId>", Found::Nothing),
        ("<b><a:ServiceGroupId>x</a:ServiceGroupId></b>", Found::Nothing),
        ("<y:ClientID>x</y:ClientID>", Found::Nothing),
        (
            "<w:ReplyTo><w:ReferenceParameters><a:ServiceGroupId>x</a:ServiceGroupId></w:ReferenceParameters></w:ReplyTo>",
            { Found::Nothing },
        ),
        ("<a:ServiceGroupId>x&#10;y</a:ServiceGroupId>", Found::Nothing),
    ] {
        for message in messages(header) {
            assert_eq!(by_group(message.as_bytes()), expected, "{header}");
        }
    }
}

#[test]
fn clients_may_choose_an_id() {
    for (header, expected) in [
        ("<y:ClientID>me</y:ClientID>", id("me")),
        (GROUP, Found::Nothing),
        ("<a:ClientID>me</a:ClientID>", Found::Nothing),
        ("<w:To><y:ClientID>me</y:ClientID></w:To>", Found::Nothing),
    ] {
        for message in messages(header) {
            assert_eq!(by_client(message.as_bytes()), expected, "{header}");
        }
    }
}

#[test]
fn answers_name_the_session_where_to_reply() {
    for prefix in ["w", "o"] {
        for (header, expected) in [
            (
                format!(
                    "<P:ReplyTo><P:Address>http://b</P:Address><P:ReferenceParameters>{GROUP}\
                     </P:ReferenceParameters></P:ReplyTo>"
                ),
                id("urn:uuid:1"),
            ),
            (format!("<P:ReplyTo>{GROUP}</P:ReplyTo>"), Found::Nothing),
            (format!("<P:ReferenceParameters>{GROUP}</P:ReferenceParameters>"), Found::Nothing),
            (GROUP.to_owned(), Found::Nothing),
        ] {
            let header = header.replace("P:", &format!("{prefix}:"));
            for message in messages(&header) {
                assert_eq!(answered(message.as_bytes()), expected, "{header}");
            }
        }
    }
}

#[test]
fn sessions_by_cookie_are_not_in_messages() {
    let kind = AffinityKind::Cookie(Vec::new());
    assert_eq!(requested(&kind, messages(GROUP)[0].as_bytes()), Found::Nothing);
    assert_eq!(requested(&kind, b""), Found::Nothing);
}

#[test]
fn what_is_no_message_says_nothing() {
    let [message, _] = messages(GROUP);
    let head = HEADS[0];
    for text in [
        "{\"a\": 1}".to_owned(),
        "a=b".to_owned(),
        "<a/>".to_owned(),
        "<Envelope><Header>".to_owned(),
        format!("x{message}"),
        format!("&#32;{message}"),
        format!("<![CDATA[ ]]>{message}"),
        format!("<!DOCTYPE x>{message}"),
        format!("<!DOCTYPE x [<!ENTITY y 'z'>]>{message}"),
        "<!D".to_owned(),
        "<!x".to_owned(),
        "<!-x".to_owned(),
        "</a>".to_owned(),
        format!("<?xml version='1.0' encoding='ISO-8859-1'?>{message}"),
        format!("<?xml version='1.0' encoding='UTF-16'?>{message}"),
        format!(" <?xml version='1.0'?>{message}"),
        format!("\u{feff}\u{feff}{message}"),
        format!("{head}{BODY}"),
        format!("{head}<s:Header/>{BODY}"),
        format!("{head}<s:Header></s:Header>"),
        format!("{head}<s:Body>"),
        format!("{head}<s:Body/>"),
        format!("{head}<b/>"),
        format!("{head}</s:Envelope>"),
        head.replace('>', "/>"),
        // Of another version.
        format!("{head}<Header xmlns='http://www.w3.org/2003/05/soap-envelope'>{GROUP}"),
        format!("{head}<s:Header><b></c>"),
        format!("{head}<s:Header><b a='1' a='2'>{GROUP}"),
        format!("{head}<s:Header><b a='<'>{GROUP}"),
        format!("{head}<s:Header><b a=1>{GROUP}"),
        format!("{head}<s:Header><b xmlns:xmlns='c'>{GROUP}"),
        format!("{head}<s:Header><a:ServiceGroupId>&unknown;</a:ServiceGroupId>"),
        format!("{head}<s:Header><a:ServiceGroupId>&#x110000;</a:ServiceGroupId>"),
        format!("{head}<s:Header><a:ServiceGroupId>a & b</a:ServiceGroupId>"),
        format!("{head}<s:Header><a:ServiceGroupId>a\0b</a:ServiceGroupId>"),
        format!("{head}<s:Header>{}", "<b>".repeat(DEPTH)),
        format!("{head}<s:Header>{}", "<b>".repeat(20_000)),
    ] {
        assert_eq!(by_group(text.as_bytes()), Found::Nothing, "{text:.500}");
    }
}

#[test]
fn what_is_not_whole_yet_needs_more() {
    let head = HEADS[0];
    for text in [
        String::new(),
        " \n".to_owned(),
        "\u{feff}".to_owned(),
        "<".to_owned(),
        "<!".to_owned(),
        "<!--".to_owned(),
        "<?xml".to_owned(),
        "<?xml version='1.0'?>".to_owned(),
        "<!-- > -->".to_owned(),
        head.to_owned(),
        format!("{head}<s:Header>"),
        format!("{head}<s:Header><a:ServiceGroupId>urn:uuid:1</a:ServiceGroup"),
        format!("{head}<s:Header><b c='>"),
        format!("{head}<s:Header><b>&am"),
        format!("{head}<s:Header><b/></s:Header "),
    ] {
        assert_eq!(by_group(text.as_bytes()), Found::More, "{text}");
    }
    assert_eq!(by_group(&[0xef, 0xbb]), Found::More);
}

#[test]
fn messages_are_utf_8() {
    let [message, _] = messages("<a:ServiceGroupId>é</a:ServiceGroupId>");
    assert_eq!(by_group(message.as_bytes()), id("é"));
    for start in ["\u{feff}", "\u{feff}<?xml version='1.0' encoding='utf-8'?>\n", " <!-- é -->"] {
        assert_eq!(by_group(format!("{start}{message}").as_bytes()), id("é"), "{start}");
    }
    let latin: Vec<u8> = message.chars().map(|char| u8::try_from(char).unwrap()).collect();
    assert_eq!(by_group(&latin), Found::Nothing);
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let wide: Vec<u8> = message.encode_utf16().flat_map(to_bytes).collect();
        assert_eq!(by_group(&wide), Found::Nothing);
        let marked = format!("\u{feff}{message}");
        let wide: Vec<u8> = marked.encode_utf16().flat_map(to_bytes).collect();
        assert_eq!(by_group(&wide), Found::Nothing);
    }
    // What comes behind the header does not matter.
    let [mut message, _] = messages(GROUP).map(String::into_bytes);
    message.extend([0xff, 0, 0xfe]);
    assert_eq!(by_group(&message), id("urn:uuid:1"));
}

#[test]
fn a_header_has_to_end_within_the_limit() {
    let head = HEADS[0];
    let before = format!("{head}<s:Header><!--");
    let behind = format!("-->{GROUP}");
    let fill = LIMIT - before.len() - behind.len();
    let fitting = format!("{before}{}{behind}</s:Header>", "x".repeat(fill));
    assert_eq!(by_group(fitting.as_bytes()), id("urn:uuid:1"));
    let long = format!("{before}{}{behind}</s:Header>", "x".repeat(fill + 1));
    assert_eq!(by_group(long.as_bytes()), Found::Nothing);
    let long = long.get(..LIMIT).unwrap();
    assert_eq!(by_group(long.as_bytes()), Found::Nothing);
    assert_eq!(by_group(long.get(..LIMIT - 1).unwrap().as_bytes()), Found::More);
    let ids = [ID_LENGTH, ID_LENGTH + 1].map(|length| "x".repeat(length));
    let found =
        ids.map(|text| by_group(messages(&GROUP.replace("urn:uuid:1", &text))[0].as_bytes()));
    assert_eq!(found, [id(&"x".repeat(ID_LENGTH)), Found::Nothing]);
}

#[test]
fn what_comes_byte_by_byte_is_looked_at_now_and_then() {
    let mut looks = Looks::default();
    let due: Vec<usize> = (0..=LIMIT).filter(|length| looks.is_due(*length)).collect();
    assert_eq!(due.first(), Some(&0));
    assert!(due.len() < 100, "{}", due.len());
    assert!(due.iter().sum::<usize>() < 10 * LIMIT);
    assert!(Looks::default().is_due(LIMIT));
}

/// Parts of messages, sound ones and others.
const PARTS: &[&str] = &[
    GROUP,
    "<y:ClientID>me &lt;&#65; é</y:ClientID>",
    "<w:ReplyTo><w:ReferenceParameters>",
    "</w:ReferenceParameters></w:ReplyTo>",
    "<o:ReplyTo >",
    "<w:To a=\"x>y\" b='&quot;'>",
    "</w:To>",
    "<!-- <a:ServiceGroupId> - -- -->",
    "<!--->-->",
    "<![CDATA[ ]] ]]>",
    "<![CDATA",
    "<?pi > ?>",
    "<?>",
    "<b/>",
    "<b>text",
    "</b>",
    "</s:Header>",
    "<s:Header>",
    "&amp;",
    "& ",
    "&",
    "<!",
    "<!DOCTYPE a [ <!ENTITY b 'c'> ]>",
    "<a:ServiceGroupId>x]]>&#0;</a:ServiceGroupId>",
    "<a:ServiceGroupId>",
    "</a:ServiceGroupId>",
    "<b c='<'>",
    "<b xmlns:a='other'>",
    "<>",
    "< a>",
    "</>",
    "\0",
    "\u{feff}",
    "\r\n",
    "'\"",
    "é",
];

fn message() -> impl Strategy<Value = Vec<u8>> {
    let parts = proptest::collection::vec(proptest::sample::select(PARTS), 0..8);
    let start = proptest::sample::select(
        &["", "\u{feff}", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", " ", "<!-- x -->"][..],
    );
    let head = proptest::sample::select(&HEADS[..]);
    let envelope = (start, head, parts, any::<bool>()).prop_map(|(start, head, parts, is_end)| {
        let end = if is_end { "</s:Header>" } else { "" };
        format!("{start}{head}<s:Header>{}{end}{BODY}", parts.concat()).into_bytes()
    });
    let loose = proptest::collection::vec(proptest::sample::select(PARTS), 0..8)
        .prop_map(|parts| parts.concat().into_bytes());
    prop_oneof![6 => envelope, 1 => loose, 1 => proptest::collection::vec(any::<u8>(), 0..80)]
}

fn spoiled() -> impl Strategy<Value = Vec<u8>> {
    let spoils = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (message(), spoils).prop_map(|(mut message, spoils)| {
        for (index, byte) in spoils {
            if let Some(place) = message.len().checked_sub(1).map(|last| index.index(last + 1)) {
                message[place] = byte;
            }
        }
        message
    })
}

proptest! {
    #[test]
    fn a_cut_changes_nothing_but_that_more_is_needed(message in spoiled()) {
        let whole = all(&message);
        for end in 0..message.len() {
            for (cut, whole) in all(&message[..end]).into_iter().zip(&whole) {
                prop_assert!(cut == Found::More || cut == *whole, "{cut:?}, {whole:?} at {end}");
            }
        }
    }
}
