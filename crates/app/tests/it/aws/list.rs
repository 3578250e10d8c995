//! `weir lambda list`.

use serde_json::json;
use testkit::{Backend, Reply};

use super::moto;
use crate::support::{Done, configure, home, weir_with};

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDENV"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// Runs it without holding up what the test serves.
async fn list(arguments: &[&str], variables: &[(&str, &str)]) -> Done {
    let own = |text: &&str| (*text).to_owned();
    let arguments: Vec<String> = ["lambda", "list"].iter().chain(arguments).map(own).collect();
    let variables: Vec<(String, String)> =
        variables.iter().map(|(name, value)| (own(name), own(value))).collect();
    let run = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        weir_with(&arguments, &variables)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn functions_of_moto() {
    let Some(moto) = moto().await else { return };
    let url = moto.url();
    let variables = [KEYS[0], KEYS[1], KEYS[2], ("AWS_ENDPOINT_URL", &*url)];
    let done = list(&["--region", "eu-west-1"], &variables).await;
    assert_eq!(done.code, 0, "{done:?}");
    let mut arns: Vec<&str> = done.stdout.lines().collect();
    arns.sort_unstable();
    assert_eq!(arns.len(), 60);
    assert_eq!(arns[7], "arn:aws:lambda:eu-west-1:123456789012:function:f07");

    let role = "arn:aws:iam::123456789012:role/reader";
    let done = list(
        &["--role-arn", role, "--json"],
        &[&variables[..], &[("AWS_REGION", "eu-west-1")]].concat(),
    )
    .await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!((&done.json()["count"], &done.json()["region"]), (&json!(60), &json!("eu-west-1")));

    let done = list(&["--region", "eu-west-3"], &variables).await;
    assert_eq!((done.code, &*done.stdout), (0, ""), "{done:?}");
}

/// Page after page, each signed, with a marker that has to be escaped.
#[tokio::test]
async fn pages() {
    let page = |name: &str, next: Option<&str>| {
        let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
        Reply::json(&json!({ "Functions": [{ "FunctionArn": arn }], "NextMarker": next }))
    };
    let service = Backend::builder()
        .start(move |asked| match asked.target.as_str() {
            "/2015-03-31/functions/?MaxItems=50" => page("a", Some("b+/= &")),
            "/2015-03-31/functions/?MaxItems=50&Marker=b%2B%2F%3D%20%26" => page("b", None),
            _ => Reply::new(400),
        })
        .await;
    let url = service.url();
    let variables = [KEYS[0], KEYS[1], KEYS[2], ("AWS_ENDPOINT_URL_LAMBDA", &*url)];
    let done = list(&["--region", "eu-west-1"], &variables).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.stdout.lines().count(), 2);
    let asked = service.requests();
    let is_signed = |asked: &testkit::Recorded| {
        let signature = asked.header("authorization").unwrap();
        signature.contains("Credential=AKIDENV/") && signature.contains("/eu-west-1/lambda/")
    };
    assert!(asked.iter().all(is_signed));
}

/// What holds for calls of functions holds for the list: the proxy of upstreams, and a
/// configuration without mistakes.
#[tokio::test]
async fn the_configuration_counts() {
    let service = Backend::builder().start(|_| Reply::json(&json!({ "Functions": [] }))).await;
    let port = service.address().port();
    let toml =
        format!("[transport.http.sender]\nproxy_host = \"127.0.0.1\"\nproxy_port = {port}\n");
    let home = home(&toml);
    let folder = home.path().to_str().unwrap();
    let variables = [KEYS[0], KEYS[1], KEYS[2], ("AWS_ENDPOINT_URL", "http://lambda.invalid")];
    let done = list(&["--region", "eu-west-1", "--home", folder], &variables).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(service.last().authority.as_deref(), Some("lambda.invalid"));

    let mistaken = "[transport.http.sender]\nproxy_host = \"127.0.0.1\"\nproxy_port = \"no\"\n";
    configure(home.path(), mistaken);
    let done = list(&["--region", "eu-west-1", "--home", folder], &variables).await;
    assert_eq!((done.code, service.requests().len()), (1, 1), "{done:?}");
    assert!(done.stderr.contains("proxy_port"), "{done:?}");
}

#[tokio::test]
async fn why_there_is_no_list() {
    let refusing = Backend::builder()
        .start(|_| {
            Reply::new(403)
                .header("x-amzn-ErrorType", "AccessDeniedException")
                .body("{\"Message\":\"not authorized to perform lambda:ListFunctions\"}")
        })
        .await;
    let page = Backend::answer(200, &[], "<html>").await;
    let (refusing, page) = (refusing.url(), page.url());
    let at = |url| [KEYS[0], KEYS[1], KEYS[2], ("AWS_ENDPOINT_URL", url)];
    let nowhere = "http://127.0.0.1:9";
    let region: &[&str] = &["--region", "eu-west-1"];
    for (arguments, variables, told) in [
        (&[][..], &at(&refusing)[..], "no region"),
        (&["--region", "Mars"][..], &at(nowhere)[..3], "`Mars` is no region"),
        (region, &at(&refusing)[..], "403 AccessDeniedException: not authorized to perform"),
        (region, &at(&page)[..], "is not Lambda: it answers no JSON"),
        (region, &at(nowhere)[..], "cannot connect"),
        (region, &at(nowhere)[2..], "no keys of AWS"),
    ] {
        let done = list(arguments, variables).await;
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains(told), "{told}: {done:?}");
    }
}
