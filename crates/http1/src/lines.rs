//! Finding the empty line that ends a head, or the fields behind a body.

use std::sync::LazyLock;

use memchr::memchr_iter;
use memchr::memmem::Finder;

use crate::HeadError;

/// The end of the last line and the empty one.
static END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\r\n\r\n"));

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
    /// Bytes up to the end of the head at the front of `buffer`; `None` while more has to be read.
    ///
    /// A head that is there as a whole, as most are, is found by its end alone: whoever reads it
    /// still has to refuse bare line feeds.
    /// A head that is not is looked at line by line, because one whose lines end in line feeds
    /// alone has no such end, and is to be refused instead of waited for.
    ///
    /// # Errors
    ///
    /// Those of [`Self::end`].
    pub(crate) fn head(&mut self, buffer: &[u8], limit: usize) -> Result<Option<usize>, HeadError> {
        if self.searched == 0 {
            let window = buffer.get(..limit).unwrap_or(buffer);
            if let Some(at) = END.find(window) {
                return Ok(Some(at + 4));
            }
        }
        Ok(self.end(buffer, limit)?.map(|end| end.bytes))
    }

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

/// Whether a line feed stands anywhere but behind a carriage return.
#[cold]
pub(crate) fn has_bare_line_feed(lines: &[u8]) -> bool {
    memchr_iter(b'\n', lines).any(|at| at == 0 || lines[at - 1] != b'\r')
}

/// Whether a carriage return stands anywhere but before a line feed.
#[cold]
pub(crate) fn has_bare_carriage_return(lines: &[u8]) -> bool {
    memchr_iter(b'\r', lines).any(|at| lines.get(at + 1) != Some(&b'\n'))
}
