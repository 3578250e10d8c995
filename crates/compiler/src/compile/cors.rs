//! `corsConfiguration` (spec/03 §6.3).

use http::{HeaderValue, Method};
use model::api::CorsDefinition;
use model::{Diagnostics, codes};

use super::{CorsDefaults, Source};
use crate::plan::CorsPlan;

/// `None` where CORS is switched off, for the gateway or for the API.
pub(super) fn plan(source: &Source<'_>, found: &mut Diagnostics) -> Option<CorsPlan> {
    let defaults = &source.options.cors;
    let cors = source.api.cors.as_ref().filter(|cors| cors.is_enabled && defaults.enable)?;
    Some(CorsPlan {
        allow_origins: or_default(&cors.allow_origins, &defaults.allow_origins).to_vec(),
        allow_credentials: cors.allow_credentials.unwrap_or(defaults.allow_credentials),
        allow_headers: headers(cors, defaults, found),
        allow_methods: methods(cors, defaults, found),
    })
}

fn or_default<'a>(own: &'a [String], defaults: &'a [String]) -> &'a [String] {
    if own.is_empty() { defaults } else { own }
}

fn headers(cors: &CorsDefinition, defaults: &CorsDefaults, found: &mut Diagnostics) -> HeaderValue {
    let names = or_default(&cors.allow_headers, &defaults.allow_headers).join(",");
    HeaderValue::try_from(&names).unwrap_or_else(|_| {
        let message = format!("`{names}` cannot be sent in a header");
        let help = "Use the names of headers.";
        found.error(codes::CORS, cors.place.clone(), message, help);
        HeaderValue::from_static("")
    })
}

fn methods(cors: &CorsDefinition, defaults: &CorsDefaults, found: &mut Diagnostics) -> Vec<Method> {
    let mut methods = Vec::new();
    for name in or_default(&cors.allow_methods, &defaults.allow_methods) {
        match name.to_ascii_uppercase().parse() {
            Ok(method) => methods.push(method),
            Err(_) => {
                let message = format!("`{name}` is not a method");
                found.error(codes::CORS, cors.place.clone(), message, "Use GET, POST and so on.");
            }
        }
    }
    methods
}
