//! The payload format 1.0 of API Gateway's HTTP APIs, which is that of its REST APIs and a
//! `version`.

use super::json::Json;
use super::query::unescaped;
use super::wso2::last;
use super::{Groups, Request, body, group};

/// Members of `identity` that only AWS knows a value for.
const UNKNOWN: &[&str] = &[
    "accessKey",
    "accountId",
    "apiKey",
    "apiKeyId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
];

pub(super) fn write(request: &Request<'_>, json: &mut Json) {
    let headers = request.proxied_headers();
    let parameters = group(unescaped(request.query.unwrap_or_default()));
    json.object(|json| {
        json.name("version").string("1.0");
        json.name("resource").string(&request.resource());
        json.name("path").string(request.path);
        json.name("httpMethod").string(request.method);
        last(json.name("headers"), &headers);
        lists(json.name("multiValueHeaders"), &headers);
        if parameters.is_empty() {
            json.name("queryStringParameters").null();
            json.name("multiValueQueryStringParameters").null();
        } else {
            last(json.name("queryStringParameters"), &parameters);
            lists(json.name("multiValueQueryStringParameters"), &parameters);
        }
        write_variables(request, json.name("pathParameters"));
        json.name("stageVariables").null();
        write_context(request, json.name("requestContext"));
        body::write(request, json, |json| json.name("body").null());
    });
}

/// An object with all values of each name.
pub(super) fn lists(json: &mut Json, groups: &Groups<'_>) {
    json.object(|json| groups.iter().for_each(|(name, values)| json.name(name).list(values)));
}

/// The variables of the template and `proxy`; `null` where there are none.
pub(super) fn write_variables(request: &Request<'_>, json: &mut Json) {
    let rest = request.rest();
    let rest = rest.as_deref().map(|rest| ("proxy", rest));
    // A variable of this name is the author's own.
    let rest = rest.filter(|_| request.variables.iter().all(|(name, _)| *name != "proxy"));
    if request.variables.is_empty() && rest.is_none() {
        json.null();
    } else {
        json.map(request.variables.iter().copied().chain(rest));
    }
}

fn write_context(request: &Request<'_>, json: &mut Json) {
    let resource = request.resource();
    json.object(|json| {
        json.name("accountId").string(account(request));
        json.name("apiId").string(request.api);
        write_authorizer(request, json.name("authorizer"));
        json.name("domainName").string(request.domain());
        json.name("domainPrefix").string(prefix(request));
        json.name("extendedRequestId").string(request.id);
        json.name("httpMethod").string(request.method);
        write_identity(request, json.name("identity"));
        json.name("path").string(&format!("{}{}", request.context, request.path));
        json.name("protocol").string(request.protocol);
        json.name("requestId").string(request.id);
        json.name("requestTime").string(&request.time());
        json.name("requestTimeEpoch").number(request.time_ms);
        json.name("resourceId").string(&format!("{} {resource}", request.method));
        json.name("resourcePath").string(&resource);
        json.name("stage").string(request.stage);
    });
}

fn write_identity(request: &Request<'_>, json: &mut Json) {
    json.object(|json| {
        UNKNOWN.iter().for_each(|name| json.name(name).null());
        match request.client {
            Some(address) => json.name("sourceIp").display(address),
            None => json.name("sourceIp").null(),
        }
        json.name("userAgent").string_or_null(request.header("user-agent").as_deref());
    });
}

/// Claims where a token's are in AWS, and who it is about.
fn write_authorizer(request: &Request<'_>, json: &mut Json) {
    let caller = &request.caller;
    if caller.claims.is_empty() {
        return json.null();
    }
    let subject = caller.claims.iter().find(|(name, _)| *name == "sub").map(|(_, value)| *value);
    json.object(|json| {
        json.name("claims").map(caller.claims.iter().copied());
        json.name("principalId").string_or_null(subject);
        write_scopes(request, json.name("scopes"));
    });
}

/// A list, or `null` without any.
pub(super) fn write_scopes(request: &Request<'_>, json: &mut Json) {
    match request.caller.scopes {
        [] => json.null(),
        scopes => json.array(|json| scopes.iter().for_each(|scope| json.string(scope))),
    }
}

/// The account; AWS writes `anonymous` where it has none.
pub(super) fn account<'a>(request: &Request<'a>) -> &'a str {
    request.account.unwrap_or("anonymous")
}

/// The first label of the host.
pub(super) fn prefix<'a>(request: &'a Request<'_>) -> &'a str {
    request.domain().split('.').next().unwrap_or_default()
}
