//! A backend written for Node or Python, where these are installed.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running script that serves; it ends when this is dropped.
#[derive(Debug)]
pub struct Script {
    child: Child,
    address: SocketAddr,
    dir: TempDir,
}

impl Script {
    /// Runs a script with Node; see [`Script::python`].
    ///
    /// # Panics
    /// When the script does not say where it listens.
    pub async fn node(code: &str, arguments: &[&str]) -> Option<Self> {
        // What follows is for the script, though it may look like an option of Node's.
        Self::run("node", "nodejs", &["-e", code, "--"], arguments).await
    }

    /// Runs a script with Python 3. It is given its arguments, in a folder of its own, and prints
    /// the port of 127.0.0.1 that it listens on as its first line. `None`, and a line on standard
    /// error, where Python is not installed.
    ///
    /// # Panics
    /// When the script does not say where it listens.
    pub async fn python(code: &str, arguments: &[&str]) -> Option<Self> {
        Self::run("python3", "python3", &["-c", code], arguments).await
    }

    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    async fn run(program: &str, package: &str, code: &[&str], arguments: &[&str]) -> Option<Self> {
        let dir = TempDir::with_prefix("weir-script-").expect("a temporary folder");
        let mut command = Command::new(program);
        command.args(code).args(arguments).current_dir(dir.path());
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                eprintln!("skipped: {program} (Debian package {package}) cannot run: {error}");
                return None;
            }
        };
        let stdout = child.stdout.take().expect("a pipe, asked for above");
        // Made before the wait, so that a test that gives up takes the child with it.
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut script = Self { child, address: nowhere, dir };
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_length| line)
        });
        let line = crate::bounded("the port of a script", line).await.expect("no panic above");
        let port = line.ok().and_then(|line| line.trim().parse().ok());
        script.address.set_port(port.expect("the port that the script listens on"));
        Some(script)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder it runs in.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
