//! The program between attacker and backends, and the comparison of what each of them saw.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Answer, Client, Project, WeirProcess};
use tokio::task::JoinSet;

use super::backends::{self, Backend, Delivery, Seen};
use super::case::{Case, Claim, Place, Then, Want};
use super::wire::Requests;
use crate::support::{Ask, home, serve_with};

/// Much longer than the gateway waits for anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits that no case should need; those that are waited for on purpose are short.
pub(crate) const SETTINGS: &str = "
[weir.limits]
head_bytes = 16384
header_fields = 100
body_bytes = 100000
head_timeout = \"2s\"
client_idle_timeout = \"60s\"
[passthru_http]
\"http.socket.timeout\" = 3000
";

/// A running gateway with an API for each backend.
pub(crate) struct Arena {
    weir: WeirProcess,
    backends: Vec<Backend>,
    _apis: TempDir,
}

/// What the gateway says of a request.
#[derive(Debug)]
struct Record {
    id: String,
    method: String,
    path: String,
    is_called: bool,
    is_good: bool,
    /// Whether the gateway refused it, rather than that its client left.
    is_refused: bool,
    request_bytes: u64,
}

impl Arena {
    pub(crate) async fn start() -> Self {
        let backends = backends::start().await;
        let apis = TempDir::new().unwrap();
        for backend in &backends {
            api(backend).write(apis.path());
        }
        // One worker, so that every case of a backend goes over the same connections to it.
        let weir = serve_with(apis.path(), home(SETTINGS), &["--workers", "1"], &[]).await;
        Self { weir, backends, _apis: apis }
    }

    /// A trial for each backend, yet without a case.
    pub(crate) fn trials(&self) -> Vec<(&'static str, Trial)> {
        let address = self.weir.http_address();
        let trial = |backend: &Backend| {
            let trial =
                Trial { address, place: place(backend.name, ""), delivery: backend.delivery };
            (backend.name, trial)
        };
        self.backends.iter().map(trial).collect()
    }

    /// The bytes that a backend of this name gets, where it keeps them.
    pub(crate) fn requests(&self, name: &str) -> Option<Requests> {
        self.backends.iter().find(|backend| backend.name == name)?.requests().cloned()
    }

    /// Tries every case at every backend: one after the other at each, so that what one leaves on a
    /// connection to a backend meets the next. Fails with all that is wrong.
    pub(crate) async fn check(self, cases: fn() -> Vec<Case>) {
        distinct(cases().iter().map(|case| &*case.name));
        let mut trials = JoinSet::new();
        for (name, trial) in self.trials() {
            let requests = self.requests(name);
            trials.spawn(async move {
                let mut problems = Problems::default();
                for case in cases() {
                    let trial = trial.of(&case.name);
                    problems.add(name, trial.run(&case, requests.as_ref()).await);
                }
                problems
            });
        }
        self.judge(trials).await;
    }

    /// As [`Arena::check`], with all cases at once: each of them takes its time.
    pub(crate) async fn check_at_once(self, cases: fn() -> Vec<Case>) {
        distinct(cases().iter().map(|case| &*case.name));
        let mut trials = JoinSet::new();
        for (name, trial) in self.trials() {
            for case in cases() {
                let requests = self.requests(name);
                let trial = trial.of(&case.name);
                trials.spawn(async move {
                    let mut problems = Problems::default();
                    problems.add(name, trial.run(&case, requests.as_ref()).await);
                    problems
                });
            }
        }
        self.judge(trials).await;
    }

    /// Fails with what the trials found, and with what backends saw otherwise than the gateway.
    pub(crate) async fn judge(self, trials: JoinSet<Problems>) {
        let mut problems = Problems::default();
        trials.join_all().await.into_iter().for_each(|more| problems.join(more));
        problems.join(self.accounts().await);
        problems.report();
    }

    /// Ends the gateway and compares what it says with what the backends say.
    pub(crate) async fn accounts(self) -> Problems {
        let mut problems = Problems::default();
        let metrics = self.weir.admin("/metrics").await.text();
        let panics = |line: &&str| line.starts_with("gateway_panics_total");
        if metrics.lines().filter(panics).any(|line| !line.ends_with(" 0")) {
            problems.add("gateway", vec!["panicked".to_owned()]);
        }
        let exit = self.weir.terminate().await;
        let records = records(&exit.stderr);
        for backend in &self.backends {
            let prefix = format!("/{}/1/", backend.name);
            let of = |record: &&Record| record.is_called && record.path.starts_with(&prefix);
            let records: Vec<&Record> = records.iter().filter(of).collect();
            let ids: Vec<&str> =
                records.iter().filter(|record| record.is_good).map(|record| &*record.id).collect();
            let seen = backend.seen(&ids).await;
            problems.add(backend.name, compared(&records, &seen, &prefix));
            for request in backend.requests().map(Requests::all).unwrap_or_default() {
                let say = |problem| format!("{}: {problem}", request.seen.id);
                problems.add(backend.name, request.problems.iter().map(say).collect());
            }
        }
        problems
    }
}

