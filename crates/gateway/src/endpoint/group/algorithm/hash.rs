//! The same member for the same key, by the table of Maglev (Eisenbud et al., NSDI 2016, §3.4).
//!
//! The table is nearly even, and when a member is added or taken away few keys of the others move.
//! A member that is merely not ready moves none but its own: they go where a second look sends
//! them, and return with it.

use super::chance::mix;
use super::{MemberView, Members, Seat, WHOLE};

/// Sizes of the table: primes, so that every step reaches every place.
const SIZES: [usize; 8] = [251, 509, 1021, 2039, 4093, 8191, 16_381, 65_521];
/// Places of the table for the lightest member, as Maglev's authors advise; fewer where the largest
/// table has not as many.
const PLACES_EACH: usize = 100;
/// Looks at other places before all members are weighed against each other.
const LOOKS: u64 = 8;

/// The hash of what tells a request; the same in every process, so that gateways agree.
#[must_use]
pub fn key_of(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

/// For each place the member whose it is.
#[derive(Debug)]
pub(super) struct Maglev {
    table: Vec<u16>,
    identities: Vec<u64>,
}

impl Maglev {
    pub(super) fn new(seats: &[Seat]) -> Self {
        let weights = || seats.iter().map(|seat| seat.weight as usize).filter(|it| *it > 0);
        let wanted = weights().sum::<usize>() * PLACES_EACH / weights().min().unwrap_or(1);
        let size = SIZES.iter().copied().find(|size| *size >= wanted).unwrap_or(SIZES[7]);
        let identities = seats.iter().map(|seat| seat.identity).collect();
        Self { table: fill(seats, size), identities }
    }

    pub(super) fn pick<M: Members + ?Sized>(
        &self,
        members: &M,
        key: u64,
        bound: Option<u32>,
    ) -> Option<usize> {
        let room = bound.map(|bound| Room::new(members, bound));
        let takes = |index: usize| {
            let view = members.view(index);
            view.is_open()
                && keeps(&view, key)
                && room.as_ref().is_none_or(|room| room.has_room(&view))
        };
        // Each look is at another place, the same ones for the same key.
        (0..=LOOKS)
            .map(|look| if look == 0 { key } else { mix(key.wrapping_add(look)) })
            .find_map(|hash| self.at(hash).filter(|index| takes(*index)))
            .or_else(|| self.heaviest(key, takes))
            .or_else(|| self.heaviest(key, |index| members.view(index).is_open()))
    }

    fn at(&self, hash: u64) -> Option<usize> {
        let place = usize::try_from(hash % (self.table.len().max(1) as u64)).unwrap_or(0);
        self.table.get(place).map(|index| usize::from(*index))
    }

    /// Of those that are left, the one that this key weighs most (rendezvous hashing).
    fn heaviest(&self, key: u64, is_left: impl Fn(usize) -> bool) -> Option<usize> {
        let left = self.identities.iter().enumerate().filter(|(index, _)| is_left(*index));
        left.max_by_key(|(_, identity)| mix(key ^ **identity)).map(|(index, _)| index)
    }
}

/// Whether a member that starts slowly takes this key yet; keys come to it one by one, and stay.
fn keeps(view: &MemberView, key: u64) -> bool {
    view.share >= WHOLE || mix(key) % u64::from(WHOLE) < u64::from(view.share)
}

/// Members take places in turn, each by its own order of preference; one of half the largest
/// weight gets half the turns.
fn fill(seats: &[Seat], size: usize) -> Vec<u16> {
    const FREE: u16 = u16::MAX;
    let mut table = vec![FREE; size];
    let heaviest = seats.iter().map(|seat| seat.weight).max().unwrap_or(0);
    let mut takers: Vec<Taker> = seats.iter().map(|seat| Taker::new(seat, size)).collect();
    let mut free = if heaviest == 0 { 0 } else { size };
    while free > 0 {
        for (index, (taker, seat)) in takers.iter_mut().zip(seats).enumerate() {
            taker.credit += seat.weight;
            if taker.credit < heaviest || free == 0 {
                continue;
            }
            taker.credit -= heaviest;
            let place = taker.next_free(|place| table.get(place) == Some(&FREE));
            if let Some(slot) = table.get_mut(place) {
                *slot = u16::try_from(index).unwrap_or(FREE);
                free -= 1;
            }
        }
    }
    if heaviest == 0 { Vec::new() } else { table }
}

/// A member on its way through the places it prefers.
struct Taker {
    place: usize,
    step: usize,
    size: usize,
    credit: u32,
}

impl Taker {
    fn new(seat: &Seat, size: usize) -> Self {
        let part = |bits: u64, limit: usize| usize::try_from(bits % limit as u64).unwrap_or(0);
        let place = part(mix(seat.identity), size);
        let step = part(mix(!seat.identity), size - 1) + 1;
        Self { place, step, size, credit: 0 }
    }

    /// The next place it prefers that is free; there is one.
    fn next_free(&mut self, is_free: impl Fn(usize) -> bool) -> usize {
        loop {
            let place = self.place;
            self.place = (self.place + self.step) % self.size;
            if is_free(place) {
                return place;
            }
        }
    }
}

/// How many calls in flight a member may have beside the others.
struct Room {
    bound: u128,
    in_flight: u128,
    pull: u128,
}

impl Room {
    fn new<M: Members + ?Sized>(members: &M, bound: u32) -> Self {
        let open = (0..members.count()).map(|index| members.view(index));
        let mut room = Self { bound: u128::from(bound), in_flight: 1, pull: 0 };
        for view in open.filter(MemberView::is_open) {
            room.in_flight += u128::from(view.in_flight);
            room.pull += u128::from(view.pull());
        }
        room
    }

    /// Whether one more is within the bound, a hundredth of which is the share itself.
    fn has_room(&self, view: &MemberView) -> bool {
        let most = self.bound * self.in_flight * u128::from(view.pull());
        let most = most.div_ceil(100 * self.pull.max(1));
        u128::from(view.in_flight) < most
    }
}
