//! Functions of AWS Lambda: what the gateway's own settings say, and secrets.

use compiler::plan::{ApiPlan, AwsSource, Credentials, HttpPlan};
use compiler::{AwsDefaults, CompileOptions, Secrets, compile_files};
use lambda::function::Reach;
use lambda::{Format, Mapping};
use model::secret::{Reference, Secret, SecretSource};
use model::{Diagnostics, Files, codes};

/// Knows one secret.
struct Source;

impl SecretSource for Source {
    fn resolve(&self, reference: Reference<'_>) -> Result<Secret, String> {
        match reference {
            Reference::Environment("KEY") => Ok(Secret::new("from the environment")),
            _ => Err("there is no such secret".to_owned()),
        }
    }
}

fn compile(
    (config, operation): (&str, &str),
    aws: AwsDefaults,
    before: Option<&ApiPlan>,
) -> (Option<ApiPlan>, Diagnostics) {
    let text = format!(
        "type: api\nversion: v4.7.0\ndata:\n  name: A\n  version: '1'\n  context: /a\n  \
         endpointConfig: {{endpoint_type: awslambda, {config}}}\n  \
         operations: [{{target: /m, verb: GET, {operation}}}]\n"
    );
    let mut files = Files::default();
    files.insert("api.yaml", text.into_bytes()).unwrap();
    let options = CompileOptions { aws, ..CompileOptions::default() };
    compile_files(files, None, &options, Secrets { source: &Source, before })
}

fn leaf(plan: &ApiPlan) -> &HttpPlan {
    plan.endpoints.production.as_ref().unwrap().leaves()[0]
}

fn keys(plan: &ApiPlan) -> (&str, Option<&str>) {
    let Some(Credentials::Aws(account)) = &leaf(plan).credentials else { panic!("{plan}") };
    let AwsSource::Keys { secret, token, .. } = &account.source else { panic!("{plan}") };
    (secret.expose(), token.as_ref().map(Secret::expose))
}

fn codes_of(found: &Diagnostics) -> Vec<&'static str> {
    found.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn what_is_not_written_is_what_the_gateway_says() {
    let aws = AwsDefaults {
        region: Some("eu-north-1".to_owned()),
        reach: Reach { is_fips: true, is_dual_stack: false },
        mapping: Mapping::Whole,
        has_flag_bug: true,
        lambda_url: None,
    };
    let written = ("access_method: role-supplied", "amznResourceName: f");
    let (plan, found) = compile(written, aws.clone(), None);
    assert_eq!(codes_of(&found), Vec::<&str>::new());
    let plan = plan.unwrap();
    let functions = leaf(&plan).lambda.as_deref().unwrap();
    assert_eq!(functions.region, "eu-north-1");
    assert_eq!(leaf(&plan).url.to_string(), "https://lambda-fips.eu-north-1.amazonaws.com");
    let function = functions.functions[0].as_deref().unwrap();
    let format = Format::Wso2 { is_encoded: false, has_flag_bug: true };
    assert_eq!((function.mapping, function.format), (Mapping::Whole, format));

    let aws = AwsDefaults { lambda_url: Some("http://127.0.0.1:9000".to_owned()), ..aws };
    let (plan, _) = compile(written, aws, None);
    assert_eq!(leaf(&plan.unwrap()).url.to_string(), "http://127.0.0.1:9000");
}

#[test]
fn a_function_of_another_region_than_the_gateways_says_where_it_is() {
    let aws = AwsDefaults { region: Some("eu-north-1".to_owned()), ..AwsDefaults::default() };
    let operation = "amznResourceName: 'arn:aws:lambda:us-east-2:123456789012:function:f'";
    let (plan, _) = compile(("access_method: role-supplied", operation), aws, None);
    assert_eq!(leaf(&plan.unwrap()).lambda.as_deref().unwrap().region, "us-east-2");
}

#[test]
fn who_takes_events_of_aws_answers_as_aws_has_it() {
    let aws = AwsDefaults { mapping: Mapping::Whole, ..AwsDefaults::default() };
    for (said, mapping) in [
        ("event: proxy-2.0", Mapping::Automatic),
        ("event: alb", Mapping::Automatic),
        ("event: raw", Mapping::Whole),
        ("event: proxy-1.0, answer: whole", Mapping::Whole),
    ] {
        let config = format!("amznRegion: eu-west-1, x-weir: {{lambda: {{{said}}}}}");
        let (plan, found) = compile((&config, "amznResourceName: f"), aws.clone(), None);
        assert_eq!(codes_of(&found), Vec::<&str>::new());
        let plan = plan.unwrap();
        let functions = &leaf(&plan).lambda.as_deref().unwrap().functions;
        assert_eq!(functions[0].as_deref().unwrap().mapping, mapping, "{said}");
    }
}

