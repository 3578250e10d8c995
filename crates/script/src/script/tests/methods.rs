//! Every method of `mc`.

use super::*;
use crate::Addressing;

/// What is read, and what comes of it.
const READS: &[(&str, &str)] = &[
    ("mc.getPayloadJSON().a.b.length", "3"),
    ("mc.getPayloadJSON().checkNull === null", "true"),
    ("mc.getJsonText().length > 10", "true"),
    ("mc.getPayloadText()", "plain"),
    ("mc.getMessageString()", "<Envelope/>"),
    ("mc.getProperty('uri.var.petId') == 1", "true"),
    ("mc.getProperty('uri.var.petId') === '1'", "true"),
    ("typeof mc.getProperty('flag')", "boolean"),
    ("mc.getProperty('count') + 1", "4"),
    ("mc.getProperty('absent')", "null"),
    ("mc.getProperty('xml').toXMLString()", "<a>t</a>"),
    ("JSON.parse(mc.getProperty('json')).k", "1"),
    ("mc.getProperty('X-Name', 'transport')", "n"),
    ("mc.getProperty('x-name')", "null"),
    ("mc.getPropertyKeySet().size()", "5"),
    ("mc.getPropertyKeySet().toArray()[0]", "count"),
    ("mc.getPropertyKeySet().contains('flag')", "true"),
    ("mc.getVariable('v')", "null"),
    ("mc.getVariableKeySet().length", "0"),
    ("mc.getTo()", "http://a/b"),
    ("mc.getFrom()", "null"),
    ("mc.isDoingGET() && !mc.isResponse() && !mc.isFaultResponse() && !mc.isSOAP11()", "true"),
    ("mc.isDoingMTOM() || mc.isDoingSWA() || mc.isDoingPOX()", "false"),
    ("mc.getPayloadXML().item.length()", "2"),
    ("mc.getPayloadXML().item[1]", "y"),
    ("mc.getPayloadXML().item[0] == 'x'", "true"),
    ("mc.getPayloadXML().item[1].@n", "2"),
    ("mc.getPayloadXML()..item.@n", "12"),
    ("mc.getPayloadXML().@id + 1", "71"),
    ("mc.getPayloadXML().nothing.at.all", ""),
    ("mc.getPayloadXML().item.toXMLString()", "<item n=\"1\">x</item><item n=\"2\">y</item>"),
    ("mc.getPayloadXML().localName()", "order"),
    ("mc.getEnvelopeXML().toXMLString()", "<Envelope/>"),
    ("[...mc.getPayloadXML().item].map(String).join()", "x,y"),
    ("new XML('<a><b>1</b></a>').b", "1"),
    ("<a b={1 + 1}>{'<' + \"&\"}<c/></a>.toXMLString()", "<a b=\"2\">&lt;&amp;<c/></a>"),
    ("var x = <i>{1}</i>; print(<o>{x}</o>.toXMLString()); 1 < 2", "true"),
    ("mc.setProperty('a', 'b'); mc.getProperty('a')", "b"),
    ("mc.setProperty('A', 'b', 'transport'); mc.getProperty('a', 'transport')", "b"),
    ("mc.setPayloadJSON({n: null}); mc.getPayloadJSON().n === null", "true"),
    ("mc.setPayloadJSON(''); mc.getPayloadJSON()", "null"),
    ("mc.setPayloadXML('<a><b/></a>'); mc.getPayloadXML().b.length()", "1"),
    ("mc.setVariable('v', {k: 1}); mc.getVariable('v')", "{\"k\":1}"),
    ("mc.setTo('http://c'); mc.getTo()", "http://c"),
];

/// A script that prints the last value.
fn printing(text: &str) -> String {
    let (before, last) = text.rsplit_once(';').map_or(("", text), |(before, last)| (before, last));
    format!("{before}; print({last})")
}

/// The scripts that read.
pub(crate) fn texts() -> impl Iterator<Item = String> {
    READS.iter().map(|(text, _)| printing(text))
}

/// What a script reads.
#[test]
fn methods_read() {
    for (text, expected) in READS {
        assert_eq!(run(&printing(text)).0, *expected, "{text}");
    }
}

