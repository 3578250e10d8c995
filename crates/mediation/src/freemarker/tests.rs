use super::*;
use crate::limits::Limits;
use crate::testing::{Ask, check};
use model::fault::FaultCode;

const ORDER: &str = r#"{"id": 7, "price": 1234.5, "paid": true, "note": "a \"b\" <c>", "none": null,
    "customer": {"name": "Ann"}, "items": [{"n": "x", "q": 1}, {"n": "y", "q": 2}], "empty": []}"#;

const CATALOGUE: &str = r#"<c:books xmlns:c="urn:c"><book id="1"><title>One</title></book>
    <book id="2"><title>Two</title></book></c:books>"#;

/// A step that makes text of a template.
fn step(media: &str, template: &str, arguments: &str) -> String {
    format!(
        r#"<property name="who" value="ann"/><property name="flag" type="BOOLEAN" value="true"/>
        <property name="j" type="JSON" value='{{"a": [1, 2]}}'/>
        <payloadFactory media-type="{media}" template-type="freemarker">
        <format><![CDATA[{template}]]></format><args>{arguments}</args></payloadFactory>"#
    )
}

#[track_caller]
fn expect(ask: &Ask, rows: &[(&str, &str)]) {
    for (template, expected) in rows {
        let mut outcome = check(&step("text", template, ""), ask);
        assert!(outcome.end.is_ok(), "{template}: {:?}", outcome.end);
        assert_eq!(outcome.body(), *expected, "{template}");
    }
}

