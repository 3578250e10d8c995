//! AWS Lambda functions behind the operations of an API (spec/03 §3), and the account that calls
//! them.

use std::sync::Arc;
use std::time::Duration;

use lambda::stream::StreamForm;
use lambda::{Format, Function, Invocation, Mapping};
use model::secret::Secret;

/// The functions of one endpoint, all of them in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LambdaPlan {
    /// The region of the functions, for which calls are signed.
    pub region: String,
    /// One for each operation of the API, by its index; `None` for an operation that names none.
    pub functions: Box<[Option<Arc<FunctionPlan>>]>,
}

/// How one operation calls its function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionPlan {
    /// Which function, and which version of it.
    pub function: Function,
    /// Whether its answer is waited for.
    pub invocation: Invocation,
    /// What it is given.
    pub format: Format,
    /// How its payload becomes an answer.
    pub mapping: Mapping,
    /// The form of its answer, where that is passed on while it is made
    /// (`InvokeWithResponseStream`); an unknown form is told by the content type.
    pub stream: Option<StreamForm>,
    /// How long all of the call may take.
    pub timeout: Duration,
    /// `X-Amz-Client-Context`: JSON, encoded as base64.
    pub client_context: Option<Box<str>>,
    /// Whether the payload of a function that failed is passed on, with status 502.
    pub shows_failures: bool,
}

/// An account of AWS, for which calls are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsPlan {
    /// Where its keys are from.
    pub source: AwsSource,
    /// The role that is assumed with these keys.
    pub role: Option<AwsRole>,
}

/// Where the keys of an account are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsSource {
    /// They are written down (`access_method` `stored`).
    Keys {
        /// The access key id, which is no secret.
        id: String,
        /// The secret access key.
        secret: Secret,
        /// The token of a session, for keys that last for a while only.
        token: Option<Secret>,
    },
    /// The chain of providers that the SDKs of AWS have (`role-supplied`).
    Chain {
        /// The profile of the shared configuration, where it is not the default one.
        profile: Option<String>,
    },
}

/// A role that is assumed (STS `AssumeRole`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsRole {
    /// Its ARN.
    pub arn: String,
    /// The name of the session, which logs of the account show.
    pub session_name: String,
    /// The region whose STS is asked.
    pub region: String,
    /// What the owner of the role wants to hear (`ExternalId`).
    pub external_id: Option<Secret>,
    /// Tags of the session.
    pub tags: Vec<(String, String)>,
    /// How long a session lasts; the service's own default is an hour.
    pub duration: Option<Duration>,
}
