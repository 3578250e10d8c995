//! What each format holds.

use serde_json::json;

use super::{Caller, Format, Request, WSO2, read, request};

#[test]
fn wso2s_event_is_the_one_of_api_manager() {
    let expected = json!({
        "headers": {
            "content-type": "application/json; charset=utf-8", "x-twice": "two",
            "user-agent": "test",
        },
        "pathParameters": {"id": "7"},
        "queryStringParameters": {"a": "2", "b": "x y!"},
        "httpMethod": "POST",
        "path": "/user/{id}",
        "body": "{\"name\":\"A \\\"B\\\"\"}",
        "isBase64Encoded": false,
    });
    let event = read(&request(), WSO2);
    assert_eq!(event, expected);
    let order = |value: &serde_json::Value| {
        value.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>())
    };
    assert_eq!(order(&event), order(&expected));
}

#[test]
fn wso2s_event_has_braces_for_what_is_not_json() {
    let body = |kind: &'static [u8], body| {
        let headers: &[(&str, &[u8])] = &[("content-type", kind)];
        read(&Request { headers, body, ..request() }, WSO2)["body"].clone()
    };
    assert_eq!(body(b"application/json", b""), "{}");
    assert_eq!(body(b"application/json", b"{"), "{}");
    assert_eq!(body(b"text/plain", b"[1]"), "{}");
    assert_eq!(body(b"application/xml", b"<a/>"), "{}");
    assert_eq!(body(b"application/vnd.a+json", b"[1]"), "[1]");
    assert_eq!(read(&Request { headers: &[], ..request() }, WSO2)["body"], "{}");
}

#[test]
fn wso2s_flag_says_what_the_body_is_unless_its_bug_is_wanted() {
    let event = |body, has_flag_bug| {
        let format = Format::Wso2 { is_encoded: true, has_flag_bug };
        let event = read(&Request { body, ..request() }, format);
        (event["body"].as_str().map(str::to_owned), event["isBase64Encoded"].as_bool())
    };
    for has_flag_bug in [false, true] {
        assert_eq!(event(b"[1]", has_flag_bug), (Some("WzFd".to_owned()), Some(true)));
    }
    assert_eq!(event(b"", false), (Some("e30=".to_owned()), Some(true)));
    assert_eq!(event(b"", true), (Some("{}".to_owned()), Some(true)));
}

#[test]
fn wso2s_forms_keep_their_text() {
    let headers: &[(&str, &[u8])] = &[("content-type", b"multipart/form-data; boundary=\"XX\"")];
    let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
        --XX\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n\xff\xfe\r\n--XX--\r\n";
    let event = read(&Request { headers, body, ..request() }, WSO2);
    let expected = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--XX--\r\n";
    assert_eq!(event["body"], expected);
    let text = expected.as_bytes();
    assert_eq!(read(&Request { headers, body: text, ..request() }, WSO2)["body"], expected);
    assert_eq!(read(&Request { headers, body: b"\xff", ..request() }, WSO2)["body"], "{}");
}

#[test]
fn format_one_has_both_forms_of_headers_and_parameters() {
    let event = read(&request(), Format::Proxy1);
    assert_eq!(event["version"], "1.0");
    assert_eq!(event["resource"], "/user/{id}");
    assert_eq!(event["headers"]["x-twice"], "two");
    assert_eq!(event["multiValueHeaders"]["x-twice"], json!(["one", "two"]));
    assert_eq!(event["queryStringParameters"], json!({"a": "2", "b": "x y!"}));
    assert_eq!(event["multiValueQueryStringParameters"], json!({"a": ["1", "2"], "b": ["x y!"]}));
    assert_eq!(event["stageVariables"], json!(null));
    let context = &event["requestContext"];
    assert_eq!(context["path"], "/shop/1.0/user/7");
    assert_eq!(context["requestTime"], "04/Mar/2020:19:03:58 +0000");
    assert_eq!(context["requestTimeEpoch"], 1_583_348_638_390_i64);
    assert_eq!(context["domainName"], "api.example.com");
    assert_eq!(context["domainPrefix"], "api");
    assert_eq!(context["identity"]["userAgent"], "test");
    assert_eq!(context["identity"]["userArn"], json!(null));
    assert_eq!(context["authorizer"]["principalId"], "alice");
    assert_eq!(context["authorizer"]["claims"]["iss"], "idp");
    assert_eq!(event["headers"]["x-forwarded-proto"], "https");
    assert_eq!(event["headers"]["x-forwarded-port"], "8243");
    assert_eq!(event["headers"]["x-forwarded-for"], "192.0.2.1");
}

