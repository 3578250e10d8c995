//! Reads a template as Jinjava does, and writes it as minijinja reads it.
//!
//! Every word is written anew, so that nothing reaches the engine that was not looked at here.
//! Lines stay where they are.

use super::token::{self, Token, Word};
use super::{TemplateError, TemplateLimits, rules};

/// The most blocks inside each other; to the engine an `elif` is a block inside the `if`.
const DEEPEST: u32 = 64;
/// Blocks that Jinjava has and a policy cannot use.
const REFUSED: &[&str] = &[
    "include",
    "import",
    "from",
    "extends",
    "block",
    "macro",
    "call",
    "do",
    "filter",
    "autoescape",
    "cycle",
    "ifchanged",
    "tag",
];

/// The text that minijinja is given.
///
/// # Errors
/// What is no template, or asks for what is not supported, at its line.
pub(super) fn translate(template: &str, limits: &TemplateLimits) -> Result<String, TemplateError> {
    if template.len() > limits.template_bytes {
        let message = format!(
            "the template has {} bytes; at most {} are read",
            template.len(),
            limits.template_bytes
        );
        return Err(TemplateError::new(0, message));
    }
    let mut translator = Translator {
        out: String::with_capacity(template.len() * 2),
        rest: template,
        line: 1,
        tags: limits.tags,
        open: Vec::new(),
    };
    while !translator.rest.is_empty() {
        translator.step()?;
    }
    match translator.open.last() {
        Some(block) => Err(TemplateError::new(
            block.line,
            format!("`{}` is not closed; write `{}`", block.kind.name(), block.kind.end()),
        )),
        None => Ok(translator.out),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    If,
    Unless,
    For,
    Set,
    With,
}

impl Kind {
    const ALL: [Self; 5] = [Self::If, Self::Unless, Self::For, Self::Set, Self::With];

    fn name(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::Unless => "unless",
            Self::For => "for",
            Self::Set => "set",
            Self::With => "with",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::If => "endif",
            Self::Unless => "endunless",
            Self::For => "endfor",
            Self::Set => "endset",
            Self::With => "endwith",
        }
    }
}

struct Open {
    kind: Kind,
    line: u32,
    branches: u32,
}

struct Translator<'t> {
    out: String,
    rest: &'t str,
    line: u32,
    tags: usize,
    open: Vec<Open>,
}

