//! The better of two members at random, by how long their answers take and how many they owe.
//!
//! Two are enough to avoid the slow ones, and few enough that workers do not all run to the one
//! that looks best.

use super::{Chance, MemberView, Members};

/// Draws that may hit a member that is not open before all are counted.
const DRAWS: usize = 4;

pub(super) fn pick<M: Members + ?Sized>(members: &M, chance: &mut Chance) -> Option<usize> {
    let (first, one) = draw(members, chance, None)?;
    let Some((second, other)) = draw(members, chance, Some(first)) else { return Some(first) };
    Some(if is_better(&other, &one) { second } else { first })
}

/// An open member at random, but not a certain one.
fn draw<M: Members + ?Sized>(
    members: &M,
    chance: &mut Chance,
    but: Option<usize>,
) -> Option<(usize, MemberView)> {
    let count = members.count();
    let open = |index: usize| {
        let view = members.view(index);
        (view.is_open() && Some(index) != but).then_some((index, view))
    };
    (0..DRAWS).find_map(|_| open(chance.index(count))).or_else(|| {
        let all: Vec<_> = (0..count).filter_map(open).collect();
        all.get(chance.index(all.len())).copied()
    })
}

/// Where one was never measured, the calls in flight decide.
fn is_better(one: &MemberView, other: &MemberView) -> bool {
    let is_measured = !one.latency.is_zero() && !other.latency.is_zero();
    let cost = |view: &MemberView| {
        let latency = if is_measured { view.latency.as_secs_f64() } else { 1.0 };
        latency * (f64::from(view.in_flight) + 1.0) / view.pull() as f64
    };
    cost(one) < cost(other)
}
