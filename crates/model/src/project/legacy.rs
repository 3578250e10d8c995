//! The form of API Manager 3: `api.json` with `id {providerName, apiName, version}`,
//! `contextTemplate` and `uriTemplates`.
//!
//! It is turned into today's keys in memory, beside the old ones, which stay.

use serde_json::{Map, Value, json};

use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};
use crate::document::Document;
use crate::yaml;

/// Turns the old form into today's; anything else passes through.
///
/// An `endpointConfig` that is JSON in text becomes a mapping in either form.
pub(super) fn modernise(mut document: Document, found: &mut Diagnostics) -> Document {
    let path = document.path().to_owned();
    let is_old = document.content().value().get("id").is_some_and(Value::is_object);
    let has_envelope = document.has_envelope();
    document.convert(|value| {
        let data = if has_envelope { &mut value["data"] } else { value };
        if is_old {
            convert(&path, data, found);
        }
        unfold_endpoint_config(&path, data, found);
    });
    if is_old {
        let help = "Export the API anew to have it in today's form.";
        let message = "the API is in the form of API Manager 3, and was converted";
        found.note(codes::LEGACY_FORM, Place::file(path), message, help);
    }
    document
}

fn convert(path: &str, data: &mut Value, found: &mut Diagnostics) {
    let old = data.clone();
    let at = Cursor::new(path, "", &old);
    let Some(map) = data.as_object_mut() else { return };
    let id = at.get("id");
    for (key, from) in [("name", "apiName"), ("version", "version"), ("provider", "providerName")] {
        set(map, key, id.get(from).value());
    }
    set(map, "id", at.get("uuid").value());
    let context = at.get_any(&["contextTemplate", "context"]);
    let context = context.word(found).map(|context| plain_context(&context));
    map.insert("context".to_owned(), context.map_or(Value::Null, Value::from));
    for (key, from) in RENAMED {
        set(map, key, at.get(from).value());
    }
    set_list(map, "transport", &at.get("transports"), found);
    set_list(map, "securityScheme", &at.get("apiSecurity"), found);
    map.insert("operations".to_owned(), operations(&at.get("uriTemplates"), found));
    let is_advertised = at.get("advertiseOnly").flag(found).unwrap_or(false);
    map.insert("advertiseInfo".to_owned(), json!({ "advertised": is_advertised }));
    let tiers = at.get("availableTiers").items(found);
    let tiers: Vec<_> = tiers.iter().filter_map(|tier| tier.get("name").word(found)).collect();
    map.insert("policies".to_owned(), tiers.into());
    convert_security(map, &at, found);
}

/// Keys that only changed their names.
const RENAMED: &[(&str, &str)] =
    &[("lifeCycleStatus", "status"), ("endpointImplementationType", "implementation")];

/// Old contexts end with `/{version}`, which today is left out.
fn plain_context(context: &str) -> String {
    context.strip_suffix("/{version}").unwrap_or(context).to_owned()
}

fn set(map: &mut Map<String, Value>, key: &str, value: &Value) {
    if !value.is_null() {
        map.insert(key.to_owned(), value.clone());
    }
}

/// `"http,https"` to a list.
fn set_list(map: &mut Map<String, Value>, key: &str, at: &Cursor<'_>, found: &mut Diagnostics) {
    if at.is_absent() {
        return;
    }
    let texts = at.texts(found);
    let words = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    map.insert(key.to_owned(), words.into());
}

/// One entry of `uriTemplates` has several verbs, with parallel lists beside them.
fn operations(at: &Cursor<'_>, found: &mut Diagnostics) -> Value {
    let mut operations = Vec::new();
    for template in at.items(found) {
        let target = template.get("uriTemplate").word(found);
        let verbs = template.get("httpVerbs");
        let verbs = if verbs.is_absent() {
            template.get("httpVerb").texts(found)
        } else {
            verbs.texts(found)
        };
        for (index, verb) in verbs.iter().enumerate() {
            let nth = |many: &str, one: &str| {
                let many = template.value().get(many).and_then(|list| list.get(index));
                many.filter(|value| !value.is_null()).or_else(|| template.value().get(one)).cloned()
            };
            operations.push(json!({
                "target": target,
                "verb": verb,
                "authType": nth("authTypes", "authType"),
                "throttlingPolicy": nth("throttlingTiers", "throttlingTier"),
                "scopes": scopes(nth("scopes", "scope")),
            }));
        }
    }
    operations.into()
}

fn scopes(scope: Option<Value>) -> Value {
    match scope {
        Some(Value::Object(scope)) => {
            json!([scope.get("key").or_else(|| scope.get("name")).cloned()])
        }
        Some(Value::String(name)) if !name.is_empty() => json!([name]),
        _ => json!([]),
    }
}

/// `endpointSecured`, `endpointAuthDigest`, `endpointUTUsername`, `endpointUTPassword`.
fn convert_security(map: &mut Map<String, Value>, at: &Cursor<'_>, found: &mut Diagnostics) {
    if at.get("endpointSecured").flag(found) != Some(true) {
        return;
    }
    let is_digest = at.get("endpointAuthDigest").flag(found).unwrap_or(false);
    let security = json!({
        "enabled": true,
        "type": if is_digest { "DIGEST" } else { "BASIC" },
        "username": at.get("endpointUTUsername").value(),
        "password": at.get("endpointUTPassword").value(),
    });
    let security = json!({ "production": security, "sandbox": security });
    map.insert("endpointSecurity".to_owned(), security);
}

/// `endpointConfig` as JSON in text; the security beside it moves into it.
fn unfold_endpoint_config(path: &str, data: &mut Value, found: &mut Diagnostics) {
    let security = data.get("endpointSecurity").filter(|value| value.is_object()).cloned();
    let Some(config) = data.get_mut("endpointConfig") else { return };
    if let Value::String(text) = config {
        match yaml::parse(path, text.as_bytes()) {
            Ok(value) => *config = value,
            Err(problem) => {
                let place = Place::pointer(path, "/endpointConfig");
                found.error(codes::SYNTAX, place, problem.message, problem.help);
                return;
            }
        }
    }
    if let (Some(security), Some(config)) = (security, config.as_object_mut())
        && !config.contains_key("endpoint_security")
    {
        config.insert("endpoint_security".to_owned(), security);
    }
}
