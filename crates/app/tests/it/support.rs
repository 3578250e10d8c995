//! What these tests share: the program with its arguments, and questions to what runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Answer, Project, WeirProcess};

/// The program.
pub(crate) const WEIR: &str = env!("CARGO_BIN_EXE_weir");

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code().expect("an exit status"),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs `weir` to its end, with no variable of its own set and away from any installation.
pub(crate) fn weir(arguments: &[&str]) -> Done {
    weir_with(arguments, &[])
}

/// As [`weir`], with variables.
pub(crate) fn weir_with(arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    let nowhere = TempDir::new().unwrap();
    let mut command = Command::new(WEIR);
    command.args(arguments).current_dir(nowhere.path()).env("HOME", nowhere.path());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("WEIR_") || text.starts_with("AWS_") || text == "NO_COLOR" {
            command.env_remove(name);
        }
    }
    Done::of(&command.envs(variables.iter().copied()).output().unwrap())
}

/// Runs a tool of the system without holding up what the test serves; `None`, and a word about it,
/// where it is not installed.
pub(crate) async fn tool(program: &str, arguments: &[&str]) -> Option<Done> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(std::process::Stdio::null());
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    match ran {
        Ok(output) => Some(Done::of(&output)),
        Err(error) => {
            eprintln!("skipped: {program} cannot be run: {error}");
            None
        }
    }
}

/// An installation folder with this `deployment.toml`.
pub(crate) fn home(toml: &str) -> TempDir {
    let home = TempDir::with_prefix("weir-home-").unwrap();
    configure(home.path(), toml);
    home
}

/// Writes the `deployment.toml` of an installation folder.
pub(crate) fn configure(home: &Path, toml: &str) {
    let file = home.join("repository/conf/deployment.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, toml).unwrap();
}

/// Serves a folder of projects under a configuration.
pub(crate) async fn serve(apis: &Path, toml: &str) -> WeirProcess {
    serve_with(apis, home(toml), &[], &[]).await
}

/// As [`serve`], with more arguments and variables.
pub(crate) async fn serve_with(
    apis: &Path,
    home: TempDir,
    more: &[&str],
    variables: &[(&str, &str)],
) -> WeirProcess {
    let apis = apis.to_str().unwrap();
    let arguments = [&["--apis", apis], more].concat();
    match WeirProcess::serve_in(WEIR, home, &arguments, variables).await {
        Ok(process) => process,
        Err(exit) => panic!("{}: {}", exit.status, exit.stderr),
    }
}

/// An open API with `GET /a` and `GET /slow` in front of this URL.
pub(crate) fn open(name: &str, url: &str) -> Project {
    let context = format!("/{}", name.to_lowercase());
    Project::new(name, "1", &context)
        .endpoint(url)
        .operation("GET", "/a")
        .open()
        .operation("GET", "/slow")
        .open()
}

/// Questions to a running program.
pub(crate) trait Ask {
    /// Where a listener of the management side is: `admin`, `manage` or `manage_http`.
    async fn listener(&self, name: &str) -> String;
    /// An answer of the admin listener.
    async fn admin(&self, path: &str) -> Answer;
    /// The answer of the gateway to a `GET` in clear text.
    async fn get(&self, target: &str) -> Answer;
    /// What `/apis` says of the project in a folder of that name.
    async fn project(&self, name: &str) -> Option<Value>;
}

impl Ask for WeirProcess {
    async fn listener(&self, name: &str) -> String {
        let line = self.logged("The admin and management listeners are open.").await;
        let line: Value = serde_json::from_str(&line).unwrap();
        line[name].as_str().unwrap().to_owned()
    }

    async fn admin(&self, path: &str) -> Answer {
        let address = self.listener("admin").await;
        ask(format!("http://{address}{path}")).await
    }

    async fn get(&self, target: &str) -> Answer {
        ask(format!("{}{target}", self.http())).await
    }

    async fn project(&self, name: &str) -> Option<Value> {
        let all = self.admin("/apis").await.json();
        let is_it = |one: &&Value| {
            Path::new(one["path"].as_str().unwrap()).file_name().unwrap().to_str() == Some(name)
        };
        all["list"].as_array().unwrap().iter().find(is_it).cloned()
    }
}

/// On the heap: the client's buffers are large, and a test's stack is small.
async fn ask(url: String) -> Answer {
    Box::pin(async move { testkit::get(&url).await.unwrap() }).await
}

/// Asks again and again until the answer is `Some`.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    testkit::bounded(what, Box::pin(asking)).await
}

/// Waits until a `GET` of the gateway has this status.
pub(crate) async fn until_status(process: &WeirProcess, target: &str, status: u16) -> Answer {
    let what = format!("{status} from {target}");
    eventually(&what, async || Some(process.get(target).await).filter(|it| it.status == status))
        .await
}

/// Replaces a file by another one at once, as careful editors do.
pub(crate) fn replace(file: &Path, content: impl AsRef<[u8]>) {
    let temporary = file.with_file_name(".replacement");
    fs::write(&temporary, content).unwrap();
    fs::rename(temporary, file).unwrap();
}

/// Changes `api.yaml` of a project by replacing it.
pub(crate) fn edit(project: &Path, from: &str, to: &str) {
    let file = project.join("api.yaml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    replace(&file, text.replace(from, to));
}

/// A zip of a project folder, with that folder as its single root.
pub(crate) fn zipped(project: &Path) -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let root = project.parent().unwrap();
    let mut folders = vec![project.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(&fs::read(&path).unwrap()).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

/// Copies a folder with the files and folders that are in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else if path.is_file() {
            fs::copy(&path, target).unwrap();
        }
    }
}

/// The examples of this repository; `None`, and a word about it, where there are none.
pub(crate) fn examples() -> Option<PathBuf> {
    let found = Some(testkit::workspace_root().join("examples")).filter(|it| it.is_dir());
    if found.is_none() {
        eprintln!("skipped: there is no examples folder");
    }
    found
}
