//! Every operation of public documents: an answer that is valid, or a reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mock::examples::{Answers, make};
use mock::{
    Contract, Direction, Mode, Prefer, Prepared, Problem, ReplyBody, Schema, Source, generate,
    sample,
};
use model::yaml;
use serde_json::Value;

/// Of a document, about so many operations are looked at, and none of one that takes long to read.
/// `WEIR_CORPUS_OPERATIONS` says another number, and looks at all documents: a run that takes its
/// time.
const OPERATIONS: usize = 40;
const LARGE: usize = 2 << 20;

#[derive(Debug, Default)]
struct Counts {
    documents: usize,
    operations: usize,
    values: usize,
    bodies: usize,
    wrong_examples: usize,
    reasons: BTreeMap<String, usize>,
}

#[test]
fn every_operation_has_a_valid_answer_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/corpus/openapi");
    let mut files = Vec::new();
    gather(&root, &mut files);
    if files.is_empty() {
        eprintln!("skipped: there are no documents; `cargo xtask setup` fetches them");
        return;
    }
    files.sort();
    let mut all = Counts::default();
    for file in files {
        document(&file, &mut all);
    }
    eprintln!("{all:#?}");
    // References that lead nowhere are the documents' own.
    let is_ours = |kind: &str| !matches!(kind, "Remote" | "Unresolved");
    let reasons = all.reasons.iter().filter(|(kind, _)| is_ours(kind));
    let refused: usize = reasons.map(|(_, count)| count).sum();
    assert!(all.documents > 5 && all.values > 50, "{all:?}");
    assert!(refused * 50 < all.values, "more than one in fifty has no value: {all:?}");
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_document = path.extension().is_some_and(|known| known == "yaml" || known == "json");
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => gather(&path, files),
            false if is_document => files.push(path),
            false => {}
        }
    }
}

fn document(file: &Path, all: &mut Counts) {
    let content = std::fs::read(file).unwrap();
    let wanted = std::env::var("WEIR_CORPUS_OPERATIONS").ok();
    let wanted: Option<usize> = wanted.and_then(|number| number.parse().ok());
    if content.len() > LARGE && wanted.is_none() {
        eprintln!("{}: left out, WEIR_CORPUS_OPERATIONS is not set", file.display());
        return;
    }
    let Ok(document) = yaml::parse("openapi.yaml", &content) else { return };
    let (contract, _) = Contract::read(&document, "openapi.yaml");
    let count = contract.operations().count();
    if count == 0 {
        return;
    }
    all.documents += 1;
    let source = Source::new(&document, "openapi.yaml");
    let step = count.div_ceil(wanted.unwrap_or(OPERATIONS).max(1)).max(1);
    for (method, template, operation) in contract.operations().step_by(step) {
        all.operations += 1;
        let at = format!("{} {method} {template}", file.display());
        let answers = Answers::read(operation);
        let made = answer(&answers, &at, all);
        let (prepared, _) = Prepared::read(&source, method, template).unwrap();
        assert_eq!(ready(&prepared), made, "{at}");
        for content in answers.answers.iter().flat_map(|answer| &answer.contents) {
            let Some(schema) = content.schema else { continue };
            value(&document, schema, Direction::Response, &at, all);
        }
        for schema in request_schemas(&document, template, method) {
            value(&document, schema, Direction::Request, &at, all);
        }
        assert!(generate::is_unedited(&generate::script(operation).text), "{at}");
    }
}

/// What a client gets who asks for nothing; `None` where there is no value.
fn answer(answers: &Answers<'_>, at: &str, all: &mut Counts) -> Option<(u16, String)> {
    let chosen = mock::examples::choose(answers, None, &Prefer::default(), 0);
    let chosen = chosen.unwrap_or_else(|refusal| panic!("{at}: {refusal:?}"));
    match make(answers, &chosen) {
        Ok(body) => {
            all.bodies += 1;
            let is_wrong = body.as_ref().is_some_and(|body| body.violation.is_some());
            all.wrong_examples += usize::from(is_wrong);
            Some((chosen.status, body.map_or(String::new(), |body| body.text)))
        }
        Err(problem) => {
            assert!(is_precise(&problem), "{at}: {problem}");
            None
        }
    }
}

/// The same, prepared: nothing that an answer is made of was stripped.
fn ready(prepared: &Prepared) -> Option<(u16, String)> {
    let reply = prepared.choose(None, &Prefer::default()).unwrap();
    match reply.body {
        ReplyBody::Ready(bytes) => Some((reply.status, String::from_utf8(bytes.to_vec()).unwrap())),
        ReplyBody::Empty => Some((reply.status, String::new())),
        ReplyBody::Made | ReplyBody::Impossible(_) => None,
    }
}

fn request_schemas<'a>(document: &'a Value, template: &str, method: &str) -> Vec<&'a Value> {
    let operation = &document["paths"][template][method.to_ascii_lowercase()];
    let contents = operation["requestBody"]["content"].as_object();
    contents.into_iter().flatten().filter_map(|(_, content)| content.get("schema")).collect()
}

fn value(document: &Value, schema: &Value, direction: Direction, at: &str, all: &mut Counts) {
    let dialect = mock_dialect(document);
    let read = match Schema::read(document, dialect, schema, direction) {
        Ok(read) => read,
        Err(problem) => return reason(&problem, at, all),
    };
    for mode in [Mode::Fixed, Mode::Dynamic(7)] {
        match sample(&read, mode) {
            Ok(value) => {
                assert!(read.is_valid(&value), "{at}: {value}");
                all.values += 1;
            }
            Err(problem) => reason(&problem, at, all),
        }
    }
}

fn mock_dialect(document: &Value) -> definition::Dialect {
    definition::Document::read(&without_paths(document), "openapi.yaml").0.dialect
}

/// The head of a document, which is all that tells its dialect.
fn without_paths(document: &Value) -> Value {
    let keys = ["openapi", "swagger", "info"].iter();
    let pairs = keys.filter_map(|key| Some(((*key).to_owned(), document.get(key)?.clone())));
    Value::Object(pairs.collect())
}

fn reason(problem: &Problem, at: &str, all: &mut Counts) {
    assert!(is_precise(problem), "{at}: {problem}");
    eprintln!("{at}: {problem}");
    let kind = format!("{problem:?}");
    let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
    *all.reasons.entry(kind).or_default() += 1;
}

/// Whether a reason names what is in the way.
fn is_precise(problem: &Problem) -> bool {
    !problem.to_string().is_empty()
        && !matches!(problem, Problem::Unsatisfied { message, .. } if message.is_empty())
}
