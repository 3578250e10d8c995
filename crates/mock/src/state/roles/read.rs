//! From a document to its collections.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Action, Collection, Content, List, Role, Shown};
use crate::examples::{Answer, Answers, Status, declared, is_bare, usual};
use crate::negotiate::{is_json, is_xml};
use crate::shape::Shape;
use crate::state::ids::{self, Ids};
use crate::{Direction, MockOperation, Mode, Schema, Source, sample};

/// Most entries that a document gives to a collection.
const MAX_SEEDS: usize = 100;

/// The roles of a document, and what was passed over.
pub(super) fn roles(source: &Arc<Source>) -> (Vec<Role>, Vec<String>) {
    let open = source.open();
    let (mut roles, mut notes) = (Vec::new(), Vec::new());
    let empty = Map::new();
    let paths = open.document.get("paths").and_then(Value::as_object).unwrap_or(&empty);
    for item in paths.keys() {
        let Some((collection, variable)) = split(item) else { continue };
        if !paths.contains_key(collection) {
            continue;
        }
        let reader = Reader { source, document: &open.document, collection, item, variable };
        reader.roles(&mut roles, &mut notes);
    }
    (roles, notes)
}

/// The path of a collection and the variable behind it.
fn split(item: &str) -> Option<(&str, &str)> {
    let (collection, last) = item.trim_end_matches('/').rsplit_once('/')?;
    let variable = last.strip_prefix('{')?.strip_suffix('}')?;
    let is_plain = !variable.contains(['{', '}']) && !collection.ends_with('}');
    Some((collection, variable)).filter(|_| is_plain && !collection.is_empty())
}

/// The variables of a path.
fn variables(template: &str) -> Vec<Box<str>> {
    let names = template.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| Box::from(name)).collect()
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    document: &'a Value,
    collection: &'a str,
    item: &'a str,
    variable: &'a str,
}

impl<'a> Reader<'a> {
    fn roles(&self, roles: &mut Vec<Role>, notes: &mut Vec<String>) {
        let list = self.answers("GET", self.collection).and_then(|answers| self.list(&answers));
        let collection = Arc::new(self.shared(list.as_ref()));
        let mut list = list;
        let all = [
            (Action::List, "GET", self.collection),
            (Action::Create, "POST", self.collection),
            (Action::Read, "GET", self.item),
            (Action::Replace, "PUT", self.item),
            (Action::Update, "PATCH", self.item),
            (Action::Delete, "DELETE", self.item),
        ];
        for (action, method, template) in all {
            let Some(answers) = self.answers(method, template) else { continue };
            let list = match action {
                Action::List => list.take().map(|(list, _)| list),
                _ => Some(List::default()),
            };
            let shown = self.shown(action, &answers);
            let (Some(list), Some(answer)) = (list, shown) else {
                let why = "what it answers is no JSON of an entry or a list of them";
                notes.push(format!("{method} {template} keeps no state: {why}"));
                continue;
            };
            let created = answers.answers.iter().any(|one| one.status == Status::Code(201));
            roles.push(Role {
                method,
                template: template.into(),
                action,
                collection: Arc::clone(&collection),
                answer,
                creates: action == Action::Replace && created,
                list,
            });
        }
    }