/// What is wrong, with the backends where it is.
#[derive(Debug, Default)]
pub(crate) struct Problems(BTreeMap<String, BTreeSet<String>>);

impl Problems {
    /// The same problem at several backends is one.
    pub(crate) fn add(&mut self, backend: &str, texts: Vec<String>) {
        for text in texts {
            let text = text.replace(&format!("{backend}."), "");
            let text = text.replace(&format!("/{backend}/1"), "");
            self.0.entry(text).or_default().insert(backend.to_owned());
        }
    }

    pub(crate) fn join(&mut self, other: Self) {
        for (text, backends) in other.0 {
            self.0.entry(text).or_default().extend(backends);
        }
    }

    /// Fails with everything that is wrong.
    pub(crate) fn report(self) {
        let line = |(text, backends): (String, BTreeSet<String>)| {
            let backends: Vec<String> = backends.into_iter().collect();
            format!("{text} [{}]", backends.join(" "))
        };
        let lines: Vec<String> = self.0.into_iter().map(line).collect();
        assert!(lines.is_empty(), "{} problems:\n{}", lines.len(), lines.join("\n"));
    }
}

/// Cases are told apart by their names.
pub(crate) fn distinct<'a>(names: impl Iterator<Item = &'a str>) {
    let mut seen = HashSet::new();
    for name in names {
        assert!(seen.insert(name.to_owned()), "two cases are called {name}");
    }
}

/// Where a case is tried.
fn place(backend: &str, case: &str) -> Place {
    Place { path: format!("/{backend}/1/{case}"), id: format!("{backend}.{case}") }
}

fn api(backend: &Backend) -> Project {
    let endpoint =
        serde_json::json!({ "url": backend.url(), "config": { "suspendDuration": "0" } });
    let config = serde_json::json!({ "endpoint_type": "http", "production_endpoints": endpoint });
    let project =
        Project::new(backend.name, "1", &format!("/{}", backend.name)).endpoint_config(config);
    ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
        .into_iter()
        .fold(project, |project, verb| project.operation(verb, "/*").open())
}

fn records(log: &str) -> Vec<Record> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("duration_us").is_some()).map(|line| Record::new(&line)).collect()
}

impl Record {
    fn new(line: &Value) -> Self {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("request_id"),
            method: text("method"),
            path: text("path"),
            // A call that its client has left may not be counted.
            is_called: line["attempts"].as_u64() > Some(0) || line.get("aborted").is_some(),
            is_good: line.get("fault_code").is_none() && line.get("aborted").is_none(),
            is_refused: line.get("fault_code").is_some(),
            request_bytes: line["request_bytes"].as_u64().unwrap_or_default(),
        }
    }
}

/// What does not fit between a gateway and a backend.
fn compared(records: &[&Record], seen: &[Seen], prefix: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut left: HashMap<&str, &Record> =
        records.iter().map(|record| (&*record.id, *record)).collect();
    if left.len() < records.len() {
        problems.push("the gateway logged an id twice".to_owned());
    }
    for seen in seen {
        let Some(record) = left.remove(&*seen.id) else {
            problems.push(format!("saw what the gateway did not send: {seen:?}"));
            continue;
        };
        let target = format!("{prefix}{}", seen.target.trim_start_matches('/'));
        let path = target.split('?').next().unwrap_or_default();
        if seen.whole && (record.path != path || record.method != seen.method) {
            problems.push(format!("{record:?} is not {seen:?}"));
        }
        if seen.whole && record.is_refused {
            problems.push(format!("saw as whole what the gateway refused: {seen:?}"));
        }
        if !seen.whole && record.is_good {
            problems.push(format!("did not see the whole of {record:?}"));
        }
        let carries = !["GET", "HEAD"].contains(&&*seen.method);
        // Apache counts the bodies of POST alone.
        let counts = !prefix.starts_with("/apache") || seen.method == "POST";
        let length = if carries { record.request_bytes } else { 0 };
        if seen.whole && counts && seen.length as u64 != length {
            problems.push(format!("{record:?} has another length than {seen:?}"));
        }
    }
    let lost = |record: &&&Record| record.is_good;
    problems.extend(left.values().filter(lost).map(|record| format!("did not see {record:?}")));
    problems
}

/// One case at one backend.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    pub(crate) address: SocketAddr,
    pub(crate) place: Place,
    delivery: Delivery,
}

impl Trial {
    /// The same for a case.
    pub(crate) fn of(&self, case: &str) -> Self {
        let backend = self.place.id.split('.').next().unwrap_or_default();
        Self { place: place(backend, case), ..self.clone() }
    }

    async fn run(&self, case: &Case, wire: Option<&Requests>) -> Vec<String> {
        let mut problems = Vec::new();
        let mut note = |what: Result<(), String>| {
            problems.extend(what.err().map(|problem| format!("{}: {problem}", self.place.id)));
        };
        note(self.attack(case).await);
        note(self.marker("fresh").await);
        if let Some(wire) = wire {
            claims(&case.claims, &self.place, wire).into_iter().for_each(|claim| note(Err(claim)));
        }
        problems
    }

