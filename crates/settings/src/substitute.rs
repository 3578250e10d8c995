//! Placeholders in texts: `${name}`, `$ref{key}`, `$env{NAME}`, `$sys{property}`, `$secret{alias}`,
//! `$file{path}`, `$sealed{text}`.
//!
//! Only what `$ref` brings in is substituted again; a text from the environment or a secret store
//! is taken as it is. Every value and all values together are bounded in size, references are
//! bounded in depth, and no placeholder's name may be longer than [`MAX_NAME_BYTES`], so that the
//! work is linear in the size of the file.

use std::collections::HashMap;

use model::diagnostic::{Diagnostic, Diagnostics, Place};

use crate::mask::is_secret_key;
use crate::{Entry, MAX_SUBSTITUTED_BYTES, MAX_VALUE_BYTES, Settings, Value, Variables};

/// The longest name inside a placeholder, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// The longest sealed secret, in bytes.
const MAX_SEALED_BYTES: usize = 16 * 1024;

/// How many problems of one value are kept.
const MAX_PROBLEMS: usize = 8;

/// How many `$ref` may lead to each other.
const MAX_DEPTH: usize = 32;

/// `${name}` that stand for a port: the keys that set it, and its default without offset.
const PORTS: [(&str, &[&str], u16); 5] = [
    (
        "http.nio.port",
        &[
            "transport.passthru_http.listener.parameters.port",
            "transport.passthru_http.listener.port",
            "transport.http.listener.port",
        ],
        8280,
    ),
    (
        "https.nio.port",
        &[
            "transport.passthru_https.listener.parameters.port",
            "transport.passthru_https.listener.port",
            "transport.http.listener.secured_port",
        ],
        8243,
    ),
    ("mgt.transport.http.port", &["transport.http.properties.port", "transport.http.port"], 9763),
    (
        "mgt.transport.https.port",
        &["transport.https.properties.port", "transport.https.port"],
        9443,
    ),
    ("carbon.management.port", &["transport.https.properties.port", "transport.https.port"], 9443),
];

/// `${name}` that stand for another key, with what holds where the key is not set.
const ALIASES: [(&str, &str, &str); 5] = [
    ("admin.username", "super_admin.username", "admin"),
    ("admin.password", "super_admin.password", "admin"),
    ("carbon.host", "server.hostname", "localhost"),
    ("carbon.protocol", "", "https"),
    ("carbon.context", "", "/"),
];

/// Substitutes every text of the settings in place; what cannot be resolved keeps its text.
///
/// Problems stay with the values: a file for WSO2 is full of secrets that nobody reads here.
pub(crate) fn substitute(settings: &mut Settings, variables: &Variables) {
    let mut run = Run::new(settings, variables);
    let changes: Vec<(String, Entry)> = settings
        .entries
        .iter()
        .filter_map(|(key, entry)| Some((key.clone(), run.entry(key, entry)?)))
        .collect();
    settings.entries.extend(changes);
}

/// A text after substitution.
#[derive(Debug, Clone)]
struct Resolved {
    text: String,
    secret: bool,
    problems: Vec<Diagnostic>,
}

impl Resolved {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), secret: false, problems: Vec::new() }
    }

    fn hidden(text: impl Into<String>) -> Self {
        Self { secret: true, ..Self::plain(text) }
    }

    /// Takes over what was found in a part; a few problems say enough.
    fn blame(&mut self, problems: impl IntoIterator<Item = Diagnostic>) {
        for problem in problems {
            if self.problems.len() < MAX_PROBLEMS && !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }
}

/// Why a placeholder stays as it is.
enum Problem {
    Unknown(String),
    Cycle(String),
    Depth,
    Sealed(String),
}

#[derive(Clone, Copy)]
enum Kind {
    Variable,
    Reference,
    Environment,
    Property,
    Secret,
    File,
    Sealed,
}

struct Run<'a> {
    settings: &'a Settings,
    variables: &'a Variables,
    cache: HashMap<&'a str, Resolved>,
    /// The keys that are being resolved, outermost first.
    stack: Vec<&'a str>,
    /// How many bytes may still be inserted.
    budget: usize,
    exhausted: bool,
}

impl<'a> Run<'a> {
    fn new(settings: &'a Settings, variables: &'a Variables) -> Self {
        Self {
            settings,
            variables,
            cache: HashMap::new(),
            stack: Vec::new(),
            budget: MAX_SUBSTITUTED_BYTES,
            exhausted: false,
        }
    }

