//! A real Apache HTTP server as a backend, where it is installed.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::port::free_port;

const PROGRAM: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";

/// A running Apache HTTP server; it ends when this is dropped.
#[derive(Debug)]
pub struct Apache {
    child: Child,
    address: SocketAddr,
    dir: TempDir,
}

impl Apache {
    /// Runs one process of the server with these modules (`reflector` for `mod_reflector.so`) and
    /// directives. `@PORT@` becomes the port that is waited for, `@DIR@` the folder it runs in,
    /// which is also its document root. `None`, and a line on standard error, where the server or
    /// a module is not installed.
    ///
    /// # Panics
    /// When the server does not accept the configuration.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    pub async fn server(modules: &[&str], directives: &str) -> Option<Self> {
        if !is_installed(modules) {
            eprintln!("skipped: Apache is not installed (Debian package apache2-bin)");
            return None;
        }
        let dir = TempDir::with_prefix("weir-apache-").expect("a temporary folder");
        // The server gives up being root, and must still read its folder.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))
            .expect("the rights of an own folder");
        let port = free_port();
        let text = configuration(modules, directives)
            .replace("@PORT@", &port.to_string())
            .replace("@DIR@", &dir.path().to_string_lossy());
        let file = dir.path().join("apache.conf");
        fs::write(&file, text).expect("a writable folder");
        // -X: one process in the foreground, which is the one that is ended.
        let child = Command::new(PROGRAM)
            .args(["-X", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("Apache starts");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut apache = Self { child, address, dir };
        crate::bounded("Apache to listen", apache.ready()).await;
        Some(apache)
    }

    async fn ready(&mut self) {
        while TcpStream::connect(self.address).await.is_err() {
            let ended = self.child.try_wait().expect("the state of a child");
            let errors = || fs::read_to_string(self.dir.path().join("error.log"));
            assert!(ended.is_none(), "Apache ended at once: {ended:?} {:?}", errors());
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

impl Drop for Apache {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_installed(modules: &[&str]) -> bool {
    let is_there = |name: &&str| Path::new(MODULES).join(format!("mod_{name}.so")).exists();
    Path::new(PROGRAM).exists() && modules.iter().all(is_there)
}

/// One process that writes into its folder only.
fn configuration(modules: &[&str], directives: &str) -> String {
    let load = |name: &&str| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n");
    let modules: String = ["mpm_event", "authz_core"].iter().chain(modules).map(load).collect();
    format!(
        "ServerRoot \"@DIR@\"\nDefaultRuntimeDir \"@DIR@\"\nPidFile \"@DIR@/pid\"\n\
         DocumentRoot \"@DIR@\"\nErrorLog \"@DIR@/error.log\"\nMutex posixsem\n\
         ServerName localhost\nListen 127.0.0.1:@PORT@\nUser daemon\nGroup daemon\n\
         {modules}{directives}\n"
    )
}
