//! A backend written for Node or Python, where these are installed.
//!
//! It may be killed and started again; the variable `PORT` says which port it is to listen on.

use std::io::{self, BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running script that serves; it ends when this is dropped.
#[derive(Debug)]
pub struct Script {
    child: Child,
    program: String,
    arguments: Vec<String>,
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

    /// As [`Script::python`], with the Python of `target/venv` and what is installed there. `None`,
    /// and a line on standard error, where that does not have `module`.
    ///
    /// # Panics
    /// When the script does not say where it listens.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    pub async fn venv(module: &str, code: &str, arguments: &[&str]) -> Option<Self> {
        let python = crate::workspace_root().join("target/venv/bin/python");
        // Looked for, not imported: that can take a second.
        let find = "import sys, importlib.util as u; sys.exit(u.find_spec(sys.argv[1]) is None)";
        let found = Command::new(&python).args(["-c", find, module]).status();
        if !found.is_ok_and(|status| status.success()) {
            eprintln!("skipped: target/venv has no {module} for Python (cargo xtask setup)");
            return None;
        }
        Self::run(&python.to_string_lossy(), "python3", &["-c", code], arguments).await
    }

    async fn run(program: &str, package: &str, code: &[&str], arguments: &[&str]) -> Option<Self> {
        Self::program(program, package, &[code, arguments].concat()).await
    }

    /// As [`Script::python`], with any program. It gets the port to listen on, 0 for one of the
    /// system's choice, in the variable `PORT`.
    ///
    /// # Panics
    /// When the program does not say where it listens.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    pub async fn program(program: &str, package: &str, arguments: &[&str]) -> Option<Self> {
        let dir = TempDir::with_prefix("weir-script-").expect("a temporary folder");
        let arguments: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let child = match spawn(program, &arguments, dir.path(), 0) {
            Ok(child) => child,
            Err(error) => {
                eprintln!("skipped: {program} (Debian package {package}) cannot run: {error}");
                return None;
            }
        };
        // Made before the wait, so that a test that gives up takes the child with it.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut script = Self { child, program: program.to_owned(), arguments, address, dir };
        script.listening().await;
        Some(script)
    }

    /// Waits for the line that says where it listens.
    async fn listening(&mut self) {
        let stdout = self.child.stdout.take().expect("a pipe, asked for when it was started");
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_length| line)
        });
        let line = crate::bounded("the port of a script", line).await.expect("no panic above");
        let port = line.ok().and_then(|line| line.trim().parse().ok());
        self.address.set_port(port.expect("the port that the script listens on"));
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: `STOP`, `CONT`.
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn signal(&self, name: &str) {
        crate::signal::send(self.child.id(), name);
    }

    /// Kills it; its port refuses until [`Script::again`].
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("the state of a child");
    }

    /// Starts one that was killed again, at the same port and in the same folder.
    ///
    /// # Panics
    /// When it does not listen there.
    pub async fn again(&mut self) {
        let address = self.address;
        let spawned = spawn(&self.program, &self.arguments, self.dir.path(), address.port());
        self.child = spawned.expect("a program that ran before");
        self.listening().await;
        assert_eq!(self.address, address, "the port of a script that was started again");
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

fn spawn(program: &str, arguments: &[String], dir: &Path, port: u16) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).env("PORT", port.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
}
