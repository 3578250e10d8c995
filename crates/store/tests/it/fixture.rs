//! What most tests begin with.

use model::Files;
use store::{ApiFace, Changes, Doer, NewApi, Store};

pub(crate) const ORGANISATION: &str = "carbon.super";

pub(crate) fn doer(at: i64) -> Doer {
    Doer { name: "admin".into(), organisation: ORGANISATION.into(), at }
}

/// Changes at a time.
pub(crate) async fn change(store: &Store, at: i64) -> Changes {
    store.change(doer(at)).await.unwrap()
}

/// The organisation that the tests' things belong to.
pub(crate) async fn organisation(store: &Store) {
    let mut changes = change(store, 1).await;
    changes.create_organisation(ORGANISATION, "Super").await.unwrap();
    changes.commit().await.unwrap();
}

pub(crate) fn api(id: &str, name: &str, version: &str) -> NewApi {
    NewApi {
        id: id.into(),
        name: name.into(),
        version: version.into(),
        context: format!("/{}", name.to_lowercase()),
        provider: "admin".into(),
        kind: "HTTP".into(),
        status: "CREATED".into(),
        face: ApiFace { summary: "{}".into(), ..ApiFace::default() },
    }
}

pub(crate) fn files(text: &str) -> Files {
    let mut files = Files::new();
    files.insert("api.yaml", text.as_bytes().to_vec()).unwrap();
    files.insert("Image/icon.png", vec![0, 159, 146, 150]).unwrap();
    files
}

/// Creates an API and keeps it.
pub(crate) async fn create(store: &Store, at: i64, api: &NewApi) {
    let mut changes = change(store, at).await;
    changes.create_api(api, &files("first")).await.unwrap();
    changes.commit().await.unwrap();
}
