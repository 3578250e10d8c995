//! Every example of `docs/endpoint-groups.md` compiles, without a word.

use std::path::Path;

use compiler::{CompileOptions, Secrets, compile_files};
use model::Files;

const API: &str = "name: A\nversion: v1\ncontext: a\noperations: [{target: /a, verb: GET}]\n";
const ENDPOINT: &str =
    "endpointConfig: {endpoint_type: http, production_endpoints: {url: 'http://b'}}\n";

#[test]
fn every_example_of_a_group_compiles() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/endpoint-groups.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut count = 0;
    for block in page.split("```yaml\n").skip(1) {
        let example = block.split("```").next().unwrap();
        let is_environment = example.starts_with("environments:");
        let mut files = Files::new();
        let own = if is_environment { ENDPOINT } else { example };
        files.insert("api.yaml", format!("{API}{own}")).unwrap();
        if is_environment {
            files.insert("params.yaml", example.to_owned()).unwrap();
        }
        let environment: Option<(&str, compiler::Lookup<'_>)> =
            if is_environment { Some(("production", &|_| None)) } else { None };
        let (plan, found) =
            compile_files(files, environment, &CompileOptions::default(), Secrets::none());
        assert!(found.is_empty(), "{example}{found:#?}");
        assert!(plan.is_some(), "{example}");
        count += 1;
    }
    assert!(count > 10, "{count} examples");
}
