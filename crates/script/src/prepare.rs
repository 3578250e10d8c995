//! What a script is before the engine sees it: literals of XML become calls, and what is found on
//! the way is remembered.
//!
//! WSO2 runs scripts in an engine that knows XML literals (E4X). Here `<a>{x}</a>` becomes
//! `mc.__xml("<a>", x, "</a>")`, `x.@id` and `x..name` become calls of the XML object; lines stay
//! where they are. What cannot be turned is an error with its place.

mod language;
mod literal;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::error::CompileError;
use crate::lex::{self, Before};

/// Braces and literals inside each other.
const MAXIMUM_DEPTH: usize = 64;
/// Bytes of a script.
const MAXIMUM_BYTES: usize = 1024 * 1024;

/// Words that lead to Java, with what follows them.
const JAVA: [(&str, char); 7] = [
    ("java", '.'),
    ("javax", '.'),
    ("Java", '.'),
    ("Packages", '.'),
    ("JavaImporter", '('),
    ("importPackage", '('),
    ("importClass", '('),
];

/// A script, and what was found in it.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// The text for the engine.
    pub(crate) text: String,
    /// Every word outside of texts and comments.
    pub(crate) words: BTreeSet<String>,
    /// Every quoted text, without its quotes.
    pub(crate) literals: BTreeSet<String>,
    /// Whether a name of a property is more than a quoted text.
    pub(crate) has_computed_names: bool,
    /// Whether a method is asked for by a computed name.
    pub(crate) has_computed_methods: bool,
    /// Whether it may touch what is built in.
    pub(crate) touches_language: bool,
}

/// Turns a script into what the engine reads.
///
/// # Errors
///
/// The first place that cannot be turned.
pub(crate) fn prepare(source: &str) -> Result<Prepared, CompileError> {
    let mut writer =
        Writer { source, at: 0, before: Before::Operator, previous: "", out: Prepared::default() };
    if source.len() > MAXIMUM_BYTES {
        return Err(writer.error("The script is too long", "Keep it below 1 MiB."));
    }
    if let Some(at) = source.find('\0') {
        writer.at = at;
        return Err(writer.error("The script has a NUL character", "Remove it."));
    }
    writer.code(None, 0)?;
    Ok(writer.out)
}

struct Writer<'a> {
    source: &'a str,
    at: usize,
    before: Before,
    /// The word that was the last token but blanks and braces.
    previous: &'a str,
    out: Prepared,
}

