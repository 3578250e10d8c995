//! `GET <context>/<version>?wsdl`.

use gateway::config::{Environment, EnvironmentKind};
use serde_json::json;
use testkit::{Backend, Project};

use super::address;
use crate::gateway::Weir;

pub(super) const MAIN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- as it was -->
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:tns="urn:q" xmlns:t="urn:t" xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:q" name="Quote">
<types><xsd:schema><xsd:import namespace="urn:t" schemaLocation="types/t.xsd"/></xsd:schema></types>
<message name="in"><part name="p" element="t:GetQuote"/></message>
<message name="out"><part name="p" element="t:GetQuoteResponse"/></message>
<message name="in2"><part name="p" element="t:SetQuote"/></message>
<portType name="PT"><operation name="GetQuote"><input message="tns:in"/><output message="tns:out"/></operation>
<operation name="SetQuote"><input message="tns:in2"/></operation></portType>
<binding name="B" type="tns:PT"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="GetQuote"><soap:operation soapAction="urn:get"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>
<operation name="SetQuote"><soap:operation soapAction=""/><input><soap:body use="literal"/></input></operation></binding>
<service name="QuoteService"><port name="QuotePort" binding="tns:B"><soap:address location="@URL@"/></port>
<port name="Other" binding="tns:B"><soap:address location="http://other.example/x"/></port></service>
</definitions>"#;
pub(super) const TYPES: &str = r#"<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" elementFormDefault="qualified">
<xsd:include schemaLocation="more.xsd"/><xsd:element name="GetQuoteResponse" type="xsd:string"/>
<xsd:element name="SetQuote" type="xsd:string"/></xsd:schema>"#;
pub(super) const MORE: &str = r#"<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t">
<xsd:element name="GetQuote" type="xsd:string"/></xsd:schema>"#;

pub(super) fn with_wsdl(project: Project) -> Project {
    project
        .file("WSDL/quote.wsdl", MAIN)
        .file("WSDL/types/t.xsd", TYPES)
        .file("WSDL/types/more.xsd", MORE)
}

/// Statements 12 and 13 of spec/03 §7.1, as far as documents go.
#[tokio::test]
async fn documents_are_served_with_the_address_that_was_asked() {
    let weir = Weir::start(&with_wsdl(address("http://127.0.0.1:9", json!({}))));
    let base = weir.url("/quote/1.0");
    let answer = weir.get("/quote/1.0?wsdl").await;
    let expected = MAIN
        .replace("@URL@", &base)
        .replace("http://other.example/x", &base)
        .replace("types/t.xsd", &format!("{base}?xsd=1"));
    assert_eq!((answer.status, answer.text()), (200, expected.clone()));
    assert_eq!(answer.header("content-type"), Some("text/xml; charset=utf-8"));
    assert!(!answer.text().contains("null"));
    for query in ["WSDL", "wsdl=", "wsdl=0", "wsdl=quote.wsdl"] {
        let path = format!("/quote/1.0/?{query}");
        assert_eq!(weir.get(&path).await.text(), expected, "{query}");
    }
    let types = weir.get("/quote/1.0?xsd=1").await.text();
    assert_eq!(types, TYPES.replace("more.xsd", &format!("{base}?xsd=2")));
    for query in ["xsd=2", "XSD=types/more.xsd", "xsd=types%2Fmore.xsd"] {
        assert_eq!(weir.get(&format!("/quote/1.0?{query}")).await.text(), MORE, "{query}");
    }
    for path in [
        "/quote/1.0?wsdl&a",
        "/quote/1.0?xsd",
        "/quote/1.0?xsd=9",
        "/quote/1.0?wsdl=1",
        "/quote/1.0/a?wsdl",
        "/quote/1.0",
    ] {
        assert_eq!(weir.get(path).await.status, 405, "{path}");
    }
}

#[tokio::test]
async fn a_document_that_is_known_is_not_sent_again() {
    let weir = Weir::start(&with_wsdl(address("http://127.0.0.1:9", json!({}))));
    let answer = weir.call("HEAD", "/quote/1.0?wsdl", &[], b"").await;
    let length = weir.get("/quote/1.0?wsdl").await.body.len();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-length"), Some(&*length.to_string()));
    let tag = answer.header("etag").unwrap().to_owned();
    let again = weir.call("GET", "/quote/1.0?wsdl", &[("If-None-Match", &tag)], b"").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let other = [("If-None-Match", &*tag), ("Host", "other.example")];
    assert_eq!(weir.call("GET", "/quote/1.0?wsdl", &other, b"").await.status, 200);
}

#[tokio::test]
async fn the_address_is_that_which_callers_use() {
    let project = with_wsdl(address("http://127.0.0.1:9", json!({})));
    let location = |text: String| {
        text.split("location=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let behind = [
        ("Host", "inner"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "api.example.com, inner"),
    ];
    let weir = Weir::start(&project);
    let text = weir.call("GET", "/quote/1.0?wsdl", &behind, b"").await.text();
    assert_eq!(location(text), "http://inner/quote/1.0");
    let weir = Weir::with(&[&project], |config| {
        config.forwarding.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let text = weir.call("GET", "/quote/1.0?wsdl", &behind, b"").await.text();
    assert_eq!(location(text), "https://api.example.com/quote/1.0");
    let forwarded = [("Forwarded", "for=a;proto=https;host=\"f.example\", for=b")];
    let text = weir.call("GET", "/quote/1.0?wsdl", &forwarded, b"").await.text();
    assert_eq!(location(text), "https://f.example/quote/1.0");
    let evil = [("X-Forwarded-Host", "a\"/><x>")];
    let text = weir.call("GET", "/quote/1.0?wsdl", &evil, b"").await.text();
    assert!(location(text).ends_with(&format!("{}/quote/1.0", weir.address())));
    let weir = Weir::with(&[&project], |config| {
        let mut environment = Environment::new("Default", EnvironmentKind::Hybrid);
        environment.http_endpoint = Some("http://gw.example:8280/base".to_owned());
        config.environments = vec![environment];
    });
    assert_eq!(
        location(weir.get("/quote/1.0?wsdl").await.text()),
        "http://gw.example:8280/base/quote/1.0"
    );
}

#[tokio::test]
async fn who_may_not_call_does_not_get_what_is_not_public() {
    let project = with_wsdl(address("http://127.0.0.1:9", json!({})).secured(&[]));
    let weir = Weir::start(&project);
    assert_eq!(weir.get("/quote/1.0?wsdl").await.status, 200);
    let weir = Weir::start(&project.set("visibility", json!("RESTRICTED")));
    assert_eq!(weir.get("/quote/1.0?wsdl").await.status, 401);
}

#[tokio::test]
async fn an_operation_of_the_api_goes_first() {
    let backend = Backend::echo().await;
    let project = with_wsdl(address(&backend.url(), json!({})));
    let weir = Weir::start(&project.operation("GET", "/*").open());
    assert_eq!(weir.get("/quote/1.0?wsdl").await.header("x-echo-target"), Some("/?wsdl"));
}

#[tokio::test]
async fn a_wsdl_with_faults_is_told_and_does_not_stop_the_api() {
    let project = address("http://127.0.0.1:9", json!({})).file("WSDL/a.wsdl", "<definitions>");
    let weir = Weir::start(&project);
    assert!(weir.findings().contains("WSDL/a.wsdl"), "{}", weir.findings());
    assert_eq!(weir.get("/quote/1.0?wsdl").await.status, 405);
}