/// What a script changes.
#[test]
fn methods_change() {
    let property = |scope: &str, name: &str, value: Option<PropertyValue>| Change::Property {
        scope: scope.to_owned(),
        name: name.to_owned(),
        value,
    };
    let text = |text: &str| Some(PropertyValue::Text(text.to_owned()));
    let json = |text: &str| Change::Json(text.to_owned());
    let header =
        |xml: &str, must_understand| Change::Header { xml: xml.to_owned(), must_understand };
    let variable = |value| Change::Variable { name: "v".to_owned(), value };
    for (call, expected) in [
        ("setProperty('a', 'b')", property("default", "a", text("b"))),
        ("setProperty('X-A', '1', 'transport')", property("transport", "X-A", text("1"))),
        (
            "setProperty('HTTP_SC', 404, 'axis2')",
            property("axis2", "HTTP_SC", Some(PropertyValue::Integer(404))),
        ),
        ("setProperty('a', 1.5)", property("default", "a", Some(PropertyValue::Number(1.5)))),
        (
            "setProperty('a', true, 'operation')",
            property("operation", "a", Some(PropertyValue::Boolean(true))),
        ),
        (
            "setProperty('a', {k: [1]})",
            property("default", "a", Some(PropertyValue::Json("{\"k\":[1]}".to_owned()))),
        ),
        (
            "setProperty('a', <b/>)",
            property("default", "a", Some(PropertyValue::Xml("<b/>".to_owned()))),
        ),
        ("setProperty('a', new String('s'))", property("default", "a", text("s"))),
        ("setProperty('a', null)", property("default", "a", None)),
        ("removeProperty('a', 'axis2')", property("axis2", "a", None)),
        ("setVariable('v', 'x')", variable(text("x"))),
        ("removeVariable('v')", variable(None)),
        ("setTo('http://x')", Change::Address(Addressing::To, Some("http://x".to_owned()))),
        ("setTo(null)", Change::Address(Addressing::To, None)),
        ("setSoapAction('s')", Change::Address(Addressing::SoapAction, Some("s".to_owned()))),
        ("setWSAAction('s')", Change::Address(Addressing::WsaAction, Some("s".to_owned()))),
        ("setResponse(true)", Change::IsResponse(true)),
        ("setPayloadJSON({a: 'q\"', d: undefined, n: null})", json(r#"{"a":"q\"","n":null}"#)),
        ("setPayloadJSON('[1, 2]')", json("[1, 2]")),
        ("setPayloadJSON(undefined)", json("{}")),
        ("setJsonObject(mc, {a: 1})", json(r#"{"a":1}"#)),
        ("setJsonText(mc, '{\"a\": 1}')", json(r#"{"a": 1}"#)),
        ("setPayloadJSON('')", Change::Empty),
        ("setPayloadJSON(' \\n')", Change::Empty),
        ("setJsonText(mc, '')", Change::Empty),
        ("setPayloadXML('')", Change::Empty),
        ("addHeader(false, <a/>)", header("<a/>", false)),
        (
            "addHeader(true, '<a:b xmlns:a=\"urn:a\">1</a:b>')",
            header("<a:b xmlns:a=\"urn:a\">1</a:b>", true),
        ),
        ("setPayloadXML(<a>{1}</a>)", Change::Xml("<a>1</a>".to_owned())),
        ("setPayloadXML('<?xml version=\"1.0\"?><a/>')", Change::Xml("<a/>".to_owned())),
    ] {
        assert_eq!(run(&format!("mc.{call}")).1, [expected], "{call}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (text, part) in [
        ("mc.setProperty('a', 'b', 'nowhere')", "is no scope"),
        ("mc.getProperty('')", "a name is needed"),
        ("mc.setPayloadJSON('{a')", "no JSON"),
        ("mc.setPayloadXML('<a>')", "no XML"),
        ("mc.setPayloadXML('<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>')", "no XML"),
        ("mc.getPayloadXML().item = 'x'", "cannot be changed"),
        ("mc.addHeader(true, 'a')", "the header is no XML"),
        ("mc.getEnvironment()", "mc.getEnvironment is not supported"),
        ("mc.getHeader('a')", "not a function"),
        ("var a = {}; a.a = a; mc.setPayloadJSON(a)", "circular"),
    ] {
        let error = failure(text);
        assert_eq!(error.kind, ErrorKind::Thrown, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn lines_are_printed_with_their_levels() {
    let mut state = state();
    let script =
        compiled("print('a', 1); mc.getServiceLog().warn('b'); mc.getServiceLog().error('c')");
    script.run(&mut state, &ScriptLimits::default()).expect("it runs");
    let lines: Vec<_> = state.lines.iter().map(|it| (it.level, it.text.as_str())).collect();
    assert_eq!(
        lines,
        [(crate::Level::Info, "a 1"), (crate::Level::Warn, "b"), (crate::Level::Error, "c")]
    );
}
