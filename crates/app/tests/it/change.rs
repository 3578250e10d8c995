//! Projects that change while they are served.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Backend, Client, Project, WeirProcess};

use super::support::{Ask, edit, eventually, open, replace, serve, until_status, zipped};

/// What "within a second" leaves.
const A_SECOND: Duration = Duration::from_secs(1);

async fn named(name: &str) -> Backend {
    Backend::answer(200, &[("content-type", "text/plain")], name.to_owned()).await
}

async fn until_text(process: &WeirProcess, target: &str, text: &str) {
    let what = format!("{text} from {target}");
    eventually(&what, async || (process.get(target).await.text() == text).then_some(())).await;
}

async fn until_state(process: &WeirProcess, name: &str, state: &str) -> Value {
    eventually(state, async || process.project(name).await.filter(|one| one["state"] == state))
        .await
}

#[tokio::test]
async fn every_kind_of_change_takes_effect_within_a_second() {
    let (one, two) = (named("one").await, named("two").await);
    let apis = open("Shop", &one.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    assert_eq!(process.get("/shop/1/a").await.text(), "one");

    let started = Instant::now();
    edit(&apis.path, &one.url(), &two.url());
    until_text(&process, "/shop/1/a", "two").await;
    assert!(started.elapsed() < A_SECOND, "edit: {:?}", started.elapsed());

    let started = Instant::now();
    let added = open("More", &one.url()).write(apis.dir());
    until_text(&process, "/more/1/a", "one").await;
    assert!(started.elapsed() < A_SECOND, "add: {:?}", started.elapsed());

    let started = Instant::now();
    fs::rename(&added, apis.dir().join("Renamed")).unwrap();
    until_state(&process, "Renamed", "deployed").await;
    assert!(started.elapsed() < A_SECOND, "rename: {:?}", started.elapsed());
    assert_eq!(process.get("/more/1/a").await.status, 200);
    assert_eq!(process.project("More-1").await, None);

    let started = Instant::now();
    fs::remove_dir_all(apis.dir().join("Renamed")).unwrap();
    until_status(&process, "/more/1/a", 404).await;
    assert!(started.elapsed() < A_SECOND, "remove: {:?}", started.elapsed());

    let started = Instant::now();
    open("Deep", &one.url()).write(&apis.dir().join("a/b/c"));
    until_text(&process, "/deep/1/a", "one").await;
    assert!(started.elapsed() < A_SECOND, "deep: {:?}", started.elapsed());

    // In place, as simple editors write.
    let started = Instant::now();
    let file = apis.path.join("api.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(&two.url(), &one.url())).unwrap();
    until_text(&process, "/shop/1/a", "one").await;
    assert!(started.elapsed() < A_SECOND, "in place: {:?}", started.elapsed());
}

#[tokio::test]
async fn a_broken_change_keeps_the_last_good_version() {
    let backend = named("good").await;
    let apis = open("Shop", &backend.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    let good = fs::read(apis.path.join("api.yaml")).unwrap();
    for (broken, code) in
        [("type: api\ndata: [", "PR002"), ("", "PR"), ("type: api\ndata: {}\n", "AP001")]
    {
        replace(&apis.path.join("api.yaml"), broken);
        let refused = until_state(&process, "Shop-1", "rejected").await;
        let found = refused["diagnostics"].to_string();
        assert!(found.contains(code) && found.contains("\"help\""), "{code}: {refused:#}");
        assert_eq!(refused["context"], "/shop/1", "what serves is shown");
        assert_eq!(process.get("/shop/1/a").await.text(), "good");
        process.logged(code).await;
        replace(&apis.path.join("api.yaml"), &good);
        let taken = until_state(&process, "Shop-1", "deployed").await;
        assert_eq!(taken["diagnostics"], json!([]));
    }
    assert_eq!(process.get("/shop/1/a").await.text(), "good");
    // One that was never good serves nothing, and holds nobody up.
    open("New", "nowhere").write(apis.dir());
    until_state(&process, "New-1", "rejected").await;
    assert_eq!(process.get("/new/1/a").await.status, 404);
}

#[tokio::test]
async fn an_archive_is_replaced() {
    let (one, two) = (named("one").await, named("two").await);
    let apis = TempDir::new().unwrap();
    let archive = apis.path().join("shop.zip");
    fs::write(&archive, zipped(&open("Shop", &one.url()).write_temp().path)).unwrap();
    let process = serve(apis.path(), "").await;
    assert_eq!(process.get("/shop/1/a").await.text(), "one");
    replace(&archive, zipped(&open("Shop", &two.url()).write_temp().path));
    until_text(&process, "/shop/1/a", "two").await;
    replace(&archive, "no zip");
    until_state(&process, "shop.zip", "rejected").await;
    assert_eq!(process.get("/shop/1/a").await.text(), "two");
    fs::remove_file(&archive).unwrap();
    until_status(&process, "/shop/1/a", 404).await;
}

async fn states(process: &WeirProcess) -> Vec<(String, String)> {
    let all = process.admin("/endpoints").await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = all["list"].as_array().unwrap().iter();
    let mut states: Vec<_> =
        list.map(|one| (text(&one["id"]), text(&one["health"]["state"]))).collect();
    states.sort();
    states
}

#[tokio::test]
async fn state_is_kept_where_nothing_changed() {
    let backend = named("x").await;
    let shop = |name: &str| {
        Project::new(name, "1", &format!("/{name}"))
            .production(&backend.url())
            .operation("GET", "/a")
            .open()
    };
    let apis = shop("one").write_temp();
    let two = shop("two").write(apis.dir());
    let process = serve(apis.dir(), "").await;
    let admin = process.listener("admin").await;
    for id in ["one:1:production", "two:1:production"] {
        let url = format!("http://{admin}/endpoints/{id}/drain?for=10m");
        let answer = testkit::request("POST", &url, &[], "").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let state = |name: &str, state: &str| (format!("{name}:1:production"), state.to_owned());
    assert_eq!(states(&process).await, [state("one", "MAINTNENCE"), state("two", "MAINTNENCE")]);
    // Touched, but not changed.
    let text = fs::read(two.join("api.yaml")).unwrap();
    replace(&two.join("api.yaml"), &text);
    // Broken: the version that serves goes on as it was.
    replace(&apis.path.join("api.yaml"), "type: api\n");
    until_state(&process, "one-1", "rejected").await;
    assert_eq!(states(&process).await, [state("one", "MAINTNENCE"), state("two", "MAINTNENCE")]);
    shop("three").write(apis.dir());
    until_status(&process, "/three/1/a", 200).await;
    shop("one").set("description", json!("changed")).write(apis.dir());
    until_status(&process, "/one/1/a", 200).await;
    let now = states(&process).await;
    assert_eq!(now, [state("one", "ACTIVE"), state("three", "ACTIVE"), state("two", "MAINTNENCE")]);
    let resume = format!("http://{admin}/endpoints/two:1:production/resume");
    assert_eq!(testkit::request("POST", &resume, &[], "").await.unwrap().status, 200);
    assert_eq!(process.get("/two/1/a").await.status, 200);
}

/// Calls on one connection until told to stop; every answer must be as it should, and the
/// connection must stay.
async fn hammer(
    process_address: std::net::SocketAddr,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
) {
    let mut client = Client::connect(process_address).await.unwrap();
    while !stop.load(Ordering::Relaxed) {
        for target in ["/shop/1/a", "/other/1/a"] {
            let answer = client.get(target).await.expect("the connection stays");
            assert_eq!((answer.status, answer.text().as_str()), (200, "x"), "{target}");
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_changes_under_load_fail_no_request() {
    const CHANGES: usize = 200;
    let backend = named("x").await;
    let apis = open("Shop", &backend.url()).write_temp();
    open("Other", &backend.url()).write(apis.dir());
    let process = serve(apis.dir(), "").await;
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn(hammer(process.http_address(), Arc::clone(&stop), Arc::clone(&count)))
        })
        .collect();
    let mut generation = 1;
    for round in 0..CHANGES {
        let extra = apis.dir().join("Extra-1");
        match round % 4 {
            0 => drop(open("Extra", &backend.url()).write(apis.dir())),
            2 => fs::remove_dir_all(&extra).unwrap(),
            _ => {
                let text = open("Shop", &backend.url()).set("description", json!(round)).api_yaml();
                replace(&apis.path.join("api.yaml"), text);
            }
        }
        generation = eventually("the next generation", async || {
            let now = process.admin("/apis").await.json()["generation"].as_u64().unwrap();
            (now > generation).then_some(now)
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let served = count.load(Ordering::Relaxed);
    assert!(served > CHANGES, "{served}");
    assert_eq!(process.project("Shop-1").await.unwrap()["state"], "deployed");
}

#[tokio::test]
async fn a_thousand_projects_are_served() {
    let backend = named("x").await;
    let apis = TempDir::new().unwrap();
    for number in 0..1000 {
        open(&format!("Api{number}"), &backend.url()).write(apis.path());
    }
    let process = serve(apis.path(), "").await;
    assert!(process.line().ends_with("(1000 APIs)"), "{}", process.line());
    assert_eq!(process.get("/api0/1/a").await.status, 200);
    assert_eq!(process.get("/api999/1/a").await.status, 200);
    fs::remove_dir_all(apis.path().join("Api500-1")).unwrap();
    until_status(&process, "/api500/1/a", 404).await;
    assert_eq!(process.admin("/apis").await.json()["count"], 999);
}

#[tokio::test]
async fn of_two_at_one_address_the_older_one_serves() {
    let (one, two) = (named("one").await, named("two").await);
    let apis = open("Shop", &one.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    let usurper = apis.dir().join("Usurper");
    fs::rename(open("Shop", &two.url()).write(&apis.dir().join("new")), &usurper).unwrap();
    let refused = until_state(&process, "Usurper", "rejected").await;
    assert_eq!(refused["diagnostics"][0]["code"], "AP030", "{refused:#}");
    assert_eq!(refused["id"], Value::Null, "it serves nothing");
    assert_eq!(process.get("/shop/1/a").await.text(), "one");
    process.logged("AP030").await;
    // A change elsewhere says nothing of it again.
    open("Third", &one.url()).write(apis.dir());
    until_status(&process, "/third/1/a", 200).await;
    assert_eq!(process.stderr().matches("AP030").count(), 1);
    // The address becomes free.
    fs::remove_dir_all(&apis.path).unwrap();
    let taken = until_state(&process, "Usurper", "deployed").await;
    assert_eq!(taken["diagnostics"], json!([]));
    assert_eq!(process.get("/shop/1/a").await.text(), "two");
}

#[tokio::test]
async fn who_moves_to_an_address_in_use_stays_where_it_was() {
    let (one, two) = (named("one").await, named("two").await);
    let apis = open("One", &one.url()).write_temp();
    let second = open("Two", &two.url()).write(apis.dir());
    let process = serve(apis.dir(), "").await;
    edit(&apis.path, "/one", "/two");
    until_state(&process, "One-1", "rejected").await;
    assert_eq!(process.get("/one/1/a").await.text(), "one");
    assert_eq!(process.get("/two/1/a").await.text(), "two");
    // The other one goes the opposite way: now nothing is in the way of either.
    edit(&second, "/two", "/one");
    until_text(&process, "/two/1/a", "one").await;
    assert_eq!(process.get("/one/1/a").await.text(), "two");
    until_state(&process, "One-1", "deployed").await;
}

#[tokio::test]
async fn a_second_default_version_is_a_warning() {
    let (one, two) = (named("one").await, named("two").await);
    let version = |version: &str, backend: &Backend| {
        Project::new("Shop", version, "/shop")
            .endpoint(&backend.url())
            .set("isDefaultVersion", json!(true))
            .operation("GET", "/a")
            .open()
    };
    let apis = version("1", &one).write_temp();
    version("2", &two).write(apis.dir());
    let process = serve(apis.dir(), "").await;
    assert_eq!(process.get("/shop/1/a").await.text(), "one");
    assert_eq!(process.get("/shop/2/a").await.text(), "two");
    assert_eq!(process.get("/shop/a").await.text(), "one");
    let second = process.project("Shop-2").await.unwrap();
    assert_eq!(
        (&second["state"], &second["diagnostics"][0]["code"]),
        (&json!("deployed"), &json!("AP031"))
    );
}

/// Links a name to a target at once, as Kubernetes and deployment scripts do.
fn relink(target: &str, link: &Path) {
    let temporary = link.with_file_name("..tmp");
    symlink(target, &temporary).unwrap();
    fs::rename(temporary, link).unwrap();
}

#[tokio::test]
async fn a_mounted_configuration_map_is_followed() {
    let (one, two) = (named("one").await, named("two").await);
    let apis = TempDir::new().unwrap();
    // A map for all projects.
    open("Shop", &one.url()).write(&apis.path().join("..1"));
    open("Shop", &two.url()).write(&apis.path().join("..2"));
    symlink("..1", apis.path().join("..data")).unwrap();
    symlink("..data/Shop-1", apis.path().join("shop")).unwrap();
    // A map for one project, of whose files each is a link.
    let project = apis.path().join("other");
    for (number, backend) in [(1, &one), (2, &two)] {
        let made = open("Other", &backend.url()).write(&apis.path().join("..made"));
        fs::create_dir_all(&project).unwrap();
        fs::rename(made, project.join(format!("..{number}"))).unwrap();
    }
    symlink("..1", project.join("..data")).unwrap();
    for name in ["api.yaml", "Definitions"] {
        symlink(format!("..data/{name}"), project.join(name)).unwrap();
    }
    let process = serve(apis.path(), "").await;
    assert!(process.line().ends_with("(2 APIs)"), "{}", process.line());
    assert_eq!(process.get("/shop/1/a").await.text(), "one");
    let started = Instant::now();
    relink("..2", &apis.path().join("..data"));
    until_text(&process, "/shop/1/a", "two").await;
    relink("..2", &project.join("..data"));
    until_text(&process, "/other/1/a", "two").await;
    assert!(started.elapsed() < 2 * A_SECOND, "{:?}", started.elapsed());
    assert_eq!(process.admin("/apis").await.json()["count"], 2);
}

#[tokio::test]
async fn a_root_may_come_late_go_away_and_be_swapped() {
    let (one, two) = (named("one").await, named("two").await);
    let base = TempDir::new().unwrap();
    open("Shop", &one.url()).write(&base.path().join("r1"));
    open("Shop", &two.url()).write(&base.path().join("r2"));
    let root = base.path().join("current");
    let process = serve(&root, "").await;
    assert_eq!(process.get("/shop/1/a").await.status, 404);
    symlink("r1", &root).unwrap();
    until_text(&process, "/shop/1/a", "one").await;
    relink("r2", &root);
    until_text(&process, "/shop/1/a", "two").await;
    edit(&base.path().join("r2/Shop-1"), &two.url(), &one.url());
    until_text(&process, "/shop/1/a", "one").await;
    fs::remove_file(&root).unwrap();
    until_status(&process, "/shop/1/a", 404).await;
}
