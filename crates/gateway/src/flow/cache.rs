//! The answers that the `cache` of an API's policies keeps.

use std::fmt;
use std::sync::{Arc, OnceLock};

use mediation::cache::Cached;
use moka::sync::Cache;

/// Bytes that the answers of one API may take.
const BYTES: u64 = 32 * 1024 * 1024;

/// Answers by what they depend on; nothing is there before the first one is kept.
///
/// They belong to one deployment of the API: with its next one they are gone.
#[derive(Default)]
pub(crate) struct Answers {
    kept: OnceLock<Cache<Vec<u8>, Weighed>>,
}

/// An answer with what it counts.
#[derive(Clone)]
struct Weighed {
    answer: Arc<Cached>,
    weight: u32,
}

impl Answers {
    /// The answer for a key, good or not.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Arc<Cached>> {
        self.kept.get()?.get(key).map(|kept| kept.answer)
    }

    /// Keeps an answer; at most so many of this size are kept at once.
    pub(crate) fn keep(&self, key: Vec<u8>, answer: Arc<Cached>, most: usize) {
        let share = BYTES / u64::try_from(most.max(1)).unwrap_or(u64::MAX);
        let size = u64::try_from(answer.size().saturating_add(key.len())).unwrap_or(u64::MAX);
        let weight = u32::try_from(size.max(share)).unwrap_or(u32::MAX);
        self.kept.get_or_init(new).insert(key, Weighed { answer, weight });
    }
}

fn new() -> Cache<Vec<u8>, Weighed> {
    Cache::builder().max_capacity(BYTES).weigher(|_, kept: &Weighed| kept.weight).build()
}

/// Without what is kept, which is for its callers alone.
impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}
