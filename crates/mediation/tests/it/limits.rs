//! What a flow may use, and the fault of each limit.

use model::fault::FaultCode;

use crate::Limits;
use crate::testing::{Ask, check};

/// Checks the fault that a policy ends with.
#[track_caller]
fn check_fault(policy: &str, ask: &Ask, code: FaultCode) {
    let outcome = check(policy, ask);
    assert!(outcome.end.is_err(), "{policy:.200}");
    assert_eq!(outcome.fault(), code, "{policy:.200}");
}

fn small(limits: Limits, ask: Ask) -> Ask {
    Ask { limits, ..ask }
}

#[test]
fn bodies() {
    let limits = Limits {
        body: 1000,
        json_depth: 5,
        xml: xml::read::Limits {
            bytes: 1000,
            depth: 5,
            nodes: 100,
            ..xml::read::Limits::default()
        },
        ..Limits::default()
    };
    let json = r#"<property name="a" expression="json-eval($.a)"/>"#;
    let xml = r#"<property name="a" expression="//a"/>"#;
    for (policy, ask, code) in [
        (json, Ask::json(&format!("[{}]", "1,".repeat(1000))), FaultCode::PolicyBody),
        (json, Ask::json(&"[".repeat(6)), FaultCode::PolicyBody),
        (xml, Ask::json(&"[".repeat(6)), FaultCode::PolicyBody),
        (xml, Ask::xml(&"<a>".repeat(6)), FaultCode::PolicyBody),
        (xml, Ask::xml(&format!("<a>{}</a>", "x".repeat(1000))), FaultCode::PolicyBody),
        (xml, Ask::xml(&format!("<a>{}</a>", "<b/>".repeat(100))), FaultCode::PolicyBody),
        (xml, Ask::xml("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), FaultCode::Threat),
        (json, Ask::xml("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), FaultCode::Threat),
    ] {
        check_fault(policy, &small(limits.clone(), ask), code);
    }
}

#[test]
fn expressions_and_patterns() {
    let limits = Limits { expression_steps: 1000, ..Limits::default() };
    let wide = format!("[{}1]", "1,".repeat(5000));
    for expression in [
        "json-eval($..[?(@ == 2)])",
        "count(//*[count(//*) = 1])",
        "${length(payload) + length(payload..x)}",
    ] {
        let policy = format!(r#"<property name="a" expression="{expression}"/>"#);
        check_fault(&policy, &small(limits.clone(), Ask::json(&wide)), FaultCode::PolicyExpression);
    }
    // A look-around needs the engine that goes back.
    let ask = Ask {
        headers: vec![("X-A", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")],
        ..Ask::default()
    };
    for policy in [
        r#"<filter source="$trp:X-A" regex="(?=a)(a|aa)+$"><log/></filter>"#,
        r#"<switch source="$trp:X-A"><case regex="(?=a)(a|aa)+$"/></switch>"#,
        r#"<property name="a" expression="$trp:X-A" pattern="(?=a)(a|aa)+$"/>"#,
    ] {
        check_fault(policy, &ask, FaultCode::PolicyRegex);
    }
    let linear = check(r#"<filter source="$trp:X-A" regex="(a|aa)+$"><log/></filter>"#, &ask);
    assert!(linear.end.is_ok());
}

#[test]
fn what_is_written() {
    let limits = Limits { output: 10_000, total_output: 100_000, ..Limits::default() };
    let ask = small(limits, Ask::json(&format!("{{\"a\":\"{}\"}}", "x".repeat(6000))));
    for policy in [
        r#"<property name="a" expression="json-eval($.a)"/><property name="b" expression="concat($ctx:a, $ctx:a)"/>"#,
        r#"<property name="a" expression="json-eval($.a)"/><header name="X-A" expression="concat($ctx:a, $ctx:a)" scope="transport"/>"#,
        r#"<variable name="a" expression="${payload.a + payload.a}"/>"#,
        r#"<payloadFactory media-type="text"><format>$1$1</format><args><arg expression="json-eval($.a)"/></args></payloadFactory>"#,
        r#"<property name="a" expression="json-eval($.a)"/><rewrite><rewriterule><action type="replace" regex="." xpath="$ctx:a"/></rewriterule></rewrite>"#,
    ] {
        check_fault(policy, &ask, FaultCode::PolicyOutput);
    }
    // Little by little, it is as much.
    let list = format!("{{\"l\":[{}1],\"a\":\"{}\"}}", "1,".repeat(100), "x".repeat(6000));
    let ask = Ask { body: list.into_bytes(), ..ask };
    let keep = r#"<property name="a" expression="json-eval($.a)"/><foreach collection="json-eval($.l)" counter-variable="i">"#;
    for step in [
        r#"<property name="{concat('p', $ctx:i)}" expression="$ctx:a"/>"#,
        r#"<enrich><source type="property" property="a" clone="true"/><target type="body"/></enrich>"#,
    ] {
        check_fault(&format!("{keep}{step}</foreach>"), &ask, FaultCode::PolicyOutput);
    }
}

#[test]
fn a_body_in_itself() {
    let turns = format!("{{\"l\":[{}1]}}", "1,".repeat(300));
    let ask = Ask::json(&turns);
    // JSON is never nested deeper than it may come.
    let policy = r#"
        <property name="p" value="[1]" type="JSON"/>
        <foreach collection="json-eval($.l)">
          <enrich><source type="inline">{"x":0}</source><target type="body"/></enrich>
          <enrich><source type="property" property="p" clone="true"/><target type="custom" xpath="json-eval($.x)"/></enrich>
          <enrich><source type="body" clone="true"/><target type="property" property="p"/></enrich>
        </foreach>"#;
    check_fault(policy, &ask, FaultCode::PolicyOutput);
    let limits = Limits { output: 100_000, ..Limits::default() };
    // Put beside itself, a body doubles.
    let double = r#"<enrich><source type="body" clone="true"/><target type="body" action="child"/></enrich>"#.repeat(60);
    check_fault(&double, &small(limits.clone(), Ask::xml("<a>text</a>")), FaultCode::PolicyOutput);
    let many = r#"<enrich><source type="body" clone="true"/><target type="custom" xpath="//*" action="child"/></enrich>"#.repeat(30);
    check_fault(&many, &small(limits.clone(), Ask::xml("<a><b/></a>")), FaultCode::PolicyOutput);
    let many = r#"<enrich><source type="body" clone="true"/><target type="custom" xpath="json-eval($.a[*])"/></enrich>"#.repeat(30);
    check_fault(&many, &small(limits, Ask::json(r#"{"a":[1,2,3,4]}"#)), FaultCode::PolicyOutput);
}

#[test]
fn sequences_that_call_themselves() {
    let limits = Limits { mediators: 5000, ..Limits::default() };
    let own = |text: &str| vec![("again", text.to_owned())];
    let call = r#"<sequence key="again"/>"#;
    for text in [
        call.to_owned(),
        call.repeat(10),
        format!("<filter xpath=\"1\">{call}</filter>"),
        format!("{call}<respond/>"),
        r#"<sequence key="{concat('ag', 'ain')}"/>"#.to_owned(),
        r#"<sequence onError="again"><throwError type="T" errorMessage="m"/></sequence>"#
            .to_owned(),
        format!("<sequence onError=\"again\">{call}</sequence>"),
    ] {
        let ask = Ask { sequences: own(&text), limits: limits.clone(), ..Ask::default() };
        check_fault(call, &ask, FaultCode::PolicySteps);
    }
}

#[test]
fn steps_are_counted_in_loops() {
    let body = format!("{{\"l\":[{}1]}}", "1,".repeat(5000));
    let each = |steps: &str| format!(r#"<foreach collection="json-eval($.l)">{steps}</foreach>"#);
    let limits = Limits { mediators: 20_000, ..Limits::default() };
    let ask = small(limits.clone(), Ask::json(&body));
    let step = r#"<property name="a" value="1"/>"#;
    assert!(check(&each(step), &ask).end.is_ok());
    check_fault(&each(&step.repeat(5)), &ask, FaultCode::PolicySteps);
    // More turns than steps are refused before the first.
    let limits = Limits { mediators: 4000, ..limits };
    check_fault(&each(step), &small(limits.clone(), ask), FaultCode::PolicySteps);
    let xml = format!("<a>{}</a>", "<b/>".repeat(5000));
    let policy = format!(r#"<foreach expression="//b">{step}</foreach>"#);
    check_fault(&policy, &small(limits, Ask::xml(&xml)), FaultCode::PolicySteps);
}

#[test]
fn large_loops_are_quick() {
    let body = format!("{{\"l\":[{}1]}}", "1,".repeat(90_000));
    let policy = r#"<foreach collection="json-eval($.l)"><property name="a" value="1"/></foreach>"#;
    let mut outcome = check(policy, &Ask::json(&body));
    assert!(outcome.end.is_ok());
    assert_eq!(outcome.body(), body);
}
