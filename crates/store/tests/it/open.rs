//! Opening, migrating, and transactions.

use std::os::unix::fs::PermissionsExt as _;

use store::{Page, Store, StoreConfig, StoreError};

use crate::engines::{Database, on_each, sealer, sqlite};
use crate::fixture::{ORGANISATION, api, change, create, files, organisation};

#[test]
fn what_is_committed_is_there_when_it_is_opened_again() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        store.close().await;
        let store = database.open().await;
        store.ping().await.unwrap();
        let (api, content) = store.api_content(ORGANISATION, "a").await.unwrap().unwrap();
        assert_eq!((api.name.as_str(), content), ("Pizza", files("first")));
        assert_eq!(store.organisations().await.unwrap()[0].display_name, "Super");
    });
}

#[test]
fn several_programs_may_start_at_once() {
    on_each(async |database: Database| {
        let (first, second) = tokio::join!(database.open(), database.open());
        organisation(&first).await;
        assert_eq!(second.organisations().await.unwrap().len(), 1);
    });
}

#[test]
fn a_newer_schema_is_refused() {
    on_each(async |database: Database| {
        database.open().await.close().await;
        let mut raw = database.raw().await;
        let newer = "UPDATE schema_version SET version = version + 1";
        sqlx::query(newer).execute(&mut raw).await.unwrap();
        let refused = Store::open(&database.config, sealer()).await.unwrap_err();
        assert!(matches!(refused, StoreError::NewerSchema { found: 2, known: 1 }), "{refused}");
    });
}

#[test]
fn changes_that_are_dropped_leave_nothing() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        let mut changes = change(&store, 2).await;
        changes.create_api(&api("a", "Pizza", "1.0"), &files("x")).await.unwrap();
        drop(changes);
        assert_eq!(store.api(ORGANISATION, "a").await.unwrap(), None);
        assert_eq!(store.audit(ORGANISATION, None, Page::default()).await.unwrap().total, 1);
        // And nobody waits for them.
        create(&store, 3, &api("a", "Pizza", "1.0")).await;
    });
}

#[test]
fn changes_with_a_failed_step_are_not_kept() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let mut changes = change(&store, 3).await;
        changes.create_api(&api("b", "Burger", "1.0"), &files("x")).await.unwrap();
        changes.create_api(&api("c", "Pizza", "1.0"), &files("x")).await.unwrap_err();
        let refused = changes.commit().await.unwrap_err();
        assert!(matches!(refused, StoreError::Broken), "{refused}");
        assert_eq!(store.api(ORGANISATION, "b").await.unwrap(), None);
    });
}

#[test]
fn texts_that_one_engine_cannot_hold_are_refused_by_both() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        let mut changes = change(&store, 2).await;
        let refused = changes.create_api(&api("a", "Pi\0zza", "1.0"), &files("x")).await;
        assert!(matches!(refused, Err(StoreError::Unstorable)), "{refused:?}");
        drop(changes);
        let refused = store.api(ORGANISATION, "\0").await;
        assert!(matches!(refused, Err(StoreError::Unstorable)), "{refused:?}");
    });
}

#[test]
fn only_the_owner_reads_the_files_of_sqlite() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = sqlite();
        let store = database.open().await;
        organisation(&store).await;
        let StoreConfig::Sqlite { path } = &database.config else { panic!("not SQLite") };
        for ending in ["", "-wal", "-shm"] {
            let file = format!("{}{ending}", path.display());
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    });
}
