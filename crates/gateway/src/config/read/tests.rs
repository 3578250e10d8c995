#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::BTreeSet;
use std::path::Path;

use model::diagnostic::{Severity, Spot};
use settings::{MASK, Origin, Variables};

use super::*;
use crate::config::{EnvironmentKind, HostnameVerifier, KeyFiles, Secret, advertised_environment};

mod clients;
mod keys;

const DOCUMENT: &str = include_str!("../../../../../docs/configuration.md");

/// A file with every list of tables, so that every key is asked for.
const FULL: &str = r#"
[[apim.gateway.environment]]
name = "Default"
https_endpoint = "https://gw.example.com"
[[apim.gateway.environment.virtual_host]]
https_endpoint = "https://api.example.com:8443/ctx"
[[apim.jwt.issuer]]
name = "idp"
jwks.url = "https://idp.example.com/jwks"
[[transport.http.proxy_profile]]
target_hosts = ["*"]
proxy_host = "p.example.com"
[[transport.http.secured_proxy_profile]]
target_hosts = ["*"]
proxy_host = "p.example.com"
[apim]
gateway_type = "Regular"
[[weir.tls.certificate]]
certificate = "a.pem"
key = "a.key"
[keystore.tls]
file_name = "b.p12"
[truststore]
file_name = "c.p12"
[[weir.tls.client]]
hosts = "a.example"
certificate = "d.pem"
[[keystore.ssl_profile.custom]]
servers = "a.example:8443"
keystore.location = "e.p12"
truststore.location = "f.p12"
[keystore.ssl_profile.default]
servers = "*"
keystore.location = "e.p12"
truststore.location = "f.p12"
[transport.passthru_https.sender]
key_store.location = "e.p12"
trust_store.location = "f.p12"
ssl_profile.file_path = "profiles.xml"
[transport.http.sender]
keystore.location = "e.p12"
truststore.location = "f.p12"
"#;

struct Outcome {
    settings: Settings,
    config: GatewayConfig,
    diagnostics: Diagnostics,
}

impl Outcome {
    /// `code:line` of everything found.
    fn found(&self) -> Vec<String> {
        let line = |spot: &Spot| match spot {
            Spot::Line { line, .. } => *line,
            _ => 0,
        };
        self.diagnostics
            .iter()
            .map(|found| format!("{}:{}", found.code, line(&found.place.spot)))
            .collect()
    }

    fn effective(&self, key: &str) -> String {
        let lines = report(&self.settings);
        let line = lines.iter().find(|line| line.key == key).unwrap();
        format!("{} — {}", line.value, line.origin)
    }
}

fn read_with(text: &str, overrides: &Overrides) -> Outcome {
    let variables = overrides.fix(Variables::default());
    let (settings, mut diagnostics) = Settings::read(text, "d.toml", &variables);
    let (config, found) = gateway_config(&settings, overrides);
    diagnostics.extend(found);
    Outcome { settings, config, diagnostics }
}

fn read(text: &str) -> Outcome {
    read_with(text, &Overrides::default())
}

/// Reads a text in which nothing is wrong.
fn config(text: &str) -> GatewayConfig {
    let outcome = read(text);
    assert!(outcome.diagnostics.is_empty(), "{text}: {:?}", outcome.diagnostics);
    outcome.config
}

/// The keys that the document lists in the first column of its tables below "Keys".
fn documented() -> BTreeSet<String> {
    let (_, keys) = DOCUMENT.split_once("\n## Keys\n").unwrap();
    let rows = keys.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned())).collect()
}

#[test]
fn the_document_lists_exactly_the_keys_that_are_read() {
    let with_list = read(FULL).settings.asked();
    let plain = read("[weir.tls]\ncertificate = 'a.pem'").settings.asked();
    let asked: BTreeSet<String> = with_list.into_iter().chain(plain).collect();
    let documented = documented();
    let missing: Vec<_> = asked.difference(&documented).collect();
    assert!(missing.is_empty(), "not in docs/configuration.md: {missing:#?}");
    let stale: Vec<_> = documented.difference(&asked).collect();
    assert!(stale.is_empty(), "in docs/configuration.md, but never read: {stale:#?}");
}

