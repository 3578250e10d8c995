//! Services, ports, addresses, and references between the parts of a WSDL.

use super::*;
use crate::description::AddressKind;

const BINDING: &str = "<wsdl:binding name='B' type='t:P'><soap:binding/>
    <wsdl:operation name='Get'/></wsdl:binding>";

fn ports(inner: &str) -> String {
    format!("{COMMON}{BINDING}<wsdl:service name='S'>{inner}</wsdl:service>")
}

#[test]
fn addresses_of_all_kinds() {
    let text = ports(
        "<wsdl:port name='a' binding='t:B'><soap:address location=' http://h/a '/></wsdl:port>
         <wsdl:port name='b' binding='t:B'><soap12:address location='http://h/b'/></wsdl:port>
         <wsdl:port name='c' binding='t:B'><http:address location='http://h/c'/></wsdl:port>
         <wsdl:port name='d' binding='t:B'><wsa:EndpointReference>
           <wsa:Address>http://h/d</wsa:Address></wsa:EndpointReference></wsdl:port>
         <wsdl:port name='e' binding='t:B'><soap:address location='http://h/1'/>
           <soap:address location='http://h/2'/></wsdl:port>",
    );
    let description = sound(&text);
    let service = description.service("S").unwrap();
    let addresses: Vec<_> = service
        .ports
        .iter()
        .map(|port| (port.address().unwrap(), port.addresses[0].kind, port.addresses.len()))
        .collect();
    assert_eq!(
        addresses,
        [
            ("http://h/a", AddressKind::Soap11, 1),
            ("http://h/b", AddressKind::Soap12, 1),
            ("http://h/c", AddressKind::Http, 1),
            ("http://h/d", AddressKind::Reference, 1),
            ("http://h/1", AddressKind::Soap11, 2),
        ]
    );
    let before = text.split_once("<wsdl:port name='d'").unwrap().0;
    let line = u32::try_from(before.lines().count()).unwrap() + 1;
    let source = service.port("d").unwrap().source;
    assert_eq!((source.line, source.column), (line, 10));
}

#[test]
fn ports_that_nobody_reaches() {
    let description = wrong(
        &ports(
            "<wsdl:port name='a' binding='t:B'/>
             <wsdl:port name='b' binding='t:B'><soap:address location='REPLACE_ME'/></wsdl:port>
             <wsdl:port name='c' binding='t:B'><soap:address/></wsdl:port>
             <wsdl:port name='b' binding='t:B'><soap:address location='http://h/'/></wsdl:port>
             <wsdl:port name='d' binding='t:Bee'><soap:address location='http://h/'/></wsdl:port>
             <wsdl:port name='e'/><wsdl:port binding='t:B'/>",
        ),
        &[
            "warning[WS032] The port `a` has no address",
            "warning[WS032] The address of the port `b` is no URL: \"REPLACE_ME\"",
            "error[WS020] <soap:address> has no `location`",
            "warning[WS032] The port `c` has no address",
            "warning[WS025] There is another port `b`; this one does not count",
            "error[WS020] <wsdl:port> has no `binding`",
            "error[WS020] <wsdl:port> has no `name`",
            "warning[WS023] The binding `{urn:t}Bee` is not defined",
        ],
    );
    let ports = &description.service("S").unwrap().ports;
    assert_eq!(ports.len(), 4);
    assert!(description.binding(ports[3].binding).is_missing);
}

#[test]
fn a_service_of_which_no_port_works_is_an_error() {
    let service = SERVICE.replace("t:B", "t:C");
    let reading = read(&format!("{COMMON}{BINDING}{service}"));
    assert_eq!(found(&reading), ["error[WS023] The binding `{urn:t}C` is not defined"]);
    assert!(
        reading
            .found
            .iter()
            .any(|one| one.help == "Mend the name, or import the document that defines it.")
    );
}

#[test]
fn references_to_what_is_not_there() {
    let text = format!("{COMMON}{BINDING}{SERVICE}");
    wrong(
        &text.replace("message='t:In'", "message='t:Inn'").replace("type='t:P'", "type='t:Q'"),
        &[
            "error[WS023] The message `{urn:t}Inn` is not defined",
            "error[WS023] The interface `{urn:t}Q` is not defined",
        ],
    );
    wrong(
        &text.replace("type='t:P'", "type='q:P'").replace("element='t:Get'", "element='t:Got'"),
        &[
            "error[WS022] The prefix of `q:P` is not declared",
            "error[WS040] The element `{urn:t}Got` is not defined",
        ],
    );
}

#[test]
fn names_without_a_prefix_are_taken_from_the_target_namespace() {
    let text = format!("{COMMON}{BINDING}{SERVICE}");
    let text =
        text.replace("message='t:In'", "message='In'").replace("binding='t:B'", "binding='B'");
    let text = text.replace("element='t:GetResponse'", "element='GetResponse'");
    let description = wrong(
        &text,
        &[
            "warning[WS041] The element `GetResponse` is taken from the target namespace",
            "warning[WS024] The message `In` is taken from the target namespace",
            "warning[WS024] The binding `B` is taken from the target namespace",
        ],
    );
    assert_eq!(description.calls().count(), 1);
}

#[test]
fn extensions_are_kept_by_name() {
    let description = wrong(
        &format!(
            "<o:policy/>{COMMON}{BINDING}{}",
            SERVICE.replace(
                "<soap:address",
                "<o:a wsdl:required='1'/><wsaw:UsingAddressing \
                             wsdl:required='true'/><soap:address"
            )
        ),
        &["warning[WS029] <o:a> is marked as required, and not understood"],
    );
    assert_eq!(&*description.extensions()[0].name.local, "policy");
    let port = &description.service("S").unwrap().ports[0];
    let names: Vec<_> =
        port.extensions.iter().map(|one| (&*one.name.local, one.is_required)).collect();
    assert_eq!(names, [("a", true), ("UsingAddressing", true)]);
}
