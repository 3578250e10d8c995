//! A table for each topic: what a text in the file makes of the configuration.

use super::*;

/// Checks that each text gives what is expected, and that nothing in it is unknown.
fn check(shown: fn(&GatewayConfig) -> String, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let outcome = read(text);
        assert!(outcome.diagnostics.is_empty(), "{text}: {:?}", outcome.diagnostics);
        assert_eq!(shown(&outcome.config), *expected, "{text}");
        let unknown = outcome.settings.unknown();
        assert!(unknown.is_empty(), "{text}: {unknown:?}");
    }
}

fn address(listener: Option<std::net::SocketAddr>) -> String {
    listener.map_or_else(|| "off".to_owned(), |address| address.to_string())
}

#[test]
fn listeners_have_ports_addresses_and_switches() {
    check(
        |c| address(c.listeners.http),
        &[
            ("server.offset = 2", "0.0.0.0:8282"),
            ("[transport.passthru_http.listener.parameters]\nport = 7003", "0.0.0.0:7003"),
            ("transport.passthru_http.listener.port = '7003'\nserver.offset = 1", "0.0.0.0:7004"),
            ("[transport.http]\nlistener.port = 1\nlistener.bind_address = '::1'", "[::1]:1"),
            (
                "transport.passthru_http.listener.parameters.port = 0\nserver.offset = 1",
                "0.0.0.0:0",
            ),
            ("[transport.passthru_http.listener]\nenable = false", "off"),
        ],
    );
    check(
        |c| address(c.listeners.https),
        &[
            (
                "[transport.passthru_https.listener.parameters]\nport = 7\nbind-address = 'localhost'",
                "127.0.0.1:7",
            ),
            ("transport.passthru_https.listener.port = 7", "0.0.0.0:7"),
            ("transport.http.listener.secured_port = 7", "0.0.0.0:7"),
            ("transport.passthru_https.listener.enable = 'false'", "off"),
        ],
    );
    check(
        |c| address(c.listeners.manage),
        &[
            ("[transport.https]\nproperties.port = 9000", "0.0.0.0:9000"),
            ("[transport.https]\nport = 9000\nbind_address = '127.0.0.1'", "127.0.0.1:9000"),
            ("transport.https.enable = false", "off"),
        ],
    );
    check(
        |c| address(c.listeners.manage_http),
        &[
            ("transport.http.port = 9\ntransport.http.listener.port = 8", "127.0.0.1:9"),
            ("transport.http.properties.address = '0.0.0.0'", "0.0.0.0:9763"),
            ("transport.http.enable = false", "off"),
        ],
    );
    check(
        |c| address(c.listeners.admin),
        &[
            ("weir.admin.listen = 'off'", "off"),
            ("weir.admin.listen = 9000\nserver.offset = 1", "127.0.0.1:9001"),
            ("weir.admin.listen = '0.0.0.0:1'", "0.0.0.0:1"),
        ],
    );
}

#[test]
fn times_have_units_and_aliases() {
    check(
        |c| format!("{:?} {:?}", c.timeouts.socket, c.timeouts.connect),
        &[
            ("[passthru_http]\n'http.socket.timeout' = 10000", "10s 5s"),
            (
                "[passthru_http]\nhttp.socket.timeout = '20s'\nhttp.connection.timeout = 3000",
                "20s 3s",
            ),
            ("[transport.http]\nsocket_timeout = 4000", "4s 2s"),
        ],
    );
    check(
        |c| format!("{:?}", c.timeouts.endpoint),
        &[
            ("[synapse_properties]\n'synapse.global_timeout_interval' = 1500", "1.5s"),
            ("[synapse_properties]\nsynapse.global_timeout_interval = '1500'", "1.5s"),
        ],
    );
    check(
        |c| {
            format!("{:?} {:?} {:?}", c.timeouts.head, c.timeouts.client_idle, c.timeouts.pool_idle)
        },
        &[
            (
                "[weir.limits]\nhead_timeout = 1\nclient_idle_timeout = '2m'\nupstream_idle_timeout = '3s'",
                "1s 120s 3s",
            ),
            ("passthru_http.http.socket.timeout = 60000", "30s 180s 50s"),
        ],
    );
    check(
        |c| format!("{:?}", c.timeouts.drain),
        &[("[weir.gateway]\ndrain = '5s'", "5s"), ("[weir.gateway]\ndrain = 0", "0ns")],
    );
}

