//! Keys that nobody asked for: mistyped ones, and WSO2's own that have no effect here.

use std::collections::BTreeSet;

use model::diagnostic::{Diagnostics, Place};

use crate::Settings;
use crate::journal::without_indices;

/// How alike two keys must be for one to be suggested instead of the other (0 to 1).
const ALIKE: f64 = 0.75;

/// How many unknown keys are named; a file with more is not ours.
const MAX_NAMED: usize = 50;

/// Keys and tables of WSO2 API Manager 4.x that mean something there and nothing here.
///
/// A table stands for everything below it. Tables that are read here are named key by key, so
/// that a mistyped key in them is still found.
const WITHOUT_EFFECT: &[&str] = &[
    "admin_console",
    "admin_service",
    "apim.ai",
    "apim.analytics",
    "apim.api_quota_limit",
    "apim.apim_gateway",
    "apim.auth_manager",
    "apim.aws_lambda",
    "apim.basic_authenticator",
    "apim.cache",
    "apim.cache_invalidation",
    "apim.certificate_reloader",
    "apim.correlation_logs",
    "apim.cors.enable_validation_for_ws",
    "apim.datasource",
    "apim.datasource_sync_runtime_artifacts",
    "apim.devportal",
    "apim.enable_change_password",
    "apim.enable_secure_vault",
    "apim.event_hub",
    "apim.gateway.environment[].password",
    "apim.gateway.environment[].username",
    "apim.gateway_notification",
    "apim.gateway_type",
    "apim.hashing",
    "apim.http_client",
    "apim.idp",
    "apim.jwt.claim_dialect",
    "apim.jwt.claims_extractor_impl",
    "apim.jwt.convert_dialect",
    "apim.jwt.enable",
    "apim.jwt.enable_jwks_api",
    "apim.jwt.enable_tenant_based_signing",
    "apim.jwt.enable_user_claims",
    "apim.jwt.encode_x5t_without_padding",
    "apim.jwt.encoding",
    "apim.jwt.expiry_time",
    "apim.jwt.gateway_generator",
    "apim.jwt.generator_impl",
    "apim.jwt.header",
    "apim.jwt.issuer[].claim_mapping",
    "apim.jwt.issuer[].disable_default_claim_mapping",
    "apim.jwt.signing_algorithm",
    "apim.jwt.use_sha256_hash",
    "apim.jwt_authentication",
    "apim.key_manager",
    "apim.mediator_config",
    "apim.monetization",
    "apim.notification",
    "apim.oauth_config.allowed_scopes",
    "apim.oauth_config.default_app_scope",
    "apim.oauth_config.enable_certificate_bound_access_token",
    "apim.oauth_config.enable_revoke_token_cleanup",
    "apim.oauth_config.enable_token_encryption",
    "apim.oauth_config.enable_token_hashing",
    "apim.oauth_config.expires_in",
    "apim.oauth_config.revoke_endpoint",
    "apim.oauth_config.revoke_endpoint_context",
    "apim.oauth_config.scope_issuer",
    "apim.oauth_config.set_jwt_as_opaque_token",
    "apim.oauth_config.token_endpoint_context",
    "apim.oauth_config.white_listed_scopes",
    "apim.open_telemetry",
    "apim.open_tracer",
    "apim.organization_based_access_control",
    "apim.publisher",
    "apim.rest_api",
    "apim.sdk",
    "apim.security",
    "apim.service_catalog",
    "apim.sync_runtime_artifacts.gateway.artifact_retriever",
    "apim.sync_runtime_artifacts.gateway.data_retrieval_mode",
    "apim.sync_runtime_artifacts.gateway.deployment_retry_duration",
    "apim.sync_runtime_artifacts.gateway.enable",
    "apim.sync_runtime_artifacts.gateway.enable_on_demand_loading",
    "apim.sync_runtime_artifacts.gateway.event_waiting_time",
    "apim.sync_runtime_artifacts.gateway.max_retry_count",
    "apim.sync_runtime_artifacts.gateway.retry_count",
    "apim.sync_runtime_artifacts.gateway.retry_duration",
    "apim.sync_runtime_artifacts.gateway.retry_progression_factor",
    "apim.sync_runtime_artifacts.publisher",
    "apim.sync_runtime_artifacts.tenant_loading",
    "apim.synapse_artifact_generator",
    "apim.throttling",
    "apim.token",
    "apim.transaction_counter",
    "apim.transport_headers",
    "apim.webhooks",
    "apim.workflow",
    "apim.ws",
    "apimgt",
    "authentication",
    "authenticationendpoint",
    "axis2",
    "broker",
    "bps",
    "carbon_health_check",
    "catalina",
    "clustering",
    "console",
    "cors",
    "custom_message_builders",
    "custom_message_formatters",
    "custom_transport",
    "data_bridge",
    "database",
    "database_configuration",
    "datasource",
    "deployment",
    "encryption",
    "event",
    "event_handler",
    "event_listener",
    "eventing",
    "governance",
    "healthcheck",
    "http",
    "identity",
    "identity_mgt",
    "identity_store",
    "indexing",
    "internal",
    "jce_provider",
    "keystore.internal",
    "keystore.listener_profile",
    "keystore.primary",
    "keystore.ssl_profile",
    "mediation",
    "message_builder",
    "message_builders",
    "message_formatters",
    "message_handlers",
    "metrics",
    "monitoring",
    "multi_tenancy",
    "myaccount",
    "nhttp",
    "oauth",
    "output_adapter",
    "passthru_http.http.block_service_list",
    "passthru_http.http.connection.disable.keepalive",
    "passthru_http.http.max.connection.per.host.port",
    "passthru_http.http.max.messages.per.host.port",
    "passthru_http.http.user.agent.preserve",
    "passthru_http.io_buffer_size",
    "passthru_http.io_threads_per_reactor",
    "passthru_http.transport.sender.connection.maximum.lifespan",
    "passthru_http.worker_pool_queue_length",
    "passthru_http.worker_pool_size_core",
    "passthru_http.worker_pool_size_max",
    "passthru_http.worker_thread_keepalive_sec",
    "passthru_properties",
    "password_policy",
    "preserve_previous_product_behaviour",
    "realm_manager",
    "recaptcha",
    "registry",
    "remote_registry",
    "resource",
    "role_mgt",
    "rpc",
    "runtime",
    "saml",
    "secret",
    "secrets",
    "security",
    "server.base_path",
    "server.capabilities",
    "server.disable_restart_from_ui",
    "server.disable_shutdown_from_ui",
    "server.discard_empty_caches",
    "server.enable_email_domain",
    "server.enable_port_forward",
    "server.enable_restart_from_api",
    "server.enable_restart_from_ui",
    "server.enable_shutdown_from_api",
    "server.enable_shutdown_from_ui",
    "server.hide_menu_item_ids",
    "server.internal_hostname",
    "server.mode",
    "server.node_ip",
    "server.proxy_context_path",
    "server.server_role",
    "server.userAgent",
    "service_provider",
    "session",
    "session_data",
    "stat",
    "statistics",
    "super_admin",
    "synapse_handlers",
    "synapse_properties.close_socket_on_endpoint_timeout",
    "synapse_properties.synapse.timeout_handler_interval",
    "system",
    "system_applications",
    "tenant",
    "tenant_mgt",
    "thrift",
    "throttling",
    "toml",
    "transport.blocking",
    "transport.http.compression",
    "transport.http.core_worker_pool_size",
    "transport.http.io_buffer_size",
    "transport.http.listener.secured_protocols",
    "transport.http.listener.verify_client",
    "transport.http.max_http_connection_per_host_port",
    "transport.http.max_message_size_bytes",
    "transport.http.max_worker_pool_size",
    "transport.http.preserve_http_user_agent",
    "transport.http.properties",
    "transport.http.proxy_profile",
    "transport.http.secured_proxy_profile",
    "transport.http.sender",
    "transport.http.worker_pool_queue_length",
    "transport.https.acceptCount",
    "transport.https.maxThreads",
    "transport.https.properties",
    "transport.https.sslHostConfig",
    "transport.jms",
    "transport.local",
    "transport.mail",
    "transport.passthru_http.listener.parameters",
    "transport.passthru_http.sender",
    "transport.passthru_https.listener.cert_revocation_validation",
    "transport.passthru_https.listener.key_store",
    "transport.passthru_https.listener.parameters",
    "transport.passthru_https.listener.ssl_profile",
    "transport.passthru_https.listener.trust_store",
    "transport.passthru_https.sender.enable",
    "transport.passthru_https.sender.key_store",
    "transport.passthru_https.sender.parameters",
    "transport.passthru_https.sender.ssl_profile",
    "transport.passthru_https.sender.trust_store",
    "transport.receiver",
    "transport.servlet_http",
    "transport.servlet_https",
    "transport.vfs",
    "transport.ws",
    "transport.wss",
    "user",
    "user_account",
    "user_mgt",
    "user_store",
    "web_app",
    "websocket",
    "workflow",
    "xacml",
];