    async fn attack(&self, case: &Case) -> Result<(), String> {
        let mut client = Client::connect(self.address).await.map_err(|error| error.to_string())?;
        send(&mut client, &(case.build)(&self.place), self.delivery).await;
        let mut then = case.then;
        for want in &case.answers {
            let answer = within("an answer", client.response_to(case.method)).await?;
            let answer = match answer {
                Ok(answer) => answer,
                Err(_end) if matches!(want, Want::OwnOrEnd(_)) => return Ok(()),
                Err(error) => return Err(format!("no answer ({error}) instead of {want:?}")),
            };
            self.judge(&answer, *want)?;
            if matches!(want, Want::Either(..)) && answer.header("x-seen").is_none() {
                then = Then::Closed;
                break;
            }
        }
        match then {
            Then::Open => self.next(&mut client).await,
            Then::Closed => self.end(&mut client).await,
            Then::Any => {
                // Closed, or as good as any other.
                let sent = client.send(self.place.request(("GET", "next"), "", "")).await;
                let answer = within("an answer", client.response()).await?;
                match (sent, answer) {
                    (Ok(()), Ok(answer)) => self.judge(&answer, Want::Seen("next")),
                    _ => Ok(()),
                }
            }
        }
    }

    fn judge(&self, answer: &Answer, want: Want) -> Result<(), String> {
        let seen = answer.header("x-seen");
        let is_of = |name: &str| seen == Some(&*format!("{}.{name}", self.place.id));
        let is_own = |statuses: &[u16]| seen.is_none() && statuses.contains(&answer.status);
        let holds = match want {
            Want::Seen(name) => is_of(name),
            Want::Own(statuses) | Want::OwnOrEnd(statuses) => is_own(statuses),
            Want::Either(name, statuses) => is_of(name) || is_own(statuses),
        };
        if holds {
            return Ok(());
        }
        let own = || format!("{} {}", answer.status, answer.text());
        let by = seen.map_or_else(own, |seen| format!("answered by the backend to {seen}"));
        Err(format!("{by} instead of {want:?}"))
    }

    /// The next request on the same connection.
    async fn next(&self, client: &mut Client) -> Result<(), String> {
        let request = self.place.request(("GET", "next"), "", "");
        let sent = client.send(request).await;
        sent.map_err(|error| format!("closed ({error}) instead of kept"))?;
        let answer = within("the next answer", client.response()).await?;
        let answer = answer.map_err(|error| format!("closed ({error}) instead of kept"))?;
        self.judge(&answer, Want::Seen("next"))
    }

    /// The end of the connection, without another byte.
    async fn end(&self, client: &mut Client) -> Result<(), String> {
        let rest = within("the end of the connection", client.rest()).await?;
        let rest = String::from_utf8_lossy(&rest);
        if rest.is_empty() { Ok(()) } else { Err(format!("{rest:?} instead of the end")) }
    }

    /// Another client's request.
    pub(crate) async fn marker(&self, name: &str) -> Result<(), String> {
        let mut client = Client::connect(self.address).await.map_err(|error| error.to_string())?;
        let sent =
            client.send(self.place.request(("GET", name), "Connection: close\r\n", "")).await;
        sent.map_err(|error| format!("another client: {error}"))?;
        let answer = within("another client's answer", client.response()).await?;
        let answer = answer.map_err(|error| format!("another client: {error}"))?;
        self.judge(&answer, Want::Seen("fresh")).map_err(|error| format!("another client: {error}"))
    }
}

/// The gateway may close at any byte.
async fn send(client: &mut Client, bytes: &[u8], delivery: Delivery) {
    let size = match delivery {
        Delivery::Whole => bytes.len().max(1),
        Delivery::Drops if bytes.len() < 3000 => 1,
        Delivery::Drops => 997,
    };
    for piece in bytes.chunks(size) {
        if client.send(piece).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> Result<T, String> {
    let waited = tokio::time::timeout(PATIENCE, future).await;
    waited.map_err(|_late| format!("waited in vain for {what}"))
}

/// The claims that do not hold for what this backend was sent, if it was sent anything.
pub(crate) fn claims(all: &[Claim], place: &Place, wire: &Requests) -> Vec<String> {
    let mut problems = Vec::new();
    for request in wire.of(&format!("{}.attack", place.id)) {
        for claim in all {
            let holds = match claim {
                Claim::Has(text) => request.head.contains(text),
                Claim::Lacks(text) => !request.head.contains(text),
                Claim::NoTrailer(text) => !request.trailers.contains(text),
                Claim::Body(body) => request.body == *body,
            };
            if !holds {
                problems.push(format!("not {claim:?} but {:?}", request.about(claim)));
            }
        }
    }
    problems
}
