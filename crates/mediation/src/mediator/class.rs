//! `class`: what stands behind the shipped names (spec/02 §2.1).

use std::sync::Arc;

use http::header;
use model::fault::FaultCode;
use policy::threat;

use super::{Surroundings, flow};
use crate::fault::MediationFault;
use crate::message::Message;
use crate::property::Value;
use crate::sequence::{Builtin, ClaimCheck};

pub(super) fn run(
    step: &Builtin,
    message: &mut Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    match step {
        Builtin::JsonThreat(limits) => {
            let body = whole(message, around)?;
            if !body.is_empty() && message.payload.is_json() {
                threat::check_json(&body, limits).map_err(|it| refuse(message, &it.to_string()))?;
            }
            Ok(())
        }
        Builtin::XmlThreat(limits) => {
            let body = whole(message, around)?;
            if !body.is_empty() && message.payload.is_xml() {
                threat::check_xml(&body, limits).map_err(|it| refuse(message, &it.to_string()))?;
            }
            Ok(())
        }
        Builtin::Injection { patterns, body, headers, path } => {
            let found = (*path).then(|| in_path(patterns, message)).flatten();
            let found =
                found.or_else(|| (*headers).then(|| in_headers(patterns, message)).flatten());
            let found = match found {
                None if *body => patterns.check(&message.payload.text(around.limits)?),
                found => found,
            };
            match found {
                Some(what) => Err(refuse(message, &format!("the request looks like {what}"))),
                None => Ok(()),
            }
        }
        Builtin::Claim(check) => claim(check, message, around),
        Builtin::Csrf { cookie } => csrf(&cookie.text(around.moment(message))?, message),
    }
}

fn whole(message: &mut Message, around: Surroundings<'_>) -> Result<bytes::Bytes, MediationFault> {
    let media = message.payload.media().clone();
    Ok(message.payload.write(&media, around.limits)?)
}

/// A threat: 400, with what was found for the log (`THREAT_CODE`, `THREAT_MSG`).
fn refuse(message: &mut Message, what: &str) -> MediationFault {
    message.properties.set(&Arc::from("THREAT_FOUND"), Value::text_of("true"));
    message.properties.set(&Arc::from("THREAT_CODE"), Value::text_of("400"));
    message.properties.set(&Arc::from("THREAT_MSG"), Value::text_of(what));
    MediationFault::new(FaultCode::Threat, what)
}

fn in_path(patterns: &threat::Injection, message: &Message) -> Option<&'static str> {
    patterns.check(message.uri.path_and_query()?.as_str())
}

fn in_headers(patterns: &threat::Injection, message: &Message) -> Option<&'static str> {
    message
        .headers
        .values()
        .find_map(|value| patterns.check(&String::from_utf8_lossy(value.as_bytes())))
}

/// spec/02 §2.1, `jwtClaimBasedAccessValidator`.
fn claim(
    check: &ClaimCheck,
    message: &Message,
    around: Surroundings<'_>,
) -> Result<(), MediationFault> {
    let at = around.moment(message);
    let name = check.claim.text(at)?;
    let wanted = check.value.text(at)?;
    let held = around.host.claim(&name);
    let Some(held) = held else {
        return Err(MediationFault::new(FaultCode::PolicyForbidden, format!("no claim {name}")));
    };
    let mut is_match = false;
    let values = match held.as_ref() {
        serde_json::Value::Array(items) => {
            items.iter().map(::expression::json_path::text_of).collect()
        }
        one => vec![::expression::json_path::text_of(one)],
    };
    for value in &values {
        is_match |= match &check.pattern {
            Some(regex) => flow::matches(regex, value)? && flow::matches(regex, &wanted)?,
            None => value.as_str() == wanted.as_ref(),
        };
    }
    if is_match != check.is_inverted {
        return Ok(());
    }
    Err(MediationFault::new(FaultCode::PolicyForbidden, format!("claim {name} does not fit")))
}

/// What changes something must repeat the cookie in the header `X-CSRF-Token` or `X-XSRF-Token`:
/// another site can make a browser send the cookie, and cannot read it.
fn csrf(cookie: &str, message: &Message) -> Result<(), MediationFault> {
    if matches!(message.client_method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE") {
        return Ok(());
    }
    let cookies = message.headers.get_all(header::COOKIE);
    let held = cookies
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == cookie)
        .map(|(_, value)| value.to_owned());
    let Some(held) = held.filter(|value| !value.is_empty()) else {
        return Err(MediationFault::new(FaultCode::PolicyForbidden, format!("no cookie {cookie}")));
    };
    let shown = ["x-csrf-token", "x-xsrf-token"]
        .into_iter()
        .find_map(|name| message.headers.get(name))
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    match shown {
        Some(shown) if shown == held => Ok(()),
        _ => Err(MediationFault::new(
            FaultCode::PolicyForbidden,
            format!("the header X-CSRF-Token does not repeat the cookie {cookie}"),
        )),
    }
}