#[test]
fn no_file_gives_the_defaults() {
    let read = config("");
    let default = GatewayConfig::default();
    assert_eq!(read.listeners.http, default.listeners.http);
    assert_eq!(read.listeners.https, default.listeners.https);
    assert_eq!(read.listeners.manage, default.listeners.manage);
    assert_eq!(read.listeners.manage_http, default.listeners.manage_http);
    assert_eq!(read.listeners.admin, default.listeners.admin);
    assert_eq!(format!("{:?}", read.timeouts), format!("{:?}", default.timeouts));
    assert_eq!(format!("{:?}", read.limits), format!("{:?}", default.limits));
    assert_eq!(format!("{:?}", read.forwarding), format!("{:?}", default.forwarding));
    assert_eq!(format!("{:?}", read.cors), format!("{:?}", default.cors));
    assert_eq!(format!("{:?}", read.admission), format!("{:?}", default.admission));
    assert_eq!(format!("{:?}", read.server_tls), format!("{:?}", default.server_tls));
    assert_eq!(format!("{:?}", read.upstream_tls), format!("{:?}", default.upstream_tls));
    assert_eq!(format!("{:?}", read.endpoint_defaults), format!("{:?}", default.endpoint_defaults));
}

#[test]
fn what_cannot_be_taken_is_reported_at_its_line() {
    let cases = [
        ("\n[transport.passthru_http.listener.parameters]\nport = 70000", "CF021:3"),
        ("transport.https.port = 65000\nserver.offset = 1000", "CF021:1"),
        ("transport.https.bind_address = 'nowhere'", "CF020:1"),
        ("weir.admin.listen = 'nowhere'", "CF020:1"),
        ("server.offset = -1", "CF008:1"),
        ("weir.gateway.workers = 0", "CF008:1"),
        ("weir.gateway.fault_status = 'kind'", "CF032:1"),
        ("weir.compat.soap_faults = '1.3'", "CF032:1"),
        ("weir.compat.mock_states = 'all'", "CF032:1"),
        ("weir.gateway.trusted_proxies = '10.0.0.0/40'", "CF034:1"),
        ("weir.gateway.drain = '400d'", "CF008:1"),
        ("synapse_properties.synapse.global_timeout_interval = 0", "CF008:1"),
        ("synapse_properties.synapse.global_timeout_interval = -5", "CF007:1"),
        ("apim.oauth_config.auth_header = 'a b'", "CF030:1"),
        ("[[apim.jwt.issuer]]\nname = 'x'", "CF031:2"),
        ("[[apim.jwt.issuer]]\njwks.url = 'https://x'", "CF031:1"),
        ("weir.tls.key = 'a.key'", "CF027:1"),
        ("transport.passthru_https.sender.parameters.HostnameVerifier = 'Lax'", "CF028:1"),
        (
            "transport.passthru_https.listener.parameters.HttpsProtocols = 'TLSv1,TLSv1.2'",
            "CF029:1",
        ),
        ("transport.passthru_https.listener.parameters.HttpsProtocols = 'SSLv3'", "CF029:1"),
        ("[keystore.tls]\nfile_name = 'wso2carbon.jks'\ntype = 'JKS'", "CF026:2"),
        ("[truststore]\nfile_name = 'client-truststore.jks'", "CF026:2"),
        ("[apim]\ngateway_type = 'APK'", "CF035:2"),
        ("[transport.passthru_https.listener.parameters]\nSSLVerifyClient = 'require'", "CF036:2"),
        ("transport.passthru_https.sender.parameters.novalidatecert = true", "CF036:1"),
        ("[[transport.http.proxy_profile]]\nproxy_host = 'p'", "CF037:1"),
        ("[[transport.http.proxy_profile]]\ntarget_hosts = ['*']", "CF037:1"),
        (
            "[[transport.http.proxy_profile]]\nproxy_host = 'p'\ntarget_hosts = ['(a|b)', 'c']",
            "CF037:3",
        ),
        ("apim.sync_runtime_artifacts.gateway.gateway_labels = ['Nowhere']", "CF033:1"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).found(), [expected], "{text}");
    }
}

