//! Lines and columns of offsets that only grow, for one pass over the text in all.

use crate::tree::Place;

pub(super) struct Cursor<'a> {
    rest: &'a str,
    offset: usize,
    place: Place,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, offset: 0, place: Place { line: 1, column: 1 } }
    }

    /// The place of an offset; one that was passed already gives the place reached.
    pub(super) fn place(&mut self, offset: usize) -> Place {
        let ahead = offset.saturating_sub(self.offset).min(self.rest.len());
        let Some((passed, rest)) = self.rest.split_at_checked(ahead) else { return self.place };
        let passed = passed.as_bytes();
        let mut last = passed;
        if let Some(end) = memchr::memrchr(b'\n', passed) {
            let lines = memchr::memchr_iter(b'\n', passed).count();
            self.place.line = self.place.line.saturating_add(number(lines));
            self.place.column = 1;
            last = passed.get(end + 1..).unwrap_or_default();
        }
        self.place.column = self.place.column.saturating_add(number(characters(last)));
        (self.rest, self.offset) = (rest, self.offset + ahead);
        self.place
    }
}

/// The characters of UTF-8: each has one byte that continues no other.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| !matches!(byte, 0x80..=0xBF)).count()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
