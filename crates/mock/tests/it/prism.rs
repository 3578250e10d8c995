//! The answers of prepared operations beside those of Prism, the mock server that users know.
//!
//! Prism serves public documents on loopback; it is asked what we are asked, and what is different
//! must be known ([`known`]), with a reason.

mod client;
mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mock::examples::{Answers, Status};
use mock::{Contract, Direction, Mode, Prefer, Prepared, ReplyBody, Schema, Source, sample};
use model::yaml;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use self::client::{Answer, ask};
use self::server::Prism;

/// How long all documents together may take; those that are left are left out.
const TIME: Duration = Duration::from_secs(60);
/// Operations of one document that are asked for.
const OPERATIONS: usize = 12;

/// Documents below `target`, all of other people.
const DOCUMENTS: &[&str] = &[
    "corpus/openapi/openapi-spec-validator/openapi_spec_validator-0.9.0/tests/bench/specs/docker.yaml",
    "corpus/openapi/openapi-spec-validator/openapi_spec_validator-0.9.0/tests/integration/data/v3.0/petstore.yaml",
    "node/node_modules/@readme/oas-examples/2.0/json/api-with-examples.json",
    "node/node_modules/@readme/oas-examples/2.0/json/petstore.json",
    "node/node_modules/@readme/oas-examples/3.0/json/http-status-codes.json",
    "node/node_modules/@readme/oas-examples/3.0/json/petstore.json",
    "node/node_modules/@readme/oas-examples/3.0/json/response-examples.json",
    "node/node_modules/@readme/oas-examples/3.0/json/response-http-behavior.json",
    "node/node_modules/@readme/oas-examples/3.0/json/response-multiple-mediatypes.json",
    "node/node_modules/@readme/oas-examples/3.0/json/response-schemas.json",
    "node/node_modules/@readme/oas-examples/3.1/json/train-travel.json",
];

const ACCEPTS: &[Option<&str>] = &[
    None,
    Some("*/*"),
    Some("application/json"),
    Some("application/xml"),
    Some("text/plain"),
    Some("text/*"),
    Some("image/png"),
    Some("application/xml;q=0.9, application/json;q=0.2"),
];

#[derive(Debug, Default)]
struct Counts {
    documents: usize,
    operations: usize,
    same: usize,
    known: BTreeMap<&'static str, usize>,
    different: Vec<String>,
}

/// What we answer.
struct Ours {
    status: u16,
    /// Empty where nothing is said.
    media_type: String,
    /// The body, or why there is no answer.
    text: String,
    is_refusal: bool,
    /// Whether the body is made from a schema, and not an example of the answer.
    is_made: bool,
}

/// One question to both.
struct Question<'a> {
    at: &'a str,
    method: &'a str,
    path: &'a str,
    headers: &'a [(String, String)],
    body: Option<&'a (String, String)>,
}

#[test]
fn answers_are_those_of_prism() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let program = target.join("node/node_modules/@stoplight/prism-cli/dist/index.js");
    if !program.exists() {
        eprintln!("skipped: there is no Prism; `cargo xtask setup` fetches it");
        return;
    }
    let (begun, mut all) = (Instant::now(), Counts::default());
    for document in DOCUMENTS {
        let file = target.join(document);
        if !file.exists() {
            eprintln!("{document}: skipped, it is not there; `cargo xtask setup` fetches it");
        } else if begun.elapsed() > TIME {
            eprintln!("{document}: skipped, the others took too long");
        } else {
            compare(&program, &file, &mut all);
            eprintln!("{:?} at the end of {document}", begun.elapsed());
        }
    }
    eprintln!("{:?}, {all:#?}", begun.elapsed());
    assert!(all.documents > 0 && all.same > 50, "{all:?}");
    assert!(all.different.is_empty(), "{} are not known", all.different.len());
}

fn compare(program: &Path, file: &Path, all: &mut Counts) {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let content = std::fs::read(file).unwrap();
    let mut document = yaml::parse(&name, &content).unwrap();
    open(&mut document);
    let prism = Prism::start(program, &document, &PathBuf::from(env!("CARGO_TARGET_TMPDIR")));
    let source = Source::new(&document, &name);
    let (contract, _) = Contract::read(&document, &name);
    all.documents += 1;
    let methods = ["GET", "POST"];
    let operations = contract.operations().filter(|(method, ..)| methods.contains(method));
    for (method, template, operation) in operations.take(OPERATIONS) {
        let at = format!("{name} {method} {template}");
        let (prepared, _) = Prepared::read(&source, method, template).unwrap();
        let answers = Answers::read(operation);
        let Some((path, headers, body)) = filled(&document, method, template) else {
            eprintln!("{at}: left out, its parameters are not simple");
            continue;
        };
        let (path, headers, body) = (&path, &headers, body.as_ref());
        let question = Question { at: &at, method, path, headers, body };
        let plain = ask(prism.port, method, path, headers, body);
        let refuses = plain.is_none_or(|plain| (400..=499).contains(&plain.status));
        if refuses && ours(&prepared, &answers, None, None).status < 400 {
            // It has stricter ideas of requests, which is not what is compared here.
            eprintln!("{at}: left out, Prism refuses {path}");
            continue;
        }
        all.operations += 1;
        for (accept, prefer) in wishes(&document, method, template) {
            let ours = ours(&prepared, &answers, accept, prefer.as_deref());
            one(&prism, &question, accept, prefer.as_deref(), &ours, all);
        }
    }
}

