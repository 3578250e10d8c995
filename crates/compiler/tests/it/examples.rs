//! Every example of the documents about endpoints and policies compiles, without a word.

use std::path::Path;

use compiler::{CompileOptions, Secrets, compile_files};
use model::Files;

const API: &str = "name: A\nversion: v1\ncontext: a\n";
const OPERATIONS: &str = "operations: [{target: /a, verb: GET}]\n";
const ENDPOINT: &str =
    "endpointConfig: {endpoint_type: http, production_endpoints: {url: 'http://b'}}\n";

#[test]
fn every_example_of_a_document_compiles() {
    for (document, least) in [
        ("endpoint-groups.md", 11),
        ("lambda.md", 3),
        ("dynamic-endpoints.md", 4),
        ("policies.md", 1),
        ("soap.md", 3),
    ] {
        let count = compile_examples(document);
        assert!(count >= least, "{document}: {count} examples");
    }
}

fn compile_examples(document: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = std::fs::read_to_string(folder.join(document)).unwrap();
    let mut count = 0;
    for block in page.split("```yaml\n").skip(1) {
        let example = block.split("```").next().unwrap();
        let is_environment = example.starts_with("environments:");
        let mut files = Files::new();
        let has_endpoint = example.contains("endpointConfig:");
        let own = if is_environment { "" } else { example };
        let endpoint = if has_endpoint { "" } else { ENDPOINT };
        let operations = if example.contains("\noperations:") { "" } else { OPERATIONS };
        files.insert("api.yaml", format!("{API}{operations}{endpoint}{own}")).unwrap();
        if is_environment {
            files.insert("params.yaml", example.to_owned()).unwrap();
        }
        let environment: Option<(&str, compiler::Lookup<'_>)> =
            if is_environment { Some(("production", &|_| None)) } else { None };
        let (plan, found) =
            compile_files(files, environment, &CompileOptions::default(), Secrets::none());
        assert!(found.is_empty(), "{document}: {example}{found:#?}");
        assert!(plan.is_some(), "{document}: {example}");
        count += 1;
    }
    count
}