impl<'a> Writer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// The next letter that is no space, `skip` bytes from here.
    fn peek(&self, skip: usize) -> Option<char> {
        let rest = self.rest().get(skip..)?;
        rest.trim_start().chars().next()
    }

    /// Takes so many bytes over as they are.
    fn copy(&mut self, bytes: usize) -> &'a str {
        let taken = self.rest().get(..bytes).unwrap_or(self.rest());
        self.out.text.push_str(taken);
        self.at += taken.len();
        taken
    }

    fn error(&self, message: &str, help: &str) -> CompileError {
        let before = self.source.get(..self.at).unwrap_or(self.source);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        CompileError {
            line: small(line),
            column: small(column),
            message: message.to_owned(),
            help: help.to_owned(),
        }
    }

    /// Code up to a closing brace that belongs to what is around it, or to the end.
    fn code(&mut self, closes_with: Option<char>, depth: usize) -> Result<(), CompileError> {
        if depth > MAXIMUM_DEPTH {
            return Err(self.error("The script is nested too deeply", "Split it into functions."));
        }
        let mut braces = 0_usize;
        while let Some(letter) = self.rest().chars().next() {
            let blank = lex::blank(self.rest());
            if blank > 0 {
                self.copy(blank);
                continue;
            }
            match letter {
                '}' if braces == 0 && closes_with == Some('}') => return Ok(()),
                '{' | '}' => {
                    let step = usize::from(letter == '{');
                    braces = (braces + step).saturating_sub(1 - step);
                    self.copy(1);
                    self.before = if letter == '{' { Before::Operator } else { Before::Brace };
                }
                '`' => self.template(depth)?,
                '<' if self.before.takes_xml() && literal::begins(self.rest()) => {
                    self.literal(depth)?;
                }
                _ => self.token(letter)?,
            }
        }
        match closes_with {
            Some(_) => Err(self.error("A brace is not closed", "Close it with `}`.")),
            None => Ok(()),
        }
    }

    /// One token that has no code in it.
    fn token(&mut self, letter: char) -> Result<(), CompileError> {
        let rest = self.rest();
        let previous = std::mem::take(&mut self.previous);
        match letter {
            '"' | '\'' => {
                let Some(bytes) = lex::quoted(rest) else {
                    return Err(self.error("A text is not closed", "Close it with its quote."));
                };
                let taken = self.copy(bytes);
                let mut inner = taken.chars();
                inner.next();
                inner.next_back();
                self.out.literals.insert(inner.as_str().to_owned());
                self.before = Before::Value;
            }
            '/' if self.before.takes_regex() => {
                let Some(bytes) = lex::regex(rest) else {
                    let message = "A regular expression is not closed";
                    return Err(self.error(message, "Close it with `/`."));
                };
                self.copy(bytes);
                self.before = Before::Value;
            }
            _ if letter.is_ascii_digit() => {
                self.copy(lex::number(rest));
                self.before = Before::Number;
            }
            _ if lex::begins_word(letter) => self.word(previous)?,
            '.' => self.dot()?,
            '@' => return Err(self.error("`@` stands alone", E4X_ATTRIBUTE)),
            ':' if rest.starts_with("::") => {
                let help = "Write the local name alone: `x.name` finds it in any namespace.";
                return Err(self.error("`::` of E4X is not supported", help));
            }
            _ => self.punctuation(letter),
        }
        Ok(())
    }

    fn punctuation(&mut self, letter: char) {
        let rest = self.rest();
        let is_step = rest.starts_with("++") || rest.starts_with("--");
        let bytes = if is_step { 2 } else { letter.len_utf8() };
        self.copy(bytes);
        let ends_value = matches!(letter, ')' | ']') || is_step;
        self.before = if ends_value { Before::Value } else { Before::Operator };
    }

    fn word(&mut self, previous: &str) -> Result<(), CompileError> {
        let bytes = lex::word(self.rest());
        let word = self.rest().get(..bytes).unwrap_or_default();
        let next = self.peek(bytes);
        let is_member = self.before == Before::Dot;
        if !is_member && JAVA.iter().any(|(known, mark)| *known == word && next == Some(*mark)) {
            return Err(self.error(
                "Classes of Java are not there",
                "Use JavaScript's own functions, and `mc`.",
            ));
        }
        if word == "for" && self.peek_word(bytes) == Some("each") {
            let help = "Write `for (const x of list)`.";
            return Err(self.error("`for each` is not supported", help));
        }
        if word == "default" && self.peek_word(bytes) == Some("xml") {
            let help = "Write `xmlns=\"…\"` on the element.";
            return Err(self.error("`default xml namespace` is not supported", help));
        }
        self.note_names(word, bytes);
        self.copy(bytes);
        self.out.touches_language |= language::touches(word, is_member, previous, self.rest());
        self.out.words.insert(word.to_owned());
        self.previous = word;
        self.before = self.before.after_word(word);
        Ok(())
    }

    /// The word that comes next, `skip` bytes from here.
    fn peek_word(&self, skip: usize) -> Option<&'a str> {
        let rest = self.rest().get(skip..)?.trim_start();
        rest.get(..lex::word(rest))
    }

    /// Notes a name of a property that is computed: not a quoted text, alone.
    fn note_names(&mut self, word: &str, bytes: usize) {
        if word == "mc" && self.peek(bytes) == Some('[') {
            self.out.has_computed_names = true;
            let name = self.rest().get(bytes..).unwrap_or_default().trim_start();
            let name = name.strip_prefix('[').unwrap_or_default();
            self.out.has_computed_methods |= !is_quoted(name, &[']']);
        }
        if word != "getProperty" {
            return;
        }
        let argument = self.rest().get(bytes..).unwrap_or_default().trim_start();
        let argument = argument.strip_prefix('(').unwrap_or_default();
        self.out.has_computed_names |= !is_quoted(argument, &[')', ',']);
    }

    /// `.`, `...`, and what E4X has of dots.
    fn dot(&mut self) -> Result<(), CompileError> {
        let rest = self.rest();
        if rest.starts_with("...") {
            self.copy(3);
            self.before = Before::Operator;
            return Ok(());
        }
        let is_fraction = rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit());
        if is_fraction && self.before != Before::Value {
            self.copy(1 + rest.get(1..).map_or(0, lex::number));
            self.before = Before::Number;
            return Ok(());
        }
        for (mark, method) in [("..", "__descendants"), (".@", "__attribute")] {
            let Some(name) = rest.strip_prefix(mark).filter(|_| self.before != Before::Number)
            else {
                continue;
            };
            let bytes = lex::word(name);
            if bytes == 0 {
                return Err(
                    self.error(&format!("`{mark}` of E4X is not supported so"), E4X_ATTRIBUTE)
                );
            }
            let name = name.get(..bytes).unwrap_or_default();
            self.out.text.push_str(&format!(".{method}(\"{name}\")"));
            self.at += mark.len() + bytes;
            self.before = Before::Value;
            return Ok(());
        }
        if rest.starts_with(".(") || rest.starts_with(".*") {
            let help = "Go through the elements with `for (const x of list)`.";
            return Err(self.error("A filter of E4X is not supported", help));
        }
        self.copy(1);
        self.before = Before::Dot;
        Ok(())
    }

    /// A text in back quotes, with code in it.
    fn template(&mut self, depth: usize) -> Result<(), CompileError> {
        self.copy(1);
        let mut is_escaped = false;
        while let Some(letter) = self.rest().chars().next() {
            if !is_escaped && self.rest().starts_with("${") {
                self.copy(2);
                self.before = Before::Operator;
                // A name may be made of the parts of a template.
                self.out.has_computed_names = true;
                self.code(Some('}'), depth + 1)?;
                self.copy(1);
                continue;
            }
            self.copy(letter.len_utf8());
            match letter {
                '`' if !is_escaped => {
                    self.before = Before::Value;
                    return Ok(());
                }
                _ => is_escaped = letter == '\\' && !is_escaped,
            }
        }
        Err(self.error("A text is not closed", "Close it with a back quote."))
    }
}

/// Whether a text begins with a quoted text, and then one of these.
fn is_quoted(text: &str, ends: &[char]) -> bool {
    let text = text.trim_start();
    let end = text.starts_with(['"', '\'']).then(|| lex::quoted(text)).flatten();
    let after = end.and_then(|end| text.get(end..)).map(str::trim_start);
    after.is_some_and(|after| after.starts_with(ends))
}

/// What may be written of attributes and descendants.
const E4X_ATTRIBUTE: &str = "Write `x.@name` for an attribute, and `x..name` for descendants.";
