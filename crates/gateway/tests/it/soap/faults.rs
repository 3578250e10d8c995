//! Faults of the gateway for callers of SOAP (spec/03 §1.6).

use gateway::config::SoapFaults;
use serde_json::json;
use testkit::{Answer, Project, RefusedPort};

use super::{SOAP11, SOAP12, project};
use crate::gateway::{Weir, code};

const PARTS: &str = "multipart/related; boundary=b; type=\"application/xop+xml\"; start-info=\"application/soap+xml\"";

/// Version, code, reason and detail of a fault.
fn read(answer: &Answer) -> (&'static str, String, String, String) {
    let text = answer.text();
    let between = |start: &str, end: &str| {
        let found = text.split_once(start).and_then(|(_, rest)| rest.split_once(end));
        found.map_or_else(String::new, |(text, _)| text.to_owned())
    };
    let media = answer.header("content-type").unwrap();
    if text.contains(SOAP12) {
        assert_eq!(media, "application/soap+xml; charset=UTF-8", "{text}");
        return (
            "1.2",
            between("<soapenv:Value>", "</soapenv:Value>"),
            between("<soapenv:Text xml:lang=\"en\">", "</soapenv:Text>"),
            between("\"http://wso2.org/apimanager\">", "</am:description>"),
        );
    }
    assert!(text.contains(SOAP11), "{text}");
    assert_eq!(media, "text/xml; charset=UTF-8", "{text}");
    (
        "1.1",
        between("<faultcode>", "</faultcode>"),
        between("<faultstring>", "</faultstring>"),
        between("<detail>", "</detail>"),
    )
}

fn secured(url: &str) -> Project {
    project(json!({ "endpoint_type": "http", "production_endpoints": { "url": url } }))
        .operation("PUT", "/secured")
        .secured(&[])
}

/// Statements 9 and 10 of spec/03 §7.1, and the other rows of the table.
#[tokio::test]
async fn each_row_of_the_table_in_both_versions() {
    let port = RefusedPort::new();
    let weir = Weir::start(&secured(&port.url()));
    let unavailable = "The requested endpoint is not available.";
    for (method, path, status, [of_11, of_12], reason, detail) in [
        (
            "PUT",
            "/quote/1.0/secured",
            401,
            ["Client", "Sender"],
            "Authentication Failure",
            "Missing Credentials",
        ),
        ("POST", "/nothing", 404, ["Server", "Receiver"], unavailable, ""),
        (
            "PATCH",
            "/quote/1.0/a",
            405,
            ["Server", "Receiver"],
            "Method not allowed for given API resource",
            "",
        ),
        ("POST", "/quote/1.0", 500, ["Server", "Receiver"], "Error connecting to the back end", ""),
        // The endpoint is suspended now.
        (
            "POST",
            "/quote/1.0",
            500,
            ["Server", "Receiver"],
            "Currently, HTTP endpoint : [ Name : Quote--v1.0_APIproductionEndpoint ] [ State : SUSPENDED ]",
            "",
        ),
    ] {
        for (content_type, version, blame) in [
            ("text/xml; charset=utf-8", "1.1", of_11),
            ("application/soap+xml; action=\"a\"", "1.2", of_12),
            (PARTS, "1.2", of_12),
        ] {
            if reason.starts_with("Error connecting") && version != "1.1" {
                continue;
            }
            let answer = weir.call(method, path, &[("Content-Type", content_type)], b"<a/>").await;
            assert_eq!(answer.status, status, "{method} {path}");
            let expected =
                (version, format!("soapenv:{blame}"), reason.to_owned(), detail.to_owned());
            assert_eq!(read(&answer), expected, "{method} {path} {content_type}");
        }
    }
}

#[tokio::test]
async fn other_callers_get_json() {
    let weir = Weir::start(&secured("http://127.0.0.1:9"));
    let headers = [("Content-Type", "application/json")];
    let answer = weir.call("PUT", "/quote/1.0/secured", &headers, b"{}").await;
    assert_eq!((answer.status, &*code(&answer)), (401, "900902"));
    assert_eq!(weir.get("/quote/1.0/a").await.status, 405);
}

#[tokio::test]
async fn a_blocked_api_and_a_wrong_scheme() {
    let blocked = secured("http://127.0.0.1:9").set("lifeCycleStatus", json!("BLOCKED"));
    for content_type in ["text/xml", "application/soap+xml"] {
        let weir = Weir::start(&blocked);
        let answer = weir.call("POST", "/quote/1.0", &[("Content-Type", content_type)], b"").await;
        assert_eq!(answer.status, 503);
        assert!(answer.text().starts_with("<am:fault"), "{}", answer.text());
        let secure = secured("http://127.0.0.1:9").set("transport", json!(["https"]));
        let weir = Weir::start(&secure);
        let answer = weir.call("POST", "/quote/1.0", &[("Content-Type", content_type)], b"").await;
        assert_eq!(answer.status, 403);
        assert!(read(&answer).2.starts_with("Unsupported Transport [ http ]"));
    }
}

#[tokio::test]
async fn the_switch_makes_all_of_them_1_1() {
    let project = secured("http://127.0.0.1:9");
    let weir = Weir::with(&[&project], |config| config.soap_faults = SoapFaults::Always11);
    let headers = [("Content-Type", "application/soap+xml")];
    let answer = weir.call("PUT", "/quote/1.0/secured", &headers, b"<a/>").await;
    assert_eq!((answer.status, read(&answer).0), (401, "1.1"));
}

/// The place of limits that are passed: what WSO2 says when it throttles.
#[tokio::test]
async fn an_endpoint_at_its_limits() {
    let backend = testkit::RawBackend::play(vec![
        testkit::Step::ReadHead,
        testkit::Step::Sleep(std::time::Duration::from_secs(60)),
    ])
    .await;
    let config = json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": backend.url() },
        "x-weir": { "limits": { "requestsInFlight": 1 } },
    });
    let weir = Weir::start(&project(config));
    let mut first = weir.client().await;
    first.send("POST /quote/1.0 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    weir.until("a call in flight", || async { weir.endpoint().await["inFlight"] == 1 }).await;
    let headers = [("Content-Type", "application/soap+xml")];
    let answer = weir.call("POST", "/quote/1.0", &headers, b"<a/>").await;
    let expected = ("1.2", "soapenv:Receiver".to_owned(), "Service Unavailable".to_owned());
    let (version, blame, reason, detail) = read(&answer);
    assert_eq!((answer.status, (version, blame, reason)), (503, expected));
    assert_eq!(detail, "The endpoint is at its limits");
}
