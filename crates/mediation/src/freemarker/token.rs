//! A template as a row of texts, interpolations and tags.

use super::expression::Reader;
use super::{Expression, TemplateError};

/// What a template is made of.
#[derive(Debug)]
pub(super) enum Token<'a> {
    Text(&'a str),
    Show(Expression),
    Open(Directive),
    Close(&'a str),
    Comment,
}

/// A tag that begins something.
#[derive(Debug)]
pub(super) enum Directive {
    If(Expression),
    ElseIf(Expression),
    Else,
    List { items: Expression, name: String, value: Option<String> },
    Separator,
    Assign(Vec<(String, Expression)>),
    Capture(String),
}

/// What begins a token that is no text.
const MARKS: [&str; 6] = ["${", "#{", "<#", "</#", "<@", "</@"];
/// Tags that close.
const CLOSED: [&str; 4] = ["if", "list", "sep", "assign"];
/// Directives of FreeMarker that are not supported, with what to do.
const REFUSED: [(&str, &str); 8] = [
    ("ftl", "remove it; whitespace is stripped and nothing is escaped without it"),
    ("macro", "write what it does where it is called"),
    ("function", "write what it does where it is called"),
    ("include", "write the text into the format"),
    ("import", "write the text into the format"),
    ("switch", "use `if` and `elseif`"),
    ("items", "use `<#list … as …>`"),
    ("local", "use `assign`"),
];

/// Each token with its line.
pub(super) fn tokens<'a>(reader: &mut Reader<'a>) -> Result<Vec<(Token<'a>, u32)>, TemplateError> {
    let mut tokens = Vec::new();
    let mut line = 1_u32;
    loop {
        let rest = reader.rest();
        let Some((at, mark)) = next_mark(rest) else {
            push_text(&mut tokens, rest, line);
            return Ok(tokens);
        };
        let (text, tag) = rest.split_at(at);
        push_text(&mut tokens, text, line);
        line = line.saturating_add(lines(text));
        reader.skip(at + mark.len());
        let token = token(reader, mark);
        tokens.push((token.map_err(|message| TemplateError { line, message })?, line));
        let (tag, _) = tag.split_at(tag.len().saturating_sub(reader.rest().len()));
        line = line.saturating_add(lines(tag));
    }
}

/// Where the next token begins that is no text, and with what.
fn next_mark(text: &str) -> Option<(usize, &'static str)> {
    text.match_indices(['$', '#', '<']).find_map(|(at, _)| {
        let (_, rest) = text.split_at(at);
        MARKS.iter().find(|mark| rest.starts_with(**mark)).map(|mark| (at, *mark))
    })
}

fn lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

fn push_text<'a>(tokens: &mut Vec<(Token<'a>, u32)>, text: &'a str, line: u32) {
    if !text.is_empty() {
        tokens.push((Token::Text(text), line));
    }
}

/// The token after its mark.
fn token<'a>(reader: &mut Reader<'a>, mark: &str) -> Result<Token<'a>, String> {
    match mark {
        "${" => {
            let shown = reader.inner(|reader| reader.expression())?;
            reader.expect("}")?;
            Ok(Token::Show(shown))
        }
        "<#" if reader.rest().starts_with("--") => comment(reader),
        "<#" => open(reader).map(Token::Open),
        "</#" => close(reader),
        "#{" => Err("`#{…}` is not supported; write `${…}`".to_owned()),
        _ => Err("macros are not supported; write what they do where they are called".to_owned()),
    }
}

fn comment<'a>(reader: &mut Reader<'a>) -> Result<Token<'a>, String> {
    let end = reader.rest().find("-->").ok_or("the comment does not end")?;
    reader.skip(end + 3);
    Ok(Token::Comment)
}

fn close<'a>(reader: &mut Reader<'a>) -> Result<Token<'a>, String> {
    let name = reader.word();
    let Some(known) = CLOSED.iter().find(|known| **known == name) else {
        return Err(format!("`</#{name}>` closes nothing that is supported"));
    };
    reader.expect(">")?;
    Ok(Token::Close(known))
}

fn open(reader: &mut Reader<'_>) -> Result<Directive, String> {
    let name = reader.word();
    let directive = match name {
        "if" => Directive::If(reader.expression()?),
        "elseif" | "elseIf" => Directive::ElseIf(reader.expression()?),
        "else" => Directive::Else,
        "sep" => Directive::Separator,
        "list" => list(reader)?,
        "assign" => assign(reader)?,
        _ => return Err(refusal(name)),
    };
    let is_empty = matches!(directive, Directive::Assign(_) | Directive::Else);
    if !(is_empty && reader.take("/>")) {
        reader.expect(">")?;
    }
    Ok(directive)
}

fn refusal(name: &str) -> String {
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, help)) => format!("the directive `{name}` is not supported; {help}"),
        None => format!(
            "the directive `{name:.40}` is not supported; use `if`, `elseif`, `else`, `list`, `sep` and \
             `assign`"
        ),
    }
}

fn list(reader: &mut Reader<'_>) -> Result<Directive, String> {
    let items = reader.expression()?;
    if reader.word() != "as" {
        return Err("`list` needs `as` and the name of an item".to_owned());
    }
    let name = reader.name()?;
    let value = if reader.take(",") { Some(reader.name()?) } else { None };
    Ok(Directive::List { items, name, value })
}

fn assign(reader: &mut Reader<'_>) -> Result<Directive, String> {
    let mut values = Vec::new();
    loop {
        let name = reader.name()?;
        if !reader.take("=") {
            let is_alone = values.is_empty() && reader.peeks(">");
            let problem = || format!("`assign` of `{name}` has no `=`");
            return if is_alone { Ok(Directive::Capture(name)) } else { Err(problem()) };
        }
        values.push((name, reader.expression()?));
        reader.take(",");
        if reader.peeks(">") || reader.peeks("/>") {
            return Ok(Directive::Assign(values));
        }
    }
}
