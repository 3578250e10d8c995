#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use bytes::Bytes;
use xml::read::Limits;
use xml::soap::Version::{V11, V12};

use super::*;

const SOAP11: Wanted = Wanted { format: Some(Format::Soap(V11)), optimize: None };
const SOAP12: Wanted = Wanted { format: Some(Format::Soap(V12)), optimize: None };
const POX: Wanted = Wanted { format: Some(Format::Pox), optimize: None };
const GET: Wanted = Wanted { format: Some(Format::Get), optimize: None };
const MTOM: Wanted = Wanted { format: None, optimize: Some(Optimize::Mtom) };
const SWA: Wanted = Wanted { format: None, optimize: Some(Optimize::Swa) };

fn envelope(version: Version, header: &str, body: &str) -> String {
    let namespace = version.namespace();
    let element = |name: &str, content: &str| match content {
        "" => format!("<s:{name}/>"),
        content => format!("<s:{name}>{content}</s:{name}>"),
    };
    let (header, body) = (element("Header", header), element("Body", body));
    format!("<s:Envelope xmlns:s=\"{namespace}\">{header}{body}</s:Envelope>")
}

fn written(wanted: Wanted, content_type: &str, action: Option<&str>, body: &str) -> Sent {
    let head = Head { content_type, action };
    wanted.write(&head, &Bytes::from(body.to_owned()), &Limits::default()).unwrap()
}

fn refused(wanted: Wanted, content_type: &str, body: &str) -> String {
    let head = Head { content_type, action: None };
    let written = wanted.write(&head, &Bytes::from(body.to_owned()), &Limits::default());
    written.unwrap_err().to_string()
}

fn text(sent: &Sent) -> String {
    let text = String::from_utf8(sent.body.to_vec()).unwrap();
    text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap_or(&text).to_owned()
}

#[test]
fn the_head_tells_the_version() {
    for (content_type, expected) in [
        ("text/xml", Some(V11)),
        ("Text/XML; charset=utf-8", Some(V11)),
        ("application/soap+xml; action=\"a;b\"", Some(V12)),
        ("multipart/related; type=\"text/xml\"; boundary=b", Some(V11)),
        ("multipart/related; boundary=b; type=\"application/soap+xml\"", Some(V12)),
        ("multipart/related; type=\"application/xop+xml\"; start-info=\"text/xml\"", Some(V11)),
        (
            "multipart/related;type=\"application/xop+xml\";start-info=\"application/soap+xml; action=\\\"x\\\"\"",
            Some(V12),
        ),
        ("multipart/related; type=\"image/png\"", None),
        ("multipart/form-data; boundary=b", None),
        ("application/xml", None),
        ("", None),
    ] {
        assert_eq!(version_of(content_type), expected, "{content_type}");
    }
}

#[test]
fn the_action_is_in_a_header_or_a_parameter() {
    for (content_type, header, expected) in [
        ("text/xml", Some("\"urn:a\""), Some("urn:a")),
        ("text/xml", Some("urn:a"), Some("urn:a")),
        ("text/xml", Some("\"\""), None),
        ("text/xml", None, None),
        ("application/soap+xml; charset=utf-8; action=\"urn:b\"", None, Some("urn:b")),
        ("application/soap+xml;action=urn:b;charset=utf-8", None, Some("urn:b")),
    ] {
        let head = Head { content_type, action: header };
        assert_eq!(action_of(&head).as_deref(), expected, "{content_type} {header:?}");
    }
}

#[test]
fn what_is_as_it_is_wanted_is_not_read() {
    let multipart = "multipart/related; type=\"text/xml\"; boundary=b";
    for (wanted, content_type, action, expected) in [
        (SOAP11, "text/xml", Some("\"a\""), false),
        // The action may be in the envelope.
        (SOAP11, "text/xml", None, true),
        (SOAP11, "application/soap+xml", None, true),
        (SOAP12, "application/soap+xml", None, false),
        (SOAP12, "text/xml", Some("\"a\""), true),
        (SOAP12, multipart, Some("\"a\""), true),
        (SOAP12, "application/json", None, true),
        (POX, "text/xml", None, true),
        (POX, "application/json", None, false),
        (GET, "application/xml", None, true),
        (MTOM, "text/xml", None, true),
        (MTOM, multipart, None, false),
        (SWA, "application/json", None, false),
    ] {
        let head = Head { content_type, action };
        assert_eq!(wanted.concerns(&head), expected, "{wanted:?} {content_type} {action:?}");
    }
    assert!(Wanted::default().is_nothing() && !SOAP11.is_nothing());
}

