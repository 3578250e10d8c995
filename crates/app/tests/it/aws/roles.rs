//! Roles that are assumed: with keys, with the token of an identity, and by single sign-on.

use serde_json::json;
use tempfile::TempDir;
use testkit::{Backend, Reply};

use super::{FAR, Rig, moto, written};

const ROLE: &str = "arn:aws:iam::123456789012:role/caller";

/// What STS answers to `AssumeRole`.
fn session() -> Reply {
    Reply::new(200).header("content-type", "text/xml").body(format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><AssumedRoleId>AROA:weir</AssumedRoleId><Arn>{ROLE}</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIASESSION</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
         <SessionToken>session</SessionToken><Expiration>{FAR}</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>"
    ))
}

const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "secret")];

/// All that an API may say about a role reaches STS, signed with the keys below the role.
#[tokio::test]
async fn a_role_is_asked_for_as_the_api_says() {
    let sts = Backend::builder().start(|_| session()).await;
    let url = sts.url();
    let lambda = json!({
        "role": { "arn": ROLE, "sessionName": "shop", "region": "eu-west-3" },
        "externalId": "hush",
        "sessionTags": { "team": "pizza", "stage": "live" },
        "sessionDuration": "15m",
    });
    let rig = Rig::start(lambda, &[KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL_STS", &*url)]).await;
    assert_eq!(rig.signer().await, ("ASIASESSION".into(), Some("session".into())));
    let asked = sts.last();
    let form: Vec<(String, String)> =
        url::form_urlencoded::parse(&asked.body).into_owned().collect();
    let value = |name: &str| {
        let found = form.iter().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("{name}: {form:?}")).1.clone()
    };
    assert_eq!(value("Action"), "AssumeRole");
    assert_eq!(value("RoleArn"), ROLE);
    assert_eq!(value("RoleSessionName"), "shop");
    assert_eq!(value("ExternalId"), "hush");
    assert_eq!(value("DurationSeconds"), "900");
    let mut tags: Vec<_> = (1..=2)
        .map(|tag| {
            (value(&format!("Tags.member.{tag}.Key")), value(&format!("Tags.member.{tag}.Value")))
        })
        .collect();
    tags.sort();
    let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(tags, [tag("stage", "live"), tag("team", "pizza")]);
    let signature = asked.header("authorization").unwrap();
    assert!(signature.contains("Credential=AKIDENV/"), "{signature}");
    assert!(signature.contains("/eu-west-3/sts/aws4_request"), "{signature}");
}

/// A refusal of STS is told to the log, without the caller; the external id is told to nobody.
#[tokio::test]
async fn a_role_that_is_refused() {
    let sts = Backend::builder()
        .start(|_| {
            Reply::new(403).header("content-type", "text/xml").body(
                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
                 <Message>User is not authorized to perform: sts:AssumeRole</Message></Error>\
                 <RequestId>r</RequestId></ErrorResponse>",
            )
        })
        .await;
    let url = sts.url();
    let lambda = json!({ "role": { "arn": ROLE }, "externalId": "hush-hush" });
    let rig = Rig::start(lambda, &[KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL_STS", &*url)]).await;
    let answer = rig.call().await;
    assert_eq!((answer.status, &answer.json()["code"]), (500, &json!("303003")));
    assert!(!answer.text().contains("AssumeRole"), "{}", answer.text());
    let line = rig.process.logged("No keys of AWS could be had.").await;
    assert!(line.contains("not authorized to perform"), "{line}");
    assert!(line.contains(ROLE), "{line}");
    assert!(!line.contains("hush-hush"), "{line}");
}

#[tokio::test]
async fn roles_of_moto() {
    let Some(moto) = moto().await else { return };
    let url = moto.url();
    let lambda = json!({ "role": { "arn": ROLE }, "sessionTags": { "team": "pizza" } });
    let rig = Rig::start(lambda, &[KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL_STS", &*url)]).await;
    let (id, token) = rig.signer().await;
    assert!(id.starts_with("ASIA"), "{id}");
    assert!(token.is_some_and(|token| token.len() > 100));

    // The same with the token of an identity in place of keys, as pods have it (IRSA).
    let dir = TempDir::new().unwrap();
    let token = written(&dir, "token", "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmVk");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &*token),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_ROLE_SESSION_NAME", "pod"),
        ("AWS_ENDPOINT_URL", &*url),
    ];
    let rig = Rig::start(json!({}), &variables).await;
    let (id, token) = rig.signer().await;
    assert!(id.starts_with("ASIA"), "{id}");
    assert!(token.is_some());
}

/// Single sign-on: the token of a login that somebody has made here before.
#[tokio::test]
async fn a_login_by_single_sign_on() {
    let portal = Backend::builder()
        .start(|_| {
            Reply::json(&json!({ "roleCredentials": { "accessKeyId": "ASIASSO",
                "secretAccessKey": "secret", "sessionToken": "session",
                "expiration": 4_070_908_800_000_u64 } }))
        })
        .await;
    let dir = TempDir::new().unwrap();
    let config = "[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\n\
                  sso_role_name = caller\n[sso-session corp]\nsso_region = eu-west-1\n\
                  sso_start_url = https://corp.example.com/start\n";
    let config = written(&dir, "config", config);
    let cache = dir.path().join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    // Named after the session (SHA-1 of `corp`).
    let login = cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    let token = json!({ "accessToken": "login", "expiresAt": FAR, "region": "eu-west-1",
        "startUrl": "https://corp.example.com/start" });
    std::fs::write(login, token.to_string()).unwrap();
    let url = portal.url();
    let variables = [
        ("HOME", dir.path().to_str().unwrap()),
        ("AWS_CONFIG_FILE", &*config),
        ("AWS_PROFILE", "corp"),
        ("AWS_ENDPOINT_URL_SSO", &*url),
    ];
    let rig = Rig::start(json!({}), &variables).await;
    assert_eq!(rig.signer().await, ("ASIASSO".into(), Some("session".into())));
    let asked = portal.last();
    assert_eq!(asked.header("x-amz-sso_bearer_token"), Some("login"));
    assert!(asked.target.contains("role_name=caller"), "{}", asked.target);
}
