//! Revisions and deployments.

use store::{ApiFace, Conflict, DeploymentState, MAX_REVISIONS, StoreError, Target, Thing};

use crate::engines::{Database, on_each};
use crate::fixture::{ORGANISATION, api, change, create, files, organisation};

fn target(environment: &str) -> Target {
    Target { environment: environment.into(), vhost: "localhost".into(), is_on_devportal: true }
}

#[test]
fn numbers_are_never_used_again() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let mut changes = change(&store, 3).await;
        for number in 1..=MAX_REVISIONS {
            let made = changes.create_revision("a", &format!("r{number}"), "text").await.unwrap();
            assert_eq!(made.number, number);
        }
        changes.commit().await.unwrap();
        let refused = change(&store, 4).await.create_revision("a", "r6", "").await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict(Conflict::TooManyRevisions)), "{refused}");
        let mut changes = change(&store, 5).await;
        changes.delete_revision("a", "r1").await.unwrap();
        changes.delete_revision("a", "r5").await.unwrap();
        assert_eq!(changes.create_revision("a", "r6", "").await.unwrap().number, 6);
        changes.commit().await.unwrap();
        let numbers: Vec<_> =
            store.revisions("a").await.unwrap().iter().map(|revision| revision.number).collect();
        assert_eq!(numbers, [2, 3, 4, 6]);
    });
}

#[test]
fn a_revision_is_what_the_api_was() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let mut changes = change(&store, 3).await;
        let made = changes.create_revision("a", "r", "the first").await.unwrap();
        changes.update_api("a", 1, &ApiFace::default(), &files("second")).await.unwrap();
        changes.commit().await.unwrap();
        let (revision, content) = store.revision(ORGANISATION, "r").await.unwrap().unwrap();
        assert_eq!((revision, content), (made, files("first")));
        assert_eq!(store.revision("evil.com", "r").await.unwrap(), None);
        let mut changes = change(&store, 4).await;
        let face = ApiFace { summary: "as before".into(), ..ApiFace::default() };
        assert_eq!(changes.restore_revision("a", "r", 2, &face).await.unwrap(), 3);
        changes.commit().await.unwrap();
        let (api, content) = store.api_content(ORGANISATION, "a").await.unwrap().unwrap();
        assert_eq!((api.summary.as_str(), content), ("as before", files("first")));
    });
}

#[test]
fn an_environment_serves_one_revision() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        let mut changes = change(&store, 3).await;
        changes.create_revision("a", "r1", "").await.unwrap();
        changes.create_revision("a", "r2", "").await.unwrap();
        changes.deploy("a", "r1", &target("Default")).await.unwrap();
        changes.deploy("a", "r1", &target("Europe")).await.unwrap();
        changes.deploy("a", "r2", &target("Default")).await.unwrap();
        changes.commit().await.unwrap();
        let deployed = store.deployments("a").await.unwrap();
        let where_: Vec<_> =
            deployed.iter().map(|d| (&*d.target.environment, &*d.revision)).collect();
        assert_eq!(where_, [("Default", "r2"), ("Europe", "r1")]);
        let refused = change(&store, 4).await.delete_revision("a", "r1").await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict(Conflict::RevisionDeployed)), "{refused}");
        let mut changes = change(&store, 5).await;
        // A gateway that answers for what has been replaced is not heard.
        let late =
            changes.settle_deployment(("a", "r1", "Default"), DeploymentState::Deployed, "").await;
        assert!(matches!(late, Err(StoreError::Missing(Thing::Deployment))), "{late:?}");
        drop(changes);
        let mut changes = change(&store, 6).await;
        let settled = ("a", "r2", "Default");
        changes.settle_deployment(settled, DeploymentState::Rejected, "no port").await.unwrap();
        changes.undeploy("a", "Europe").await.unwrap();
        changes.delete_revision("a", "r1").await.unwrap();
        changes.commit().await.unwrap();
        let left = store.deployments_in(ORGANISATION, "Default").await.unwrap();
        assert_eq!(left, store.deployments("a").await.unwrap());
        assert_eq!((left[0].state, &*left[0].reason), (DeploymentState::Rejected, "no port"));
        assert_eq!((left[0].deployed, left[0].settled), (3, Some(6)));
        let mut changes = change(&store, 7).await;
        changes.delete_api("a").await.unwrap();
        changes.commit().await.unwrap();
        assert!(store.deployments_in(ORGANISATION, "Default").await.unwrap().is_empty());
    });
}

#[test]
fn what_is_not_there_cannot_be_deployed() {
    on_each(async |database: Database| {
        let store = database.open().await;
        organisation(&store).await;
        create(&store, 2, &api("a", "Pizza", "1.0")).await;
        create(&store, 2, &api("b", "Burger", "1.0")).await;
        let mut changes = change(&store, 3).await;
        changes.create_revision("b", "r", "").await.unwrap();
        changes.commit().await.unwrap();
        let refused = change(&store, 4).await.deploy("a", "r", &target("Default")).await;
        assert!(matches!(refused, Err(StoreError::Missing(Thing::Revision))), "{refused:?}");
        let refused = change(&store, 4).await.undeploy("a", "Default").await;
        assert!(matches!(refused, Err(StoreError::Missing(Thing::Deployment))), "{refused:?}");
    });
}
