//! Secrets of a project: written out, referred to, or left as they were.

use std::fmt;

use model::endpoint::EndpointSecurity;
use model::secret::{Reference, Secret, SecretSource};
use model::{Diagnostics, Files, Place, codes};

use crate::plan::{ApiPlan, Credentials, EndpointPlan};

/// What stands for a secret that is not at hand, where a project is only looked at.
const PLACEHOLDER: &str = "not at hand";

/// What a project's secrets are read with.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    /// Gives the texts of those that are somewhere else.
    pub source: &'a dyn SecretSource,
    /// What is served now: a secret that a project leaves empty or masked stays as it is there.
    pub before: Option<&'a ApiPlan>,
}

/// Refuses every reference.
struct Nowhere;

impl SecretSource for Nowhere {
    fn resolve(&self, _: Reference<'_>) -> Result<Secret, String> {
        Err("references to secrets are not followed here".to_owned())
    }
}

impl Secrets<'_> {
    /// Written out secrets alone.
    #[must_use]
    pub fn none() -> Self {
        Self { source: &Nowhere, before: None }
    }
}

impl fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// What a stage says of all its leaves.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct StageSecurity<'a> {
    pub(in super::super) security: Option<&'a EndpointSecurity>,
    pub(in super::super) secrets: Secrets<'a>,
    /// The files of the project.
    pub(in super::super) files: &'a Files,
    /// The endpoint of this stage that is served now.
    pub(in super::super) before: Option<&'a EndpointPlan>,
}

/// Gives the secret of old credentials, where they are those of the same user or client.
pub(super) type Known<'a> = &'a dyn Fn(&Credentials) -> Option<Secret>;

/// Reads the secrets of one endpoint.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) secrets: Secrets<'a>,
    pub(super) before: Option<&'a EndpointPlan>,
}

impl Reader<'_> {
    /// The text of a secret; `None`, and a diagnostic with `code`, where there is none.
    pub(super) fn read(
        self,
        written: Option<&Secret>,
        place: Place,
        code: &'static str,
        known: Known<'_>,
        found: &mut Diagnostics,
    ) -> Option<Secret> {
        match written.filter(|secret| !is_left_out(secret)) {
            Some(secret) => self.follow(secret, place, found),
            None => self.keep(place, code, known, found),
        }
    }

    /// A secret that may be somewhere else.
    pub(super) fn follow(
        self,
        secret: &Secret,
        place: Place,
        found: &mut Diagnostics,
    ) -> Option<Secret> {
        let text = secret.expose();
        let Some(reference) = Reference::parse(text) else {
            if ["$env{", "$file{", "$sealed{"].iter().any(|start| text.contains(start)) {
                let message = "a reference to a secret is not the whole value";
                let help = "Write nothing before and behind `$env{…}`, `$file{…}` or `$sealed{…}`.";
                found.error(codes::SECRET_REFERENCE, place, message, help);
                return None;
            }
            return Some(secret.clone());
        };
        let resolved = self.secrets.source.resolve(reference);
        let problem = match resolved {
            Ok(secret) if !secret.is_empty() => return Some(secret),
            Ok(_) => "the secret is empty".to_owned(),
            Err(problem) => problem,
        };
        let help = "Mend the reference, or what it refers to; docs/secrets.md says how.";
        if self.secrets.source.is_lenient() {
            found.warning(codes::SECRET_REFERENCE, place, problem, help);
            return Some(Secret::new(PLACEHOLDER));
        }
        found.error(codes::SECRET_REFERENCE, place, problem, help);
        None
    }

    /// The secret that is in use.
    fn keep(
        self,
        place: Place,
        code: &'static str,
        known: Known<'_>,
        found: &mut Diagnostics,
    ) -> Option<Secret> {
        let leaves = self.before.map(EndpointPlan::leaves).unwrap_or_default();
        let old = leaves.iter().filter_map(|leaf| leaf.credentials.as_ref()).find_map(known);
        if old.is_some() {
            let message = "the secret is left out, so that the one deployed before stays in use";
            let help = "Write it, or refer to it: a gateway that starts anew does not have it.";
            found.warning(codes::SECRET_KEPT, place, message, help);
        } else {
            let message = "the secret is missing, empty or masked";
            let help = "Write it, or refer to it by `$env{NAME}`, `$file{PATH}` or `$sealed{…}`.";
            found.error(code, place, message, help);
        }
        old
    }
}

/// Whether a secret is not there.
fn is_left_out(secret: &Secret) -> bool {
    secret.expose().trim().is_empty() || is_masked(secret)
}

/// Whether a text stands for a secret that is not shown.
pub(super) fn is_masked(secret: &Secret) -> bool {
    let text = secret.expose().trim();
    text.chars().count() > 2 && text.chars().all(|c| c == '*' || c == '•')
}
