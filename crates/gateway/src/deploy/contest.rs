//! Who serves where several projects want one address.
//!
//! The one that asked first keeps it. The other one is refused, and goes on with what it served
//! before, if it served something elsewhere. Every change asks the question anew, so that whoever
//! had to stand back serves as soon as the address is free.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use model::{Diagnostics, Place, Severity, codes};

use super::{Entry, State};
use crate::route::{Conflict, Router};
use crate::snapshot::LiveApi;

/// One API that may serve.
struct Claim {
    path: PathBuf,
    since: u64,
    live: Arc<LiveApi>,
    /// Whether it is the last good version, and not one from before.
    is_wanted: bool,
}

/// What there is to say of projects, by their path.
type Told = BTreeMap<PathBuf, Diagnostics>;

/// Decides who serves, tells the losers, and builds the router.
pub(super) fn settle(
    projects: &mut BTreeMap<PathBuf, Entry>,
    strict_virtual_hosts: bool,
) -> (Router<Arc<LiveApi>>, Arc<[Arc<LiveApi>]>) {
    let mut claims: Vec<Claim> = projects.iter().filter_map(wanted).collect();
    let mut refused = Told::new();
    // Each round takes a claim away or replaces it by an older one, of which there is one each.
    let (router, warned) = loop {
        claims.sort_by(|one, two| (one.since, &one.path).cmp(&(two.since, &two.path)));
        let apis = claims.iter().map(|claim| (&claim.live.plan, Arc::clone(&claim.live)));
        let router = Router::new(apis, strict_virtual_hosts);
        let mut warned = Told::new();
        let losers = note(router.conflicts(), &claims, &mut refused, &mut warned);
        if losers.is_empty() {
            break (router, warned);
        }
        claims = stand_back(claims, &losers, projects);
    };
    for (path, diagnostics) in warned {
        refused.entry(path).or_default().extend(diagnostics);
    }
    for (path, entry) in projects.iter_mut() {
        entry.contest(refused.remove(path).unwrap_or_default());
    }
    for claim in &claims {
        if let Some(entry) = projects.get_mut(&claim.path) {
            entry.serve(claim);
        }
    }
    (router, claims.into_iter().map(|claim| claim.live).collect())
}

fn wanted((path, entry): (&PathBuf, &Entry)) -> Option<Claim> {
    let live = Arc::clone(entry.wanted.as_ref()?);
    Some(Claim { path: path.clone(), since: entry.since, live, is_wanted: true })
}

/// The claims that cannot be had, by their place.
fn note(
    conflicts: &[Conflict],
    claims: &[Claim],
    refused: &mut Told,
    warned: &mut Told,
) -> BTreeSet<usize> {
    let mut losers = BTreeSet::new();
    for conflict in conflicts {
        let (loser, winner) = (&claims[conflict.loser], &claims[conflict.winner]);
        let place = |key: &str| Place::pointer("api.yaml", format!("/data/{key}"));
        let message =
            format!("{} is served already, by {}", conflict.context, winner.path.display());
        if conflict.default_only {
            let found = warned.entry(loser.path.clone()).or_default();
            let help = "set `isDefaultVersion` to true for one of them only";
            found.warning(codes::DEFAULT_TAKEN, place("isDefaultVersion"), message, help);
            continue;
        }
        let found = refused.entry(loser.path.clone()).or_default();
        let help = "give one of them another context or version, or remove it";
        found.error(codes::CONTEXT_TAKEN, place("context"), message, help);
        losers.insert(conflict.loser);
    }
    losers
}

/// Without the losers, but with what these served before.
fn stand_back(
    claims: Vec<Claim>,
    losers: &BTreeSet<usize>,
    projects: &BTreeMap<PathBuf, Entry>,
) -> Vec<Claim> {
    let before = |claim: Claim| {
        let entry = projects.get(&claim.path).filter(|_| claim.is_wanted)?;
        let live = entry.status.live.as_ref().filter(|live| !Arc::ptr_eq(live, &claim.live))?;
        let since = entry.live_since;
        Some(Claim { since, live: Arc::clone(live), is_wanted: false, ..claim })
    };
    let mut left = Vec::with_capacity(claims.len());
    for (index, claim) in claims.into_iter().enumerate() {
        left.extend(if losers.contains(&index) { before(claim) } else { Some(claim) });
    }
    left
}

impl Entry {
    /// Takes note of what is wrong with its address, and says so once. It serves nothing until it
    /// is told to.
    fn contest(&mut self, told: Diagnostics) {
        if self.wanted.is_none() {
            return;
        }
        if told != self.contested {
            for diagnostic in &told {
                let path = self.status.path.display();
                if diagnostic.severity == Severity::Error {
                    tracing::error!(%path, "{diagnostic}");
                } else {
                    tracing::warn!(%path, "{diagnostic}");
                }
            }
        }
        self.status.diagnostics = self.found.clone();
        self.status.diagnostics.extend(told.clone());
        let is_refused = self.status.diagnostics.has_errors();
        self.status.state = if is_refused { State::Rejected } else { State::Deployed };
        self.status.live = None;
        self.contested = told;
    }

    fn serve(&mut self, claim: &Claim) {
        self.status.live = Some(Arc::clone(&claim.live));
        self.live_since = claim.since;
    }
}
