//! `script`: the text in the element, checked as it is read.

use std::sync::Arc;

use ::script::{LANGUAGES, Script, is_language};
use model::codes;
use xml::tree::{Kind, NodeId, Place};

use super::attribute::Attributes;
use super::reader::Reader;
use crate::sequence::Mediator;

pub(super) fn script(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let language = reader.required(&mut attributes, "language");
    let key = attributes.take("key");
    if key.is_some() {
        attributes.take("function");
    }
    attributes.finish(reader);
    let language = language?;
    if !is_language(language.value.trim()) {
        reader.bad_value(&language, format!("Write one of: {}.", LANGUAGES.join(", ")));
        return None;
    }
    if let Some(key) = key {
        let message = format!("A script by its key, `{}`, is not supported", key.value);
        let help = "Write the script itself into the element, in `<![CDATA[…]]>`, and call its \
                    function, `mediate(mc)`, at its end.";
        reader.error(codes::MEDIATOR_UNSUPPORTED, key.place, message, help);
        return None;
    }
    if let Some(child) = reader.elements(id).first() {
        reader.unexpected(*child, "script", "the text of the script, in `<![CDATA[…]]>`,");
        return None;
    }
    let text = reader.tree.text(id);
    if text.trim().is_empty() {
        reader.lacks(id, "`script` is empty", "Write the script into it, in `<![CDATA[…]]>`.");
        return None;
    }
    let begin = begin(reader, id);
    match Script::compile(&text, reader.context.origin, None) {
        Ok(script) => {
            let first = begin.line.saturating_add(reader.context.line_offset);
            Some(Mediator::Script(Arc::new(script.beginning_at(first))))
        }
        Err(error) => {
            let column = if error.line > 1 { 0 } else { begin.column.saturating_sub(1) };
            let place = Place {
                line: begin.line.saturating_add(error.line.saturating_sub(1)),
                column: error.column.saturating_add(column),
            };
            let message = format!("The script cannot be used: {}", error.message);
            reader.error(codes::SCRIPT_SYNTAX, place, message, error.help);
            None
        }
    }
}

/// Where the text begins.
fn begin(reader: &Reader<'_>, id: NodeId) -> Place {
    let text = reader.tree.children(id).find(|it| matches!(reader.tree.kind(*it), Kind::Text(_)));
    reader.place(text.unwrap_or(id))
}
