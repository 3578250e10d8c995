//! What a function is given, and what its payload becomes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Version;
use serde_json::{Value, json};
use testkit::{Backend, Issuer};

use super::{any, calling, event, function, project, serving, with};
use crate::gateway::{Weir, code};
use crate::http2::secure;
use crate::stages::trust;

/// Statement 28.
#[tokio::test]
async fn the_event_is_that_of_wso2() {
    let backend = Backend::answer(200, &[], "{}").await;
    let weir = Weir::start(&calling(project(&backend.url()), "POST", "/user/{id}", "user"));
    let headers = [("content-type", "application/json"), ("x-two", "1"), ("x-two", "2")];
    let answer = weir.call("POST", "/f/1.0/user/7?a=0&a=1&b=%20", &headers, b"{\"n\": 1}").await;
    assert_eq!((answer.status, answer.text()), (200, "{}".to_owned()));
    let call = backend.last();
    assert_eq!(call.method, "POST");
    assert_eq!(call.target, "/2015-03-31/functions/user/invocations");
    assert_eq!(call.header("x-amz-invocation-type"), Some("RequestResponse"));
    assert_eq!(call.header("x-two"), None, "headers of the client are in the event alone");
    let event = event(&call);
    assert_eq!(event["httpMethod"], "POST");
    assert_eq!(event["path"], "/user/{id}");
    assert_eq!(event["pathParameters"], json!({ "id": "7" }));
    assert_eq!(event["queryStringParameters"], json!({ "a": "1", "b": " " }));
    assert_eq!(event["body"], "{\"n\": 1}");
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["headers"]["x-two"], "2");
    assert_eq!(event["headers"]["host"], weir.address().to_string());
}

/// Statement 29.
#[tokio::test]
async fn bodies_are_encoded_where_the_operation_says_so() {
    let backend = Backend::answer(200, &[], "{}").await;
    let encoded = calling(project(&backend.url()), "POST", "/a", "a")
        .operation_set("amznResourceContentEncoded", json!(true));
    let body = br#"{"n": 1}"#;
    let json_type = [("content-type", "application/json")];
    for (is_wso2, sent, expected) in
        [(false, &body[..], &body[..]), (false, b"", b"{}"), (true, b"", b"")]
    {
        let weir = Weir::with(&[&encoded], |config| {
            config.aws.defaults.has_flag_bug = is_wso2;
        });
        assert_eq!(weir.call("POST", "/f/1.0/a", &json_type, sent).await.status, 200);
        let event = event(&backend.last());
        assert_eq!(event["isBase64Encoded"], true);
        let text = event["body"].as_str().unwrap();
        if is_wso2 {
            assert_eq!(text, "{}", "the flag is wrong there, as in WSO2");
        } else {
            assert_eq!(BASE64_STANDARD.decode(text).unwrap(), expected);
        }
    }
}

/// Statements 30 and 33, the old way.
#[tokio::test]
async fn whole_payloads_are_passed_where_the_configuration_says_so() {
    let payload = json!({ "statusCode": 404, "body": "x" }).to_string();
    let headers = [("x-amz-function-error", "Unhandled")];
    for headers in [&[][..], &headers[..]] {
        let backend = Backend::answer(200, headers, payload.clone()).await;
        let weir = Weir::with(&[&any(&backend.url(), json!({}))], |config| {
            config.aws.defaults.mapping = lambda::Mapping::Whole;
        });
        let answer = weir.get("/f/1.0/a").await;
        assert_eq!((answer.status, answer.text()), (200, payload.clone()));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

/// Statements 31 and 32.
#[tokio::test]
async fn status_headers_and_body_are_those_that_the_function_names() {
    let payload = json!({
        "statusCode": 404,
        "headers": { "x-one": "1", "x-two": "0", "Content-Length": "9999", "Connection": "x-one" },
        "multiValueHeaders": { "x-two": ["2", "3"] },
        "cookies": ["a=1"],
        "body": "x",
    });
    let (_backend, weir) = function(json!({}), payload.to_string()).await;
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, answer.text()), (404, "x".to_owned()));
    assert_eq!(answer.all("x-two"), ["2", "3"]);
    assert_eq!(answer.header("set-cookie"), Some("a=1"));
    assert_eq!(answer.header("content-length"), Some("1"));
    assert_eq!(answer.header("x-one"), None, "it belongs to a connection");

    let bytes = [0x89, b'P', b'N', b'G', 0, 0xff, 0x0a];
    let payload = json!({
        "statusCode": 200,
        "headers": { "Content-Type": "image/png" },
        "isBase64Encoded": true,
        "body": BASE64_STANDARD.encode(bytes),
    });
    let (_backend, weir) = function(json!({}), payload.to_string()).await;
    let answer = weir.get("/f/1.0/a").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &bytes[..]));
    assert_eq!(answer.header("content-type"), Some("image/png"));
    let head = weir.call("HEAD", "/f/1.0/a", &[], b"").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("7"));
}

