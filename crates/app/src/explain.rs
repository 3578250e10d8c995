//! `weir explain`.

use std::process::ExitCode;
use std::sync::Arc;

use gateway::admin::diagnostic;
use gateway::config::GatewayConfig;
use gateway::deploy::{Deployer, ProjectStatus, State};
use gateway::explain::{Explanation, explain};
use gateway::source::folder::ProjectFolders;
use gateway::worker::Shared;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::{Value, json};

use crate::{INPUT_ERRORS, cli, load, output};

/// Says what would happen to a request.
pub(crate) fn run(options: &cli::Explain) -> ExitCode {
    let (request, is_secure) = match request(options) {
        Ok(request) => request,
        Err(error) => return output::wrong_usage(&error),
    };
    let loaded = match load::load(&options.home, Default::default()) {
        Ok(loaded) => loaded,
        Err(error) => return output::failure(&error),
    };
    let mut deployer = match deployer(loaded.config, options.environment.clone()) {
        Ok(deployer) => deployer,
        Err(error) => return output::failure(&error),
    };
    let snapshot = deployer.apply(ProjectFolders::new(options.apis.clone()).changes());
    let refused: Vec<&ProjectStatus> =
        deployer.statuses().filter(|status| status.state == State::Rejected).collect();
    if !options.json {
        for status in &refused {
            let path = status.path.display().to_string();
            output::text(&output::diagnostics(&path, &status.diagnostics));
        }
    }
    let shared = match Shared::offline(snapshot) {
        Ok(shared) => Arc::new(shared),
        Err(error) => return output::failure(&error.to_string()),
    };
    let explanation = explain(&shared, request, is_secure);
    if options.json {
        let mut document = explanation.to_json();
        document["refused"] = refused.iter().map(|status| refusal(status)).collect();
        output::json(&document);
    } else {
        output::text(&to_text(&explanation));
    }
    if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(INPUT_ERRORS) }
}

/// A deployer that serves nobody.
///
/// # Errors
///
/// Trust material or issuers that cannot be read.
pub(crate) fn deployer(
    config: GatewayConfig,
    environment: Option<String>,
) -> Result<Deployer, String> {
    gateway::deploy::deployer(Arc::new(config), environment)
}

/// A project that could not be taken into account.
fn refusal(status: &ProjectStatus) -> Value {
    let diagnostics: Vec<Value> = status.diagnostics.iter().map(diagnostic).collect();
    json!({ "path": status.path.display().to_string(), "diagnostics": diagnostics })
}

fn request(options: &cli::Explain) -> Result<(Request<()>, bool), String> {
    let method = Method::from_bytes(options.method.as_bytes())
        .map_err(|_invalid| format!("`{}` is no method", options.method))?;
    let uri: Uri =
        options.url.parse().map_err(|error| format!("`{}` is no URL: {error}", options.url))?;
    let is_secure = uri.scheme_str() != Some("http");
    let mut request = Request::new(());
    *request.method_mut() = method;
    let headers = request.headers_mut();
    for header in &options.headers {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| format!("`{header}` is no header: write `Name: value`"))?;
        let name =
            HeaderName::try_from(name.trim()).map_err(|error| format!("`{header}`: {error}"))?;
        let value =
            HeaderValue::try_from(value.trim()).map_err(|error| format!("`{header}`: {error}"))?;
        headers.append(name, value);
    }
    if !headers.contains_key(http::header::HOST) && uri.authority().is_none() {
        headers.insert(http::header::HOST, HeaderValue::from_static("localhost"));
    }
    if let Some(data) = &options.data {
        let length = body_length(data)?;
        headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    *request.uri_mut() = uri;
    Ok((request, is_secure))
}

/// The body itself changes nothing yet: no endpoint kind looks into it.
fn body_length(data: &str) -> Result<u64, String> {
    match data.strip_prefix('@') {
        None => Ok(data.len() as u64),
        Some(file) => std::fs::metadata(file)
            .map(|metadata| metadata.len())
            .map_err(|error| format!("cannot read {file}: {error}")),
    }
}

fn to_text(explanation: &Explanation) -> String {
    let mut text = String::new();
    for (name, result) in &explanation.steps {
        text.push_str(&format!("{name:>12}  {result}\n"));
    }
    if let Some(request) = &explanation.request {
        for header in request["headers"].as_array().into_iter().flatten() {
            text.push_str(&format!(
                "{:>12}  {}: {}\n",
                "",
                shown(&header["name"]),
                shown(&header["value"])
            ));
        }
    }
    if let Some(answer) = &explanation.answer {
        text.push_str(&format!("{:>12}  {answer}\n", "answer"));
    }
    text
}

fn shown(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
