//! Prism as a process, on a port of its own choice.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running Prism; ends with the test.
pub(super) struct Prism {
    child: Child,
    pub(super) port: u16,
}

impl Prism {
    /// Starts it, and waits until it listens.
    pub(super) fn start(program: &Path, document: &Value, folder: &Path) -> Self {
        let file = folder.join(format!("prism-{}.json", std::process::id()));
        std::fs::write(&file, document.to_string()).unwrap();
        let child = Command::new("node")
            .arg(program)
            .args(["mock", "--host", "127.0.0.1", "--port", "0"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut prism = Self { child, port: 0 };
        let mut lines = BufReader::new(prism.child.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("listening on http://127.0.0.1:")?;
            address.trim().parse().ok()
        });
        prism.port = port.expect("Prism listens");
        // It stops where nobody reads what it writes.
        std::thread::spawn(move || lines.for_each(drop));
        std::fs::remove_file(&file).unwrap();
        prism
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("Prism did not end: {error}");
        }
    }
}
