//! Real services and real clients: spyne behind the gateway, zeep before it. Skipped, and said so,
//! where `target/venv` does not have them.

use std::process::Command;

use serde_json::{Value, json};
use testkit::{Backend, Project, Reply, Script};

use super::{SOAP11, SOAP12, address, envelope};
use crate::gateway::Weir;

/// A service of one version of SOAP; `/seen` says what heads of calls it has seen.
const SPYNE: &str = r#"
import os, sys, json, logging
logging.disable(logging.CRITICAL)
from wsgiref.simple_server import make_server, WSGIRequestHandler
from spyne import Application, rpc, ServiceBase, Unicode, Integer, ComplexModel, Array, Fault
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

class Item(ComplexModel):
    __namespace__ = "urn:quote:types"
    name = Unicode
    count = Integer

class Quote(ServiceBase):
    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text
    @rpc(Unicode, Integer, _returns=Array(Item))
    def items(ctx, name, count):
        return [Item(name=name, count=index) for index in range(count)]
    @rpc(Unicode)
    def note(ctx, text):
        pass
    @rpc(_returns=Unicode)
    def fail(ctx):
        raise Fault("Client.Quote", "no such quote <&>")

protocol = Soap12 if sys.argv[1] == "1.2" else Soap11
application = Application([Quote], "urn:quote", name="Quote",
                          in_protocol=protocol(validator="lxml"), out_protocol=protocol())
service = WsgiApplication(application)
seen = []

def serve(environ, start):
    if environ["PATH_INFO"] == "/seen":
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(seen).encode()]
    if environ["REQUEST_METHOD"] == "POST":
        seen.append([environ.get("CONTENT_TYPE"), environ.get("HTTP_SOAPACTION")])
    return service(environ, start)

class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass

