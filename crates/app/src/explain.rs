//! `weir explain`.

use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use gateway::admin::diagnostic;
use gateway::config::GatewayConfig;
use gateway::deploy::{Deployer, ProjectStatus, State};
use gateway::explain::explain;
use gateway::source::folder::ProjectFolders;
use gateway::vault::Vault;
use gateway::worker::Shared;
use http::{HeaderValue, Request};
use serde_json::{Value, json};

use crate::{INPUT_ERRORS, cli, load, output, running};

/// Says what would happen to a request.
pub(crate) fn run(options: &cli::Explain) -> ExitCode {
    if let Some(address) = &options.running {
        return match ask(options, address.as_deref()) {
            Ok(document) => print(options, &document),
            Err(error) => output::failure(&error),
        };
    }
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
    let mut document = explain(&shared, request, is_secure).to_json();
    if options.json {
        document["refused"] = refused.iter().map(|status| refusal(status)).collect();
    }
    print(options, &document);
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
    let vault = Vault::open(&config.secrets)?.leniently();
    let deployer = gateway::deploy::deployer(Arc::new(config), environment)?;
    Ok(deployer.with_secrets(Arc::new(vault)))
}

/// A project that could not be taken into account.
fn refusal(status: &ProjectStatus) -> Value {
    let diagnostics: Vec<Value> = status.diagnostics.iter().map(diagnostic).collect();
    json!({ "path": status.path.display().to_string(), "diagnostics": diagnostics })
}

fn request(options: &cli::Explain) -> Result<(Request<Bytes>, bool), String> {
    let headers = options.headers.iter().map(String::as_str);
    let body = body(options)?;
    let length = options.data.as_ref().map(|_| HeaderValue::from(body.len()));
    let (mut request, is_secure) =
        gateway::explain::request(&options.method, &options.url, headers, body)?;
    if let Some(length) = length {
        request.headers_mut().insert(http::header::CONTENT_LENGTH, length);
    }
    Ok((request, is_secure))
}

/// Asks the gateway that serves.
fn ask(options: &cli::Explain, address: Option<&str>) -> Result<Value, String> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("method", &options.method)
        .append_pair("url", &options.url)
        .extend_pairs(options.headers.iter().map(|header| ("header", header)));
    let body = body(options)?;
    if !body.is_empty() {
        let text = std::str::from_utf8(&body);
        let text = text.map_err(|_| "a body that is no text cannot be asked about there")?;
        query.append_pair("data", text);
    }
    running::ask(&options.home, address, &format!("/explain?{}", query.finish()))
}

/// The body that was given, or that of a file.
fn body(options: &cli::Explain) -> Result<Bytes, String> {
    let Some(data) = &options.data else { return Ok(Bytes::new()) };
    match data.strip_prefix('@') {
        None => Ok(Bytes::copy_from_slice(data.as_bytes())),
        Some(file) => std::fs::read(file)
            .map(Bytes::from)
            .map_err(|error| format!("cannot read {file}: {error}")),
    }
}

fn print(options: &cli::Explain, document: &Value) -> ExitCode {
    if options.json {
        output::json(document);
    } else {
        output::text(&to_text(document));
    }
    ExitCode::SUCCESS
}

fn to_text(document: &Value) -> String {
    let mut text = String::new();
    for step in document["steps"].as_array().into_iter().flatten() {
        text.push_str(&format!("{:>12}  {}\n", shown(&step["step"]), shown(&step["result"])));
    }
    for header in document["request"]["headers"].as_array().into_iter().flatten() {
        let (name, value) = (shown(&header["name"]), shown(&header["value"]));
        text.push_str(&format!("{:>12}  {name}: {value}\n", ""));
    }
    if !document["answer"].is_null() {
        text.push_str(&format!("{:>12}  {}\n", "answer", document["answer"]));
    }
    text
}

fn shown(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