#[test]
fn an_envelope_becomes_one_of_the_other_version() {
    let header = "<a xmlns=\"urn:a\" s:mustUnderstand=\"1\" s:actor=\"http://schemas.xmlsoap.org/soap/actor/next\"/>";
    let body = "<x:q xmlns:x=\"urn:x\" x:k=\"1\">a &amp; b<![CDATA[<c>]]></x:q>";
    let sent = written(
        SOAP12,
        "text/xml; charset=utf-8",
        Some("\"urn:do\""),
        &envelope(V11, header, body),
    );
    assert_eq!(
        sent.content_type.as_deref(),
        Some("application/soap+xml; charset=utf-8; action=\"urn:do\"")
    );
    assert_eq!(sent.action, None);
    let there = "<a xmlns=\"urn:a\" s:mustUnderstand=\"1\" s:role=\"http://www.w3.org/2003/05/soap-envelope/role/next\"/>";
    let plain = "<x:q xmlns:x=\"urn:x\" x:k=\"1\">a &amp; b&lt;c&gt;</x:q>";
    assert_eq!(text(&sent), envelope(V12, there, plain));
    let back = written(SOAP11, sent.content_type.as_deref().unwrap(), None, &text(&sent));
    assert_eq!(back.content_type.as_deref(), Some("text/xml; charset=utf-8"));
    assert_eq!(back.action.as_deref(), Some("\"urn:do\""));
    assert_eq!(text(&back), envelope(V11, header, plain));
}

#[test]
fn attributes_of_headers_are_those_of_the_version() {
    let of = |version, attributes: &str| envelope(version, &format!("<h {attributes}/>"), "<b/>");
    for (from, to) in [
        ("s:mustUnderstand=\"true\"", "s:mustUnderstand=\"1\""),
        ("s:mustUnderstand=\"false\"", "s:mustUnderstand=\"0\""),
        ("s:relay=\"true\" a=\"1\"", "a=\"1\""),
        (
            "s:role=\"http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver\" a=\"1\"",
            "a=\"1\"",
        ),
        ("s:role=\"urn:me\"", "s:actor=\"urn:me\""),
    ] {
        let sent = written(SOAP11, "application/soap+xml", None, &of(V12, from));
        assert_eq!(text(&sent), of(V11, to), "{from}");
    }
}

#[test]
fn an_encoding_of_the_whole_becomes_one_of_what_is_in_the_body() {
    let namespace = V11.namespace();
    let body = format!(
        "<s:Envelope xmlns:s=\"{namespace}\" s:encodingStyle=\"urn:e\"><s:Body><a/></s:Body></s:Envelope>"
    );
    let sent = text(&written(SOAP12, "text/xml", None, &body));
    assert!(sent.contains("s:Body><a ") && sent.contains("encodingStyle=\"urn:e\"/>"), "{sent}");
    assert_eq!(sent.matches("encodingStyle").count(), 1, "{sent}");
}

#[test]
fn the_action_is_taken_from_addressing_where_nothing_else_says_it() {
    let header = "<w:Action xmlns:w=\"http://www.w3.org/2005/08/addressing\"> urn:w </w:Action>";
    let message = envelope(V11, header, "<b/>");
    let sent = written(SOAP11, "text/xml", None, &message);
    assert_eq!((sent.action.as_deref(), text(&sent)), (Some("\"urn:w\""), message.clone()));
    let sent = written(SOAP12, "text/xml", None, &message);
    assert_eq!(
        sent.content_type.as_deref(),
        Some("application/soap+xml; charset=UTF-8; action=\"urn:w\"")
    );
    assert_eq!(
        written(SOAP11, "text/xml", None, &envelope(V11, "", "")).action.as_deref(),
        Some("\"\"")
    );
}

