//! Users, clients, tokens.

use model::Secret;
use store::{Conflict, Lockout, NewClient, NewUser, Page, Store, StoreError, Thing};
use store::{Token, TokenKind};

use crate::engines::{Database, on_each};
use crate::fixture::{ORGANISATION, change, organisation};

fn user(name: &str) -> NewUser {
    NewUser {
        name: name.into(),
        password: Secret::new("$argon2id$hash"),
        roles: vec!["admin".into(), "Internal/publisher".into()],
        must_change: true,
    }
}

fn client(id: &str, name: &str) -> NewClient {
    NewClient {
        id: id.into(),
        owner: "admin".into(),
        name: name.into(),
        secret: Secret::new("client-secret"),
        grants: vec!["password".into(), "refresh_token".into()],
        callback: "www.google.lk".into(),
    }
}

fn token(kind: TokenKind, family: &str) -> Token {
    Token {
        kind,
        client: "c".into(),
        organisation: ORGANISATION.into(),
        user: "admin".into(),
        scopes: vec!["apim:api_view".into()],
        family: family.into(),
        detail: String::new(),
        issued: 10,
        expires: 100,
    }
}

async fn start(database: &Database) -> Store {
    let store = database.open().await;
    organisation(&store).await;
    let mut changes = change(&store, 2).await;
    changes.create_user(&user("Admin")).await.unwrap();
    changes.create_client(&client("c", "portal")).await.unwrap();
    changes.commit().await.unwrap();
    store
}

#[test]
fn names_of_users_count_without_their_case() {
    on_each(async |database: Database| {
        let store = start(&database).await;
        let found = store.user(ORGANISATION, "aDMIN").await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.must_change, found.created), ("Admin", true, 2));
        assert_eq!((found.roles, found.password), (user("").roles, user("").password));
        assert_eq!(store.user("evil.com", "admin").await.unwrap(), None);
        let refused = change(&store, 3).await.create_user(&user("ADMIN")).await.unwrap_err();
        let expect = Conflict::Exists(Thing::User);
        assert!(matches!(refused, StoreError::Conflict(found) if found == expect), "{refused}");
        let mut changes = change(&store, 3).await;
        changes.create_user(&user("eve")).await.unwrap();
        changes.set_roles("EVE", &["Internal/creator".into()]).await.unwrap();
        changes.commit().await.unwrap();
        let page = Page { limit: 1, offset: 1 };
        let listed = store.users(ORGANISATION, page).await.unwrap();
        assert_eq!((listed.total, listed.items[0].name.as_str()), (2, "eve"));
        assert_eq!(listed.items[0].roles, ["Internal/creator"]);
    });
}

#[test]
fn wrong_passwords_lock_and_a_new_one_opens() {
    on_each(async |database: Database| {
        let store = start(&database).await;
        let lockout = Lockout { after: 3, milliseconds: 1000 };
        let fail = async |at: i64| {
            let mut changes = change(&store, at).await;
            let until = changes.note_failed_login("admin", lockout).await.unwrap();
            changes.commit().await.unwrap();
            until
        };
        assert_eq!((fail(10).await, fail(11).await, fail(12).await), (0, 0, 1012));
        // When it has ended, one more is enough.
        assert_eq!(fail(2000).await, 3000);
        let mut changes = change(&store, 3001).await;
        changes.note_login("admin").await.unwrap();
        changes.commit().await.unwrap();
        assert_eq!(fail(3002).await, 0);
        let mut changes = change(&store, 3003).await;
        changes.set_password("admin", &Secret::new("other"), false).await.unwrap();
        changes.commit().await.unwrap();
        let user = store.user(ORGANISATION, "admin").await.unwrap().unwrap();
        assert_eq!((user.failed, user.locked_until, user.must_change), (0, 0, false));
        assert_eq!(user.password.expose(), "other");
        let refused = change(&store, 4).await.note_failed_login("nobody", lockout).await;
        assert!(matches!(refused, Err(StoreError::Missing(Thing::User))), "{refused:?}");
        let audit = store.audit(ORGANISATION, Some((Thing::User, "admin")), Page::default());
        assert!(audit.await.unwrap().items.iter().all(|r| !r.detail.contains("other")));
    });
}

