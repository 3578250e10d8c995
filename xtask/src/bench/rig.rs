//! What every sample stands on: a folder, ports, a certificate, the backend.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::behind::Behind;
use super::content::Content;
use crate::shell::{command, find, output, root};

/// Where nginx keeps its modules: Debian, then the layout of nginx itself.
const MODULES: &[&str] = &["/usr/lib/nginx/modules", "/usr/local/nginx/modules"];

/// From here on a log is emptied between samples, in bytes.
const LARGE_LOG: u64 = 64 << 20;

/// A folder with everything that one group of samples needs.
#[derive(Debug)]
pub(crate) struct Rig {
    /// The folder; emptied at the start, kept afterwards for whoever wants to look.
    pub(crate) dir: PathBuf,
    /// How many workers each engine and the backend has.
    pub(crate) workers: usize,
    /// Whether engine and load are kept on a processor each.
    pub(crate) pinned: bool,
    /// How many APIs everybody serves.
    pub(crate) apis: usize,
    /// Where the backend listens.
    pub(crate) backend: u16,
    /// What else there is behind some of the APIs.
    pub(crate) behind: Behind,
    backend_process: Option<Daemon>,
}

/// A child that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Daemon(Child);

impl Daemon {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it at once, without a chance to say goodbye to anybody.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Why it is not running any more, if so.
    fn ended(&mut self) -> Option<String> {
        self.0.try_wait().ok().flatten().map(|status| status.to_string())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // What has been waited for has no id any more; somebody else may have it now.
        if self.ended().is_some() {
            return;
        }
        // nginx has workers that only its master ends, so it is asked first.
        let kill = format!("kill -TERM {}", self.0.id());
        drop(Command::new("sh").args(["-c", &kill]).status());
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if self.ended().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Rig {
    /// Makes the folder and starts the backend.
    pub(crate) fn new(
        name: &str,
        workers: usize,
        pinned: bool,
        apis: usize,
    ) -> anyhow::Result<Self> {
        Self::with_groups(name, workers, pinned, apis, Behind::default())
    }

    /// The same with groups behind some of the APIs; of these there are as many as that needs.
    pub(crate) fn with_groups(
        name: &str,
        workers: usize,
        pinned: bool,
        apis: usize,
        behind: Behind,
    ) -> anyhow::Result<Self> {
        let special = behind.groups.len() + behind.policies.len();
        let apis = if special == 0 { apis } else { apis.max(4 * special + 4) };
        let dir = root().join("target/bench").join(name);
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        std::fs::create_dir_all(dir.join("files"))?;
        std::fs::write(dir.join("files/64k"), "x".repeat(64 * 1024))?;
        certificate(&dir)?;
        let backend = free_port()?;
        let mut rig = Self { dir, workers, pinned, apis, backend, behind, backend_process: None };
        let mut ports = vec![backend];
        ports.extend(&rig.behind.ports);
        rig.backend_process = Some(rig.start_backend("backend", &ports)?);
        Ok(rig)
    }

    /// Starts a backend of one process, which is gone at once when that is killed.
    pub(crate) fn start_member(&self, port: u16) -> anyhow::Result<Daemon> {
        self.start_backend(&format!("member-{port}"), &[port])
            .with_context(|| format!("member at port {port}"))
    }

    fn start_backend(&self, name: &str, ports: &[u16]) -> anyhow::Result<Daemon> {
        let nginx = find("nginx").context("the backend needs nginx (cargo xtask setup --bench)")?;
        let modules = MODULES.iter().find(|dir| Path::new(dir).is_dir());
        let modules = modules.context("nginx has no folder with modules")?;
        let listen = |port: &u16| format!("    listen 127.0.0.1:{port} backlog=4096 reuseport;\n");
        let values = [
            ("MODULES", (*modules).to_owned()),
            ("64_BYTES", "x".repeat(64)),
            ("62_BYTES", "x".repeat(62)),
            ("XML", Content::Xml.bytes(1024)),
            ("NAME", name.to_owned()),
            ("MASTER", if name == "backend" { "on" } else { "off" }.to_owned()),
            ("LISTENS", ports.iter().map(listen).collect()),
            ("LOG", self.count_log()),
        ];
        let file = self.dir.join(format!("{name}.conf"));
        std::fs::write(&file, self.filled("backend.conf", &values)?)?;
        let mut command = self.pinned_to(1, &nginx);
        command.arg("-p").arg(&self.dir).arg("-c").arg(file);
        let mut daemon = self.spawn(command, name)?;
        for port in ports {
            await_port(*port, &mut daemon)?;
        }
        Ok(daemon)
    }

    /// What the backend writes to its log about requests.
    fn count_log(&self) -> String {
        if self.behind.is_counted {
            format!("{} port buffer=64k flush=100ms", self.ports_seen().display())
        } else {
            "off".to_owned()
        }
    }

    /// The log of a backend that counts: the port of each request, one a line.
    pub(crate) fn ports_seen(&self) -> PathBuf {
        self.dir.join("ports.log")
    }

    /// Which API is asked, among all.
    pub(crate) fn asked(&self) -> usize {
        self.apis * 7 / 10
    }

    /// Which API has the group of that number. They come next to the one that is asked, since some
    /// engines look through their routes in order.
    pub(crate) fn group_api(&self, number: usize) -> usize {
        self.asked() + 1 + number
    }

    /// The backend's process.
    pub(crate) fn backend_id(&self) -> u32 {
        self.backend_process.as_ref().map_or(0, Daemon::id)
    }

    /// Fills the template `bench/{name}` and writes it into the folder.
    pub(crate) fn fill(&self, name: &str, values: &[(&str, String)]) -> anyhow::Result<PathBuf> {
        let text = self.filled(name, values)?;
        let file = self.dir.join(name);
        std::fs::write(&file, text)?;
        Ok(file)
    }

    /// The filled template `bench/{name}`.
    pub(crate) fn filled(&self, name: &str, values: &[(&str, String)]) -> anyhow::Result<String> {
        let source = root().join("bench").join(name);
        let mut text = std::fs::read_to_string(&source)
            .with_context(|| format!("cannot read {}", source.display()))?;
        let fixed = [
            ("DIR", self.dir.display().to_string()),
            ("WORKERS", self.workers.to_string()),
            ("BACKEND", self.backend.to_string()),
        ];
        for (key, value) in fixed.iter().chain(values) {
            text = text.replace(&format!("@{key}@"), value);
        }
        Ok(text)
    }

    /// Empties access logs that have grown large; all are written to at their end.
    pub(crate) fn trim_logs(&self) {
        for entry in std::fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_log =
                path.extension().is_some_and(|end| end == "log" || end == "out" || end == "err");
            if is_log && entry.metadata().is_ok_and(|data| data.len() > LARGE_LOG) {
                drop(OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(0)));
            }
        }
    }

