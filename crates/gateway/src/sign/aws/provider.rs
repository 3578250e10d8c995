//! Where keys are from: the chain of providers that every SDK of AWS has, and roles that are
//! assumed with them.
//!
//! Everything is read anew for each set of keys, so that a profile that was changed on disk is
//! taken.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::imds;
use aws_config::meta::region::RegionProviderChain;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::region::Region;
use compiler::plan::{AwsPlan, AwsRole, AwsSource};
use tokio::time::Instant;

use super::{Held, Keys, NoKeys};
use crate::clock;

/// How long a machine without a metadata service is asked for it.
const METADATA: Duration = Duration::from_secs(1);
/// How often.
const METADATA_ATTEMPTS: u32 = 2;
/// What is said of keys that nobody would take.
const ENDED: &str = "the keys that were given have ended already, by the clock of this machine";
/// Characters of an explanation for the log.
const EXPLANATION: usize = 1024;

/// Has the keys of an account.
///
/// # Errors
///
/// Who was asked, and why that gave no keys.
pub(super) async fn had(plan: &AwsPlan, region: Option<&str>) -> Result<Held, NoKeys> {
    let source = source(plan, region).await;
    let given = match &plan.role {
        Some(role) => assume(role, source).await,
        None => source.provide_credentials().await,
    };
    let credentials = given.map_err(|error| NoKeys(told(&error).into()))?;
    let life = credentials.expiry().map(|end| end.duration_since(clock::now()));
    let life = life.transpose().map_err(|_| NoKeys(ENDED.into()))?;
    Ok(Held::new(Keys::from(credentials), Instant::now(), life))
}

/// What gives the keys that are there without a role.
async fn source(plan: &AwsPlan, region: Option<&str>) -> SharedCredentialsProvider {
    match &plan.source {
        AwsSource::Keys { id, secret, token } => {
            let token = token.as_ref().map(|token| token.expose().to_owned());
            let keys = Credentials::new(id, secret.expose(), token, None, "weir");
            SharedCredentialsProvider::new(keys)
        }
        AwsSource::Chain { profile } => {
            let metadata = imds::Client::builder()
                .connect_timeout(METADATA)
                .read_timeout(METADATA)
                .max_attempts(METADATA_ATTEMPTS)
                .build();
            let region = region.map(|region| Region::new(region.to_owned()));
            let chain = DefaultCredentialsChain::builder()
                .region(RegionProviderChain::first_try(region))
                .imds_client(metadata);
            let chain = match profile {
                Some(profile) => chain.profile_name(profile),
                None => chain,
            };
            SharedCredentialsProvider::new(chain.build().await)
        }
    }
}

/// The keys of a session in a role.
async fn assume(
    role: &AwsRole,
    source: SharedCredentialsProvider,
) -> Result<Credentials, CredentialsError> {
    let region = Region::new(role.region.clone());
    let base = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(source)
        .load()
        .await;
    let mut session = AssumeRoleProvider::builder(&role.arn)
        .session_name(&role.session_name)
        .tags(role.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .configure(&base);
    if let Some(id) = &role.external_id {
        session = session.external_id(id.expose());
    }
    if let Some(duration) = role.duration {
        session = session.session_length(duration);
    }
    session.build().await.provide_credentials().await
}

/// What went wrong, with its causes.
fn told(error: &CredentialsError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        // Writing to a text cannot fail.
        let _written = write!(text, ": {current}");
        cause = current.source();
    }
    text.chars().take(EXPLANATION).collect()
}
