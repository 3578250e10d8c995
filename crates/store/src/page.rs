//! Pieces of lists.

/// Which piece of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many at most.
    pub limit: u32,
    /// How many come before.
    pub offset: u32,
}

impl Default for Page {
    /// What WSO2 gives when nothing is asked (spec/04 §3.0).
    fn default() -> Self {
        Self { limit: 25, offset: 0 }
    }
}

impl Page {
    /// How many there are in all, where the piece itself tells: it ends before it is full.
    pub(crate) fn total_at_end(self, found: usize) -> Option<u64> {
        let found = u64::try_from(found).ok()?;
        let is_end = found < u64::from(self.limit) && (found > 0 || self.offset == 0);
        is_end.then(|| u64::from(self.offset) + found)
    }
}

/// A piece of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The piece.
    pub items: Vec<T>,
    /// How many there are in all. Where the piece does not tell, it is counted by a statement of its
    /// own, and so may be ahead of the piece when others write at the same time.
    pub total: u64,
}

/// A count as it came from the database.
pub(crate) fn total(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
