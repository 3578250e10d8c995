//! The built-ins: what stands after `?`.

use serde_json::Number;

use super::Expression;
use super::value::Value;

/// What is done with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    Text,
    Computer,
    UpperCase,
    LowerCase,
    Trim,
    Length,
    Size,
    HasContent,
    JsonString,
    Xml,
    Number,
    Default,
    Keys,
    First,
    Last,
    Contains,
    Join,
    Index,
    HasNext,
}

/// Each with its name, and the least and the most arguments that it takes.
const ALL: [(&str, Builtin, usize, usize); 19] = [
    ("string", Builtin::Text, 0, 2),
    ("c", Builtin::Computer, 0, 0),
    ("upper_case", Builtin::UpperCase, 0, 0),
    ("lower_case", Builtin::LowerCase, 0, 0),
    ("trim", Builtin::Trim, 0, 0),
    ("length", Builtin::Length, 0, 0),
    ("size", Builtin::Size, 0, 0),
    ("has_content", Builtin::HasContent, 0, 0),
    ("json_string", Builtin::JsonString, 0, 0),
    ("xml", Builtin::Xml, 0, 0),
    ("number", Builtin::Number, 0, 0),
    ("default", Builtin::Default, 1, 8),
    ("keys", Builtin::Keys, 0, 0),
    ("first", Builtin::First, 0, 0),
    ("last", Builtin::Last, 0, 0),
    ("contains", Builtin::Contains, 1, 1),
    ("join", Builtin::Join, 1, 1),
    ("index", Builtin::Index, 0, 0),
    ("has_next", Builtin::HasNext, 0, 0),
];

impl Builtin {
    /// The built-in of this name, in either of FreeMarker's spellings, with so many arguments.
    pub(super) fn named(name: &str, arguments: &[Expression]) -> Result<Self, String> {
        let is_it = |known: &str| known == name || known.replace('_', "") == name.to_lowercase();
        let found = ALL.iter().find(|(known, ..)| is_it(known));
        let Some((_, builtin, least, most)) = found else {
            let names: Vec<&str> = ALL.iter().map(|(known, ..)| *known).collect();
            return Err(format!(
                "the built-in `?{name:.40}` is not supported; use one of {}",
                names.join(", ")
            ));
        };
        let count = arguments.len();
        if count < *least || count > *most || (*builtin == Self::Text && count == 1) {
            let help = if *builtin == Self::Text { "; formats are not supported" } else { "" };
            return Err(format!("`?{name}` does not take {count} arguments{help}"));
        }
        Ok(*builtin)
    }
}

impl Builtin {
    /// What it makes of a value that is there.
    pub(super) fn apply<'a>(
        self,
        value: &Value<'a>,
        argument: Option<&Value<'a>>,
    ) -> Result<Value<'a>, String> {
        let text = || value.string().or_else(|| value.shown()).ok_or_else(|| self.wrong(value));
        Ok(match self {
            Self::Text => Value::Text(text()?),
            Self::Computer => match value {
                Value::Number(_) | Value::Boolean(_) => Value::Text(text()?),
                other => return Err(self.wrong(other)),
            },
            Self::UpperCase => Value::text(text()?.to_uppercase()),
            Self::LowerCase => Value::text(text()?.to_lowercase()),
            Self::Trim => Value::text(text()?.trim()),
            Self::Length => Value::Number(Number::from(text()?.encode_utf16().count())),
            Self::JsonString => Value::text(json_string(&text()?)),
            Self::Xml => Value::text(escaped(&text()?)),
            Self::Number => match value {
                Value::Number(_) => value.clone(),
                other => Value::Number(number(&text()?).ok_or_else(|| self.wrong(other))?),
            },
            Self::Contains => {
                let part = argument.and_then(Value::string).ok_or("`?contains` needs a text")?;
                Value::Boolean(text()?.contains(part.as_ref()))
            }
            Self::Keys => match value {
                Value::Json(serde_json::Value::Object(fields)) => {
                    let keys = fields.keys().map(|key| Value::Borrowed(key.as_str()));
                    Value::List(std::sync::Arc::new(keys.collect()))
                }
                other => return Err(self.wrong(other)),
            },
            _ => return Err(self.wrong(value)),
        })
    }

    fn wrong(self, value: &Value<'_>) -> String {
        let name = ALL.iter().find(|(_, known, ..)| *known == self).map_or("", |(name, ..)| name);
        format!("`?{name}` cannot be used with {}", value.kind())
    }
}

/// Escaped for a place between quotes in JSON.
fn json_string(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    // `</script>` and `]]>` are kept apart, wherever the text is put.
    inner.unwrap_or_default().replace("</", "<\\/").replace("]]>", "]]\\u003E")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    text.parse::<i64>().ok().map(Number::from).or_else(|| Number::from_f64(text.parse().ok()?))
}
