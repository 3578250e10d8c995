//! Crates: who may use whom, what is banned, which licences.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Findings, licence};
use crate::shell::{cargo, output, root};

/// Which of our crates a crate may use (ARCHITECTURE.md); `testkit` is open to every test.
const EDGES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("xml", &[]),
    ("expression", &[]),
    ("http1", &[]),
    ("lambda", &[]),
    ("settings", &["model"]),
    ("definition", &["model", "xml"]),
    ("wsdl", &["model", "xml"]),
    ("soap", &["model", "xml", "wsdl"]),
    ("mock", &["model", "xml", "definition"]),
    ("script", &["xml"]),
    ("policy", &["model", "xml", "expression"]),
    ("mediation", &["model", "xml", "expression", "script", "policy", "soap", "mock"]),
    (
        "compiler",
        &[
            "model",
            "xml",
            "lambda",
            "definition",
            "wsdl",
            "policy",
            "script",
            "mediation",
            "soap",
            "mock",
        ],
    ),
    ("gateway", GATEWAY),
    ("store", &["model"]),
    ("app", &["model", "settings", "wsdl", "soap", "mock", "compiler", "gateway"]),
    ("testkit", &[]),
    ("driver", &[]),
    ("xtask", &[]),
];

/// What `gateway` may use; `expression` is mediation's.
const GATEWAY: &[&str] = &[
    "model",
    "xml",
    "http1",
    "lambda",
    "settings",
    "definition",
    "wsdl",
    "mock",
    "script",
    "policy",
    "mediation",
    "compiler",
];

/// Crates that do no input or output, and so need no runtime.
const PURE: &[&str] = &[
    "model",
    "xml",
    "expression",
    "http1",
    "lambda",
    "settings",
    "definition",
    "mock",
    "wsdl",
    "soap",
    "script",
    "policy",
    "mediation",
    "compiler",
];

/// What a pure crate must not reach, at any distance.
const RUNTIME: &[&str] = &["tokio", "hyper", "hyper-util", "mio", "socket2", "rustls"];

/// Banned wherever they come from, with the reason.
const BANNED: &[(&str, &str)] = &[
    ("openssl", "rustls is our TLS"),
    ("native-tls", "rustls is our TLS"),
    ("ring", "aws-lc-rs is our cryptography"),
    ("reqwest", "one HTTP client in the tree, ours"),
    ("chrono", "jiff is our clock"),
    ("serde_yaml", "archived"),
    ("serde_yml", "archived and unsound"),
    ("derivative", "unmaintained"),
    ("rustls-pemfile", "unmaintained; rustls-pki-types reads PEM"),
];

/// Banned as a dependency of ours; others may bring them.
const NOT_OURS: &[(&str, &str)] = &[
    ("async-trait", "the language has async functions in traits"),
    ("lazy_static", "std::sync::LazyLock"),
    ("once_cell", "std::sync::OnceLock"),
];

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    license_file: Option<String>,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
}

