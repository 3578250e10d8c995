//! A plan as text, for people and for golden tests.

mod credentials;
mod dynamic;
mod flows;
mod group;
mod lambda;
mod leaf;
mod mock;

use std::fmt::{self, Display, Formatter};

use super::{
    ApiPlan, AuthPlan, CorsPlan, Dialect, Http2, HttpPlan, Lifecycle, OperationPlan, Resilience,
    TimeoutAction, TokenKinds, TrustedCertificate,
};

impl Display for ApiPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "api {}", self.id)?;
        line(f, "name", &self.name)?;
        line(f, "version", &self.version)?;
        line(f, "context", &self.context)?;
        line(f, "default context", self.default_context.as_deref().unwrap_or("none"))?;
        line(f, "hosts", list(&self.hosts, "any"))?;
        line(f, "environments", list(&self.environments, "any"))?;
        line(f, "schemes", self.scheme_names())?;
        line(f, "life cycle", self.lifecycle_name())?;
        let header = self.security.authorization_header.as_ref();
        line(f, "token header", header.map_or("default", |name| name.as_str()))?;
        line(f, "audiences", list(&self.security.audiences, "any"))?;
        line(f, "key managers", list(&self.security.key_managers, "all"))?;
        line(f, "preserve host", yes_no(self.preserve_host))?;
        if let Some(limits) = &self.mock_state {
            let ::mock::state::Limits { collections, entries, bytes } = limits;
            let text = format!("{collections} collections of {entries} entries, {bytes} B in all");
            line(f, "mock state", text)?;
        }
        match &self.cors {
            Some(cors) => write!(f, "{cors}")?,
            None => line(f, "cors", "off")?,
        }
        self.operations.iter().try_for_each(|operation| write!(f, "{operation}"))?;
        for (stage, endpoint) in
            [("production", &self.endpoints.production), ("sandbox", &self.endpoints.sandbox)]
        {
            match endpoint {
                Some(endpoint) => write!(f, "{stage} {endpoint}")?,
                None => writeln!(f, "{stage} none")?,
            }
        }
        write!(f, "{}", self.extras)?;
        if let Some(wsdl) = &self.wsdl {
            write!(f, "{wsdl}")?;
        }
        if let Some(soap) = &self.soap {
            write!(f, "{soap}")?;
        }
        self.certificates.iter().try_for_each(|certificate| write!(f, "{certificate}"))
    }
}

impl ApiPlan {
    fn scheme_names(&self) -> &'static str {
        match (self.schemes.http, self.schemes.https) {
            (true, true) => "http, https",
            (true, false) => "http",
            (false, true) => "https",
            (false, false) => "none",
        }
    }

    fn lifecycle_name(&self) -> &'static str {
        match self.lifecycle {
            Lifecycle::Served => "served",
            Lifecycle::Blocked => "blocked",
        }
    }
}

impl Display for CorsPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        line(f, "cors origins", list(&self.allow_origins, "none"))?;
        line(f, "cors credentials", yes_no(self.allow_credentials))?;
        line(f, "cors headers", self.allow_headers.to_str().unwrap_or("?"))?;
        let methods: Vec<_> = self.allow_methods.iter().map(ToString::to_string).collect();
        line(f, "cors methods", list(&methods, "none"))
    }
}

impl Display for OperationPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "operation {} {}", self.method, self.template)?;
        match &self.auth {
            AuthPlan::None => write!(f, ", open")?,
            AuthPlan::Required { scopes, tokens } => {
                let kind = match tokens {
                    TokenKinds::Any => "any token",
                    TokenKinds::Application => "token of an application",
                    TokenKinds::ApplicationUser => "token of a user",
                };
                write!(f, ", {kind}")?;
                if !scopes.is_empty() {
                    write!(f, " with one of {}", scopes.join(", "))?;
                }
            }
        }
        match &self.throttling_policy {
            Some(policy) => writeln!(f, ", {policy}")?,
            None => writeln!(f)?,
        }
        if self.is_mocked {
            writeln!(f, "  answered by its mock")?;
        }
        if self.records {
            writeln!(f, "  answers are recorded")?;
        }
        if let Some(mock) = &self.mock {
            write!(f, "{mock}")?;
        }
        write!(f, "{}", self.flows)
    }
}

impl Display for HttpPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        let dialect = match self.dialect {
            Dialect::Http => "http",
            Dialect::Address => "address",
            Dialect::Dynamic => "default",
            Dialect::Lambda => "lambda",
        };
        let url = if self.dialect == Dialect::Dynamic { "computed" } else { self.url.as_str() };
        line(f, "url", url)?;
        line(f, "dialect", dialect)?;
        if let Some(format) = self.message.format {
            line(f, "format", format)?;
        }
        if let Some(optimize) = self.message.optimize {
            line(f, "optimize", optimize)?;
        }
        let http2 = match self.http2 {
            Http2::Negotiate => "negotiate",
            Http2::Always => "always",
            Http2::Never => "never",
        };
        line(f, "http2", http2)?;
        if let Some(credentials) = &self.credentials {
            write!(f, "{credentials}")?;
        }
        if let Some(identity) = &self.identity {
            write!(f, "{identity}")?;
        }
        write!(f, "{}{}", self.resilience, self.limits)?;
        if let Some(check) = &self.health_check {
            write!(f, "{check}")?;
        }
        self.lambda.iter().try_for_each(|lambda| write!(f, "{lambda}"))
    }
}

impl Display for Resilience {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let timeout =
            self.timeout.map_or("global".to_owned(), |time| format!("{} ms", time.as_millis()));
        let action = match self.on_timeout {
            TimeoutAction::Fault => "fault",
            TimeoutAction::Discard => "discard",
            TimeoutAction::Never => "never",
        };
        line(f, "timeout", format!("{timeout}, then {action}"))?;
        if self.suspension_is_off {
            return line(f, "suspension", "off");
        }
        let codes = numbers(&self.timeout_codes, "101504, 101505");
        let (retries, delay) = (self.retries_before_suspension, self.retry_delay.as_millis());
        line(f, "timed out", format!("on {codes}; {retries} retries, {delay} ms apart"))?;
        let codes = numbers(&self.suspend_codes, "any code");
        let initial =
            if self.initial_ms == -1 { "default".into() } else { self.initial_ms.to_string() };
        let maximum = if self.maximum_ms == i64::MAX {
            "no limit".into()
        } else {
            self.maximum_ms.to_string()
        };
        let factor = self.factor;
        line(f, "suspension", format!("on {codes}; {initial} ms, times {factor}, up to {maximum}"))
    }
}

impl Display for TrustedCertificate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let port = self.port.map_or("*".to_owned(), |port| port.to_string());
        let Self { alias, host, der, .. } = self;
        writeln!(f, "certificate {alias} for {host}:{port}, {} in the file", der.len())
    }
}

fn line(f: &mut Formatter<'_>, name: &str, value: impl Display) -> fmt::Result {
    writeln!(f, "  {name:<16} {value}")
}

fn list(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { names.join(", ") }
}

fn numbers(codes: &[i64], none: &str) -> String {
    let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
    list(&codes, none)
}

fn yes_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}