/// Takes away what only those with a key may do.
fn open(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("security");
            map.values_mut().for_each(open);
        }
        Value::Array(items) => items.iter_mut().for_each(open),
        _ => {}
    }
}

/// What is asked of an operation: each `Accept` alone, and each `Prefer` with it absent.
fn wishes(
    document: &Value,
    method: &str,
    template: &str,
) -> Vec<(Option<&'static str>, Option<String>)> {
    let mut all: Vec<_> = ACCEPTS.iter().map(|accept| (*accept, None)).collect();
    let operation = &document["paths"][template][method.to_ascii_lowercase()];
    let responses = operation["responses"].as_object().unwrap();
    let mut names: Vec<String> = vec!["nope".to_owned()];
    for (code, response) in responses {
        if code.parse::<u16>().is_ok() {
            all.push((None, Some(format!("code={code}"))));
            all.push((Some("application/xml"), Some(format!("code={code}"))));
        }
        let contents = response["content"].as_object().into_iter().flatten();
        for (_, content) in contents {
            let examples = content["examples"].as_object().into_iter().flatten();
            names.extend(examples.map(|(name, _)| name.clone()).take(3));
        }
    }
    names.dedup();
    all.extend(names.iter().map(|name| (None, Some(format!("example={name}")))));
    all.push((None, Some("code=299".to_owned())));
    all
}

type Filled = (String, Vec<(String, String)>, Option<(String, String)>);

/// The path with its query, the headers and the body of a valid request.
fn filled(document: &Value, method: &str, template: &str) -> Option<Filled> {
    let (mut path, mut query, mut headers, mut body) =
        (template.to_owned(), String::new(), Vec::new(), None);
    let item = &document["paths"][template];
    let operation = &item[method.to_ascii_lowercase()];
    let lists = [&item["parameters"], &operation["parameters"]];
    for parameter in lists.iter().filter_map(|list| list.as_array()).flatten() {
        let parameter = followed(document, parameter);
        let name = parameter["name"].as_str()?;
        let place = parameter["in"].as_str()?;
        if parameter["required"] != Value::Bool(true) && place != "body" {
            continue;
        }
        let schema = parameter.get("schema").unwrap_or(parameter);
        if place == "body" {
            body = Some(("application/json".to_owned(), made(document, schema)?.to_string()));
            continue;
        }
        let text = match made(document, schema)? {
            Value::String(text) => text,
            Value::Array(_) | Value::Object(_) => return None,
            other => other.to_string(),
        };
        let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
        match place {
            "path" => path = path.replace(&format!("{{{name}}}"), &encoded),
            "query" => query.push_str(&format!("&{name}={encoded}")),
            "header" => headers.push((name.to_owned(), text)),
            _ => return None,
        }
    }
    let request = followed(document, &operation["requestBody"]);
    if let Some(contents) = request["content"].as_object() {
        let json = contents.get("application/json")?;
        let text = made(document, json.get("schema")?)?.to_string();
        body = Some(("application/json".to_owned(), text));
    }
    let query = query.strip_prefix('&').map_or(String::new(), |query| format!("?{query}"));
    Some((format!("{path}{query}"), headers, body))
}

fn followed<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => definition::resolve(document, reference).unwrap_or(value),
        None => value,
    }
}

fn made(document: &Value, schema: &Value) -> Option<Value> {
    let mut schema = schema.clone();
    // The flag of a parameter of OpenAPI 2.0.
    if let Some(map) = schema.as_object_mut().filter(|map| map.contains_key("in")) {
        map.shift_remove("required");
    }
    let head = ["openapi", "swagger"].iter();
    let head = head.filter_map(|key| Some(((*key).to_owned(), document.get(key)?.clone())));
    let dialect = definition::Document::read(&Value::Object(head.collect()), "").0.dialect;
    let schema = Schema::read(document, dialect, &schema, Direction::Request).ok()?;
    sample(&schema, Mode::Fixed).ok()
}