#[test]
fn values_of_json() {
    expect(
        &Ask::json(ORDER),
        &[
            ("${payload.id} ${payload.price}", "7 1234.5"),
            ("${payload.customer.name}", "Ann"),
            (r#"${payload["customer"]["name"]} ${payload.items[1].n}"#, "Ann y"),
            ("${payload.note?json_string}", r#"a \"b\" <c>"#),
            ("${payload.note?xml}", "a &quot;b&quot; &lt;c&gt;"),
            ("${payload.customer}", r#"{"name":"Ann"}"#),
            ("${payload.paid?string('yes', 'no')} ${payload.paid?c}", "yes true"),
            ("${payload.none!'-'} ${payload.other!\"+\"}|${payload.other!}|", "- +||"),
            ("${(payload.a.b.c)!'deep'}", "deep"),
            ("${payload.other?default('d')}", "d"),
            ("${payload.items?size} ${payload.customer.name?length}", "2 3"),
            ("${payload.customer.name?upper_case}${payload.customer.name?lowerCase}", "ANNann"),
            ("${'12'?number + 1} ${1 + 2 * 3 - 4 / 8} ${7 % 4} ${-2 + 1}", "13 6.5 3 -1"),
            ("${'a' + payload.id} ${\"x${payload.id}y\"} ${r'${a}'}", "a7 x7y ${a}"),
            ("${payload.customer?keys?join(', ')} ${['a', 'b']?join('-')}", "name a-b"),
            (r#"${"\x41\n\"" + '\''}"#, "A\n\"'"),
        ],
    );
}

#[test]
fn values_beside_the_body() {
    expect(
        &Ask::json(ORDER),
        &[
            ("${ctx.who} ${ctx.j.a[1]} ${ctx[\"api.ut.userName\"]}", "ann 2 ann"),
            ("${trp.X\\-Region} ${trp['x-region']} ${axis2.REMOTE_ADDR}", "eu eu 192.0.2.7"),
            ("<#if ctx.flag>on</#if>", "on"),
            ("${ctx.nothing!'-'}", "-"),
        ],
    );
    let arguments = r#"<arg value="a"/><arg expression="$.items" evaluator="json"/><arg value="[1]" literal="true"/>"#;
    let template = "${args.arg1} ${args.arg2[0].n} ${args.arg2} ${args.arg3} ${args.arg4!'-'}";
    let mut outcome = check(&step("text", template, arguments), &Ask::json(ORDER));
    assert_eq!(outcome.body(), r#"a x [{"n":"x","q":1},{"n":"y","q":2}] [1] -"#);
}

#[test]
fn values_of_xml_and_text() {
    expect(
        &Ask::xml(CATALOGUE),
        &[
            ("${payload.books.book[1].title} ${payload.books.book?size}", "Two 2"),
            ("<#list payload.books.book as b>${b.@id}:${b.title};</#list>", "1:One;2:Two;"),
            ("${payload.books.none!'-'}", "-"),
            ("<#if payload.books.book[0].title == 'One'>1</#if>", "1"),
            ("<#if payload.books.none?has_content>1<#else>0</#if>", "0"),
        ],
    );
    expect(&Ask::post("text/plain", "plain"), &[("${payload?upper_case}", "PLAIN")]);
    let mut none = Ask::json("");
    expect(&none, &[("${payload!'none'} <#if payload??>1<#else>0</#if>", "none 0")]);
    none.method = "GET";
    expect(&none, &[("fixed", "fixed")]);
}

#[test]
fn directives() {
    expect(
        &Ask::json(ORDER),
        &[
            ("<#if payload.id gt 6 && payload.paid>a<#elseif true>b<#else>c</#if>", "a"),
            ("<#if (payload.id > 7) || !payload.paid>a<#elseif payload.id == 7>b</#if>", "b"),
            ("<#if payload.id lte 6>a<#else>c</#if>", "c"),
            ("<#if payload.customer.name != 'Ann'>a<#else>c</#if>", "c"),
            ("<#if payload.none??>1<#else>0</#if><#if payload.id??>1</#if>", "01"),
            ("<#list payload.items as i>${i.n}<#sep>,</#list>", "x,y"),
            ("<#list payload.items as i>${i.n}<#if i?has_next>,</#if></#list>", "x,y"),
            ("<#list payload.items as i>${i_index}<#if i_has_next>,</#if></#list>", "0,1"),
            ("<#list payload.items as i>${i?index}<#sep>,</#sep>;</#list>", "0,;1;"),
            ("<#list payload.empty as i>x<#else>none</#list>", "none"),
            ("<#list payload.customer as key, value>${key}=${value}</#list>", "name=Ann"),
            ("<#assign a = 1 b = 'x'>${a}${b}<#assign a = a + 1/>${a}", "1x2"),
            ("<#assign a>t${payload.id}</#assign>[${a}]", "[t7]"),
            ("a<#-- <#if> ${x} -->b", "ab"),
            ("a\n  <#if true>\n b\n  </#if>\nc", "a\n b\nc"),
            ("<#if true> b\n</#if>", " b\n"),
        ],
    );
}

#[test]
fn bodies_of_every_kind() {
    let json =
        r#"{"items": [<#list payload.items as i>{"n": "${i.n?json_string}"}<#sep>,</#list>]}"#;
    let mut outcome = check(&step("json", json, ""), &Ask::json(ORDER));
    assert_eq!(outcome.body(), r#"{"items": [{"n": "x"},{"n": "y"}]}"#);
    assert_eq!(outcome.header("content-type"), "application/json");
    let mut outcome = check(
        &step("xml", "<a><#if true><b>${payload.note?xml}</b></#if></a>", ""),
        &Ask::json(ORDER),
    );
    assert_eq!(outcome.body(), "<a><b>a \"b\" &lt;c&gt;</b></a>");
    let inline = r#"<payloadFactory media-type="xml" template-type="freemarker"><format><a>${(payload.id > 6)?string("&lt;", "-")?xml}</a></format></payloadFactory>"#;
    let mut outcome = check(inline, &Ask::json(ORDER));
    assert_eq!(outcome.body(), "<a>&lt;</a>");
}

#[test]
fn what_fails_says_where() {
    for (template, code, part) in [
        ("a\n${payload.other}", FaultCode::PolicyExpression, "line 2"),
        ("${nothing}", FaultCode::PolicyExpression, "`nothing`"),
        ("${payload.a.b!'x'}", FaultCode::PolicyExpression, "missing"),
        ("<#if payload.id>a</#if>", FaultCode::PolicyExpression, "a condition is a number"),
        ("<#if payload.id == 'a'>a</#if>", FaultCode::PolicyExpression, "cannot be compared"),
        ("<#list payload.id as i>a</#list>", FaultCode::PolicyExpression, "a list"),
        ("${1 / 0}", FaultCode::PolicyExpression, "too large"),
        ("${'a'?number}", FaultCode::PolicyExpression, "?number"),
        ("${payload.id.x}", FaultCode::PolicyExpression, "in a number"),
    ] {
        let outcome = check(&step("text", template, ""), &Ask::json(ORDER));
        assert_eq!(outcome.fault(), code, "{template}");
        let detail = outcome.end.expect_err("a fault").detail.unwrap_or_default();
        assert!(detail.contains(part), "{template}: {detail}");
    }
}

#[test]
fn what_is_too_much_ends() {
    let many = "<#list payload.items as a><#list payload.items as b><#assign s = (s!'x') + (s!'x')></#list></#list>${s}";
    for (limits, code) in [
        (Limits { output: 10, ..Limits::default() }, FaultCode::PolicyOutput),
        (Limits { expression_steps: 20, ..Limits::default() }, FaultCode::PolicySteps),
    ] {
        let ask = Ask { limits, ..Ask::json(ORDER) };
        assert_eq!(check(&step("text", many, ""), &ask).fault(), code);
    }
    let items = vec!["1"; 60].join(",");
    let body = format!(r#"{{"items": [{items}]}}"#);
    let doubling =
        "<#assign s = 'xxxxxxxxxxxxxxxx'><#list payload.items as a><#assign s = s + s></#list>";
    assert_eq!(
        check(&step("text", doubling, ""), &Ask::json(&body)).fault(),
        FaultCode::PolicyOutput
    );
}

#[test]
fn what_is_not_supported_is_refused() {
    for (template, line, part) in [
        ("<#macro a></#macro>", 1, "macro"),
        ("\n<#include 'a'>", 2, "include"),
        ("<@a/>", 1, "macros"),
        ("#{a}", 1, "${…}"),
        ("<#if a>", 1, "not closed"),
        ("a</#if>", 1, "closes nothing"),
        ("<#else>", 1, "outside"),
        ("<#if a><#list b as c></#if>", 1, "closes nothing"),
        ("a\nb\n${a?date}", 3, "?date"),
        ("${a?string('0.00')}", 1, "formats"),
        ("${a.b(1)}", 1, "methods"),
        ("${1..2}", 1, "ranges"),
        ("${.now}", 1, "special"),
        ("${{'a': 1}}", 1, "objects"),
        ("${a", 1, "`}`"),
        ("${'a}", 1, "does not end"),
        ("${}", 1, "name"),
        ("<#list a b>", 1, "`as`"),
        ("<#assign a>", 1, "not closed"),
        ("<#-- a", 1, "does not end"),
        ("${a?upper_case(1)}", 1, "arguments"),
        ("${a.@@text}", 1, "@@text"),
    ] {
        let error = Template::compile(template).expect_err(template);
        assert!(error.line == line && error.message.contains(part), "{template}: {error:?}");
    }
    for deep in [
        format!("${{{}1{}}}", "(".repeat(5000), ")".repeat(5000)),
        format!("${{{}true}}", "!".repeat(5000)),
        format!("${{1{}}}", "+1".repeat(5000)),
        format!("${{a{}}}", ".b".repeat(5000)),
        format!("${{a{}}}", "!b".repeat(5000)),
        "<#if true>".repeat(5000),
        "<#sep>".repeat(5000),
    ] {
        assert!(Template::compile(&deep).is_err());
    }
}
