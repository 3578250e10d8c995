//! What a script may use.

use std::time::Duration;

/// Limits of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptLimits {
    /// How long it may run.
    pub time: Duration,
    /// Bytes that the engine may hold for it.
    pub memory: usize,
    /// Bytes of the thread's stack; the thread needs four times as many.
    pub stack: usize,
    /// Bytes of everything that it changes and prints.
    pub output: usize,
}

impl Default for ScriptLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(1),
            memory: 16 * 1024 * 1024,
            stack: 512 * 1024,
            output: 16 * 1024 * 1024,
        }
    }
}
