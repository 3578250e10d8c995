//! Bindings: protocols, styles, bodies, headers, attachments.

use super::*;

/// The calls of a binding of the common interface, with nothing wrong.
fn check(binding: &str, expected: &str) -> Description {
    let description = sound(&format!("{COMMON}{binding}{SERVICE}"));
    assert_eq!(calls(&description), expected, "{binding}");
    description
}

/// A binding of the common interface with this protocol, action, input and output.
fn binding(protocol: &str, operation: &str, input: &str, output: &str) -> String {
    format!(
        "<wsdl:binding name='B' type='t:P'>{protocol}<wsdl:operation name='Get'>{operation}
           <wsdl:input>{input}</wsdl:input><wsdl:output>{output}</wsdl:output>
           <wsdl:fault name='Bad'><soap:fault name='Bad' use='literal'/></wsdl:fault>
         </wsdl:operation></wsdl:binding>"
    )
}

const SOAP: &str =
    "<soap:binding transport='http://schemas.xmlsoap.org/soap/http' style='document'/>";
const LITERAL: &str = "<soap:body use='literal'/>";

#[test]
fn document_wrapped() {
    let operation = "<soap:operation soapAction='urn:get'/>";
    let description = check(
        &binding(SOAP, operation, LITERAL, LITERAL),
        "S/Port soap 1.1 Get document wrapped urn:get -> literal(parameters=Get) \
         -> literal(parameters=GetResponse)\n",
    );
    let call = description.calls().next().unwrap();
    let Shape::Wrapped { input, output } = call.bound.shape else { panic!() };
    assert_eq!(&*description.schemas().element(input).name.local, "Get");
    assert_eq!(&*description.schemas().element(output.unwrap()).name.local, "GetResponse");
    assert_eq!(call.bound.faults[0].fault, Some(0));
    assert_eq!(description.version(), crate::description::Version::V1);
    assert_eq!((description.name(), description.target_namespace()), (Some("n"), "urn:t"));
}

#[test]
fn soap12_with_its_own_words() {
    let protocol = "<soap12:binding transport='http://schemas.xmlsoap.org/soap/http'/>";
    let operation = "<soap12:operation soapAction='a' soapActionRequired='true' style='document'/>";
    let body = "<soap12:body use='literal'/>";
    let description = check(
        &binding(protocol, operation, body, body),
        "S/Port soap 1.2 Get document wrapped a -> literal(parameters=Get) \
         -> literal(parameters=GetResponse)\n",
    );
    assert_eq!(description.calls().next().unwrap().bound.is_action_required, Some(true));
}

#[test]
fn the_style_of_an_operation_is_its_own_or_that_of_the_binding() {
    let rpc = SOAP.replace("document", "rpc");
    let types = COMMON.replace("element='t:Get'", "type='xsd:int'");
    let types = types.replace("element='t:GetResponse'", "type='xsd:string'");
    let body = "<soap:body use='encoded' namespace='urn:ns' \
                encodingStyle='http://schemas.xmlsoap.org/soap/encoding/'/>";
    let binding = binding(&rpc, "<soap:operation/>", body, body);
    let description = sound(&format!("{types}{binding}{SERVICE}"));
    assert_eq!(
        calls(&description),
        "S/Port soap 1.1 Get rpc - -> encoded(parameters:int) -> encoded(parameters:string)\n"
    );
    let call = description.calls().next().unwrap();
    assert_eq!(call.bound.shape, Shape::Rpc);
    let encoding = &call.bound.input.as_ref().unwrap().body.as_ref().unwrap().encoding;
    assert_eq!(encoding.namespace.as_deref(), Some("urn:ns"));
    assert_eq!(encoding.styles, ["http://schemas.xmlsoap.org/soap/encoding/"]);
    let own = binding.replace("<soap:operation/>", "<soap:operation style='document'/>");
    let own = own.replace("encoded", "literal");
    wrong(
        &format!("{types}{own}{SERVICE}"),
        &[
            "warning[WS033] A part of document style is a type (message `In`)",
            "warning[WS033] A part of document style is a type (message `Out`)",
        ],
    );
}

#[test]
fn headers_are_parts_of_any_message() {
    let input = "<soap:header message='t:Heads' part='h' use='literal'>
        <soap:headerfault message='t:BadMessage' part='f' use='literal'/></soap:header>
        <soap:body parts='parameters' use='literal'/>";
    let description = check(
        &binding(SOAP, "<soap:operation soapAction=''/>", input, LITERAL),
        "S/Port soap 1.1 Get document wrapped  -> literal(parameters=Get) header(h=Some(0)) \
         -> literal(parameters=GetResponse)\n",
    );
    let call = description.calls().next().unwrap();
    let header = &call.bound.input.as_ref().unwrap().headers[0];
    assert_eq!((header.faults.len(), header.faults[0].part), (1, Some(0)));
}

