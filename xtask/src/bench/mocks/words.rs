//! The projects of the mocks, and how the others are told to give the same answer.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use crate::bench::projects;
use crate::bench::rig::{Rig, api_path};

/// What everybody answers to `GET /menu?kind=all`.
pub(crate) const BODY: &str = include_str!("menu.json").trim_ascii();

/// Makes that answer.
const SCRIPT: &str = include_str!("menu.js");

/// A mock that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mock {
    /// By an example of the definition.
    Example,
    /// By a script.
    Script,
    /// By scripts that mean harm, at the paths of [`ATTACKS`].
    Attack,
}

/// Scripts that mean harm, by their paths.
pub(super) const ATTACKS: [(&str, &str); 4] = [
    ("/loop", "while (true) {}"),
    ("/memory", "var a = []; while (true) a.push(new Array(1000).fill(1));"),
    ("/pattern", "/^(a+)+$/.test('a'.repeat(64) + '!');"),
    ("/stack", "function f() { try { f() } catch (e) { f() } } while (true) f();"),
];

impl Mock {
    /// Which API it is: one of the first, which nothing else has a use for.
    pub(crate) fn api(self) -> usize {
        self as usize
    }

    fn implementation(self) -> &'static str {
        match self {
            Self::Example => "MOCKED_OAS",
            Self::Script | Self::Attack => "INLINE",
        }
    }

    /// Its operations: paths, and what the definition says of them.
    fn operations(self) -> Vec<(&'static str, Value)> {
        let content = match self {
            Self::Example => json!({ "example": body() }),
            Self::Script | Self::Attack => json!({}),
        };
        let ok = json!({ "description": "The menu.", "content": { "application/json": content } });
        let parameter = json!({ "name": "kind", "in": "query", "schema": { "type": "string" } });
        let described = json!({ "parameters": [parameter], "responses": { "200": ok } });
        let scripted = |(path, script): (&'static str, &str)| {
            let mut described = described.clone();
            described["x-mediation-script"] = script.into();
            (path, described)
        };
        match self {
            Self::Example => vec![("/menu", described)],
            Self::Script => vec![scripted(("/menu", SCRIPT))],
            Self::Attack => ATTACKS.into_iter().map(scripted).collect(),
        }
    }

    /// Its definition, which is all that Prism is given.
    pub(super) fn definition(self) -> Value {
        let paths = self.operations().into_iter();
        let paths = paths.map(|(path, described)| (path.to_owned(), json!({ "get": described })));
        json!({
            "openapi": "3.0.1",
            "info": { "title": "Menu", "version": "1.0.0" },
            "paths": Value::Object(paths.collect()),
        })
    }
}

fn body() -> Value {
    serde_json::from_str(BODY).unwrap_or_default()
}

/// Writes a mock in the place of another API.
pub(crate) fn write(apis: &Path, mock: Mock) -> anyhow::Result<()> {
    let index = mock.api();
    let definition = ("Definitions/swagger.yaml".to_owned(), mock.definition().to_string());
    let nowhere = "endpoint_type: http\n    production_endpoints:\n      url: http://192.0.2.1";
    projects::write_mediated(apis, index, nowhere, &json!({}), &[definition])?;
    let file = apis.join(format!("Bench{index:05}-1.0.0/api.yaml"));
    let text = std::fs::read_to_string(&file)?;
    let (head, _) = text.split_once("  operations:").context("no operations")?;
    let head = head.replace("lifeCycleStatus: PUBLISHED", "lifeCycleStatus: PROTOTYPED");
    let kind = format!("endpointImplementationType: {}", mock.implementation());
    let mut text = head.replace("endpointImplementationType: ENDPOINT", &kind);
    text.push_str("  operations:\n");
    for (path, _) in mock.operations() {
        text.push_str(&format!(
            "   -\n    target: {path}\n    verb: GET\n    authType: None\n    throttlingPolicy: Unlimited\n"
        ));
    }
    projects::replace(&file, &text)
}

/// The places of nginx: the menu, and the other APIs as everywhere.
pub(super) fn nginx_routes(rig: &Rig) -> String {
    let menu = Mock::Example.api();
    let route = |index: usize| {
        let path = api_path(index);
        if index == menu {
            return format!(
                "    location = {path}/menu {{ default_type application/json; return 200 '{BODY}'; }}\n"
            );
        }
        format!("    location {path}/ {{ proxy_pass http://backend/; }}\n")
    };
    (0..rig.apis).map(route).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_twenty_lines() {
        assert_eq!(SCRIPT.lines().count(), 20);
        assert_eq!(body()["items"].as_array().map(Vec::len), Some(10));
    }
}