#[test]
fn an_unknown_hostname_verifier_means_default() {
    let outcome = read("transport.passthru_https.sender.parameters.HostnameVerifier = 'Lax'");
    assert_eq!(outcome.config.upstream_tls.hostname_verifier, HostnameVerifier::Default);
    assert!(!outcome.diagnostics.has_errors());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let lookup = |name: &str| match name {
        "WEIR_HTTP" => Some("127.0.0.1:1000".to_owned()),
        "WEIR_HTTPS" => Some("2000".to_owned()),
        "WEIR_WORKERS" => Some("5".to_owned()),
        _ => None,
    };
    let mut overrides = Overrides::from_environment(lookup).unwrap();
    overrides.set_flag("http", "127.0.0.1:1001").unwrap();
    overrides.set_flag("admin", "off").unwrap();
    overrides.set_flag("home", "/srv/weir").unwrap();
    let text = "server.offset = 7\ntransport.passthru_http.listener.port = 5\n\
                [[apim.gateway.environment]]\nname = 'Default'\n\
                http_endpoint = 'http://localhost:${http.nio.port}'\n\
                https_endpoint = 'https://localhost:${https.nio.port}'";
    let outcome = read_with(text, &overrides);
    let listeners = &outcome.config.listeners;
    assert_eq!(listeners.http.unwrap().to_string(), "127.0.0.1:1001");
    assert_eq!(listeners.https.unwrap().to_string(), "0.0.0.0:2000");
    assert_eq!(listeners.manage.unwrap().to_string(), "0.0.0.0:9450");
    assert_eq!(listeners.admin, None);
    assert_eq!(outcome.config.workers, 5);
    assert_eq!(outcome.config.server_tls.self_signed_dir, Path::new("/srv/weir/data"));
    let environment = outcome.config.environments.first().unwrap();
    assert_eq!(environment.http_endpoint.as_deref(), Some("http://localhost:1001"));
    assert_eq!(environment.advertised(), Some("https://localhost:2000"));
    let shown = [
        ("transport.passthru_http.listener", "127.0.0.1:1001 — flag --http"),
        ("transport.passthru_https.listener", "0.0.0.0:2000 — environment WEIR_HTTPS"),
        ("transport.https", "0.0.0.0:9450 — default"),
        ("weir.admin.listen", "off — flag --admin"),
        ("weir.gateway.workers", "5 — environment WEIR_WORKERS"),
        ("server.offset", "7 — d.toml:1"),
        ("weir.gateway.drain", "30s — default"),
    ];
    for (key, expected) in shown {
        assert_eq!(outcome.effective(key), expected);
    }
}

#[test]
fn a_wrong_override_names_itself() {
    let error =
        Overrides::from_environment(|name| (name == "WEIR_ADMIN").then(|| "nowhere".to_owned()))
            .unwrap_err();
    assert_eq!(
        error.to_string(),
        "environment WEIR_ADMIN is \"nowhere\", but must be an address such as 0.0.0.0:8280, a \
         port, or off"
    );
    for (name, text) in [("http", "1.2.3.4:99999"), ("workers", "0"), ("else", "1")] {
        assert!(Overrides::default().set_flag(name, text).is_err(), "{name}");
    }
}

#[test]
fn certificates_are_found_in_the_security_folder() {
    let security = |file: &str| Path::new("weir-home/repository/resources/security").join(file);
    let pem = |certificate: &str, key: &str| KeyFiles::Pem {
        certificate: security(certificate),
        key: security(key),
    };
    let pkcs12 = |alias: Option<&str>| KeyFiles::Pkcs12 {
        file: security("s.p12"),
        password: Secret("pw".to_owned()),
        alias: alias.map(str::to_owned),
    };
    let cases = [
        ("weir.tls.certificate = 'a.pem'", vec![pem("a.pem", "a.pem")]),
        ("weir.tls.certificate = 'a.pem'\nweir.tls.key = 'a.key'", vec![pem("a.pem", "a.key")]),
        (
            "[[weir.tls.certificate]]\ncertificate = 'a.pem'\nkey = 'a.key'\n\
             [[weir.tls.certificate]]\ncertificate = 'b.pem'\n\
             [keystore.tls]\nfile_name = 's.jks'",
            vec![pem("a.pem", "a.key"), pem("b.pem", "b.pem")],
        ),
        (
            "[keystore.tls]\nfile_name = 's.p12'\npassword = 'pw'\nalias = 'me'",
            vec![pkcs12(Some("me"))],
        ),
        (
            "[keystore.tls]\nfile_name = 's.p12'\ntype = 'pkcs12'\npassword = 'pw'",
            vec![pkcs12(None)],
        ),
        ("[keystore.tls]\nfile_name = 'a.pem'", vec![pem("a.pem", "a.pem")]),
        ("", vec![]),
    ];
    for (text, expected) in cases {
        let certificates = config(text).server_tls.certificates;
        assert_eq!(format!("{certificates:?}"), format!("{expected:?}"), "{text}");
    }
}

