//! The event that API Manager sends since 4.1.
//!
//! Its body is a string of JSON, or `{}` where there is no body or one that is not JSON; of forms
//! (`multipart/form-data`) the text. Its path is the template.

use std::borrow::Cow;

use super::json::Json;
use super::query::unescaped;
use super::{Groups, Request, body, group, multipart};

/// What stands for no body.
const NOTHING: &str = "{}";

pub(super) fn write(request: &Request<'_>, json: &mut Json, is_encoded: bool, has_flag_bug: bool) {
    let parameters = group(unescaped(request.query.unwrap_or_default()));
    json.object(|json| {
        last(json.name("headers"), &request.grouped_headers());
        json.name("pathParameters").map(request.variables.iter().copied());
        last(json.name("queryStringParameters"), &parameters);
        json.name("httpMethod").string(request.method);
        json.name("path").string(request.template);
        let text = text(request);
        let body = text.as_deref().unwrap_or(NOTHING);
        if is_encoded && !(text.is_none() && has_flag_bug) {
            json.name("body").base64(body.as_bytes());
        } else {
            json.name("body").string(body);
        }
        json.name("isBase64Encoded").bool(is_encoded);
    });
}

/// An object with the last value of each name.
pub(super) fn last(json: &mut Json, groups: &Groups<'_>) {
    let pairs = groups.iter().filter_map(|(name, values)| Some((&**name, &**values.last()?)));
    json.map(pairs);
}

/// The body, if it is one of those that are passed on.
fn text<'a>(request: &Request<'a>) -> Option<Cow<'a, str>> {
    let content_type = request.header("content-type")?;
    let kind = body::essence(&content_type);
    if kind == "multipart/form-data" && !request.body.is_empty() {
        return multipart::text(&content_type, request.body).map(Cow::Owned);
    }
    let is_json = body::is_json(&kind) && body::check(request.body).is_ok();
    is_json.then(|| std::str::from_utf8(request.body).ok()).flatten().map(Cow::Borrowed)
}
