//! lighttpd, where it is installed.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::free_port;

const PROGRAM: &str = "/usr/sbin/lighttpd";

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Lighttpd {
    child: Child,
    address: SocketAddr,
    _dir: TempDir,
}

impl Lighttpd {
    /// Serves `/page` to those who show who they are by Digest; `users` is a file as `htdigest`
    /// writes it, and the text of the page is `a page`. `None`, and a line on standard error,
    /// where the server is not installed.
    ///
    /// # Panics
    /// When the server does not accept the configuration.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    pub async fn digest(algorithm: &str, realm: &str, users: &str) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            eprintln!("skipped: lighttpd is not installed (Debian package lighttpd)");
            return None;
        }
        let dir = TempDir::with_prefix("weir-lighttpd-").expect("a temporary folder");
        let port = free_port();
        let at = dir.path().display();
        let text = format!(
            "server.modules = (\"mod_auth\", \"mod_authn_file\")\nserver.port = {port}\n\
             server.bind = \"127.0.0.1\"\nserver.document-root = \"{at}/pages\"\n\
             mimetype.assign = (\"\" => \"text/plain\")\n\
             auth.backend = \"htdigest\"\nauth.backend.htdigest.userfile = \"{at}/users\"\n\
             auth.require = (\"/\" => (\"method\" => \"digest\", \"realm\" => \"{realm}\", \
             \"require\" => \"valid-user\", \"algorithm\" => \"{algorithm}\"))\n"
        );
        fs::create_dir(dir.path().join("pages")).expect("a writable folder");
        fs::write(dir.path().join("pages/page"), "a page").expect("a writable folder");
        fs::write(dir.path().join("users"), users).expect("a writable folder");
        let file = dir.path().join("lighttpd.conf");
        fs::write(&file, text).expect("a writable folder");
        let child = Command::new(PROGRAM)
            .arg("-D")
            .arg("-f")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("lighttpd starts");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut lighttpd = Self { child, address, _dir: dir };
        crate::bounded("lighttpd to listen", lighttpd.ready()).await;
        Some(lighttpd)
    }

    async fn ready(&mut self) {
        while TcpStream::connect(self.address).await.is_err() {
            let ended = self.child.try_wait().expect("the state of a child");
            assert!(ended.is_none(), "lighttpd ended at once: {ended:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Lighttpd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
