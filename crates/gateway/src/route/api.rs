//! From host and path to an API.
//!
//! One map from context to API serves every host, and one more each virtual host that an API names.
//! A lookup probes them with the path cut at its slashes, the longest piece first, so it costs as
//! many probes as the deepest context has segments, however many APIs there are.
//! A change builds a new router: ten thousand APIs take a few milliseconds.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

use compiler::ApiPlan;
use foldhash::fast::RandomState;

/// The longest host name that is looked up (RFC 1035 §2.3.4).
const LONGEST_HOST: usize = 255;

/// Finds APIs by host and path.
#[derive(Debug, Clone)]
pub struct Router<T> {
    /// What is found on the virtual hosts that APIs name, by host in lower case.
    hosts: HashMap<Box<str>, Contexts<T>, RandomState>,
    /// What is found on every host.
    anywhere: Contexts<T>,
    conflicts: Vec<Conflict>,
}

/// The API that serves a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match<'r, T> {
    /// What was given for the API.
    pub value: &'r T,
    /// How many bytes of the path are context and version.
    pub prefix_len: usize,
    /// Whether the path has no version and the API is the default one.
    pub default_version: bool,
}

/// An API that is not served at one of its contexts, because another one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The place of the API that is not served, in the list that the router was built from.
    pub loser: usize,
    /// The place of the one that is.
    pub winner: usize,
    /// The context that both want.
    pub context: Arc<str>,
    /// The virtual host; `None` where they name none.
    pub host: Option<String>,
    /// Whether it is only the context without version that is lost.
    pub default_only: bool,
}

/// The contexts that are served on one host.
#[derive(Debug, Clone)]
struct Contexts<T> {
    entries: HashMap<Arc<str>, Entry<T>, RandomState>,
    /// The most segments that a context has.
    deepest: usize,
    /// The most bytes that a context has.
    longest: usize,
}

#[derive(Debug, Clone)]
struct Entry<T> {
    value: T,
    index: usize,
    default_version: bool,
}

/// One context of one API, on its way into the maps.
struct Wanted<'a, T> {
    plan: &'a ApiPlan,
    context: Arc<str>,
    entry: Entry<T>,
}

impl<T: Clone> Router<T> {
    /// Builds a router; where two APIs want the same context on the same host, the first one in
    /// the list has it, but a context with a version goes before one without.
    ///
    /// With `strict_virtual_hosts`, an API that names hosts is found on these alone.
    pub fn new<'a>(
        apis: impl IntoIterator<Item = (&'a ApiPlan, T)>,
        strict_virtual_hosts: bool,
    ) -> Self {
        let wanted = wanted(apis);
        let mut router =
            Self { hosts: HashMap::default(), anywhere: Contexts::new(), conflicts: Vec::new() };
        wanted.iter().for_each(|it| router.place(it));
        if !strict_virtual_hosts {
            for it in wanted.iter().filter(|it| !it.plan.hosts.is_empty()) {
                router.anywhere.claim(&it.context, &it.entry);
            }
        }
        router
    }

    fn place(&mut self, wanted: &Wanted<'_, T>) {
        if wanted.plan.hosts.is_empty() {
            let winner = self.anywhere.claim(&wanted.context, &wanted.entry);
            self.note(wanted, winner, None);
        }
        for host in &wanted.plan.hosts {
            let host = without_port(host).to_ascii_lowercase();
            let contexts = self.hosts.entry(host.as_str().into()).or_insert_with(Contexts::new);
            let winner = contexts.claim(&wanted.context, &wanted.entry);
            self.note(wanted, winner, Some(host));
        }
    }

    fn note(&mut self, wanted: &Wanted<'_, T>, winner: Option<usize>, host: Option<String>) {
        let loser = wanted.entry.index;
        if let Some(winner) = winner.filter(|winner| *winner != loser) {
            self.conflicts.push(Conflict {
                loser,
                winner,
                context: Arc::clone(&wanted.context),
                host,
                default_only: wanted.entry.default_version,
            });
        }
    }
}