#[test]
fn trust_stores_add_roots() {
    let tls = config("[truststore]\nfile_name = 'r.p12'\npassword = 'pw'\n[weir.tls]\nroots = 'x.pem'\nsystem_roots = false")
        .upstream_tls;
    let store = tls.root_stores.first().unwrap();
    assert!(store.file.ends_with("repository/resources/security/r.p12"));
    assert_eq!(store.password, Secret("pw".to_owned()));
    assert!(tls.extra_roots.first().unwrap().ends_with("x.pem"));
    assert!(!tls.system_roots);
    let tls = config("[truststore]\nfile_name = 'r.pem'").upstream_tls;
    assert!(tls.extra_roots.first().unwrap().ends_with("r.pem"));
}

#[test]
fn the_help_for_a_jks_store_is_a_command() {
    let outcome = read("[keystore.tls]\nfile_name = 'mine.jks'");
    let found = outcome.diagnostics.iter().next().unwrap();
    assert_eq!(found.severity, Severity::Warning);
    assert!(found.help.contains(
        "keytool -importkeystore -srckeystore mine.jks -destkeystore mine.p12 -deststoretype PKCS12"
    ));
}

#[test]
fn issuers_have_a_name_and_a_claim() {
    let text = "[[apim.jwt.issuer]]\nname = 'https://idp/token'\njwks.url = 'https://idp/jwks'\n\
                consumer_key_claim = 'azp'\nscopes_claim = 'scp'\n\
                [[apim.jwt.issuer]]\nname = 'Resident'\nissuer = 'https://me'\ncertificate = 'me.pem'\n\
                jwks.refresh = '5m'";
    let issuers = config(text).admission.issuers;
    let [first, second] = issuers.as_slice() else { panic!("two issuers") };
    assert_eq!(
        (first.name.as_str(), first.issuer.as_str()),
        ("https://idp/token", "https://idp/token")
    );
    assert_eq!(first.jwks_url.as_deref(), Some("https://idp/jwks"));
    assert_eq!(first.consumer_key_claim.as_deref(), Some("azp"));
    assert_eq!((first.scopes_claim.as_str(), second.scopes_claim.as_str()), ("scp", "scope"));
    assert_eq!((second.name.as_str(), second.issuer.as_str()), ("Resident", "https://me"));
    assert!(second.certificate.as_ref().unwrap().ends_with("security/me.pem"));
    assert_eq!(second.jwks_refresh, Duration::from_secs(300));
}

#[test]
fn an_environment_without_anything_has_the_defaults() {
    let read = config("server.offset = 1\n[[apim.gateway.environment]]\nname = 'Default'");
    let [environment] = read.environments.as_slice() else { panic!("one environment") };
    assert_eq!(environment.kind, EnvironmentKind::Hybrid);
    assert_eq!(environment.gateway_type, "Regular");
    assert_eq!(environment.provider, "wso2");
    assert_eq!(environment.display_name, "Default");
    assert!(environment.display_in_api_console);
    assert_eq!(environment.advertised(), Some("https://localhost:8244"));
    let [host] = environment.virtual_hosts.as_slice() else { panic!("one host") };
    assert_eq!(host.host, "localhost");
    assert_eq!(host.http_endpoint, "http://localhost:8281");
    assert_eq!(host.ws_endpoint, "ws://localhost:9099");
}