#[test]
fn upstreams_have_a_client_and_limits() {
    check(
        |c| {
            let upstream = &c.upstream;
            let head = upstream.head;
            format!(
                "{:?} {} {} {}",
                upstream.client, upstream.idle_per_target, head.bytes, head.fields
            )
        },
        &[
            ("", "Own 512 65536 100"),
            ("[weir.upstream]\nclient = 'hyper'\nmax_idle_per_target = 3", "Library 3 65536 100"),
            ("[weir.upstream]\nhead_bytes = 1000\nheader_fields = 5", "Own 512 1000 5"),
        ],
    );
}

#[test]
fn proxies_are_for_hosts() {
    let shown = |c: &GatewayConfig| {
        let proxies = &c.upstream.proxies;
        let way = |is_secured, host| match proxies.choose(is_secured, host) {
            Some(proxy) => format!("{}:{}", proxy.host, proxy.port),
            None => "-".to_owned(),
        };
        let ways = [(false, "a.x"), (true, "a.x"), (false, "b.x"), (true, "c.y")];
        ways.map(|(is_secured, host)| way(is_secured, host)).join(" ")
    };
    check(
        shown,
        &[
            ("", "- - - -"),
            ("[transport.http]\nsender.proxy_host = 'p'", "p:80 p:80 p:80 p:80"),
            (
                "[transport.http.sender]\nproxy_host = 'p'\nproxy_port = 3128\n\
                 non_proxy_hosts = 'a.x|*.y'",
                "- - p:3128 -",
            ),
            (
                "[transport.passthru_http.sender.parameters]\n'http.proxyHost' = 'p'\n\
                 'http.proxyPort' = '1'\n'http.nonProxyHosts' = 'b*'",
                "p:1 - - -",
            ),
            (
                "[transport.http.sender]\nproxy_host = 'p'\n\
                 [transport.passthru_https.sender.parameters]\n'http.proxyHost' = '[::1]'",
                "p:80 ::1:80 p:80 ::1:80",
            ),
            (
                "[[transport.http.proxy_profile]]\ntarget_hosts = ['*']\nproxy_host = 'all'\n\
                 [[transport.http.proxy_profile]]\ntarget_hosts = ['.*\\.x']\nproxy_host = 'p'\n\
                 bypass_hosts = ['b.x']\n\
                 [[transport.http.secured_proxy_profile]]\ntarget_hosts = 'c.y'\n\
                 proxy_host = 'q'\nproxy_port = 2\n\
                 [transport.http]\nsender.proxy_host = 'unused'",
                "p:80 - - q:2",
            ),
        ],
    );
    let config = config(
        "[[transport.http.proxy_profile]]\ntarget_hosts = ['*']\nproxy_host = 'p'\n\
         proxy_username = 'user'\nproxy_password = 'pass'",
    );
    let proxy = config.upstream.proxies.choose(false, "a").unwrap();
    let shown = proxy.authorization.as_ref().unwrap();
    assert_eq!(shown, "Basic dXNlcjpwYXNz");
    assert!(!format!("{config:?}").contains("dXNlcjpwYXNz"));
}