impl<T> Router<T> {
    /// The API for a path without query, on the host that the request names.
    ///
    /// The longest context wins; of two equal ones, that of an API which names the host.
    #[must_use]
    pub fn api(&self, host: Option<&str>, path: &str) -> Option<Match<'_, T>> {
        self.find(host, path, &mut |_| ())
    }

    /// The APIs that lose a context.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// As [`Self::api`]; tells `probe` of every look into a map.
    fn find(
        &self,
        host: Option<&str>,
        path: &str,
        probe: &mut impl FnMut(&str),
    ) -> Option<Match<'_, T>> {
        let anywhere = self.anywhere.find(path, 0, probe);
        let here = host.and_then(|host| self.on_host(host));
        let least = anywhere.as_ref().map_or(0, |it| it.prefix_len);
        here.and_then(|contexts| contexts.find(path, least, probe)).or(anywhere)
    }

    fn on_host(&self, host: &str) -> Option<&Contexts<T>> {
        if self.hosts.is_empty() {
            return None;
        }
        let host = without_port(host);
        if !host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.hosts.get(host);
        }
        let mut buffer = [0; LONGEST_HOST];
        let lower = buffer.get_mut(..host.len())?;
        lower.copy_from_slice(host.as_bytes());
        lower.make_ascii_lowercase();
        self.hosts.get(std::str::from_utf8(lower).ok()?)
    }
}

impl<T> Contexts<T> {
    fn new() -> Self {
        Self { entries: HashMap::default(), deepest: 0, longest: 0 }
    }

    /// The longest context that the path is or lies below, of those with `least` bytes or more.
    fn find(&self, path: &str, least: usize, probe: &mut impl FnMut(&str)) -> Option<Match<'_, T>> {
        let slash = path.bytes().enumerate().filter(|(_, byte)| *byte == b'/').nth(self.deepest);
        let mut prefix = path.get(..slash.map_or(path.len(), |(at, _)| at))?;
        while prefix.len() >= least {
            if prefix.len() <= self.longest {
                probe(prefix);
                if let Some(entry) = self.entries.get(prefix) {
                    return Some(entry.matched(prefix.len()));
                }
            }
            prefix = prefix.rsplit_once('/')?.0;
        }
        None
    }
}

impl<T: Clone> Contexts<T> {
    /// Puts an API at a context; returns the index of the one that is there already.
    fn claim(&mut self, context: &Arc<str>, entry: &Entry<T>) -> Option<usize> {
        match self.entries.entry(Arc::clone(context)) {
            Slot::Occupied(slot) => Some(slot.get().index),
            Slot::Vacant(slot) => {
                slot.insert(entry.clone());
                self.deepest = self.deepest.max(context.matches('/').count());
                self.longest = self.longest.max(context.len());
                None
            }
        }
    }
}

impl<T> Entry<T> {
    fn matched(&self, prefix_len: usize) -> Match<'_, T> {
        Match { value: &self.value, prefix_len, default_version: self.default_version }
    }
}

/// Every context of every API: those with a version first, then those without.
fn wanted<'a, T: Clone>(apis: impl IntoIterator<Item = (&'a ApiPlan, T)>) -> Vec<Wanted<'a, T>> {
    let mut full = Vec::new();
    let mut defaults = Vec::new();
    for (index, (plan, value)) in apis.into_iter().enumerate() {
        let want = |context: &str, value: T, default_version| Wanted {
            plan,
            context: Arc::from(context.trim_end_matches('/')),
            entry: Entry { value, index, default_version },
        };
        if let Some(context) = &plan.default_context {
            defaults.push(want(context, value.clone(), true));
        }
        full.push(want(&plan.context, value, false));
    }
    full.append(&mut defaults);
    full
}

/// The host of a `Host` header or authority, without its port and without the dot of the root.
fn without_port(host: &str) -> &str {
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    let host = host.get(..end).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests;