#[test]
fn without_environments_there_is_one() {
    let read = config("server.hostname = 'gw.example.com'");
    let [environment] = read.environments.as_slice() else { panic!("one environment") };
    assert_eq!(environment.name, "Default");
    assert_eq!(environment.advertised(), Some("https://gw.example.com:8243"));
    assert_eq!(environment.virtual_hosts.first().unwrap().host, "gw.example.com");
}

#[test]
fn only_the_endpoint_that_is_given_is_advertised() {
    let read =
        config("[[apim.gateway.environment]]\nname = 'Default'\nhttp_endpoint = 'http://a/'");
    let environment = read.environments.first().unwrap();
    assert_eq!(environment.https_endpoint, None);
    assert_eq!(environment.advertised(), Some("http://a"));
}

#[test]
fn virtual_hosts_are_read_or_derived() {
    let read = config(
        "[[apim.gateway.environment]]\nname = 'Default'\nhttps_endpoint = 'https://GW.example.com'\n\
         [[apim.gateway.environment.virtual_host]]\nhttps_endpoint = 'https://One.example.com:8443/ctx'\n\
         http_endpoint = 'http://one.example.com:8080'\n\
         [[apim.gateway.environment.virtual_host]]\nhttps_endpoint = 'https://two.example.com'\n\
         [[apim.gateway.environment]]\nname = 'Other'\nhttps_endpoint = 'https://GW.example.com'",
    );
    let [first, second] = read.environments.as_slice() else { panic!("two environments") };
    let hosts: Vec<_> = first.virtual_hosts.iter().map(|host| host.host.as_str()).collect();
    assert_eq!(hosts, ["one.example.com", "two.example.com"]);
    let [one, two] = first.virtual_hosts.as_slice() else { panic!("two hosts") };
    assert_eq!(one.https_endpoint, "https://One.example.com:8443/ctx");
    assert_eq!(one.http_endpoint, "http://one.example.com:8080");
    assert_eq!(two.http_endpoint, "http://two.example.com:80");
    assert_eq!(two.wss_endpoint, "wss://two.example.com:8099");
    assert_eq!(second.virtual_hosts.first().unwrap().host, "gw.example.com");
}

#[test]
fn wrong_environments_are_refused_one_by_one() {
    let outcome = read(
        "[[apim.gateway.environment]]\nname = 'A'\ntype = 'odd'\nhttp_endpoint = 'https://x'\n\
         [[apim.gateway.environment]]\nname = 'A'\n\
         [[apim.gateway.environment]]\nname = 'Production and Sandbox'\n\
         [[apim.gateway.environment]]\n\
         [[apim.gateway.environment]]\nname = 'B'\n\
         [[apim.gateway.environment.virtual_host]]\nhttp_endpoint = 'http://x'\n\
         [[apim.gateway.environment.virtual_host]]\nhttps_endpoint = 'https://h'\n\
         [[apim.gateway.environment.virtual_host]]\nhttps_endpoint = 'https://H:1'\n\
         [apim.sync_runtime_artifacts.gateway]\ngateway_labels = 'A'",
    );
    assert_eq!(
        outcome.found(),
        ["CF032:3", "CF025:4", "CF023:6", "CF022:8", "CF022:9", "CF024:12", "CF024:17"]
    );
    let names: Vec<_> = outcome.config.environments.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["A", "B"]);
}

#[test]
fn the_gateway_endpoint_is_that_of_production() {
    let environments = |kinds: &[&str]| {
        let one = |(at, kind): (usize, &&str)| {
            format!("[[apim.gateway.environment]]\nname = 'E{at}'\ntype = '{kind}'\n")
        };
        let text: String = kinds.iter().enumerate().map(one).collect();
        let labels = "[apim.sync_runtime_artifacts.gateway]\ngateway_labels = 'E0'";
        config(&format!("{text}{labels}")).environments
    };
    let cases: [(&[&str], &str); 4] = [
        (&["sandbox", "hybrid", "production", "production"], "E2"),
        (&["sandbox", "hybrid"], "E1"),
        (&["sandbox"], "E0"),
        (&["production", "hybrid"], "E0"),
    ];
    for (kinds, expected) in cases {
        assert_eq!(advertised_environment(&environments(kinds)).unwrap().name, expected);
    }
    assert!(advertised_environment(&[]).is_none());
}

