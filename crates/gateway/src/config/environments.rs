//! What `weir environments` prints: the environments as read, and the URLs that are advertised.

use std::fmt::Write as _;

use serde_json::{Value, json};
use settings::Settings;

use super::{Environment, GatewayConfig, VirtualHost, advertised_environment};

/// The environments as text, one block each; passwords are left out.
#[must_use]
pub fn environments_text(config: &GatewayConfig, settings: &Settings) -> String {
    let mut text = String::new();
    for environment in &config.environments {
        // Writing to a String cannot fail.
        block(&mut text, environment, config, settings).unwrap_or_default();
    }
    text
}

/// The environments as JSON; passwords are left out.
#[must_use]
pub fn environments_json(config: &GatewayConfig, settings: &Settings) -> Value {
    let environments: Vec<Value> = config
        .environments
        .iter()
        .map(|environment| environment_json(environment, config, settings))
        .collect();
    let endpoint = advertised_environment(&config.environments);
    json!({
        "gatewayEnvironment": endpoint.map(|environment| environment.name.as_str()),
        "gatewayEndpoint": endpoint.and_then(Environment::advertised),
        "environments": environments,
    })
}

fn block(
    text: &mut String,
    environment: &Environment,
    config: &GatewayConfig,
    settings: &Settings,
) -> std::fmt::Result {
    let endpoint = if is_endpoint(environment, config) { "  (gateway endpoint)" } else { "" };
    let served = if is_served(environment, config) { "" } else { "  (not served here)" };
    writeln!(text, "{}{endpoint}{served}", environment.name)?;
    writeln!(text, "  advertised   {}", environment.advertised().unwrap_or("nothing"))?;
    for (name, value) in values(environment) {
        let origin = origin(environment, name, settings);
        writeln!(text, "  {:<12} {value}  — {origin}", label(name))?;
    }
    for host in &environment.virtual_hosts {
        writeln!(text, "  host         {}", host.host)?;
        for url in [&host.https_endpoint, &host.http_endpoint] {
            writeln!(text, "               {url}")?;
        }
    }
    writeln!(text)
}

fn environment_json(
    environment: &Environment,
    config: &GatewayConfig,
    settings: &Settings,
) -> Value {
    let set = |name: &str, value: String| {
        let origin = origin(environment, name, settings);
        (name.to_owned(), json!({ "value": value, "origin": origin }))
    };
    let settings: serde_json::Map<String, Value> =
        values(environment).into_iter().map(|(name, value)| set(name, value)).collect();
    json!({
        "name": environment.name,
        "type": environment.kind.as_str(),
        "gatewayType": environment.gateway_type,
        "gatewayEndpoint": is_endpoint(environment, config),
        "served": is_served(environment, config),
        "advertised": environment.advertised(),
        "virtualHosts": environment.virtual_hosts.iter().map(host_json).collect::<Vec<_>>(),
        "settings": settings,
    })
}

fn host_json(host: &VirtualHost) -> Value {
    json!({
        "host": host.host,
        "httpEndpoint": host.http_endpoint,
        "httpsEndpoint": host.https_endpoint,
        "wsEndpoint": host.ws_endpoint,
        "wssEndpoint": host.wss_endpoint,
    })
}

/// The settings of an environment by their keys, without the ones that have no value.
fn values(environment: &Environment) -> Vec<(&'static str, String)> {
    let mut values = vec![
        ("type", environment.kind.as_str().to_owned()),
        ("gateway_type", environment.gateway_type.clone()),
        ("provider", environment.provider.clone()),
        ("display_name", environment.display_name.clone()),
        ("display_in_api_console", environment.display_in_api_console.to_string()),
    ];
    let urls = [
        ("https_endpoint", &environment.https_endpoint),
        ("http_endpoint", &environment.http_endpoint),
        ("wss_endpoint", &environment.wss_endpoint),
        ("ws_endpoint", &environment.ws_endpoint),
    ];
    let set = urls.into_iter().filter_map(|(name, url)| Some((name, url.clone()?)));
    values.extend(set.map(|(name, url)| (name, settings::mask_credentials(&url))));
    values
}

/// A key as the label of a line.
fn label(name: &str) -> &str {
    match name {
        "gateway_type" => "gateway",
        "display_name" => "shown as",
        "display_in_api_console" => "in console",
        "https_endpoint" => "https",
        "http_endpoint" => "http",
        "wss_endpoint" => "wss",
        "ws_endpoint" => "ws",
        other => other,
    }
}

fn is_endpoint(environment: &Environment, config: &GatewayConfig) -> bool {
    advertised_environment(&config.environments).is_some_and(|one| one.name == environment.name)
}

fn is_served(environment: &Environment, config: &GatewayConfig) -> bool {
    config.labels.contains(&environment.name)
}

/// Where a setting of an environment comes from; elements that were refused do not shift it.
fn origin(environment: &Environment, name: &str, settings: &Settings) -> String {
    let tables = settings.section("apim.gateway").tables("environment");
    let wanted = Some(environment.name.as_str());
    let table = tables.iter().find(|table| table.text("name").as_deref() == wanted);
    table.map_or_else(|| "default".to_owned(), |table| table.origin(name).to_string())
}

#[cfg(test)]
mod tests;
