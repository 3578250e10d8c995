//! Where the variables of a pattern were found.

use std::ops::Range;

/// How many captures take no memory of their own.
const INLINE: usize = 8;

/// The byte ranges that a match gave to the variables of its pattern, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captures {
    count: usize,
    inline: [(u32, u32); INLINE],
    /// The captures from the ninth on; no memory is taken for none.
    more: Vec<(u32, u32)>,
}

impl Captures {
    /// How many variables have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the pattern has no variables.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The byte range of the path that a variable stands for.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Range<usize>> {
        let (start, end) = match index.checked_sub(INLINE) {
            None => self.inline.get(index).filter(|_| index < self.count),
            Some(further) => self.more.get(further),
        }?;
        Some(*start as usize..*end as usize)
    }

    /// The raw text of a variable in the path that was matched.
    #[must_use]
    pub fn text<'p>(&self, index: usize, path: &'p str) -> Option<&'p str> {
        path.get(self.get(index)?)
    }

    /// Notes a range; a path of 4 GiB, which no listener lets through, would be cut.
    pub(super) fn put(&mut self, index: usize, range: Range<usize>) {
        let cut = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let pair = (cut(range.start), cut(range.end));
        self.count = self.count.max(index + 1);
        match index.checked_sub(INLINE) {
            None => {
                if let Some(slot) = self.inline.get_mut(index) {
                    *slot = pair;
                }
            }
            Some(further) => {
                if self.more.len() <= further {
                    self.more.resize(further + 1, (0, 0));
                }
                if let Some(slot) = self.more.get_mut(further) {
                    *slot = pair;
                }
            }
        }
    }
}
