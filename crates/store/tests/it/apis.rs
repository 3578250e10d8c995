//! APIs: names, concurrency, content, deletion.

use store::{ApiFace, Conflict, Doer, NewApi, Page, Store, StoreError, Thing};

use crate::engines::{Database, on_each};
use crate::fixture::{ORGANISATION, api, change, create, files, organisation};

/// What stands in the way of an API.
async fn conflict(store: &Store, api: &NewApi) -> Conflict {
    match change(store, 9).await.create_api(api, &files("x")).await.unwrap_err() {
        StoreError::Conflict(conflict) => conflict,
        other => panic!("{other}"),
    }
}

#[test]
fn names_versions_and_contexts_are_unique() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        create(&store, 3, &api("b", "Pizza", "2.0")).await;
        let check = async |change: &dyn Fn(&mut NewApi), expect: Conflict| {
            let mut api = api("c", "Pizza", "3.0");
            change(&mut api);
            assert_eq!(conflict(&store, &api).await, expect);
        };
        check(&|api| api.name = "PIZZA".into(), Conflict::ApiName).await;
        check(&|api| api.version = "1.0".into(), Conflict::ApiVersion).await;
        check(&|api| api.version = "2.0".into(), Conflict::ApiVersion).await;
        check(&|api| api.context = "/other".into(), Conflict::ApiContextOfVersions).await;
        check(&|api| api.provider = "eve".into(), Conflict::ApiProvider).await;
        check(&|api| api.id = "a".into(), Conflict::Exists(Thing::Api)).await;
        check(
            &|api| (api.name, api.context) = ("Burger".into(), "/PIZZA".into()),
            Conflict::ApiContext,
        )
        .await;
        assert_eq!(store.api_versions(ORGANISATION, "pizza").await.unwrap().len(), 2);
        assert_eq!(store.apis_with_context(ORGANISATION, "/Pizza").await.unwrap().len(), 2);
    });
}

#[test]
fn of_two_editors_the_second_is_told() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let seen = store.api(ORGANISATION, "a").await.unwrap().unwrap().etag;
        let face = ApiFace { summary: "mine".into(), ..ApiFace::default() };
        let mut first = change(&store, 3).await;
        assert_eq!(first.update_api("a", seen, &face, &files("second")).await.unwrap(), seen + 1);
        first.commit().await.unwrap();
        let mut second = change(&store, 4).await;
        let refused = second.update_api("a", seen, &face, &files("lost")).await.unwrap_err();
        assert!(matches!(refused, StoreError::Stale { expected: 1, found: 2 }), "{refused}");
        drop(second);
        let refused = change(&store, 5).await.set_api_status("a", seen, "BLOCKED").await;
        assert!(matches!(refused, Err(StoreError::Stale { .. })), "{refused:?}");
        let (api, content) = store.api_content(ORGANISATION, "a").await.unwrap().unwrap();
        assert_eq!((api.summary.as_str(), api.updated, content), ("mine", 3, files("second")));
    });
}

#[test]
fn of_many_writers_at_once_each_is_counted() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let write = async || {
            let mut changes = change(&store, 3).await;
            let face = ApiFace::default();
            loop {
                let seen = store.api(ORGANISATION, "a").await.unwrap().unwrap().etag;
                match changes.update_api("a", seen, &face, &files("x")).await {
                    Ok(_) => return changes.commit().await.unwrap(),
                    Err(StoreError::Stale { .. }) => {
                        drop(changes);
                        changes = change(&store, 3).await;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        };
        futures_util::future::join_all((0..8).map(|_| write())).await;
        assert_eq!(store.api(ORGANISATION, "a").await.unwrap().unwrap().etag, 9);
    });
}

#[test]
fn of_two_that_create_the_same_one_wins() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        let create = async |id: &str| {
            let mut changes = change(&store, 3).await;
            changes.create_api(&api(id, "Pizza", "1.0"), &files("x")).await?;
            changes.commit().await
        };
        let outcomes = futures_util::future::join_all(["a", "b", "c"].map(create)).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, StoreError::Conflict(Conflict::ApiVersion)), "{refused}");
        }
    });
}

