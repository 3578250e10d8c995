//! The limit on open files: each connection is one, and at the limit nobody is accepted any more.

use gateway::config::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process has open besides connections: projects, logs, sockets of all workers.
const BESIDES: u64 = 512;

/// Raises the limit as far as the system lets this process, and says so when the configured
/// connections do not fit under it.
pub(crate) fn provide(limits: &Limits) {
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: before.maximum, maximum: before.maximum };
    if before.current != before.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "The limit on open files could not be raised.");
    }
    // `None` is no limit.
    let open = getrlimit(Resource::Nofile).current;
    if open != before.current {
        tracing::info!(from = before.current, to = open, "The limit on open files was raised.");
    }
    let needed = needed(limits.connections);
    if open.is_some_and(|open| open < needed) {
        tracing::warn!(
            open_files = open,
            needed,
            connections = limits.connections,
            "Fewer files may be open than [weir.limits] connections may need, one towards the \
             client and one towards the upstream: raise the limit (ulimit -n, LimitNOFILE), or lower \
             connections."
        );
    }
}

/// Each client may have a connection to an upstream too.
fn needed(connections: usize) -> u64 {
    u64::try_from(connections).unwrap_or(u64::MAX).saturating_mul(2).saturating_add(BESIDES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_needs_two_files() {
        assert_eq!(needed(20_000), 40_512);
        assert_eq!(needed(usize::MAX), u64::MAX);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        provide(&Limits::default());
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
