//! Deployments: which revision of an API an environment is to serve, and what became of it.

use sqlx::any::AnyRow;

use crate::changes::Changes;
use crate::error::{StoreError, Thing};
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// A revision in an environment; an environment serves one revision of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The API.
    pub api: String,
    /// The revision.
    pub revision: String,
    /// Where.
    pub target: Target,
    /// What became of it.
    pub state: DeploymentState,
    /// Why it is so, for people; empty where there is nothing to say.
    pub reason: String,
    /// When it was asked for, in milliseconds since 1970.
    pub deployed: i64,
    /// When the gateways answered, in milliseconds since 1970.
    pub settled: Option<i64>,
}

/// Where a revision is deployed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The name of the environment.
    pub environment: String,
    /// The virtual host there.
    pub vhost: String,
    /// Whether the developer portal shows it.
    pub is_on_devportal: bool,
}

/// What gateways have made of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentState {
    /// None has answered yet.
    Pending,
    /// It is served.
    Deployed,
    /// It is not served; the reason says why.
    Rejected,
}

impl DeploymentState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Deployed => "deployed",
            Self::Rejected => "rejected",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        [Self::Pending, Self::Deployed, Self::Rejected]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::Damaged("the state of a deployment".into()))
    }
}

impl Store {
    /// The deployments of an API, by environment.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn deployments(&self, api: &str) -> Result<Vec<Deployment>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM deployments WHERE api = $1 ORDER BY environment");
        statement.text(api).all(&mut connection).await?.iter().map(read).collect()
    }

    /// What an environment is to serve, of all APIs of an organisation.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn deployments_in(
        &self,
        organisation: &str,
        environment: &str,
    ) -> Result<Vec<Deployment>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT d.* FROM deployments d JOIN apis a ON a.id = d.api \
                             WHERE d.environment = $1 AND a.organisation = $2 ORDER BY d.api");
        let statement = statement.text(environment).text(organisation);
        statement.all(&mut connection).await?.iter().map(read).collect()
    }
}

impl Changes {
    /// Has an environment serve a revision, in place of another one of the API.
    ///
    /// # Errors
    ///
    /// No such API or revision, or the database fails.
    pub async fn deploy(
        &mut self,
        api: &str,
        revision: &str,
        target: &Target,
    ) -> Result<(), StoreError> {
        let number = self.lock_revision(api, revision).await?;
        let statement = sql("INSERT INTO deployments (api, environment, revision, vhost, \
             on_devportal, state, reason, deployed, settled) \
             VALUES ($1, $2, $3, $4, $5, 'pending', '', $6, NULL) \
             ON CONFLICT (api, environment) DO UPDATE SET revision = excluded.revision, \
             vhost = excluded.vhost, on_devportal = excluded.on_devportal, state = 'pending', \
             reason = '', deployed = excluded.deployed, settled = NULL")
        .text(api)
        .text(&target.environment)
        .text(revision)
        .text(&target.vhost)
        .flag(target.is_on_devportal)
        .number(self.at());
        self.run(statement).await?;
        let detail = format!("revision {number} of {api} in {}", target.environment);
        self.record("deploy", Thing::Deployment, revision, detail).await
    }

    /// Has an environment serve no revision of an API any more.
    ///
    /// # Errors
    ///
    /// No such deployment, or the database fails.
    pub async fn undeploy(&mut self, api: &str, environment: &str) -> Result<(), StoreError> {
        self.need_api(api).await?;
        let statement = sql("DELETE FROM deployments WHERE api = $1 AND environment = $2");
        if self.run(statement.text(api).text(environment)).await? == 0 {
            return Err(StoreError::Missing(Thing::Deployment));
        }
        self.record("undeploy", Thing::Deployment, api, environment).await
    }

    /// Notes what gateways have made of a deployment. It counts only while the environment is still to
    /// serve that revision.
    ///
    /// # Errors
    ///
    /// No such deployment (any more), or the database fails.
    pub async fn settle_deployment(
        &mut self,
        (api, revision, environment): (&str, &str, &str),
        state: DeploymentState,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.need_api(api).await?;
        let statement = sql("UPDATE deployments SET state = $1, reason = $2, settled = $3 \
                             WHERE api = $4 AND revision = $5 AND environment = $6")
        .text(state.as_str())
        .text(reason)
        .number(self.at())
        .text(api)
        .text(revision)
        .text(environment);
        if self.run(statement).await? == 0 {
            return Err(StoreError::Missing(Thing::Deployment));
        }
        let detail = format!("{} in {environment}", state.as_str());
        self.record("settle", Thing::Deployment, revision, detail).await
    }
}

fn read(row: &AnyRow) -> Result<Deployment, StoreError> {
    Ok(Deployment {
        api: row.text("api")?,
        revision: row.text("revision")?,
        target: Target {
            environment: row.text("environment")?,
            vhost: row.text("vhost")?,
            is_on_devportal: row.flag("on_devportal")?,
        },
        state: DeploymentState::read(&row.text("state")?)?,
        reason: row.text("reason")?,
        deployed: row.number("deployed")?,
        settled: row.optional_number("settled")?,
    })
}
