//! Cross-origin requests (Fetch standard §3.2; spec/03 §6.3, spec/01 §3.2).
//!
//! The gateway answers OPTIONS itself unless the operation declares it, and names the origins that
//! may read an answer on every ordinary and fault reply.
//! Where an API has CORS switched off nothing is named, and what the upstream says stands.
//!
//! Deliberately absent: `Access-Control-Max-Age` and `Access-Control-Expose-Headers`, which no API
//! definition has; the latter passes from the upstream as it is.

use compiler::plan::CorsPlan;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    ALLOW, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::config::CorsConfig;
use crate::route::Methods;

/// What is sent about cross-origin requests for one API.
#[derive(Debug, Clone, Copy)]
pub struct Cors<'a> {
    /// `None` where the gateway or the API has CORS switched off.
    plan: Option<&'a CorsPlan>,
}

/// The gateway's answer to OPTIONS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionsAnswer {
    /// 200 with an empty body and these headers.
    Preflight(HeaderMap),
    /// 405: no `Access-Control-Request-Method`, or one that the path has no operation for.
    MethodNotAllowed,
}

/// Whether the origin of a request may read the answer.
enum Verdict<'r> {
    /// Any origin may: `*`.
    Anyone,
    /// This one may.
    This(&'r HeaderValue),
    /// It may not, or there is none.
    Nobody,
}

impl<'a> Cors<'a> {
    /// What holds for an API: its own settings, unless the gateway has CORS switched off.
    #[must_use]
    pub fn new(config: &CorsConfig, plan: Option<&'a CorsPlan>) -> Self {
        Self { plan: plan.filter(|_| config.enable) }
    }

    /// Answers an OPTIONS that no operation declares.
    ///
    /// `resource` has the methods of the resource that the method of
    /// `Access-Control-Request-Method` leads to, or `None` where it leads to none.
    #[must_use]
    pub fn answer_options(&self, resource: Option<Methods>, request: &HeaderMap) -> OptionsAnswer {
        let Some(resource) = resource.filter(|_| requested_method(request).is_some()) else {
            return OptionsAnswer::MethodNotAllowed;
        };
        let mut headers = HeaderMap::new();
        match self.plan {
            None => {
                headers.insert(ALLOW, resource.with(&Method::OPTIONS).header_value());
            }
            Some(plan) => {
                self.decorate(request.get(ORIGIN), &mut headers);
                put_methods(plan, resource, &mut headers);
                put_headers(plan, request, &mut headers);
            }
        }
        OptionsAnswer::Preflight(headers)
    }

    /// Sets the headers of an ordinary or fault reply to a request with this `Origin`; what the
    /// upstream said about origins and credentials is replaced.
    pub fn decorate(&self, origin: Option<&HeaderValue>, response: &mut HeaderMap) {
        let Some(plan) = self.plan else { return };
        response.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        let verdict = judge(plan, origin);
        if !matches!(verdict, Verdict::Anyone) {
            vary(&ORIGIN, response);
        }
        let allowed = match verdict {
            Verdict::Anyone => HeaderValue::from_static("*"),
            Verdict::This(origin) => origin.clone(),
            Verdict::Nobody => {
                response.remove(ACCESS_CONTROL_ALLOW_ORIGIN);
                return;
            }
        };
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if plan.allow_credentials {
            response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// The method that a preflight request asks for; `None` where it names none, or not a method.
#[must_use]
pub fn requested_method(request: &HeaderMap) -> Option<Method> {
    let value = request.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    Method::from_bytes(value.as_bytes().trim_ascii()).ok()
}

/// With credentials `*` means nothing to a browser, so the origin is named; the opaque origin
/// `null`, which any page can have, must then be listed.
fn judge<'r>(plan: &CorsPlan, origin: Option<&'r HeaderValue>) -> Verdict<'r> {
    let lists = |text: &[u8]| plan.allow_origins.iter().any(|it| it.as_bytes() == text);
    let anyone = lists(b"*");
    if anyone && !plan.allow_credentials {
        return Verdict::Anyone;
    }
    match origin {
        Some(origin) if lists(origin.as_bytes()) => Verdict::This(origin),
        Some(origin) if anyone && origin != "null" => Verdict::This(origin),
        _ => Verdict::Nobody,
    }
}

/// The methods of the resource that the API allows across origins.
fn put_methods(plan: &CorsPlan, resource: Methods, headers: &mut HeaderMap) {
    let allowed = resource.intersection(plan.allow_methods.iter().collect());
    if !allowed.is_empty() {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, allowed.header_value());
    }
}

/// The headers that the API allows; for `*` those that are asked for, as credentials need it.
fn put_headers(plan: &CorsPlan, request: &HeaderMap, headers: &mut HeaderMap) {
    if plan.allow_headers != "*" {
        if !plan.allow_headers.is_empty() {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, plan.allow_headers.clone());
        }
        return;
    }
    vary(&ACCESS_CONTROL_REQUEST_HEADERS, headers);
    if let Some(requested) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested.clone());
    }
}

/// Adds a name to `Vary`, unless it is there or `*` is (RFC 9110 §12.5.5).
fn vary(name: &HeaderName, headers: &mut HeaderMap) {
    let names = |value: &HeaderValue| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|it| it == b"*" || it.eq_ignore_ascii_case(name.as_str().as_bytes()))
    };
    if !headers.get_all(VARY).iter().any(names) {
        headers.append(VARY, HeaderValue::from(name.clone()));
    }
}

#[cfg(test)]
mod tests;
