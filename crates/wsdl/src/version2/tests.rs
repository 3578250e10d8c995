#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use crate::description::{AddressKind, BindingKind, Pattern, Shape, SoapVersion, Version};
use crate::{Archive, Description, Limits, Location, Reading};

const COMMON: &str = "
  <types>
    <xsd:schema targetNamespace='urn:t' elementFormDefault='qualified'>
      <xsd:element name='Get'><xsd:complexType><xsd:sequence>
        <xsd:element name='id' type='xsd:int'/></xsd:sequence></xsd:complexType></xsd:element>
      <xsd:element name='Answer'><xsd:complexType><xsd:sequence/></xsd:complexType></xsd:element>
      <xsd:element name='Bad' type='xsd:string'/>
    </xsd:schema>
  </types>
  <interface name='Base'>
    <fault name='Bad' element='t:Bad'/>
    <operation name='Ping' pattern='http://www.w3.org/ns/wsdl/in-only' wsdlx:safe='true'>
      <input element='#none'/></operation>
  </interface>
  <interface name='I' extends='t:Base'>
    <operation name='Get' pattern='http://www.w3.org/ns/wsdl/in-out'>
      <input element='t:Get'/><output element='t:Answer'/><outfault ref='t:Bad'/></operation>
  </interface>";

fn read(inner: &str) -> Reading {
    let mut archive = Archive::new();
    let text = format!(
        "<description xmlns='http://www.w3.org/ns/wsdl' targetNamespace='urn:t' xmlns:t='urn:t' \
         xmlns:xsd='http://www.w3.org/2001/XMLSchema' xmlns:wsoap='http://www.w3.org/ns/wsdl/soap' \
         xmlns:whttp='http://www.w3.org/ns/wsdl/http' \
         xmlns:wsdlx='http://www.w3.org/ns/wsdl-extensions'>{inner}</description>"
    );
    archive.insert("a.wsdl", text).unwrap();
    crate::read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default())
}

fn check(inner: &str, expected: &[&str]) -> Description {
    let reading = read(inner);
    let found: Vec<_> = reading
        .found
        .iter()
        .map(|one| format!("{}[{}] {}", one.severity.as_str(), one.code, one.message))
        .collect();
    assert_eq!(found, expected, "{inner}");
    reading.description.unwrap()
}

#[test]
fn a_service_is_listed() {
    let description = check(
        &format!(
            "{COMMON}
             <binding name='S' interface='t:I' type='http://www.w3.org/ns/wsdl/soap'>
               <operation ref='t:Get' wsoap:action='urn:get'><outfault ref='t:Bad'/></operation>
             </binding>
             <binding name='H' type='http://www.w3.org/ns/wsdl/http'>
               <operation ref='t:Get' whttp:method='PUT' whttp:location='get/{{id}}'/></binding>
             <binding name='Old' interface='t:I' wsoap:version='1.1' type='http://www.w3.org/ns/wsdl/soap'/>
             <service name='Service' interface='t:I'>
               <endpoint name='soap' binding='t:S' address='http://h/soap'/>
               <endpoint name='http' binding='t:H' address='http://h/http'/>
               <endpoint name='old' binding='t:Old' address='http://h/old'/>
             </service>"
        ),
        &[],
    );
    assert_eq!(description.version(), Version::V2);
    let lines: Vec<_> = description
        .calls()
        .map(|call| {
            let kind = match &call.binding.kind {
                BindingKind::Soap { version: SoapVersion::V11, .. } => "soap11",
                BindingKind::Soap { version: SoapVersion::V12, .. } => "soap12",
                BindingKind::Http { .. } => "http",
                BindingKind::Other => "other",
            };
            let action = call.bound.soap_action.as_deref().unwrap_or("-");
            let method = call.bound.method.as_deref().unwrap_or("-");
            let shape =
                if matches!(call.bound.shape, Shape::Wrapped { .. }) { "wrapped" } else { "bare" };
            format!("{} {kind} {} {action} {method} {shape}", call.port.name, call.operation.name)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "soap soap12 Get urn:get - wrapped",
            "soap soap12 Ping - - bare",
            "http http Get - PUT bare",
            "http http Ping - GET bare",
            "old soap11 Ping - - bare",
            "old soap11 Get - - wrapped",
        ]
    );
    let call = description.calls().next().unwrap();
    assert_eq!(call.port.addresses[0].kind, AddressKind::Endpoint);
    assert_eq!(call.operation.pattern, Pattern::RequestResponse);
    let fault = &call.operation.faults[0];
    assert_eq!((&*fault.name, call.bound.faults[0].fault), ("Bad", Some(0)));
    assert!(description.message(fault.message).parts[0].element().is_some());
}

#[test]
fn what_is_wrong_is_said() {
    check(
        &format!(
            "{COMMON}
             <binding name='X' interface='t:J' type='urn:x'/><binding name='Y'/>
             <binding name='Z' interface='t:I' type='http://www.w3.org/ns/wsdl/soap'>
               <operation ref='t:Gt'/><operation/></binding>
             <interface name='K'><operation name='o' pattern='x/out-only'/>
               <operation name='p' pattern='x/y'><outfault ref='t:Worse'/></operation></interface>
             <service name='Service' interface='t:I'><endpoint name='a' binding='t:Z'/>
               <endpoint binding='t:Z'/></service><x/><include/>"
        ),
        &[
            "warning[WS030] The protocol \"urn:x\" of a binding is not known",
            "error[WS020] <binding> has no `type`",
            "error[WS020] <operation> has no `ref`",
            "warning[WS028] The operation `o` begins with the service; it is left out",
            "warning[WS021] `pattern` of <operation> is \"y\"; it is ignored",
            "warning[WS032] The port `a` has no address",
            "error[WS020] <endpoint> has no `name`",
            "warning[WS034] <x> has no place here; it has no effect",
            "error[WS020] <include> has no `location`",
            "error[WS023] The message `{urn:t}fault Worse` is not defined",
            "error[WS023] The interface `{urn:t}J` is not defined",
            "warning[WS027] The interface has no operation `Gt`; it is left out",
        ],
    );
}

#[test]
fn interfaces_that_extend_each_other_end() {
    let description = check(
        "<interface name='A' extends='t:B'><operation name='a'/></interface>
         <interface name='B' extends='t:A'><operation name='b'/></interface>
         <binding name='X' interface='t:A' type='http://www.w3.org/ns/wsdl/soap'/>
         <service name='S' interface='t:A'><endpoint name='e' binding='t:X' address='http://h/'/></service>",
        &[],
    );
    assert_eq!(description.calls().count(), 2);
}
