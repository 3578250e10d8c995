//! Backups, restored into each engine.

use model::Secret;
use store::{
    Certificate, Changes, Environment, NewClient, NewUser, Page, Policy, ServiceFace, Store,
};
use store::{StoreError, Target, Thing, Token, TokenKind};

use crate::engines::{Database, on_each, postgres, sqlite};
use crate::fixture::{ORGANISATION, api, change, create, doer, files, organisation};

/// A row in every table.
async fn fill(store: &Store) {
    organisation(store).await;
    let mut api = api("a", "Pizza", "1.0");
    api.face.tags = vec!["food".into()];
    api.face.properties = vec![("region".into(), "eu".into())];
    create(store, 2, &api).await;
    let mut changes = change(store, 3).await;
    changes.create_revision("a", "r", "first \"quoted\"\n").await.unwrap();
    let target =
        Target { environment: "Default".into(), vhost: "h".into(), is_on_devportal: false };
    changes.deploy("a", "r", &target).await.unwrap();
    people(&mut changes).await;
    catalog(&mut changes).await;
    changes.commit().await.unwrap();
}

async fn people(changes: &mut Changes) {
    changes
        .create_user(&NewUser {
            name: "Admin".into(),
            password: Secret::new("hash"),
            roles: vec!["admin".into()],
            must_change: false,
        })
        .await
        .unwrap();
    changes
        .create_client(&NewClient {
            id: "c".into(),
            owner: "admin".into(),
            name: "portal".into(),
            secret: Secret::new("client-secret"),
            grants: vec![],
            callback: String::new(),
        })
        .await
        .unwrap();
    let token = Token {
        kind: TokenKind::Access,
        client: "c".into(),
        organisation: ORGANISATION.into(),
        user: "admin".into(),
        scopes: vec![],
        family: "f".into(),
        detail: String::new(),
        issued: 1,
        expires: 100,
    };
    changes.issue_token(&Secret::new("text"), &token).await.unwrap();
}

async fn catalog(changes: &mut Changes) {
    let service = ServiceFace { key: "k".into(), name: "S".into(), ..ServiceFace::default() };
    changes.create_service("s", &service, b"openapi: 3.0.1").await.unwrap();
    changes.use_service("a", "s").await.unwrap();
    changes
        .create_certificate(&Certificate {
            api: None,
            alias: "backend".into(),
            stage: String::new(),
            endpoint: String::new(),
            tier: String::new(),
            content: b"PEM".to_vec(),
            created: 0,
            updated: 0,
        })
        .await
        .unwrap();
    let policy = Policy {
        id: "p".into(),
        api: None,
        name: "n".into(),
        version: "v1".into(),
        display_name: "N".into(),
        md5: String::new(),
        created: 0,
        updated: 0,
    };
    changes.create_policy(&policy, &files("policy")).await.unwrap();
    let environment = Environment {
        id: "e".into(),
        name: "Europe".into(),
        kind: "hybrid".into(),
        detail: "{}".into(),
        created: 0,
    };
    changes.create_environment(&environment).await.unwrap();
    changes.set("key", &[0, 1, 2]).await.unwrap();
}

async fn backup(store: &Store) -> Vec<u8> {
    let mut file = Vec::new();
    store.backup(&mut file, 9).await.unwrap();
    file
}

async fn restore(store: &Store, file: &[u8]) -> Result<u64, StoreError> {
    Ok(store.restore(&mut &file[..], doer(10)).await?.rows)
}

#[test]
fn a_backup_is_restored_into_either_engine() {
    on_each(async |database: Database| {
        let store = database.open().await;
        fill(&store).await;
        let file = backup(&store).await;
        for table in ["settings", "service_uses", "api_tags", "transitions", "tokens"] {
            let mark = format!("{{\"table\":\"{table}\"");
            assert!(String::from_utf8_lossy(&file).contains(&mark), "{table}");
        }
        for target in [Some(sqlite()), postgres().await].into_iter().flatten() {
            let other = target.open().await;
            let rows = restore(&other, &file).await.unwrap();
            let (api, content) = other.api_content(ORGANISATION, "a").await.unwrap().unwrap();
            assert_eq!((api.name.as_str(), content), ("Pizza", files("first")));
            assert_eq!(other.client("c").await.unwrap(), store.client("c").await.unwrap());
            assert_eq!(
                other.deployments("a").await.unwrap(),
                store.deployments("a").await.unwrap()
            );
            // The same rows again, and one that says that they were restored.
            let again = backup(&other).await;
            let (lines, again): (Vec<_>, Vec<_>) = (
                file.split(|byte| *byte == b'\n').collect(),
                again.split(|byte| *byte == b'\n').collect(),
            );
            assert_eq!(lines[..lines.len() - 2], again[..lines.len() - 2]);
            assert_eq!(again.len(), lines.len() + 1);
            let audit =
                other.audit(ORGANISATION, None, Page { limit: 1, offset: 0 }).await.unwrap();
            assert_eq!(audit.items[0].detail, format!("{rows} rows"));
            create(&other, 11, &crate::fixture::api("b", "Burger", "1.0")).await;
            let refused = restore(&other, &file).await.unwrap_err().to_string();
            assert!(refused.contains("the store is not empty"), "{refused}");
        }
    });
}

#[test]
fn a_backup_that_is_not_whole_is_refused_and_leaves_nothing() {
    on_each(async |database: Database| {
        let store = sqlite();
        let store = store.open().await;
        fill(&store).await;
        let file = backup(&store).await;
        let text = String::from_utf8(file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let without = |index: usize| {
            let mut kept = lines.clone();
            kept.remove(index);
            kept.join("\n") + "\n"
        };
        let target = database.open().await;
        for (file, says) in [
            (String::new(), "line 1: it ends in the middle"),
            ("{}\n".into(), "line 1: it is no backup"),
            (text.replace("\"schema\":1", "\"schema\":99"), "line 1: it is of a newer program"),
            (text.replace("Pizza", "Burger"), "its digest is another one"),
            (without(lines.len() - 2), "its digest is another one"),
            (without(lines.len() - 1), "it ends in the middle"),
            (lines[..5].join("\n"), "it ends in the middle"),
            (text.replace("\"table\":\"apis\"", "\"table\":\"apis;\""), "it is no row"),
            (text.replace("\"kind\":\"HTTP\"", "\"kind\":7"), "it is no row"),
            (text.replace("\"context_key\"", "\"context_key,\""), "it is no row"),
        ] {
            let refused = restore(&target, file.as_bytes()).await.unwrap_err().to_string();
            assert!(refused.contains(says), "{refused} is not {says}");
        }
        assert_eq!(restore(&target, text.as_bytes()).await.unwrap(), lines.len() as u64 - 2);
        let refused = change(&target, 11).await.create_organisation(ORGANISATION, "").await;
        let there = store::Conflict::Exists(Thing::Organisation);
        assert!(matches!(refused, Err(StoreError::Conflict(found)) if found == there));
    });
}
