//! Finding the empty line that ends a head, or the fields behind a body.

use memchr::memchr_iter;

use crate::HeadError;

/// Where the search for the end stands, so that a head that comes in pieces is searched once.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// So many bytes hold no end.
    searched: usize,
    /// Where the line begins that the search stands in.
    line: usize,
    /// Whole lines so far.
    count: usize,
}

/// Where lines end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// Bytes up to the end of the empty line.
    pub(crate) bytes: usize,
    /// Lines before the empty one.
    pub(crate) lines: usize,
}

impl Lines {
    /// The end of the lines at the front of `buffer`; `None` while more has to be read.
    ///
    /// # Errors
    ///
    /// A line feed without a carriage return, and lines that do not end within `limit` bytes.
    pub(crate) fn end(&mut self, buffer: &[u8], limit: usize) -> Result<Option<End>, HeadError> {
        let window = buffer.get(..limit).unwrap_or(buffer);
        let Some(rest) = window.get(self.searched..) else { return Ok(None) };
        for found in memchr_iter(b'\n', rest) {
            let at = self.searched + found;
            if at == self.line || window[at - 1] != b'\r' {
                return Err(HeadError::BareLineFeed);
            }
            if at == self.line + 1 {
                return Ok(Some(End { bytes: at + 1, lines: self.count }));
            }
            self.line = at + 1;
            self.count += 1;
        }
        self.searched = window.len();
        if buffer.len() >= limit { Err(HeadError::TooLarge) } else { Ok(None) }
    }

    /// Whether the first line is still open.
    pub(crate) fn in_first(&self) -> bool {
        self.count == 0
    }
}
