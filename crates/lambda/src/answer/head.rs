//! Status and headers, as the formats of API Gateway write them.

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{AnswerError, AnswerLimits};

/// What belongs to one connection, or frames a message; never taken from a function.
const FRAMING: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Status and headers.
#[derive(Debug, Clone)]
pub struct Head {
    /// From 200 to 599.
    pub status: StatusCode,
    /// Without any that frame a message.
    pub headers: HeaderMap,
}

/// The members of a head in front of a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Members {
    status_code: Option<Value>,
    headers: Option<Map<String, Value>>,
    multi_value_headers: Option<Map<String, Value>>,
    cookies: Option<Vec<String>>,
}

/// Headers in the three forms that functions have for them.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    pub(super) single: Option<&'a Map<String, Value>>,
    pub(super) multi: Option<&'a Map<String, Value>>,
    pub(super) cookies: &'a Option<Vec<String>>,
}

/// Reads the head in front of a stream; the status is 200 where it says none.
pub(crate) fn read_head(json: &[u8], limits: AnswerLimits) -> Result<Head, AnswerError> {
    #[allow(clippy::disallowed_methods, reason = "the head has been bounded by who gathered it")]
    let members = serde_json::from_slice::<Map<String, Value>>(json)
        .and_then(|members| Members::deserialize(Value::Object(members)))
        .map_err(|error| AnswerError::Form(error.to_string()))?;
    let status = members.status_code.as_ref().map_or(Ok(StatusCode::OK), status)?;
    let Members { headers, multi_value_headers, cookies, .. } = &members;
    let lines = Lines { single: headers.as_ref(), multi: multi_value_headers.as_ref(), cookies };
    Ok(Head { status, headers: lines.read(limits)? })
}

/// An integer from 200 to 599, or a string of its digits, which API Gateway takes too.
pub(super) fn status(value: &Value) -> Result<StatusCode, AnswerError> {
    let code = match value {
        Value::Number(number) => number.as_u64().and_then(|code| u16::try_from(code).ok()),
        Value::String(text) if text.len() == 3 => text.parse().ok(),
        _ => None,
    };
    let code = code.filter(|code| (200..600).contains(code));
    code.and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| AnswerError::Status(value.to_string().chars().take(40).collect()))
}

impl Lines<'_> {
    /// All headers. A name in `multiValueHeaders` wins over the same in `headers`, in any case.
    pub(super) fn read(&self, limits: AnswerLimits) -> Result<HeaderMap, AnswerError> {
        let mut fields = Fields { map: HeaderMap::new(), room: limits, dropped: HashSet::new() };
        for (name, values) in self.multi.into_iter().flatten() {
            match values {
                Value::Array(values) => {
                    values.iter().try_for_each(|value| fields.add(name, value))?;
                }
                value => fields.add(name, value)?,
            }
        }
        let several: HashSet<HeaderName> = fields.map.keys().cloned().collect();
        for (name, value) in self.single.into_iter().flatten() {
            let is_known =
                HeaderName::from_bytes(name.as_bytes()).is_ok_and(|name| several.contains(&name));
            if !is_known {
                fields.add(name, value)?;
            }
        }
        for cookie in self.cookies.iter().flatten() {
            fields.insert(header::SET_COOKIE, "set-cookie", cookie)?;
        }
        Ok(fields.finish())
    }
}

/// Headers that are being gathered.
#[derive(Debug)]
struct Fields {
    map: HeaderMap,
    /// What is left of the limits.
    room: AnswerLimits,
    /// What `Connection` names: it belongs to a connection too.
    dropped: HashSet<HeaderName>,
}

impl Fields {
    fn add(&mut self, name: &str, value: &Value) -> Result<(), AnswerError> {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| AnswerError::HeaderName(short(name)))?;
        match value {
            Value::Null => Ok(()),
            Value::String(text) => self.insert(parsed, name, text),
            Value::Number(_) | Value::Bool(_) => self.insert(parsed, name, &value.to_string()),
            Value::Array(_) | Value::Object(_) => Err(AnswerError::HeaderValue(short(name))),
        }
    }

    fn insert(&mut self, parsed: HeaderName, name: &str, text: &str) -> Result<(), AnswerError> {
        if parsed == header::CONNECTION {
            let names = text.split(',').map(|name| HeaderName::from_bytes(name.trim().as_bytes()));
            self.dropped.extend(names.filter_map(Result::ok));
        }
        if FRAMING.contains(&parsed.as_str()) {
            return Ok(());
        }
        let value = HeaderValue::from_bytes(text.trim().as_bytes())
            .map_err(|_| AnswerError::HeaderValue(short(name)))?;
        let left = self.room.field_bytes.checked_sub(parsed.as_str().len() + value.len());
        self.room.field_bytes = left.ok_or(AnswerError::HeadersTooLarge)?;
        self.room.fields = self.room.fields.checked_sub(1).ok_or(AnswerError::HeadersTooLarge)?;
        // A map is full long behind any limit that makes sense.
        self.map.try_append(parsed, value).map(drop).map_err(|_| AnswerError::HeadersTooLarge)
    }

    fn finish(mut self) -> HeaderMap {
        for name in &self.dropped {
            // These are always a client's business, whatever a function says of its connection.
            if *name != header::CONTENT_TYPE && *name != header::SET_COOKIE {
                self.map.remove(name);
            }
        }
        self.map
    }
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}
