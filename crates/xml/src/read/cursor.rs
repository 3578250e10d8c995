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
        let lines = memchr::memchr_iter(b'\n', passed.as_bytes()).count();
        let last = passed.rsplit('\n').next().unwrap_or(passed);
        let start = if lines == 0 { self.place.column } else { 1 };
        self.place.line = self.place.line.saturating_add(number(lines));
        self.place.column = start.saturating_add(number(last.chars().count()));
        (self.rest, self.offset) = (rest, self.offset + ahead);
        self.place
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
