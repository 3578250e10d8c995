//! The view of a whole document.

use model::cursor::Cursor;
use model::{Diagnostics, codes};
use serde_json::Value;

use crate::operations::{self, OperationDefinition};
use crate::references;

/// The version of the specification that a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAPI 2.0 (Swagger).
    V2,
    /// OpenAPI 3.0.x.
    V3_0,
    /// OpenAPI 3.1.x.
    V3_1,
    /// Something else, which was reported.
    Unknown,
}

/// What an OpenAPI document says that matters to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The version of the specification.
    pub dialect: Dialect,
    /// `info.title`.
    pub title: Option<String>,
    /// `info.version`.
    pub version: Option<String>,
    /// `basePath` (2.0) or the URLs of `servers`.
    pub servers: Vec<String>,
    /// The names of the security schemes that the document declares.
    pub security_schemes: Vec<String>,
    /// The operations, in the order in which they are written.
    pub operations: Vec<OperationDefinition>,
    /// `x-wso2-disable-security`: every operation is open.
    pub disables_security: bool,
    /// `info.x-wso2-apictl-init`: a placeholder that is to be made anew from `operations`
    /// (spec/04 §2.2).
    pub is_placeholder: bool,
    /// The names of the `x-` keys at the top level.
    pub extensions: Vec<String>,
}

impl Document {
    /// Reads and checks a document.
    ///
    /// The file is the path that diagnostics name.
    #[must_use]
    pub fn read(value: &Value, file: &str) -> (Self, Diagnostics) {
        let mut found = Diagnostics::new();
        let root = Cursor::new(file, "", value);
        let dialect = dialect(&root, &mut found);
        let info = root.get("info");
        let document = Self {
            dialect,
            title: info.get("title").word(&mut found),
            version: info.get("version").word(&mut found),
            servers: servers(&root, &mut found),
            security_schemes: security_schemes(&root, &mut found),
            operations: operations::read(&root, &mut found),
            disables_security: operations::disables_security(&root, &mut found),
            is_placeholder: is_placeholder(&root, &info, &mut found),
            extensions: extensions(&root),
        };
        references::check(&root, &mut found);
        (document, found)
    }
}

fn dialect(root: &Cursor<'_>, found: &mut Diagnostics) -> Dialect {
    let (swagger, openapi) = (root.get("swagger"), root.get("openapi"));
    let version = swagger.word(found).or_else(|| openapi.word(found)).unwrap_or_default();
    let is = |prefix: &str| version == prefix || version.starts_with(&format!("{prefix}."));
    match () {
        () if !swagger.is_absent() && is("2.0") => Dialect::V2,
        () if swagger.is_absent() && is("3.0") => Dialect::V3_0,
        () if swagger.is_absent() && is("3.1") => Dialect::V3_1,
        () => {
            let message = match version.as_str() {
                "" => "the document says neither `openapi` nor `swagger`".to_owned(),
                version => format!("OpenAPI `{version}` is unknown"),
            };
            let help = "Write `openapi: 3.0.1` or `openapi: 3.1.0`, or `swagger: \"2.0\"`.";
            found.error(codes::DEFINITION_VERSION, root.place(), message, help);
            Dialect::Unknown
        }
    }
}

fn servers(root: &Cursor<'_>, found: &mut Diagnostics) -> Vec<String> {
    let base = root.get("basePath").word(found);
    let servers = root.get("servers").items(found);
    let urls = servers.iter().filter_map(|server| server.get("url").word(found));
    let urls: Vec<_> = urls.collect();
    base.into_iter().chain(urls).collect()
}

fn security_schemes(root: &Cursor<'_>, found: &mut Diagnostics) -> Vec<String> {
    let (old, new) = (root.get("securityDefinitions"), root.get("components"));
    let entries = [old.entries(found), new.get("securitySchemes").entries(found)];
    entries.into_iter().flatten().map(|(name, _)| name.to_owned()).collect()
}

fn is_placeholder(root: &Cursor<'_>, info: &Cursor<'_>, found: &mut Diagnostics) -> bool {
    let key = "x-wso2-apictl-init";
    [info.get(key), root.get(key)].iter().any(|at| at.flag(found) == Some(true))
}

fn extensions(root: &Cursor<'_>) -> Vec<String> {
    root.keys().filter(|key| key.starts_with("x-")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
