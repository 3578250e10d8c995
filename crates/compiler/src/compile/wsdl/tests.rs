#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::{Files, Project};

use super::super::{CompileOptions, Secrets, compile};
use crate::plan::{ApiPlan, EndpointPlan};

const WSDL: &str = r#"<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:tns="urn:q" xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:q">
<types><xsd:schema targetNamespace="urn:q"><xsd:element name="Ask" type="xsd:string"/></xsd:schema></types>
<message name="ask"><part name="p" element="tns:Ask"/></message><message name="tell"><part name="p" type="xsd:string"/></message>
<portType name="PT"><operation name="Ask"><input message="tns:ask"/></operation></portType>
<portType name="RT"><operation name="Tell"><input message="tns:tell"/></operation><operation name="Same"><input message="tns:tell"/></operation></portType>
<binding name="B" type="tns:PT"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Ask"><soap:operation soapAction="urn:ask"/><input><soap:body use="literal"/></input></operation></binding>
<binding name="R" type="tns:RT"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Tell"><soap:operation soapAction="urn:same"/><input><soap:body use="literal" namespace="urn:r"/></input></operation>
<operation name="Same"><soap:operation soapAction="urn:same"/><input><soap:body use="literal" namespace="urn:r"/></input></operation></binding>
<service name="S"><port name="P" binding="tns:B"><soap:address location="http://one/p"/></port>
<port name="Q" binding="tns:R"><soap:address location="http://two/q"/></port></service>
<service name="Alone"><port name="A" binding="tns:B"><soap:address location="http://alone/a"/></port></service>
</definitions>"#;

/// The plan and what was found, of an API with this much more in `api.yaml`.
fn compiled(
    more: &str,
    files: &[(&str, &str)],
    fetched: &[(&str, &str)],
) -> (Option<ApiPlan>, String) {
    let api = format!(
        "name: A\nversion: v1\ncontext: a\ntype: SOAP\noperations: [{{target: /*, verb: POST}}]\n{more}"
    );
    let mut all = Files::new();
    all.insert("api.yaml", api).unwrap();
    for (path, content) in files {
        all.insert(*path, (*content).to_owned()).unwrap();
    }
    let (project, found) = Project::read(all);
    assert!(found.is_empty(), "{found:?}");
    let mut project = project.unwrap();
    for (url, content) in fetched {
        let content = match *content {
            "" => Err("no".to_owned()),
            content => Ok(content.to_owned().into()),
        };
        project.fetched.insert((*url).to_owned(), content);
    }
    let (plan, found) = compile(&project, &CompileOptions::default(), Secrets::none());
    (plan, found.iter().map(|one| format!("{one}\n")).collect())
}

fn endpoint(url: &str, named: &str) -> String {
    format!(
        "endpointConfig: {{endpoint_type: wsdl, production_endpoints: {{url: '{url}'}}{named}}}"
    )
}

