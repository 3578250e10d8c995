//! SOAP services as REST, through the whole program: services that nobody here wrote the libraries
//! of, called as REST and, beside it, directly by zeep.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Answer, Backend, Recorded, Reply, Script, WeirProcess};

use super::support::{eventually, replace, serve, weir};

/// A service of spyne: lists, objects, decimals, optional members and faults.
const SPYNE: &str = r#"
import os, logging
from wsgiref.simple_server import make_server, WSGIRequestHandler
from decimal import Decimal as D
logging.disable(logging.CRITICAL)
from spyne import Application, ServiceBase, rpc, Unicode, Integer, Decimal, Boolean, Iterable, ComplexModel, Array, Date, Fault
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication
import sys

class Item(ComplexModel):
    _type_info = [("sku", Unicode), ("amount", Integer), ("price", Decimal), ("tags", Array(Unicode))]

class Order(ComplexModel):
    _type_info = [("customer", Unicode), ("day", Date), ("gift", Boolean), ("items", Array(Item))]

class Shop(ServiceBase):
    @rpc(Unicode, Integer, _returns=Iterable(Unicode))
    def say_hello(ctx, name, times):
        for _ in range(times):
            yield "Hello, %s" % name

    @rpc(Order, _returns=Order)
    def place(ctx, order):
        for item in order.items or []:
            item.amount += 1
        return order

    @rpc(Unicode, _returns=Decimal)
    def getTotal(ctx, name):
        return D("12345678901234567890.125") if name == "large" else D("1.5")

    @rpc(Unicode, _returns=Unicode)
    def refuse(ctx, who):
        raise Fault(who + ".Busy", "not <now>")

protocol = Soap12 if sys.argv[1] == "1.2" else Soap11
app = Application([Shop], "urn:shop", in_protocol=protocol(validator="lxml"), out_protocol=protocol())
class Quiet(WSGIRequestHandler):
    def log_message(self, *args): pass
