//! Chance, and choosing by it alone.

use super::{Members, WHOLE};

/// A source of numbers that look random: SplitMix64, one for each worker.
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The numbers that follow from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// A number below a limit; 0 where the limit is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.draw()) * u128::from(limit);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// An index into a list of this length.
    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// True in so many of a thousand cases; costs nothing for all of them.
    pub fn within(&mut self, share: u32) -> bool {
        share >= WHOLE || self.below(u64::from(WHOLE)) < u64::from(share)
    }
}

/// Spreads every bit of a number over all of them.
pub(super) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A member at random, each as often as its weight.
pub(super) fn pick<M: Members + ?Sized>(members: &M, chance: &mut Chance) -> Option<usize> {
    let open = || {
        let views = (0..members.count()).map(|index| (index, members.view(index)));
        views.filter(|(_, view)| view.is_open())
    };
    let total: u64 = open().map(|(_, view)| view.pull()).sum();
    let mut drawn = chance.below(total);
    let mut last = None;
    for (index, view) in open() {
        if drawn < view.pull() {
            return Some(index);
        }
        drawn -= view.pull();
        last = Some(index);
    }
    // Members may close while they are looked at.
    last
}
