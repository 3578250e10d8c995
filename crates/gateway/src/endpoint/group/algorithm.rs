//! Who gets the next call of a load-balance group.
//!
//! [`Spread`] is what the workers of a group share, [`Picker`] what each has for itself.
//! A member is looked at only when it may be chosen, so that taking turns costs the same in a large
//! group as in a small one.
//! A member that was tried already for a request is shown as not ready, and asking again gives the
//! next one.

mod by_load;
mod chance;
mod hash;
mod least;
mod smooth;
mod turn;
mod two;

use std::sync::Arc;
use std::time::Duration;

use compiler::plan::Algorithm;

pub use chance::Chance;
pub use hash::key_of;

use by_load::ByLoad;
use hash::Maglev;
use smooth::Smooth;
use turn::{OnEnd, Turn};

/// The whole of a member's share, in thousandths.
pub const WHOLE: u32 = 1000;

/// What an algorithm sees of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberView {
    /// Whether it may be called, and was not yet for this request.
    pub is_ready: bool,
    /// Its configured weight; 0 keeps it out.
    pub weight: u32,
    /// How much of its weight counts just now, in thousandths: less while it starts slowly.
    pub share: u32,
    /// How many calls it has in flight.
    pub in_flight: u32,
    /// How long its answers take; zero where that is not known.
    pub latency: Duration,
}

/// The members of a group as they are just now.
pub trait Members {
    /// How many there are.
    fn count(&self) -> usize;
    /// One of them.
    fn view(&self, index: usize) -> MemberView;
}

/// What the workers of a group share.
#[derive(Debug)]
pub struct Spread {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Turn(Turn),
    OnEnd(OnEnd),
    Smooth,
    ByLoad { rounds: u32 },
    LeastRequests,
    PowerOfTwo,
    Random,
    Hash { table: Maglev, bound: Option<u32> },
}

/// What one worker chooses with.
#[derive(Debug)]
pub struct Picker {
    spread: Arc<Spread>,
    chance: Chance,
    state: State,
}

/// What an algorithm remembers from one call to the next, for each worker.
#[derive(Debug)]
enum State {
    None,
    Smooth(Smooth),
    ByLoad(ByLoad),
}

/// What is known of a member for as long as the group lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// What tells it from the others, also after a change of the group: a hash of its name or URL.
    pub identity: u64,
    /// Its configured weight.
    pub weight: u32,
}

impl MemberView {
    /// A member that is ready and idle.
    #[must_use]
    pub fn idle(weight: u32) -> Self {
        Self { is_ready: true, weight, share: WHOLE, in_flight: 0, latency: Duration::ZERO }
    }

    fn is_open(&self) -> bool {
        self.is_ready && self.weight > 0
    }

    /// The weight that counts, in thousandths; never 0 for a member that is open.
    fn pull(&self) -> u64 {
        (u64::from(self.weight) * u64::from(self.share.min(WHOLE))).max(1)
    }
}

impl Members for [MemberView] {
    fn count(&self) -> usize {
        self.len()
    }

    fn view(&self, index: usize) -> MemberView {
        self.get(index).copied().unwrap_or(MemberView { is_ready: false, ..MemberView::idle(0) })
    }
}

impl Spread {
    /// What an algorithm needs for these members.
    #[must_use]
    pub fn new(algorithm: &Algorithm, seats: &[Seat]) -> Self {
        let kind = match algorithm {
            Algorithm::RoundRobin => Kind::Turn(Turn::default()),
            Algorithm::Weighted => Kind::Smooth,
            Algorithm::WeightedOnEnd => Kind::OnEnd(OnEnd::new(seats)),
            Algorithm::WeightedByLoad { rounds } => Kind::ByLoad { rounds: *rounds },
            Algorithm::LeastRequests => Kind::LeastRequests,
            Algorithm::PowerOfTwo => Kind::PowerOfTwo,
            Algorithm::Random => Kind::Random,
            Algorithm::ConsistentHash(hash) => {
                Kind::Hash { table: Maglev::new(seats), bound: hash.bound }
            }
        };
        Self { kind }
    }

    /// Whether a choice needs a key.
    #[must_use]
    pub fn wants_key(&self) -> bool {
        matches!(self.kind, Kind::Hash { .. })
    }

    /// Whether latencies matter, and have to be measured.
    #[must_use]
    pub fn wants_latency(&self) -> bool {
        matches!(self.kind, Kind::PowerOfTwo)
    }
}

impl Picker {
    /// What the worker of this number chooses with.
    #[must_use]
    pub fn new(spread: Arc<Spread>, worker: usize, seed: u64) -> Self {
        let state = match &spread.kind {
            Kind::Smooth => State::Smooth(Smooth::new(worker)),
            Kind::ByLoad { rounds } => State::ByLoad(ByLoad::new(*rounds)),
            _ => State::None,
        };
        Self { spread, chance: Chance::new(seed), state }
    }

    /// The member to call; `None` where none is ready.
    ///
    /// `key` is what a request is told by, for an algorithm that wants one.
    pub fn pick<M: Members + ?Sized>(&mut self, members: &M, key: Option<u64>) -> Option<usize> {
        let chance = &mut self.chance;
        match (&self.spread.kind, &mut self.state) {
            (Kind::Turn(turn), _) => turn.pick(members, chance),
            (Kind::OnEnd(turn), _) => turn.pick(members, chance),
            (Kind::Smooth, State::Smooth(smooth)) => smooth.pick(members),
            (Kind::ByLoad { .. }, State::ByLoad(state)) => state.pick(members, chance),
            (Kind::LeastRequests, _) => least::pick(members, chance),
            (Kind::PowerOfTwo, _) => two::pick(members, chance),
            (Kind::Hash { table, bound }, _) => match key {
                Some(key) => table.pick(members, key, *bound),
                None => chance::pick(members, chance),
            },
            (Kind::Random | Kind::Smooth | Kind::ByLoad { .. }, _) => chance::pick(members, chance),
        }
    }

    /// The source of chance, for other choices of the same worker.
    pub fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }
}

/// The first open member at or after a place, around the list.
fn next_open<M: Members + ?Sized>(members: &M, from: usize) -> Option<usize> {
    let count = members.count();
    (0..count).map(|step| (from + step) % count).find(|index| members.view(*index).is_open())
}

#[cfg(test)]
mod tests;
