#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;

use super::*;

fn parse(kind: &str, url: &str) -> Result<StoreConfig, ConfigError> {
    let password = Secret::new("p&ss w=rd");
    let keys = DatabaseKeys {
        kind: Some(kind),
        url: Some(url),
        username: Some("wso2carbon"),
        password: Some(&password),
        path: None,
    };
    StoreConfig::parse(&keys, Path::new("/home/weir"))
}

fn url(kind: &str, url: &str) -> String {
    match parse(kind, url).unwrap() {
        StoreConfig::Postgres { url } => url.expose().to_owned(),
        StoreConfig::Sqlite { path } => panic!("SQLite at {}", path.display()),
    }
}

fn path(kind: &str, url: &str) -> String {
    match parse(kind, url).unwrap() {
        StoreConfig::Sqlite { path } => path.to_str().unwrap().to_owned(),
        StoreConfig::Postgres { .. } => panic!("PostgreSQL"),
    }
}

#[test]
fn urls_of_jdbc_become_those_of_sqlx() {
    let user = "user=wso2carbon&password=p%26ss+w%3Drd";
    for (written, becomes) in [
        ("jdbc:postgresql://db:5432/apim_db", format!("postgres://db:5432/apim_db?{user}")),
        ("jdbc:postgresql:apim_db", format!("postgres://localhost/apim_db?{user}")),
        ("jdbc:postgresql:///apim_db", format!("postgres://localhost/apim_db?{user}")),
        ("jdbc:postgresql://[::1]:5433/a", format!("postgres://[::1]:5433/a?{user}")),
        ("postgres://db/a", format!("postgres://db/a?{user}")),
        ("postgresql:///a?host=/run/pg", format!("postgres:///a?host=%2Frun%2Fpg&{user}")),
        ("jdbc:postgresql://db/a?ssl=true", format!("postgres://db/a?sslmode=verify-full&{user}")),
        (
            "jdbc:postgresql://db/a?sslmode=require&connectTimeout=5&ApplicationName=gw",
            format!("postgres://db/a?sslmode=require&application_name=gw&{user}"),
        ),
        (
            "jdbc:postgresql://db/a?currentSchema=apim",
            format!("postgres://db/a?options%5Bsearch_path%5D=apim&{user}"),
        ),
    ] {
        assert_eq!(url("postgre", written), becomes, "{written}");
    }
    parse("PostgreSQL", "jdbc:postgresql://db/a").unwrap().connect_options().unwrap();
}

#[test]
fn h2_and_nothing_are_sqlite() {
    let home = Path::new("/home/weir");
    let nothing = StoreConfig::parse(&DatabaseKeys::default(), home).unwrap();
    assert_eq!(nothing, StoreConfig::Sqlite { path: home.join(DEFAULT_FILE) });
    let h2 = "jdbc:h2:./repository/database/WSO2AM_DB;AUTO_SERVER=TRUE";
    assert_eq!(path("h2", h2), "/home/weir/data/weir.db");
    assert_eq!(path("sqlite", "jdbc:sqlite:a/b.db"), "/home/weir/a/b.db");
    assert_eq!(path("sqlite", "sqlite:///var/lib/w.db?mode=rwc"), "/var/lib/w.db");
    assert_eq!(path("sqlite", "w.db"), "/home/weir/w.db");
}

#[test]
fn what_cannot_be_used_says_what_to_write() {
    for (kind, url, says) in [
        ("mysql", "jdbc:mysql://db/a", "databases of type `mysql` are not supported; use type"),
        ("mssql", "", "databases of type `mssql` are not supported"),
        ("oracle", "", "databases of type `oracle` are not supported"),
        ("db2", "", "databases of type `db2` are not supported"),
        ("", "jdbc:oracle:thin:@db:1521", "databases of type `oracle` are not supported"),
        ("postgre", "", "needs url, such as"),
        ("postgre", "jdbc:mysql://db/a", "url belongs to `mysql` and type says `postgre`"),
        ("sqlite", "jdbc:postgresql://db/a", "url belongs to `postgresql` and type says `sqlite`"),
        ("postgre", "jdbc:postgresql://a:1,b:2/a", "url names several hosts"),
        ("postgre", "jdbc:postgresql://a/b?sslmode=maybe", "url says sslmode=maybe; use one of"),
        ("postgre", "jdbc:postgresql://a/b?loggerLevel=1", "the parameter `loggerLevel`"),
        ("postgre", "jdbc:postgresql://a:port/b", "url cannot be read (invalid port number)"),
        ("sqlite", "sqlite::memory:", "the path of the SQLite file is empty"),
    ] {
        let says_so = parse(kind, url).unwrap_err().to_string();
        assert!(says_so.contains(says), "{kind} {url}: {says_so}");
    }
}

#[test]
fn the_password_is_never_printed() {
    let config = parse("postgre", "jdbc:postgresql://db/a").unwrap();
    assert!(!format!("{config:?}").contains("w%3Drd"), "{config:?}");
}

proptest! {
    #[test]
    fn no_keys_make_it_panic(kind in ".{0,12}", url in "(jdbc:)?(postgresql|sqlite|h2)?:?/{0,3}.{0,40}") {
        if let Ok(config) = parse(&kind, &url) {
            drop(config.connect_options());
        }
    }
}