fn address(plan: &ApiPlan) -> String {
    match &plan.endpoints.production {
        Some(EndpointPlan::Http(leaf)) => leaf.url.as_str().to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn an_endpoint_is_where_its_port_is() {
    let (own, url) = (&[("WSDL/s.wsdl", WSDL)][..], "https://x/y/s?wsdl");
    for (url, files, fetched, named, expected) in [
        ("WSDL/s.wsdl", own, "-", ", wsdlendpointService: S, wsdlendpointPort: P", "http://one/p"),
        ("https://x/y/s.wsdl", own, "-", ", wsdlendpointPort: Q", "http://two/q"),
        // The name of the service is that of the file.
        (url, own, "-", ", wsdlendpointService: Alone", "http://alone/a"),
        (url, &[], WSDL, ", wsdlendpointService: S, wsdlendpointPort: Q", "http://two/q"),
    ] {
        let fetched: &[_] = if fetched == "-" { &[] } else { &[(url, fetched)] };
        let (plan, found) = compiled(&endpoint(url, named), files, fetched);
        assert_eq!(plan.as_ref().map(address).as_deref(), Some(expected), "{url}{named}: {found}");
        assert_eq!(found, "", "{url}");
    }
}

#[test]
fn what_cannot_be_located_is_refused_with_what_there_is() {
    let (own, url) = (&[("WSDL/s.wsdl", WSDL)][..], "https://x/other?wsdl");
    let all = "S/P, S/Q, Alone/A";
    for (url, files, fetched, named, expected) in [
        (
            "s.wsdl",
            own,
            "-",
            "",
            format!("several addresses for a port; name the service and the port: {all}"),
        ),
        (
            "s.wsdl",
            own,
            "-",
            ", wsdlendpointService: T",
            format!("no service `T` with an address; it has {all}"),
        ),
        (
            "s.wsdl",
            own,
            "-",
            ", wsdlendpointService: S, wsdlendpointPort: X",
            "no port `X` of the service `S`".to_owned(),
        ),
        (url, own, "", "", "cannot be fetched: no".to_owned()),
        (url, &[], "<a/>", "", "cannot be read".to_owned()),
    ] {
        let fetched: &[_] = if fetched == "-" { &[] } else { &[(url, fetched)] };
        let (plan, found) = compiled(&endpoint(url, named), files, fetched);
        assert!(plan.is_none() && found.contains("EP027") && found.contains(&expected), "{found}");
    }
}

#[test]
fn what_nobody_fetched_is_noted() {
    let (plan, found) = compiled(&endpoint("http://x/s?wsdl", ""), &[], &[]);
    assert!(found.starts_with("note[EP053]") || found.contains("EP053"), "{found}");
    assert_eq!(plan.as_ref().map(address).as_deref(), Some("http://x/s"));
}

#[test]
fn members_and_stages_name_ports_of_their_own() {
    let config = "endpointConfig: {endpoint_type: wsdl, production_endpoints: {url: s.wsdl}, \
        sandbox_endpoints: {url: s.wsdl}, wsdlendpointPort: P, wsdlendpointPortSandbox: Q, \
        wsdlendpointService: S, wsdlendpointServiceSandbox: S}";
    let (plan, found) = compiled(config, &[("WSDL/s.wsdl", WSDL)], &[]);
    let text = plan.map(|plan| plan.to_string()).unwrap_or(found);
    assert!(text.contains("http://one/p") && text.contains("http://two/q"), "{text}");
    let config = "endpointConfig: {endpoint_type: failover, production_endpoints: \
        {url: s.wsdl, endpoint_type: wsdl, wsdlendpointPort: A}, production_failovers: \
        [{url: s.wsdl, endpoint_type: wsdl, wsdlendpointService: S, wsdlendpointPort: Q}]}";
    let (plan, found) = compiled(config, &[("WSDL/s.wsdl", WSDL)], &[]);
    let text = plan.map(|plan| plan.to_string()).unwrap_or(found);
    assert!(text.contains("http://alone/a") && text.contains("http://two/q"), "{text}");
}

#[test]
fn operations_are_told_by_what_is_theirs_alone() {
    let more = "endpointConfig: {endpoint_type: http, production_endpoints: {url: 'http://b'}}\n\
        x-weir-soap-operations: {Ask: {}}";
    let (plan, found) = compiled(more, &[("WSDL/s.wsdl", WSDL)], &[]);
    let soap = plan.unwrap_or_else(|| panic!("{found}")).soap.unwrap();
    let name = |name: Option<&std::sync::Arc<str>>| name.map(|name| name.to_string());
    assert_eq!(name(soap.by_action("urn:ask")).as_deref(), Some("Ask"));
    assert_eq!(name(soap.by_action("urn:same")), None);
    for (namespace, local, expected) in
        [("urn:q", "Ask", Some("Ask")), ("urn:r", "Tell", Some("Tell")), ("urn:q", "Tell", None)]
    {
        assert_eq!(
            name(soap.by_element(namespace, local).as_ref()).as_deref(),
            expected,
            "{local}"
        );
    }
    let more = "endpointConfig: {endpoint_type: http, production_endpoints: {url: 'http://b'}}";
    assert!(compiled(more, &[("WSDL/s.wsdl", WSDL)], &[]).0.unwrap().soap.is_none());
}

#[test]
fn documents_have_gaps_for_the_base() {
    let more = "endpointConfig: {endpoint_type: http, production_endpoints: {url: 'http://b'}}";
    // The text has the first mark already.
    let wsdl = WSDL.replace("urn:ask", "urn:weir:base:0:");
    let (plan, _) = compiled(more, &[("WSDL/s.wsdl", &wsdl)], &[]);
    let served = plan.unwrap().wsdl.unwrap();
    let document = served.asked("wsdl").unwrap();
    assert_eq!(document.pieces.len(), 4);
    let expected = ["http://one/p", "http://two/q", "http://alone/a"]
        .iter()
        .fold(wsdl.clone(), |text, address| text.replace(address, "B"));
    assert_eq!(document.text("B"), expected);
    assert!(served.is_public && served.asked("xsd=0").is_none() && served.asked("a").is_none());
}