impl Translator<'_> {
    fn step(&mut self) -> Result<(), TemplateError> {
        let (text, rest) = self.rest.split_at(next_mark(self.rest));
        self.out.push_str(text);
        self.line = self.line.saturating_add(line_ends(text));
        self.rest = rest;
        let Some((mark, rest)) = rest.split_at_checked(2) else {
            self.out.push_str(rest);
            self.rest = "";
            return Ok(());
        };
        self.tags = self
            .tags
            .checked_sub(1)
            .ok_or_else(|| TemplateError::new(self.line, "the template has too many tags"))?;
        match mark {
            "{#" => self.comment(rest),
            "{{" => self.expression(rest),
            _ => self.block(rest),
        }
    }

    fn comment(&mut self, rest: &str) -> Result<(), TemplateError> {
        let Some((text, rest)) = rest.split_once("#}") else {
            return Err(TemplateError::new(self.line, "the comment is not closed by `#}`"));
        };
        let lines = line_ends(text);
        self.out.push_str(if text.starts_with('-') { "{#-" } else { "{#" });
        (0..lines).for_each(|_| self.out.push('\n'));
        self.out.push_str(if text.ends_with('-') { " -#}" } else { " #}" });
        self.line = self.line.saturating_add(lines);
        self.skip_to(rest);
        Ok(())
    }

    fn expression(&mut self, rest: &str) -> Result<(), TemplateError> {
        let (trim, rest) = trim_sign(rest);
        let inner = token::read(rest, "}}", self.line)?;
        let words = rules::expression(&inner.tokens, false)?;
        if words.is_empty() {
            return Err(TemplateError::new(self.line, "`{{ }}` has nothing to print"));
        }
        self.write("{{", trim, &words, inner.trim, "}}", inner.line);
        self.skip_to(inner.rest);
        Ok(())
    }

    fn block(&mut self, rest: &str) -> Result<(), TemplateError> {
        let (trim, rest) = trim_sign(rest);
        let inner = token::read(rest, "%}", self.line)?;
        let Some((first, arguments)) = inner.tokens.split_first() else {
            return Err(TemplateError::new(self.line, "`{% %}` names no block"));
        };
        if first.is_name("raw") {
            self.skip_to(inner.rest);
            self.line = inner.line;
            return self.raw();
        }
        let words = self.statement(first, arguments)?;
        self.write("{%", trim, &words, inner.trim, "%}", inner.line);
        self.skip_to(inner.rest);
        Ok(())
    }

    fn write(
        &mut self,
        open: &str,
        trim: &str,
        words: &[Token],
        trim_end: &str,
        close: &str,
        line: u32,
    ) {
        self.out.push_str(open);
        self.out.push_str(trim);
        self.out.push(' ');
        let written = token::write(words, self.line, &mut self.out);
        (written..line).for_each(|_| self.out.push('\n'));
        self.line = written.max(line);
        self.out.push_str(trim_end);
        self.out.push_str(close);
    }

    /// Goes on behind what was read; the text is a tail of the one that is left.
    fn skip_to(&mut self, rest: &str) {
        let read = self.rest.len().saturating_sub(rest.len());
        self.rest = self.rest.get(read..).unwrap_or_default();
    }

    /// Writes what stands up to `endraw` so that it has no marks any more.
    fn raw(&mut self) -> Result<(), TemplateError> {
        let Some((text, rest)) = split_raw(self.rest) else {
            return Err(TemplateError::new(self.line, "`raw` is not closed; write `endraw`"));
        };
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let is_mark = matches!(characters.peek(), None | Some('{' | '%' | '#'));
            if character == '{' && is_mark {
                self.out.push_str("{{ \"{\" }}");
            } else {
                self.out.push(character);
            }
        }
        self.line = self.line.saturating_add(line_ends(text));
        self.skip_to(rest);
        Ok(())
    }

    fn statement(
        &mut self,
        first: &Token,
        arguments: &[Token],
    ) -> Result<Vec<Token>, TemplateError> {
        let name = first.name().unwrap_or_default();
        if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.end() == name) {
            return self.end(kind, first.line);
        }
        match name {
            "if" => {
                self.begin(Kind::If, first.line)?;
                condition("if", first.line, arguments)
            }
            "unless" => {
                self.begin(Kind::Unless, first.line)?;
                negated(first.line, arguments)
            }
            "elif" | "elseif" => {
                self.branch(first.line)?;
                condition("elif", first.line, arguments)
            }
            "else" => self.otherwise(first, arguments),
            "for" => {
                self.begin(Kind::For, first.line)?;
                each(first, arguments)
            }
            "set" => self.set(first, arguments),
            "with" => {
                self.begin(Kind::With, first.line)?;
                prefixed("with", first.line, rules::expression(arguments, true)?)
            }
            _ if REFUSED.contains(&name) => Err(TemplateError::new(
                first.line,
                format!("`{name}` is not available in a policy; write its content here"),
            )),
            _ => Err(TemplateError::new(
                first.line,
                format!("the block `{name}` is unknown; use if, unless, for, set, with or raw"),
            )),
        }
    }

    fn begin(&mut self, kind: Kind, line: u32) -> Result<(), TemplateError> {
        self.open.push(Open { kind, line, branches: 1 });
        self.check_depth(line)
    }

    fn check_depth(&self, line: u32) -> Result<(), TemplateError> {
        if self.open.iter().map(|open| open.branches).sum::<u32>() <= DEEPEST {
            return Ok(());
        }
        let message = format!("more than {DEEPEST} blocks and `elif` inside each other");
        Err(TemplateError::new(line, message))
    }

    fn end(&mut self, kind: Kind, line: u32) -> Result<Vec<Token>, TemplateError> {
        if self.open.pop().is_none_or(|open| open.kind != kind) {
            return Err(TemplateError::new(
                line,
                format!("`{}` has no `{}` before it", kind.end(), kind.name()),
            ));
        }
        let written = if kind == Kind::Unless { Kind::If } else { kind };
        Ok(vec![name_token(written.end(), line)])
    }

    fn branch(&mut self, line: u32) -> Result<(), TemplateError> {
        let Some(open) = self.open.last_mut().filter(|open| open.kind == Kind::If) else {
            return Err(TemplateError::new(line, "`elif` has no `if` before it"));
        };
        open.branches += 1;
        self.check_depth(line)
    }

    fn otherwise(&self, first: &Token, arguments: &[Token]) -> Result<Vec<Token>, TemplateError> {
        let fits =
            self.open.last().is_some_and(|open| !matches!(open.kind, Kind::Set | Kind::With));
        if fits && arguments.is_empty() {
            return Ok(vec![first.clone()]);
        }
        Err(TemplateError::new(
            first.line,
            "`else` stands alone, within `if` or `for`; write `elif` for `else if`",
        ))
    }

    fn set(&mut self, first: &Token, arguments: &[Token]) -> Result<Vec<Token>, TemplateError> {
        let assign = arguments.iter().position(|token| token.is("="));
        let targets = match assign {
            Some(at) => arguments.get(..at).unwrap_or_default(),
            None => arguments.get(..1).unwrap_or_default(),
        };
        check_targets(targets, first.line)?;
        let after = arguments.get(targets.len()..).unwrap_or_default();
        let mut words = vec![first.clone()];
        words.extend_from_slice(targets);
        match after.split_first() {
            Some((equals, value)) if equals.is("=") => {
                words.push(equals.clone());
                words.extend(non_empty(rules::expression(value, false)?, first.line)?);
            }
            None => self.begin(Kind::Set, first.line)?,
            _ => return Err(TemplateError::new(first.line, "write `{% set name = value %}`")),
        }
        Ok(words)
    }
}

