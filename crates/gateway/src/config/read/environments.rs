//! `[[apim.gateway.environment]]` (spec/01 §7.1): who is described, with which URLs.

use std::collections::BTreeSet;

use settings::{Section, Settings};
use url::Url;

use super::values::{bool_or, choice, text, text_or, texts_or};
use crate::config::{Environment, EnvironmentKind, GatewayConfig, VirtualHost};

const DESCRIPTION: &str =
    "This is a hybrid gateway that handles both production and sandbox token traffic.";

const KINDS: [(&str, EnvironmentKind); 3] = [
    ("hybrid", EnvironmentKind::Hybrid),
    ("production", EnvironmentKind::Production),
    ("sandbox", EnvironmentKind::Sandbox),
];

/// Reads the environments and the labels that this gateway serves.
///
/// Without any environment there is one, `Default`, with the listeners' own ports.
pub(super) fn environments(settings: &Settings, config: &mut GatewayConfig) {
    let apim = settings.section("apim.gateway");
    let mut seen = BTreeSet::new();
    for section in apim.tables("environment") {
        if let Some(environment) = environment(&section, config, &mut seen) {
            config.environments.push(environment);
        }
    }
    if config.environments.is_empty() {
        config.environments.push(built_in(config));
    }
    gateway_types(settings, config);
    labels(settings, config);
}

fn environment(
    section: &Section<'_>,
    config: &GatewayConfig,
    seen: &mut BTreeSet<String>,
) -> Option<Environment> {
    let name = name(section, seen)?;
    let kind = choice(section, "type", "hybrid", &KINDS).unwrap_or(EnvironmentKind::Hybrid);
    let mut environment = Environment {
        display_name: text_or(section, "display_name", &name),
        description: text_or(section, "description", DESCRIPTION),
        gateway_type: text_or(section, "gateway_type", "Regular"),
        provider: text_or(section, "provider", "wso2"),
        display_in_api_console: bool_or(section, "display_in_api_console", true),
        show_as_token_endpoint_url: bool_or(section, "show_as_token_endpoint_url", true),
        http_endpoint: url(section, "http_endpoint", "http"),
        https_endpoint: url(section, "https_endpoint", "https"),
        ws_endpoint: url(section, "ws_endpoint", "ws"),
        wss_endpoint: url(section, "wss_endpoint", "wss"),
        websub_http_endpoint: url(section, "websub_event_receiver_http_endpoint", "http"),
        websub_https_endpoint: url(section, "websub_event_receiver_https_endpoint", "https"),
        service_url: text_or(section, "service_url", &service_url(config)),
        ..Environment::new(&name, kind)
    };
    environment.virtual_hosts = virtual_hosts(section);
    let is_silent = environment.advertised().is_none() && environment.virtual_hosts.is_empty();
    if is_silent && !section.has("http_endpoint") && !section.has("https_endpoint") {
        own_endpoints(&mut environment, config);
    }
    if environment.virtual_hosts.is_empty() {
        environment.virtual_hosts.extend(derived(&environment));
    }
    Some(environment)
}

/// The name, where it is one and no other environment has it.
fn name(section: &Section<'_>, seen: &mut BTreeSet<String>) -> Option<String> {
    let name = section.text("name").unwrap_or_default();
    section.effective("name", name.as_str());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || !name.bytes().all(is_plain) {
        let message = format!("{name:?} cannot name a gateway environment.");
        section.error("CF022", "name", message, "Use letters, digits, _ and - only.");
        return None;
    }
    if !seen.insert(name.clone()) {
        let message = format!("There are two gateway environments named {name}.");
        section.error("CF023", "name", message, "Give each environment a name of its own.");
        return None;
    }
    Some(name)
}

/// A URL of the right scheme with a host, without a slash at its end.
fn url(section: &Section<'_>, name: &str, scheme: &str) -> Option<String> {
    let written = text(section, name)?;
    let parsed = Url::parse(&written).ok();
    let fits = parsed.is_some_and(|url| url.scheme() == scheme && url.host_str().is_some());
    if !fits {
        let message = format!("{written:?} is no {scheme} URL with a host.");
        let help = format!("Write a URL such as {scheme}://gateway.example.com.");
        section.error("CF025", name, message, &help);
        return None;
    }
    Some(written.trim_end_matches('/').to_owned())
}

fn virtual_hosts(section: &Section<'_>) -> Vec<VirtualHost> {
    let mut hosts: Vec<VirtualHost> = Vec::new();
    for table in section.tables("virtual_host") {
        let Some(host) = virtual_host(&table) else { continue };
        if hosts.iter().any(|other| other.host == host.host) {
            let message = format!("The virtual host {} is given twice.", host.host);
            table.error("CF024", "https_endpoint", message, "Keep one of the two.");
            continue;
        }
        hosts.push(host);
    }
    hosts
}