    /// The new entry of a key, where it has placeholders.
    fn entry(&mut self, key: &'a str, entry: &'a Entry) -> Option<Entry> {
        if !has_placeholder(&entry.value) {
            return None;
        }
        let mut found = Resolved::plain("");
        let value = if matches!(entry.value, Value::Text(_)) {
            found = self.key(key).ok()?;
            Value::Text(std::mem::take(&mut found.text))
        } else {
            self.list(key, &entry.value, &mut found)
        };
        Some(Entry { value, line: entry.line, secret: found.secret, problems: found.problems })
    }

    fn list(&mut self, key: &'a str, value: &'a Value, found: &mut Resolved) -> Value {
        match value {
            Value::List(values) => {
                Value::List(values.iter().map(|value| self.list(key, value, found)).collect())
            }
            Value::Text(text) => {
                self.stack.push(key);
                let resolved = self.expand(text);
                self.stack.pop();
                found.secret |= resolved.secret;
                found.blame(resolved.problems);
                Value::Text(resolved.text)
            }
            other => other.clone(),
        }
    }

    /// The final text of a key.
    fn key(&mut self, key: &str) -> Result<Resolved, Problem> {
        if let Some(resolved) = self.cache.get(key) {
            return Ok(resolved.clone());
        }
        let unknown = || Problem::Unknown(format!("The file has no key {key} with one value"));
        let (key, entry) = self.settings.entries.get_key_value(key).ok_or_else(unknown)?;
        if self.stack.contains(&key.as_str()) {
            return Err(Problem::Cycle(format!("{} → {key}", self.stack.join(" → "))));
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(Problem::Depth);
        }
        let mut resolved = match &entry.value {
            Value::Text(text) => {
                self.stack.push(key);
                let resolved = self.expand(text);
                self.stack.pop();
                resolved
            }
            other => Resolved::plain(other.scalar().ok_or_else(unknown)?),
        };
        resolved.secret |= is_secret_key(key);
        self.cache.insert(key, resolved.clone());
        Ok(resolved)
    }

    /// Replaces every placeholder of a text.
    fn expand(&mut self, text: &str) -> Resolved {
        let mut result = Resolved::plain("");
        let mut rest = text;
        while let Some((head, tail)) = rest.split_once('$') {
            result.text.push_str(head);
            let Some((kind, name, after)) = placeholder(tail) else {
                result.text.push('$');
                rest = tail;
                continue;
            };
            if self.exhausted {
                return self.too_large(text);
            }
            rest = after;
            match self.resolve(kind, name) {
                Ok(part) if self.fits(text, &result, &part) => {
                    result.text.push_str(&part.text);
                    result.secret |= part.secret;
                    result.blame(part.problems);
                }
                Ok(_) => return self.too_large(text),
                Err(problem) => {
                    result.blame(self.unresolved(kind, name, problem));
                    result.text.push_str(&written(kind, name));
                }
            }
        }
        result.text.push_str(rest);
        result
    }

    /// Whether a part may be inserted; takes it from the budget.
    fn fits(&mut self, text: &str, result: &Resolved, part: &Resolved) -> bool {
        let limit = MAX_VALUE_BYTES.max(text.len());
        let fits = result.text.len() + part.text.len() <= limit && part.text.len() <= self.budget;
        self.budget = self.budget.saturating_sub(part.text.len());
        fits
    }

    fn resolve(&mut self, kind: Kind, name: &str) -> Result<Resolved, Problem> {
        match kind {
            Kind::Variable => self.variable(name),
            Kind::Reference => self.key(name),
            Kind::Environment => {
                let unknown = || Problem::Unknown(format!("The environment has no {name}"));
                self.variables.environment(name).map(Resolved::plain).ok_or_else(unknown)
            }
            Kind::Property => {
                let unknown = || Problem::Unknown(format!("There is no system property {name}"));
                self.variables.property(name).map(Resolved::plain).ok_or_else(unknown)
            }
            Kind::File => self.variables.file(name).map(Resolved::hidden).map_err(Problem::Unknown),
            Kind::Sealed => {
                self.variables.sealed(name).map(Resolved::hidden).map_err(Problem::Unknown)
            }
            Kind::Secret => {
                let sealed = || Problem::Sealed(name.to_owned());
                let text = self.variables.secret(name).ok_or_else(sealed)?;
                Ok(Resolved::hidden(text))
            }
        }
    }

    fn variable(&mut self, name: &str) -> Result<Resolved, Problem> {
        if let Some(text) = self.variables.fixed(name) {
            return Ok(Resolved::plain(text));
        }
        if name == "carbon.local.ip" {
            return Ok(Resolved::plain(self.variables.local_ip()));
        }
        if let Some((_, keys, default)) = PORTS.iter().find(|(port, ..)| *port == name) {
            return self.port(keys, *default);
        }
        let Some((_, key, default)) = ALIASES.iter().find(|(alias, ..)| *alias == name) else {
            return Err(Problem::Unknown(format!("There is no variable {name}")));
        };
        if self.settings.entries.contains_key(*key) {
            return self.key(key);
        }
        let is_secret = name == "admin.password";
        Ok(if is_secret { Resolved::hidden(*default) } else { Resolved::plain(*default) })
    }

