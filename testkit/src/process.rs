//! The program itself, as a child process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;

/// What the line on standard output begins with.
const SERVING: &str = "Weir is serving:";

/// A running `weir serve` with a home of its own; it is killed when this is dropped.
#[derive(Debug)]
pub struct WeirProcess {
    child: Child,
    home: Arc<TempDir>,
    line: String,
    stdout: Lines,
    stderr: Lines,
}

/// How the program ended.
#[derive(Debug)]
pub struct Exit {
    /// Its exit status.
    pub status: ExitStatus,
    /// Everything it wrote to standard error.
    pub stderr: String,
}

/// The lines that a pipe has given so far.
#[derive(Debug, Clone)]
struct Lines(Arc<Mutex<String>>, watch::Receiver<bool>);

impl WeirProcess {
    /// Runs `binary serve` with these arguments on ports of the system's choice and waits until it
    /// serves. `binary` is what `env!("CARGO_BIN_EXE_weir")` gives. Listeners that `args` does not
    /// name are given port 0 on 127.0.0.1.
    ///
    /// # Errors
    /// What it wrote to standard error, when it ends before it serves.
    pub async fn serve(binary: &str, args: &[&str]) -> Result<Self, Exit> {
        let home = TempDir::with_prefix("weir-home-").expect("a temporary folder");
        Self::serve_in(binary, home, args, &[]).await
    }

    /// As [`WeirProcess::serve`], with a home that the test has filled and with variables.
    ///
    /// # Errors
    /// What it wrote to standard error, when it ends before it serves.
    ///
    /// # Panics
    /// When `binary` cannot be run.
    pub async fn serve_in(
        binary: &str,
        home: TempDir,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self, Exit> {
        Self::launch(binary, Arc::new(home), args, variables).serving().await
    }

    /// Runs another process with the home of this one, and waits until it serves.
    ///
    /// # Errors
    /// What it wrote to standard error, when it ends before it serves.
    ///
    /// # Panics
    /// When `binary` cannot be run.
    pub async fn again(&self, binary: &str, args: &[&str]) -> Result<Self, Exit> {
        Self::launch(binary, Arc::clone(&self.home), args, &[]).serving().await
    }

    /// Runs `binary serve` as [`WeirProcess::serve_in`] does, and waits for nothing.
    ///
    /// # Panics
    /// When `binary` cannot be run.
    #[must_use]
    pub fn launch(
        binary: &str,
        home: Arc<TempDir>,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(binary);
        command.arg("serve").arg("--home").arg(home.path()).args(args);
        for listener in ["--http", "--https", "--manage", "--manage-http", "--admin"] {
            if !args.contains(&listener) {
                command.args([OsStr::new(listener), OsStr::new("127.0.0.1:0")]);
            }
        }
        // Accounts of whoever runs the tests are not theirs.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let stdout = Lines::of(child.stdout.take().expect("a pipe, asked for above"));
        let stderr = Lines::of(child.stderr.take().expect("a pipe, asked for above"));
        Self { child, home, line: String::new(), stdout, stderr }
    }

    /// Waits until it serves.
    ///
    /// # Errors
    /// What it wrote to standard error, when it ends before it serves.
    pub async fn serving(mut self) -> Result<Self, Exit> {
        let found = crate::bounded("the line that says where it serves", self.stdout.find(SERVING));
        match found.await {
            Some(line) => {
                self.line = line;
                Ok(self)
            }
            None => Err(self.ended().await),
        }
    }

    /// The line that says where it serves.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The URL of the gateway in clear text, without a slash at the end.
    ///
    /// # Panics
    /// When the line names none.
    #[must_use]
    pub fn http(&self) -> String {
        self.url("http://").expect("an http URL in the line")
    }

    /// The URL of the gateway with TLS, without a slash at the end.
    ///
    /// # Panics
    /// When the line names none.
    #[must_use]
    pub fn https(&self) -> String {
        self.url("https://").expect("an https URL in the line")
    }

    /// Where the gateway listens in clear text.
    ///
    /// # Panics
    /// When the URL does not end in a port.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        loopback(&self.http())
    }

    /// Where the gateway listens with TLS.
    ///
    /// # Panics
    /// When the URL does not end in a port.
    #[must_use]
    pub fn https_address(&self) -> SocketAddr {
        loopback(&self.https())
    }

    fn url(&self, scheme: &str) -> Option<String> {
        let word = self.line.split_whitespace().find(|word| word.starts_with(scheme))?;
        Some(word.trim_end_matches(['/', ',']).to_owned())
    }

    /// Its installation folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until standard error has a line that contains `text`, and gives that line.
    ///
    /// # Panics
    /// When it ends without one.
    pub async fn logged(&self, text: &str) -> String {
        crate::bounded("a log line", self.stderr.find(text)).await.expect("the line is logged")
    }

    /// Sends a signal: `TERM`, `HUP`, `INT`.
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn signal(&self, name: &str) {
        crate::signal::send(self.child.id(), name);
    }

    /// Sends SIGTERM and waits until it has drained and ended.
    pub async fn terminate(mut self) -> Exit {
        self.signal("TERM");
        self.ended().await
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When its state cannot be read.
    pub async fn ended(&mut self) -> Exit {
        crate::bounded("the end of the program", async {
            let status = loop {
                if let Some(status) = self.child.try_wait().expect("the state of a child") {
                    break status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            self.stderr.finished().await;
            Exit { status, stderr: self.stderr.text() }
        })
        .await
    }
}

impl Drop for WeirProcess {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Lines {
    /// Collects what `pipe` gives, on a thread of its own.
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = watch::channel(false);
        let lines = Self(Arc::default(), receiver);
        let text = Arc::clone(&lines.0);
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = format!("{}\n", String::from_utf8_lossy(&line));
                text.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
                sender.send_replace(false);
            }
            sender.send_replace(true);
        });
        lines
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first line with `text` in it; `None` when the pipe ends without one.
    async fn find(&self, text: &str) -> Option<String> {
        let mut news = self.1.clone();
        loop {
            let over = *news.borrow_and_update();
            let found = self.text().lines().find(|line| line.contains(text)).map(str::to_owned);
            if found.is_some() || over || news.changed().await.is_err() {
                return found;
            }
        }
    }

    /// Waits for the end of the pipe.
    async fn finished(&self) {
        drop(self.1.clone().wait_for(|over| *over).await);
    }
}

fn loopback(url: &str) -> SocketAddr {
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
    SocketAddr::from(([127, 0, 0, 1], port.expect("a URL that ends in a port")))
}
