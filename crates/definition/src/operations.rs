//! `paths`: the operations and what WSO2's extensions say of them (spec/04 §4.3).

use std::collections::{HashMap, HashSet};

use model::cursor::Cursor;
use model::{Diagnostics, Place, codes};
use serde_json::Value;

use crate::references;

/// The keys of a path item that are methods (OpenAPI 3.1 §4.8.9).
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// An operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationDefinition {
    /// Where it is.
    pub place: Place,
    /// The method, in upper case.
    pub method: String,
    /// The path, such as `/orders/{id}`.
    pub template: String,
    /// `operationId`.
    pub operation_id: Option<String>,
    /// `x-auth-type`.
    pub auth_type: Option<String>,
    /// `x-throttling-tier`, or `x-wso2-throttling-tier`.
    pub throttling_tier: Option<String>,
    /// `x-scope` and the scopes of `security`.
    pub scopes: Vec<String>,
    /// `x-wso2-disable-security` of the operation or its path.
    pub disables_security: bool,
    /// The names of its `x-` keys.
    pub extensions: Vec<String>,
}

/// What all operations of a document share.
struct Shared<'a> {
    root: Cursor<'a>,
    oauth_schemes: HashSet<String>,
    throttling_tier: Option<String>,
    ids: HashMap<String, Place>,
}

pub(crate) fn read(root: &Cursor<'_>, found: &mut Diagnostics) -> Vec<OperationDefinition> {
    let paths = root.get("paths");
    if paths.is_absent() {
        let help = "Add `paths`, even if it is empty.";
        found.warning(codes::NO_PATHS, root.place(), "the document has no paths", help);
    }
    let mut shared = Shared {
        root: root.clone(),
        oauth_schemes: oauth_schemes(root, found),
        throttling_tier: root.get("x-throttling-tier").word(found),
        ids: HashMap::new(),
    };
    let mut operations = Vec::new();
    for (template, item) in paths.entries(found) {
        if !template.starts_with("x-") {
            read_path(template, &item, &mut shared, &mut operations, found);
        }
    }
    operations
}

/// `x-wso2-disable-security`, at whichever level.
pub(crate) fn disables_security(at: &Cursor<'_>, found: &mut Diagnostics) -> bool {
    let at = at.get("x-wso2-disable-security");
    let mut problems = Diagnostics::new();
    let flag = at.flag(&mut problems);
    if !problems.is_empty() {
        let message = "`x-wso2-disable-security` is neither true nor false, and is ignored";
        found.warning(codes::DEFINITION_SECURITY, at.place(), message, "Write true or false.");
    }
    flag == Some(true)
}

fn read_path(
    template: &str,
    item: &Cursor<'_>,
    shared: &mut Shared<'_>,
    operations: &mut Vec<OperationDefinition>,
    found: &mut Diagnostics,
) {
    if !template.starts_with('/') {
        let message = format!("the path `{template}` does not start with a slash");
        let help = format!("Write `/{template}`.");
        found.error(codes::PATH_WITHOUT_SLASH, item.place(), message, help);
    }
    let entries = item.entries(found);
    for (key, at) in entries.iter().filter(|(key, _)| METHODS.contains(key)) {
        check_parameters(template, item, at, shared, found);
        operations.push(read_operation(template, key, item, at, shared, found));
    }
}

fn read_operation(
    template: &str,
    method: &str,
    item: &Cursor<'_>,
    at: &Cursor<'_>,
    shared: &mut Shared<'_>,
    found: &mut Diagnostics,
) -> OperationDefinition {
    let id = at.get("operationId").word(found);
    if let Some(id) = &id {
        check_id(id, at, shared, found);
    }
    let tier = at.get_any(&["x-throttling-tier", "x-wso2-throttling-tier"]).word(found);
    OperationDefinition {
        place: at.place(),
        method: method.to_ascii_uppercase(),
        template: template.to_owned(),
        operation_id: id,
        auth_type: at.get("x-auth-type").word(found),
        throttling_tier: tier.or_else(|| shared.throttling_tier.clone()),
        scopes: scopes(at, shared, found),
        disables_security: disables_security(item, found) || disables_security(at, found),
        extensions: at.keys().filter(|key| key.starts_with("x-")).map(str::to_owned).collect(),
    }
}

fn check_id(id: &str, at: &Cursor<'_>, shared: &mut Shared<'_>, found: &mut Diagnostics) {
    if let Some(first) = shared.ids.get(id) {
        let message = format!("the operationId `{id}` is used at {first} already");
        let help = "Give each operation an id of its own.";
        let place = at.get("operationId").place();
        found.warning(codes::DUPLICATE_OPERATION_ID, place, message, help);
        return;
    }
    shared.ids.insert(id.to_owned(), at.place());
}

/// `x-scope`, and the scopes that `security` asks of an OAuth scheme; its own `security` wins over
/// the document's.
fn scopes(at: &Cursor<'_>, shared: &Shared<'_>, found: &mut Diagnostics) -> Vec<String> {
    let named = at.get("x-scope").texts(found);
    let mut scopes: Vec<String> = named
        .iter()
        .flat_map(|text| text.split(','))
        .map(|scope| scope.trim().to_owned())
        .filter(|scope| !scope.is_empty())
        .collect();
    let own = at.get("security");
    let security = if own.is_absent() { shared.root.get("security") } else { own };
    for requirement in security.items(found) {
        for (scheme, names) in requirement.entries(found) {
            if shared.oauth_schemes.contains(scheme) {
                scopes.extend(names.texts(found));
            }
        }
    }
    let mut seen = HashSet::new();
    scopes.retain(|scope| seen.insert(scope.clone()));
    scopes
}

/// The names of OAuth schemes; `default` is WSO2's own and may be undeclared.
fn oauth_schemes(root: &Cursor<'_>, found: &mut Diagnostics) -> HashSet<String> {
    let schemes = [root.get("securityDefinitions"), root.get("components").get("securitySchemes")];
    let mut names = HashSet::from(["default".to_owned()]);
    for (name, scheme) in
        schemes.iter().flat_map(|schemes| schemes.entries(found)).collect::<Vec<_>>()
    {
        let kind = scheme.get("type").word(found).unwrap_or_default();
        if kind == "oauth2" || kind == "openIdConnect" {
            names.insert(name.to_owned());
        }
    }
    names
}

/// Every `{variable}` of a path should be declared, at the path or at the operation.
fn check_parameters(
    template: &str,
    item: &Cursor<'_>,
    at: &Cursor<'_>,
    shared: &Shared<'_>,
    found: &mut Diagnostics,
) {
    let lists = [item.get("parameters").items(found), at.get("parameters").items(found)];
    let declared: HashSet<_> =
        lists.iter().flatten().filter_map(|parameter| path_parameter(parameter, shared)).collect();
    for name in variables(template).filter(|name| !declared.contains(name)) {
        let message = format!("the variable `{{{name}}}` of `{template}` is not declared");
        let help = format!("Declare the parameter `{name}` with `in: path` and `required: true`.");
        found.warning(codes::UNDECLARED_PARAMETER, at.place(), message, help);
    }
}

/// The name of a parameter that is in the path; references are followed inside the document.
fn path_parameter<'a>(parameter: &Cursor<'a>, shared: &Shared<'a>) -> Option<&'a str> {
    let value = parameter.value();
    let value = match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => references::resolve(shared.root.value(), reference)?,
        None => value,
    };
    let is_in_path = value.get("in").and_then(Value::as_str) == Some("path");
    value.get("name").and_then(Value::as_str).filter(|_| is_in_path)
}

fn variables(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}
