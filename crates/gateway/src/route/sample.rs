//! Plans for tests of this folder.

use compiler::ApiPlan;
use compiler::pattern::Pattern;
use compiler::plan::{AuthPlan, Lifecycle, OperationPlan, Schemes, SecurityPlan, Stages};
use http::Method;

pub(super) fn api(context: &str) -> ApiPlan {
    ApiPlan {
        id: context.to_owned(),
        name: context.to_owned(),
        version: "1.0".to_owned(),
        context: context.to_owned(),
        default_context: None,
        hosts: Vec::new(),
        environments: Vec::new(),
        schemes: Schemes { http: true, https: true },
        lifecycle: Lifecycle::Served,
        security: SecurityPlan {
            authorization_header: None,
            audiences: Vec::new(),
            key_managers: Vec::new(),
        },
        cors: None,
        operations: Vec::new(),
        endpoints: Stages { production: None, sandbox: None },
        extras: compiler::plan::ExtraPlan::default(),
        library: compiler::plan::LibraryPlan::default(),
        wsdl: None,
        soap: None,
        certificates: Vec::new(),
        mock_state: None,
        preserve_host: false,
    }
}

/// A plan with operations written as `GET /path`.
pub(super) fn with_operations(lines: &[&str]) -> ApiPlan {
    let operation = |line: &&str| {
        let (method, template) = line.split_once(' ').expect("a method and a path");
        OperationPlan {
            method: Method::from_bytes(method.as_bytes()).expect("a method"),
            template: template.into(),
            pattern: Pattern::parse(template).expect("a template"),
            auth: AuthPlan::None,
            throttling_policy: None,
            flows: std::sync::Arc::default(),
            mock: None,
            is_mocked: false,
            records: false,
        }
    };
    ApiPlan { operations: lines.iter().map(operation).collect(), ..api("/a/1") }
}
