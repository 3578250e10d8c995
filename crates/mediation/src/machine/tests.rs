//! Stepping: what is asked for, and what is left when it is over.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::*;
use crate::payload::{Media, Payload};
use crate::testing::{Ask, Gateway, check};

/// A machine for a policy that is sound.
fn machine(policy: &str) -> Machine {
    let context = crate::parse::Context {
        file: "a.xml",
        origin: "policy a v1",
        flow: model::policy::Flow::Request,
        known_sequences: &|_| true,
        is_dynamic_endpoint: true,
        line_offset: 0,
    };
    let sequence = crate::parse::parse(policy, &context, &mut Vec::new()).expect("it is sound");
    Machine::new(Arc::new(sequence), Arc::default())
}

#[test]
fn a_flow_without_steps_is_over_at_once() {
    let mut machine = machine("");
    let mut message = Ask::default().message();
    let (gateway, limits) = (Gateway::default(), Limits::default());
    for _ in 0..2 {
        let advance = machine.advance(&mut message, &gateway, &limits);
        assert!(matches!(advance, Ok(Advance::Ends(End::Continue))));
    }
    assert!(message.payload.is_unread());
}

#[test]
fn what_is_asked_for_is_asked_for_once() {
    let mut machine = machine(
        r#"<builder/><call/><w:latency xmlns:w="urn:weir:mediation" milliseconds="1"/><respond/>"#,
    );
    let mut message = Ask::json("{}").message();
    let (gateway, limits) = (Gateway::default(), Limits::default());
    let mut wants = Vec::new();
    loop {
        match machine.advance(&mut message, &gateway, &limits).expect("no fault") {
            Advance::Ends(end) => {
                assert!(matches!(end, End::Respond));
                break;
            }
            Advance::Wants(Wants::Body) => {
                wants.push("body");
                message.payload.load(Bytes::from_static(b"{}"));
            }
            Advance::Wants(Wants::Call(outgoing)) => {
                assert_eq!(
                    outgoing,
                    Outgoing { target: Target::Destination, method: None, takes_postfix: true }
                );
                wants.push("call");
                // The answer's body is on its way, too.
                let payload = Payload::unread(Media::of("text/plain"));
                message.take(StatusCode::OK, HeaderMap::new(), payload);
            }
            Advance::Wants(Wants::Wait(_)) => wants.push("wait"),
            Advance::Wants(Wants::Script(_) | Wants::Ask(_)) => wants.push("other"),
        }
    }
    assert_eq!(wants, ["body", "call", "wait"]);
    // Over is over.
    let advance = machine.advance(&mut message, &gateway, &limits);
    assert!(matches!(advance, Ok(Advance::Ends(End::Continue))));
}

#[test]
fn a_fault_from_outside_is_one_of_the_flow() {
    let mut machine = machine(r#"<sequence onError="none"><call/></sequence><log/>"#);
    let mut message = Ask::default().message();
    message.payload.load(Bytes::new());
    let (gateway, limits) = (Gateway::default(), Limits::default());
    let advance = machine.advance(&mut message, &gateway, &limits);
    assert!(matches!(advance, Ok(Advance::Wants(Wants::Call(_)))));
    let fault = MediationFault::new(FaultCode::PolicyFailed, "the call failed");
    // The sequence that would take it is not there.
    assert_eq!(machine.fail(&mut message, fault.clone()), Err(fault));
    assert!(gateway.lines.borrow().is_empty());
}

#[test]
fn what_is_told_of_a_fault() {
    let mut message = Ask::default().message();
    note(&mut message, &MediationFault::thrown(FaultCode::PolicyFailed, "m").at("here"));
    let told =
        |message: &Message, name: &str| message.property(name).map(|it| it.text().to_string());
    assert_eq!(told(&message, "ERROR_CODE").as_deref(), Some("400900"));
    assert_eq!(told(&message, "ERROR_DETAIL").as_deref(), Some("m"));
    tell(&mut message, "101503", "down", Some("refused"));
    assert_eq!(told(&message, "ERROR_CODE").as_deref(), Some("101503"));
    assert_eq!(told(&message, "ERROR_DETAIL").as_deref(), Some("refused"));
    assert_eq!(told(&message, "ERROR_EXCEPTION").as_deref(), Some(""));
}

#[test]
fn whether_a_sequence_reads_the_body_is_known_in_spite_of_circles() {
    let library = Library::from([
        (Arc::from("a"), Arc::new(sequence(r#"<sequence key="b"/><sequence key="b"/>"#))),
        (
            Arc::from("b"),
            Arc::new(sequence(&r#"<sequence key="a"/><sequence key="b"/>"#.repeat(20))),
        ),
        (Arc::from("c"), Arc::new(sequence(r#"<sequence onError="d"><log/></sequence>"#))),
        (Arc::from("d"), Arc::new(sequence(r#"<log level="full"/>"#))),
    ]);
    for (key, reads) in [("a", false), ("b", false), ("c", true), ("d", true)] {
        let found = library.get(key).map(|it| it.reads_body(&library));
        assert_eq!(found, Some(reads), "{key}");
    }
    let mut long = Library::new();
    for index in 0..20_000 {
        let text = format!("<sequence key=\"s{}\"/>", index + 1);
        long.insert(Arc::from(format!("s{index}")), Arc::new(sequence(&text)));
    }
    assert_eq!(long.get("s0").map(|it| it.reads_body(&long)), Some(false));
}

fn sequence(policy: &str) -> Sequence {
    let machine = machine(policy);
    let frame = machine.frames.into_iter().next().expect("one frame");
    Arc::into_inner(frame.sequence).expect("one owner")
}

#[test]
fn a_message_goes_on_as_it_came() {
    let mut outcome = check("<log/>", &Ask::json("{ }"));
    assert!(!outcome.is_read && outcome.body() == "{ }");
}
