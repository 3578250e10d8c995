//! A real nginx as a backend, where it is installed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::port::free_port;

/// A running nginx; it ends when this is dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    program: &'static str,
    address: SocketAddr,
    dir: TempDir,
}

impl Nginx {
    /// Runs nginx with one server in clear text that has these directives; `None`, and a line on
    /// standard error, where nginx is not installed.
    pub async fn server(directives: &str) -> Option<Self> {
        Self::http(&format!("server {{ listen 127.0.0.1:@PORT@; {directives} }}")).await
    }

    /// Runs nginx with this in its `http` block. `@PORT@` becomes the port that is waited for,
    /// `@DIR@` the folder it runs in.
    ///
    /// # Panics
    /// When nginx does not accept the configuration.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    pub async fn http(block: &str) -> Option<Self> {
        let Some(program) = program() else {
            eprintln!("skipped: nginx is not installed (Debian package nginx-light)");
            return None;
        };
        let dir = TempDir::with_prefix("weir-nginx-").expect("a temporary folder");
        let port = free_port();
        let block = block.replace("@PORT@", &port.to_string());
        let block = block.replace("@DIR@", &dir.path().to_string_lossy());
        let file = dir.path().join("nginx.conf");
        std::fs::write(&file, configuration(dir.path(), &block)).expect("a writable folder");
        let child = spawn(program, dir.path());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut nginx = Self { child, program, address, dir };
        crate::bounded("nginx to listen", nginx.ready()).await;
        Some(nginx)
    }

    /// Kills it; its port refuses until [`Nginx::again`].
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("the state of a child");
    }

    /// Starts one that was killed again, at the same port.
    ///
    /// # Panics
    /// When the port was taken by somebody else.
    pub async fn again(&mut self) {
        self.child = spawn(self.program, self.dir.path());
        crate::bounded("nginx to listen", self.ready()).await;
    }

    async fn ready(&mut self) {
        while TcpStream::connect(self.address).await.is_err() {
            let ended = self.child.try_wait().expect("the state of a child");
            assert!(ended.is_none(), "nginx ended at once: {ended:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
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

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(program: &str, dir: &Path) -> Child {
    Command::new(program)
        .args(["-p", &dir.to_string_lossy(), "-e", "stderr", "-c"])
        .arg(dir.join("nginx.conf"))
        .stdin(Stdio::null())
        .spawn()
        .expect("nginx starts")
}

/// One process in the foreground that writes into `dir` only.
fn configuration(dir: &Path, block: &str) -> String {
    let dir = dir.display();
    format!(
        "daemon off; master_process off; pid {dir}/pid; error_log stderr crit;\n\
         events {{ worker_connections 512; }}\n\
         http {{\n access_log off; default_type text/plain;\n\
         client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;\n\
         fastcgi_temp_path {dir}/fastcgi; uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;\n\
         {block}\n}}\n"
    )
}

fn program() -> Option<&'static str> {
    ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}
