//! Tokens to a tree, without the lines that only tags stand on.

use super::expression::Reader;
use super::token::{self, Directive, Token};
use super::{Branch, List, MAXIMUM_DEPTH, Node, TemplateError};

/// What was read.
pub(super) struct Read {
    pub(super) nodes: Vec<Node>,
    pub(super) reads_payload: bool,
}

/// Reads a template.
pub(super) fn template(source: &str) -> Result<Read, TemplateError> {
    let mut reader = Reader::new(source);
    let tokens = strip(token::tokens(&mut reader)?);
    let mut builder = Builder { tokens: tokens.into_iter().peekable(), depth: 0 };
    let nodes = builder.nodes()?;
    if let Some((token, line)) = builder.tokens.next() {
        return Err(stray(&token, line));
    }
    Ok(Read { nodes, reads_payload: reader.reads_payload })
}

type Row<'a> = Vec<(Token<'a>, u32)>;

/// Takes out the blanks and the end of lines on which there is nothing but tags.
fn strip(tokens: Row<'_>) -> Row<'_> {
    let mut all = Vec::with_capacity(tokens.len());
    let mut line = Vec::new();
    for (token, at) in tokens {
        let Token::Text(mut text) = token else {
            line.push((token, at));
            continue;
        };
        while let Some(end) = text.find('\n') {
            let (piece, rest) = text.split_at(end + 1);
            line.push((Token::Text(piece), at));
            flush(&mut line, &mut all);
            text = rest;
        }
        if !text.is_empty() {
            line.push((Token::Text(text), at));
        }
    }
    flush(&mut line, &mut all);
    all
}

fn flush<'a>(line: &mut Row<'a>, all: &mut Row<'a>) {
    let has_tag = line
        .iter()
        .any(|(token, _)| matches!(token, Token::Open(_) | Token::Close(_) | Token::Comment));
    let is_bare = line.iter().all(|(token, _)| match token {
        Token::Text(text) => text.trim().is_empty(),
        Token::Show(_) => false,
        _ => true,
    });
    let is_dropped = |token: &Token<'_>| has_tag && is_bare && matches!(token, Token::Text(_));
    all.extend(line.drain(..).filter(|(token, _)| !is_dropped(token)));
}

fn stray(token: &Token<'_>, line: u32) -> TemplateError {
    let message = match token {
        Token::Open(Directive::ElseIf(_)) => "`elseif` stands outside of `if`".to_owned(),
        Token::Open(Directive::Else) => "`else` stands outside of `if` and `list`".to_owned(),
        Token::Close(name) => format!("`</#{name}>` closes nothing"),
        _ => "the template ends too early".to_owned(),
    };
    TemplateError { line, message }
}

struct Builder<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<(Token<'a>, u32)>>,
    depth: usize,
}

impl<'a> Builder<'a> {
    /// All up to what ends a block.
    fn nodes(&mut self) -> Result<Vec<Node>, TemplateError> {
        let mut nodes = Vec::new();
        while let Some((token, line)) = self.tokens.next_if(|(token, _)| !ends(token)) {
            match token {
                Token::Text(text) => match nodes.last_mut() {
                    Some(Node::Text(before)) => before.push_str(text),
                    _ => nodes.push(Node::Text(text.to_owned())),
                },
                Token::Show(shown) => nodes.push(Node::Show(shown, line)),
                Token::Open(directive) => self.block(directive, line, &mut nodes)?,
                Token::Comment | Token::Close(_) => {}
            }
        }
        Ok(nodes)
    }

    fn block(
        &mut self,
        directive: Directive,
        line: u32,
        nodes: &mut Vec<Node>,
    ) -> Result<(), TemplateError> {
        if self.depth >= MAXIMUM_DEPTH {
            let message = format!("directives are nested deeper than {MAXIMUM_DEPTH}");
            return Err(TemplateError { line, message });
        }
        self.depth += 1;
        match directive {
            Directive::If(condition) => nodes.push(self.branches(condition, line)?),
            Directive::List { items, name, value } => {
                let within = self.nodes()?;
                let otherwise = if self.takes_else() { self.nodes()? } else { Vec::new() };
                self.close("list", line)?;
                let list = List { items, name, value, line, nodes: within, otherwise };
                nodes.push(Node::List(Box::new(list)));
            }
            Directive::Separator => {
                nodes.push(Node::Between(self.nodes()?));
                // The loop around it may end it.
                self.tokens.next_if(|(token, _)| matches!(token, Token::Close("sep")));
            }
            Directive::Assign(values) => {
                let assign = |(name, value)| Node::Assign(name, value, line);
                nodes.extend(values.into_iter().map(assign));
            }
            Directive::Capture(name) => {
                nodes.push(Node::Capture(name, self.nodes()?));
                self.close("assign", line)?;
            }
            // They end the block that they stand in, and never come here.
            Directive::ElseIf(_) | Directive::Else => {}
        }
        self.depth -= 1;
        Ok(())
    }

    fn branches(&mut self, condition: super::Expression, line: u32) -> Result<Node, TemplateError> {
        let mut branches = vec![Branch { condition, line, nodes: self.nodes()? }];
        let is_next = |token: &Token<'_>| matches!(token, Token::Open(Directive::ElseIf(_)));
        while let Some((token, at)) = self.tokens.next_if(|(token, _)| is_next(token)) {
            if let Token::Open(Directive::ElseIf(condition)) = token {
                branches.push(Branch { condition, line: at, nodes: self.nodes()? });
            }
        }
        let otherwise = if self.takes_else() { self.nodes()? } else { Vec::new() };
        self.close("if", line)?;
        Ok(Node::If(branches, otherwise))
    }

    fn takes_else(&mut self) -> bool {
        let is_else = |token: &Token<'_>| matches!(token, Token::Open(Directive::Else));
        self.tokens.next_if(|(token, _)| is_else(token)).is_some()
    }

    fn close(&mut self, name: &'static str, line: u32) -> Result<(), TemplateError> {
        match self.tokens.next() {
            Some((Token::Close(closed), _)) if closed == name => Ok(()),
            Some((token, at)) => Err(stray(&token, at)),
            None => Err(TemplateError { line, message: format!("`<#{name}>` is not closed") }),
        }
    }
}

fn ends(token: &Token<'_>) -> bool {
    matches!(token, Token::Close(_) | Token::Open(Directive::ElseIf(_) | Directive::Else))
}
