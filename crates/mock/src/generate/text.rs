//! The text of a script.
//!
//! It has the variables that authors know from WSO2: `responses` by code and media type,
//! `responseCode` from the query, `responseCodeSC` to send, `accept` from the request. It is
//! written in the JavaScript that WSO2 runs too (ECMAScript 5 with XML literals).

use std::fmt::Write as _;

use serde_json::Value;
use xml::read::{Limits, read_text};

use super::marked;
use crate::examples::{Answers, Content, Status, body};
use crate::negotiate::{concrete, is_json, is_xml};
use crate::{MockOperation, Mode};

/// Chooses by what `responses` holds; it is the same in every script.
const SELECTION: &str = include_str!("selection.js");

/// The script of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its text.
    pub text: String,
    /// What it cannot answer, as text to show.
    pub notes: Vec<String>,
}

/// Makes the script of an operation: an answer for every status and media type.
#[must_use]
pub fn script(operation: MockOperation<'_>) -> Script {
    let answers = Answers::read(operation);
    let mut notes = answers.notes.clone();
    let mut text = String::from("var responses = {};\n");
    for answer in &answers.answers {
        let key = answer.status.to_string();
        let _infallible = write!(text, "\nresponses[\"{key}\"] = {{}};\n");
        for content in &answer.contents {
            match literal(&answers, content, &mut notes) {
                Ok((media_type, literal)) => {
                    let at = format!("responses[\"{key}\"][{}]", quoted(&media_type));
                    let _infallible = writeln!(text, "{at} = {literal};");
                }
                Err(reason) => {
                    notes.push(format!("{key} {}: {reason}", content.media_type));
                    let _infallible = writeln!(
                        text,
                        "// {} has no answer: {}",
                        content.media_type,
                        one_line(&reason)
                    );
                }
            }
        }
    }
    let _infallible = write!(text, "\nvar usualCode = {};\n{SELECTION}", quoted(&usual(&answers)));
    Script { text: marked(&text), notes }
}

/// The least code, as WSO2 has it; then the first of the least class, then 200 for `default`.
fn usual(answers: &Answers<'_>) -> String {
    let statuses = answers.answers.iter().map(|answer| answer.status);
    match statuses.min() {
        Some(Status::Code(code)) => code.to_string(),
        Some(Status::Class(class)) => format!("{class}00"),
        Some(Status::Default) => "200".to_owned(),
        None => "501".to_owned(),
    }
}

/// The media type, and the body as an expression of the script.
fn literal(
    answers: &Answers<'_>,
    content: &Content<'_>,
    notes: &mut Vec<String>,
) -> Result<(String, String), String> {
    let media_type = concrete(content.media_type, None);
    let example = content.examples.first().map(|(_, value)| *value);
    let body = body(answers, content, &media_type, example, Mode::Fixed);
    let body = body.map_err(|problem| problem.to_string())?;
    let wrong =
        body.violation.iter().map(|told| format!("the example is not as its schema: {told}"));
    for told in wrong.chain(body.ignored.iter().map(|told| format!("in the schema, {told}"))) {
        notes.push(format!("{}: {told}", content.media_type));
    }
    let is_nothing = example.is_none() && content.schema.is_none();
    let literal = match () {
        () if is_nothing || body.text.is_empty() => "\"\"".to_owned(),
        () if is_json(&media_type) => json_literal(&body.value),
        () if is_xml(&media_type) => xml_literal(&body.text)?,
        () => quoted(&body.text),
    };
    Ok((media_type, literal))
}

/// JSON is JavaScript, but for one name and two characters; a text is taken for JSON by
/// `setPayloadJSON`, so that scalars are given as the text that they are written as.
fn json_literal(value: &Value) -> String {
    if !value.is_object() && !value.is_array() {
        return quoted(&value.to_string());
    }
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    if text.contains("__proto__") {
        return format!("JSON.parse({})", quoted(&value.to_string()));
    }
    escaped_lines(&text)
}

/// XML as a literal; braces would begin an expression there.
fn xml_literal(text: &str) -> Result<String, String> {
    let tree = read_text(text, &Limits::default())
        .map_err(|error| format!("the example is no XML: {error}"))?;
    let root = tree.root().ok_or("the example has no element")?;
    // Written anew: without a declaration, comments around it, and sections of CDATA.
    let text = xml::write::write(&tree, root);
    Ok(escaped_lines(&text.replace('{', "&#123;").replace('}', "&#125;")))
}

fn quoted(text: &str) -> String {
    escaped_lines(&Value::String(text.to_owned()).to_string())
}

/// Line ends that JavaScript knows and JSON does not.
fn escaped_lines(text: &str) -> String {
    text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
