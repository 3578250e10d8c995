//! A mock that remembers: entries are listed, created, read, replaced, updated and deleted.
//!
//! Which operations these are is read off the document ([`Roles`]): `/pets` is a collection where
//! there is a `/pets/{id}` too. What is answered is shaped by the schema of the answer.
//! Everything is bounded ([`Limits`]), and nothing outlives the [`Store`].
//! Deliberately absent: time and chance, which come from the caller; requests that are not as the
//! document says, which are held against it before.

mod entry;
mod ids;
mod roles;

use std::collections::HashMap;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::examples::Refusal;
use crate::negotiate::{essence, is_json};

pub use roles::{Action, Role, Roles};

/// What an entry costs beside its text, about.
const OVERHEAD: usize = 64;
/// What is written as it is in a segment of a path (RFC 3986 §2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How much a store may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Collections that were written to; those of each parent count.
    pub collections: usize,
    /// Entries of one collection.
    pub entries: usize,
    /// Text of all entries, in bytes.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { collections: 256, entries: 1_000, bytes: 4 << 20 }
    }
}

/// A request for an operation that has a role.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// The variables of the path, decoded.
    pub path: &'a [(String, String)],
    /// The path as the client has written it, without the query; `Location` begins with it.
    pub target: &'a str,
    /// The query, decoded.
    pub query: &'a [(String, String)],
    /// `Accept`.
    pub accept: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The body; empty where there is none.
    pub body: &'a [u8],
    /// Chance, for ids.
    pub seed: u64,
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The media type; `None` where there is no body.
    pub media_type: Option<String>,
    /// The body.
    pub body: Bytes,
    /// `Location`: where a new entry is.
    pub location: Option<String>,
}

/// The entries of an API.
#[derive(Debug)]
pub struct Store {
    limits: Limits,
    /// By the path of the collection and the variables in it. Collections that nobody has written
    /// to are not here: they have the entries that the document gives them.
    collections: HashMap<Box<str>, Map<String, Value>>,
    /// Of all entries here.
    bytes: usize,
}