#[test]
fn a_part_that_is_a_header_is_not_in_the_body() {
    let common = COMMON.replace(
        "<wsdl:part name='parameters' element='t:Get'/>",
        "<wsdl:part name='h' element='t:Head'/><wsdl:part name='parameters' element='t:Get'/>",
    );
    let input = "<soap:header message='t:In' part='h' use='literal'/><soap:body use='literal'/>";
    let binding = binding(SOAP, "", input, LITERAL);
    let description = sound(&format!("{common}{binding}{SERVICE}"));
    assert_eq!(
        calls(&description),
        "S/Port soap 1.1 Get document wrapped - -> literal(parameters=Get) header(h=Some(0)) \
         -> literal(parameters=GetResponse)\n"
    );
}

#[test]
fn attachments() {
    let common = COMMON.replace(
        "<wsdl:part name='parameters' element='t:Get'/>",
        "<wsdl:part name='parameters' element='t:Get'/><wsdl:part name='f' type='xsd:base64Binary'/>",
    );
    let input = "<mime:multipartRelated><mime:part><soap:body use='literal'/></mime:part>
        <mime:part name='file'><mime:content part='f' type='image/png'/>
          <mime:content part='f' type='image/jpeg'/></mime:part></mime:multipartRelated>";
    let binding = binding(SOAP, "", input, LITERAL);
    let description = sound(&format!("{common}{binding}{SERVICE}"));
    assert_eq!(
        calls(&description),
        "S/Port soap 1.1 Get document wrapped - -> literal(parameters=Get) part(-,true,) \
         part(file,false,f:image/png|f:image/jpeg) -> literal(parameters=GetResponse)\n"
    );
}

#[test]
fn http_bindings() {
    let description = check(
        &binding(
            "<http:binding verb='GET'/>",
            "<http:operation location='/get'/>",
            "<http:urlEncoded/>",
            "<mime:mimeXml part='parameters'/>",
        ),
        "S/Port http GET Get document - -> urlEncoded -> parameters:xml\n",
    );
    let call = description.calls().next().unwrap();
    assert_eq!(call.bound.location.as_deref(), Some("/get"));
    assert_eq!(call.bound.method.as_deref(), Some("GET"));
    check(
        &binding("<http:binding verb='post'/>", "", "<mime:content type='text/xml'/>", ""),
        "S/Port http POST Get document - -> -:text/xml -> \n",
    );
}

#[test]
fn what_is_not_wrapped_is_bare() {
    let bind = || binding(SOAP, "", LITERAL, LITERAL);
    let shape = |common: &str| {
        let description = read(&format!("{common}{}{SERVICE}", bind())).description.unwrap();
        let call = description.calls().next().unwrap();
        matches!(call.bound.shape, Shape::Wrapped { .. })
    };
    assert!(shape(COMMON));
    for (from, to) in [
        ("element='t:Get'/", "element='t:Head'/"),
        ("<xsd:sequence>", "<xsd:choice>"),
        ("<xsd:element name='id' type='xsd:int'/>", "<xsd:any/>"),
        ("<xsd:element name='Get'>", "<xsd:element name='Get' nillable='true'>"),
        (
            "name='id' type='xsd:int'/></xsd:sequence>",
            "name='id'/></xsd:sequence><xsd:attribute name='a'/>",
        ),
    ] {
        assert!(COMMON.contains(from), "{from}");
        let mut common = COMMON.replacen(from, to, 1);
        if to == "<xsd:choice>" {
            common = common.replacen("</xsd:sequence>", "</xsd:choice>", 1);
        }
        assert!(!shape(&common), "{to}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let bind =
        binding(SOAP, "<soap:operation style='x'/>", "<soap:body parts='parametrs'/>", LITERAL);
    wrong(
        &format!("{COMMON}{bind}{SERVICE}"),
        &[
            "warning[WS021] `style` of <soap:operation> is \"x\"; it is ignored",
            "warning[WS026] The message `In` has no part `parametrs`",
        ],
    );
    let bind = binding("<o:binding/>", "", "", "").replace("name='Get'", "name='Got'");
    wrong(
        &format!("{COMMON}{bind}{SERVICE}"),
        &[
            "warning[WS030] <wsdl:binding> has no protocol that is known",
            "warning[WS027] The interface has no operation `Got`; it is left out",
            "note[WS027] The binding lacks the operation `Get`",
        ],
    );
    let jms = SOAP.replace("http://schemas.xmlsoap.org/soap/http", "urn:jms");
    wrong(
        &format!("{COMMON}{}{SERVICE}", binding(&jms, "", LITERAL, LITERAL)),
        &["warning[WS030] SOAP goes over the transport \"urn:jms\", and not over HTTP"],
    );
    let bind =
        binding(SOAP, "", LITERAL, LITERAL).replace("fault name='Bad'", "fault name='Worse'");
    wrong(
        &format!("{COMMON}{bind}{SERVICE}"),
        &["warning[WS027] The operation has no fault `Worse`"],
    );
    let bind = binding("", "<o:x wsdl:required='true'/>", "", "").replacen(
        "<wsdl:operation",
        &format!("{SOAP}<wsdl:operation"),
        1,
    );
    wrong(
        &format!("{COMMON}{bind}{SERVICE}"),
        &["warning[WS029] <o:x> is marked as required, and not understood"],
    );
}
