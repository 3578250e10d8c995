//! Members in turn by weights that move with the load (WSO2's `WeightedRRLCAlgorithm`).
//!
//! After each round a member whose share of the calls in flight is above its share of the weights
//! gets fewer calls in the next one, and the other way round; never more than two from what is
//! configured, and never less than one.

use super::{Chance, Members, WHOLE, next_open};

/// How far a weight may move.
const REACH: u32 = 2;

/// Where the turns are.
#[derive(Debug)]
pub(super) struct ByLoad {
    rounds_between: u32,
    rounds: u32,
    weights: Vec<u32>,
    turn: usize,
    /// Calls that the member in turn has left.
    left: u32,
}

impl ByLoad {
    pub(super) fn new(rounds_between: u32) -> Self {
        Self { rounds_between, rounds: 0, weights: Vec::new(), turn: 0, left: 0 }
    }

    pub(super) fn pick<M: Members + ?Sized>(
        &mut self,
        members: &M,
        chance: &mut Chance,
    ) -> Option<usize> {
        if self.weights.len() != members.count() {
            self.start(members);
        }
        // One more than there are members: the first one may be at the end of its calls.
        for _ in 0..=members.count() {
            let view = members.view(self.turn);
            if self.left > 0 && view.is_open() {
                self.left -= 1;
                return Some(self.turn);
            }
            self.advance(members, chance);
        }
        next_open(members, self.turn)
    }

    fn start<M: Members + ?Sized>(&mut self, members: &M) {
        self.weights = (0..members.count()).map(|index| members.view(index).weight).collect();
        self.turn = 0;
        self.left = self.weights.first().copied().unwrap_or(0);
    }

    fn advance<M: Members + ?Sized>(&mut self, members: &M, chance: &mut Chance) {
        self.turn += 1;
        if self.turn >= self.weights.len() {
            self.turn = 0;
            self.rounds += 1;
            if self.rounds >= self.rounds_between.max(1) {
                self.rounds = 0;
                self.balance(members);
            }
        }
        let weight = self.weights.get(self.turn).copied().unwrap_or(0);
        let thousandths = weight * members.view(self.turn).share.min(WHOLE);
        let part = u32::from(chance.within(thousandths % WHOLE));
        self.left = thousandths / WHOLE + part;
    }

    fn balance<M: Members + ?Sized>(&mut self, members: &M) {
        let views: Vec<_> = (0..members.count()).map(|index| members.view(index)).collect();
        let open = || views.iter().filter(|view| view.is_open());
        let in_flight: f64 = open().map(|view| f64::from(view.in_flight)).sum();
        let total: f64 = open().map(|view| f64::from(view.weight)).sum();
        if in_flight <= 0.0 || total <= 0.0 {
            return;
        }
        for (weight, view) in self.weights.iter_mut().zip(&views) {
            let base = view.weight;
            let due = f64::from(base) / total - f64::from(view.in_flight) / in_flight;
            // A fraction of less than the whole of the weights: no overflow.
            let moved = f64::from(*weight) + (due * total).round();
            let low = base.saturating_sub(REACH).max(u32::from(base > 0));
            let high = if base > 0 { base + REACH } else { 0 };
            *weight = (moved.max(0.0) as u32).clamp(low, high);
        }
    }
}