#[test]
fn the_life_of_an_api_is_on_record() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let mut changes = change(&store, 3).await;
        let etag = changes.set_api_status("a", 1, "PUBLISHED").await.unwrap();
        changes.set_api_status("a", etag, "BLOCKED").await.unwrap();
        changes.commit().await.unwrap();
        let moves = store.transitions("a").await.unwrap();
        let moves: Vec<_> = moves.iter().map(|m| (m.previous.as_deref(), &*m.status)).collect();
        let expect =
            [(None, "CREATED"), (Some("CREATED"), "PUBLISHED"), (Some("PUBLISHED"), "BLOCKED")];
        assert_eq!(moves, expect);
        let mut changes = change(&store, 4).await;
        changes.delete_api("a").await.unwrap();
        changes.commit().await.unwrap();
        assert_eq!(store.api(ORGANISATION, "a").await.unwrap(), None);
        assert!(store.transitions("a").await.unwrap().is_empty());
        let about = Some((Thing::Api, "a"));
        let audit = store.audit(ORGANISATION, about, Page::default()).await.unwrap();
        let actions: Vec<_> =
            audit.items.iter().map(|r| (r.at, &*r.actor, &*r.action, &*r.detail)).collect();
        let expect = [
            (4, "admin", "delete", "Pizza 1.0"),
            (3, "admin", "change state", "PUBLISHED to BLOCKED"),
            (3, "admin", "change state", "CREATED to PUBLISHED"),
            (2, "admin", "create", "Pizza 1.0"),
        ];
        assert_eq!(actions, expect);
        let refused = change(&store, 5).await.delete_api("a").await;
        assert!(matches!(refused, Err(StoreError::Missing(Thing::Api))), "{refused:?}");
    });
}

#[test]
fn organisations_do_not_see_each_other() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let eve = || Doer { name: "eve".into(), organisation: "evil.com".into(), at: 3 };
        let refused = store.change(eve()).await.unwrap();
        let mut refused = refused;
        let of_nobody = refused.create_api(&api("b", "Pizza", "1.0"), &files("x")).await;
        assert!(matches!(of_nobody, Err(StoreError::Missing(Thing::Organisation))));
        drop(refused);
        let mut changes = store.change(eve()).await.unwrap();
        changes.create_organisation("evil.com", "Evil").await.unwrap();
        changes.create_api(&api("b", "Pizza", "1.0"), &files("x")).await.unwrap();
        changes.commit().await.unwrap();
        assert_eq!(store.api("evil.com", "a").await.unwrap(), None);
        assert_eq!(store.api_content("evil.com", "a").await.unwrap(), None);
        let missing = |outcome: Result<(), StoreError>| {
            assert!(matches!(outcome, Err(StoreError::Missing(Thing::Api))), "{outcome:?}");
        };
        let face = ApiFace::default();
        let mut changes = store.change(eve()).await.unwrap();
        missing(changes.update_api("a", 1, &face, &files("x")).await.map(drop));
        missing(changes.set_api_status("a", 1, "RETIRED").await.map(drop));
        missing(changes.create_revision("a", "r", "").await.map(drop));
        missing(changes.delete_api("a").await);
        drop(changes);
        assert_eq!(store.api(ORGANISATION, "a").await.unwrap().unwrap().etag, 1);
    });
}

#[test]
fn secrets_of_projects_are_not_in_the_database() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        let mut changes = change(&store, 2).await;
        changes.create_api(&api("a", "Pizza", "1.0"), &files("hunter2")).await.unwrap();
        changes.create_revision("a", "r", "").await.unwrap();
        changes.commit().await.unwrap();
        let mut raw = database.raw().await;
        for text in ["SELECT content FROM api_contents", "SELECT content FROM revisions"] {
            let stored: Vec<u8> = sqlx::query_scalar(text).fetch_one(&mut raw).await.unwrap();
            assert!(
                stored.len() > 7 && !stored.windows(7).any(|part| part == b"hunter2"),
                "{text}"
            );
        }
        // Content that was moved to another row does not open there.
        create(&store, 3, &api("b", "Burger", "1.0")).await;
        let swap = "UPDATE api_contents SET content = (SELECT content FROM api_contents \
                    WHERE api = 'a') WHERE api = 'b'";
        sqlx::query(swap).execute(&mut raw).await.unwrap();
        let refused = store.api_content(ORGANISATION, "b").await;
        assert!(matches!(refused, Err(StoreError::Seal(_))), "{refused:?}");
    });
}
