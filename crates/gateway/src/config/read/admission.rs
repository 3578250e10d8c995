//! Who may call: issuers of tokens, the token's header, and how long a verdict is remembered.

use std::path::Path;
use std::time::Duration;

use http::HeaderName;
use settings::{Section, Settings, Unit};

use super::values::{DAY, bool_or, duration_in, size_in, text, text_or};
use crate::config::{Admission, JwtIssuer};

pub(super) fn admission(settings: &Settings, home: &Path) -> Admission {
    let default = Admission::default();
    let oauth = settings.section("apim.oauth_config");
    let jwt = settings.section("weir.jwt");
    Admission {
        issuers: issuers(settings, &super::tls::security(home)),
        allow_unauthenticated: bool_or(
            &settings.section("weir.gateway"),
            "allow_unauthenticated",
            default.allow_unauthenticated,
        ),
        authorization_header: header(&oauth, "auth_header", "Authorization")
            .unwrap_or(default.authorization_header),
        clock_skew: duration_in(
            &jwt,
            "clock_skew",
            Unit::Seconds,
            default.clock_skew,
            &(Duration::ZERO..=Duration::from_secs(600)),
        ),
        cache_entries: size_in(&jwt, "cache_entries", 100_000, 100_000_000) as u64,
        cache_time: cache_time(settings, default.cache_time),
    }
}

/// `[apim.cache.gateway_token]`; no time at all where it is switched off.
fn cache_time(settings: &Settings, default: Duration) -> Duration {
    let cache = settings.section("apim.cache.gateway_token");
    let time = duration_in(&cache, "expiry_time", Unit::Seconds, default, &(Duration::ZERO..=DAY));
    if bool_or(&cache, "enable", true) { time } else { Duration::ZERO }
}

fn issuers(settings: &Settings, stores: &Path) -> Vec<JwtIssuer> {
    let tables = settings.section("apim.jwt").tables("issuer");
    tables.iter().filter_map(|table| issuer(table, stores)).collect()
}

fn issuer(section: &Section<'_>, stores: &Path) -> Option<JwtIssuer> {
    let (name, claim) = (text(section, "name"), text(section, "issuer"));
    let Some(issuer) = claim.or_else(|| name.clone()) else {
        let message = "This issuer has no name.".to_owned();
        let help = "Set name to the `iss` claim of its tokens.";
        section.error("CF031", "name", message, help);
        return None;
    };
    let issuer = JwtIssuer {
        name: name.unwrap_or_else(|| issuer.clone()),
        issuer,
        jwks_url: text(section, "jwks.url"),
        certificate: certificate(section).map(|file| stores.join(file)),
        consumer_key_claim: text(section, "consumer_key_claim"),
        scopes_claim: text_or(section, "scopes_claim", "scope"),
        jwks_refresh: duration_in(
            section,
            "jwks.refresh",
            Unit::Seconds,
            Duration::from_secs(60),
            &(Duration::from_secs(1)..=DAY),
        ),
    };
    if issuer.jwks_url.is_none() && issuer.certificate.is_none() {
        let message = format!("The issuer {} has no keys; none of its tokens passes.", issuer.name);
        section.warning("CF031", "name", message, "Set jwks.url, or certificate to a PEM file.");
    }
    Some(issuer)
}

/// The PEM file; an alias of a Java trust store is of no use here.
fn certificate(section: &Section<'_>) -> Option<String> {
    let alias = section.either(&["certificate.alias", "certificate_alias"]);
    if section.has(alias) {
        let message = "An alias of a trust store cannot be used as the issuer's key.".to_owned();
        let help = "Export it with `keytool -exportcert -rfc -alias …` and name the PEM file with \
                    certificate.";
        section.warning("CF031", alias, message, help);
    }
    text(section, section.either(&["certificate", "certificate.file"]))
}

/// A header name; a text that is none is an error.
pub(super) fn header(section: &Section<'_>, name: &str, default: &str) -> Option<HeaderName> {
    let written = text_or(section, name, default);
    let header = HeaderName::from_bytes(written.trim().as_bytes()).ok();
    if header.is_none() {
        let message = format!("{written:?} is no header name.");
        section.error("CF030", name, message, "Use letters, digits and - only.");
    }
    header
}
