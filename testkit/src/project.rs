//! API projects as `apictl` writes them, made on the spot.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A project in the making: `api.yaml`, `Definitions/swagger.yaml`, and what else a test adds.
#[derive(Debug, Clone)]
pub struct Project {
    data: Map<String, Value>,
    operations: Vec<Operation>,
    files: Vec<(String, Vec<u8>)>,
}

#[derive(Debug, Clone)]
struct Operation {
    verb: String,
    target: String,
    auth: &'static str,
    scopes: Vec<String>,
    more: Map<String, Value>,
}

/// A project on disk, in a folder that goes away with this.
#[derive(Debug)]
pub struct WrittenProject {
    dir: TempDir,
    /// The project's own folder.
    pub path: PathBuf,
}

impl WrittenProject {
    /// The folder around the project, for `--apis`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Project {
    /// A published HTTP API without operations and without an endpoint.
    ///
    /// # Panics
    /// Never: the template is an object.
    #[must_use]
    pub fn new(name: &str, version: &str, context: &str) -> Self {
        let data = json!({
            "name": name,
            "displayName": name,
            "context": context,
            "version": version,
            "provider": "admin",
            "lifeCycleStatus": "PUBLISHED",
            "isDefaultVersion": false,
            "type": "HTTP",
            "transport": ["http", "https"],
            "policies": ["Unlimited"],
            "authorizationHeader": "Authorization",
            "securityScheme": ["oauth2", "oauth_basic_auth_api_key_mandatory"],
            "visibility": "PUBLIC",
            "endpointImplementationType": "ENDPOINT",
        });
        let Value::Object(data) = data else { unreachable!("the template is an object") };
        Self { data, operations: Vec::new(), files: Vec::new() }
    }

    /// One address for production and sandbox.
    #[must_use]
    pub fn endpoint(self, url: &str) -> Self {
        self.endpoint_config(json!({
            "endpoint_type": "http",
            "production_endpoints": { "url": url },
            "sandbox_endpoints": { "url": url },
        }))
    }

    /// An address for production only.
    #[must_use]
    pub fn production(self, url: &str) -> Self {
        let config = json!({ "endpoint_type": "http", "production_endpoints": { "url": url } });
        self.endpoint_config(config)
    }

    /// The whole `endpointConfig`.
    #[must_use]
    pub fn endpoint_config(self, config: Value) -> Self {
        self.set("endpointConfig", config)
    }

    /// Sets a key under `data`; `null` removes it.
    #[must_use]
    pub fn set(mut self, key: &str, value: Value) -> Self {
        if value.is_null() {
            self.data.shift_remove(key);
        } else {
            self.data.insert(key.to_owned(), value);
        }
        self
    }

    /// Adds an operation; it asks for a token until [`Project::open`] says otherwise.
    #[must_use]
    pub fn operation(mut self, verb: &str, target: &str) -> Self {
        self.operations.push(Operation {
            verb: verb.to_owned(),
            target: target.to_owned(),
            auth: "Application & Application User",
            scopes: Vec::new(),
            more: Map::new(),
        });
        self
    }

    /// The latest operation needs no token (`authType: None`).
    #[must_use]
    pub fn open(self) -> Self {
        self.latest(|operation| operation.auth = "None")
    }

    /// The latest operation asks for a token with these scopes.
    #[must_use]
    pub fn secured(self, scopes: &[&str]) -> Self {
        self.latest(|operation| {
            operation.auth = "Application & Application User";
            operation.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        })
    }

    /// Sets a key of the latest operation, such as `operationPolicies`.
    #[must_use]
    pub fn operation_set(self, key: &str, value: Value) -> Self {
        self.latest(|operation| drop(operation.more.insert(key.to_owned(), value)))
    }

