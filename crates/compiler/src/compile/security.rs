//! Consumer-side security of an API as a whole (spec/03 §6.1).

use http::HeaderName;
use model::{Diagnostics, codes};

use super::Source;
use crate::plan::SecurityPlan;

pub(super) fn plan(source: &Source<'_>, found: &mut Diagnostics) -> SecurityPlan {
    check_schemes(source, found);
    let header = source.api.authorization_header.as_deref();
    SecurityPlan {
        authorization_header: header.and_then(|name| header_name(source, name, found)),
        audiences: source.api.audiences.clone(),
        key_managers: source.api.key_managers.clone(),
    }
}

fn header_name(source: &Source<'_>, name: &str, found: &mut Diagnostics) -> Option<HeaderName> {
    let parsed = HeaderName::try_from(name).ok();
    if parsed.is_none() {
        let message = format!("`{name}` cannot be the name of a header");
        let help = "Use letters, digits and hyphens.";
        found.error(codes::HEADER_NAME, source.place("authorizationHeader"), message, help);
    }
    parsed
}

/// Whatever is said here, no operation is opened by it: each keeps asking for a token.
fn check_schemes(source: &Source<'_>, found: &mut Diagnostics) {
    let Some(schemes) = &source.api.security_scheme else { return };
    let has = |name: &str| schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case(name));
    let place = source.place("securityScheme");
    let help = "List `oauth2` under `securityScheme`, and nothing else.";
    if has("mutualssl_mandatory") {
        let message = "client certificates are mandatory, and this version cannot ask for them";
        found.error(codes::SECURITY_SCHEME, place, message, help);
        return;
    }
    let others = ["basic_auth", "api_key", "mutualssl"];
    let others: Vec<_> = others.into_iter().filter(|name| has(name)).collect();
    if others.is_empty() {
        return;
    }
    let others = others.join("`, `");
    let message = if has("oauth2") {
        format!("this version takes tokens only, and nobody gets in by `{others}`")
    } else {
        format!("this version knows no `{others}`; the operations ask for a token instead")
    };
    found.warning(codes::SECURITY_SCHEME, place, message, help);
}
