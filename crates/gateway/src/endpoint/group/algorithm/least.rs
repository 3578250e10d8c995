//! The member with the fewest calls in flight for its weight.

use super::{Chance, MemberView, Members};

/// Looks at all; who is first among equals is chance, so that workers do not agree on one.
pub(super) fn pick<M: Members + ?Sized>(members: &M, chance: &mut Chance) -> Option<usize> {
    let count = members.count();
    let start = chance.index(count);
    let mut best: Option<(usize, MemberView)> = None;
    for index in (0..count).map(|step| (start + step) % count) {
        let view = members.view(index);
        if view.is_open() && best.is_none_or(|(_, best)| is_lighter(&view, &best)) {
            best = Some((index, view));
        }
    }
    best.map(|(index, _)| index)
}

/// Whether one would have fewer calls for its weight than the other, with this one.
fn is_lighter(one: &MemberView, other: &MemberView) -> bool {
    let load = |view: &MemberView| u64::from(view.in_flight) + 1;
    load(one).saturating_mul(other.pull()) < load(other).saturating_mul(one.pull())
}