server = make_server("127.0.0.1", int(os.environ["PORT"]), serve, handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
"#;

/// Says that Python is there.
const PRESENT: &str = "import time\nprint(1, flush=True)\ntime.sleep(60)";

/// Makes a client of each WSDL, and calls every operation.
const ZEEP: &str = r#"
import sys, json
from zeep import Client
from zeep.exceptions import Fault
from zeep.helpers import serialize_object

def run(url):
    service = Client(url).service
    found = {
        "echo": service.echo("h\u00e9 <&>"),
        "items": serialize_object(service.items("a", 3), dict),
        "note": service.note("x"),
    }
    try:
        service.fail()
    except Fault as fault:
        found["fail"] = [fault.message, str(fault.code)]
    return found

print(json.dumps([run(url) for url in sys.argv[1:]]))
"#;

/// Runs a script with the Python of `target/venv`.
async fn python(code: &'static str, arguments: Vec<String>) -> Value {
    let python = testkit::workspace_root().join("target/venv/bin/python");
    let running = tokio::task::spawn_blocking(move || {
        Command::new(python).args(["-c", code]).args(arguments).output().unwrap()
    });
    let output = running.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn service(version: &str) -> Option<(Script, Project)> {
    let script = Script::venv("spyne", SPYNE, &[version]).await?;
    let wsdl = testkit::get(&format!("{}/?wsdl", script.url())).await.unwrap();
    assert_eq!(wsdl.status, 200);
    let project = address(&script.url(), json!({})).file("WSDL/quote.wsdl", wsdl.body.to_vec());
    Some((script, project))
}

/// Statements 6, 7 and 13 of spec/03 §7.1.
#[tokio::test]
async fn zeep_calls_spyne_through_the_gateway_as_it_does_directly() {
    for version in ["1.1", "1.2"] {
        let Some((script, project)) = service(version).await else { return };
        let weir = Weir::start(&project);
        let urls = vec![format!("{}/?wsdl", script.url()), weir.url("/quote/1.0?wsdl")];
        let results = python(ZEEP, urls).await;
        assert_eq!(results[0], results[1], "{version}");
        assert_eq!(results[1]["echo"], "hé <&>");
        assert_eq!(results[1]["items"].as_array().map(Vec::len), Some(3));
        assert!(results[1]["fail"][0].as_str().unwrap().contains("no such quote"));
        let seen = testkit::get(&format!("{}/seen", script.url())).await.unwrap().json();
        let seen = seen.as_array().unwrap();
        let (direct, through) = seen.split_at(4);
        assert_eq!(direct, through, "{version}");
        assert_eq!(weir.records(5).await.len(), 5, "one for the WSDL, four for calls");
    }
}

/// Makes a client of a WSDL in several documents, and makes a call each way.
const SEVERAL: &str = r#"
import sys, json
from zeep import Client
service = Client(sys.argv[1]).service
print(json.dumps([service.GetQuote("<7>"), service.SetQuote("x")]))
"#;

/// Statement 13 of spec/03 §7.1, with imports, and a call without an answer.
#[tokio::test]
async fn zeep_reads_several_documents_and_calls_one_way() {
    let backend = Backend::builder().start(|request| {
        if request.text().contains("SetQuote") {
            return Reply::new(202);
        }
        let body = "<GetQuoteResponse xmlns=\"urn:t\">seven</GetQuoteResponse>";
        Reply::new(200).header("Content-Type", "text/xml").body(envelope(SOAP11, "", body))
    });
    let backend = backend.await;
    let Some(_present) = Script::venv("zeep", PRESENT, &[]).await else { return };
    let weir = Weir::start(&super::served::with_wsdl(address(&backend.url(), json!({}))));
    let results = python(SEVERAL, vec![weir.url("/quote/1.0?wsdl")]).await;
    assert_eq!(results, json!(["seven", null]));
    let requests = backend.requests();
    assert_eq!(requests[0].header("soapaction"), Some("\"urn:get\""));
    assert!(requests[0].text().contains("&lt;7&gt;"), "{}", requests[0].text());
}

/// Statement 8 of spec/03 §7.1.
#[tokio::test]
async fn a_fault_of_the_service_arrives_byte_for_byte() {
    for (version, namespace, media) in
        [("1.1", SOAP11, "text/xml; charset=utf-8"), ("1.2", SOAP12, "application/soap+xml")]
    {
        let Some((script, project)) = service(version).await else { return };
        let weir = Weir::start(&project);
        let body = envelope(namespace, "", "<q:fail xmlns:q=\"urn:quote\"/>");
        let headers = [("Content-Type", media), ("SOAPAction", "\"fail\"")];
        let call = async |url: String| {
            testkit::request("POST", &url, &headers, body.as_bytes()).await.unwrap()
        };
        let direct = call(script.url() + "/").await;
        let through = call(weir.url("/quote/1.0")).await;
        assert!(direct.status >= 400 && direct.text().contains("no such quote"), "{version}");
        assert_eq!((through.status, &through.body), (direct.status, &direct.body));
        assert_eq!(through.header("content-type"), direct.header("content-type"));
    }
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
/// What curl gets: the body, and behind it status and content type. Nothing where it is absent.
async fn curl(url: String, media: &'static str, body: String) -> Option<String> {
    let asking = tokio::task::spawn_blocking(move || {
        let headers = ["-H", &format!("Content-Type: {media}"), "-H", "SOAPAction: \"echo\""];
        Command::new("curl")
            .args(["-sS", "--max-time", "20", "-w", "\n%{http_code} %{content_type}"])
            .args(headers)
            .args(["--data-binary", &body, &url])
            .output()
    });
    let Ok(output) = asking.await.unwrap() else {
        eprintln!("skipped: curl is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A client that knows nothing of SOAP.
#[tokio::test]
async fn curl_gets_through_the_gateway_what_it_gets_directly() {
    for (version, namespace, media) in
        [("1.1", SOAP11, "text/xml; charset=utf-8"), ("1.2", SOAP12, "application/soap+xml")]
    {
        let Some((script, project)) = service(version).await else { return };
        let weir = Weir::start(&project);
        let ask = "<q:echo xmlns:q=\"urn:quote\"><q:text>&lt;here&gt;</q:text></q:echo>";
        let body = envelope(namespace, "", ask);
        let Some(direct) = curl(script.url() + "/", media, body.clone()).await else { return };
        let through = curl(weir.url("/quote/1.0"), media, body).await.unwrap();
        assert_eq!(through, direct);
        assert!(through.contains("&lt;here&gt;") && through.contains("\n200 "), "{through}");
    }
}

/// An endpoint that wants the other version than its callers speak.
#[tokio::test]
async fn a_service_of_one_version_is_called_in_the_other() {
    for (version, namespace, format, media) in [
        ("1.2", SOAP11, "soap12", "text/xml; charset=utf-8"),
        ("1.1", SOAP12, "soap11", "application/soap+xml; charset=utf-8"),
    ] {
        let Some((script, _)) = service(version).await else { return };
        let weir = Weir::start(&address(&script.url(), json!({ "format": format })));
        let body = "<q:echo xmlns:q=\"urn:quote\"><q:text>a &amp; b</q:text></q:echo>";
        let body = envelope(namespace, "", body);
        let headers = [("Content-Type", media), ("SOAPAction", "\"echo\"")];
        let answer = weir.call("POST", "/quote/1.0", &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("a &amp; b"), "{}", answer.text());
    }
}

/// Statement 17 of spec/03 §7.1: more than anything here may gather.
#[tokio::test]
async fn a_large_package_passes_untouched() {
    let backend = Backend::answer(202, &[], "").await;
    let weir = Weir::with(&[&address(&backend.url(), json!({ "optimize": "mtom" }))], |config| {
        std::sync::Arc::make_mut(&mut config.mediation).body = 1 << 20;
    });
    let media = "multipart/related; type=\"application/xop+xml\"; start-info=\"text/xml\"; boundary=\"=_b\"";
    let mut body =
        b"--=_b\r\nContent-Type: application/xop+xml\r\n\r\n<a/>\r\n--=_b\r\n\r\n".to_vec();
    body.extend((0..20 << 20).map(|index: u32| (index % 251) as u8));
    body.extend(b"\r\n--=_b--\r\n");
    let headers = [("Content-Type", media), ("SOAPAction", "\"a\"")];
    let answer = weir.call("POST", "/quote/1.0", &headers, &body).await;
    assert_eq!((answer.status, answer.body.len()), (202, 0));
    let seen = backend.last();
    assert!(seen.body == body, "the bytes are the same");
    assert_eq!(seen.header("content-type"), Some(media));
}

/// Headers of WS-Security and WS-Addressing, with blanks and quotes that a writer would change.
#[tokio::test]
async fn headers_of_an_envelope_pass_byte_for_byte() {
    let header = "<wsse:Security  xmlns:wsse='urn:wsse' s:mustUnderstand = '1'><![CDATA[x]]><ds:Signature xmlns:ds=\"urn:ds\"\n/></wsse:Security><wsa:Action xmlns:wsa='http://www.w3.org/2005/08/addressing'>urn:a</wsa:Action>";
    let body = envelope(SOAP11, header, "<q a='1'  />");
    let backend = Backend::echo().await;
    let weir = Weir::start(&address(&backend.url(), json!({})));
    let headers = [("Content-Type", "text/xml;charset=\"UTF-8\""), ("SOAPAction", "urn:a")];
    let answer = weir.call("POST", "/quote/1.0", &headers, body.as_bytes()).await;
    assert_eq!((answer.status, answer.text()), (200, body.clone()));
    assert_eq!(backend.last().text(), body);
    assert_eq!(backend.last().header("content-type"), Some(headers[0].1));
    assert_eq!(backend.last().header("soapaction"), Some("urn:a"));
}

const SUM: &str = r#"<definitions name="Sum" targetNamespace="urn:sum" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="urn:sum"
 xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<types><xsd:schema targetNamespace="urn:sum" elementFormDefault="qualified">
<xsd:element name="Add"><xsd:complexType><xsd:sequence><xsd:element name="a" type="xsd:int"/><xsd:element name="b" type="xsd:int"/></xsd:sequence></xsd:complexType></xsd:element>
<xsd:element name="AddResponse"><xsd:complexType><xsd:sequence><xsd:element name="sum" type="xsd:int"/></xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema></types>
<message name="Add"><part name="parameters" element="tns:Add"/></message>
<message name="AddResponse"><part name="parameters" element="tns:AddResponse"/></message>
<portType name="SumType"><operation name="Add"><input message="tns:Add"/><output message="tns:AddResponse"/></operation></portType>
<binding name="SumBinding" type="tns:SumType"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Add"><soap:operation soapAction="urn:add"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
<service name="SumService"><port name="SumPort" binding="tns:SumBinding"><soap:address location="http://localhost/service"/></port></service>
</definitions>"#;

/// A service made with the package `soap`.
const NODE_SERVICE: &str = r#"
const [module, wsdl] = process.argv.slice(-2);
const soap = require(module);
const server = require("http").createServer((request, response) => response.writeHead(404).end());
server.listen(Number(process.env.PORT), "127.0.0.1", () => {
  const Add = (message) => ({ sum: Number(message.a) + Number(message.b) });
  soap.listen(server, "/service", { SumService: { SumPort: { Add } } }, wsdl);
  console.log(server.address().port);
});
"#;

/// A client made with it.
const NODE_CLIENT: &str = r#"
const [module, url] = process.argv.slice(-2);
require(module).createClientAsync(url).then(async (client) => {
  const [result] = await client.AddAsync({ a: 40, b: 2 });
  console.log(JSON.stringify(result));
}).catch((error) => { console.error(error); process.exit(1); });
"#;

const ZEEP_ADDS: &str = r#"
import sys, json
from zeep import Client
print(json.dumps(Client(sys.argv[1]).service.Add(a=40, b=2)))
"#;

async fn node(code: &'static str, arguments: Vec<String>) -> Value {
    let running = tokio::task::spawn_blocking(move || {
        Command::new("node").args(["-e", code, "--"]).args(arguments).output().unwrap()
    });
    let output = running.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Statements 6 and 13 of spec/03 §7.1 once more, with another service and another client.
#[tokio::test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
async fn the_package_soap_on_both_sides() {
    let module = testkit::workspace_root().join("target/node/node_modules/soap");
    if !module.is_dir() {
        eprintln!("skipped: target/node has no soap for Node (cargo xtask setup)");
        return;
    }
    let module = module.display().to_string();
    let Some(script) = Script::node(NODE_SERVICE, &[&module, SUM]).await else { return };
    let project = address(&format!("{}/service", script.url()), json!({}));
    let weir = Weir::start(&project.file("WSDL/sum.wsdl", SUM));
    let url = weir.url("/quote/1.0?wsdl");
    let result = node(NODE_CLIENT, vec![module, url.clone()]).await;
    assert_eq!(result["sum"], 42, "{result}");
    if Script::venv("zeep", PRESENT, &[]).await.is_some() {
        assert_eq!(python(ZEEP_ADDS, vec![url]).await, 42);
    }
}
