//! The event of an Application Load Balancer.
//!
//! It leaves queries as they were escaped, and has either single values or lists.

use std::borrow::Cow;

use super::json::Json;
use super::proxy1::lists;
use super::query::written;
use super::wso2::last;
use super::{Request, body, group};

pub(super) fn write(request: &Request<'_>, json: &mut Json, is_multi_value: bool) {
    let headers = request.proxied_headers();
    let written = written(request.query.unwrap_or_default());
    let parameters =
        group(written.map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value))));
    json.object(|json| {
        json.name("requestContext").object(|json| {
            json.name("elb").object(|json| {
                json.name("targetGroupArn").string(request.target_group);
            });
        });
        json.name("httpMethod").string(request.method);
        json.name("path").string(request.path);
        if is_multi_value {
            lists(json.name("multiValueQueryStringParameters"), &parameters);
            lists(json.name("multiValueHeaders"), &headers);
        } else {
            last(json.name("queryStringParameters"), &parameters);
            last(json.name("headers"), &headers);
        }
        body::write(request, json, |json| json.name("body").string(""));
    });
}