#[tokio::test]
async fn what_has_no_status_is_passed_as_it_is() {
    for payload in ["{\"a\": 1}", "[1]", "null", "\"text\"", "{\"statusCode\": \"x\"}"] {
        let (_backend, weir) = function(json!({}), payload).await;
        let answer = weir.get("/f/1.0/a").await;
        assert_eq!((answer.status, answer.text()), (200, payload.to_owned()));
    }
    let (_backend, weir) = function(json!({ "answer": "proxy-2.0" }), "\"text\"").await;
    assert_eq!(weir.get("/f/1.0/a").await.text(), "text");
    for payload in ["{\"a\": 1}", "not JSON", "{\"statusCode\": 99}"] {
        let (_backend, weir) = function(json!({ "answer": "proxy-1.0" }), payload).await;
        let answer = weir.get("/f/1.0/a").await;
        assert_eq!((answer.status, code(&answer)), (502, "303914".to_owned()), "{payload}");
    }
}

#[tokio::test]
async fn events_of_other_gateways_tell_who_calls() {
    let issuer = Issuer::start().await;
    let backend = Backend::answer(200, &[], "{}").await;
    let project = |event: &str| {
        with(&backend.url(), json!({ "event": event }))
            .operation("POST", "/user/{id}")
            .secured(&["read"])
            .operation_set(
                "amznResourceName",
                json!("arn:aws:lambda:eu-west-1:123456789012:function:user:live"),
            )
            .set("scopes", json!([{ "scope": { "name": "read" }, "shared": false }]))
    };
    let token = issuer.token(json!({ "azp": "client-1", "sub": "ann", "scope": "read" }));
    let bearer = format!("Bearer {token}");
    let headers =
        [("authorization", &*bearer), ("content-type", "image/png"), ("cookie", "a=1; b=2")];
    let mut events = Vec::new();
    for format in ["proxy-1.0", "proxy-2.0", "alb", "alb-multi-value"] {
        let weir = Weir::with(&[&project(format)], |config| trust(config, &issuer));
        let answer = weir.call("POST", "/f/1.0/user/7?a=1&a=2", &headers, b"\xff\x00").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let call = backend.last();
        let path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction\
                    %3Auser/invocations?Qualifier=live";
        assert_eq!(call.target, path);
        let event = event(&call);
        assert_eq!(event["isBase64Encoded"], true, "{format}");
        assert_eq!(event["body"], BASE64_STANDARD.encode(b"\xff\x00"), "{format}");
        assert!(!call.text().contains(&token), "{format}");
        events.push(event);
    }
    let [first, second, single, several] = events.as_slice() else { panic!() };
    assert_eq!(first["resource"], "/user/{id}");
    assert_eq!(first["multiValueQueryStringParameters"]["a"], json!(["1", "2"]));
    assert_eq!(first["requestContext"]["accountId"], "123456789012");
    let claims = &second["requestContext"]["authorizer"]["jwt"];
    assert_eq!(claims["claims"]["sub"], "ann");
    assert_eq!(claims["scopes"], json!(["read"]));
    assert_eq!(second["rawQueryString"], "a=1&a=2");
    assert_eq!(second["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(second["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(single["queryStringParameters"]["a"], "2");
    assert_eq!(several["multiValueQueryStringParameters"]["a"], json!(["1", "2"]));
}

#[tokio::test]
async fn a_raw_event_is_the_body() {
    let (backend, weir) = function(json!({ "event": "raw" }), "{}").await;
    assert_eq!(weir.call("POST", "/f/1.0/a", &[], b"[1, 2]").await.status, 200);
    assert_eq!(backend.last().text(), "[1, 2]");
    let answer = weir.call("POST", "/f/1.0/a", &[], b"no JSON").await;
    assert_eq!((answer.status, code(&answer)), (400, "303921".to_owned()));
    assert_eq!(backend.requests().len(), 1);
}

/// What a header says that is not UTF-8 is read as Latin-1.
#[tokio::test]
async fn headers_that_are_no_text_lose_no_byte() {
    let (backend, weir) = function(json!({}), "{}").await;
    let request = b"GET /f/1.0/a HTTP/1.1\r\nHost: x\r\nX-A: caf\xe9\r\nConnection: close\r\n\r\n";
    assert!(weir.raw(request).await.starts_with("HTTP/1.1 200"));
    assert_eq!(event(&backend.last())["headers"]["x-a"], "caf\u{e9}");
}

#[tokio::test]
async fn nobody_waits_for_an_event_that_is_queued() {
    let backend = Backend::answer(202, &[("x-amzn-requestid", "id-1")], "").await;
    let weir = serving(&backend, json!({ "invocation": "Event", "clientContext": { "a": 1 } }));
    let answer = weir.call("POST", "/f/1.0/a", &[], b"{}").await;
    assert_eq!(answer.status, 202);
    assert_eq!(serde_json::from_str::<Value>(&answer.text()).unwrap()["requestId"], "id-1");
    let call = backend.last();
    assert_eq!(call.header("x-amz-invocation-type"), Some("Event"));
    let context = BASE64_STANDARD.decode(call.header("x-amz-client-context").unwrap()).unwrap();
    assert_eq!(context, br#"{"a":1}"#);

    let backend = Backend::answer(204, &[], "").await;
    let weir = serving(&backend, json!({ "invocation": "DryRun" }));
    let answer = weir.call("POST", "/f/1.0/a", &[], b"{}").await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
}

#[tokio::test]
async fn what_no_function_takes_is_not_sent() {
    let (backend, weir) = function(json!({ "event": "raw" }), "{}").await;
    let long = format!("\"{}\"", "a".repeat(6 * 1024 * 1024 - 2));
    let answer = weir.call("POST", "/f/1.0/a", &[], long.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(backend.last().body.len(), 6 * 1024 * 1024);
    let answer = weir.call("POST", "/f/1.0/a", &[], format!("{long} ").as_bytes()).await;
    assert_eq!((answer.status, code(&answer)), (413, "303917".to_owned()));
    let encoded = serving(&backend, json!({ "event": "proxy-2.0" }));
    let bytes = vec![0xff; 5 * 1024 * 1024];
    let answer = encoded.call("POST", "/f/1.0/a", &[], &bytes).await;
    assert_eq!((answer.status, code(&answer)), (413, "303917".to_owned()), "longer as base64");
    let queued = serving(&backend, json!({ "event": "raw", "invocation": "Event" }));
    let long = format!("\"{}\"", "a".repeat(1024 * 1024));
    let answer = queued.call("POST", "/f/1.0/a", &[], long.as_bytes()).await;
    assert_eq!((answer.status, code(&answer)), (413, "303917".to_owned()));
    assert_eq!(backend.requests().len(), 1);
}

#[tokio::test]
async fn an_operation_without_a_function_is_not_implemented() {
    let backend = Backend::answer(200, &[], "{}").await;
    let project = calling(project(&backend.url()), "GET", "/a", "a").operation("GET", "/b").open();
    let weir = Weir::start(&project);
    assert_eq!(weir.get("/f/1.0/a").await.status, 200);
    let answer = weir.get("/f/1.0/b").await;
    assert_eq!((answer.status, code(&answer)), (501, "303910".to_owned()));
}

/// No connection is opened for each call.
#[tokio::test]
async fn connections_are_used_again() {
    let backend = Backend::answer(200, &[], "{}").await;
    let weir = serving(&backend, json!({}));
    let mut client = weir.client().await;
    for _ in 0..20 {
        client.send("GET /f/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(client.head().await.unwrap().status, 200);
        assert_eq!(client.read_exact(2).await.unwrap(), b"{}");
    }
    assert_eq!(backend.connections(), 1);
}

/// A service with TLS, which is verified; by HTTP/2 where it offers that, all calls over one
/// connection.
#[tokio::test]
async fn tls_is_verified_and_http2_is_spoken_where_it_is_offered() {
    for (alpn, version) in [("h2", Version::HTTP_2), ("http/1.1", Version::HTTP_11)] {
        let (backend, trusting) = secure(&[alpn]).await;
        let url = format!("https://localhost:{}", backend.address().port());
        let weir = Weir::with(&[&any(&url, json!({}))], trusting);
        for _ in 0..10 {
            let answer = weir.get("/f/1.0/a").await;
            assert_eq!((answer.status, answer.json()["path"].as_str()), (200, Some("/*")));
        }
        let call = backend.last();
        assert_eq!(call.version, version);
        assert_eq!(backend.connections(), 1);
        let host = call.authority.as_deref().or(call.header("host")).unwrap();
        assert_eq!(host, url.trim_start_matches("https://"));
        let signature = call.header("authorization").unwrap();
        assert!(signature.contains("SignedHeaders=content-type;host;x-amz-"), "{signature}");
        // The same service for somebody who does not know its authority.
        let strange = Weir::start(&any(&url, json!({})));
        let refused = strange.get("/f/1.0/a").await;
        assert_eq!((refused.status, code(&refused)), (500, "101500".to_owned()));
        assert_eq!(backend.requests().len(), 10);
    }
}

/// What policies do to a message is done before it becomes an event, and after a payload became an
/// answer (spec/03 §3.7).
#[tokio::test]
async fn policies_run_around_a_function() {
    let backend = Backend::answer(200, &[], r#"{"statusCode": 201, "body": "{}"}"#).await;
    let header = |name: &str, value: &str| {
        json!({ "policyName": "addHeader", "policyVersion": "v1",
            "parameters": { "headerName": name, "headerValue": value } })
    };
    let project = calling(project(&backend.url()), "GET", "/a", "a").operation_set(
        "operationPolicies",
        json!({ "request": [header("x-in", "1")], "response": [header("x-out", "2")] }),
    );
    let answer = Weir::start(&project).get("/f/1.0/a").await;
    assert_eq!((answer.status, answer.header("x-out")), (201, Some("2")));
    assert_eq!(event(&backend.last())["headers"]["x-in"], "1");
}
