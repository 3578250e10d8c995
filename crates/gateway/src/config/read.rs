//! From settings to the gateway's configuration: which key means what, and its bounds.
//!
//! `docs/configuration.md` lists every key that is asked for here; a test holds the two together.

mod admission;
mod aws;
mod client_tls;
mod environments;
mod listeners;
mod oauth;
mod proxies;
mod secrets;
mod tls;
mod unsupported;
mod upstream;
mod values;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use model::diagnostic::Diagnostics;
use settings::{Effective, Section, Settings, Unit};

use super::overrides::Overrides;
use super::{
    ClientLimits, CorsConfig, EndpointDefaults, FaultStatus, Forwarding, GatewayConfig,
    Http2Limits, Limits, Rate, ScriptsConfig, SoapFaults, Timeouts,
};
use values::{DAY, bool_or, choice, duration_in, integer_in, size_in, text_or, texts_or};

/// The installation folder where nothing names one.
pub const DEFAULT_HOME: &str = "weir-home";

/// The shortest time-out that can be configured.
const SHORTEST: Duration = Duration::from_millis(1);

/// Reads everything that concerns the gateway.
///
/// The configuration can always be used; where a value cannot be taken, its default holds and a
/// diagnostic says so. Whoever starts a gateway refuses to when there are errors.
#[must_use]
pub fn gateway_config(settings: &Settings, overrides: &Overrides) -> (GatewayConfig, Diagnostics) {
    let home = home(settings, overrides);
    let gateway = settings.section("weir.gateway");
    let mut config = GatewayConfig {
        listeners: listeners::listeners(settings, overrides),
        workers: workers(&gateway, overrides),
        limits: limits(settings),
        timeouts: timeouts(settings),
        server_tls: tls::server(settings, &home),
        upstream_tls: tls::upstream(settings, &home),
        oauth: oauth::oauth(settings),
        aws: aws::aws(settings, overrides),
        secrets: secrets::secrets(settings, &tls::security(&home)),
        upstream: upstream::upstreams(settings),
        forwarding: forwarding(settings),
        cors: cors(settings),
        admission: admission::admission(settings, &home),
        fault_status: fault_status(&gateway),
        soap_faults: soap_faults(settings),
        mocks_in_any_state: mocks_in_any_state(settings),
        hostname: text_or(&settings.section("server"), "hostname", "localhost"),
        strict_virtual_hosts: bool_or(&gateway, "strict_virtual_hosts", false),
        sample_backend: bool_or(&gateway, "sample_backend", false),
        endpoint_defaults: endpoint_defaults(settings),
        mediation: std::sync::Arc::new(policies(settings)),
        scripts: scripts(settings),
        ..GatewayConfig::default()
    };
    environments::environments(settings, &mut config);
    unsupported::warn(settings);
    (config, settings.take_diagnostics())
}

/// Every value in effect with its origin, for `GET /config`; secrets are masked.
#[must_use]
pub fn report(settings: &Settings) -> Vec<Effective> {
    settings.effective()
}

/// The installation folder: a flag's, the environment's, or `weir-home`.
fn home(settings: &Settings, overrides: &Overrides) -> PathBuf {
    let Some(sourced) = &overrides.home else { return PathBuf::from(DEFAULT_HOME) };
    let text = sourced.value.display().to_string();
    settings.section("").effective_from("home", text, sourced.origin.clone());
    sourced.value.clone()
}

fn workers(gateway: &Section<'_>, overrides: &Overrides) -> usize {
    let configured = size_in(gateway, "workers", GatewayConfig::default().workers, 1024);
    let Some(sourced) = &overrides.workers else { return configured };
    gateway.effective_from("workers", sourced.value.to_string(), sourced.origin.clone());
    sourced.value
}

fn fault_status(gateway: &Section<'_>) -> FaultStatus {
    let choices = [("wso2", FaultStatus::Wso2), ("precise", FaultStatus::Precise)];
    choice(gateway, "fault_status", "wso2", &choices).unwrap_or(FaultStatus::Wso2)
}

fn soap_faults(settings: &Settings) -> SoapFaults {
    let choices = [("caller", SoapFaults::Caller), ("1.1", SoapFaults::Always11)];
    let section = settings.section("weir.compat");
    choice(&section, "soap_faults", "caller", &choices).unwrap_or(SoapFaults::Caller)
}