#[test]
fn other_encodings_become_utf8() {
    let text_of = |content_type: &str, body: Vec<u8>| {
        let head = Head { content_type, action: None };
        let sent = SOAP12.write(&head, &Bytes::from(body), &Limits::default()).unwrap();
        (text(&sent), sent.content_type.unwrap())
    };
    let message = envelope(V11, "", "<b>é</b>");
    let latin: Vec<u8> =
        message.chars().map(|mark| u8::try_from(u32::from(mark)).unwrap()).collect();
    let (sent, media) = text_of("text/xml; charset=ISO-8859-1", latin);
    assert_eq!(sent, envelope(V12, "", "<b>é</b>"));
    assert_eq!(media, "application/soap+xml; charset=UTF-8");
    let wide: Vec<u8> =
        [0xFEFF].into_iter().chain(message.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    assert_eq!(text_of("text/xml; charset=utf-16", wide).0, envelope(V12, "", "<b>é</b>"));
}

#[test]
fn xml_is_put_into_an_envelope_and_taken_out_of_it() {
    let sent = written(SOAP11, "application/xml", Some("\"urn:a\""), "<a xmlns=\"urn:x\"><b/></a>");
    let namespace = V11.namespace();
    let expected = format!(
        "<soapenv:Envelope xmlns:soapenv=\"{namespace}\"><soapenv:Body><a xmlns=\"urn:x\"><b/></a></soapenv:Body></soapenv:Envelope>"
    );
    assert_eq!((text(&sent), sent.action.as_deref()), (expected, Some("\"urn:a\"")));
    let namespace = V12.namespace();
    let message = format!(
        "<s:Envelope xmlns:s=\"{namespace}\" xmlns:x=\"urn:x\" xmlns:t=\"urn:t\"><s:Body><x:a t:k=\"1\" i=\"t:v\"/><x:b/></s:Body></s:Envelope>"
    );
    let sent = written(POX, "application/soap+xml", None, &message);
    assert_eq!(sent.content_type.as_deref(), Some("application/xml; charset=UTF-8"));
    let tree = xml::read::read_text(&text(&sent), &Limits::default()).unwrap();
    let root = tree.root().unwrap();
    assert!(tree.name(root).unwrap().is("urn:x", "a"), "{}", text(&sent));
    assert_eq!(tree.namespaces(root).get("t"), Some("urn:t"));
    assert_eq!((sent.action, sent.query), (None, None));
}

#[test]
fn a_body_becomes_a_query() {
    for (content_type, body, expected) in [
        (
            "text/xml",
            envelope(V11, "", "<q><a>1 &amp; 2</a><b><c>é</c><d/></b></q>"),
            "a=1%20%26%202&c=%C3%A9&d=",
        ),
        ("text/xml", envelope(V11, "", "<q/>"), ""),
        ("text/xml", envelope(V11, "", "<q>v</q>"), "q=v"),
        ("text/xml", envelope(V11, "", ""), ""),
        ("application/xml", "<q><a>1</a><a>2</a></q>".to_owned(), "a=1&a=2"),
    ] {
        let sent = written(GET, content_type, None, &body);
        assert_eq!(sent.query.as_deref(), Some(expected), "{body}");
        assert_eq!((sent.content_type, sent.body.len()), (None, 0));
    }
}

const PARTS: &str = "--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\nContent-ID: <root>\r\n\r\nENVELOPE\r\n--b\r\nContent-ID: <att>\r\n\r\n\u{1}--bb\r\n\r\n--b--\r\n";
const PARTS_TYPE: &str = "multipart/related; boundary=b; type=\"application/xop+xml\"; start=\"<root>\"; start-info=\"text/xml\"";

#[test]
fn attachments_stay_where_the_envelope_changes() {
    let include = "<i:Include xmlns:i=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:att\"/>";
    let body = PARTS.replace("ENVELOPE", &envelope(V11, "", include));
    let sent = written(SOAP12, PARTS_TYPE, Some("\"urn:a\""), &body);
    assert_eq!(
        sent.content_type.as_deref(),
        Some(
            "multipart/related; boundary=b; type=\"application/xop+xml\"; start=\"<root>\"; start-info=\"application/soap+xml\"; action=\"urn:a\""
        )
    );
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    let expected = PARTS
        .replace("type=\"text/xml\"", "type=\"application/soap+xml\"")
        .replace("ENVELOPE", &format!("{declaration}{}", envelope(V12, "", include)));
    assert_eq!(String::from_utf8(sent.body.to_vec()).unwrap(), expected);
}

#[test]
fn the_part_that_is_named_is_the_one_with_the_envelope() {
    let content_type = "multipart/related; boundary=\"b\"; type=\"text/xml\"; start=\"<2>\"";
    let second = envelope(V11, "", "<q/>");
    let body = format!(
        "preamble\n--b\nContent-ID: <1>\n\nfirst\n--b\nContent-ID:\n <2>\nContent-Type: text/xml\n\n{second}\n--b--"
    );
    let sent = String::from_utf8(written(SOAP12, content_type, None, &body).body.to_vec()).unwrap();
    assert!(
        sent.starts_with("preamble\n--b\nContent-ID: <1>\n\nfirst\n--b\nContent-ID:\n <2>\n"),
        "{sent}"
    );
    assert!(sent.contains("Content-Type: application/soap+xml; charset=UTF-8\r\n"), "{sent}");
    assert!(sent.ends_with(&format!("{}\n--b--", envelope(V12, "", "<q/>"))), "{sent}");
}

#[test]
fn a_plain_message_becomes_the_only_part() {
    let message = envelope(V12, "", "<q/>");
    for (wanted, of_whole, of_part) in [
        (
            MTOM,
            "type=\"application/xop+xml\"; start=\"<root.message@weir>\"; start-info=\"application/soap+xml\"; action=\"urn:a\"",
            "application/xop+xml; charset=utf-8; type=\"application/soap+xml\"",
        ),
        (
            SWA,
            "type=\"application/soap+xml\"; start=\"<root.message@weir>\"; action=\"urn:a\"",
            "application/soap+xml; charset=utf-8; action=\"urn:a\"",
        ),
    ] {
        let sent = written(
            wanted,
            "application/soap+xml; charset=utf-8; action=\"urn:a\"",
            None,
            &message,
        );
        let media = sent.content_type.unwrap();
        let boundary = Media::parse(&media).parameter("boundary").unwrap().to_owned();
        assert_eq!(media, format!("multipart/related; boundary={boundary}; {of_whole}"));
        let expected = format!(
            "--{boundary}\r\nContent-Type: {of_part}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <root.message@weir>\r\n\r\n{message}\r\n--{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8(sent.body.to_vec()).unwrap(), expected);
    }
    // Both at once.
    let both = Wanted { format: Some(Format::Soap(V11)), optimize: Some(Optimize::Mtom) };
    let sent = written(both, "application/soap+xml; action=\"urn:a\"", None, &message);
    assert_eq!(sent.action.as_deref(), Some("\"urn:a\""));
    assert!(sent.content_type.unwrap().contains("start-info=\"text/xml\""));
    assert!(String::from_utf8(sent.body.to_vec()).unwrap().contains(V11.namespace()));
}

#[test]
fn what_cannot_be_said_is_refused() {
    let message = envelope(V11, "", "<q/>");
    for (wanted, content_type, body, expected) in [
        (SOAP12, "application/json", "{}", "cannot be put into an envelope"),
        (SOAP12, "text/xml", "<a/>", "no envelope"),
        (SOAP12, "text/xml", "<a>", "not well-formed"),
        (SOAP12, "text/xml", "<!DOCTYPE a><a/>", "not well-formed"),
        (SOAP12, "application/xml", &message, "its type does not say so"),
        (SOAP12, "multipart/related; type=\"text/xml\"", PARTS, "no usable boundary"),
        (
            SOAP12,
            "multipart/related; type=\"text/xml\"; boundary=c",
            PARTS,
            "not where its boundary",
        ),
        (
            SOAP12,
            "multipart/related; type=\"text/xml\"; boundary=b; start=\"<c>\"",
            PARTS,
            "no part with",
        ),
        (POX, PARTS_TYPE, PARTS, "no attachments"),
        (GET, PARTS_TYPE, PARTS, "no attachments"),
        (POX, "text/xml", &envelope(V11, "", ""), "is empty"),
        (GET, "application/json", "{}", "cannot be written as a query"),
        (GET, "application/xml", &format!("<a><b>{}</b></a>", "x".repeat(9000)), "too long"),
        (
            SOAP12,
            "multipart/related; type=\"text/xml\"; boundary=b",
            "--b\r\nContent-Type: text/xml\r\nContent-Transfer-Encoding: base64\r\n\r\nPGEvPg==\r\n--b--",
            "send it as binary",
        ),
    ] {
        let problem = refused(wanted, content_type, body);
        assert!(problem.contains(expected), "{wanted:?} {content_type} {body:.60}: {problem}");
    }
}

#[test]
fn a_multipart_message_that_is_broken_anywhere_does_no_harm() {
    let body = PARTS.replace("ENVELOPE", &envelope(V11, "", "<q/>"));
    for end in 0..body.len() {
        let Some(cut) = body.get(..end) else { continue };
        let head = Head { content_type: PARTS_TYPE, action: None };
        drop(SOAP12.write(&head, &Bytes::from(cut.to_owned()), &Limits::default()));
    }
}
