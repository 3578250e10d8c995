//! The payload format 2.0 of API Gateway's HTTP APIs, which function URLs have too.
//!
//! Members without a value are absent, as they are there. Cookies leave the headers: libraries put
//! them back.

use super::json::Json;
use super::proxy1::{account, prefix, write_scopes, write_variables};
use super::query::unescaped;
use super::{Groups, Request, body, group, header_text};

pub(super) fn write(request: &Request<'_>, json: &mut Json) {
    let mut headers = request.proxied_headers();
    let has_cookies = headers.shift_remove("cookie").is_some();
    let query = request.query.unwrap_or_default();
    let parameters = group(unescaped(query));
    let route = format!("{} {}", request.method, request.resource());
    json.object(|json| {
        json.name("version").string("2.0");
        json.name("routeKey").string(&route);
        json.name("rawPath").string(request.path);
        json.name("rawQueryString").string(query);
        if has_cookies {
            write_cookies(request, json.name("cookies"));
        }
        joined(json.name("headers"), &headers);
        if !parameters.is_empty() {
            joined(json.name("queryStringParameters"), &parameters);
        }
        write_context(request, &route, json.name("requestContext"));
        if !request.variables.is_empty() || request.rest().is_some() {
            write_variables(request, json.name("pathParameters"));
        }
        body::write(request, json, |_| {});
    });
}

/// An object with the values of each name behind one another.
fn joined(json: &mut Json, groups: &Groups<'_>) {
    json.object(|json| {
        for (name, values) in groups {
            match &**values {
                [value] => json.name(name).string(value),
                values => json.name(name).string(&values.join(",")),
            }
        }
    });
}

/// Each cookie by itself.
fn write_cookies(request: &Request<'_>, json: &mut Json) {
    json.array(|json| {
        for (_, line) in request.headers.iter().filter(|(name, _)| *name == "cookie") {
            let line = header_text(line);
            let cookies = line.split(';').map(str::trim).filter(|cookie| !cookie.is_empty());
            cookies.for_each(|cookie| json.string(cookie));
        }
    });
}

fn write_context(request: &Request<'_>, route: &str, json: &mut Json) {
    json.object(|json| {
        json.name("accountId").string(account(request));
        json.name("apiId").string(request.api);
        if !request.caller.claims.is_empty() {
            write_authorizer(request, json.name("authorizer"));
        }
        json.name("domainName").string(request.domain());
        json.name("domainPrefix").string(prefix(request));
        json.name("http").object(|json| {
            json.name("method").string(request.method);
            json.name("path").string(request.path);
            json.name("protocol").string(request.protocol);
            match request.client {
                Some(address) => json.name("sourceIp").display(address),
                None => json.name("sourceIp").string(""),
            }
            json.name("userAgent").string(&request.header("user-agent").unwrap_or_default());
        });
        json.name("requestId").string(request.id);
        json.name("routeKey").string(route);
        json.name("stage").string(request.stage);
        json.name("time").string(&request.time());
        json.name("timeEpoch").number(request.time_ms);
    });
}

fn write_authorizer(request: &Request<'_>, json: &mut Json) {
    json.object(|json| {
        json.name("jwt").object(|json| {
            json.name("claims").map(request.caller.claims.iter().copied());
            write_scopes(request, json.name("scopes"));
        });
    });
}
