//! Which member is asked next: the members of a group as they are to one request.

use std::time::Duration;

use compiler::plan::{HashKey, Mode};
use tokio::time::Instant;

use super::algorithm::{MemberView, Members, WHOLE, key_of};
use super::live::{Choice, Group, Member};
use super::order::{Round, rounds};
use super::ramp;
use super::session;
use crate::endpoint::Endpoint;
use crate::exchange::Exchange;

/// The members that were tried for a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Tried {
    first: u64,
    /// Those beyond the first 64.
    others: Vec<u64>,
}

/// A member that was chosen, and whether it is called in spite of its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) index: usize,
    pub(super) is_forced: bool,
}

impl Tried {
    pub(super) fn add(&mut self, index: usize) {
        match index.checked_sub(64) {
            None => self.first |= 1 << index,
            Some(index) => {
                let word = index / 64;
                if self.others.len() <= word {
                    self.others.resize(word + 1, 0);
                }
                if let Some(word) = self.others.get_mut(word) {
                    *word |= 1 << (index % 64);
                }
            }
        }
    }

    /// It was not tried after all.
    pub(super) fn remove(&mut self, index: usize) {
        match index.checked_sub(64) {
            None => self.first &= !(1 << index),
            Some(index) => {
                if let Some(word) = self.others.get_mut(index / 64) {
                    *word &= !(1 << (index % 64));
                }
            }
        }
    }

    pub(super) fn has(&self, index: usize) -> bool {
        let (word, bit) = match index.checked_sub(64) {
            None => (self.first, index),
            Some(index) => (self.others.get(index / 64).copied().unwrap_or(0), index % 64),
        };
        word & (1 << bit) != 0
    }
}

/// The members as a round of looking sees them.
struct Look<'a> {
    group: &'a Group,
    tried: &'a Tried,
    round: Round,
    now: Instant,
}

impl Members for Look<'_> {
    fn count(&self) -> usize {
        self.group.members.len()
    }

    fn view(&self, index: usize) -> MemberView {
        let Some(member) = self.group.members.get(index) else { return unready() };
        if self.tried.has(index) || !self.is_eligible(index, member) {
            return MemberView { weight: member.weight, ..unready() };
        }
        let latency = member.latency.as_ref();
        MemberView {
            is_ready: true,
            weight: member.weight,
            share: self.group.share(member, self.now),
            in_flight: member.endpoint.in_flight(),
            latency: latency.map_or(Duration::ZERO, |latency| latency.read(self.now)),
        }
    }
}

impl Look<'_> {
    fn is_eligible(&self, index: usize, member: &Member) -> bool {
        let is_last = index + 1 == self.group.members.len();
        match self.round {
            Round::Ready if self.group.mode == Mode::LastResort && is_last => false,
            Round::Ready => {
                let spills = matches!(self.group.mode, Mode::SpillOver { .. });
                member.is_ready(self.now) && (!spills || member.endpoint.has_room(self.now))
            }
            Round::Unready => !member.endpoint.is_off(self.now),
            Round::Last => is_last && !member.endpoint.is_off(self.now),
        }
    }
}

fn unready() -> MemberView {
    MemberView { is_ready: false, ..MemberView::idle(0) }
}

impl Group {
    /// The member to call; `None` where none is left. `is_forced` is whether the group itself is
    /// called in spite of its state.
    pub(super) fn pick(
        &self,
        worker: usize,
        tried: &Tried,
        (key, is_forced): (Option<u64>, bool),
        now: Instant,
    ) -> Option<Picked> {
        let all = [Round::Ready, Round::Unready];
        let rounds = if is_forced { &all } else { rounds(self.mode) };
        rounds.iter().find_map(|round| {
            let look = Look { group: self, tried, round: *round, now };
            let index = self.pick_from(&look, worker, key)?;
            Some(Picked { index, is_forced: *round != Round::Ready })
        })
    }

