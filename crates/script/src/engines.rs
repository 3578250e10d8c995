//! The engines that a thread keeps.

use std::sync::{Arc, Weak};

use crate::error::ScriptError;
use crate::limits::ScriptLimits;
use crate::script::{Outcome, Script};
use crate::state::MessageState;
use crate::warm::Warm;

#[cfg(test)]
mod tests;

/// Scripts that are remembered; each may have an engine.
const MOST: usize = 16;
/// One that was not asked for during so many runs makes room for another.
const STALE: u64 = 256;

/// Engines of a thread, one for each script that runs often and may have one.
///
/// No two scripts share an engine. A script runs in a new engine at first; its second run makes
/// one that is kept, where the script allows it ([`Script::may_be_kept`]).
#[derive(Default)]
pub struct Engines {
    entries: Vec<Entry>,
    runs: u64,
}

struct Entry {
    script: Weak<Script>,
    warm: Option<Warm>,
    /// Whether no engine can be made for it.
    is_refused: bool,
    last: u64,
}

impl std::fmt::Debug for Engines {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engines").field("kept", &self.kept()).finish_non_exhaustive()
    }
}

impl Engines {
    /// Runs a script on this thread: in the engine that is kept for it, or in a new one.
    ///
    /// # Errors
    ///
    /// Why it broke off; `state` has then what it did until there, which is not to be used.
    pub fn run(
        &mut self,
        script: &Arc<Script>,
        state: &mut MessageState,
        limits: &ScriptLimits,
    ) -> Result<Outcome, ScriptError> {
        self.runs += 1;
        if !script.may_be_kept() {
            return script.run(state, limits);
        }
        let (now, weak) = (self.runs, Arc::downgrade(script));
        let Some(entry) = self.entries.iter_mut().find(|it| it.script.ptr_eq(&weak)) else {
            self.remember(weak);
            return script.run(state, limits);
        };
        entry.last = now;
        // While it runs it is not among the others: what is broken off by a panic does not return.
        let warm = entry.warm.take().or_else(|| {
            let made = (!entry.is_refused).then(|| Warm::new(script, limits)).flatten();
            entry.is_refused = made.is_none();
            made
        });
        let Some(warm) = warm else { return script.run(state, limits) };
        let (outcome, warm) = warm.run(script, state, limits);
        entry.warm = warm;
        outcome
    }

    /// How many are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.entries.iter().filter(|entry| entry.warm.is_some()).count()
    }

    /// Bytes that the kept ones held before their first call.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entries.iter().filter_map(|entry| entry.warm.as_ref()).map(Warm::bytes).sum()
    }

    /// Takes a script up, where there is room.
    fn remember(&mut self, script: Weak<Script>) {
        self.entries.retain(|entry| entry.script.strong_count() > 0);
        if self.entries.len() >= MOST {
            let now = self.runs;
            let oldest = (0..self.entries.len()).min_by_key(|index| self.entries[*index].last);
            let is_stale = |index: &usize| now - self.entries[*index].last > STALE;
            let Some(index) = oldest.filter(is_stale) else { return };
            self.entries.swap_remove(index);
        }
        self.entries.push(Entry { script, warm: None, is_refused: false, last: self.runs });
    }
}