fn mocks_in_any_state(settings: &Settings) -> bool {
    let section = settings.section("weir.compat");
    let choices = [("prototype", false), ("any", true)];
    choice(&section, "mock_states", "prototype", &choices).unwrap_or(false)
}

fn limits(settings: &Settings) -> Limits {
    let section = settings.section("weir.limits");
    let default = Limits::default();
    let connections = size_in(&section, "connections", default.connections, 10_000_000);
    Limits {
        head_bytes: size_in(&section, "head_bytes", default.head_bytes, 16 * 1024 * 1024),
        header_fields: size_in(&section, "header_fields", default.header_fields, 10_000),
        body_bytes: body_bytes(settings, &section),
        connections,
        clients: client_limits(&section, connections),
        handshakes: size_in(&section, "handshakes_per_worker", default.handshakes, 1_000_000),
        http2_streams: u32::try_from(size_in(&section, "http2_streams", 200, 65_535))
            .unwrap_or(default.http2_streams),
        http2: http2(settings),
    }
}

/// `[weir.policies]`: what the policies of one request may use.
fn policies(settings: &Settings) -> mediation::Limits {
    let section = settings.section("weir.policies");
    let default = mediation::Limits::default();
    let size = |name: &str, default: usize, most: usize| size_in(&section, name, default, most);
    let body = size("body_bytes", default.body, 1 << 30);
    let steps = i64::try_from(default.expression_steps).unwrap_or(i64::MAX);
    let steps = integer_in(&section, "expression_steps", steps, &(1..=i64::MAX));
    let mediators =
        size("steps", usize::try_from(default.mediators).unwrap_or(usize::MAX), 1 << 30);
    mediation::Limits {
        body,
        xml: xml::read::Limits {
            bytes: body,
            depth: size("xml_depth", default.xml.depth, 10_000),
            nodes: size("xml_nodes", default.xml.nodes, 100_000_000),
            attributes: size("xml_attributes", default.xml.attributes, 100_000),
            name: default.xml.name,
        },
        json_depth: size("json_depth", default.json_depth, 127),
        expression_steps: u64::try_from(steps).unwrap_or(default.expression_steps),
        mediators: mediators as u64,
        output: size("output_bytes", default.output, 1 << 30),
        total_output: size("total_output_bytes", default.total_output, 1 << 34),
        nesting: default.nesting,
    }
}

/// `[weir.scripts]`.
fn scripts(settings: &Settings) -> ScriptsConfig {
    let section = settings.section("weir.scripts");
    let default = ScriptsConfig::default();
    let time = usize::try_from(default.limits.time.as_millis()).unwrap_or(usize::MAX);
    let time = size_in(&section, "time_ms", time, 60_000);
    ScriptsConfig {
        threads: size_in(&section, "threads", default.threads, 1024),
        queue: size_in(&section, "queue", default.queue, 1_000_000),
        limits: script::ScriptLimits {
            time: Duration::from_millis(u64::try_from(time).unwrap_or(u64::MAX)),
            memory: size_in(&section, "memory_bytes", default.limits.memory, 1 << 30),
            output: size_in(&section, "output_bytes", default.limits.output, 1 << 30),
            ..default.limits
        },
    }
}

fn http2(settings: &Settings) -> Http2Limits {
    let section = settings.section("weir.gateway.http2");
    let default = Http2Limits::default();
    let number = |name: &str, default: u32| {
        let value = integer_in(&section, name, i64::from(default), &(1..=10_000_000));
        u32::try_from(value).unwrap_or(default)
    };
    Http2Limits {
        resets: Rate {
            per_second: number("resets_per_second", default.resets.per_second),
            burst: number("reset_burst", default.resets.burst),
        },
        control: Rate {
            per_second: number("control_frames_per_second", default.control.per_second),
            burst: number("control_frame_burst", default.control.burst),
        },
        upstream_connections: size_in(
            &section,
            "upstream_connections",
            default.upstream_connections,
            1024,
        ),
        upstream_streams: size_in(
            &section,
            "upstream_streams",
            default.upstream_streams,
            1_000_000,
        ),
    }
}

