//! Forms of a body, and what it costs to have them.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn payload(content_type: &str, body: &[u8]) -> Payload {
    Payload::whole(Bytes::copy_from_slice(body), Media::of(content_type))
}

/// Writes a body that came as one type as another.
#[track_caller]
fn check(from: &str, body: &str, to: &str, written: &str) {
    let limits = Limits::default();
    let bytes = payload(from, body.as_bytes()).write(&Media::of(to), &limits);
    let bytes = bytes.expect("it can be written");
    assert_eq!(String::from_utf8_lossy(&bytes), written, "{body} as {to}");
}

const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";

fn soap(namespace: &str, body: &str) -> String {
    format!(r#"<s:Envelope xmlns:s="{namespace}"><s:Body>{body}</s:Body></s:Envelope>"#)
}

#[test]
fn types() {
    for (text, media) in [
        ("application/json; charset=utf-8", "Json"),
        ("application/problem+json", "Json"),
        ("TEXT/XML", "Xml"),
        ("image/svg+xml", "Xml"),
        ("application/soap+xml;action=a", "Soap"),
        ("application/x-www-form-urlencoded", "Form"),
        ("text/csv", "Text"),
        ("application/octet-stream", "Binary"),
        ("multipart/form-data; boundary=a", "Binary"),
        ("", "Binary"),
    ] {
        assert!(format!("{:?}", Media::of(text)).starts_with(media), "{text}");
    }
}

#[test]
fn json_becomes_xml_and_xml_json() {
    let (json, xml) = ("application/json", "application/xml");
    check(
        json,
        r#"{"a":{"b":[1,"x",null]}}"#,
        xml,
        "<jsonObject xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><a><b>1</b><b>x</b><b xsi:nil=\"true\"/></a></jsonObject>",
    );
    check(
        json,
        r#"[1,{"a":2}]"#,
        xml,
        "<jsonArray><jsonElement>1</jsonElement><jsonElement><a>2</a></jsonElement></jsonArray>",
    );
    check(
        xml,
        "<a><b>1</b><b>true</b><c d='e'/></a>",
        json,
        r#"{"a":{"b":[1,true],"c":{"@d":"e"}}}"#,
    );
    check(xml, "<?xml version='1.0'?><!-- x --><a>007</a>", json, r#"{"a":"007"}"#);
    // A key that XML has no name for is no fault (spec/02 §6.1 row 25).
    check(
        json,
        r#"{"a:b":1}"#,
        xml,
        "<jsonObject><a_JsonReader_58_b>1</a_JsonReader_58_b></jsonObject>",
    );
    check(json, "", xml, "");
    check(xml, "", json, "");
}

#[test]
fn other_bodies() {
    let (json, xml, text) = ("application/json", "application/xml", "text/plain");
    let form = "application/x-www-form-urlencoded";
    check(form, "a=1&b=%20x&1c=2", xml, "<xformValues><a>1</a><b> x</b><_1c>2</_1c></xformValues>");
    check(form, "a=1&a=2", json, r#"{"xformValues":{"a":[1,2]}}"#);
    check(xml, "<f><a>1 2</a><b>&amp;</b></f>", form, "a=1+2&b=%26");
    check(text, "a < b", json, r#"{"text":"a < b"}"#);
    check(json, r#"{ "a": 1 }"#, text, r#"{ "a": 1 }"#);
    check(json, r#"{ "a": 1 }"#, "application/octet-stream", r#"{ "a": 1 }"#);
    check(xml, "<a/>", text, "<a/>");
}

#[test]
fn envelopes_come_and_go() {
    let (xml, json) = ("application/xml", "application/json");
    let (one, two) = (soap(SOAP11, "<a/>"), soap(SOAP12, "<a/>"));
    check("text/xml", &one, "text/xml", &one);
    check("text/xml", &one, json, r#"{"a":""}"#);
    check("text/xml", &one, xml, "<a/>");
    check("text/xml", "<a/>", xml, "<a/>");
    check("text/xml", &one, "text/xml; charset=utf-8", &one);
    let made = format!(
        r#"<soapenv:Envelope xmlns:soapenv="{SOAP12}"><soapenv:Body><a/></soapenv:Body></soapenv:Envelope>"#
    );
    check("text/xml", &one, "application/soap+xml", &made);
    check(xml, "<a/>", "application/soap+xml", &made);
    check("application/soap+xml", &two, "application/soap+xml; action=b", &two);
    let mut changed = payload("text/xml", one.as_bytes());
    let limits = Limits::default();
    changed.envelope_mut(&limits).expect("XML");
    assert_eq!(changed.write(&Media::of("text/xml"), &limits).expect("XML"), one);
    // Changed as JSON, it is still SOAP.
    *changed.json_mut(&limits).expect("JSON") = json!({"b": 1});
    let written = changed.write(&Media::of("text/xml"), &limits).expect("XML");
    let expected = soap(SOAP11, "<b>1</b>")
        .replace("xmlns:s=", "xmlns:soapenv=")
        .replace("<s:", "<soapenv:")
        .replace("</s:", "</soapenv:");
    assert_eq!(String::from_utf8_lossy(&written), expected);
}

#[test]
fn xml_that_was_changed_as_json_has_no_element_around_it() {
    let limits = Limits::default();
    let mut payload = payload("application/xml", b"<a><b>1</b></a>");
    payload.json_mut(&limits).expect("JSON")["a"]["b"] = json!([2, 3]);
    let written = payload.write(&Media::of("application/xml"), &limits).expect("XML");
    assert_eq!(written, "<a><b>2</b><b>3</b></a>");
    payload.set_json(json!({"a": 1, "b": 2}));
    let written = payload.write(&Media::of("application/xml"), &limits).expect("XML");
    assert_eq!(written, "<jsonObject><a>1</a><b>2</b></jsonObject>");
}

#[test]
fn what_cannot_be_read_is_told_once_and_never_lost() {
    let limits = Limits::default();
    for (content_type, body) in [("application/json", "{"), ("application/xml", "<a>")] {
        let mut payload = payload(content_type, body.as_bytes());
        for need in [Need::Json, Need::Xml] {
            assert!(matches!(
                payload.prepare(need, &limits),
                Err(PayloadError::Unreadable(_)) | Ok(())
            ));
            assert!(payload.prepare(need, &limits).is_ok());
        }
        assert!(payload.json().is_none() && payload.envelope().is_none());
        assert!(payload.json_mut(&limits).is_err() && payload.envelope_mut(&limits).is_err());
        let media = payload.media().clone();
        assert_eq!(payload.write(&media, &limits).expect("as it came"), body);
        assert!(payload.write(&Media::of("application/soap+xml"), &limits).is_err());
    }
}

#[test]
fn an_unread_body_can_be_read_later() {
    let limits = Limits::default();
    let mut payload = Payload::unread(Media::of("application/json"));
    assert!(matches!(payload.prepare(Need::Json, &limits), Err(PayloadError::Unread)));
    assert!(matches!(payload.prepare(Need::Xml, &limits), Err(PayloadError::Unread)));
    payload.load(Bytes::from_static(b"{\"a\":1}"));
    payload.prepare(Need::Json, &limits).expect("JSON");
    assert_eq!(payload.json().map(|it| it["a"].clone()), Some(json!(1)));
}

#[test]
fn limits_have_faults_of_their_own() {
    let limits = Limits {
        body: 100,
        output: 200,
        json_depth: 3,
        xml: xml::read::Limits { depth: 3, nodes: 10, ..xml::read::Limits::default() },
        ..Limits::default()
    };
    let (json, xml) = ("application/json", "application/xml");
    for (content_type, body, to, code) in [
        (json, format!("[{}1]", "1,".repeat(60)), json, FaultCode::PolicyBody),
        (json, "[[[[1]]]]".to_owned(), json, FaultCode::PolicyBody),
        (json, r#"["[[[[[[[", "\"[[[["]"#.to_owned(), xml, FaultCode::PolicyFailed),
        (json, r#"{"a":[{"b":1}]}"#.to_owned(), xml, FaultCode::PolicyFailed),
        (json, format!("[{}1]", "1,".repeat(12)), xml, FaultCode::PolicyBody),
        (xml, "<a><b><c><d/></c></b></a>".to_owned(), xml, FaultCode::PolicyBody),
        (xml, format!("<a>{}</a>", "<b/>".repeat(12)), xml, FaultCode::PolicyBody),
        (xml, "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned(), xml, FaultCode::Threat),
        (xml, "<a>&b;</a>".to_owned(), xml, FaultCode::PolicyParse),
        (json, "[1".to_owned(), json, FaultCode::PolicyParse),
    ] {
        let mut payload = payload(content_type, body.as_bytes());
        let need = if content_type == json { Need::Json } else { Need::Xml };
        let made = payload
            .prepare(need, &limits)
            .and_then(|()| payload.write(&Media::of(to), &limits).map(|_| ()));
        let found = made
            .map_err(MediationFault::from)
            .map_or_else(|it| it.code, |()| FaultCode::PolicyFailed);
        // The code that stands for none here.
        assert_eq!(found, code, "{body}");
    }
    let long = format!("\"{}\"", "a".repeat(90));
    let limits = Limits { output: 80, ..limits };
    let mut payload = payload(json, long.as_bytes());
    let error = payload.write(&Media::of(xml), &limits).expect_err("too long");
    assert_eq!(MediationFault::from(error).code, FaultCode::PolicyOutput);
}

#[test]
fn deep_bodies_need_no_stack() {
    let limits = Limits { json_depth: 1_000_000, ..Limits::default() };
    for (content_type, body) in [
        ("application/json", "[".repeat(200_000)),
        ("application/json", format!("{}{}", "{\"a\":".repeat(200_000), "}".repeat(200_000))),
        ("application/xml", "<a>".repeat(200_000)),
    ] {
        let mut payload = payload(content_type, body.as_bytes());
        assert!(payload.prepare(Need::Json, &limits).is_err());
    }
}

/// JSON that XML can hold: no empty lists, keys that are plain names.
fn holdable() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        "[a-z<&]{1,6}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Json::from),
            prop::collection::btree_map("k[a-z:$ ]{0,3}", inner, 1..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

#[test]
fn who_looks_again_gets_the_document() {
    let limits = Limits { json_depth: 3, ..Limits::default() };
    let mut body = payload("application/json", b"{\"a\":1}");
    body.prepare(Need::Field, &limits).expect("JSON");
    assert!(body.json().is_none());
    assert_eq!(body.unmade_json(), Some(&b"{\"a\":1}"[..]));
    body.prepare(Need::Field, &limits).expect("JSON");
    assert!(body.json().is_some() && body.unmade_json().is_none());
    // What is no JSON is made JSON at once, and the limit holds for both.
    let mut xml = payload("application/xml", b"<a>1</a>");
    xml.prepare(Need::Field, &limits).expect("XML");
    assert!(xml.json().is_some() && xml.unmade_json().is_none());
    let mut deep = payload("application/json", b"[[[[1]]]]");
    assert!(matches!(deep.prepare(Need::Field, &limits), Err(PayloadError::Limit(_))));
    // A string may hold as many brackets as it likes.
    let mut texts = payload("application/json", b"[\"[[[[{{{{\"]");
    texts.prepare(Need::Field, &limits).expect("JSON");
    // What was found to be none is not read, and not told, again.
    let mut broken = payload("application/json", b"{");
    broken.prepare(Need::Field, &limits).expect("not read yet");
    broken.note_malformed();
    broken.prepare(Need::Json, &limits).expect("told before");
    assert!(broken.json().is_none() && broken.unmade_json().is_none());
}

proptest! {
    #[test]
    fn bodies_that_are_looked_at_stay_as_they_came(
        body in prop_oneof![
            any::<Vec<u8>>(),
            r#"[ \[\]{}":,a0-9<>/=&%;]{0,40}"#.prop_map(String::into_bytes),
        ],
        content_type in prop::sample::select(vec![
            "application/json", "application/xml", "text/xml", "application/soap+xml",
            "application/x-www-form-urlencoded", "text/plain", "",
        ]),
        needs in prop::collection::vec(prop::bool::ANY, 0..4),
    ) {
        let limits = Limits::default();
        let mut payload = payload(content_type, &body);
        for is_json in needs {
            let _any = payload.prepare(if is_json { Need::Json } else { Need::Xml }, &limits);
        }
        let media = payload.media().clone();
        prop_assert_eq!(payload.write(&media, &limits).expect("as it came"), body);
        prop_assert!(!payload.is_changed());
    }

    #[test]
    fn any_body_can_be_asked_for_as_anything(
        body in any::<Vec<u8>>(),
        from in "(application|text)/(json|xml|soap\\+xml|plain)",
        to in "(application|text)/(json|xml|soap\\+xml|plain|x-www-form-urlencoded)",
    ) {
        let _any = payload(&from, &body).write(&Media::of(&to), &Limits::default());
    }

    #[test]
    fn json_comes_back_from_xml(value in holdable()) {
        let limits = Limits::default();
        let (json, xml) = (Media::of("application/json"), Media::of("application/xml"));
        let text = value.to_string();
        let written = payload("application/json", text.as_bytes()).write(&xml, &limits).expect("XML");
        let back = payload("application/xml", &written).write(&json, &limits).expect("JSON");
        prop_assert_eq!(String::from_utf8_lossy(&back), text);
    }
}
