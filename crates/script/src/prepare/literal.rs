//! XML literals in code.

use super::Writer;
use crate::error::CompileError;
use crate::lex::Before;

/// Whether an XML literal begins here; what stands before it allows it.
pub(super) fn begins(rest: &str) -> bool {
    let Some(rest) = rest.strip_prefix('<') else { return false };
    rest.starts_with(|letter: char| {
        letter.is_alphabetic() || matches!(letter, '_' | '>' | '{' | '?')
    }) || rest.starts_with("![CDATA[")
}

/// The text of a literal, as far as it is read: pieces of markup, with code between them.
struct Pieces {
    markup: String,
    lines: usize,
}

impl Writer<'_> {
    /// A literal becomes a call, with as many lines as it had.
    pub(super) fn literal(&mut self, depth: usize) -> Result<(), CompileError> {
        if self.rest().starts_with("<>") {
            let help = "Write one element around them.";
            return Err(self.error("A list of XML without an element is not supported", help));
        }
        if self.rest().starts_with("<?") {
            let help = "Remove it; an XML declaration has no place in a literal.";
            return Err(self.error("A processing instruction as a literal is not supported", help));
        }
        let start = self.at;
        self.out.text.push_str("mc.__xml(");
        let mut pieces = Pieces { markup: String::new(), lines: 0 };
        let mut open = 0_usize;
        loop {
            if self.rest().is_empty() {
                self.at = start;
                let help = "Close every element; write `{\"{\"}` for a brace.";
                return Err(self.error("A literal of XML does not end", help));
            }
            self.piece(&mut pieces, &mut open, depth)?;
            if open == 0 {
                break;
            }
        }
        pieces.flush(&mut self.out.text);
        self.out.text.push(')');
        self.before = Before::Value;
        Ok(())
    }

    /// A tag, a comment, or text up to the next of these.
    fn piece(
        &mut self,
        pieces: &mut Pieces,
        open: &mut usize,
        depth: usize,
    ) -> Result<(), CompileError> {
        let rest = self.rest();
        for (begin, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
            if rest.starts_with(begin) {
                let bytes = rest.find(end).map_or(rest.len(), |at| at + end.len());
                pieces.take(self, bytes);
                return Ok(());
            }
        }
        if rest.starts_with("</") {
            *open = open.saturating_sub(1);
            return self.tag(pieces, depth).map(drop);
        }
        if rest.starts_with('<') {
            let is_empty = self.tag(pieces, depth)?;
            *open += usize::from(!is_empty);
            return Ok(());
        }
        if rest.starts_with('{') {
            return self.hole(pieces, depth);
        }
        let bytes = rest.find(['<', '{']).unwrap_or(rest.len());
        pieces.take(self, bytes);
        Ok(())
    }

    /// A tag; true where it closes its own element.
    fn tag(&mut self, pieces: &mut Pieces, depth: usize) -> Result<bool, CompileError> {
        pieces.take(self, 1);
        let mut is_after_equals = false;
        while let Some(letter) = self.rest().chars().next() {
            match letter {
                '>' => {
                    pieces.take(self, 1);
                    return Ok(false);
                }
                '/' if self.rest().starts_with("/>") => {
                    pieces.take(self, 2);
                    return Ok(true);
                }
                '"' | '\'' => {
                    let value = self.rest().get(1..).unwrap_or_default();
                    let bytes = value.find(letter).map_or(self.rest().len(), |at| at + 2);
                    pieces.take(self, bytes);
                }
                '{' if is_after_equals => {
                    pieces.markup.push('"');
                    self.hole(pieces, depth)?;
                    pieces.markup.push('"');
                }
                '{' => self.hole(pieces, depth)?,
                _ => pieces.take(self, letter.len_utf8()),
            }
            is_after_equals = letter == '=' || (is_after_equals && letter.is_whitespace());
        }
        Ok(false)
    }

    /// `{code}`: the markup before it, then the code, as arguments of the call.
    fn hole(&mut self, pieces: &mut Pieces, depth: usize) -> Result<(), CompileError> {
        pieces.flush(&mut self.out.text);
        self.out.text.push_str(",(");
        self.at += 1;
        self.before = Before::Operator;
        if self.peek(0) == Some('}') {
            return Err(self.error("There is nothing in the braces", "Write a value in them."));
        }
        self.code(Some('}'), depth + 1)?;
        self.at += 1;
        self.out.text.push_str("),");
        Ok(())
    }
}

impl Pieces {
    fn take(&mut self, writer: &mut Writer<'_>, bytes: usize) {
        let taken = writer.rest().get(..bytes).unwrap_or(writer.rest());
        self.lines += taken.matches('\n').count();
        self.markup.push_str(taken);
        writer.at += taken.len();
    }

    /// Writes what there is as a text of JavaScript, and the line breaks that it had.
    fn flush(&mut self, out: &mut String) {
        let text = serde_json::Value::String(std::mem::take(&mut self.markup)).to_string();
        out.push_str(&text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"));
        out.extend(std::iter::repeat_n('\n', std::mem::take(&mut self.lines)));
    }
}
