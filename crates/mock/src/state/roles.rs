//! Which operations list, create, read, replace, update and delete.

mod read;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::ids::Ids;
use super::{Reply, entry, refusal};
use crate::examples::{Refusal, is_bare};
use crate::negotiate::{choose, is_xml};
use crate::{Schema, Source, to_xml};

/// Properties of a list that say how many entries there are.
const COUNTS: &[&str] = &["count", "size", "total", "totalcount", "totalitems", "totalresults"];

/// What an operation does with a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `GET` of the collection.
    List,
    /// `POST` to the collection.
    Create,
    /// `GET` of an entry.
    Read,
    /// `PUT` of an entry.
    Replace,
    /// `PATCH` of an entry.
    Update,
    /// `DELETE` of an entry.
    Delete,
}

/// The operations of a document that have a collection behind them.
#[derive(Debug, Default)]
pub struct Roles {
    roles: Vec<Role>,
}

/// One of these operations.
#[derive(Debug)]
pub struct Role {
    method: &'static str,
    template: Box<str>,
    /// What it does.
    pub action: Action,
    pub(super) collection: Arc<Collection>,
    pub(super) answer: Shown,
    /// Whether it makes an entry where there is none, as `201` of a `PUT` says.
    pub(super) creates: bool,
    list: List,
}

/// What the operations of a collection share.
#[derive(Debug)]
pub(super) struct Collection {
    /// The path of the collection.
    pub(super) template: Box<str>,
    /// The variables in it.
    pub(super) parents: Vec<Box<str>>,
    /// The variable of an entry's own path.
    pub(super) variable: Box<str>,
    pub(super) ids: Ids,
    schema: Option<Schema>,
    /// What the document gives: its examples.
    pub(super) seeds: Map<String, Value>,
}

/// How an operation answers.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) status: u16,
    contents: Vec<Content>,
}

/// A media type of an answer, in JSON or XML.
#[derive(Debug)]
pub(super) struct Content {
    media_type: Box<str>,
    schema: Option<Arc<Schema>>,
}

/// What a list looks like.
#[derive(Debug, Default)]
struct List {
    /// The property that the entries are in; `None` where the list is an array.
    property: Option<Box<str>>,
    /// What is around them.
    around: Map<String, Value>,
    /// The schema of an entry in the list.
    item: Option<Schema>,
    most: Option<usize>,
    has_limit: bool,
    has_offset: bool,
    usual_limit: Option<usize>,
}

/// From which entry on, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    offset: usize,
    limit: usize,
}

impl Roles {
    /// Finds the collections of a document: paths that have another one with a variable behind
    /// them, as `/pets` and `/pets/{id}`. Beside them stands what was passed over and why.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> (Self, Vec<String>) {
        let (roles, notes) = read::roles(source);
        (Self { roles }, notes)
    }

    /// The role of an operation; `None` where it has none. The method is in upper case.
    #[must_use]
    pub fn role(&self, method: &str, template: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.method == method && *role.template == *template)
    }

    /// Whether there is no collection at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }
}

impl Collection {
    /// An entry as it is kept: with its id, and with what it must have.
    pub(super) fn completed(&self, mut entry: Map<String, Value>, id: Value) -> Value {
        self.ids.write(id, &mut entry);
        if let Some(schema) = &self.schema {
            entry::complete(schema, &mut entry);
        }
        Value::Object(entry)
    }

    /// What is wrong with an entry by its schema.
    pub(super) fn violation(&self, entry: &Value) -> Option<String> {
        entry::violation(self.schema.as_ref()?, entry)
    }
}

impl Shown {
    /// The media type for a client; `None` where there is no body to choose one for.
    pub(super) fn content(&self, accept: Option<&str>) -> Result<Option<&Content>, Refusal> {
        if self.contents.is_empty() || is_bare(self.status) {
            return Ok(None);
        }
        let types: Vec<&str> = self.contents.iter().map(|content| &*content.media_type).collect();
        let chosen = choose(accept, &types).and_then(|at| self.contents.get(at));
        chosen.map(Some).ok_or_else(|| {
            let told = format!("nothing that is acceptable; there are: {}", types.join(", "));
            refusal(406, told)
        })
    }
}

impl List {
    /// The entries in a list that somebody has written.
    fn entries<'a>(&self, value: &'a Value) -> Option<&'a Vec<Value>> {
        match &self.property {
            Some(property) => value.get(&**property)?.as_array(),
            None => value.as_array(),
        }
    }
}

impl Role {
    /// The page that the query asks for.
    pub(super) fn page(&self, query: &[(String, String)]) -> Result<Page, Refusal> {
        let number = |name: &str, is_declared: bool| -> Result<Option<usize>, Refusal> {
            let given = query.iter().find(|(known, _)| known == name).filter(|_| is_declared);
            let Some((_, text)) = given else { return Ok(None) };
            let wrong = |_| refusal(400, format!("`{name}` is no number of entries"));
            text.parse().map(Some).map_err(wrong)
        };
        let limit = number("limit", self.list.has_limit)?.or(self.list.usual_limit);
        let offset = number("offset", self.list.has_offset)?.unwrap_or(0);
        let most = self.list.most.unwrap_or(usize::MAX);
        Ok(Page { offset, limit: limit.unwrap_or(usize::MAX).min(most) })
    }

    /// A page of entries as the list that the document declares.
    pub(super) fn listing<'a>(
        &self,
        entries: impl ExactSizeIterator<Item = &'a Value>,
        page: Page,
    ) -> Value {
        let count = entries.len();
        let shown = entries.skip(page.offset).take(page.limit);
        let items: Vec<Value> = match &self.list.item {
            Some(schema) => shown.map(|one| entry::fit(schema, one)).collect(),
            None => shown.cloned().collect(),
        };
        let Some(property) = &self.list.property else { return Value::Array(items) };
        let mut around = self.list.around.clone();
        for (name, value) in &mut around {
            let bare: String = name.chars().filter(char::is_ascii_alphabetic).collect();
            let is_count = COUNTS.contains(&bare.to_ascii_lowercase().as_str());
            match name.as_str() {
                "limit" if value.is_u64() && page.limit < usize::MAX => *value = json!(page.limit),
                "offset" if value.is_u64() => *value = json!(page.offset),
                _ if value.is_u64() && is_count => *value = json!(count),
                _ => {}
            }
        }
        around.insert(property.to_string(), Value::Array(items));
        Value::Object(around)
    }

    /// A value in the form that its answer has.
    pub(super) fn reply(&self, status: u16, content: Option<&Content>, value: &Value) -> Reply {
        let Some(content) = content else {
            return Reply { status, media_type: None, body: Bytes::new(), location: None };
        };
        let fitted = match (&content.schema, self.action) {
            (Some(schema), action) if action != Action::List => entry::fit(schema, value),
            _ => value.clone(),
        };
        let text = match &content.schema {
            Some(schema) if is_xml(&content.media_type) => to_xml(schema, &fitted, "response"),
            _ => fitted.to_string(),
        };
        let media_type = Some(content.media_type.to_string());
        Reply { status, media_type, body: Bytes::from(text), location: None }
    }
}