/// See [`Settings::unknown`].
pub(crate) fn report(settings: &Settings) -> Diagnostics {
    let asked = settings.asked();
    let mut report = Report { settings, asked, diagnostics: Diagnostics::new() };
    let mut idle = BTreeSet::new();
    let mut strange = BTreeSet::new();
    for key in settings.entries.keys() {
        let plain = without_indices(key);
        if settings.journal().is_asked(key) || strange.len() >= MAX_NAMED {
            continue;
        }
        if let Some(table) = table_without_effect(&plain) {
            idle.insert(table);
        } else if strange.insert(report.name_of(&plain)) {
            report.unknown(key, &plain);
        }
    }
    report.without_effect(&idle);
    report.diagnostics
}

struct Report<'a> {
    settings: &'a Settings,
    asked: Vec<String>,
    diagnostics: Diagnostics,
}

impl Report<'_> {
    /// What a warning is about: the key, or its whole section where nothing in it is known.
    fn name_of(&self, plain: &str) -> String {
        let section = plain.split(['.', '[']).next().unwrap_or(plain);
        let known = |key: &str| key.split(['.', '[']).next() == Some(section);
        let is_known =
            self.asked.iter().any(|key| known(key)) || WITHOUT_EFFECT.iter().any(|key| known(key));
        if is_known { plain.to_owned() } else { section.to_owned() }
    }

    fn unknown(&mut self, key: &str, plain: &str) {
        let place = self.settings.place(key);
        let name = self.name_of(plain);
        let help = match self.nearest(plain) {
            Some(near) => format!("Did you mean {near}?"),
            None => "It has no effect; docs/configuration.md lists the keys.".to_owned(),
        };
        self.diagnostics.warning("CF009", place, format!("{name} is not a known key."), help);
    }

    fn nearest(&self, plain: &str) -> Option<&str> {
        let scored = self.asked.iter().map(|key| (strsim::normalized_levenshtein(key, plain), key));
        let best = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
        (best.0 >= ALIKE).then_some(best.1)
    }

    fn without_effect(&mut self, idle: &BTreeSet<&'static str>) {
        if idle.is_empty() {
            return;
        }
        let names = idle.iter().copied().collect::<Vec<_>>().join(", ");
        self.diagnostics.note(
            "CF010",
            Place::file(&self.settings.file),
            format!("These parts of the file have no effect in Weir: {names}."),
            "They may stay; Weir reads the rest of the file.",
        );
    }
}

fn table_without_effect(plain: &str) -> Option<&'static str> {
    let covers = |table: &str| {
        plain
            .strip_prefix(table)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
    };
    WITHOUT_EFFECT.iter().copied().find(|table| covers(table))
}

#[cfg(test)]
mod tests;
