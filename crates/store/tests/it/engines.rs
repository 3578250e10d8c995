//! The databases that tests run on: SQLite in a folder of its own for each test, and a PostgreSQL that
//! is started once, with a database for each test.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use model::Secret;
use model::secret::seal::Keyring;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use store::{Sealer, Store, StoreConfig};
use tempfile::TempDir;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Starts a server, says so, and ends it when the test process does, however that ends. `$1` is the
/// folder of the programs, `$2` that of the data.
const SERVER: &str = r#"
"$1/initdb" -D "$2/data" -U weir -A trust -E UTF8 --no-sync >"$2/log" 2>&1 || { cat "$2/log" >&2; exit 1; }
"$1/pg_ctl" start -w -D "$2/data" -l "$2/log" -o "-F -k $2 -c listen_addresses=" >"$2/out" 2>&1 || { cat "$2/log" >&2; exit 1; }
echo ready
read _
"$1/pg_ctl" stop -m immediate -D "$2/data" >/dev/null 2>&1
cd / && rm -rf "$2"
"#;

/// An empty database, and what it lies in.
pub(crate) struct Database {
    pub(crate) config: StoreConfig,
    _folder: Option<TempDir>,
}

impl Database {
    /// The store in it.
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.config, sealer()).await.unwrap()
    }

    /// A connection beside the store, for what the store does not do.
    pub(crate) async fn raw(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        let url = match &self.config {
            StoreConfig::Sqlite { path } => format!("sqlite://{}", path.display()),
            StoreConfig::Postgres { url } => url.expose().to_owned(),
        };
        AnyConnection::connect(&url).await.unwrap()
    }
}

pub(crate) fn sealer() -> Sealer {
    Sealer::new(Keyring::parse(KEY).unwrap()).unwrap()
}

/// Runs a test on an empty database of each engine; says so where PostgreSQL is absent.
pub(crate) fn on_each(test: impl AsyncFn(Database)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        test(sqlite()).await;
        if let Some(database) = postgres().await {
            test(database).await;
        }
    });
}

pub(crate) fn sqlite() -> Database {
    let folder = TempDir::new().unwrap();
    let config = StoreConfig::Sqlite { path: folder.path().join("made/weir.db") };
    Database { config, _folder: Some(folder) }
}

pub(crate) async fn postgres() -> Option<Database> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = server()?;
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    let url = |name: &str| format!("postgres:///{name}?host={}&user=weir", server.folder.display());
    let mut connection = AnyConnection::connect(&url("postgres")).await.unwrap();
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
    Some(Database { config: StoreConfig::Postgres { url: Secret::new(url(&name)) }, _folder: None })
}

/// A server that ends when its input does.
struct Server {
    folder: PathBuf,
    _child: Child,
    _input: ChildStdin,
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(start).as_ref()
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn start() -> Option<Server> {
    let Some(programs) = programs() else {
        eprintln!("skipped on PostgreSQL: it is not installed");
        return None;
    };
    let folder = TempDir::new().unwrap().keep();
    // PostgreSQL refuses to run as root.
    let mut command = Command::new("sh");
    if is_root() {
        std::os::unix::fs::chown(&folder, Some(65534), Some(65534)).unwrap();
        command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh"]);
    }
    command.args(["-c", SERVER, "server"]).arg(programs).arg(&folder).current_dir(&folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready", "PostgreSQL did not start");
    let input = child.stdin.take().unwrap();
    Some(Server { folder, _child: child, _input: input })
}

/// The folder with PostgreSQL's programs: Debian's, which is not in the search path, or another.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    let has_all = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).exists())
    };
    folders.into_iter().find(has_all)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| String::from_utf8_lossy(&id.stdout).trim() == "0")
}