/// Where the next mark begins; the length where there is none.
fn next_mark(text: &str) -> usize {
    let marks = text.match_indices('{').map(|(at, _)| at);
    let is_mark =
        |at: &usize| matches!(text.as_bytes().get(at.saturating_add(1)), Some(b'{' | b'%' | b'#'));
    let mut marks = marks.filter(is_mark);
    marks.next().unwrap_or(text.len())
}

fn trim_sign(text: &str) -> (&str, &str) {
    match text.split_at_checked(1) {
        Some((sign @ ("-" | "+"), rest)) => (sign, rest),
        _ => ("", text),
    }
}

/// The text before the block `endraw`, and the one after it.
fn split_raw(text: &str) -> Option<(&str, &str)> {
    for (at, _) in text.match_indices("{%") {
        let (before, block) = text.split_at(at);
        let after = block.strip_prefix("{%").map(|block| trim_sign(block).1.trim_start());
        if let Some(after) = after.and_then(|block| block.strip_prefix("endraw")) {
            let after = trim_sign(after.trim_start()).1;
            return after.strip_prefix("%}").map(|rest| (before, rest));
        }
    }
    None
}

fn line_ends(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

fn name_token(name: &str, line: u32) -> Token {
    Token { word: Word::Name(name.to_owned()), line }
}

fn non_empty(words: Vec<Token>, line: u32) -> Result<Vec<Token>, TemplateError> {
    if words.is_empty() {
        return Err(TemplateError::new(line, "a value is missing"));
    }
    Ok(words)
}

fn prefixed(name: &str, line: u32, words: Vec<Token>) -> Result<Vec<Token>, TemplateError> {
    let mut all = vec![name_token(name, line)];
    all.extend(non_empty(words, line)?);
    Ok(all)
}

fn condition(name: &str, line: u32, arguments: &[Token]) -> Result<Vec<Token>, TemplateError> {
    prefixed(name, line, rules::expression(arguments, false)?)
}

fn negated(line: u32, arguments: &[Token]) -> Result<Vec<Token>, TemplateError> {
    let symbol = |symbol| Token { word: Word::Symbol(symbol), line };
    let mut all = vec![name_token("if", line), name_token("not", line), symbol("(")];
    all.extend(non_empty(rules::expression(arguments, false)?, line)?);
    all.push(symbol(")"));
    Ok(all)
}

fn each(first: &Token, arguments: &[Token]) -> Result<Vec<Token>, TemplateError> {
    let Some(at) = arguments.iter().position(|token| token.is_name("in")) else {
        return Err(TemplateError::new(first.line, "write `{% for name in values %}`"));
    };
    if arguments.last().is_some_and(|last| last.is_name("recursive")) {
        return Err(TemplateError::new(first.line, "loops that call themselves are not supported"));
    }
    let (targets, rest) = arguments.split_at(at);
    check_targets(targets, first.line)?;
    let mut words = vec![first.clone()];
    words.extend_from_slice(targets);
    // The word `in` stays before the values: a list is read differently after it.
    words.extend(rules::expression(rest, false)?);
    Ok(words)
}

/// Names with commas between them.
fn check_targets(targets: &[Token], line: u32) -> Result<(), TemplateError> {
    let is_fine = targets.iter().enumerate().all(|(index, token)| match token.name() {
        Some(name) => index % 2 == 0 && is_free(name),
        None => index % 2 == 1 && token.is(","),
    });
    if is_fine && targets.len() % 2 == 1 {
        return Ok(());
    }
    Err(TemplateError::new(line, "a variable has a plain name"))
}

fn is_free(name: &str) -> bool {
    !rules::KEYWORDS.contains(&name) && !rules::CONSTANTS.contains(&name) && name != "loop"
}