    fn answers(&self, method: &str, template: &str) -> Option<Answers<'a>> {
        let dialect = self.source.dialect();
        MockOperation::find(self.document, dialect, method, template).map(Answers::read)
    }

    fn schema(&self, schema: &Value, direction: Direction) -> Option<Schema> {
        Schema::read(self.document, self.source.dialect(), schema, direction).ok()
    }

    /// What the operations share: the schema of an entry is that which is read, else that which
    /// is created, else that which is listed.
    fn shared(&self, list: Option<&(List, Option<&'a Value>)>) -> Collection {
        let read = self.answers("GET", self.item);
        let created = self.answers("POST", self.collection);
        let of = |answers: &Option<Answers<'a>>| {
            let content = answers.as_ref().and_then(|answers| json_content(good(answers)?.1))?;
            content.schema.filter(|schema| self.is_entry(schema))
        };
        let listed = list.and_then(|(_, item)| *item);
        let schema = of(&read).or_else(|| listed.filter(|item| self.is_entry(item)));
        let schema = schema.or_else(|| of(&created));
        let read_schema = || self.schema(schema?, Direction::Response);
        let ids = Ids::read(self.variable, read_schema());
        let mut collection = Collection {
            template: self.collection.into(),
            parents: variables(self.collection),
            variable: self.variable.into(),
            ids,
            schema: read_schema(),
            seeds: Map::new(),
        };
        for seed in self.seeds(list, read.as_ref(), schema).into_iter().take(MAX_SEEDS) {
            let id = collection.ids.of(&seed).or_else(|| {
                let is_nameless = collection.ids.property.is_none() && seed.is_object();
                is_nameless.then(|| json!((collection.seeds.len() + 1).to_string()))
            });
            if let Some(id) = id {
                collection.seeds.entry(ids::text(&id)).or_insert(seed);
            }
        }
        collection
    }

    fn is_entry(&self, schema: &Value) -> bool {
        let schema = self.schema(schema, Direction::Response);
        schema.is_some_and(|schema| !Shape::of(&schema, schema.top()).names().is_empty())
    }

    /// The entries that the document has: examples of the list, then of an entry; where neither
    /// has one, what the schema makes, if its author has put examples there.
    fn seeds(
        &self,
        list: Option<&(List, Option<&'a Value>)>,
        read: Option<&Answers<'a>>,
        schema: Option<&Value>,
    ) -> Vec<Value> {
        let listed = self.answers("GET", self.collection);
        let examples = |answers: &Answers<'a>| -> Vec<Value> {
            let content = good(answers).and_then(|(_, answer)| json_content(answer));
            let all = content.map(|content| content.examples.clone()).unwrap_or_default();
            all.into_iter().map(|(_, value)| value.clone()).collect()
        };
        if let (Some((list, _)), Some(answers)) = (list, &listed) {
            let all = examples(answers);
            let found = all.iter().find_map(|value| list.entries(value)).cloned();
            if let Some(found) = found.filter(|found| !found.is_empty()) {
                return found;
            }
        }
        let all: Vec<Value> = read.map(examples).unwrap_or_default();
        if !all.is_empty() {
            return all.into_iter().filter(Value::is_object).collect();
        }
        let schema = schema.and_then(|schema| self.schema(schema, Direction::Response));
        let schema = schema.filter(Schema::has_examples);
        schema.and_then(|schema| sample(&schema, Mode::Fixed).ok()).into_iter().collect()
    }

    /// What a list looks like, and the schema of an entry in it as it is written.
    fn list(&self, answers: &Answers<'a>) -> Option<(List, Option<&'a Value>)> {
        let (_, answer) = good(answers)?;
        let content = json_content(answer)?;
        let Some(written) = content.schema else {
            let (_, example) = content.examples.first()?;
            return example.is_array().then(|| (self.paged(List::default(), answers), None));
        };
        let schema = self.schema(written, Direction::Response)?;
        let top = Shape::of(&schema, schema.top());
        let most = |shape: &Shape<'_>| {
            let most = shape.first("maxItems").and_then(Value::as_u64);
            most.map(|most| usize::try_from(most).unwrap_or(usize::MAX))
        };
        let mut list = List::default();
        let item = if top.is("array") {
            list.most = most(&top);
            self.raw(answers.operation, written, &["items"])
        } else {
            let arrays: Vec<&str> = top
                .names()
                .into_iter()
                .filter(|name| {
                    let shape = top.property(name);
                    shape.is("array") && !shape.items().names().is_empty()
                })
                .collect();
            let [property] = arrays.as_slice() else { return None };
            list.most = most(&top.property(property));
            list.around = sample(&schema, Mode::Fixed).ok()?.as_object()?.clone();
            list.property = Some(Box::from(*property));
            self.raw(answers.operation, written, &["properties", property, "items"])
        };
        list.item = item.and_then(|item| self.schema(item, Direction::Response));
        Some((self.paged(list, answers), item))
    }

    /// What stands in a schema; references on the way are followed, `allOf` is not looked into.
    fn raw(
        &self,
        operation: MockOperation<'a>,
        schema: &'a Value,
        steps: &[&str],
    ) -> Option<&'a Value> {
        let (mut at, mut is_schema) = (schema, true);
        for step in steps {
            if is_schema {
                at = operation.followed(at).ok()?;
            }
            at = at.get(step)?;
            is_schema = *step != "properties";
        }
        Some(at)
    }

    /// The keys of the query that choose a page.
    fn paged(&self, mut list: List, answers: &Answers<'a>) -> List {
        for parameter in crate::request::parameters_of(answers.operation) {
            if parameter.get("in").and_then(Value::as_str) != Some("query") {
                continue;
            }
            match parameter.get("name").and_then(Value::as_str) {
                Some("limit") => {
                    list.has_limit = true;
                    let schema = parameter.get("schema").unwrap_or(parameter);
                    let usual = schema.get("default").and_then(Value::as_u64);
                    list.usual_limit = usual.and_then(|usual| usize::try_from(usual).ok());
                }
                Some("offset") => list.has_offset = true,
                _ => {}
            }
        }
        list
    }

    /// The answer of an action; `None` where it is neither JSON nor XML.
    fn shown(&self, action: Action, answers: &Answers<'a>) -> Option<Shown> {
        let statuses: Vec<Status> = answers.answers.iter().map(|answer| answer.status).collect();
        let wanted = match action {
            Action::Create => 201,
            Action::Delete => 204,
            _ => 200,
        };
        let has = |status| statuses.contains(&Status::Code(status));
        let status = match usual(&statuses) {
            _ if has(wanted) => wanted,
            // `default` says what all others are like, and not which there are.
            Some((status @ 200..=299, at)) if statuses.get(at) != Some(&Status::Default) => status,
            _ => wanted,
        };
        let answer = declared(&statuses, status).and_then(|at| answers.answers.get(at));
        let declared = answer.map(|answer| answer.contents.as_slice()).unwrap_or_default();
        let is_ours = |kind: &str| is_json(kind) || is_xml(kind);
        // The same schema stands behind most media types.
        let mut known: HashMap<String, Option<Arc<Schema>>> = HashMap::new();
        let mut contents = Vec::new();
        for content in declared.iter().filter(|content| is_ours(content.media_type)) {
            let schema = content.schema.and_then(|schema| {
                let read = || self.schema(schema, Direction::Response).map(Arc::new);
                known.entry(schema.to_string()).or_insert_with(read).clone()
            });
            contents.push(Content { media_type: content.media_type.into(), schema });
        }
        // A list is the answer of a list alone.
        let is_list = |schema: &Arc<Schema>| Shape::of(schema, schema.top()).is("array");
        let has_list = contents.iter().any(|content| content.schema.as_ref().is_some_and(is_list));
        if has_list && action != Action::List {
            return None;
        }
        let is_fine = !contents.is_empty() || declared.is_empty() || is_bare(status);
        is_fine.then_some(Shown { status, contents })
    }
}

/// The answer that tells that all went well.
fn good<'a, 'b>(answers: &'b Answers<'a>) -> Option<(u16, &'b Answer<'a>)> {
    let statuses: Vec<Status> = answers.answers.iter().map(|answer| answer.status).collect();
    let (status, at) = usual(&statuses)?;
    answers.answers.get(at).filter(|_| (200..=299).contains(&status)).map(|answer| (status, answer))
}

fn json_content<'a, 'b>(answer: &'b Answer<'a>) -> Option<&'b crate::examples::Content<'a>> {
    answer.contents.iter().find(|content| is_json(content.media_type))
}
