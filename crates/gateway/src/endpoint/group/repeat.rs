//! Whether a request may be sent once more.

use compiler::plan::{RetryPolicy, Triggers};
use http::Method;

/// How much of a request can have reached the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sent {
    /// Not a byte: no connection, or the upstream says that it has not looked at the request.
    Nothing,
    /// Something, or all of it.
    Perhaps,
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// No connection.
    Connect,
    /// No answer in time.
    Timeout,
    /// The connection ended, or what came was no HTTP.
    Reset,
}

/// Whether a group looks for another member after a call that brought no answer.
#[must_use]
pub fn is_trigger(triggers: &Triggers, failed: Failed) -> bool {
    match failed {
        Failed::Connect => triggers.on_connect_error,
        Failed::Timeout => triggers.on_timeout,
        Failed::Reset => triggers.on_reset,
    }
}

/// Whether a policy lets a request be repeated; `has_key` is whether it bears the header by which
/// its client says that it may be.
///
/// An answer that a group takes for a failure means that the request was read: [`Sent::Perhaps`].
#[must_use]
pub fn may_repeat(policy: RetryPolicy, method: &Method, sent: Sent, has_key: bool) -> bool {
    let is_allowed = match policy {
        RetryPolicy::Never => return false,
        RetryPolicy::Wso2 => return true,
        RetryPolicy::Unsent => false,
        RetryPolicy::Safe => method.is_safe(),
        RetryPolicy::Idempotent => method.is_idempotent(),
    };
    sent == Sent::Nothing || is_allowed || has_key
}

/// Whether a second attempt may be made while the first one is under way.
#[must_use]
pub fn may_hedge(policy: RetryPolicy, method: &Method) -> bool {
    policy != RetryPolicy::Never && method.is_safe()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_policies() {
        use RetryPolicy::{Idempotent, Never, Safe, Unsent, Wso2};
        // For each policy: GET, PUT, POST of which something was sent, and POST with a key.
        for (policy, get, put, post, with_key) in [
            (Never, false, false, false, false),
            (Unsent, false, false, false, true),
            (Safe, true, false, false, true),
            (Idempotent, true, true, false, true),
            (Wso2, true, true, true, true),
        ] {
            let may = |method: Method, has_key| may_repeat(policy, &method, Sent::Perhaps, has_key);
            assert_eq!(may(Method::GET, false), get, "{policy:?}");
            assert_eq!(may(Method::PUT, false), put, "{policy:?}");
            assert_eq!(may(Method::POST, false), post, "{policy:?}");
            assert_eq!(may(Method::POST, true), with_key, "{policy:?}");
            for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
                let unsent = may_repeat(policy, &method, Sent::Nothing, false);
                assert_eq!(unsent, policy != Never, "{policy:?} {method}");
            }
        }
    }

    #[test]
    fn only_safe_methods_are_hedged() {
        assert!(may_hedge(RetryPolicy::Safe, &Method::GET));
        assert!(!may_hedge(RetryPolicy::Never, &Method::GET));
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            assert!(!may_hedge(RetryPolicy::Wso2, &method), "{method}");
        }
    }

    #[test]
    fn triggers_are_looked_at_one_by_one() {
        let triggers = Triggers { on_timeout: false, ..Triggers::default() };
        let found = [Failed::Connect, Failed::Timeout, Failed::Reset];
        assert_eq!(found.map(|failed| is_trigger(&triggers, failed)), [true, false, true]);
    }
}