    /// A command that keeps to one processor where the rig is pinned.
    pub(crate) fn pinned_to(&self, processor: usize, program: &Path) -> Command {
        if !self.pinned {
            return command(program);
        }
        let mut taskset = command("taskset");
        taskset.args(["-c", &processor.to_string()]).arg(program);
        taskset
    }

    /// Starts a command whose output goes to files in the folder.
    pub(crate) fn spawn(&self, mut command: Command, name: &str) -> anyhow::Result<Daemon> {
        let open = |end: &str| {
            let path = self.dir.join(format!("{name}.{end}"));
            OpenOptions::new().create(true).append(true).open(path)
        };
        let (out, err) = (open("out")?, open("err")?);
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Daemon(child))
    }
}

/// The path of a request to one of the APIs; the same one for everybody.
pub(crate) fn api_path(index: usize) -> String {
    format!("/api{index:05}/1.0.0")
}

/// A port of 127.0.0.1 that was free a moment ago.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    free_ports(1)?.pop().context("no port is free")
}

/// Where ports are looked for: below those that the system gives to connections, one of which could
/// have taken a port before it is listened on.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// Different ports of 127.0.0.1 that were free a moment ago.
pub(crate) fn free_ports(count: usize) -> anyhow::Result<Vec<u16>> {
    // Each call goes on behind the one before it, and each process begins elsewhere.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(101);
    let size = u32::from(PORTS.end - PORTS.start);
    let mut ports = Vec::new();
    for _ in 0..size {
        if ports.len() == count {
            break;
        }
        let step = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % size;
        let port = PORTS.start + u16::try_from(step)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            ports.push(port);
        }
    }
    ensure!(ports.len() == count, "no {count} ports are free");
    Ok(ports)
}

/// Waits until somebody listens.
pub(crate) fn await_port(port: u16, daemon: &mut Daemon) -> anyhow::Result<()> {
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if let Some(status) = daemon.ended() {
            bail!("ended at once ({status}); see its .err file in target/bench");
        }
        ensure!(start.elapsed() < Duration::from_secs(60), "does not listen after 60 s");
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// A certificate for `localhost` (ECDSA P-256), the same kind for everybody.
fn certificate(dir: &Path) -> anyhow::Result<()> {
    let mut openssl = command("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    openssl.args(["-nodes", "-days", "30", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout"]);
    openssl.arg(dir.join("server.key")).arg("-out").arg(dir.join("server.pem"));
    output(&mut openssl)?;
    let both = ["server.pem", "server.key"].map(|name| std::fs::read_to_string(dir.join(name)));
    std::fs::write(dir.join("both.pem"), both.into_iter().collect::<Result<String, _>>()?)?;
    Ok(())
}
