//! WSO2's own sample data, kept beside the workspace; `WEIR_SHARED` names another place.

#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::{Path, PathBuf};

use compiler::{CompileOptions, Secrets, compile};
use definition::{Dialect, Document};
use model::{Diagnostics, Files, Project, Severity, codes, yaml};

use crate::reading;

/// The samples, or nothing and a word of why.
fn samples() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("WEIR_SHARED").map_or_else(beside, PathBuf::from);
    let samples = root.join("fixtures/wso2");
    if samples.is_dir() {
        return Some(samples);
    }
    eprintln!("skipped: there are no samples at {}", samples.display());
    None
}

fn codes_of(found: &Diagnostics) -> Vec<&'static str> {
    let worth = found.iter().filter(|diagnostic| diagnostic.severity > Severity::Note);
    let mut codes: Vec<_> = worth.map(|diagnostic| diagnostic.code).collect();
    codes.dedup();
    codes
}

/// Reads and compiles; the codes of what was found, and the plan as text.
fn outcome(files: Files) -> (Vec<&'static str>, Option<String>) {
    let (project, mut found) = Project::read(files);
    let plan = project.and_then(|project| {
        assert_eq!(project.to_files(), *project.files(), "nothing was changed");
        let (plan, problems) = compile(&project, &CompileOptions::default(), Secrets::none());
        found.extend(problems);
        plan
    });
    (codes_of(&found), plan.map(|plan| plan.to_string()))
}

fn single(path: &str, from: &Path) -> Files {
    let mut files = Files::new();
    files.insert(path, std::fs::read(from).unwrap()).unwrap();
    files
}

#[test]
fn the_pizza_shack_compiles() {
    let Some(samples) = samples() else { return };
    let (codes, plan) = outcome(reading::files(&samples.join("PizzaShackAPI-1.0.0")));
    assert_eq!(codes, Vec::<&str>::new());
    let plan = plan.unwrap();
    assert!(plan.contains("  context          /pizzashack/1.0.0\n"), "{plan}");
    assert!(plan.contains("sandbox PizzaShackAPI--v1.0.0_APIsandboxEndpoint\n"), "{plan}");
    assert_eq!(plan.matches("operation ").count(), 5, "{plan}");
}

#[test]
fn a_url_without_scheme_is_refused() {
    let Some(samples) = samples() else { return };
    let project = samples.join("MyProduct-1.0.0/APIs/SwaggerPetstore-1.0.5");
    let (codes, plan) = outcome(reading::files(&project));
    assert!(codes.contains(&codes::URL_WITHOUT_SCHEME), "{codes:?}");
    assert!(plan.is_none());
}

#[test]
fn a_product_is_refused() {
    let Some(samples) = samples() else { return };
    let (codes, plan) = outcome(reading::files(&samples.join("MyProduct-1.0.0")));
    assert_eq!((codes, plan), (vec![codes::API_PRODUCT], None));
}

#[test]
fn the_full_export_keeps_its_endpoint_security() {
    let Some(samples) = samples() else { return };
    let files = single("api.yaml", &samples.join("integration-samples/sample-api.yaml"));
    let (codes, plan) = outcome(files);
    assert_eq!(codes, Vec::<&str>::new());
    let plan = plan.unwrap();
    assert_eq!(plan.matches("  credentials      basic, admin\n").count(), 1, "{plan}");
}

#[test]
fn the_form_of_version_3_compiles() {
    let Some(samples) = samples() else { return };
    let (codes, plan) = outcome(single("api.json", &samples.join("specs-params/api.json")));
    assert_eq!(codes, [codes::CODES_NOT_A_LIST]);
    let plan = plan.unwrap();
    assert!(plan.contains("  context          /pizzashack/1.0.0\n"), "{plan}");
    assert!(plan.contains("operation PUT /order/{orderId}, any token, Unlimited\n"), "{plan}");
}

#[test]
fn what_init_writes_needs_a_name_and_a_context() {
    let Some(samples) = samples() else { return };
    let mut files = single("api.yaml", &samples.join("box-init/default_api.yaml"));
    let definition = std::fs::read(samples.join("box-init/swagger-default.yaml")).unwrap();
    files.insert("Definitions/swagger.yaml", definition).unwrap();
    assert_eq!(outcome(files.clone()), (vec![codes::NAME, codes::CONTEXT], None));
    let (project, _) = Project::read(files);
    let mut project = project.unwrap();
    project.data_mut()["name"] = "A".into();
    project.data_mut()["context"] = "a".into();
    let plan =
        compile(&project, &CompileOptions::default(), Secrets::none()).0.unwrap().to_string();
    assert!(plan.contains("operation PATCH /*, any token\n"), "{plan}");
}

