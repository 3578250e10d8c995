//! Services, certificates, policies, environments, settings.

use store::{Certificate, Conflict, Environment, Order, Page, Policy, ServiceFace};
use store::{ServiceFilter, ServiceSort, StoreError, Thing};

use crate::engines::{Database, on_each};
use crate::fixture::{ORGANISATION, api, change, create, files, organisation};

fn service(key: &str, name: &str, version: &str) -> ServiceFace {
    ServiceFace {
        key: key.into(),
        name: name.into(),
        version: version.into(),
        description: "A service".into(),
        url: "http://pizza:8080".into(),
        kind: "OAS3".into(),
        security: "NONE".into(),
        mutual_tls: true,
        md5: "one".into(),
    }
}

fn conflict<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> Conflict {
    match outcome.unwrap_err() {
        StoreError::Conflict(conflict) => conflict,
        other => panic!("{other}"),
    }
}

#[test]
fn services_are_listed_changed_and_kept_while_they_are_used() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let mut changes = change(&store, 3).await;
        changes.create_service("s1", &service("k1", "Pizza_Service", "1"), b"one").await.unwrap();
        changes.create_service("s2", &service("k2", "pizzaService", "2"), b"two").await.unwrap();
        changes.use_service("a", "s1").await.unwrap();
        changes.commit().await.unwrap();
        for (id, face, expect) in [
            ("s3", service("k1", "New", "1"), Conflict::ServiceKey),
            ("s3", service("k3", "PIZZA_service", "1"), Conflict::ServiceVersion),
            ("s1", service("k3", "New", "1"), Conflict::Exists(Thing::Service)),
        ] {
            let refused = change(&store, 4).await.create_service(id, &face, b"").await;
            assert_eq!(conflict(refused), expect);
        }
        let list = async |filter: ServiceFilter| {
            let order = (ServiceSort::Name, Order::Ascending);
            let listed = store.services(ORGANISATION, &filter, order, Page::default()).await;
            listed.unwrap().items.into_iter().map(|service| service.id).collect::<String>()
        };
        let named = |name: &str| ServiceFilter { name: Some(name.into()), ..Default::default() };
        assert_eq!(list(ServiceFilter::default()).await, "s1s2");
        assert_eq!(list(named("PIZZAs")).await, "s2");
        assert_eq!(list(named("_")).await, "s1");
        assert_eq!(
            list(ServiceFilter { key: Some("k2".into()), ..Default::default() }).await,
            "s2"
        );
        let refused = change(&store, 5).await.delete_service("s1").await;
        assert_eq!(conflict(refused), Conflict::ServiceUsed);
        assert_eq!(store.service_uses("s1").await.unwrap(), ["a"]);
        let mut changes = change(&store, 6).await;
        let newer = ServiceFace { md5: "two".into(), ..service("", "", "") };
        assert_eq!(changes.update_service("s1", 1, &newer, b"newer").await.unwrap(), 2);
        changes.commit().await.unwrap();
        let stale = change(&store, 7).await.update_service("s1", 1, &newer, b"").await;
        assert!(matches!(stale, Err(StoreError::Stale { expected: 1, found: 2 })), "{stale:?}");
        let (now, used) = store.service_of_api("a").await.unwrap().unwrap();
        assert_eq!((now.face.md5.as_str(), used.as_str(), now.updated), ("two", "one", 6));
        assert_eq!(now.face.key, "k1");
        let definition = store.service_definition(ORGANISATION, "s1").await.unwrap();
        assert_eq!(definition.as_deref(), Some(&b"newer"[..]));
        let mut changes = change(&store, 8).await;
        changes.delete_api("a").await.unwrap();
        changes.delete_service("s1").await.unwrap();
        changes.commit().await.unwrap();
        assert_eq!(store.service(ORGANISATION, "s1").await.unwrap(), None);
        assert!(store.service_of_key(ORGANISATION, "k2").await.unwrap().is_some());
    });
}