    /// Adds a file, by its path in the project; it replaces a generated one of that path.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    fn latest(mut self, change: impl FnOnce(&mut Operation)) -> Self {
        change(self.operations.last_mut().expect("an operation to change"));
        self
    }

    /// `api.yaml` as text.
    #[must_use]
    pub fn api_yaml(&self) -> String {
        let mut data = self.data.clone();
        let operations = self.operations.iter().map(Operation::entry).collect();
        data.insert("operations".to_owned(), Value::Array(operations));
        yaml(&json!({ "type": "api", "version": "v4.7.0", "data": data }))
    }

    /// `Definitions/swagger.yaml` as text.
    #[must_use]
    pub fn definition_yaml(&self) -> String {
        let mut paths = Map::new();
        for operation in &self.operations {
            let item = paths.entry(&operation.target).or_insert_with(|| json!({}));
            if let Some(item) = item.as_object_mut() {
                item.insert(operation.verb.to_ascii_lowercase(), operation.definition());
            }
        }
        yaml(&json!({
            "openapi": "3.0.1",
            "info": { "title": self.text("name"), "version": self.text("version") },
            "servers": [{ "url": "/" }],
            "paths": paths,
        }))
    }

    fn text(&self, key: &str) -> &str {
        self.data.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Writes it into `parent`, as a folder called `name-version`, and gives that folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, parent: &Path) -> PathBuf {
        let root = parent.join(format!("{}-{}", self.text("name"), self.text("version")));
        put(&root.join("api.yaml"), self.api_yaml().as_bytes());
        put(&root.join("Definitions/swagger.yaml"), self.definition_yaml().as_bytes());
        for (path, content) in &self.files {
            put(&root.join(path), content);
        }
        root
    }

    /// Writes it into a temporary folder.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn write_temp(&self) -> WrittenProject {
        let dir = TempDir::with_prefix("weir-apis-").expect("a temporary folder");
        let path = self.write(dir.path());
        WrittenProject { dir, path }
    }
}

impl Operation {
    /// The entry in `api.yaml`.
    fn entry(&self) -> Value {
        let mut entry = json!({
            "id": "",
            "target": self.target,
            "verb": self.verb,
            "authType": self.auth,
            "throttlingPolicy": "Unlimited",
            "scopes": self.scopes,
            "usedProductIds": [],
        });
        if let Some(entry) = entry.as_object_mut() {
            entry.extend(self.more.clone());
        }
        entry
    }

    /// The operation in the OpenAPI document.
    fn definition(&self) -> Value {
        let names = self.target.split('{').skip(1).filter_map(|part| part.split('}').next());
        let parameters: Vec<Value> = names
            .map(|name| {
                let name = name.trim_start_matches('+');
                json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
            })
            .collect();
        json!({
            "parameters": parameters,
            "responses": { "200": { "description": "OK" } },
            "x-auth-type": self.auth,
            "x-throttling-tier": "Unlimited",
        })
    }
}

fn put(path: &Path, content: &[u8]) {
    let folder = path.parent().expect("a file lies in a folder");
    std::fs::create_dir_all(folder).expect("a folder that can be written to");
    std::fs::write(path, content).expect("a folder that can be written to");
}

/// JSON as block YAML; every text is quoted, which JSON's quotes do for YAML 1.2 as well.
fn yaml(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, indent: usize, out: &mut String) {
    let entries: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key_text(key), value)).collect(),
        Value::Array(list) => list.iter().map(|value| ("-".to_owned(), value)).collect(),
        _ => Vec::new(),
    };
    for (lead, value) in entries {
        let nested = match value {
            Value::Object(map) => !map.is_empty(),
            Value::Array(list) => !list.is_empty(),
            _ => false,
        };
        // Writing to a String cannot fail.
        if nested {
            writeln!(out, "{:indent$}{lead}", "").expect("memory");
            block(value, indent + 2, out);
        } else {
            writeln!(out, "{:indent$}{lead} {value}", "").expect("memory");
        }
    }
}

fn key_text(key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&key)
        && !key.starts_with(|c: char| c.is_ascii_digit());
    if plain { format!("{key}:") } else { format!("{}:", Value::from(key)) }
}
