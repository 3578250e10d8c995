//! The URL of an endpoint: what can be checked before it is called.

use ::url::Url;
use model::cursor::join;
use model::endpoint::Member;
use model::{Diagnostics, Place, Spot, codes};

use crate::plan::Dialect;
use crate::template::UrlTemplate;

/// Why a URL is refused: the code, what is wrong, how to mend it.
type Problem = (&'static str, String, String);

pub(super) fn parse(
    member: &Member,
    dialect: Dialect,
    found: &mut Diagnostics,
) -> Option<UrlTemplate> {
    if dialect == Dialect::Dynamic {
        return Some(UrlTemplate::literal(""));
    }
    let place = member.place_of("url");
    let Some(text) = &member.url else {
        let help = "Write the `url`, or remove the stage.";
        found.error(codes::URL_MISSING, place, "the endpoint has no `url`", help);
        return None;
    };
    let checked = match dialect {
        Dialect::Http => check(text),
        Dialect::Address | Dialect::Dynamic | Dialect::Lambda => check_fixed(text),
    };
    match checked {
        Ok(template) => {
            check_variables(&template, &place, found);
            Some(template)
        }
        Err((code, message, help)) => {
            found.error(code, place, message, help);
            None
        }
    }
}

/// A URL without variables, and without a query.
pub(super) fn fixed(text: &str, place: &Place, found: &mut Diagnostics) -> Option<UrlTemplate> {
    let checked = check_fixed(text).and_then(|template| {
        if text.contains(['?', '#']) {
            let message = format!("the URL `{}` has a query", masked(text));
            return Err((codes::URL_MALFORMED, message, "Write the URL without it.".to_owned()));
        }
        Ok(template)
    });
    checked.map_err(|(code, message, help)| found.error(code, place.clone(), message, help)).ok()
}

/// The place of a key below a place.
pub(super) fn deeper(place: &Place, key: &str) -> Place {
    match &place.spot {
        Spot::Pointer(pointer) => Place::pointer(place.file.clone(), join(pointer, key)),
        Spot::Whole | Spot::Line { .. } => place.clone(),
    }
}

fn check(text: &str) -> Result<UrlTemplate, Problem> {
    let template = UrlTemplate::parse(text).map_err(|error| {
        let message = format!("the URL `{text}` is not a URI template: {error}");
        (codes::URL_TEMPLATE, message, "Close every brace, and use `{uri.var.id}`.".to_owned())
    })?;
    let address = text.strip_prefix("legacy-encoding:").unwrap_or(text);
    // What begins with a variable is known only when it is called (spec/01 §3.3).
    if !address.starts_with('{') {
        check_address(address)?;
    }
    Ok(template)
}

/// An `address` endpoint: braces mean nothing, and WSO2 puts properties in for `${name}`.
fn check_fixed(text: &str) -> Result<UrlTemplate, Problem> {
    if text.contains("${") {
        let message = format!("properties in the address `{text}` are not supported");
        let help = "Use `endpoint_type: http` with `{uri.var.id}`, or a fixed URL.".to_owned();
        return Err((codes::URL_TEMPLATE, message, help));
    }
    check_address(text)?;
    Ok(UrlTemplate::literal(text))
}

/// Only what begins with `uri.var.` and `query.param.` takes part (spec/01 §3.3).
fn check_variables(template: &UrlTemplate, place: &Place, found: &mut Diagnostics) {
    for name in template.ignored_variables() {
        let message = format!("the variable `{name}` never has a value");
        let help = format!("Write `{{uri.var.{name}}}` or `{{query.param.{name}}}`.");
        found.warning(codes::URL_VARIABLE, place.clone(), message, help);
    }
}

/// A URL without the password that it may carry.
fn masked(address: &str) -> String {
    let parts = address.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end)?;
        let (_, host) = authority.rsplit_once('@')?;
        Some(format!("{scheme}://***@{host}{tail}"))
    });
    parts.unwrap_or_else(|| address.to_owned())
}

fn check_address(address: &str) -> Result<(), Problem> {
    let Some((scheme, rest)) = address.split_once("://") else {
        let message = format!("the URL `{address}` has no scheme");
        let help = format!("Write `https://{address}`, or `http://` if it is clear text.");
        return Err((codes::URL_WITHOUT_SCHEME, message, help));
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        let message = format!("the scheme `{scheme}` is not supported by this version");
        return Err((codes::URL_SCHEME, message, "Use `https://` or `http://`.".to_owned()));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A variable in the authority could stand for anything.
    let is_fixed = !authority.contains('{');
    let plain = without_variables(address);
    let malformed = |what: &str| {
        let message = format!("the URL `{}` is malformed: {what}", masked(address));
        (codes::URL_MALFORMED, message, "Write a URL with a host, and a port if needed.".to_owned())
    };
    if plain.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(malformed("it has a blank"));
    }
    let parsed = Url::parse(&plain).map_err(|error| malformed(&error.to_string()));
    let parsed = if is_fixed { parsed? } else { return Ok(()) };
    if parsed.fragment().is_some() {
        return Err(malformed("it has a fragment"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(malformed("it carries credentials, which belong into `endpoint_security`"));
    }
    if parsed.port() == Some(0) {
        return Err(malformed("nothing listens on port 0"));
    }
    Ok(())
}

/// The URL with a letter in the place of each variable.
fn without_variables(address: &str) -> String {
    let mut plain = String::new();
    let mut rest = address;
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        plain.push('x');
        rest = after.split_once('}').map_or("", |(_, tail)| tail);
    }
    plain + rest
}
