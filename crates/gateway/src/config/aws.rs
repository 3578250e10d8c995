//! AWS: what endpoints leave out, how functions are called, and the environment that credentials
//! are found in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use compiler::AwsDefaults;

/// What holds for all functions and accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsConfig {
    /// What endpoints leave out.
    pub defaults: AwsDefaults,
    /// How often a function is called for one request at most, where it has not run.
    pub attempts: u32,
    /// The longest silence of the service while a function runs; `None` leaves that to the time of
    /// the operation.
    pub silence: Option<Duration>,
    /// Whether failures are answered with 400 and without a body, as in WSO2 (spec/03 §3.5).
    pub hides_failures: bool,
    /// The variables that credentials are found by.
    pub environment: AwsEnvironment,
}

/// Variables of the environment that the SDKs of AWS read; some are secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AwsEnvironment(pub Arc<BTreeMap<String, String>>);

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            defaults: AwsDefaults::default(),
            attempts: 4,
            silence: None,
            hides_failures: false,
            environment: AwsEnvironment::default(),
        }
    }
}

impl AwsEnvironment {
    /// Those of all variables that matter: `AWS_…`, and where the home folder is.
    #[must_use]
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let matters = |name: &str| name.starts_with("AWS_") || name == "HOME";
        let variables = variables.into_iter().filter(|(name, _)| matters(name));
        Self(Arc::new(variables.collect()))
    }

    /// The value of a variable; an empty one counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for AwsEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}