    /// A port with the offset; a configured 0 is left alone.
    fn port(&mut self, keys: &[&str], default: u16) -> Result<Resolved, Problem> {
        let configured = keys.iter().find(|key| self.settings.entries.contains_key(**key));
        let port = match configured {
            Some(key) => self.number(key)?,
            None => i64::from(default),
        };
        let offset = if self.settings.entries.contains_key("server.offset") {
            self.number("server.offset")?
        } else {
            0
        };
        let port = if port == 0 { 0 } else { port.saturating_add(offset) };
        Ok(Resolved::plain(port.to_string()))
    }

    fn number(&mut self, key: &str) -> Result<i64, Problem> {
        let text = self.key(key)?.text;
        text.trim().parse().map_err(|_| Problem::Unknown(format!("{key} is no number")))
    }

    /// The place of the text that is being expanded.
    fn place(&self) -> Place {
        self.settings.place(self.stack.last().copied().unwrap_or_default())
    }

    fn unresolved(&self, kind: Kind, name: &str, problem: Problem) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        let place = self.place();
        let written = written(kind, name);
        let kept = "The text is kept as it is";
        match problem {
            Problem::Unknown(why) if matches!(kind, Kind::Variable) => diagnostics.warning(
                "CF003",
                place,
                format!("{written} stays unresolved: {why}."),
                format!("{kept}; the variables are listed in docs/configuration.md."),
            ),
            Problem::Unknown(why) => diagnostics.error(
                "CF003",
                place,
                format!("{written} stays unresolved: {why}."),
                "Set what it refers to, or write the value itself.",
            ),
            Problem::Cycle(way) => diagnostics.error(
                "CF004",
                place,
                format!("{written} leads back to where it started: {way}."),
                "Write the value at one of these keys.",
            ),
            Problem::Depth => diagnostics.error(
                "CF004",
                place,
                format!("{written} is the {MAX_DEPTH}th reference in a row."),
                "Refer to the key that holds the value.",
            ),
            Problem::Sealed(alias) => diagnostics.error(
                "CF006",
                place,
                format!("The secret {alias} cannot be opened: no secret store is at hand."),
                "Use $env{NAME} for now, and set NAME in the environment of the process.",
            ),
        }
        diagnostics
    }

    fn too_large(&mut self, text: &str) -> Resolved {
        self.exhausted |= self.budget == 0;
        let mut diagnostics = Diagnostics::new();
        diagnostics.error(
            "CF005",
            self.place(),
            format!(
                "Substitution would make this value larger than {MAX_VALUE_BYTES} bytes, or add \
                 more than {MAX_SUBSTITUTED_BYTES} bytes to the file."
            ),
            "The text is kept as it is; refer to shorter values.",
        );
        let mut resolved = Resolved::plain(text);
        resolved.blame(diagnostics);
        resolved
    }
}

/// The kind and name of the placeholder that starts after a `$`, and what follows it.
fn placeholder(rest: &str) -> Option<(Kind, &str, &str)> {
    let kinds = [
        ("{", Kind::Variable),
        ("ref{", Kind::Reference),
        ("env{", Kind::Environment),
        ("sys{", Kind::Property),
        ("secret{", Kind::Secret),
        ("file{", Kind::File),
        ("sealed{", Kind::Sealed),
    ];
    let found = kinds.iter().find_map(|(open, kind)| Some((*kind, rest.strip_prefix(open)?)));
    let (kind, inner) = found?;
    let most = if matches!(kind, Kind::Sealed) { MAX_SEALED_BYTES } else { MAX_NAME_BYTES };
    let end = inner.bytes().take(most + 1).position(|byte| matches!(byte, b'}' | b'$' | b'\n'))?;
    let (name, after) = inner.split_at_checked(end)?;
    let is_name = !name.is_empty() && !name.contains(['$', '{', '\n']);
    is_name.then_some((kind, name.trim(), after.strip_prefix('}')?))
}

/// A placeholder as it is written.
fn written(kind: Kind, name: &str) -> String {
    let word = match kind {
        Kind::Variable => "",
        Kind::Reference => "ref",
        Kind::Environment => "env",
        Kind::Property => "sys",
        Kind::Secret => "secret",
        Kind::File => "file",
        // What is sealed is of no use to anybody, and too long to be repeated.
        Kind::Sealed => return "$sealed{…}".to_owned(),
    };
    format!("${word}{{{name}}}")
}

fn has_placeholder(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.contains('$'),
        Value::List(values) => values.iter().any(has_placeholder),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
