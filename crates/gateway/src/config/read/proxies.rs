//! Proxies towards upstreams: profiles for groups of hosts, or one for all.

use std::sync::Arc;

use http::HeaderValue;
use settings::{Section, Settings};

use super::values::{bool_or, integer_in, text, texts_or};
use crate::config::proxies::{HostPattern, Proxies, Proxy, ProxyRule};

/// Where WSO2 says which proxy is for all upstreams of one kind.
const CLEAR: &str = "transport.passthru_http.sender.parameters";
const SECURED: &str = "transport.passthru_https.sender.parameters";
/// The same for both kinds, under other names.
const BOTH: &str = "transport.http.sender";

/// The names of the keys in a table.
struct Names {
    host: &'static str,
    port: &'static str,
    bypass: &'static str,
}

const OF_PARAMETERS: Names =
    Names { host: "http.proxyHost", port: "http.proxyPort", bypass: "http.nonProxyHosts" };
const OF_BOTH: Names = Names { host: "proxy_host", port: "proxy_port", bypass: "non_proxy_hosts" };

/// Reads all proxies; where there are profiles for a kind of upstreams, they are all that counts.
pub(super) fn proxies(settings: &Settings) -> Proxies {
    let transport = settings.section("transport.http");
    let rules = |profiles: &str, parameters: &str| {
        let rules = profiles_of(&transport, profiles);
        // Asked for in any case, so that the keys are not reported as unknown.
        let for_all = for_all(settings, parameters);
        if rules.is_empty() { for_all.into_iter().collect() } else { rules }
    };
    Proxies {
        clear: rules("proxy_profile", CLEAR),
        secured: rules("secured_proxy_profile", SECURED),
    }
}

/// The proxy on the way to authorization servers (`[apim.proxy_config]`, spec/03 §4.4); `None` where
/// it is off.
pub(super) fn of_tokens(settings: &Settings) -> Option<Proxies> {
    let section = settings.section("apim.proxy_config");
    let is_on = bool_or(&section, "enable", false);
    let (user, password) = (text(&section, "username"), text(&section, "password"));
    let protocol = text(&section, "protocol").unwrap_or_else(|| "http".to_owned());
    let hosts = |name: &str| {
        let written = text(&section, name).unwrap_or_default();
        let parts: Vec<&str> = written.split('|').filter(|part| !part.trim().is_empty()).collect();
        parts.iter().filter_map(|part| pattern(&section, name, part)).collect::<Vec<_>>()
    };
    let (bypass, mut targets) = (hosts("nonProxyHosts"), hosts("targetProxyHosts"));
    let host = text(&section, "host");
    let port = section.has("port");
    if !is_on {
        return None;
    }
    let Some(host) = host else {
        let message = "The proxy is switched on and has no host.".to_owned();
        section.error("CF037", "host", message, "Set host and port, or enable = false.");
        return None;
    };
    if !port {
        let message = "The proxy has no port; 80 is taken.".to_owned();
        section.warning("CF037", "port", message, "Set port.");
    }
    if !protocol.eq_ignore_ascii_case("http") {
        let message = "Only proxies that are reached in clear text are supported.".to_owned();
        section.error("CF037", "protocol", message, "Set protocol = \"http\".");
    }
    if targets.is_empty() {
        targets.push(HostPattern::any());
    }
    let authorization =
        user.and_then(|user| Proxy::basic(&user, password.as_deref().unwrap_or_default()));
    let rule = ProxyRule { targets, bypass, proxy: proxy(&section, &host, "port", authorization) };
    Some(Proxies { clear: vec![rule.clone()], secured: vec![rule] })
}

/// One proxy for all upstreams of a kind.
fn for_all(settings: &Settings, parameters: &str) -> Option<ProxyRule> {
    let of_both = (settings.section(BOTH), &OF_BOTH);
    let of_kind = (settings.section(parameters), &OF_PARAMETERS);
    let ask = |(section, names): &(Section<'_>, &Names)| {
        [names.host, names.port, names.bypass].map(|name| section.has(name))[0]
    };
    let (is_of_kind, _) = (ask(&of_kind), ask(&of_both));
    let (section, names) = if is_of_kind { of_kind } else { of_both };
    let host = text(&section, names.host)?;
    let written = text(&section, names.bypass).unwrap_or_default();
    let bypass = written.split('|').filter(|part| !part.trim().is_empty());
    let bypass = bypass.filter_map(|part| pattern(&section, names.bypass, part)).collect();
    let proxy = proxy(&section, &host, names.port, None);
    Some(ProxyRule { targets: vec![HostPattern::any()], bypass, proxy })
}

/// Proxies for groups of hosts; the one for every host comes last, wherever it stands.
fn profiles_of(transport: &Section<'_>, name: &str) -> Vec<ProxyRule> {
    let mut rules: Vec<ProxyRule> = transport.tables(name).iter().filter_map(profile).collect();
    rules.sort_by_key(|rule| rule.targets.iter().any(HostPattern::is_any));
    rules
}

fn profile(section: &Section<'_>) -> Option<ProxyRule> {
    let (user, password) = (text(section, "proxy_username"), text(section, "proxy_password"));
    let patterns = |name: &str| {
        let written = texts_or(section, name, &[]);
        written.iter().filter_map(|part| pattern(section, name, part)).collect::<Vec<_>>()
    };
    let (targets, bypass) = (patterns("target_hosts"), patterns("bypass_hosts"));
    let Some(host) = text(section, "proxy_host") else {
        let message = "This profile names no proxy.".to_owned();
        section.error("CF037", "proxy_host", message, "Set proxy_host and proxy_port.");
        return None;
    };
    if targets.is_empty() {
        let message = "This profile is for no host.".to_owned();
        section.error("CF037", "target_hosts", message, "Set target_hosts, to [\"*\"] for all.");
        return None;
    }
    let authorization =
        user.and_then(|user| Proxy::basic(&user, password.as_deref().unwrap_or_default()));
    Some(ProxyRule { targets, bypass, proxy: proxy(section, &host, "proxy_port", authorization) })
}

fn proxy(
    section: &Section<'_>,
    host: &str,
    port: &str,
    authorization: Option<HeaderValue>,
) -> Arc<Proxy> {
    let host = host.trim().trim_start_matches('[').trim_end_matches(']');
    let port = u16::try_from(integer_in(section, port, 80, &(1..=65_535))).unwrap_or(80);
    Arc::new(Proxy { host: host.into(), port, authorization })
}

fn pattern(section: &Section<'_>, name: &str, text: &str) -> Option<HostPattern> {
    let pattern = HostPattern::parse(text);
    if pattern.is_none() {
        let message = format!("{text:?} is no pattern of hosts.");
        let help = "Write host names, in which * stands for any characters.";
        section.error("CF037", name, message, help);
    }
    pattern
}