pub(super) fn check(findings: &mut Findings) -> anyhow::Result<()> {
    let host = output(std::process::Command::new("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let mut command = cargo();
    command.args(["metadata", "--locked", "--format-version", "1", "--filter-platform", host]);
    let metadata: Metadata = serde_json::from_str(&output(&mut command)?)?;
    let built = built()?;
    let is_built =
        |package: &&Package| built.contains(&format!("{} v{}", package.name, package.version));
    for package in metadata.packages.iter().filter(is_built) {
        if metadata.workspace_members.contains(&package.id) {
            check_own(package, findings);
        } else {
            check_foreign(package, findings);
        }
    }
    check_purity(&metadata, findings);
    check_declared(findings)
}

/// Name and version of everything that is built here. The metadata name more: optional crates that
/// a feature could switch on.
fn built() -> anyhow::Result<BTreeSet<String>> {
    let mut command = cargo();
    command.args(["tree", "--locked", "--workspace", "--prefix", "none", "--format", "{p}"]);
    let words = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(output(&mut command)?.lines().map(words).collect())
}

fn check_own(package: &Package, findings: &mut Findings) {
    let name = &package.name;
    let Some((_, allowed)) = EDGES.iter().find(|(crate_name, _)| crate_name == name) else {
        return findings.add(name, "not in the table of crates (xtask/src/tidy/manifests.rs)");
    };
    for dependency in &package.dependencies {
        let used = dependency.name.as_str();
        let ours = EDGES.iter().any(|(crate_name, _)| *crate_name == used);
        // Scripts that are written by `mock` are run by its tests.
        let is_run = (name.as_str(), used) == ("mock", "script");
        let is_dev = dependency.kind.as_deref() == Some("dev");
        let for_tests = is_dev && (used == "testkit" || is_run);
        if ours && !for_tests && !allowed.contains(&used) {
            findings.add(name, format_args!("must not use {used} (ARCHITECTURE.md)"));
        }
        if let Some((_, reason)) = NOT_OURS.iter().find(|(banned, _)| *banned == used) {
            findings.add(name, format_args!("{used} is banned: {reason}"));
        }
    }
}

fn check_foreign(package: &Package, findings: &mut Findings) {
    let Package { name, version, .. } = package;
    if let Some((_, reason)) = BANNED.iter().find(|(banned, _)| banned == name) {
        findings.add(name, format_args!("banned: {reason} (cargo tree -i {name})"));
    }
    let registry = package.source.as_deref().is_some_and(|from| from.starts_with("registry+"));
    if !registry {
        findings.add(name, "comes from a git repository or a path; only releases are allowed");
    }
    match &package.license {
        Some(expression) if licence::is_allowed(expression) => {}
        Some(expression) => {
            findings.add(name, format_args!("{version}: licence {expression} is not allowed"));
        }
        None if package.license_file.is_some() => {
            findings.add(name, format_args!("{version}: licence only as a file; read it"));
        }
        None => findings.add(name, format_args!("{version}: no licence")),
    }
}

/// No runtime behind a pure crate.
fn check_purity(metadata: &Metadata, findings: &mut Findings) {
    let names: BTreeMap<&str, &str> =
        metadata.packages.iter().map(|package| (&*package.id, &*package.name)).collect();
    let nodes: BTreeMap<&str, &Node> =
        metadata.resolve.nodes.iter().map(|node| (&*node.id, node)).collect();
    let members = metadata.workspace_members.iter().map(String::as_str);
    for member in members.filter(|id| names.get(id).is_some_and(|name| PURE.contains(name))) {
        let (mut seen, mut open) = (BTreeSet::new(), vec![member]);
        while let Some(id) = open.pop() {
            let links = nodes.get(id).map_or(&[][..], |node| &node.deps);
            let shipped = |link: &&Link| link.dep_kinds.iter().any(|kind| kind.kind.is_none());
            let next = links.iter().filter(shipped).map(|link| link.pkg.as_str());
            open.extend(next.filter(|id| seen.insert(*id)));
        }
        for found in seen.iter().filter_map(|id| names.get(id)).filter(|n| RUNTIME.contains(n)) {
            findings.add(names[member], format_args!("is pure and must not reach {found}"));
        }
    }
}

/// Every dependency that is declared is used by one of our crates and explained.
fn check_declared(findings: &mut Findings) -> anyhow::Result<()> {
    let manifest: toml::Table =
        std::fs::read_to_string(root().join("Cargo.toml"))?.parse::<toml::Table>()?;
    let declared = manifest["workspace"]["dependencies"].as_table().cloned().unwrap_or_default();
    let reasons = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap_or_default();
    let used = used()?;
    for (name, value) in &declared {
        let ours = value.get("path").is_some();
        if !ours && !used.contains(name) {
            findings.add("Cargo.toml", format_args!("{name} is declared and nobody uses it"));
        }
        if !ours && !reasons.contains(&format!("`{name}`")) {
            findings.add("docs/dependencies.md", format_args!("does not say why we take {name}"));
        }
    }
    if manifest.contains_key("patch") {
        findings.add("Cargo.toml", "has a [patch]");
    }
    Ok(())
}

/// What the manifests of our crates name, whatever the section; each must take the lints.
fn used() -> anyhow::Result<BTreeSet<String>> {
    let folders = std::fs::read_dir(root().join("crates"))?.flatten().map(|entry| entry.path());
    let folders = folders.chain(["xtask", "testkit", "bench/driver"].map(|name| root().join(name)));
    let mut names = BTreeSet::new();
    for folder in folders {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml"))?;
        let manifest = manifest.parse::<toml::Table>()?;
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest.get(section).and_then(toml::Value::as_table);
            names.extend(table.into_iter().flat_map(|table| table.keys().cloned()));
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        anyhow::ensure!(lints.is_some(), "{}: takes no workspace lints", folder.display());
    }
    Ok(names)
}
