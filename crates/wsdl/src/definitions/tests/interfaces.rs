//! Messages and interfaces.

use super::*;
use crate::description::Pattern;

fn with_interface(inner: &str) -> String {
    format!(
        "{COMMON}<wsdl:portType name='Q'>{inner}</wsdl:portType>
         <wsdl:binding name='B' type='t:Q'><soap:binding/>{{}}</wsdl:binding>{SERVICE}"
    )
}

#[test]
fn patterns_and_default_names() {
    let text = with_interface(
        "<wsdl:operation name='a'><wsdl:documentation> Does a. </wsdl:documentation>
           <wsdl:input message='t:In'/><wsdl:output name='o' message='t:Out'/></wsdl:operation>
         <wsdl:operation name='b' parameterOrder='x y'><wsdl:input message='t:In' wsaw:Action='urn:b'/></wsdl:operation>
         <wsdl:operation name='c'><wsdl:output message='t:Out'/><wsdl:input message='t:In'/></wsdl:operation>
         <wsdl:operation name='d'><wsdl:output message='t:Out'/></wsdl:operation>",
    );
    let operations: String =
        ["a", "b", "c", "d"].map(|name| format!("<wsdl:operation name='{name}'/>")).concat();
    let description = wrong(
        &text.replace("{}", &operations),
        &[
            "warning[WS028] The operation `c` begins with the service; it is left out",
            "warning[WS028] The operation `d` begins with the service; it is left out",
        ],
    );
    let (_, interface) = description.port_types().find(|(_, one)| &*one.name.local == "Q").unwrap();
    let patterns: Vec<_> = interface.operations.iter().map(|one| one.pattern).collect();
    assert_eq!(
        patterns,
        [
            Pattern::RequestResponse,
            Pattern::OneWay,
            Pattern::SolicitResponse,
            Pattern::Notification
        ]
    );
    let [a, b, ..] = interface.operations.as_slice() else { panic!() };
    assert_eq!(a.documentation.as_deref(), Some("Does a."));
    let (input, output) = (a.input.as_ref().unwrap(), a.output.as_ref().unwrap());
    assert_eq!((&*input.name, &*output.name), ("aRequest", "o"));
    assert_eq!(interface.default_action(input), "urn:t:Q:aRequest");
    assert_eq!(b.input.as_ref().unwrap().action.as_deref(), Some("urn:b"));
    assert_eq!((&*b.input.as_ref().unwrap().name, b.parameter_order.len()), ("b", 2));
    let names: Vec<_> = description.calls().map(|call| call.bound.name.clone()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn default_actions_of_faults() {
    let text = with_interface(
        "<wsdl:operation name='a'><wsdl:input message='t:In'/>
           <wsdl:fault name='f' message='t:BadMessage'/></wsdl:operation>",
    );
    let text = text.replace("urn:t'", "http://h/t/'").replace("{}", "<wsdl:operation name='a'/>");
    let mut archive = Archive::new();
    let head = HEAD.replace("'urn:t'", "'http://h/t/'");
    archive.insert("a.wsdl", format!("{head}{text}</wsdl:definitions>")).unwrap();
    let reading = crate::read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default());
    let description = reading.description.unwrap();
    let call = description.calls().next().unwrap();
    let fault = &call.operation.faults[0];
    let action = call.port_type.default_fault_action(call.operation, fault);
    assert_eq!(action, "http://h/t/Q/a/Fault/f");
}

#[test]
fn overloaded_operations_are_told_apart_by_the_names_of_their_roles() {
    let text = with_interface(
        "<wsdl:operation name='a'><wsdl:input name='one' message='t:In'/></wsdl:operation>
         <wsdl:operation name='a'><wsdl:input name='two' message='t:Heads'/></wsdl:operation>",
    );
    let bound = |role: &str, action: &str| {
        format!(
            "<wsdl:operation name='a'><soap:operation soapAction='{action}'/>
               <wsdl:input{role}><soap:body use='literal'/></wsdl:input></wsdl:operation>"
        )
    };
    let named = bound(" name='two'", "urn:2") + &bound(" name='one'", "urn:1");
    let description = sound(&text.replace("{}", &named));
    assert_eq!(
        calls(&description),
        "S/Port soap 1.1 a document urn:2 -> literal(h=Head)\n\
         S/Port soap 1.1 a document urn:1 -> literal(parameters=Get)\n"
    );
    let nameless = bound("", "urn:1") + &bound(" name='x'", "urn:2") + &bound("", "urn:3");
    let description = wrong(
        &text.replace("{}", &nameless),
        &["warning[WS025] The operation `a` is bound twice; it is left out here"],
    );
    assert_eq!(description.calls().count(), 2);
}

#[test]
fn messages_with_faults_of_their_own() {
    let text = "<wsdl:message name='m'><wsdl:part name='a'/><wsdl:part element='t:Get'/>
           <wsdl:part name='b' element='t:Get' type='xsd:int'/><wsdl:part name='b' type='xsd:int'/>
         </wsdl:message><wsdl:message name='m'/><wsdl:message/>
         <wsdl:portType name='P'/><wsdl:typo/>";
    wrong(
        &format!("{COMMON}{text}"),
        &[
            "error[WS020] <wsdl:part> has no `element`",
            "error[WS020] <wsdl:part> has no `name`",
            "warning[WS033] The part `b` has both `element` and `type`",
            "warning[WS025] There is another part `b`; this one does not count",
            "warning[WS025] There is another message `m`; this one does not count",
            "error[WS020] <wsdl:message> has no `name`",
            "warning[WS025] There is another interface `P`; this one does not count",
            "warning[WS034] <wsdl:typo> has no place here; it has no effect",
            "warning[WS031] The WSDL has no service",
        ],
    );
}
