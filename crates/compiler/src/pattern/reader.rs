//! Reads the text of a template into a pattern.

use super::{Pattern, PatternError, Reserved, Shape, Template, Token, canonical};

/// One piece of the text, before it is sorted into head and tail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Literal(&'a str),
    Variable(&'a str),
    Reserved(&'a str),
    Star,
}

pub(super) fn read(text: &str) -> Result<Pattern, PatternError> {
    if let Some(at) = text.find('?') {
        return Err(PatternError::Query { at });
    }
    if let Some(shape) = mapping(text) {
        return Ok(Pattern { text: text.to_owned(), shape, variables: Vec::new() });
    }
    let mut builder = Builder::default();
    for piece in pieces(text)? {
        builder.add(piece)?;
    }
    let (template, variables) = builder.finish()?;
    Ok(Pattern { text: text.to_owned(), shape: Shape::Template(template), variables })
}

/// The classes that are no template.
fn mapping(text: &str) -> Option<Shape> {
    let is_plain = |text: &str| !text.contains(['*', '{', '}']);
    if matches!(text, "/*" | "*") {
        return Some(Shape::All);
    }
    if let Some(ending) = text.strip_prefix('*').filter(|it| it.starts_with('.')) {
        return is_plain(ending).then(|| Shape::Extension(ending.to_owned()));
    }
    if let Some(prefix) = text.strip_suffix("/*") {
        return is_plain(prefix).then(|| Shape::Prefix(rooted(prefix)));
    }
    is_plain(text).then(|| Shape::Exact(canonical(&rooted(text)).to_owned()))
}

fn rooted(path: &str) -> String {
    let slash = if path.starts_with('/') || path.is_empty() { "" } else { "/" };
    format!("{slash}{path}")
}

/// Cuts the text; a slash at its end is left out, one at its start is added.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, PatternError> {
    let mut pieces = Vec::new();
    if !text.starts_with('/') {
        pieces.push(Piece::Literal("/"));
    }
    let mut rest = canonical(text);
    while let Some(open) = rest.find(['{', '}', '*']) {
        let at = canonical(text).len() - rest.len() + open;
        let (literal, after) = rest.split_at(open);
        push_literal(literal, &mut pieces);
        rest = match after.strip_prefix('*') {
            Some(next) => {
                push(Piece::Star, at, &mut pieces)?;
                next
            }
            None => read_expression(after, at, &mut pieces)?,
        };
    }
    push_literal(rest, &mut pieces);
    Ok(pieces)
}

/// Reads `{…}` and returns what follows.
fn read_expression<'a>(
    text: &'a str,
    at: usize,
    pieces: &mut Vec<Piece<'a>>,
) -> Result<&'a str, PatternError> {
    let unbalanced = PatternError::Unbalanced { at };
    let Some((inside, next)) = text.strip_prefix('{').and_then(|it| it.split_once('}')) else {
        return Err(unbalanced);
    };
    if inside.contains('{') {
        return Err(unbalanced);
    }
    let (list, is_reserved) = match inside.strip_prefix('+') {
        Some(list) => (list, true),
        None => (inside, false),
    };
    for (index, name) in list.split(',').enumerate() {
        if index > 0 {
            push_literal(",", pieces);
        }
        let exploded = name.strip_suffix('*');
        let name = exploded.unwrap_or(name);
        if !is_name(name) {
            return Err(PatternError::Expression { inside: inside.to_owned() });
        }
        let is_reserved = is_reserved || exploded.is_some();
        push(if is_reserved { Piece::Reserved(name) } else { Piece::Variable(name) }, at, pieces)?;
    }
    Ok(next)
}

fn is_name(name: &str) -> bool {
    let fits =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '~' | '%' | ' ' | '$');
    !name.starts_with('.') && !name.is_empty() && name.chars().all(fits)
}

fn push_literal<'a>(text: &'a str, pieces: &mut Vec<Piece<'a>>) {
    if !text.is_empty() {
        pieces.push(Piece::Literal(text));
    }
}

/// Adds a variable or wildcard, which must not follow another one.
fn push<'a>(piece: Piece<'a>, at: usize, pieces: &mut Vec<Piece<'a>>) -> Result<(), PatternError> {
    match pieces.last() {
        Some(Piece::Literal(_)) | None => {
            pieces.push(piece);
            Ok(())
        }
        Some(_) => Err(PatternError::Touching { at }),
    }
}

#[derive(Default)]
struct Builder {
    head: Vec<Token>,
    reserved: Option<Reserved>,
    tail: Vec<Token>,
    variables: Vec<String>,
}

impl Builder {
    fn add(&mut self, piece: Piece<'_>) -> Result<(), PatternError> {
        match piece {
            Piece::Literal(text) => self.literal(text),
            Piece::Variable(name) => {
                let token = Token::Variable(self.variable(name));
                self.push(token)?;
            }
            Piece::Star => self.push(Token::Star)?,
            Piece::Reserved(name) => {
                let reserved = Reserved::Variable(self.variable(name));
                if self.reserved.replace(reserved).is_some() {
                    return Err(PatternError::TwoReserved);
                }
            }
        }
        Ok(())
    }

    fn tokens(&mut self) -> &mut Vec<Token> {
        if self.reserved.is_some() { &mut self.tail } else { &mut self.head }
    }

    /// Adds literal text, to the literal before it if there is one.
    fn literal(&mut self, text: &str) {
        let tokens = self.tokens();
        if let Some(Token::Literal(before)) = tokens.last_mut() {
            before.push_str(text);
        } else {
            tokens.push(Token::Literal(text.to_owned()));
        }
    }

    fn push(&mut self, token: Token) -> Result<(), PatternError> {
        let crosses_segment =
            |token: &Token| matches!(token, Token::Literal(text) if text.contains('/'));
        if self.reserved.is_some() && !self.tail.iter().any(crosses_segment) {
            return Err(PatternError::AfterReserved);
        }
        self.tokens().push(token);
        Ok(())
    }

    fn variable(&mut self, name: &str) -> usize {
        self.variables.push(name.to_owned());
        self.variables.len() - 1
    }

    /// Turns a `*` at the end into a part that crosses slashes.
    fn finish(mut self) -> Result<(Template, Vec<String>), PatternError> {
        if self.tokens().last() == Some(&Token::Star) {
            if self.reserved.is_some() {
                return Err(PatternError::TwoReserved);
            }
            self.head.pop();
            self.reserved = Some(self.cut_slash());
        }
        let slashes = |token: &Token| match token {
            Token::Literal(text) => text.matches('/').count(),
            _ => 0,
        };
        let tail_slashes = self.tail.iter().map(slashes).sum();
        let template =
            Template { head: self.head, reserved: self.reserved, tail_slashes, tail: self.tail };
        Ok((template, self.variables))
    }

    /// Takes the slash before a `*` at the end away, if there is one.
    fn cut_slash(&mut self) -> Reserved {
        let Some(Token::Literal(text)) = self.head.last_mut() else { return Reserved::Any };
        if !text.ends_with('/') {
            return Reserved::Any;
        }
        text.pop();
        if text.is_empty() {
            self.head.pop();
        }
        Reserved::Below
    }
}
