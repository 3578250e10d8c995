//! Secrets that are somewhere else, and those that a project leaves as they were.

use compiler::plan::{ApiPlan, ClientProof, Credentials, Grant};
use compiler::{CompileOptions, Secrets, compile_files};
use model::secret::{Reference, Secret, SecretSource};
use model::{Diagnostics, Files, codes};

/// Knows one secret of each kind.
struct Source;

impl SecretSource for Source {
    fn resolve(&self, reference: Reference<'_>) -> Result<Secret, String> {
        match reference {
            Reference::Environment("PASSWORD") => Ok(Secret::new("from the environment")),
            Reference::File("db/password") => Ok(Secret::new("from a file")),
            Reference::Sealed("v1.abc") => Ok(Secret::new("from the seal")),
            Reference::Environment("EMPTY") => Ok(Secret::new("")),
            _ => Err("there is no such secret".to_owned()),
        }
    }
}

fn compile(security: &str, before: Option<&ApiPlan>) -> (Option<ApiPlan>, Diagnostics) {
    let text = format!(
        "type: api\nversion: v4.7.0\ndata:\n  name: A\n  version: '1'\n  context: /a\n  \
         endpointConfig:\n    endpoint_type: http\n    production_endpoints: {{url: 'http://a'}}\n    \
         endpoint_security: {{production: {{enabled: true, {security}}}}}\n  \
         operations: [{{target: /m, verb: GET}}]\n"
    );
    let mut files = Files::default();
    files.insert("api.yaml", text.into_bytes()).unwrap();
    let secrets = Secrets { source: &Source, before };
    compile_files(files, None, &CompileOptions::default(), secrets)
}

fn credentials(plan: &ApiPlan) -> &Credentials {
    let leaves = plan.endpoints.production.as_ref().unwrap().leaves();
    leaves[0].credentials.as_ref().unwrap()
}

fn password(plan: &ApiPlan) -> &str {
    match credentials(plan) {
        Credentials::Basic(account) | Credentials::Digest(account) => account.password.expose(),
        other => panic!("{other:?}"),
    }
}

fn codes_of(found: &Diagnostics) -> Vec<&'static str> {
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn references_are_followed() {
    for (reference, secret) in [
        ("$env{PASSWORD}", "from the environment"),
        (" $file{db/password} ", "from a file"),
        ("$sealed{v1.abc}", "from the seal"),
    ] {
        let (plan, found) =
            compile(&format!("type: BASIC, username: u, password: '{reference}'"), None);
        assert_eq!(codes_of(&found), Vec::<&str>::new());
        assert_eq!(password(&plan.unwrap()), secret);
    }
    for reference in ["$env{ELSE}", "$file{/etc/shadow}", "$sealed{}", "$env{EMPTY}", "x$env{A}"] {
        let (plan, found) =
            compile(&format!("type: DIGEST, username: u, password: '{reference}'"), None);
        assert_eq!(codes_of(&found), [codes::SECRET_REFERENCE], "{reference}");
        assert!(plan.is_none());
    }
}

#[test]
fn what_is_left_out_stays_as_it_was_for_the_same_user() {
    let (before, _) = compile("type: BASIC, username: u, password: hunter2", None);
    for left_out in ["", "password: ''", "password: '******'", "password: '•••'", "password: null"]
    {
        let security = format!("type: BASIC, username: u, {left_out}");
        let (plan, found) = compile(&security, before.as_ref());
        assert_eq!(codes_of(&found), [codes::SECRET_KEPT], "{left_out}");
        assert_eq!(password(&plan.unwrap()), "hunter2");
        let (plan, found) = compile(&security, None);
        assert_eq!((codes_of(&found), plan), (vec![codes::SECURITY_BASIC], None));
    }
    // Nobody else inherits it, and neither does another scheme.
    let (plan, _) = compile("type: BASIC, username: other, password: ''", before.as_ref());
    assert!(plan.is_none());
    let (plan, _) = compile("type: DIGEST, username: u, password: ''", before.as_ref());
    assert!(plan.is_none());
    let (plan, found) = compile("type: BASIC, username: u, password: '**'", before.as_ref());
    assert_eq!((codes_of(&found), password(&plan.unwrap())), (Vec::new(), "**"));
}

#[test]
fn a_client_keeps_its_secret_and_its_parameters() {
    let written = "type: OAUTH, grantType: PASSWORD, tokenUrl: 'https://t.example/', clientId: c, \
                   clientSecret: s3cret, username: u, password: hunter2, \
                   customParameters: {tenant: {value: t3nant, secured: true}, empty: ''}";
    let left_out = "type: OAUTH, grantType: PASSWORD, tokenUrl: 'https://t.example/', clientId: c, \
                    clientSecret: '', username: u, password: '*****', \
                    customParameters: {tenant: {value: '***', secured: true}, empty: ''}";
    let (before, found) = compile(written, None);
    assert_eq!(codes_of(&found), Vec::<&str>::new());
    let (plan, found) = compile(left_out, before.as_ref());
    assert_eq!(codes_of(&found), [codes::SECRET_KEPT; 3]);
    let plan = plan.unwrap();
    let Credentials::OAuth(plan) = credentials(&plan) else { panic!("{plan}") };
    assert_eq!(plan.client.proof, ClientProof::Basic(Secret::new("s3cret")));
    let Grant::Password(account) = &plan.grant else { panic!("{plan}") };
    assert_eq!(account.password, Secret::new("hunter2"));
    let expected = [("tenant", "t3nant"), ("empty", "")];
    let expected = expected.map(|(name, value)| (name.to_owned(), Secret::new(value)));
    assert_eq!(plan.parameters, expected);
}

#[test]
fn no_secret_is_printed() {
    for security in [
        "type: BASIC, username: u, password: hunter2",
        "type: DIGEST, username: u, password: hunter2",
        "type: apikey, apiKeyIdentifier: k, apiKeyIdentifierType: HEADER, apiKeyValue: hunter2",
        "type: apikey, apiKeyIdentifier: k, apiKeyIdentifierType: QUERY_PARAMETER, apiKeyValue: hunter2",
        "type: OAUTH, grantType: PASSWORD, tokenUrl: 'https://t.example/', clientId: c, clientSecret: hunter2, username: u, password: hunter2, customParameters: {a: hunter2}",
        // What is wrong with a secret is told without it.
        "type: BASIC, username: u, password: \"hunter2\\n\"",
        "type: apikey, apiKeyIdentifier: k, apiKeyIdentifierType: HEADER, apiKeyValue: \"hunter2\\n\"",
        "type: BASIC, username: u, password: [hunter2]",
        "type: OAUTH, tokenUrl: 'https://u:hunter2@t.example/', clientId: c, clientSecret: hunter2",
    ] {
        let (plan, found) = compile(security, None);
        let printed = plan.as_ref().map(ToString::to_string).unwrap_or_default();
        let told: String = found.iter().map(ToString::to_string).collect();
        let all = format!("{plan:?} {printed} {found:?} {told}");
        assert!(!all.contains("hunter2"), "{security}: {all}");
    }
}
