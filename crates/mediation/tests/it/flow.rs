//! What branches, ends and calls (spec/02 §1.3, §3.7, §6.1 rows 14–16, 29).

use std::time::Duration;

use http::Method;
use model::fault::FaultCode;

use crate::End;
use crate::machine::{Outgoing, Target};
use crate::testing::{Ask, check};

fn set(value: &str) -> String {
    format!(r#"<property name="a" expression="concat($ctx:a, '{value}')"/>"#)
}

/// What the property `a` gathered, and the end.
#[track_caller]
fn check_a(policy: &str, ask: &Ask, gathered: &str, end: &str) {
    let outcome = check(policy, ask);
    assert_eq!(outcome.property("a").unwrap_or_default(), gathered, "{policy}");
    let ended = match &outcome.end {
        Ok(end) => format!("{end:?}"),
        Err(fault) => format!("{:?}", fault.code),
    };
    assert!(ended.starts_with(end), "{policy}: {ended}");
}

#[test]
fn branches() {
    let ask = Ask::default();
    let (x, y, z) = (set("x"), set("y"), set("z"));
    for (policy, gathered) in [
        (format!(r#"<filter xpath="$trp:Accept">{x}</filter>{z}"#), "xz"),
        (format!(r#"<filter xpath="$trp:No">{x}</filter>{z}"#), "z"),
        (format!(r#"<filter xpath="$trp:No"><then>{x}</then><else>{y}</else></filter>{z}"#), "yz"),
        (format!(r#"<filter xpath="$trp:No"><else>{y}</else></filter>{z}"#), "yz"),
        (
            format!(
                r#"<switch source="$trp:X-Region"><case regex="e.">{x}</case><case regex="eu">{y}</case></switch>{z}"#
            ),
            "xz",
        ),
        (format!(r#"<switch source="$trp:X-Region"><case regex="us">{x}</case></switch>{z}"#), "z"),
        (format!(r#"<sequence>{x}<sequence>{y}</sequence></sequence>{z}"#), "xyz"),
    ] {
        check_a(&policy, &ask, gathered, "Continue");
    }
}

#[test]
fn named_sequences() {
    let sequences =
        vec![("log_in", set("x")), ("deep", format!("<sequence key=\"log_in\"/>{}", set("y")))];
    let ask = Ask { sequences, ..Ask::default() };
    let z = set("z");
    check_a(&format!(r#"<sequence key="deep"/>{z}"#), &ask, "xyz", "Continue");
    check_a(&format!(r#"<sequence key="{{concat('de', 'ep')}}"/>{z}"#), &ask, "xyz", "Continue");
    check_a(
        &format!(r#"<filter xpath="1"><then sequence="log_in"/></filter>{z}"#),
        &ask,
        "xz",
        "Continue",
    );
    check_a(
        &format!(r#"<switch source="'q'"><case regex="q" sequence="log_in"/></switch>{z}"#),
        &ask,
        "xz",
        "Continue",
    );
    check_a(&format!(r#"<sequence key="{{$trp:X-Region}}"/>{z}"#), &ask, "", "PolicyFailed");
}

#[test]
fn ends() {
    let x = set("x");
    for (step, end) in [
        ("<respond/>", "Respond"),
        ("<loopback/>", "Loopback"),
        ("<drop/>", "Drop"),
        ("<send/>", "Send"),
        (r#"<throwError type="T" errorMessage="m"/>"#, "PolicyFailed"),
    ] {
        let policy = format!(r#"<sequence>{x}<filter xpath="1">{step}</filter>{x}</sequence>{x}"#);
        check_a(&policy, &Ask::default(), "x", end);
    }
    // An answer is sent to the client.
    check_a("<send/>", &Ask::default().answered(200), "", "Respond");
    check_a(r#"<property name="RESPONSE" value="true"/><send/>"#, &Ask::default(), "", "Respond");
    let teapot =
        check(r#"<property name="HTTP_SC" value="418" scope="axis2"/><respond/>"#, &Ask::default());
    assert_eq!((teapot.status(), matches!(teapot.end, Ok(End::Respond))), (Some(418), true));
}

/// Where a `send` goes.
#[track_caller]
fn check_send(policy: &str, target: Target, method: Option<Method>, takes_postfix: bool) {
    let outcome = check(policy, &Ask::default());
    let Ok(End::Send(outgoing)) = &outcome.end else { panic!("{policy}: {:?}", outcome.end) };
    assert_eq!(*outgoing, Outgoing { target, method, takes_postfix }, "{policy}");
}

#[test]
fn sends() {
    let url = |url: &str| Target::Url(url.into());
    let to = r#"<header name="To" value="http://t"/>"#;
    let endpoint = |inner: &str| format!("<send><endpoint>{inner}</endpoint></send>");
    check_send("<send/>", Target::Destination, None, true);
    check_send(&format!("{to}<send/>"), Target::Destination, None, false);
    check_send(&format!("{to}{}", endpoint("<default/>")), Target::Destination, None, true);
    check_send(&endpoint(r#"<address uri="http://b/x"/>"#), url("http://b/x"), None, true);
    check_send(
        &endpoint(r#"<http uri-template="http://b/{uri.var.id}?q={query.param.region}"/>"#),
        url("http://b/a%2Fb%20c?q=eu"),
        None,
        true,
    );
    check_send(
        &endpoint(r#"<http uri-template="http://b/{uri.var.none}" method="post"/>"#),
        url("http://b/"),
        Some(Method::POST),
        false,
    );
    let own = r#"<property name="uri.var.u" value="http://b/x?y=1"/>"#;
    check_send(
        &format!("{own}{}", endpoint(r#"<http uri-template="{uri.var.u}"/>"#)),
        url("http://b/x?y=1"),
        None,
        true,
    );
    check_send(
        &format!("{own}{}", endpoint(r#"<http uri-template="http://c/{+uri.var.u}"/>"#)),
        url("http://c/http://b/x?y=1"),
        None,
        true,
    );
    check_send(r#"<send><endpoint key="eu"/></send>"#, Target::Named("eu".into()), None, true);
    check_send(
        r#"<send><endpoint key-expression="$trp:X-Region"/></send>"#,
        Target::Named("eu".into()),
        None,
        true,
    );
}

#[test]
fn calls_go_on_with_the_answer() {
    let policy = r#"
        <property name="before" expression="json-eval($.id)"/>
        <call blocking="true"><endpoint><address uri="http://b"/></endpoint></call>
        <property name="a" expression="json-eval($.called)"/>
        <property name="status" expression="$axis2:HTTP_SC"/>"#;
    let mut outcome = check(policy, &Ask::json(r#"{"id":7}"#));
    assert_eq!(outcome.calls.len(), 1);
    assert_eq!(outcome.property("before").as_deref(), Some("7"));
    assert_eq!(outcome.property("a").as_deref(), Some("true"));
    assert_eq!(outcome.property("status").as_deref(), Some("201"));
    assert_eq!(
        (outcome.header("x-region"), outcome.body()),
        (String::new(), r#"{"called":true}"#.to_owned())
    );
    assert!(matches!(outcome.end, Ok(End::Continue)));
}

#[test]
fn waits() {
    let outcome =
        check(r#"<w:latency xmlns:w="urn:weir:mediation" milliseconds="250"/>"#, &Ask::default());
    assert_eq!(outcome.waits, [Duration::from_millis(250)]);
    let policy = r#"<w:latency xmlns:w="urn:weir:mediation" milliseconds="{$trp:X-Wait}"/>"#;
    for (wait, expected) in [("5", Some(5)), ("0", None), ("999999999", Some(100_000))] {
        let outcome = check(policy, &Ask::default().with(&[("X-Wait", wait)]));
        assert_eq!(
            outcome.waits,
            expected.map(Duration::from_millis).into_iter().collect::<Vec<_>>()
        );
    }
    let outcome = check(policy, &Ask::default().with(&[("X-Wait", "long")]));
    assert_eq!(outcome.fault(), FaultCode::PolicyFailed);
}

#[test]
fn faults_run_the_sequence_that_is_named_for_them() {
    let handler = format!(
        "{}<property name=\"seen\" expression=\"concat($ctx:ERROR_CODE, ' ', $ctx:ERROR_MESSAGE, ' ', $ctx:ERROR_DETAIL, get-property('FAULT'))\"/>",
        set("h")
    );
    let sequences = vec![("soft", handler.clone()), ("hard", format!("{handler}<respond/>"))];
    let ask = Ask { sequences, ..Ask::default() };
    let x = set("x");
    let throw = r#"<throwError type="4711" errorMessage="no way"/>"#;
    // Without an answer of its own, the fault stays one: nothing reaches the upstream.
    check_a(
        &format!(r#"<sequence onError="soft">{x}{throw}{x}</sequence>{x}"#),
        &ask,
        "xh",
        "PolicyFailed",
    );
    check_a(
        &format!(r#"<sequence onError="hard">{x}{throw}{x}</sequence>{x}"#),
        &ask,
        "xh",
        "Respond",
    );
    check_a(
        &format!(
            r#"<sequence onError="soft"><sequence onError="hard">{throw}</sequence></sequence>"#
        ),
        &ask,
        "h",
        "Respond",
    );
    check_a(
        &format!(r#"<sequence onError="hard">{x}</sequence>{throw}"#),
        &ask,
        "x",
        "PolicyFailed",
    );
    let outcome = check(&format!(r#"<sequence onError="hard">{throw}</sequence>"#), &ask);
    assert_eq!(outcome.property("seen").as_deref(), Some("4711 no way no waytrue"));
    // What failed in the policy itself is told by its number, without what is inside.
    let failed = r#"<sequence onError="hard"><property name="n" expression="$trp:X-Region" type="INTEGER"/></sequence>"#;
    let outcome = check(failed, &ask);
    let seen = outcome.property("seen").unwrap_or_default();
    assert_eq!(seen, "400900 A policy failed A policy failedtrue");
}

#[test]
fn the_fault_names_the_place() {
    let outcome = check(
        "<log/>\n<property name=\"n\" expression=\"$trp:X-Region\" type=\"INTEGER\"/>",
        &Ask::default(),
    );
    let fault = outcome.end.expect_err("a fault");
    assert_eq!(fault.detail.as_deref(), Some("policy a v1, line 2: eu is no whole number"));
    assert_eq!(fault.message, "A policy failed");
}

#[test]
fn loops() {
    let json = Ask::json(r#"{"x":1,"list":[{"n":1},{"n":2}],"empty":[]}"#);
    let body = r#"<property name="n" expression="json-eval($.n)"/><property name="a" expression="concat($ctx:a, '[', $ctx:n, $ctx:i, ']')"/>"#;
    for (expression, gathered) in [
        ("json-eval($.list)", "[10][21]"),
        ("json-eval($.list[*])", "[10][21]"),
        ("json-eval($.list[?(@.n == 2)])", "[20]"),
        ("json-eval($.empty)", ""),
        ("json-eval($.none)", ""),
    ] {
        let policy =
            format!(r#"<foreach collection="{expression}" counter-variable="i">{body}</foreach>"#);
        let mut outcome = check(&policy, &json);
        assert_eq!(outcome.property("a").unwrap_or_default(), gathered, "{expression}");
        assert_eq!(
            outcome.body(),
            r#"{"x":1,"list":[{"n":1},{"n":2}],"empty":[]}"#,
            "{expression}"
        );
    }
    let change = r#"<foreach expression="json-eval($.list)"><payloadFactory media-type="json"><format>{"m":$1}</format><args><arg evaluator="json" expression="$.n"/></args></payloadFactory></foreach>"#;
    let mut outcome = check(change, &json);
    assert_eq!(outcome.body(), r#"{"x":1,"list":[{"m":1},{"m":2}],"empty":[]}"#);

    let xml = Ask::xml("<o><i>1</i><k/><i>2</i></o>");
    let change = r#"<foreach expression="//i"><payloadFactory><format><j>$1</j></format><args><arg expression="//i"/></args></payloadFactory></foreach>"#;
    assert_eq!(check(change, &xml).body(), "<o><j>1</j><k/><j>2</j></o>");
    // What selects nothing of the body leaves it as it came.
    for expression in ["//none", "/*", "$body", "$header", "$ctx:held/i"] {
        let policy = format!(
            r#"<property name="held"><h><i>3</i></h></property><foreach expression="{expression}"><property name="a" value="1"/></foreach>"#
        );
        let mut outcome = check(&policy, &xml);
        assert_eq!(
            (outcome.body().as_str(), outcome.property("a")),
            ("<o><i>1</i><k/><i>2</i></o>", None),
            "{expression}"
        );
    }
}

#[test]
fn a_fault_in_a_loop_is_one_of_the_whole_message() {
    let sequences =
        vec![("hard", r#"<property name="a" expression="json-eval($.x)"/><respond/>"#.to_owned())];
    let ask = Ask { sequences, ..Ask::json(r#"{"x":7,"list":[1,2]}"#) };
    let policy = r#"<sequence onError="hard"><foreach expression="json-eval($.list)"><throwError type="T" errorMessage="m"/></foreach></sequence>"#;
    check_a(policy, &ask, "7", "Respond");
}

#[test]
fn rewriting() {
    for (rules, to) in [
        (
            r#"<rewriterule><action type="set" value="http://b:8080/x"/></rewriterule>"#,
            "http://b:8080/x",
        ),
        (
            r#"<rewriterule><action fragment="host" value="b"/></rewriterule>"#,
            "http://b/shop/1.0/orders/7?region=eu&Tier=gold%20x",
        ),
        (
            r#"<rewriterule><action type="replace" regex="/shop/(\d)" value="/s/$1" fragment="path"/></rewriterule>"#,
            "/s/1.0/orders/7?region=eu&Tier=gold%20x",
        ),
        (
            r#"<rewriterule><action type="append" value="/y" fragment="path"/><action type="prepend" value="/z" fragment="path"/><action type="remove" fragment="query"/></rewriterule>"#,
            "/z/shop/1.0/orders/7/y",
        ),
        (
            r#"<rewriterule><action type="remove-query-param" value="region"/></rewriterule>"#,
            "/shop/1.0/orders/7?Tier=gold%20x",
        ),
        (
            r#"<rewriterule><condition><equal type="header" source="X-Region" value="eu"/></condition><action value="http://eu"/></rewriterule>"#,
            "http://eu",
        ),
        (
            r#"<rewriterule><condition><and><equal type="url" source="path" value="/no"/><match type="header" source="X-Region" regex="e."/></and></condition><action value="http://eu"/></rewriterule>"#,
            "/shop/1.0/orders/7?region=eu&Tier=gold%20x",
        ),
        (
            r#"<rewriterule><action xpath="concat('http://', $trp:X-Region)"/></rewriterule>"#,
            "http://eu",
        ),
    ] {
        let outcome = check(&format!("<rewrite>{rules}</rewrite>"), &Ask::default());
        assert_eq!(outcome.message.destination().map(AsRef::as_ref), Some(to), "{rules}");
    }
    let policy = r#"
        <property name="in" value="http://u@h:1/p?q#r"/>
        <rewrite inProperty="in" outProperty="out"><rewriterule><action fragment="port" value="2"/><action fragment="ref" type="remove"/></rewriterule></rewrite>"#;
    let outcome = check(policy, &Ask::default());
    assert_eq!(outcome.property("out").as_deref(), Some("http://u@h:2/p?q"));
    assert!(outcome.message.destination().is_none());
}