fn ours(
    prepared: &Prepared,
    answers: &Answers<'_>,
    accept: Option<&str>,
    prefer: Option<&str>,
) -> Ours {
    let reply = match prepared.choose(accept, &Prefer::parse(prefer)) {
        Ok(reply) => reply,
        Err(refusal) => {
            let (media_type, text) = (String::new(), refusal.detail);
            return Ours {
                status: refusal.status,
                media_type,
                text,
                is_refusal: true,
                is_made: false,
            };
        }
    };
    let text = match reply.body {
        ReplyBody::Ready(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ReplyBody::Empty => String::new(),
        other => format!("{other:?}"),
    };
    let media_type = essence(reply.media_type.as_deref().unwrap_or_default());
    let with = |status: Status| answers.answers.iter().find(|answer| answer.status == status);
    let answer = with(Status::Code(reply.status))
        .or_else(|| with(Status::Class(reply.status / 100)))
        .or_else(|| with(Status::Default));
    let mut contents = answer.into_iter().flat_map(|answer| &answer.contents);
    let content = contents.find(|content| essence(content.media_type) == media_type);
    let is_made = content.is_some_and(|content| content.examples.is_empty());
    let told = prepared.check(reply.status, reply.media_type.as_deref(), text.as_bytes());
    // What is made must be valid, even where it is something else than Prism's.
    assert!(
        !is_made || told.is_none() || matches!(reply.body, ReplyBody::Impossible(_)),
        "{told:?}"
    );
    Ours { status: reply.status, media_type, text, is_refusal: false, is_made }
}

fn one(
    prism: &Prism,
    question: &Question<'_>,
    accept: Option<&str>,
    prefer: Option<&str>,
    ours: &Ours,
    all: &mut Counts,
) {
    let mut headers = question.headers.to_vec();
    headers.extend(accept.map(|accept| ("Accept".to_owned(), accept.to_owned())));
    headers.extend(prefer.map(|prefer| ("Prefer".to_owned(), prefer.to_owned())));
    let theirs = ask(prism.port, question.method, question.path, &headers, question.body);
    let Some(theirs) = theirs else {
        eprintln!("{}: no whole answer of Prism", question.at);
        return;
    };
    if is_same(ours, &theirs) {
        all.same += 1;
    } else if let Some(reason) = known(ours, &theirs, accept, prefer) {
        *all.known.entry(reason).or_default() += 1;
    } else {
        let wish = format!("accept {accept:?} prefer {prefer:?}");
        let Answer { status, media_type, text } = &theirs;
        let their = format!("{} {wish}: {status} {media_type} {}", question.at, cut(text));
        let line =
            format!("{their} -- ours: {} {} {}", ours.status, ours.media_type, cut(&ours.text));
        all.different.push(line);
    }
}

fn is_same(ours: &Ours, theirs: &Answer) -> bool {
    if ours.is_refusal {
        return is_refusal(theirs) && ours.status == theirs.status;
    }
    let media_type = essence(&theirs.media_type);
    let is_empty = ours.text.is_empty() && theirs.text.is_empty();
    ours.status == theirs.status
        && (is_empty || ours.media_type == media_type)
        && (ours.text == theirs.text || same_value(&ours.text, &theirs.text))
}

/// Why an answer is another one than Prism's.
fn known(
    ours: &Ours,
    theirs: &Answer,
    accept: Option<&str>,
    prefer: Option<&str>,
) -> Option<&'static str> {
    let says = |text: &str| theirs.text.contains(text);
    let media_type = essence(&theirs.media_type);
    let is_same_kind = ours.status == theirs.status && ours.media_type == media_type;
    let asks_for = |name: &str| prefer.is_some_and(|prefer| prefer.starts_with(name));
    let text_of = |text: &str| serde_json::from_str::<String>(text).ok();
    Some(match () {
        () if theirs.status == 500 && says("errors#NOT_ACCEPTABLE") && ours.status == 406 => {
            "Prism says 500 where a code is preferred and nothing is acceptable"
        }
        () if says("Cannot find serializer for") || says("NO_COMPLEX_OBJECT_TEXT") => {
            "Prism writes JSON, XML and plain text of scalars, nothing else"
        }
        () if ours.status == 406 && asks_for("code=") && theirs.status < 300 => {
            "Prism forgets the preferred code where its media type is not acceptable"
        }
        () if ours.status == 404 && asks_for("example=") && theirs.text.is_empty() => {
            "Prism passes over the name of an example where the answer has no body"
        }
        () if says("and exampleKey:") && ours.status < 300 => {
            "Prism looks for an example in one media type only; we take that which has it"
        }
        () if accept == Some("*/*") && ours.media_type == "application/json" => {
            "Prism gives the first media type for `*/*`, as curl says it; we give JSON, as without"
        }
        () if is_same_kind && media_type == "application/xml" => {
            "Prism does not heed the names and attributes that a schema gives to XML"
        }
        () if is_same_kind && ours.is_made => {
            "a value is made from the schema, which each does in its own way; ours is valid"
        }
        () if is_same_kind
            && text_of(&theirs.text).is_some_and(|text| same_value(&ours.text, &text)) =>
        {
            "Prism sends JSON that an author wrote as text as a text"
        }
        () => return None,
    })
}

fn same_value(left: &str, right: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    parsed(left).is_some() && parsed(left) == parsed(right)
}

fn is_refusal(answer: &Answer) -> bool {
    answer.text.contains("https://stoplight.io/prism/errors#")
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}