#[test]
fn limits_bound_what_a_stranger_sends() {
    check(
        |c| {
            let l = &c.limits;
            format!("{} {} {} {}", l.head_bytes, l.header_fields, l.connections, l.http2_streams)
        },
        &[(
            "[weir.limits]\nhead_bytes = 1\nheader_fields = 2\nconnections = 3\nhttp2_streams = 4",
            "1 2 3 4",
        )],
    );
    check(
        |c| {
            let Http2Limits { resets, control, upstream_connections, upstream_streams } =
                c.limits.http2;
            let rate = |rate: Rate| format!("{}/{}", rate.per_second, rate.burst);
            format!("{} {} {upstream_connections} {upstream_streams}", rate(resets), rate(control))
        },
        &[
            ("", "50/200 200/1000 8 100"),
            ("[weir.gateway.http2]\nresets_per_second = 1\nreset_burst = 2", "1/2 200/1000 8 100"),
            (
                "[weir.gateway.http2]\ncontrol_frames_per_second = 3\ncontrol_frame_burst = 4",
                "50/200 3/4 8 100",
            ),
            (
                "[weir.gateway.http2]\nupstream_connections = 5\nupstream_streams = 6",
                "50/200 200/1000 5 6",
            ),
        ],
    );
    check(
        |c| {
            let clients = &c.limits.clients;
            format!(
                "{:?} {:?} {:?} {} {:?}",
                clients.connections,
                clients.connection_rate,
                clients.handshakes,
                c.limits.handshakes,
                c.timeouts.handshake
            )
        },
        &[
            ("weir.limits.connections = 100", "Some(50) None Some(512) 1024 10s"),
            ("[weir.limits]\nconnections = 1\nhead_timeout = 2", "Some(1) None Some(512) 1024 2s"),
            (
                "[weir.limits]\nconnections_per_client = 0\nconnection_rate_per_client = 5\n\
                 handshakes_per_client = 0\nhandshakes_per_worker = 6\nhandshake_timeout = '7s'",
                "None Some(5) None 6 7s",
            ),
        ],
    );
    check(
        |c| format!("{:?}", c.limits.body_bytes),
        &[
            ("weir.limits.body_bytes = 5", "Some(5)"),
            ("weir.limits.body_bytes = 0", "None"),
            ("[passthru_http]\n'message.size.validation.enabled' = true", "Some(2147483647)"),
            (
                "[passthru_http]\nmessage.size.validation.enabled = true\nvalid.max.message.size.in.bytes = 9",
                "Some(9)",
            ),
            ("[passthru_http]\nvalid.max.message.size.in.bytes = 9", "None"),
        ],
    );
}

#[test]
fn the_gateway_has_switches() {
    check(
        |c| {
            format!(
                "{} {:?} {} {}",
                c.workers, c.fault_status, c.strict_virtual_hosts, c.sample_backend
            )
        },
        &[(
            "[weir.gateway]\nworkers = 3\nfault_status = 'precise'\nstrict_virtual_hosts = true\nsample_backend = true",
            "3 Precise true true",
        )],
    );
    check(
        |c| format!("{:?}", c.soap_faults),
        &[("", "Caller"), ("[weir.compat]\nsoap_faults = '1.1'", "Always11")],
    );
    check(
        |c| c.mocks_in_any_state.to_string(),
        &[("", "false"), ("[weir.compat]\nmock_states = 'any'", "true")],
    );
    check(
        |c| format!("{:?} {}", c.aws.defaults.mapping, c.aws.defaults.has_flag_bug),
        &[
            ("", "Automatic false"),
            ("apim.aws_lambda.enable_proxy_response_mapping = true", "Automatic false"),
            ("apim.aws_lambda.enable_proxy_response_mapping = false", "Whole false"),
            ("[weir.compat]\nlambda_answers = 'whole'\nlambda_empty_body = 'wso2'", "Whole true"),
            (
                "apim.aws_lambda.enable_proxy_response_mapping = false\n\
                 weir.compat.lambda_answers = 'function'",
                "Automatic false",
            ),
        ],
    );
    check(
        |c| format!("{} {:?} {}", c.aws.attempts, c.aws.silence, c.aws.hides_failures),
        &[
            ("", "4 None false"),
            (
                "[apim.aws_lambda]\nretry_max_attempts = 2\nhttp_client.socket_timeout = 30",
                "2 Some(30s) false",
            ),
            ("weir.compat.lambda_failures = 'wso2'", "4 None true"),
        ],
    );
    check(
        |c| c.admission.allow_unauthenticated.to_string(),
        &[("[weir.gateway]\nallow_unauthenticated = true", "true")],
    );
    check(|c| c.hostname.clone(), &[("server.hostname = 'gw.example.com'", "gw.example.com")]);
}

#[test]
fn headers_are_preserved_or_sent() {
    check(
        |c| {
            let f = &c.forwarding;
            format!("{} {} {}", f.preserve_host, f.preserve_server, f.preserve_location)
        },
        &[
            (
                "[passthru_http]\n'http.headers.preserve' = 'Content-Type, host ,Location'",
                "true true true",
            ),
            ("[transport.http]\npreserve_http_server_name = false", "false false false"),
            (
                "[passthru_http]\n'http.server.preserve' = false\n'http.headers.preserve' = 'Server'",
                "false true false",
            ),
            ("[weir.gateway]\npreserve_location = true", "false true true"),
        ],
    );
    check(
        |c| {
            let f = &c.forwarding;
            format!("{:?} {} {}", f.trusted_proxies, f.x_forwarded, f.forwarded)
        },
        &[(
            "[weir.gateway]\ntrusted_proxies = ['10.0.0.0/8', '::1']\nx_forwarded = false\nforwarded = false",
            "[10.0.0.0/8, ::1/128] false false",
        )],
    );
    check(
        |c| c.forwarding.correlation_header.to_string(),
        &[("[passthru_http]\ncorrelation_header_name = 'X-Request-ID'", "x-request-id")],
    );
    check(
        |c| format!("{} {}", c.admission.authorization_header, c.forwarding.outbound_auth_header),
        &[(
            "[apim.oauth_config]\nauth_header = 'X-Auth'\nenable_outbound_auth_header = true",
            "x-auth true",
        )],
    );
}