/// One client cannot take all places, and may well be many people behind one address.
fn client_limits(section: &Section<'_>, connections: usize) -> ClientLimits {
    let number = |name: &str, default: usize| {
        let default = i64::try_from(default).unwrap_or(i64::MAX);
        let value = integer_in(section, name, default, &(0..=10_000_000));
        usize::try_from(value).ok().filter(|value| *value > 0)
    };
    let default = ClientLimits::default();
    ClientLimits {
        connections: number("connections_per_client", (connections / 2).max(1)),
        connection_rate: number("connection_rate_per_client", 0)
            .and_then(|rate| u32::try_from(rate).ok()),
        handshakes: number("handshakes_per_client", default.handshakes.unwrap_or_default()),
    }
}

/// `[weir.limits] body_bytes`, else WSO2's message size validation; 0 is unlimited.
fn body_bytes(settings: &Settings, limits: &Section<'_>) -> Option<u64> {
    let passthru = settings.section("passthru_http");
    let largest = i64::from(i32::MAX);
    let enabled = bool_or(&passthru, "message.size.validation.enabled", false);
    let name = "valid.max.message.size.in.bytes";
    let validated = integer_in(&passthru, name, largest, &(1..=i64::MAX));
    let written = limits.integer("body_bytes");
    let bytes = written.or(enabled.then_some(validated)).filter(|bytes| *bytes > 0);
    let text = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    limits.effective("body_bytes", text);
    bytes.and_then(|bytes| u64::try_from(bytes).ok())
}

fn timeouts(settings: &Settings) -> Timeouts {
    let default = Timeouts::default();
    let limits = settings.section("weir.limits");
    let gateway = settings.section("weir.gateway");
    let seconds = |section: &Section<'_>, name: &str, default: Duration| {
        duration_in(section, name, Unit::Seconds, default, &(SHORTEST..=DAY))
    };
    let socket = socket_timeout(settings, default.socket);
    let head = seconds(&limits, "head_timeout", default.head);
    let pool_idle = default.pool_idle.min(socket.saturating_sub(Duration::from_secs(10)));
    Timeouts {
        head,
        handshake: seconds(&limits, "handshake_timeout", default.handshake.min(head)),
        client_idle: seconds(&limits, "client_idle_timeout", default.client_idle),
        endpoint: milliseconds(
            &settings.section("synapse_properties"),
            "synapse.global_timeout_interval",
            default.endpoint,
        ),
        connect: milliseconds(
            &settings.section("passthru_http"),
            "http.connection.timeout",
            (socket / 2).max(SHORTEST),
        ),
        socket,
        pool_idle: seconds(&limits, "upstream_idle_timeout", pool_idle.max(SHORTEST)),
        drain: duration_in(
            &gateway,
            "drain",
            Unit::Seconds,
            default.drain,
            &(Duration::ZERO..=DAY),
        ),
    }
}

fn socket_timeout(settings: &Settings, default: Duration) -> Duration {
    let root = settings.section("");
    let names = ["passthru_http.http.socket.timeout", "transport.http.socket_timeout"];
    milliseconds(&root, root.either(&names), default)
}

fn milliseconds(section: &Section<'_>, name: &str, default: Duration) -> Duration {
    duration_in(section, name, Unit::Milliseconds, default, &(SHORTEST..=DAY))
}

fn forwarding(settings: &Settings) -> Forwarding {
    let default = Forwarding::default();
    let root = settings.section("");
    let gateway = settings.section("weir.gateway");
    let passthru = settings.section("passthru_http");
    let preserve = root
        .either(&["passthru_http.http.headers.preserve", "transport.http.preserve_http_headers"]);
    let preserved = texts_or(&root, preserve, &["Content-Type".to_owned()]);
    let preserves = |name: &str| preserved.iter().any(|header| header.eq_ignore_ascii_case(name));
    let server = root.either(&[
        "passthru_http.http.server.preserve",
        "transport.http.preserve_http_server_name",
    ]);
    let name = "correlation_header_name";
    let correlation = admission::header(&passthru, name, default.correlation_header.as_str());
    Forwarding {
        trusted_proxies: networks(&gateway, "trusted_proxies"),
        x_forwarded: bool_or(&gateway, "x_forwarded", default.x_forwarded),
        forwarded: bool_or(&gateway, "forwarded", default.forwarded),
        preserve_host: preserves("Host"),
        preserve_server: bool_or(&root, server, default.preserve_server) || preserves("Server"),
        correlation_header: correlation.unwrap_or(default.correlation_header),
        outbound_auth_header: bool_or(
            &settings.section("apim.oauth_config"),
            "enable_outbound_auth_header",
            default.outbound_auth_header,
        ),
        preserve_location: bool_or(&gateway, "preserve_location", default.preserve_location)
            || preserves("Location"),
    }
}

