#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::fmt::Write as _;

use crate::description::{
    BindingKind, BindingMessage, Coding, Description, MimeContent, PartContent, Shape, Style,
};
use crate::{Archive, Limits, Location, Reading};

mod bindings;
mod interfaces;
mod services;

const HEAD: &str = "<wsdl:definitions name='n' targetNamespace='urn:t' xmlns:t='urn:t' \
    xmlns:wsdl='http://schemas.xmlsoap.org/wsdl/' xmlns:xsd='http://www.w3.org/2001/XMLSchema' \
    xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' \
    xmlns:soap12='http://schemas.xmlsoap.org/wsdl/soap12/' \
    xmlns:http='http://schemas.xmlsoap.org/wsdl/http/' \
    xmlns:mime='http://schemas.xmlsoap.org/wsdl/mime/' \
    xmlns:wsa='http://www.w3.org/2005/08/addressing' \
    xmlns:wsaw='http://www.w3.org/2006/05/addressing/wsdl' xmlns:o='urn:other'>\n";

/// A schema, messages and an interface to bind.
const COMMON: &str =
    "<wsdl:types><xsd:schema targetNamespace='urn:t' elementFormDefault='qualified'>
    <xsd:element name='Get'><xsd:complexType><xsd:sequence>
      <xsd:element name='id' type='xsd:int'/></xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name='GetResponse'><xsd:complexType><xsd:sequence>
      <xsd:element name='name' type='xsd:string'/></xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name='Head' type='xsd:string'/>
    <xsd:element name='Bad' type='xsd:string'/>
  </xsd:schema></wsdl:types>
  <wsdl:message name='In'><wsdl:part name='parameters' element='t:Get'/></wsdl:message>
  <wsdl:message name='Out'><wsdl:part name='parameters' element='t:GetResponse'/></wsdl:message>
  <wsdl:message name='Heads'><wsdl:part name='h' element='t:Head'/></wsdl:message>
  <wsdl:message name='BadMessage'><wsdl:part name='f' element='t:Bad'/></wsdl:message>
  <wsdl:portType name='P'><wsdl:operation name='Get'>
    <wsdl:input message='t:In'/><wsdl:output message='t:Out'/>
    <wsdl:fault name='Bad' message='t:BadMessage'/></wsdl:operation></wsdl:portType>\n";

const SERVICE: &str = "<wsdl:service name='S'><wsdl:port name='Port' binding='t:B'>
    <soap:address location='http://h/s'/></wsdl:port></wsdl:service>\n";

fn read(inner: &str) -> Reading {
    let mut archive = Archive::new();
    archive.insert("a.wsdl", format!("{HEAD}{inner}</wsdl:definitions>")).unwrap();
    crate::read(&archive, &Location::path("a.wsdl").unwrap(), &Limits::default())
}

fn found(reading: &Reading) -> Vec<String> {
    let show = |one: &model::Diagnostic| {
        format!("{}[{}] {}", one.severity.as_str(), one.code, one.message)
    };
    reading.found.iter().map(show).collect()
}

/// A description that nothing is wrong with.
fn sound(inner: &str) -> Description {
    let reading = read(inner);
    assert_eq!(found(&reading), Vec::<String>::new());
    reading.description.unwrap()
}

/// What is wrong, whatever is read beside it.
fn wrong(inner: &str, expected: &[&str]) -> Description {
    let reading = read(inner);
    assert_eq!(found(&reading), expected, "{inner}");
    reading.description.unwrap()
}

/// Every operation at every port, a line each.
fn calls(description: &Description) -> String {
    let mut text = String::new();
    for call in description.calls() {
        let kind = match &call.binding.kind {
            BindingKind::Soap { version, .. } => format!("soap {}", version.as_str()),
            BindingKind::Http { method } => format!("http {method}"),
            BindingKind::Other => "other".to_owned(),
        };
        let style = if call.bound.style == Style::Rpc { "rpc" } else { "document" };
        let shape = match call.bound.shape {
            Shape::Wrapped { .. } => " wrapped",
            Shape::Bare | Shape::Rpc => "",
        };
        let action = call.bound.soap_action.as_deref().unwrap_or("-");
        write!(
            text,
            "{}/{} {kind} {} {style}{shape} {action}",
            call.service.name.local, call.port.name, call.bound.name
        )
        .unwrap();
        let (input, output) = (&call.operation.input, &call.operation.output);
        for (role, bound) in [(input, &call.bound.input), (output, &call.bound.output)] {
            let (Some(role), Some(bound)) = (role, bound) else { continue };
            text.push_str(" -> ");
            text.push_str(&message(description, role.message, bound));
        }
        text.push('\n');
    }
    text
}

fn message(
    description: &Description,
    id: crate::description::MessageId,
    bound: &BindingMessage,
) -> String {
    let message = description.message(id);
    let mut words = Vec::new();
    if let Some(body) = &bound.body {
        let parts = body.parts.iter().map(|index| part(description, &message.parts[*index]));
        let parts: Vec<_> = parts.collect();
        let coding = if body.encoding.coding == Coding::Encoded { "encoded" } else { "literal" };
        words.push(format!("{coding}({})", parts.join(",")));
    }
    for header in &bound.headers {
        words.push(format!("header({}={:?})", header.part_name, header.part));
    }
    for part in &bound.multipart {
        let name = part.name.as_deref().unwrap_or("-");
        words.push(format!("part({name},{},{})", part.is_envelope, contents(&part.contents)));
    }
    if !bound.content.is_empty() {
        words.push(contents(&bound.content));
    }
    words.join(" ")
}

fn contents(contents: &[MimeContent]) -> String {
    let show = |one: &MimeContent| match one {
        MimeContent::Content { part, media_type } => {
            let part = part.as_deref().unwrap_or("-");
            format!("{part}:{}", media_type.as_deref().unwrap_or("*/*"))
        }
        MimeContent::Xml { part } => format!("{}:xml", part.as_deref().unwrap_or("-")),
        MimeContent::UrlEncoded => "urlEncoded".to_owned(),
        MimeContent::UrlReplacement => "urlReplacement".to_owned(),
    };
    contents.iter().map(show).collect::<Vec<_>>().join("|")
}

fn part(description: &Description, part: &crate::description::Part) -> String {
    let schemas = description.schemas();
    match part.content {
        PartContent::Element(id) => format!("{}={}", part.name, schemas.element(id).name.local),
        PartContent::Type(id) => {
            let name = schemas.type_of(id).name.as_ref().map_or("?", |name| &name.local);
            format!("{}:{name}", part.name)
        }
    }
}