#[test]
fn keys_are_written_referred_to_or_left_as_they_were() {
    let compile = |keys: &str, before| {
        let config = format!("access_method: stored, amznRegion: eu-west-1, {keys}");
        compile((&config, "amznResourceName: f"), AwsDefaults::default(), before)
    };
    let referred = "amznAccessKey: a, amznSecretKey: '$env{KEY}', \
                    x-weir: {lambda: {sessionToken: '$env{KEY}'}}";
    let (plan, found) = compile(referred, None);
    assert_eq!(codes_of(&found), Vec::<&str>::new());
    let secret = "from the environment";
    assert_eq!(keys(&plan.unwrap()), (secret, Some(secret)));
    let (plan, found) = compile("amznAccessKey: a, amznSecretKey: '$env{ELSE}'", None);
    assert_eq!((codes_of(&found), plan), (vec![codes::SECRET_REFERENCE], None));

    let (before, _) = compile("amznAccessKey: a, amznSecretKey: hunter2", None);
    let before = before.as_ref();
    assert!(!before.unwrap().to_string().contains("hunter2"));
    for left_out in ["AWS_SECRET_KEY", "", "******"] {
        let (plan, found) =
            compile(&format!("amznAccessKey: a, amznSecretKey: '{left_out}'"), before);
        assert_eq!(codes_of(&found), [codes::SECRET_KEPT], "{left_out}");
        assert_eq!(keys(&plan.unwrap()), ("hunter2", None));
        let (plan, found) =
            compile(&format!("amznAccessKey: b, amznSecretKey: '{left_out}'"), before);
        assert_eq!((codes_of(&found), plan), (vec![codes::SECURITY_AWS], None), "{left_out}");
    }
}

#[test]
fn some_keys_without_the_others_are_refused_in_the_words_of_api_manager() {
    for config in [
        "access_method: stored, amznRegion: eu-west-1, amznSecretKey: s",
        "access_method: stored, amznAccessKey: a, amznSecretKey: s",
        "amznRegion: eu-west-1, amznSecretKey: s",
        "amznRegion: eu-west-1, x-weir: {lambda: {accessKey: a}}",
        "amznRegion: eu-west-1, x-weir: {lambda: {secretKey: s}}",
    ] {
        let name = "amznResourceName: 'arn:aws:lambda:eu-west-1:123456789012:function:f'";
        let (plan, found) = compile((config, name), AwsDefaults::default(), None);
        assert_eq!((codes_of(&found), plan), (vec![codes::SECURITY_AWS], None), "{config}");
        let message = &found.iter().next().unwrap().message;
        assert!(message.starts_with("Missing AWS Credentials"), "{message}");
    }
}

#[test]
fn the_access_method_has_many_spellings() {
    for word in ["role-supplied", "role_supplied", "ROLE_SUPPLIED", "roleSupplied"] {
        let config = format!("access_method: {word}, amznRegion: eu-west-1");
        let (plan, found) = compile((&config, "amznResourceName: f"), AwsDefaults::default(), None);
        assert_eq!(codes_of(&found), Vec::<&str>::new(), "{word}");
        let plan = plan.unwrap();
        let Some(Credentials::Aws(account)) = &leaf(&plan).credentials else { panic!("{plan}") };
        assert_eq!(account.source, AwsSource::Chain { profile: None });
    }
}

#[test]
fn a_context_for_the_client_has_a_longest_form() {
    // Three bytes are four of base64, and `{"a":""}` has eight.
    for (length, is_taken) in [(2677, true), (2678, false)] {
        let text = "x".repeat(length);
        let config =
            format!("amznRegion: eu-west-1, x-weir: {{lambda: {{clientContext: {{a: {text}}}}}}}");
        let (plan, found) = compile((&config, "amznResourceName: f"), AwsDefaults::default(), None);
        assert_eq!(plan.is_some(), is_taken, "{length} {found:?}");
    }
}
