//! The characters of an expression, with those between `\Q` and `\E` marked.

#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// Bytes from the start.
    pub(super) at: usize,
    pub(super) character: char,
    /// Whether it stands for itself, whatever it is.
    pub(super) is_quoted: bool,
}

pub(super) fn split(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut characters = text.char_indices().peekable();
    let mut is_quoted = false;
    while let Some((at, character)) = characters.next() {
        let after = characters.peek().copied().filter(|_| character == '\\');
        match after {
            Some((_, 'Q')) if !is_quoted => {
                is_quoted = true;
                characters.next();
            }
            Some((_, 'E')) if is_quoted => {
                is_quoted = false;
                characters.next();
            }
            Some((next_at, next)) if !is_quoted => {
                characters.next();
                units.push(Unit { at, character, is_quoted });
                units.push(Unit { at: next_at, character: next, is_quoted });
            }
            _ => units.push(Unit { at, character, is_quoted }),
        }
    }
    units
}
