//! API projects in any number.

use std::path::Path;

use serde_json::{Value, json};

use super::behind::Group;
use super::rig::api_path;

/// Writes `count` projects below `dir`, all with the same backend.
pub(crate) fn write(dir: &Path, count: usize, backend: &str) -> anyhow::Result<()> {
    for index in 0..count {
        write_one(dir, index, backend)?;
    }
    Ok(())
}

/// Writes one project, or writes it anew; a reader sees the old or the new one, never half of it.
pub(crate) fn write_one(dir: &Path, index: usize, backend: &str) -> anyhow::Result<()> {
    let endpoints = format!(
        "endpoint_type: http
    production_endpoints:
      url: {backend}
    sandbox_endpoints:
      url: {backend}"
    );
    write_project(dir, index, &endpoints)
}

/// Writes one project, or writes it anew, with a group of endpoints.
pub(crate) fn write_group(dir: &Path, index: usize, group: &Group) -> anyhow::Result<()> {
    write_project(dir, index, &group.endpoint_config())
}

/// Writes one project, or writes it anew, with what its `endpointConfig` holds.
pub(crate) fn write_project(dir: &Path, index: usize, endpoints: &str) -> anyhow::Result<()> {
    write_mediated(dir, index, endpoints, &json!({}), &[])
}

/// The same with `apiPolicies`, and files of the project besides.
pub(crate) fn write_mediated(
    dir: &Path,
    index: usize,
    endpoints: &str,
    policies: &Value,
    files: &[(String, String)],
) -> anyhow::Result<()> {
    let path = api_path(index);
    let context = path.trim_end_matches("/1.0.0");
    let name = format!("Bench{index:05}");
    let project = dir.join(format!("{name}-1.0.0"));
    std::fs::create_dir_all(project.join("Definitions"))?;
    replace(&project.join("Definitions/swagger.yaml"), &definition(&name))?;
    for (path, text) in files {
        let file = project.join(path);
        std::fs::create_dir_all(file.parent().unwrap_or(&project))?;
        replace(&file, text)?;
    }
    replace(&project.join("api.yaml"), &api(&name, context, endpoints, policies))
}

/// Writes a file at once; a reader sees the old or the new one.
pub(crate) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    std::fs::write(&draft, text)?;
    Ok(std::fs::rename(draft, path)?)
}

fn api(name: &str, context: &str, endpoints: &str, policies: &Value) -> String {
    let policies = match policies.as_object() {
        Some(flows) if !flows.is_empty() => format!("  apiPolicies: {policies}\n"),
        _ => String::new(),
    };
    format!(
        "type: api
version: v4.7.0
data:
  name: {name}
  context: {context}
  version: 1.0.0
  provider: admin
  lifeCycleStatus: PUBLISHED
  type: HTTP
  transport:
   - http
   - https
  policies:
   - Unlimited
  visibility: PUBLIC
  endpointConfig:
    {endpoints}
  endpointImplementationType: ENDPOINT
{policies}  operations:
   -
    target: /*
    verb: GET
    authType: None
    throttlingPolicy: Unlimited
   -
    target: /*
    verb: POST
    authType: None
    throttlingPolicy: Unlimited
"
    )
}

fn definition(name: &str) -> String {
    let operation = |verb: &str| {
        format!(
            "    {verb}:\n      responses:\n        \"200\":\n          description: OK\n      x-auth-type: None\n"
        )
    };
    format!(
        "openapi: 3.0.1\ninfo:\n  title: {name}\n  version: 1.0.0\npaths:\n  /*:\n{}{}",
        operation("get"),
        operation("post")
    )
}