#[test]
fn every_environment_applies() {
    let Some(samples) = samples() else { return };
    let mut parameters = reading::walk(&samples.join("EnvParamsFiles"));
    parameters.push(samples.join("specs-params/api_params.yml"));
    for path in parameters {
        let mut files = single("api.yaml", &samples.join("PizzaShackAPI-1.0.0/api.yaml"));
        files.insert("Deployment/params.yaml", std::fs::read(&path).unwrap()).unwrap();
        for certificate in reading::walk(&samples.join("certificates")) {
            let name = certificate.file_name().unwrap().to_str().unwrap().to_owned();
            let content = std::fs::read(&certificate).unwrap();
            files.insert(format!("Deployment/certificates/{name}"), content).unwrap();
        }
        let (project, found) = Project::read(files);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        apply_all(&project.unwrap(), &path);
    }
}

fn apply_all(project: &Project, path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let environments = yaml::parse("params.yaml", text.as_bytes()).unwrap()["environments"].clone();
    for environment in environments.as_array().unwrap() {
        let mut project = project.clone();
        let name = environment["name"].as_str().unwrap();
        let lookup =
            |name: &str| Some(if name.ends_with("URL") { "https://e" } else { "5" }.to_owned());
        let found = project.apply_environment(name, &lookup);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        let mut found = Diagnostics::new();
        let config = project.endpoint_config(&mut found).unwrap();
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        assert_eq!(
            config.production.members.is_empty(),
            text.contains("awsLambda"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn groups_of_parameter_files_compile() {
    let Some(samples) = samples() else { return };
    let parameters = samples.join("EnvParamsFiles");
    for (file, production, leaves) in [
        ("api_params_http_rest_endpoint_with_failover.yaml", "production failover ", 3),
        ("api_params_http_soap_endpoint_with_load_balancing.yaml", "production balance ", 2),
    ] {
        let mut files = single("api.yaml", &samples.join("PizzaShackAPI-1.0.0/api.yaml"));
        files.insert("params.yaml", std::fs::read(parameters.join(file)).unwrap()).unwrap();
        let (project, found) = Project::read(files);
        let mut project = project.unwrap();
        assert!(found.is_empty(), "{found:?}");
        assert!(project.apply_environment("production", &|_| None).is_empty());
        let (plan, found) = compile(&project, &CompileOptions::default(), Secrets::none());
        assert_eq!(codes_of(&found), Vec::<&str>::new(), "{file}");
        let plan = plan.unwrap().to_string();
        assert!(plan.contains(production), "{plan}");
        assert_eq!(plan.matches("  member, ").count(), 2 * leaves, "{plan}");
    }
}

#[test]
fn every_definition_is_read() {
    let Some(samples) = samples() else { return };
    for (path, dialect, operations) in [
        ("PizzaShackAPI-1.0.0/Definitions/swagger.yaml", Dialect::V3_0, 5),
        ("MyProduct-1.0.0/APIs/SwaggerPetstore-1.0.5/Definitions/swagger.yaml", Dialect::V2, 20),
        ("MyProduct-1.0.0/Definitions/swagger.yaml", Dialect::V3_0, 4),
        ("swaggers/swagger-2.yaml", Dialect::V2, 2),
        ("swaggers/swagger-3.json", Dialect::V3_0, 20),
        ("integration-samples/swagger2Definition.yaml", Dialect::V2, 5),
        ("integration-samples/openAPI3DefinitionWithoutEndpoints.yaml", Dialect::V3_0, 5),
        ("specs-v2/petstore_with_basepath1.yaml", Dialect::V3_0, 2),
        ("specs-v2/petstore_swagger2.yaml", Dialect::V2, 20),
        ("box-init/swagger-default.yaml", Dialect::V3_0, 5),
    ] {
        let value = yaml::parse(path, &std::fs::read(samples.join(path)).unwrap()).unwrap();
        let (document, found) = Document::read(&value, path);
        assert!(!found.has_errors(), "{found:?}");
        assert_eq!((document.dialect, document.operations.len()), (dialect, operations), "{path}");
    }
}

#[test]
fn other_documents_are_well_formed_and_survive_a_round_trip() {
    let Some(samples) = samples() else { return };
    let is_document = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "yaml" || extension == "json")
    };
    for path in reading::walk(&samples).into_iter().filter(is_document) {
        let value = yaml::parse("x.yaml", &std::fs::read(&path).unwrap()).unwrap();
        for text in [yaml::to_yaml(&value), yaml::to_json(&value)] {
            let back = yaml::parse("x.yaml", text.as_bytes());
            assert!(back.as_ref() == Ok(&value), "{}: {text}", path.display());
        }
    }
}