    fn pick_from(&self, look: &Look<'_>, worker: usize, key: Option<u64>) -> Option<usize> {
        match &self.choice {
            Choice::Failover(succession, hands) => {
                Self::with_hand(hands, worker, |chance| succession.pick(look, chance))
            }
            Choice::Balance(hands, _) => {
                Self::with_hand(hands, worker, |picker| picker.pick(look, key))
            }
        }
    }

    /// Whether this member may be called as it is.
    pub(super) fn takes(&self, index: usize, tried: &Tried, now: Instant) -> bool {
        let look = Look { group: self, tried, round: Round::Ready, now };
        let may_be_last = || {
            let look = Look { round: Round::Last, ..look };
            self.mode == Mode::LastResort && look.view(index).is_ready
        };
        look.view(index).is_ready || may_be_last()
    }

    /// How much of its share a member gets just now.
    fn share(&self, member: &Member, now: Instant) -> u32 {
        let ready_for = || match member.ready_since() {
            Some(since) => now.saturating_duration_since(since),
            None => Duration::MAX,
        };
        let share = match &self.choice {
            Choice::Failover(..) if self.recovery != Default::default() => {
                ramp::returning(ready_for(), &self.recovery)
            }
            Choice::Balance(..) if !self.slow_start.is_zero() => {
                ramp::slow_start(ready_for(), self.slow_start)
            }
            _ => WHOLE,
        };
        match (self.mode, &member.endpoint) {
            (Mode::SpillOver { below }, Endpoint::Group(inner)) if self.is_failover() => {
                share.min(ramp::spill_over(inner.ready_percent(now), below))
            }
            _ => share,
        }
    }

    /// What a request is told by, for an algorithm that wants to know.
    pub(super) fn key(&self, exchange: &Exchange) -> Option<u64> {
        let Choice::Balance(_, keys) = &self.choice else { return None };
        keys.iter().find_map(|key| key_from(key, exchange))
    }

    /// The members in the order in which a request without a key would try them now, without a turn
    /// being taken.
    #[must_use]
    pub fn preview(&self, exchange: &Exchange, now: Instant) -> Vec<(usize, bool)> {
        let mut tried = Tried::default();
        let key = (self.key(exchange), false);
        let mut order = Vec::new();
        while let Some(picked) = self.pick(0, &tried, key, now) {
            tried.add(picked.index);
            order.push((picked.index, picked.is_forced));
        }
        order
    }
}

fn key_from(key: &HashKey, exchange: &Exchange) -> Option<u64> {
    let headers = &exchange.head.headers;
    match key {
        HashKey::Header(name) => headers.get(name).map(|value| key_of(value.as_bytes())),
        HashKey::Cookie(name) => {
            let cookie = session::cookies(headers).find(|(known, _)| known == name);
            cookie.map(|(_, value)| key_of(value.as_bytes()))
        }
        HashKey::Query(name) => {
            let query = exchange.head.uri.query()?;
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find(|(known, _)| known == name).map(|(_, value)| key_of(value.as_bytes()))
        }
        HashKey::ClientAddress => {
            let ip = exchange.record.connection.peer.ip();
            Some(match ip {
                std::net::IpAddr::V4(ip) => key_of(&ip.octets()),
                std::net::IpAddr::V6(ip) => key_of(&ip.octets()),
            })
        }
        HashKey::Path => Some(key_of(exchange.head.uri.path().as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_tried_is_known_however_many_there_are() {
        let mut tried = Tried::default();
        for index in [0, 63, 64, 65, 200, 999] {
            assert!(!tried.has(index));
            tried.add(index);
            assert!(tried.has(index));
        }
        for index in [63, 200, 5000] {
            tried.remove(index);
            assert!(!tried.has(index));
        }
        assert!([0, 64, 65, 999].iter().all(|index| tried.has(*index)));
        assert!([1, 62, 66, 128, 199, 998, 1000].iter().all(|index| !tried.has(*index)));
    }
}
