//! Secrets: sealed, referred to, renewed, and never printed.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Backend, Project, Reply, WeirProcess};

use super::support::{
    Ask, Done, WEIR, eventually, home, open, replace, serve_with, weir, weir_with,
};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,\
                     1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100";

/// Runs `weir encrypt`.
fn encrypt(arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Done {
    let home = TempDir::new().unwrap();
    let mut command = Command::new(WEIR);
    command.arg("encrypt").args(arguments).current_dir(home.path());
    command.env_remove("WEIR_SECRET_KEY").env_remove("WEIR_SECRET_KEY_FILE");
    command.envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Done::of(&child.wait_with_output().unwrap())
}

fn sealed(secret: &str) -> String {
    let done = encrypt(&[], secret, &[("WEIR_SECRET_KEY", KEY)]);
    assert_eq!(done.code, 0, "{done:?}");
    done.stdout.trim().to_owned()
}

/// A project that shows a user.
fn secured(name: &str, url: &str, password: &str) -> Project {
    open(name, url).endpoint_config(json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": url },
        "endpoint_security": {
            "production": { "enabled": true, "type": "BASIC", "username": "u", "password": password },
        },
    }))
}

#[test]
fn a_secret_is_sealed_and_sealed_anew() {
    let text = sealed("hunter2\n");
    assert!(text.starts_with("$sealed{v1.") && text.ends_with('}'), "{text}");
    assert_ne!(text, sealed("hunter2\n"));
    // The key is not there any more, then it is the second one.
    let lost = encrypt(&[], &text, &[("WEIR_SECRET_KEY", OTHER.split(',').nth(1).unwrap())]);
    assert_eq!(lost.code, 1);
    assert!(lost.stderr.contains("sealed with the key"), "{lost:?}");
    let both = format!("{},{KEY}", OTHER.split(',').nth(1).unwrap());
    let again = encrypt(&["--json"], &text, &[("WEIR_SECRET_KEY", &both)]);
    let again = again.json()["sealed"].as_str().unwrap().to_owned();
    assert!(again.split('.').nth(1) != text.split('.').nth(1), "{again} {text}");
    let key = encrypt(&["--new-key"], "", &[]).stdout;
    assert_eq!(encrypt(&[], "x", &[("WEIR_SECRET_KEY", key.trim())]).code, 0);
    for (input, key, told) in [
        ("", KEY, "no secret on standard input"),
        ("x", "short", "32 bytes"),
        ("x", "", "no key"),
        ("$sealed{v1.nonsense}", KEY, "no sealed secret"),
    ] {
        let done = encrypt(&[], input, &[("WEIR_SECRET_KEY", key)]);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains(told) && done.stdout.is_empty(), "{told}: {done:?}");
    }
}

