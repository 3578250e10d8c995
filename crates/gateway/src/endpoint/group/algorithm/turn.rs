//! Members in turn: one call each, or as many on end as the weight (spec/01 §4.2).

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Chance, Members, Seat, next_open};

/// One after the other. The place is shared by all workers, so that the order is exact; it is
/// moved by one addition that nobody waits for.
#[derive(Debug, Default)]
pub(super) struct Turn {
    next: AtomicUsize,
}

/// As many calls on end as the weight.
#[derive(Debug)]
pub(super) struct OnEnd {
    next: AtomicUsize,
    /// For each member the calls of a round up to it and its own.
    ends: Vec<usize>,
}

impl Turn {
    pub(super) fn pick<M: Members + ?Sized>(
        &self,
        members: &M,
        chance: &mut Chance,
    ) -> Option<usize> {
        let count = members.count();
        let mut passed = None;
        for _ in 0..count {
            // A member that is not ready uses up its turn, so that the others stay even.
            let index = self.next.fetch_add(1, Ordering::Relaxed) % count;
            let view = members.view(index);
            if view.is_open() && chance.within(view.share) {
                return Some(index);
            }
            passed = passed.or(view.is_open().then_some(index));
        }
        // Other workers may have taken turns between ours.
        passed.or_else(|| next_open(members, 0))
    }
}

impl OnEnd {
    pub(super) fn new(seats: &[Seat]) -> Self {
        let mut end = 0;
        let ends = seats.iter().map(|seat| {
            end += seat.weight as usize;
            end
        });
        Self { ends: ends.collect(), next: AtomicUsize::default() }
    }

    /// A member that is not ready leaves its calls to the next one; WSO2 calls it all the same.
    pub(super) fn pick<M: Members + ?Sized>(
        &self,
        members: &M,
        chance: &mut Chance,
    ) -> Option<usize> {
        let round = self.ends.last().copied().filter(|round| *round > 0)?;
        let place = self.next.fetch_add(1, Ordering::Relaxed) % round;
        let turn = self.ends.partition_point(|end| *end <= place);
        let index = next_open(members, turn)?;
        if chance.within(members.view(index).share) {
            return Some(index);
        }
        next_open(members, index + 1)
    }
}