#[test]
fn format_one_has_null_for_what_is_not_there() {
    let bare = Request {
        query: None,
        variables: &[],
        body: b"",
        template: "/a",
        account: None,
        caller: Caller::default(),
        ..request()
    };
    let event = read(&bare, Format::Proxy1);
    for name in
        ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body"]
    {
        assert_eq!(event.get(name), Some(&json!(null)), "{name}");
    }
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["requestContext"]["authorizer"], json!(null));
    assert_eq!(event["requestContext"]["accountId"], "anonymous");
}

#[test]
fn format_two_joins_values_and_tells_cookies_apart() {
    let headers: &[(&str, &[u8])] =
        &[("cookie", b"a=1; b=2"), ("x-twice", b"one"), ("x-twice", b"two"), ("cookie", b"c=3")];
    let event = read(&Request { headers, ..request() }, Format::Proxy2);
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
    assert_eq!(event["headers"].get("cookie"), None);
    assert_eq!(event["headers"]["x-twice"], "one,two");
    assert_eq!(event["queryStringParameters"], json!({"a": "1,2", "b": "x y!"}));
    assert_eq!(event["rawQueryString"], "a=1&b=x+y%21&a=2");
    assert_eq!(event["rawPath"], "/user/7");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "192.0.2.1");
    assert_eq!(event["requestContext"]["timeEpoch"], 1_583_348_638_390_i64);
    assert_eq!(event["body"], "eyJuYW1lIjoiQSBcIkJcIiJ9", "no type is named, so it is bytes");
}

#[test]
fn format_two_leaves_out_what_is_not_there() {
    let bare = Request {
        query: None,
        headers: &[],
        variables: &[],
        body: b"",
        template: "/a",
        caller: Caller::default(),
        ..request()
    };
    let event = read(&bare, Format::Proxy2);
    for name in ["queryStringParameters", "pathParameters", "stageVariables", "body", "cookies"] {
        assert_eq!(event.get(name), None, "{name}");
    }
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["requestContext"].get("authorizer"), None);
}

#[test]
fn a_star_at_the_end_is_a_proxy_variable() {
    let request = Request { template: "/a/{id}/*", path: "/a/7/b%20c/d", ..request() };
    for format in [Format::Proxy1, Format::Proxy2] {
        let event = read(&request, format);
        assert_eq!(event["pathParameters"], json!({"id": "7", "proxy": "b c/d"}));
    }
    assert_eq!(read(&request, Format::Proxy1)["resource"], "/a/{id}/{proxy+}");
    let all = Request { template: "/*", path: "/x/y", variables: &[], ..request };
    assert_eq!(read(&all, Format::Proxy1)["pathParameters"], json!({"proxy": "x/y"}));
    assert_eq!(read(&all, Format::Proxy2)["routeKey"], "POST /{proxy+}");
}

#[test]
fn a_load_balancer_has_one_form_of_headers() {
    let single = read(&request(), Format::Alb { is_multi_value: false });
    assert_eq!(single["queryStringParameters"], json!({"a": "2", "b": "x+y%21"}));
    assert_eq!(single["headers"]["x-twice"], "two");
    assert_eq!(single.get("multiValueHeaders"), None);
    let several = read(&request(), Format::Alb { is_multi_value: true });
    assert_eq!(
        several["multiValueQueryStringParameters"],
        json!({"a": ["1", "2"], "b": ["x+y%21"]})
    );
    assert_eq!(several["multiValueHeaders"]["x-twice"], json!(["one", "two"]));
    assert_eq!(several.get("headers"), None);
    let empty = Request { body: b"", ..request() };
    assert_eq!(read(&empty, Format::Alb { is_multi_value: true })["body"], "");
}

#[test]
fn the_type_says_whether_a_body_is_text() {
    let is_base64 = |kind: &'static [u8], coding: &'static [u8], body| {
        let headers: &[(&str, &[u8])] = &[("content-type", kind), ("content-encoding", coding)];
        read(&Request { headers, body, ..request() }, Format::Proxy2)["isBase64Encoded"].clone()
    };
    for kind in [
        &b"text/html; charset=utf-8"[..],
        b"APPLICATION/JSON",
        b"application/problem+json",
        b"application/xml",
        b"image/svg+xml",
        b"application/x-www-form-urlencoded",
        b"application/javascript",
    ] {
        assert_eq!(is_base64(kind, b"identity", b"ok"), false);
        assert_eq!(is_base64(kind, b"identity", b"\xff"), true);
        assert_eq!(is_base64(kind, b"gzip", b"ok"), true);
    }
    for kind in [&b"image/png"[..], b"application/octet-stream", b"", b"application/grpc"] {
        assert_eq!(is_base64(kind, b"identity", b"ok"), true);
    }
}