#[test]
fn tokens_are_remembered() {
    check(
        |c| {
            let a = &c.admission;
            format!("{:?} {} {:?}", a.clock_skew, a.cache_entries, a.cache_time)
        },
        &[
            (
                "[weir.jwt]\nclock_skew = 7\ncache_entries = 8\n[apim.cache.gateway_token]\nexpiry_time = '9s'",
                "7s 8 9s",
            ),
            ("[apim.cache.gateway_token]\nenable = false", "5s 100000 0ns"),
        ],
    );
}

#[test]
fn cors_has_lists() {
    check(
        |c| {
            let c = &c.cors;
            format!(
                "{} {:?} {:?} {}",
                c.enable, c.allow_origins, c.allow_methods, c.allow_credentials
            )
        },
        &[(
            "[apim.cors]\nenable = false\nallow_origins = 'https://a,https://b'\nallow_methods = ['GET']\nallow_credentials = true",
            r#"false ["https://a", "https://b"] ["GET"] true"#,
        )],
    );
}

#[test]
fn endpoints_have_defaults() {
    check(
        |c| {
            let d = &c.endpoint_defaults;
            format!("{} {} {}", d.suspend_initial_ms, d.suspend_factor, d.override_leaf)
        },
        &[(
            "[synapse_properties]\nsynapse.global_endpoint_suspend_duration = 5\nsynapse.global_endpoint_suspend_progression_factor = '2.5'\nsynapse.override_endpoint_suspend_config_with_global_values = true",
            "5 2.5 true",
        )],
    );
    check(
        |c| {
            let d = &c.endpoint_defaults;
            format!(
                "{:?} {:?} {:?} {:?} {} {}",
                d.failover_retries,
                d.recursive_failover_retries,
                d.failover_suspension,
                d.recursive_failover_suspension,
                d.build_on_failover,
                d.preserve_payload_on_timeout
            )
        },
        &[(
            "[synapse_properties]\nmaximum.failover.retries = 3\nmaximum.failover.recursive.retries = 4\nsuspend.duration.on.maximum.failover = 5\nsuspend.duration.on.maximum.recursive.failover = 6\nbuild.message.on.failover.enable = true\npreserve_payload_on_timeout = true",
            "Some(3) Some(4) 5ms 6ms true true",
        )],
    );
    check(
        |c| c.endpoint_defaults.load_balance_failover.to_string(),
        &[
            ("apim.endpoint_config.loadbalanced.enable_failover = false", "false"),
            ("[preserve_previous_product_behaviour]\nversion = 'APIM_4.4.0'", "false"),
            ("[preserve_previous_product_behaviour]\nversion = 'APIM_4.6.0'", "true"),
        ],
    );
    check(
        |c| format!("{:?}", c.endpoint_defaults.session),
        &[("[synapse_properties]\n'synapse.sal.endpoints.sesssion.timeout.default' = 1000", "1s")],
    );
}

#[test]
fn tls_has_versions_and_a_verifier() {
    check(
        |c| format!("{:?}", c.upstream_tls.hostname_verifier),
        &[
            (
                "transport.passthru_https.sender.parameters.HostnameVerifier = 'allowall'",
                "AllowAll",
            ),
            ("transport.passthru_https.sender.parameters.HostnameVerifier = 'STRICT'", "Strict"),
        ],
    );
    check(
        |c| format!("{} {}", c.server_tls.tls12, c.upstream_tls.tls12),
        &[
            (
                "transport.passthru_https.listener.parameters.HttpsProtocols = 'TLSv1.3'",
                "false true",
            ),
            ("transport.passthru_https.sender.parameters.HttpsProtocols = 'TLSv1.3'", "true false"),
            (
                "transport.passthru_https.listener.parameters.HttpsProtocols = 'TLSv1.2'",
                "true true",
            ),
        ],
    );
}