/// Networks in CIDR form; an address alone is a network of one.
fn networks(section: &Section<'_>, name: &str) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for text in texts_or(section, name, &[]) {
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        match text.parse().ok().or_else(address) {
            Some(network) => networks.push(network),
            None => section.error(
                "CF034",
                name,
                format!("{text:?} is no network."),
                "Write networks such as 10.0.0.0/8 or fd00::/8.",
            ),
        }
    }
    networks
}

fn cors(settings: &Settings) -> CorsConfig {
    let section = settings.section("apim.cors");
    let default = CorsConfig::default();
    CorsConfig {
        enable: bool_or(&section, "enable", default.enable),
        allow_origins: texts_or(&section, "allow_origins", &default.allow_origins),
        allow_methods: texts_or(&section, "allow_methods", &default.allow_methods),
        allow_headers: texts_or(&section, "allow_headers", &default.allow_headers),
        allow_credentials: bool_or(&section, "allow_credentials", default.allow_credentials),
    }
}

fn endpoint_defaults(settings: &Settings) -> EndpointDefaults {
    let section = settings.section("synapse_properties");
    let default = EndpointDefaults::default();
    let retries = |name: &str| {
        let number = integer_in(&section, name, -1, &(-1..=i64::from(u32::MAX)));
        u32::try_from(number).ok()
    };
    EndpointDefaults {
        suspend_initial_ms: integer_in(
            &section,
            "synapse.global_endpoint_suspend_duration",
            default.suspend_initial_ms,
            &(-1..=86_400_000),
        ),
        suspend_factor: suspend_factor(&section, default.suspend_factor),
        override_leaf: bool_or(
            &section,
            "synapse.override_endpoint_suspend_config_with_global_values",
            default.override_leaf,
        ),
        session: milliseconds(
            &section,
            section.either(&[
                // The spelling is WSO2's.
                "synapse.sal.endpoints.sesssion.timeout.default",
                "synapse.sal.endpoints.session.timeout.default",
            ]),
            default.session,
        ),
        build_on_failover: bool_or(&section, "build.message.on.failover.enable", false),
        preserve_payload_on_timeout: bool_or(&section, "preserve_payload_on_timeout", false),
        failover_retries: retries("maximum.failover.retries"),
        recursive_failover_retries: retries("maximum.failover.recursive.retries"),
        failover_suspension: milliseconds(
            &section,
            "suspend.duration.on.maximum.failover",
            default.failover_suspension,
        ),
        recursive_failover_suspension: milliseconds(
            &section,
            "suspend.duration.on.maximum.recursive.failover",
            default.recursive_failover_suspension,
        ),
        load_balance_failover: load_balance_failover(settings),
    }
}

fn suspend_factor(section: &Section<'_>, default: f64) -> f64 {
    let name = "synapse.global_endpoint_suspend_progression_factor";
    let factor = section.number(name).unwrap_or(default).clamp(0.0, 1000.0);
    section.effective(name, factor.to_string());
    factor
}

/// Whether a load-balance group fails over; versions before 4.6 did not, and a file may say that
/// it wants the ways of such a version.
fn load_balance_failover(settings: &Settings) -> bool {
    let previous = settings.section("preserve_previous_product_behaviour").text("version");
    let is_old = matches!(previous.as_deref().map(str::trim), Some("APIM_4.4.0" | "APIM_4.5.0"));
    let section = settings.section("apim.endpoint_config.loadbalanced");
    bool_or(&section, "enable_failover", !is_old)
}

#[cfg(test)]
mod tests;