#[tokio::test]
async fn every_kind_of_reference_is_followed_and_files_are_watched() {
    let backend = Backend::echo().await;
    let apis = TempDir::new().unwrap();
    let home = home("[weir.secrets]\nkey_file = \"keys\"\n");
    let stores = home.path().join("repository/resources/security");
    fs::create_dir_all(stores.join("secrets")).unwrap();
    fs::write(stores.join("keys"), KEY).unwrap();
    fs::write(stores.join("secrets/password"), "filed\n").unwrap();
    secured("Sealed", &backend.url(), &sealed("sealed")).write(apis.path());
    secured("File", &backend.url(), "$file{password}").write(apis.path());
    secured("Env", &backend.url(), "$env{BACKEND_PASSWORD}").write(apis.path());
    let variables = [("BACKEND_PASSWORD", "from the environment")];
    let process = serve_with(apis.path(), home, &[], &variables).await;
    let shown = async |api: &str| {
        let answer = process.get(&format!("/{api}/1/a")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        backend.last().header("authorization").unwrap().to_owned()
    };
    assert_eq!(shown("sealed").await, "Basic dTpzZWFsZWQ=");
    assert_eq!(shown("env").await, "Basic dTpmcm9tIHRoZSBlbnZpcm9ubWVudA==");
    assert_eq!(shown("file").await, "Basic dTpmaWxlZA==");
    let file = process.home().join("repository/resources/security/secrets/password");
    replace(&file, "renewed\n");
    eventually("the renewed password", async || {
        (shown("file").await == "Basic dTpyZW5ld2Vk").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_reference_that_leads_nowhere_refuses_the_project() {
    let apis = TempDir::new().unwrap();
    for (name, reference) in [
        ("Variable", "$env{BACKEND_NOT_SET}"),
        ("Own", "$env{WEIR_SECRET_KEY}"),
        ("Outside", "$file{/etc/passwd}"),
        ("Up", "$file{../../conf/deployment.toml}"),
        ("Store", "$file{../keys}"),
        ("Key", "$sealed{v1.00000000.AAAA}"),
    ] {
        secured(name, "http://127.0.0.1:1", reference).write(apis.path());
    }
    open("Fine", "http://127.0.0.1:1").write(apis.path());
    let variables = [("WEIR_SECRET_KEY", KEY)];
    let process = serve_with(apis.path(), home(""), &[], &variables).await;
    let list = process.admin("/apis").await.json();
    let rejected = |project: &&Value| project["state"] == "rejected";
    let rejected: Vec<_> = list["list"].as_array().unwrap().iter().filter(rejected).collect();
    assert_eq!(rejected.len(), 6, "{list:#}");
    for project in rejected {
        assert_eq!(project["diagnostics"][0]["code"], "EP035", "{project:#}");
    }
    // Whoever only looks at projects is told, and goes on.
    let path = apis.path().to_string_lossy();
    let done = weir(&["validate", &path]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.stdout.matches("warning[EP035]").count(), 6, "{done:?}");
}

#[test]
fn the_configuration_may_have_sealed_values_and_files() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("password");
    fs::write(&file, "PLANTED-file\n").unwrap();
    let toml = format!(
        "[apim.proxy_config]\nenable = true\nhost = \"p\"\nport = 1\nusername = \"u\"\n\
         password = \"{}\"\n[truststore]\nfile_name = \"a.p12\"\npassword = \"$file{{{}}}\"\n",
        sealed("PLANTED-sealed"),
        file.display()
    );
    let home = home(&toml);
    let path = home.path().to_string_lossy();
    let done = weir_with(&["environments", "--home", &path], &[("WEIR_SECRET_KEY", KEY)]);
    assert_eq!(done.code, 0, "{done:?}");
    let done = weir(&["environments", "--home", &path]);
    assert_eq!(done.code, 1);
    assert!(done.stdout.contains("CF003"), "{done:?}");
    assert!(!done.stdout.contains("PLANTED") && !done.stderr.contains("PLANTED"), "{done:?}");
}

/// What is planted as a secret.
const PLANTED: &str = "PLANTED";

/// Projects whose every secret is planted; what they show is of no use to their backend.
fn plant(apis: &TempDir, url: &str, tokens: &str) {
    let plant = |name: &str, security: Value| {
        let config = json!({
            "endpoint_type": "http",
            "production_endpoints": { "url": url },
            "endpoint_security": { "production": security },
        });
        open(name, url).endpoint_config(config).write(apis.path());
    };
    let user = |kind: &str| json!({ "enabled": true, "type": kind, "username": "u", "password": "PLANTED-password" });
    let key = |kind: &str| {
        json!({ "enabled": true, "type": "apikey", "apiKeyIdentifier": "X-Key",
                "apiKeyIdentifierType": kind, "apiKeyValue": "PLANTED-key" })
    };
    plant("Basic", user("BASIC"));
    plant("Digest", user("DIGEST"));
    plant("Header", key("HEADER"));
    plant("Query", key("QUERY_PARAMETER"));
    plant(
        "Sealed",
        json!({ "enabled": true, "type": "BASIC", "username": "u",
                            "password": sealed("PLANTED-sealed") }),
    );
    plant(
        "Env",
        json!({ "enabled": true, "type": "BASIC", "username": "u",
                         "password": "$env{BACKEND_PASSWORD}" }),
    );
    let oauth = |url: &str| {
        json!({
            "enabled": true, "type": "OAUTH", "grantType": "PASSWORD", "tokenUrl": url,
            "clientId": "c", "clientSecret": "PLANTED-client", "username": "u",
            "password": "PLANTED-user",
            "customParameters": { "tenant": { "value": "PLANTED-parameter", "secured": true } },
        })
    };
    plant("Token", oauth(tokens));
    plant("Closed", oauth("http://127.0.0.1:1/token"));
    let mut proxied = oauth(tokens);
    proxied["proxyConfigs"] = json!({
        "proxyEnabled": true, "proxyHost": "127.0.0.1", "proxyPort": 1,
        "proxyUsername": "u", "proxyPassword": "PLANTED-proxy",
    });
    plant("Proxied", proxied);
    // And some that are wrong.
    plant(
        "Broken",
        json!({ "enabled": true, "type": "BASIC", "username": "u",
                            "password": "PLANTED-broken\n" }),
    );
    plant(
        "List",
        json!({ "enabled": true, "type": "DIGEST", "username": "u",
                          "password": ["PLANTED-list"] }),
    );
    plant(
        "Url",
        json!({ "enabled": true, "type": "OAUTH", "clientId": "c",
                         "tokenUrl": "https://u:PLANTED-url@t.example/", "clientSecret": "s" }),
    );
}

#[tokio::test]
async fn nothing_that_the_program_prints_has_a_secret() {
    // The backend refuses everything, so that failures are told too.
    let backend = Backend::with(|request| async move {
        let is_token = request.target.contains("/token");
        let token = json!({ "access_token": "PLANTED-token", "refresh_token": "PLANTED-refresh" });
        match is_token {
            true => Reply::json(&token),
            false => Reply::new(401)
                .header("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\""),
        }
    })
    .await;
    let apis = TempDir::new().unwrap();
    plant(&apis, &backend.url(), &format!("{}/token", backend.url()));
    let home = home(&format!(
        "[apim.proxy_config]\nusername = \"u\"\npassword = \"PLANTED-toml\"\n\
         [truststore]\npassword = \"{}\"\n[super_admin]\npassword = \"$env{{BACKEND_PASSWORD}}\"\n\
         [[transport.http.proxy_profile]]\ntarget_hosts = [\"elsewhere\"]\nproxy_host = \"p\"\n\
         proxy_username = \"u\"\nproxy_password = \"PLANTED-profile\"\n",
        sealed("PLANTED-toml-sealed")
    ));
    let variables = [
        ("WEIR_SECRET_KEY", KEY),
        ("BACKEND_PASSWORD", "PLANTED-env"),
        ("RUST_LOG", "trace"),
        ("WEIR_LOG", "trace"),
    ];
    let process = serve_with(apis.path(), home, &[], &variables).await;
    let mut printed = vec![process.line().to_owned()];
    let names =
        ["basic", "digest", "header", "query", "sealed", "env", "token", "closed", "proxied"];
    for name in names {
        for _ in 0..2 {
            let answer = process.get(&format!("/{name}/1/a?X-Key=mine")).await;
            printed.push(format!("{answer:?}"));
        }
        let target = format!("/explain?method=GET&url=/{name}/1/a");
        printed.push(process.admin(&target).await.text());
    }
    for path in ["/config", "/endpoints", "/apis", "/metrics"] {
        printed.push(process.admin(path).await.text());
    }
    printed.extend(on_the_command_line(&process, &apis, &variables));
    printed.push(process.stderr());
    let exit = process.terminate().await;
    printed.push(exit.stderr.clone());
    // What was planted, and what it looks like in a header or in a form.
    let coded = ["UExBTlRFR", "dTpQTEFOVEVE", "YzpQTEFOVEVE", "BMQU5URU"];
    for text in &printed {
        for secret in [&[PLANTED, KEY][..], &coded].concat() {
            let at = text.find(secret).map(|at| text.get(at.saturating_sub(200)..).unwrap_or(text));
            assert!(at.is_none(), "{secret} is in: {}", at.unwrap_or_default());
        }
    }
    // The test would see it: the backend has been shown all of it.
    let shown = backend.requests();
    let all: String = shown.iter().map(|request| format!("{request:?}")).collect();
    for secret in ["dTpQTEFOVEVE", "PLANTED-key", "PLANTED-token"] {
        assert!(all.contains(secret), "{secret} was not shown");
    }
}

/// The same projects as other commands see them.
fn on_the_command_line(
    process: &WeirProcess,
    apis: &TempDir,
    variables: &[(&str, &str)],
) -> Vec<String> {
    let (home, apis) = (process.home().to_string_lossy(), apis.path().to_string_lossy());
    let mut printed = Vec::new();
    for arguments in [
        &["validate", "--home", &home, &apis][..],
        &["validate", "--json", "--home", &home, &apis],
        &["explain", "--home", &home, "--apis", &apis, "GET", "/query/1/a"],
        &["explain", "--json", "--home", &home, "--apis", &apis, "GET", "/basic/1/a"],
        &["explain", "--json", "--home", &home, "--apis", &apis, "GET", "/token/1/a"],
        &["environments", "--json", "--home", &home],
    ] {
        printed.push(format!("{:?}", weir_with(arguments, variables)));
    }
    printed
}