#[test]
fn a_client_is_given_its_secret_again() {
    on_each(async |database: Database| {
        let store = start(&database).await;
        let found = store.client_of(ORGANISATION, "admin", "portal").await.unwrap().unwrap();
        assert_eq!(found.secret.expose(), "client-secret");
        assert_eq!(store.client("c").await.unwrap(), Some(found));
        for taken in [client("c", "other"), client("d", "portal")] {
            let refused = change(&store, 3).await.create_client(&taken).await.unwrap_err();
            assert!(matches!(refused, StoreError::Conflict(Conflict::Exists(Thing::Client))));
        }
        let mut raw = database.raw().await;
        let stored: Vec<u8> =
            sqlx::query_scalar("SELECT secret FROM clients").fetch_one(&mut raw).await.unwrap();
        assert!(!stored.windows(6).any(|part| part == b"secret"));
    });
}

#[test]
fn tokens_end_are_used_once_and_are_revoked_together() {
    on_each(async |database: Database| {
        let store = start(&database).await;
        let (access, refresh) = (Secret::new("access-text"), Secret::new("refresh-text"));
        let mut changes = change(&store, 10).await;
        changes.issue_token(&access, &token(TokenKind::Access, "f")).await.unwrap();
        changes.issue_token(&refresh, &token(TokenKind::Refresh, "f")).await.unwrap();
        changes.commit().await.unwrap();
        let found = store.token(TokenKind::Access, &access, 99).await.unwrap();
        assert_eq!(found, Some(token(TokenKind::Access, "f")));
        assert_eq!(store.token(TokenKind::Access, &access, 100).await.unwrap(), None);
        assert_eq!(store.token(TokenKind::Refresh, &access, 99).await.unwrap(), None);
        let take = async || {
            let mut changes = change(&store, 20).await;
            changes.take_token(TokenKind::Refresh, &refresh).await?;
            changes.commit().await
        };
        let outcomes = futures_util::future::join_all((0..4).map(|_| take())).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let mut changes = change(&store, 30).await;
        assert_eq!(changes.revoke_tokens("c", "f").await.unwrap(), 1);
        changes.commit().await.unwrap();
        assert_eq!(store.token(TokenKind::Access, &access, 50).await.unwrap(), None);
    });
}

#[test]
fn tokens_go_with_their_user_client_and_time() {
    on_each(async |database: Database| {
        let store = start(&database).await;
        let issue = async |text: &str| {
            let mut changes = change(&store, 10).await;
            let about = token(TokenKind::Access, text);
            changes.issue_token(&Secret::new(text), &about).await.unwrap();
            changes.commit().await.unwrap();
        };
        let is_there = async |text: &str| {
            store.token(TokenKind::Access, &Secret::new(text), 50).await.unwrap().is_some()
        };
        issue("one").await;
        let mut changes = change(&store, 20).await;
        changes.delete_user("ADMIN").await.unwrap();
        changes.commit().await.unwrap();
        assert!(!is_there("one").await);
        issue("two").await;
        let mut changes = change(&store, 100).await;
        assert_eq!(changes.purge_tokens().await.unwrap(), 1);
        changes.commit().await.unwrap();
        assert!(!is_there("two").await);
        issue("three").await;
        let mut changes = change(&store, 30).await;
        changes.delete_client("c").await.unwrap();
        changes.commit().await.unwrap();
        assert!(!is_there("three").await);
        let mut raw = database.raw().await;
        let left: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM tokens").fetch_one(&mut raw).await.unwrap();
        assert_eq!(left, 0);
    });
}