server = make_server("127.0.0.1", int(os.environ["PORT"]), WsgiApplication(app), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
"#;

/// A service of the package `soap` for Node.
const NODE: &str = r#"
const soap = require(process.argv[1]);
const http = require("http");
const fs = require("fs");
const wsdl = fs.readFileSync(process.argv[2], "utf8");
const server = http.createServer((request, response) => { response.statusCode = 404; response.end(); });
server.listen(Number(process.env.PORT), "127.0.0.1", () => {
  const port = server.address().port;
  const service = { S: { P: { Ask: (given) => ({ n: Array.from({ length: Number(given.n) }, (_, i) => i + 1) }) } } };
  soap.listen(server, { path: "/asks", services: service, xml: wsdl, uri: process.argv[2] });
  console.log(port);
});
"#;

/// Asks a service by zeep; the value of each call.
const ZEEP: &str = r#"
import json, sys, logging, decimal, datetime
logging.disable(logging.CRITICAL)
from zeep import Client
from zeep.helpers import serialize_object
client = Client(sys.argv[1])
def plain(value):
    if isinstance(value, decimal.Decimal): return str(value)
    if isinstance(value, (datetime.date, datetime.datetime)): return value.isoformat()
    return str(value)
for name, arguments in json.loads(sys.argv[2]):
    print(json.dumps(serialize_object(getattr(client.service, name)(**arguments), dict), default=plain))
"#;

/// Imports a WSDL as an open API, and serves it.
async fn imported(source: &str, more: &[&str]) -> (TempDir, WeirProcess) {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("apis/shop");
    let (source, to) = (source.to_owned(), out.to_str().unwrap().to_owned());
    let more: Vec<String> = more.iter().map(|one| (*one).to_owned()).collect();
    let done = tokio::task::spawn_blocking(move || {
        let fixed =
            ["import-wsdl", &source, "--name", "Shop", "--context", "/shop", "--version", "1"];
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        weir(&[&fixed[..], &["--out", &to], &more].concat())
    });
    let done = done.await.unwrap();
    assert_eq!(done.code, 0, "{done:?}");
    open(&out);
    let process = serve(&folder.path().join("apis"), "").await;
    (folder, process)
}

/// Lets anybody call the operations.
fn open(project: &Path) {
    let file = project.join("api.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text.replace("authType: Application & Application User", "authType: None"))
        .unwrap();
}

async fn post(process: &WeirProcess, path: &str, kind: &str, body: impl Into<String>) -> Answer {
    let (url, kind, body) = (format!("{}{path}", process.http()), kind.to_owned(), body.into());
    Box::pin(async move {
        testkit::request("POST", &url, &[("content-type", &kind)], body).await.unwrap()
    })
    .await
}

async fn ask(process: &WeirProcess, path: &str, body: Value) -> (u16, Value) {
    let answer = post(process, path, "application/json", body.to_string()).await;
    (answer.status, answer.json())
}

/// What zeep is answered; nothing where there is no zeep.
fn zeep(wsdl: &str, calls: &Value) -> Option<Vec<Value>> {
    let python = testkit::workspace_root().join("target/venv/bin/python");
    let output = Command::new(python)
        .args(["-c", ZEEP, wsdl, &calls.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    if !output.status.success() {
        eprintln!("skipped: target/venv has no zeep for Python (cargo xtask setup)");
        return None;
    }
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[tokio::test]
async fn spyne_answers_rest_as_it_answers_zeep() {
    for version in ["1.1", "1.2"] {
        let Some(service) = Script::venv("spyne", SPYNE, &[version]).await else { return };
        let wsdl = format!("{}/?wsdl", service.url());
        let (_folder, process) = imported(&wsdl, &["--soap-to-rest"]).await;
        let order = json!({
            "customer": "Ünal & <Co>",
            "day": "2024-02-29",
            "gift": true,
            "items": { "Item": [
                { "price": 12.5, "amount": 2, "sku": "a" },
                { "sku": "b", "amount": 1, "tags": { "string": ["x", "y"] } },
            ] },
        });
        let (status, hello) =
            ask(&process, "/shop/1/say_hello", json!({ "times": 2, "name": "Weir" })).await;
        assert_eq!(status, 200, "{hello:#}");
        let result = &hello["say_helloResponse"]["say_helloResult"];
        assert_eq!(*result, json!({ "string": ["Hello, Weir", "Hello, Weir"] }));
        let (status, placed) =
            ask(&process, "/shop/1/place", json!({ "place": { "order": order } })).await;
        assert_eq!(status, 200, "{placed:#}");
        let placed = &placed["placeResponse"]["placeResult"];
        assert_eq!(placed["items"]["Item"][0], json!({ "sku": "a", "amount": 3, "price": 12.5 }));
        assert_eq!((&placed["gift"], &placed["customer"]), (&json!(true), &json!("Ünal & <Co>")));
        // A GET needs no content type, and digits are not lost.
        for (name, total) in [("small", json!(1.5)), ("large", json!("12345678901234567890.125"))] {
            let answer =
                super::support::Ask::get(&process, &format!("/shop/1/getTotal?name={name}")).await;
            assert_eq!(answer.json(), json!({ "getTotalResponse": { "getTotalResult": total } }));
        }
        let calls = json!([
            ["say_hello", { "name": "Weir", "times": 2 }],
            ["place", { "order": order }],
        ]);
        let service_url = wsdl.clone();
        let direct = tokio::task::spawn_blocking(move || zeep(&service_url, &calls)).await.unwrap();
        if let Some(direct) = direct {
            assert_eq!(direct[0], json!(["Hello, Weir", "Hello, Weir"]));
            assert_eq!(
                direct[1]["items"]["Item"][0]["amount"],
                placed["items"]["Item"][0]["amount"]
            );
            assert_eq!(direct[1]["customer"], placed["customer"]);
            assert_eq!(direct[1]["day"], placed["day"]);
            assert_eq!(direct[1]["items"]["Item"][1]["tags"], placed["items"]["Item"][1]["tags"]);
        }
        faults(&process, version).await;
    }
}

async fn faults(process: &WeirProcess, version: &str) {
    let ours = if version == "1.1" { ["Client", "Server"] } else { ["Sender", "Receiver"] };
    for (who, code, status) in [("Client", ours[0], 400), ("Server", ours[1], 500)] {
        let answer =
            post(process, "/shop/1/refuse", "application/json", json!({ "who": who }).to_string())
                .await;
        let body = answer.json();
        assert_eq!((answer.status, body["status"].clone()), (status, json!(status)), "{body:#}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(
            (body["faultCode"].as_str(), body["detail"].as_str()),
            (Some(code), Some("not <now>")),
            "{body:#}"
        );
    }
    // What the schema does not have is refused before the service is asked.
    let (status, body) =
        ask(process, "/shop/1/place", json!({ "place": { "order": { "gift": "maybe" } } })).await;
    assert_eq!((status, body["pointer"].as_str()), (400, Some("/place/order/gift")), "{body:#}");
}

#[tokio::test]
async fn a_service_of_node_answers_rest() {
    let package = testkit::workspace_root().join("target/node/node_modules/soap");
    if !package.is_dir() {
        eprintln!("skipped: target/node has no soap for Node (cargo xtask setup)");
        return;
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("asks.wsdl");
    fs::write(&file, super::import_wsdl::wsdl("s.xsd", "http://127.0.0.1:1/asks")).unwrap();
    fs::write(folder.path().join("s.xsd"), super::import_wsdl::SCHEMA).unwrap();
    let arguments = [package.to_str().unwrap(), file.to_str().unwrap()];
    let Some(service) = Script::node(NODE, &arguments).await else { return };
    let endpoint = format!("{}/asks", service.url());
    let more = ["--soap-to-rest", "--endpoint", &endpoint];
    let (_folder, process) = imported(file.to_str().unwrap(), &more).await;
    for (n, expected) in [(1, json!([1])), (3, json!([1, 2, 3]))] {
        let answered = ask(&process, "/shop/1/ask", json!({ "n": n })).await;
        assert_eq!(answered, (200, json!({ "Tell": { "n": expected } })));
    }
}

/// The sample WSDL of API Manager; nothing, and a word about it, where it is not there.
fn phone_verify() -> Option<PathBuf> {
    let shared = testkit::shared_dir()?;
    let file = shared.join("fixtures/wso2/integration-samples/phoneverify.wsdl");
    if !file.is_file() {
        eprintln!("skipped: there is no {}", file.display());
        return None;
    }
    Some(file)
}

/// Answers as the WSDL says.
fn verify(request: &Recorded) -> Reply {
    let version = if request.text().contains("http://www.w3.org/2003/05/soap-envelope") {
        ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml; charset=utf-8")
    } else {
        ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8")
    };
    let one = "<CheckPhoneNumberResult><Company>Acme</Company><Valid>true</Valid>\
               <OriginalNumber>0011</OriginalNumber><Wireless>false</Wireless></CheckPhoneNumberResult>";
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"{}\"><s:Body>\
         <CheckPhoneNumberResponse xmlns=\"http://ws.cdyne.com/PhoneVerify/query\">{one}\
         </CheckPhoneNumberResponse></s:Body></s:Envelope>",
        version.0
    );
    Reply::new(200).header("content-type", version.1).body(body)
}

#[tokio::test]
async fn the_sample_of_api_manager_works_in_every_form() {
    let Some(file) = phone_verify() else { return };
    let file = file.to_str().unwrap();
    let body = json!({ "CheckPhoneNumber": { "LicenseKey": "0", "PhoneNumber": "+1 <2>" } });
    for more in [&["--soap-to-rest"][..], &["--soap-to-rest", "--sequences"], &[]] {
        let backend = Backend::with(|request| async move { verify(&request) }).await;
        let endpoint = ["--endpoint", &backend.url()];
        let (_folder, process) = imported(file, &[more, &endpoint].concat()).await;
        if more.is_empty() {
            let kind = "application/soap+xml; charset=utf-8; action=\"urn:a\"";
            let envelope = "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'/>";
            let answer = post(&process, "/shop/1", kind, envelope).await;
            assert_eq!(answer.status, 200);
            let seen = backend.last();
            assert_eq!((seen.header("content-type"), seen.text().as_str()), (Some(kind), envelope));
            continue;
        }
        let answer =
            post(&process, "/shop/1/checkPhoneNumber", "application/json", body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let result = answer.json()["CheckPhoneNumberResponse"]["CheckPhoneNumberResult"].clone();
        let is_typed = more.len() == 1;
        // The general rules make numbers of texts that look like them; the schema knows better.
        assert_eq!(result["Company"], "Acme");
        assert_eq!(result["OriginalNumber"], json!("0011"));
        assert_eq!(result["Valid"], json!(true), "{is_typed}");
        let seen = backend.last();
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/"), "{more:?}");
        let sent = seen.text();
        let place =
            |name: &str| sent.find(&format!("<query:{name}>")).unwrap_or_else(|| panic!("{sent}"));
        assert!(
            place("CheckPhoneNumber") < place("PhoneNumber")
                && place("PhoneNumber") < place("LicenseKey")
        );
        assert!(sent.contains("<query:PhoneNumber>+1 &lt;2&gt;</query:PhoneNumber>"), "{sent}");
        assert!(sent.contains("xmlns:query=\"http://ws.cdyne.com/PhoneVerify/query\""), "{sent}");
        assert!(
            seen.header("content-type").unwrap().starts_with("application/soap+xml"),
            "{seen:?}"
        );
        let count = backend.requests().len();
        let refused =
            post(&process, "/shop/1/checkPhoneNumber", "text/plain", body.to_string()).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json(), json!({ "error": "Invalid Content-Type detected" }));
        assert_eq!(backend.requests().len(), count, "the service was asked");
    }
}

#[tokio::test]
async fn a_changed_sequence_is_seen_and_a_broken_one_is_not() {
    let Some(file) = phone_verify() else { return };
    let backend = Backend::with(|request| async move { verify(&request) }).await;
    let url = backend.url();
    let more = ["--soap-to-rest", "--sequences", "--endpoint", &url];
    let (folder, process) = imported(file.to_str().unwrap(), &more).await;
    let sequence = folder.path().join("apis/shop/SoapToRest/in/checkPhoneNumber_post.xml");
    let text = fs::read_to_string(&sequence).unwrap();
    let mark = "<property name=\"X-Changed\" value=\"yes\" scope=\"transport\"/>";
    replace(&sequence, format!("{mark}\n{text}"));
    let ask = async || {
        post(&process, "/shop/1/checkPhoneNumber", "application/json", "{\"CheckPhoneNumber\":{}}")
            .await;
        backend.last().header("x-changed").map(str::to_owned)
    };
    assert_eq!(eventually("the change", ask).await, "yes");
    replace(&sequence, "<property name=");
    let rejected = async || {
        let project = super::support::Ask::project(&process, "shop").await?;
        project["diagnostics"].to_string().contains("checkPhoneNumber_post.xml").then_some(())
    };
    eventually("the refusal", rejected).await;
    assert_eq!(ask().await.as_deref(), Some("yes"));
}
