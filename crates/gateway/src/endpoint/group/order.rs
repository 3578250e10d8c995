//! Who gets a call of a failover group, and what remains where nobody is ready.

use std::sync::atomic::{AtomicUsize, Ordering};

use compiler::plan::{Mode, Order};

use super::algorithm::{Chance, Members};

/// The order of a failover group. WSO2's code always looks from the first member on; its
/// documentation lets those behind the primary take turns (spec/01 §4.1, §10).
#[derive(Debug)]
pub struct Succession {
    order: Order,
    /// Whose turn it is behind the primary; shared by all workers.
    turn: AtomicUsize,
}

/// Whom to ask for in which round of looking. In each round members that were tried for the request
/// count as not ready, and members that are switched off always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Those that are ready. Under [`Mode::LastResort`] without the last member.
    Ready,
    /// Those that are suspended or left out too.
    Unready,
    /// The last member, whatever its state.
    Last,
}

/// The rounds of a mode, one after the other until somebody is found.
#[must_use]
pub fn rounds(mode: Mode) -> &'static [Round] {
    match mode {
        Mode::Strict | Mode::SpillOver { .. } => &[Round::Ready],
        Mode::FailOpen => &[Round::Ready, Round::Unready],
        Mode::LastResort => &[Round::Ready, Round::Last],
    }
}

impl Succession {
    /// The order, from its beginning.
    #[must_use]
    pub fn new(order: Order) -> Self {
        Self { order, turn: AtomicUsize::new(0) }
    }

    /// The member to call; `None` where none is ready.
    ///
    /// The share of a member is how often it is taken when it is ready; where chance passes over
    /// all that are, the first of them is taken. Weights do not matter.
    pub fn pick<M: Members + ?Sized>(&self, members: &M, chance: &mut Chance) -> Option<usize> {
        let count = members.count();
        let behind = count.saturating_sub(1).max(1);
        let turn = match self.order {
            Order::InOrder => 0,
            Order::RoundRobin => self.turn.load(Ordering::Relaxed) % behind,
        };
        let others = (0..count.saturating_sub(1)).map(|step| 1 + (turn + step) % behind);
        let mut passed = None;
        for index in (0..count.min(1)).chain(others) {
            let view = members.view(index);
            if !view.is_ready {
                continue;
            }
            if chance.within(view.share) {
                return Some(self.take(index, behind));
            }
            passed = passed.or(Some(index));
        }
        passed.map(|index| self.take(index, behind))
    }

    /// Behind one that is not the primary the next one has its turn.
    fn take(&self, index: usize, behind: usize) -> usize {
        if self.order == Order::RoundRobin && index > 0 {
            self.turn.store(index % behind, Ordering::Relaxed);
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::algorithm::MemberView;
    use super::*;

    fn views(ready: &str) -> Vec<MemberView> {
        let view = |c: char| MemberView { is_ready: c == '1', ..MemberView::idle(1) };
        ready.chars().map(view).collect()
    }

    fn picks(order: Order, ready: &str, times: usize) -> Vec<Option<usize>> {
        let succession = Succession::new(order);
        let mut chance = Chance::new(1);
        (0..times).map(|_| succession.pick(views(ready).as_slice(), &mut chance)).collect()
    }

    #[test]
    fn the_first_that_is_ready() {
        for (ready, expected) in
            [("111", Some(0)), ("011", Some(1)), ("001", Some(2)), ("000", None), ("", None)]
        {
            assert_eq!(picks(Order::InOrder, ready, 3), [expected; 3], "{ready}");
        }
    }

    #[test]
    fn behind_the_primary_in_turn() {
        let all = |list: &[usize]| list.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(picks(Order::RoundRobin, "1111", 3), all(&[0, 0, 0]));
        assert_eq!(picks(Order::RoundRobin, "0111", 5), all(&[1, 2, 3, 1, 2]));
        assert_eq!(picks(Order::RoundRobin, "0101", 4), all(&[1, 3, 1, 3]));
        assert_eq!(picks(Order::RoundRobin, "1", 2), all(&[0, 0]));
        assert_eq!(picks(Order::RoundRobin, "01", 2), all(&[1, 1]));
    }

    #[test]
    fn a_primary_that_returns_gets_its_share() {
        let succession = Succession::new(Order::InOrder);
        let mut members = views("11");
        members[0].share = 250;
        let mut chance = Chance::new(7);
        let picks = (0..10_000).map(|_| succession.pick(members.as_slice(), &mut chance));
        let primary = picks.filter(|index| *index == Some(0)).count();
        assert!((2_350..2_650).contains(&primary), "{primary}");
        members[0].share = 0;
        members[1].is_ready = false;
        assert_eq!(
            succession.pick(members.as_slice(), &mut chance),
            Some(0),
            "nobody else is left"
        );
    }

    proptest! {
        #[test]
        fn somebody_who_is_ready_if_anybody_is(ready in "[01]{0,8}", shares in proptest::collection::vec(0u32..1001, 8), seed: u64, in_turn: bool) {
            let mut members = views(&ready);
            members.iter_mut().zip(shares).for_each(|(member, share)| member.share = share);
            let succession = Succession::new(if in_turn { Order::RoundRobin } else { Order::InOrder });
            let mut chance = Chance::new(seed);
            for _ in 0..4 {
                let index = succession.pick(members.as_slice(), &mut chance);
                prop_assert_eq!(index.is_some(), ready.contains('1'));
                prop_assert!(index.is_none_or(|index| members[index].is_ready));
            }
        }
    }
}