#[test]
fn certificates_of_endpoints_and_clients() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let endpoint = Certificate {
            api: None,
            alias: "backend".into(),
            stage: String::new(),
            endpoint: "https://pizza".into(),
            tier: String::new(),
            content: b"PEM".to_vec(),
            created: 3,
            updated: 3,
        };
        let client = Certificate { api: Some("a".into()), tier: "Gold".into(), ..endpoint.clone() };
        let mut changes = change(&store, 3).await;
        changes.create_certificate(&endpoint).await.unwrap();
        changes.create_certificate(&client).await.unwrap();
        changes.commit().await.unwrap();
        let refused = change(&store, 4).await.create_certificate(&endpoint).await;
        assert_eq!(conflict(refused), Conflict::Exists(Thing::Certificate));
        let nowhere = Certificate { api: Some("b".into()), ..endpoint.clone() };
        let refused = change(&store, 4).await.create_certificate(&nowhere).await;
        assert!(matches!(refused, Err(StoreError::Missing(Thing::Api))), "{refused:?}");
        let mut changes = change(&store, 5).await;
        changes.replace_certificate(Some("a"), "backend", b"NEW", None).await.unwrap();
        changes.commit().await.unwrap();
        assert_eq!(store.certificates(ORGANISATION, None).await.unwrap(), [endpoint]);
        let replaced = Certificate { content: b"NEW".to_vec(), updated: 5, ..client };
        assert_eq!(store.certificates(ORGANISATION, Some("a")).await.unwrap(), [replaced]);
        let mut changes = change(&store, 6).await;
        changes.delete_certificate(None, "backend").await.unwrap();
        changes.delete_api("a").await.unwrap();
        changes.commit().await.unwrap();
        let gone = store.certificate(ORGANISATION, Some("a"), "backend").await.unwrap();
        assert_eq!(gone, None);
    });
}

#[test]
fn policies_are_common_or_of_an_api() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let policy = |id: &str, api: Option<&str>| Policy {
            id: id.into(),
            api: api.map(Into::into),
            name: "addHeader".into(),
            version: "v1".into(),
            display_name: "Add header".into(),
            md5: "one".into(),
            created: 3,
            updated: 3,
        };
        let mut changes = change(&store, 3).await;
        changes.create_policy(&policy("p", None), &files("common")).await.unwrap();
        changes.create_policy(&policy("q", Some("a")), &files("own")).await.unwrap();
        changes.commit().await.unwrap();
        for taken in [policy("r", None), policy("r", Some("a")), policy("p", Some("a"))] {
            let refused = change(&store, 4).await.create_policy(&taken, &files("x")).await;
            assert_eq!(conflict(refused), Conflict::Exists(Thing::Policy));
        }
        let mut changes = change(&store, 5).await;
        changes.update_policy("p", "Add", "two", &files("newer")).await.unwrap();
        changes.commit().await.unwrap();
        let (found, content) = store.policy(ORGANISATION, "p").await.unwrap().unwrap();
        assert_eq!((found.md5.as_str(), found.updated, content), ("two", 5, files("newer")));
        assert_eq!(store.policies(ORGANISATION, None).await.unwrap(), [found]);
        assert_eq!(
            store.policies(ORGANISATION, Some("a")).await.unwrap(),
            [policy("q", Some("a"))]
        );
        let mut changes = change(&store, 6).await;
        changes.delete_policy("p").await.unwrap();
        changes.delete_api("a").await.unwrap();
        changes.commit().await.unwrap();
        assert_eq!(store.policy(ORGANISATION, "q").await.unwrap(), None);
    });
}

#[test]
fn environments_and_settings() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        let europe = Environment {
            id: "e".into(),
            name: "Europe".into(),
            kind: "hybrid".into(),
            detail: "{}".into(),
            created: 2,
        };
        let mut changes = change(&store, 2).await;
        changes.create_environment(&europe).await.unwrap();
        changes.set("signing key", &[0, 255]).await.unwrap();
        changes.set("signing key", &[1, 254]).await.unwrap();
        changes.commit().await.unwrap();
        let listed = store.environments(ORGANISATION).await.unwrap();
        assert_eq!(listed.as_slice(), std::slice::from_ref(&europe));
        let value = store.setting(ORGANISATION, "signing key").await.unwrap();
        assert_eq!(value, Some(vec![1, 254]));
        let refused = change(&store, 3).await.create_environment(&europe).await;
        assert_eq!(conflict(refused), Conflict::Exists(Thing::Environment));
        let mut changes = change(&store, 4).await;
        changes.update_environment("e", "sandbox", "[]").await.unwrap();
        changes.unset("signing key").await.unwrap();
        changes.commit().await.unwrap();
        assert_eq!(store.environments(ORGANISATION).await.unwrap()[0].kind, "sandbox");
        assert_eq!(store.setting(ORGANISATION, "signing key").await.unwrap(), None);
        let mut changes = change(&store, 5).await;
        changes.delete_environment("e").await.unwrap();
        changes.commit().await.unwrap();
        let refused = change(&store, 6).await.delete_environment("e").await;
        assert!(matches!(refused, Err(StoreError::Missing(Thing::Environment))), "{refused:?}");
    });
}
