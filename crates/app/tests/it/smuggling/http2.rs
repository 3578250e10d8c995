//! The same over HTTP/2, where what frames a message in HTTP/1.1 is mere text: none of it may frame
//! what goes upstream (RFC 9113 §8.1–8.3, §10.3).

mod cases;

use testkit::{H2Outcome, RawH2};
use tokio::task::JoinSet;

use super::arena::{Arena, Problems, Trial, claims, distinct, within};
use super::case::{Claim, Place};

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

type Change = Box<dyn Fn(&Place, &mut Fields) + Send + Sync>;

/// An attack on a stream of its own.
pub(crate) struct Case {
    name: String,
    /// Changes the fields of a good POST.
    change: Change,
    body: Body,
    trailers: Fields,
    want: Want,
    claims: Vec<Claim>,
}

#[derive(Debug, Clone)]
enum Body {
    /// The stream ends with its head.
    None,
    Bytes(Vec<u8>),
    /// The other request, in the form of HTTP/1.1.
    Smuggled,
    /// The same behind the chunk that would end a body.
    EndAndSmuggled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// Refused by a status, or by the end of the stream or the connection.
    Refused,
    /// Passed on.
    Passed,
    /// Passed on in one way that leaves no choice, or refused.
    Harmless,
}

impl Case {
    fn new(
        name: impl Into<String>,
        want: Want,
        change: impl Fn(&Place, &mut Fields) + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            change: Box::new(change),
            body: Body::Bytes(b"12345".to_vec()),
            trailers: Vec::new(),
            want,
            claims: Vec::new(),
        }
    }

    fn body(self, body: Body) -> Self {
        Self { body, ..self }
    }

    fn trailers(self, trailers: &[(&[u8], &[u8])]) -> Self {
        Self {
            trailers: trailers.iter().map(|it| (it.0.to_vec(), it.1.to_vec())).collect(),
            ..self
        }
    }

    fn claiming(self, claims: &[Claim]) -> Self {
        Self { claims: claims.to_vec(), ..self }
    }
}

/// The fields of a good request.
fn fields(at: &Place, method: &str, name: &str) -> Fields {
    let (path, id) = (format!("{}/{name}", at.path), format!("{}.{name}", at.id));
    let pairs = [
        (":method", method),
        (":scheme", "http"),
        (":path", &path),
        (":authority", "gw"),
        ("x-request-id", &id),
    ];
    pairs.map(|(name, value)| (name.into(), value.into())).to_vec()
}

/// Tries every case at every backend, each on a connection of its own.
pub(crate) async fn check(arena: Arena) {
    distinct(cases::all().iter().map(|case| &*case.name));
    let mut trials = JoinSet::new();
    for (name, trial) in arena.trials() {
        let requests = arena.requests(name);
        trials.spawn(async move {
            let mut problems = Problems::default();
            for case in cases::all() {
                let trial = trial.of(&case.name);
                let mut found: Vec<String> = Vec::new();
                found.extend(attack(&trial, &case).await.err());
                found.extend(trial.marker("fresh").await.err());
                if let Some(requests) = &requests {
                    found.extend(claims(&case.claims, &trial.place, requests));
                }
                let said = |text| format!("{}: {text}", trial.place.id);
                problems.add(name, found.into_iter().map(said).collect());
            }
            problems
        });
    }
    arena.judge(trials).await;
}

async fn attack(trial: &Trial, case: &Case) -> Result<(), String> {
    let at = &trial.place;
    let mut client = RawH2::connect(trial.address).await.map_err(|error| error.to_string())?;
    let mut head = fields(at, "POST", "attack");
    (case.change)(at, &mut head);
    // The gateway may close at any byte.
    let _sent = send(&mut client, at, case, &head).await;
    let outcome = within("what becomes of the stream", client.outcome(1)).await?;
    judge(at, case.want, &outcome)?;
    if matches!(outcome, H2Outcome::GoAway(_) | H2Outcome::Closed) {
        return Ok(());
    }
    let _sent = client.headers(3, &fields(at, "GET", "next"), true).await;
    match within("the next answer", client.outcome(3)).await? {
        H2Outcome::GoAway(_) | H2Outcome::Closed => Ok(()),
        next if next.header("x-seen") == Some(&*format!("{}.next", at.id)) => Ok(()),
        next => Err(format!("{next:?} to the next request")),
    }
}

async fn send(
    client: &mut RawH2,
    at: &Place,
    case: &Case,
    head: &[(Vec<u8>, Vec<u8>)],
) -> std::io::Result<()> {
    let body = match &case.body {
        Body::None => return client.headers(1, head, true).await,
        Body::Bytes(bytes) => bytes.clone(),
        Body::Smuggled => at.smuggled(),
        Body::EndAndSmuggled => at.end_and_smuggled(),
    };
    client.headers(1, head, false).await?;
    client.data(1, &body, case.trailers.is_empty()).await?;
    if !case.trailers.is_empty() {
        client.headers(1, &case.trailers, true).await?;
    }
    Ok(())
}

fn judge(at: &Place, want: Want, outcome: &H2Outcome) -> Result<(), String> {
    let is_passed = outcome.header("x-seen") == Some(&*format!("{}.attack", at.id));
    let is_refused = match outcome {
        H2Outcome::Answer { status, .. } => {
            outcome.header("x-seen").is_none() && ((400..500).contains(status) || *status == 501)
        }
        H2Outcome::Reset(_) | H2Outcome::GoAway(_) | H2Outcome::Closed => true,
    };
    let holds = match want {
        Want::Refused => is_refused,
        Want::Passed => is_passed,
        Want::Harmless => is_passed || is_refused,
    };
    let shown = || match outcome {
        H2Outcome::Answer { status, .. } if !is_passed => format!("{status}"),
        H2Outcome::Answer { .. } => "answered by the backend".to_owned(),
        other => format!("{other:?}"),
    };
    if holds { Ok(()) } else { Err(format!("{} instead of {want:?}", shown())) }
}
