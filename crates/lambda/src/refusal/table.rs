//! The errors of `Invoke`, and those that every service of AWS has.
//!
//! Names and statuses are those of the service's model of 2015-03-31, as of 2026. An error that
//! comes before the function runs may be followed by another call; `ServiceException` may come
//! after it.

use super::{Reason, Repeat};

use Reason::{
    Code, Conflict, Credentials, Denied, Expired, FileSystem, Invalid, Key, MediaType, Network,
    NotFound, NotReady, Quota, Recursive, Service, Snapshot, Throttled, TooLarge,
};
use Repeat::{Later, No, WithNewCredentials};

/// What each name means.
pub(super) const TABLE: &[(&str, Reason, Repeat)] = &[
    // Lambda's own.
    ("CodeArtifactUserDeletedException", Code, No),
    ("CodeArtifactUserFailedException", Code, No),
    ("CodeArtifactUserPendingException", NotReady, Later),
    ("DurableExecutionAlreadyStartedException", Conflict, No),
    ("EC2AccessDeniedException", Network, No),
    ("EC2ThrottledException", Network, Later),
    ("EC2UnexpectedException", Network, Later),
    ("EFSIOException", FileSystem, No),
    ("EFSMountConnectivityException", FileSystem, Later),
    ("EFSMountFailureException", FileSystem, No),
    ("EFSMountTimeoutException", FileSystem, Later),
    ("ENILimitReachedException", Network, No),
    ("ENINotReadyException", Network, Later),
    ("InvalidParameterValueException", Invalid, No),
    ("InvalidRequestContentException", Invalid, No),
    ("InvalidRuntimeException", Code, No),
    ("InvalidSecurityGroupIDException", Network, No),
    ("InvalidSubnetIDException", Network, No),
    ("InvalidZipFileException", Code, No),
    ("KMSAccessDeniedException", Key, No),
    ("KMSDisabledException", Key, No),
    ("KMSInvalidStateException", Key, No),
    ("KMSNotFoundException", Key, No),
    ("ModeNotSupportedException", Invalid, No),
    ("NoPublishedVersionException", NotFound, No),
    ("RecursiveInvocationException", Recursive, No),
    ("RequestTooLargeException", TooLarge, No),
    ("ResourceConflictException", Conflict, Later),
    ("ResourceNotFoundException", NotFound, No),
    ("ResourceNotReadyException", NotReady, Later),
    ("RuntimeAliasDeletedException", Code, No),
    ("RuntimeVersionDeletedException", Code, No),
    ("S3FilesMountConnectivityException", FileSystem, Later),
    ("S3FilesMountFailureException", FileSystem, No),
    ("S3FilesMountTimeoutException", FileSystem, Later),
    ("SerializedRequestEntityTooLargeException", TooLarge, No),
    ("ServiceException", Service, No),
    ("ServiceQuotaExceededException", Quota, No),
    ("SnapStartException", Snapshot, No),
    ("SnapStartNotReadyException", NotReady, Later),
    ("SnapStartRegenerationFailureException", Snapshot, Later),
    ("SnapStartTimeoutException", Snapshot, Later),
    ("SubnetIPAddressLimitReachedException", Network, No),
    ("TooManyRequestsException", Throttled, Later),
    ("UnsupportedMediaTypeException", MediaType, No),
    // Of every service.
    ("AccessDenied", Denied, No),
    ("AccessDeniedException", Denied, No),
    ("ExpiredToken", Expired, WithNewCredentials),
    ("ExpiredTokenException", Expired, WithNewCredentials),
    ("IncompleteSignature", Credentials, No),
    ("IncompleteSignatureException", Credentials, No),
    ("InternalFailure", Service, No),
    ("InternalServerError", Service, No),
    ("InvalidClientTokenId", Credentials, WithNewCredentials),
    ("InvalidSignatureException", Credentials, No),
    ("MissingAuthenticationToken", Credentials, No),
    ("MissingAuthenticationTokenException", Credentials, No),
    ("NotAuthorized", Denied, No),
    ("OptInRequired", Denied, No),
    ("RequestExpired", Credentials, No),
    ("RequestLimitExceeded", Throttled, Later),
    ("ServiceUnavailable", Service, Later),
    ("ServiceUnavailableException", Service, Later),
    ("SignatureDoesNotMatch", Credentials, No),
    ("Throttling", Throttled, Later),
    ("ThrottlingException", Throttled, Later),
    ("UnrecognizedClientException", Credentials, WithNewCredentials),
];
