//! The life cycle of an API: its states, and what leads from one to another (spec/02 §5.1,
//! spec/04 §3.3).

use std::fmt;

#[cfg(test)]
mod tests;

/// Where an API is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It is being made.
    Created,
    /// It can be tried before it is published; also called pre-released.
    Prototyped,
    /// Consumers subscribe to it.
    Published,
    /// Nobody gets in for now.
    Blocked,
    /// Those who have it keep it; nobody new gets it.
    Deprecated,
    /// It is over.
    Retired,
}

/// What somebody does to an API, which leads to another state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// `Publish`.
    Publish,
    /// `Deploy as a Prototype`.
    Prototype,
    /// `Demote to Created`.
    Demote,
    /// `Block`.
    Block,
    /// `Re-Publish`.
    Republish,
    /// `Deprecate`.
    Deprecate,
    /// `Retire`.
    Retire,
}

/// A wish that goes with publishing an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecklistItem {
    /// Older versions that are published become deprecated.
    DeprecateOlder,
    /// Subscriptions of older versions are not taken over.
    Resubscribe,
}

/// No such move from this state: code 900381.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{action}` is not possible in the state {state}")]
pub struct NoSuchMove {
    /// The state that the API is in.
    pub state: State,
    /// What was asked for.
    pub action: Action,
}

/// The checklist cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChecklistError {
    /// An item that nobody knows.
    #[error("the checklist has no item `{0}`")]
    Unknown(String),
    /// An item without `:true` or `:false`.
    #[error("`{0}` is neither true nor false")]
    NoValue(String),
}

/// In the order of the interface of publishers, without moves that lead back to the same state.
const MOVES: &[(State, Action, State)] = &[
    (State::Created, Action::Publish, State::Published),
    (State::Created, Action::Prototype, State::Prototyped),
    (State::Prototyped, Action::Publish, State::Published),
    (State::Prototyped, Action::Demote, State::Created),
    (State::Published, Action::Prototype, State::Prototyped),
    (State::Published, Action::Block, State::Blocked),
    (State::Published, Action::Demote, State::Created),
    (State::Published, Action::Deprecate, State::Deprecated),
    (State::Blocked, Action::Republish, State::Published),
    (State::Blocked, Action::Deprecate, State::Deprecated),
    (State::Deprecated, Action::Retire, State::Retired),
];

/// Moves that are taken and change nothing, so that whoever asks twice is not refused.
const STAYS: &[(State, Action)] =
    &[(State::Prototyped, Action::Prototype), (State::Published, Action::Publish)];

impl State {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Prototyped,
        Self::Published,
        Self::Blocked,
        Self::Deprecated,
        Self::Retired,
    ];

    /// The state of this name, in any case of letters. `PRE-RELEASED` is another name of
    /// `PROTOTYPED`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("PRE-RELEASED") {
            return Some(Self::Prototyped);
        }
        Self::ALL.into_iter().find(|state| text.eq_ignore_ascii_case(state.name()))
    }

    /// As `lifecycle-state` has it, such as `Created`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Prototyped => "Prototyped",
            Self::Published => "Published",
            Self::Blocked => "Blocked",
            Self::Deprecated => "Deprecated",
            Self::Retired => "Retired",
        }
    }

    /// As `lifeCycleStatus` has it, such as `CREATED`.
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Prototyped => "PROTOTYPED",
            Self::Published => "PUBLISHED",
            Self::Blocked => "BLOCKED",
            Self::Deprecated => "DEPRECATED",
            Self::Retired => "RETIRED",
        }
    }

    /// What can be done, and where it leads.
    pub fn moves(self) -> impl Iterator<Item = (Action, Self)> {
        MOVES.iter().filter(move |row| row.0 == self).map(|row| (row.1, row.2))
    }

    /// Where an action leads.
    ///
    /// # Errors
    ///
    /// The action is not possible in this state.
    pub fn after(self, action: Action) -> Result<Self, NoSuchMove> {
        if STAYS.contains(&(self, action)) {
            return Ok(self);
        }
        let found = self.moves().find(|(known, _)| *known == action);
        found.map(|(_, state)| state).ok_or(NoSuchMove { state: self, action })
    }

    /// The wishes that may go with what is done next.
    #[must_use]
    pub fn checklist(self) -> &'static [ChecklistItem] {
        match self {
            Self::Created | Self::Prototyped => &ChecklistItem::ALL,
            Self::Published | Self::Blocked | Self::Deprecated | Self::Retired => &[],
        }
    }
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Publish,
        Self::Prototype,
        Self::Demote,
        Self::Block,
        Self::Republish,
        Self::Deprecate,
        Self::Retire,
    ];

    /// The action of this name, in any case of letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| text.eq_ignore_ascii_case(action.name()))
    }

    /// As the wire has it, such as `Deploy as a Prototype`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Publish => "Publish",
            Self::Prototype => "Deploy as a Prototype",
            Self::Demote => "Demote to Created",
            Self::Block => "Block",
            Self::Republish => "Re-Publish",
            Self::Deprecate => "Deprecate",
            Self::Retire => "Retire",
        }
    }
}

impl ChecklistItem {
    /// All of them, in the order of the interface of publishers.
    pub const ALL: [Self; 2] = [Self::DeprecateOlder, Self::Resubscribe];

    /// As the wire has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DeprecateOlder => "Deprecate old versions after publishing the API",
            Self::Resubscribe => "Requires re-subscription when publishing the API",
        }
    }

    /// Reads `name:true,name:false`; what is true of it, each once.
    ///
    /// # Errors
    ///
    /// An item that nobody knows, or one without a value.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, ChecklistError> {
        let mut wished = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let no_value = || ChecklistError::NoValue(part.to_owned());
            let (name, value) = part.rsplit_once(':').ok_or_else(no_value)?;
            let name = name.trim();
            let item = Self::ALL.into_iter().find(|item| name.eq_ignore_ascii_case(item.name()));
            let item = item.ok_or_else(|| ChecklistError::Unknown(name.to_owned()))?;
            let value = value.trim();
            if value.eq_ignore_ascii_case("true") {
                if !wished.contains(&item) {
                    wished.push(item);
                }
            } else if !value.eq_ignore_ascii_case("false") {
                return Err(no_value());
            }
        }
        Ok(wished)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