#[test]
fn every_key_takes_odd_values_without_harm() {
    let values = [
        "-1",
        "0",
        "9223372036854775807",
        "-9223372036854775808",
        "1e308",
        "nan",
        "true",
        "''",
        "'-1s'",
        "'99999999999999999999'",
        "'é\\u0000 $ref{a}'",
        "[]",
        "['', 1, [true]]",
        "[{ name = 'x' }]",
        "{ }",
        "1979-05-27",
    ];
    for key in documented() {
        // An element of a list is written `[[table]]`, then the key; lists in lists the same way.
        let mut text = String::new();
        let mut parts = key.split("[].").peekable();
        let mut path = String::new();
        while let Some(part) = parts.next() {
            path = if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") };
            text = match parts.peek() {
                Some(_) => format!("{text}[[{path}]]\n"),
                None if text.is_empty() => format!("{part} = "),
                None => format!("{text}{part} = "),
            };
        }
        for value in values {
            let outcome = read(&format!("{text}{value}"));
            let times = &outcome.config.timeouts;
            assert!(times.endpoint <= DAY && times.socket <= DAY && times.drain <= DAY, "{key}");
            assert!((1..=1024).contains(&outcome.config.workers), "{key} = {value}");
            assert!(!outcome.config.environments.is_empty(), "{key} = {value}");
            let _shown =
                crate::config::environments::environments_text(&outcome.config, &outcome.settings);
        }
    }
}

#[test]
fn secrets_that_are_not_needed_may_be_missing() {
    let outcome = read(
        "[super_admin]\npassword = '$secret{admin}'\n\
         [keystore.tls]\nfile_name = 's.jks'\npassword = '$secret{store}'\n\
         [[apim.gateway.environment]]\nname = 'Default'\npassword = '${admin.password}'",
    );
    assert_eq!(outcome.found(), ["CF026:4"]);
    let outcome = read("[keystore.tls]\nfile_name = 's.p12'\npassword = '$secret{store}'");
    assert_eq!(outcome.found(), ["CF006:3"]);
}

#[test]
fn secrets_never_show() {
    let outcome = read(
        "[keystore.tls]\nfile_name = 's.p12'\npassword = 'topsecret'\n[super_admin]\npassword = 'topsecret'\n\
         [[apim.gateway.environment]]\nname = 'Default'\npassword = '${admin.password}'\n\
         service_url = 'https://me:topsecret@host/'\nusername = '${admin.password}'",
    );
    let shown = format!("{:?}\n{:?}", report(&outcome.settings), outcome.diagnostics);
    assert!(!shown.contains("topsecret"), "{shown}");
    assert_eq!(outcome.effective("keystore.tls.password"), format!("{MASK} — d.toml:3"));
}

#[test]
fn the_file_that_wso2_ships_needs_nothing() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned();
    let root = std::env::var("WEIR_SHARED").unwrap_or(beside);
    let path = format!("{root}/fixtures/wso2/deployment/deployment.toml");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: the shared fixtures are not here");
        return;
    };
    let outcome = read(&text);
    // The one thing to mend: a JKS store, which only Java reads.
    let codes: Vec<_> = outcome.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(codes, ["CF026"]);
    let unknown = outcome.settings.unknown();
    assert_eq!(
        unknown.iter().map(|found| found.code).collect::<Vec<_>>(),
        ["CF010"],
        "{unknown:?}"
    );
    let environment = advertised_environment(&outcome.config.environments).unwrap();
    assert_eq!(environment.name, "Default");
    assert_eq!(environment.advertised(), Some("https://localhost:8243"));
    assert_eq!(environment.service_url, "https://localhost:9443/services/");
    assert_eq!(outcome.config.labels, ["Default"]);
    assert_eq!(
        outcome.settings.origin("apim.cors.allow_origins"),
        Origin::File { file: "d.toml".to_owned(), line: 171 }
    );
}
