//! What Lambda takes and gives at most, in bytes.
//!
//! Sources: "Lambda quotas" and the pages of `Invoke` and `InvokeWithResponseStream` in the
//! developer guide, as of 2026. The guide writes MB; the service counts in powers of two and says so
//! in its errors.

/// The event of an invocation that is waited for: 6 MB.
pub const EVENT: usize = 6 * 1024 * 1024;

/// The event of an invocation that nobody waits for: 1 MB since October 2025, 256 KB before.
pub const QUEUED_EVENT: usize = 1024 * 1024;

/// What a function returns at once. The service allows a hundred bytes beyond 6 MB, and names
/// 6291556 in its error.
pub const PAYLOAD: usize = 6 * 1024 * 1024 + 100;

/// What a function may stream: 200 MB since July 2025, 20 MB before. An account can have more, so
/// this is a ceiling to offer and none to enforce unasked.
pub const STREAM: u64 = 200 * 1024 * 1024;

/// `X-Amz-Client-Context`, after it was encoded as base64.
pub const CLIENT_CONTEXT: usize = 3583;

/// What is read of an error of the service. Real ones have a few hundred bytes.
pub const REFUSAL: usize = 64 * 1024;