fn virtual_host(section: &Section<'_>) -> Option<VirtualHost> {
    let Some(https) = url(section, "https_endpoint", "https") else {
        if !section.has("https_endpoint") {
            let message = "A virtual host needs its https_endpoint.".to_owned();
            section.error(
                "CF024",
                "https_endpoint",
                message,
                "Add https_endpoint = \"https://…\".",
            );
        }
        return None;
    };
    let mut host = VirtualHost::new(&host_of(&https)?);
    host.https_endpoint = https;
    let mut take = |name: &str, scheme: &str, slot: fn(&mut VirtualHost) -> &mut String| {
        let slot = slot(&mut host);
        if let Some(written) = url(section, name, scheme) {
            *slot = written;
        } else {
            section.effective(name, slot.as_str());
        }
    };
    take("http_endpoint", "http", |host| &mut host.http_endpoint);
    take("ws_endpoint", "ws", |host| &mut host.ws_endpoint);
    take("wss_endpoint", "wss", |host| &mut host.wss_endpoint);
    take("websub_event_receiver_http_endpoint", "http", |host| &mut host.websub_http_endpoint);
    take("websub_event_receiver_https_endpoint", "https", |host| &mut host.websub_https_endpoint);
    Some(host)
}

/// The virtual host that the endpoints of an environment describe.
fn derived(environment: &Environment) -> Option<VirtualHost> {
    let mut host = VirtualHost::new(&host_of(environment.advertised()?)?);
    let endpoints = [
        (&mut host.http_endpoint, &environment.http_endpoint),
        (&mut host.https_endpoint, &environment.https_endpoint),
        (&mut host.ws_endpoint, &environment.ws_endpoint),
        (&mut host.wss_endpoint, &environment.wss_endpoint),
        (&mut host.websub_http_endpoint, &environment.websub_http_endpoint),
        (&mut host.websub_https_endpoint, &environment.websub_https_endpoint),
    ];
    for (slot, endpoint) in endpoints {
        if let Some(endpoint) = endpoint {
            slot.clone_from(endpoint);
        }
    }
    Some(host)
}

/// The host of a URL, lower case; IPv6 addresses keep their brackets.
fn host_of(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_ascii_lowercase)
}

/// What holds where the file describes no environment.
fn built_in(config: &GatewayConfig) -> Environment {
    let mut environment = Environment::new("Default", EnvironmentKind::Hybrid);
    DESCRIPTION.clone_into(&mut environment.description);
    environment.service_url = service_url(config);
    own_endpoints(&mut environment, config);
    environment.virtual_hosts.extend(derived(&environment));
    environment
}

/// The URLs of the gateway's own listeners.
fn own_endpoints(environment: &mut Environment, config: &GatewayConfig) {
    let own = |scheme: &str, listener: Option<std::net::SocketAddr>| {
        listener.map(|address| format!("{scheme}://{}:{}", config.hostname, address.port()))
    };
    environment.is_derived = true;
    environment.http_endpoint = own("http", config.listeners.http);
    environment.https_endpoint = own("https", config.listeners.https);
}

fn service_url(config: &GatewayConfig) -> String {
    let port = config.listeners.manage.map_or(9443, |address| address.port());
    format!("https://localhost:{port}/services/")
}

/// Warns of gateway types that `[apim] gateway_type` does not list, where it is set.
fn gateway_types(settings: &Settings, config: &GatewayConfig) {
    let apim = settings.section("apim");
    let Some(types) = apim.texts("gateway_type") else { return };
    for environment in &config.environments {
        let wanted = &environment.gateway_type;
        if !types.iter().any(|listed| listed.eq_ignore_ascii_case(wanted)) {
            let message = format!(
                "The environment {} is of gateway type {wanted}, which is not listed.",
                environment.name
            );
            apim.warning("CF035", "gateway_type", message, "Add it to the list.");
        }
    }
}

fn labels(settings: &Settings, config: &mut GatewayConfig) {
    let section = settings.section("apim.sync_runtime_artifacts.gateway");
    config.labels = texts_or(&section, "gateway_labels", &config.labels);
    for label in &config.labels {
        if !config.environments.iter().any(|environment| environment.name == *label) {
            let message =
                format!("gateway_labels names {label}, and no environment has that name.");
            let help = "Add a [[apim.gateway.environment]] of that name, or mend the label.";
            section.warning("CF033", "gateway_labels", message, help);
        }
    }
}