impl Store {
    /// An empty store, in which every collection has what the document gives it.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, collections: HashMap::new(), bytes: 0 }
    }

    /// Forgets everything that was written.
    pub fn reset(&mut self) {
        self.collections.clear();
        self.bytes = 0;
    }

    /// The text that is held, about, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes
    }

    /// Does what an operation does with its collection.
    ///
    /// # Errors
    ///
    /// 400 for what is no JSON object or no page, 404 for an entry that is not there, 406 where no
    /// media type is acceptable, 409 for an id that is taken, 415 for what is not JSON, 422 for an
    /// update that leaves an entry which is not as its schema, and 507 where the store is full.
    /// Where the document declares an answer of that status, it may be given in place of the text.
    pub fn handle(&mut self, role: &Role, call: &Call<'_>) -> Result<Reply, Refusal> {
        let key = key(role, call);
        let content = role.answer.content(call.accept)?;
        match role.action {
            Action::List => {
                let page = role.page(call.query)?;
                let entries = self.entries(role, &key).values();
                let shown = role.listing(entries, page);
                Ok(role.reply(role.answer.status, content, &shown))
            }
            Action::Read => {
                let entry = self.find(role, &key, call)?;
                Ok(role.reply(role.answer.status, content, entry))
            }
            Action::Create => {
                let (id, entry) = self.created(role, &key, call)?;
                let mut reply = role.reply(role.answer.status, content, &entry);
                let target = call.target.trim_end_matches('/');
                reply.location = Some(format!("{target}/{}", utf8_percent_encode(&id, SEGMENT)));
                self.put(role, &key, id, entry)?;
                Ok(reply)
            }
            Action::Replace => {
                let entry = object(call)?;
                let id = id(role, call);
                let is_there = self.entries(role, &key).contains_key(id);
                let status = match (is_there, role.creates) {
                    (true, _) => role.answer.status,
                    (false, true) => 201,
                    (false, false) => return Err(absent(id)),
                };
                let value = role.collection.ids.parse(id).ok_or_else(|| absent(id))?;
                let entry = role.collection.completed(entry, value);
                let reply = role.reply(status, content, &entry);
                self.put(role, &key, id.to_owned(), entry)?;
                Ok(reply)
            }
            Action::Update => {
                let entry = self.updated(role, &key, call)?;
                let reply = role.reply(role.answer.status, content, &entry);
                self.put(role, &key, id(role, call).to_owned(), entry)?;
                Ok(reply)
            }
            Action::Delete => {
                let reply = role.reply(role.answer.status, content, self.find(role, &key, call)?);
                self.remove(role, &key, id(role, call))?;
                Ok(reply)
            }
        }
    }

    fn entries<'a>(&'a self, role: &'a Role, key: &str) -> &'a Map<String, Value> {
        self.collections.get(key).unwrap_or(&role.collection.seeds)
    }

    fn find<'a>(
        &'a self,
        role: &'a Role,
        key: &str,
        call: &Call<'_>,
    ) -> Result<&'a Value, Refusal> {
        let id = id(role, call);
        self.entries(role, key).get(id).ok_or_else(|| absent(id))
    }

    /// The id and the entry that a request asks to create.
    fn created(&self, role: &Role, key: &str, call: &Call<'_>) -> Result<(String, Value), Refusal> {
        let (entry, entries) = (object(call)?, self.entries(role, key));
        let collection = &role.collection;
        let given = collection.ids.given(&entry);
        let value = given.unwrap_or_else(|| collection.ids.fresh(entries, call.seed));
        let id = ids::text(&value);
        if entries.contains_key(&id) {
            return Err(refusal(409, format!("there is an entry `{id}` already")));
        }
        Ok((id, collection.completed(entry, value)))
    }

    /// The entry that an update leaves (RFC 7396).
    fn updated(&self, role: &Role, key: &str, call: &Call<'_>) -> Result<Value, Refusal> {
        let patch = Value::Object(object(call)?);
        let before = self.find(role, key, call)?;
        let mut after = before.clone();
        merge(&mut after, &patch);
        role.collection.ids.keep(before, &mut after);
        let wrong = |entry: &Value| role.collection.violation(entry);
        match wrong(&after).filter(|_| wrong(before).is_none()) {
            Some(told) => Err(refusal(422, format!("what the update leaves is wrong: {told}"))),
            None => Ok(after),
        }
    }

    /// Puts an entry into a collection, in its old place where it has one.
    fn put(&mut self, role: &Role, key: &str, id: String, entry: Value) -> Result<(), Refusal> {
        self.open(role, key)?;
        let limits = self.limits;
        let Some(entries) = self.collections.get_mut(key) else { return Ok(()) };
        let before = entries.get(&id).map_or(0, |before| cost(&id, before));
        if before == 0 && entries.len() >= limits.entries {
            let told = format!("the collection is full: it has {} entries", entries.len());
            return Err(refusal(507, format!("{told}; delete some, or reset the mock")));
        }
        let bytes = self.bytes - before + cost(&id, &entry);
        if bytes > limits.bytes {
            return Err(full(limits.bytes));
        }
        entries.insert(id, entry);
        self.bytes = bytes;
        Ok(())
    }

    fn remove(&mut self, role: &Role, key: &str, id: &str) -> Result<(), Refusal> {
        self.open(role, key)?;
        let removed = self.collections.get_mut(key).and_then(|entries| entries.shift_remove(id));
        self.bytes -= removed.map_or(0, |entry| cost(id, &entry));
        Ok(())
    }

    /// Sees to it that a collection is here, with what the document gives it.
    fn open(&mut self, role: &Role, key: &str) -> Result<(), Refusal> {
        if self.collections.contains_key(key) {
            return Ok(());
        }
        if self.collections.len() >= self.limits.collections {
            let told = format!("there are {} collections already", self.collections.len());
            return Err(refusal(507, format!("{told}; reset the mock")));
        }
        let seeds = &role.collection.seeds;
        let bytes = self.bytes + seeds.iter().map(|(id, entry)| cost(id, entry)).sum::<usize>();
        if bytes > self.limits.bytes {
            return Err(full(self.limits.bytes));
        }
        self.collections.insert(key.into(), seeds.clone());
        self.bytes = bytes;
        Ok(())
    }
}

/// The path of a collection with the variables in it, each of which is told from the next one.
fn key(role: &Role, call: &Call<'_>) -> Box<str> {
    let mut key = role.collection.template.to_string();
    for name in &role.collection.parents {
        let value = variable(call, name);
        key.push_str(&format!(" {}:{value}", value.len()));
    }
    key.into_boxed_str()
}

/// The id that the path has.
fn id<'a>(role: &Role, call: &Call<'a>) -> &'a str {
    variable(call, &role.collection.variable)
}

fn variable<'a>(call: &Call<'a>, name: &str) -> &'a str {
    let found = call.path.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value.as_str())
}

/// The object that a body is.
fn object(call: &Call<'_>) -> Result<Map<String, Value>, Refusal> {
    let written = call.content_type.unwrap_or("application/json");
    // `application/json-patch+json` is JSON, but says something else.
    if !is_json(written) || essence(written) == "application/json-patch+json" {
        return Err(refusal(415, format!("`{written}` is not taken; send JSON")));
    }
    match serde_json::from_slice(call.body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(refusal(400, "the body is no JSON object".to_owned())),
        Err(error) => Err(refusal(400, format!("the body is not JSON: {error}"))),
    }
}

/// JSON Merge Patch (RFC 7396 §2).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.shift_remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

fn cost(id: &str, entry: &Value) -> usize {
    OVERHEAD + id.len() + entry.to_string().len()
}

fn absent(id: &str) -> Refusal {
    refusal(404, format!("there is no entry `{id}`"))
}

fn full(bytes: usize) -> Refusal {
    refusal(507, format!("the mock is full: it holds {bytes} bytes; delete some, or reset it"))
}

fn refusal(status: u16, detail: String) -> Refusal {
    Refusal { status, detail }
}

#[cfg(test)]
mod tests;
