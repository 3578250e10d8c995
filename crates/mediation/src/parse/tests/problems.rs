//! What is refused, and what is warned of.

use super::*;

/// What forbids deployment: text, code, column in the first line, part of the message or help.
const ERRORS: &[(&str, &str, u32, &str)] = &[
    // Syntax.
    (r#"<?xml version="1.0"?><drop/>"#, "MD002", 1, "prolog"),
    ("<!DOCTYPE a><drop/>", "MD002", 1, "prolog"),
    (r#"<property name="a" value="b&c"/>"#, "MD013", 28, "`&c"),
    ("<!-- a & b --><log><message>x & y</message></log>", "MD013", 31, "&amp;"),
    ("<drop>", "MD001", 0, "cannot be read"),
    ("text<drop/>", "MD021", 1, "`text`"),
    (r#"<x:log xmlns:x="urn:x"/>"#, "MD003", 1, "urn:x"),
    // Mediators that are not there.
    (r#"<cache collector="true"/>"#, "MD004", 1, "response flow"),
    (r#"<cache timeout="x"/>"#, "MD006", 0, "whole number"),
    ("<cache><a/></cache>", "MD006", 8, "`onCacheHit`"),
    (
        "<cache><protocol><hashGenerator>a.Mine</hashGenerator></protocol></cache>",
        "MD004",
        18,
        "`Mine`",
    ),
    ("<opa/>", "MD005", 1, "`policy`"),
    ("<aggregate/>", "MD004", 1, "`aggregate`"),
    ("<clone/>", "MD004", 1, "`call`"),
    ("<iterate/>", "MD004", 1, "`foreach`"),
    ("<scatter-gather/>", "MD004", 1, "`call`"),
    ("<in><log/></in>", "MD004", 1, "request flow"),
    ("<out/>", "MD004", 1, "response flow"),
    ("<call-template target=\"t\"/>", "MD004", 1, "`sequence`"),
    ("<xslt key=\"k\"/>", "MD004", 1, "`xslt`"),
    ("<dblookup/>", "MD004", 1, "`dblookup`"),
    ("<filtre/>", "MD003", 1, "Did you mean `filter`?"),
    ("<proprety/>", "MD003", 1, "Did you mean `property`?"),
    ("<nonsense/>", "MD003", 1, "Use one of"),
    (r#"<latency milliseconds="1"/>"#, "MD003", 1, "urn:weir:mediation"),
    (r#"<fail rate="1"/>"#, "MD003", 1, "urn:weir:mediation"),
    (r#"<fail xmlns="urn:weir:mediation" rate="101"/>"#, "MD006", 0, "percentage"),
    (r#"<fail xmlns="urn:weir:mediation" rate="1" status="99"/>"#, "MD006", 0, "statuses"),
    (r#"<fail xmlns="urn:weir:mediation" status="500"/>"#, "MD005", 0, "`rate`"),
    (
        r#"<latency xmlns="urn:weir:mediation" milliseconds="9" maximum="1"/>"#,
        "MD006",
        0,
        "exchange",
    ),
    (r#"<latency xmlns="urn:weir:mediation" percentiles="50=9"/>"#, "MD006", 0, "pairs"),
    (
        r#"<latency xmlns="urn:weir:mediation" percentiles="50:9" maximum="1"/>"#,
        "MD006",
        0,
        "Remove",
    ),
    // Properties and headers.
    (r#"<property value="b"/>"#, "MD005", 1, "no `name`"),
    (r#"<property name="a"/>"#, "MD005", 1, "no value"),
    (r#"<property name="a" value="b" group="1"/>"#, "MD005", 1, "`pattern`"),
    (r#"<property name="a" value="b" pattern="b" group="-1"/>"#, "MD006", 0, "groups 0 to 0"),
    (r#"<property name="a" value="b" pattern="b(" />"#, "MD011", 0, "`pattern`"),
    (r#"<property name="a" value="b" scope="registry"/>"#, "MD006", 0, "no registry"),
    (r#"<property name="a" value="b" scope="nowhere"/>"#, "MD006", 0, "transport"),
    (r#"<property name="a" value="b" type="INTEGER"/>"#, "MD006", 0, "`value=\"b\"`"),
    (r#"<property name="a" value="{" type="JSON"/>"#, "MD006", 0, "`value=\"{\"`"),
    (r#"<property name="a" value="b" type="DATE"/>"#, "MD006", 0, "STRING"),
    (r#"<property name="a b" value="c" scope="transport"/>"#, "MD006", 0, "header"),
    (r#"<property name="a" expression="https://h/x"/>"#, "MD009", 0, "is a URL"),
    (r#"<property name="a" expression="//m:a"/>"#, "MD010", 0, "not declared"),
    (r#"<property name="a" expression="json-eval($[)"/>"#, "MD008", 0, "json-eval"),
    (r#"<header name="X-A" value="1"/>"#, "MD006", 0, "scope=\"transport\""),
    (r#"<header name="s:A" value="1"/>"#, "MD010", 0, "`s`"),
    (r#"<header name="To" value="1" scope="axis2"/>"#, "MD006", 0, "default, transport"),
    ("<propertyGroup><log/></propertyGroup>", "MD006", 16, "`property` only"),
    // Flow.
    ("<filter><drop/></filter>", "MD005", 1, "no condition"),
    (r#"<filter source="$ctx:a"><drop/></filter>"#, "MD005", 1, "`regex`"),
    (r#"<filter xpath="$ctx:a"><then/><log/></filter>"#, "MD006", 31, "`log`"),
    (r#"<switch source="$ctx:a"><case><drop/></case></switch>"#, "MD005", 25, "`regex`"),
    (r#"<switch source="$ctx:a"><default/><default/></switch>"#, "MD006", 35, "`default`"),
    (r#"<sequence key="nobody"/>"#, "MD015", 0, "`nobody`"),
    (r#"<sequence onError="nobody"><log/></sequence>"#, "MD015", 0, "`nobody`"),
    (r#"<foreach expression="//a"/>"#, "MD005", 1, "no steps"),
    // Calls.
    ("<send><endpoint><wsdl/></endpoint></send>", "MD020", 17, "`wsdl`"),
    ("<send><endpoint><loadbalance/></endpoint></send>", "MD020", 17, "endpoints of the API"),
    ("<call><endpoint/></call>", "MD005", 7, "where it goes"),
    (r#"<call><endpoint><address uri="jms:/q"/></endpoint></call>"#, "MD020", 0, "http://"),
    (
        r#"<call><endpoint><http uri-template="http://a" method="trace"/></endpoint></call>"#,
        "MD006",
        0,
        "get, post",
    ),
    (r#"<send receive="x"/>"#, "MD006", 0, "`call`"),
    ("<call><source/></call>", "MD006", 7, "one `endpoint`"),
    ("<respond><log/></respond>", "MD006", 10, "nothing"),
    ("<opa><policy>a</policy></opa>", "MD020", 1, "`serverUrl`"),
    ("<opa><policy>a</policy><serverUrl>{$ctx:a}</serverUrl></opa>", "MD020", 1, "`serverUrl`"),
    ("<opa><policy>a/../b</policy><serverUrl>http://a</serverUrl></opa>", "MD006", 1, "`policy`"),
    // Bodies.
    ("<payloadFactory/>", "MD005", 1, "`format`"),
    (r#"<payloadFactory><format key="k"/></payloadFactory>"#, "MD006", 0, "registry"),
    (
        r#"<payloadFactory media-type="text" template-type="freemarker"><format>${a?date}</format></payloadFactory>"#,
        "MD008",
        70,
        "?date",
    ),
    (
        r#"<payloadFactory template-type="velocity"><format><a/></format></payloadFactory>"#,
        "MD006",
        0,
        "freemarker",
    ),
    (
        r#"<payloadFactory media-type="json"><format><a/></format></payloadFactory>"#,
        "MD006",
        43,
        "CDATA",
    ),
    (r#"<payloadFactory media-type="yaml"/>"#, "MD006", 0, "xml, json, text"),
    ("<enrich><source/></enrich>", "MD005", 1, "no `target`"),
    (r#"<enrich><target type="body"/></enrich>"#, "MD005", 1, "no `source`"),
    (
        r#"<enrich><source key="k" type="inline"/><target type="body"/></enrich>"#,
        "MD006",
        0,
        "registry",
    ),
    ("<makefault/>", "MD005", 1, "a reason"),
    (r#"<throwError type="T"/>"#, "MD005", 1, "errorMessage"),
    ("<rewrite><rewriterule/></rewrite>", "MD005", 10, "no `action`"),
    // Classes.
    (r#"<class name="com.example.Mine"/>"#, "MD017", 1, "com.example.Mine"),
    (
        r#"<class name="org.wso2.carbon.apimgt.gateway.mediators.JsonSchemaValidator"><property name="maxJsonDepth" value="deep"/></class>"#,
        "MD006",
        1,
        "whole number",
    ),
];

/// What is probably not meant.
const WARNINGS: &[(&str, &str, u32, &str)] = &[
    (r#"<drop when="always"/>"#, "MD007", 0, "`when`"),
    (r#"<property name="a" value="b" expression="$ctx:c"/>"#, "MD007", 0, "`expression`"),
    ("<respond/><log/>", "MD018", 11, "never run"),
    (r#"<filter source="get-property('To')" regex="orders"><drop/></filter>"#, "MD012", 0, ".*"),
    (r#"<filter source="$ctx:a" regex="^/orders"><drop/></filter>"#, "MD012", 0, ".*"),
    (
        r#"<switch source="$trp:Content-Type"><case regex="application/json"/></switch>"#,
        "MD012",
        0,
        "whole",
    ),
    (
        r#"<payloadFactory media-type="json"><format>{"a":$2}</format></payloadFactory>"#,
        "MD005",
        1,
        "`$2`",
    ),
    (
        r#"<call><endpoint><address uri="http://a"><timeout/></address></endpoint></call>"#,
        "MD007",
        41,
        "`timeout`",
    ),
];

#[test]
fn errors() {
    for (text, code, column, part) in ERRORS {
        check_at(text, code, *column, part, true);
    }
}

#[test]
fn warnings() {
    for (text, code, column, part) in WARNINGS {
        check_at(text, code, *column, part, false);
    }
}

/// A column of 0 is that of an attribute, which is not told exactly.
#[track_caller]
fn check_at(text: &str, code: &str, column: u32, part: &str, is_error: bool) {
    let (sequence, found) = read(text);
    assert_eq!(sequence.is_none(), is_error, "of {text}: {:?}", shown(&found));
    let column = match found.first().map(|it| &it.place.spot) {
        Some(model::diagnostic::Spot::Line { column: real, .. }) if column == 0 => *real,
        _ => column,
    };
    check_one(text, &found, code, (1, column), part);
}

#[test]
fn several_problems_are_told_at_once() {
    let text = "<log level=\"loud\"/>\n<script/>\n  <sequence key=\"nobody\"/>";
    let (_, found) = read(text);
    let codes: Vec<&str> = found.iter().map(|it| it.code).collect();
    assert_eq!(codes, ["MD006", "MD005", "MD015"]);
}

#[test]
fn lines_count_from_the_offset() {
    let mut found = Vec::new();
    let context = Context { line_offset: 7, ..context(Flow::Request, true) };
    assert!(parse("\n\n  <xslt/>", &context, &mut found).is_none());
    check_one("xslt", &found, "MD004", (10, 3), "policy a v1");
}

#[test]
fn a_destination_without_effect_is_told() {
    let to = r#"<header name="To" value="https://a"/>"#;
    for (text, flow, is_dynamic, expected) in [
        (to.to_owned(), Flow::Request, false, 1),
        (to.to_owned(), Flow::Request, true, 0),
        (to.to_owned(), Flow::Response, false, 0),
        (format!("{to}<send/>"), Flow::Request, false, 0),
        (r#"<header name="To" action="remove"/>"#.to_owned(), Flow::Request, false, 0),
    ] {
        let mut found = Vec::new();
        assert!(parse(&text, &context(flow, is_dynamic), &mut found).is_some());
        let codes: Vec<&str> = found.iter().map(|it| it.code).collect();
        assert_eq!(codes, vec!["MD014"; expected], "of {text} in {flow}");
    }
}

#[test]
fn loopback_is_of_the_request_flow() {
    let mut found = Vec::new();
    assert!(parse("<loopback/>", &context(Flow::Fault, true), &mut found).is_none());
    check_one("loopback", &found, "MD004", (1, 1), "fault flow");
}

#[test]
fn depth_is_limited() {
    let text = format!("{}{}", "<sequence>".repeat(200), "</sequence>".repeat(200));
    let (sequence, found) = read(&text);
    assert!(sequence.is_none());
    assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), ["MD019"]);
}

#[test]
fn files_need_a_sequence_around_all() {
    let mut found = Vec::new();
    assert!(parse_file("<log/>", &context(Flow::Request, true), &mut found).is_none());
    check_one("log", &found, "MD021", (1, 1), "`sequence`");
}

#[test]
fn nothing_breaks_the_reader() {
    let pieces = [
        "<",
        ">",
        "&",
        "]]>",
        "<!--",
        "<![CDATA[",
        "é",
        "${",
        "$1",
        "}",
        "\"",
        "<filter",
        "xpath='",
        "/>",
        "\u{feff}",
        "\n",
    ];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let text = format!("{first}{second}{third}");
                let (sequence, found) = read(&text);
                assert!(sequence.is_some() || !found.is_empty(), "of {text:?}");
                is_well_formed(&text);
            }
        }
    }
}
