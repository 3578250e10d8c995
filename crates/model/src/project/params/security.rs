//! The security of an environment as `endpoint_security` (spec/04 §2.4).

use serde_json::{Map, Value, json};

use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::Diagnostics;

/// Builds `endpoint_security`; `None` where the environment says nothing of it.
pub(super) fn build(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Value> {
    if at.entries(found).iter().all(|(_, value)| value.is_absent()) {
        return None;
    }
    let has_stages = ["production", "sandbox"].iter().any(|stage| !at.get(stage).is_absent());
    let mut security = Map::new();
    for stage in ["production", "sandbox"] {
        // The old form names no stage, and holds for both.
        let own = if has_stages { at.get(stage) } else { at.clone() };
        if !own.is_absent() {
            security.insert(stage.to_owned(), of_stage(&own, found));
        }
    }
    Some(security.into())
}

fn of_stage(at: &Cursor<'_>, found: &mut Diagnostics) -> Value {
    if at.get("enabled").flag(found) != Some(true) {
        return json!({ "type": "NONE", "enabled": false });
    }
    let kind = at.get("type").word(found).unwrap_or_default().to_ascii_uppercase();
    let needed: &[&str] = match kind.as_str() {
        "BASIC" | "DIGEST" => &["username", "password"],
        "OAUTH" => &["tokenUrl", "clientId", "clientSecret"],
        "APIKEY" => &["apiKeyIdentifier", "apiKeyIdentifierType", "apiKeyValue"],
        _ => {
            let message = format!("the security type `{kind}` is unknown");
            let help = "Use basic, digest, oauth or apikey.";
            found.error(codes::PARAM_SECURITY, at.get("type").place(), message, help);
            &[]
        }
    };
    for key in needed.iter().filter(|key| at.get(key).is_absent()) {
        let message = format!("`{key}` is missing");
        found.error(codes::PARAM_MISSING, at.get(key).place(), message, format!("Add `{key}`."));
    }
    let mut security = at.value().as_object().cloned().unwrap_or_default();
    security.insert("type".to_owned(), kind.into());
    security.insert("enabled".to_owned(), true.into());
    if let Some(grant) = at.get("grantType").word(found) {
        security.insert("grantType".to_owned(), grant.to_ascii_uppercase().into());
    }
    let custom = at.get("customParameters");
    if custom.value().is_object() {
        security.insert("customParameters".to_owned(), custom.value().to_string().into());
    }
    security.into()
}
