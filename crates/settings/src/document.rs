//! From TOML to keys: tables are spread into dotted paths, each with its line.

use indexmap::map::Entry as Slot;
use model::diagnostic::{Diagnostics, Place};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::{Entry, MAX_FILE_BYTES, Settings, Value};

/// The longest dotted path of a key, in bytes.
const MAX_PATH_BYTES: usize = 1024;

/// Reads the text without substituting anything.
pub(crate) fn parse(text: &str, file: &str) -> (Settings, Diagnostics) {
    let mut reader = Reader {
        settings: Settings::empty(file),
        diagnostics: Diagnostics::new(),
        lines: Lines::of(text),
    };
    if text.len() > MAX_FILE_BYTES {
        reader.diagnostics.error(
            "CF011",
            Place::file(file),
            format!("The file has {} bytes, more than {MAX_FILE_BYTES}.", text.len()),
            "A configuration file is short; check that this is the right file.",
        );
        return (reader.settings, reader.diagnostics);
    }
    // A byte order mark is not TOML, and editors on Windows write one.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        reader.table("", table.get_ref());
    }
    for error in &errors {
        reader.syntax(error);
    }
    (reader.settings, reader.diagnostics)
}

struct Reader {
    settings: Settings,
    diagnostics: Diagnostics,
    lines: Lines,
}

impl Reader {
    fn syntax(&mut self, error: &toml::de::Error) {
        let (line, column) = self.lines.at(error.span().map_or(0, |span| span.start));
        self.diagnostics.error(
            "CF001",
            Place::line(&self.settings.file, line, column),
            format!("This is not TOML: {}.", error.message().trim_end_matches('.')),
            "Mend the line; text needs quotes, tables are written [name], lists [\"a\", \"b\"].",
        );
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let line = self.lines.at(key.span().start).0;
            if path.len() + key.get_ref().len() > MAX_PATH_BYTES {
                self.too_long(line);
                continue;
            }
            let path =
                if path.is_empty() { key.to_string() } else { format!("{path}.{}", key.get_ref()) };
            self.value(path, line, value);
        }
    }

    fn value(&mut self, path: String, line: u32, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(&path, table),
            DeValue::Array(array) if is_table_array(array) => self.tables(path, array),
            scalar => self.entry(path, line, scalar),
        }
    }

    fn tables(&mut self, path: String, array: &DeArray<'_>) {
        let mut lines = Vec::new();
        for (index, element) in array.iter().enumerate() {
            lines.push(self.lines.at(element.span().start).0);
            if let DeValue::Table(table) = element.get_ref() {
                self.table(&format!("{path}[{index}]"), table);
            }
        }
        self.settings.arrays.insert(path, lines);
    }

    fn entry(&mut self, path: String, line: u32, value: &DeValue<'_>) {
        let entry = Entry { value: convert(value), line, secret: false, problems: Vec::new() };
        match self.settings.entries.entry(path) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) => {
                self.diagnostics.warning(
                    "CF002",
                    Place::line(&self.settings.file, line, 0),
                    format!("{} is given twice, first in line {}.", slot.key(), slot.get().line),
                    "The later value is taken; remove one of the two.",
                );
                slot.insert(entry);
            }
        }
    }

    fn too_long(&mut self, line: u32) {
        self.diagnostics.warning(
            "CF013",
            Place::line(&self.settings.file, line, 0),
            format!("The name of this key has more than {MAX_PATH_BYTES} bytes."),
            "The key is left out; no key that is read has such a long name.",
        );
    }
}

/// Where lines start, to turn offsets into lines and columns.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(offset, _)| offset + 1)).collect();
        Self { starts }
    }

    /// Line and column, both from 1; the column counts bytes.
    fn at(&self, offset: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        (number(line), number(offset.saturating_sub(start) + 1))
    }
}

fn is_table_array(array: &DeArray<'_>) -> bool {
    let mut elements = array.iter().peekable();
    elements.peek().is_some() && elements.all(|element| element.get_ref().is_table())
}

fn convert(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Text(number.to_string()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::Text(number.to_string()), Value::Float)
        }
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(array) => {
            Value::List(array.iter().map(|element| convert(element.get_ref())).collect())
        }
        DeValue::Table(_) => Value::Text("{…}".to_owned()),
    }
}
