//! How a function is called.

use crate::limits;

/// Whether anybody waits for the function (`X-Amz-Invocation-Type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Invocation {
    /// Its answer is waited for.
    #[default]
    RequestResponse,
    /// It is called later, up to three times; the caller learns that the event was queued.
    Event,
    /// Nothing is called: names and permissions are checked.
    DryRun,
}

impl Invocation {
    /// Reads the value of the header, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::RequestResponse, Self::Event, Self::DryRun]
            .into_iter()
            .find(|kind| kind.header().eq_ignore_ascii_case(text.trim()))
    }

    /// The value of `X-Amz-Invocation-Type`.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::RequestResponse => "RequestResponse",
            Self::Event => "Event",
            Self::DryRun => "DryRun",
        }
    }

    /// The status that the service answers with when all is well.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::RequestResponse => 200,
            Self::Event => 202,
            Self::DryRun => 204,
        }
    }

    /// How long an event may be, in bytes.
    #[must_use]
    pub const fn longest_event(self) -> usize {
        match self {
            Self::RequestResponse | Self::DryRun => limits::EVENT,
            Self::Event => limits::QUEUED_EVENT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Invocation;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for kind in [Invocation::RequestResponse, Invocation::Event, Invocation::DryRun] {
            assert_eq!(Invocation::parse(&kind.header().to_lowercase()), Some(kind));
        }
        assert_eq!(Invocation::parse("Later"), None);
        assert!(Invocation::Event.longest_event() < Invocation::DryRun.longest_event());
    }
}
