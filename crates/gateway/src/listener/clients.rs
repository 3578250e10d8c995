//! What each client has open, so that one of them cannot take the places of all.
//!
//! Workers share this table. It is touched when a connection is accepted, once more for a TLS
//! handshake, and at the end of a connection, never for a request; its shards are locked for a few
//! instructions.
//! A client is in it for as long as it has a connection, and where the rate of new ones is limited
//! until its second is over; so it is no larger than what is open.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::config::ClientLimits;
use crate::telemetry::metric::TurnedAway;

const SHARDS: usize = 64;
/// Entries of a shard below which nobody looks for those that are over.
const SMALL: usize = 64;
/// What a client may use up at once of what its rate gives.
const BURST: Duration = Duration::from_secs(1);

/// A client: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    V4([u8; 4]),
    V6([u8; 8]),
}

/// All clients that have something open.
#[derive(Debug)]
pub(crate) struct Clients {
    /// Seeded, since strangers choose the keys.
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
}

/// On cache lines of its own: other workers are at its neighbours.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    entries: HashMap<Client, Entry>,
    /// How many entries make it worth looking for those that are over.
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Entry {
    connections: usize,
    /// When the rate would have given all that was used; in the past once nothing is owed.
    paid_at: Option<Instant>,
    /// Made by the first TLS handshake.
    handshakes: Option<Arc<Semaphore>>,
}

impl Client {
    /// The client at an address.
    pub(crate) fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

impl Default for Clients {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hasher: RandomState::new(), shards }
    }
}

impl Clients {
    /// Counts a new connection, if the client may have one more; [`Clients::leave`] counts its end.
    pub(crate) fn enter(&self, client: Client, limits: &ClientLimits) -> Result<(), TurnedAway> {
        let mut shard = self.shard(client);
        shard.sweep();
        let entry = shard.entries.entry(client).or_default();
        if limits.connections.is_some_and(|most| entry.connections >= most) {
            return Err(TurnedAway::ConnectionsPerClient);
        }
        if let Some(rate) = limits.connection_rate {
            entry.pay(rate, Instant::now())?;
        }
        entry.connections += 1;
        Ok(())
    }

    /// Counts the end of a connection.
    pub(crate) fn leave(&self, client: Client) {
        let mut shard = self.shard(client);
        let Some(entry) = shard.entries.get_mut(&client) else { return };
        entry.connections = entry.connections.saturating_sub(1);
        // One that owes something is left to a sweep.
        if entry.connections == 0 && entry.paid_at.is_none() {
            shard.entries.remove(&client);
        }
    }

    /// The turns of a client that has a connection; their number is that of the first handshake
    /// among those that are open.
    pub(crate) fn handshakes(&self, client: Client, most: usize) -> Arc<Semaphore> {
        let most = most.min(Semaphore::MAX_PERMITS);
        let mut shard = self.shard(client);
        let turns = shard.entries.get_mut(&client).map(|entry| {
            entry.handshakes.get_or_insert_with(|| Arc::new(Semaphore::new(most))).clone()
        });
        turns.unwrap_or_else(|| Arc::new(Semaphore::new(most)))
    }

    fn shard(&self, client: Client) -> MutexGuard<'_, Shard> {
        // The upper bits: the lower ones pick the place inside the shard.
        let hash = usize::try_from(self.hasher.hash_one(client) >> 48).unwrap_or_default();
        let shard = &self.shards[hash % SHARDS];
        // Nothing in here panics between two changes that belong together.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let lock = |shard: &Mutex<Shard>| shard.lock().map_or(0, |shard| shard.entries.len());
        self.shards.iter().map(lock).sum()
    }
}

impl Shard {
    /// Forgets who has nothing open and owes nothing, each time the shard has doubled.
    fn sweep(&mut self) {
        if self.entries.len() >= self.sweep_at.max(SMALL) {
            let now = Instant::now();
            self.entries.retain(|_, entry| entry.connections > 0 || entry.owes(now));
            self.sweep_at = self.entries.len() * 2;
        }
    }
}

impl Entry {
    fn owes(&self, now: Instant) -> bool {
        self.paid_at.is_some_and(|paid_at| paid_at > now)
    }

    /// Takes one connection out of the rate.
    fn pay(&mut self, rate: u32, now: Instant) -> Result<(), TurnedAway> {
        let price = BURST / rate.max(1);
        let paid_at = self.paid_at.unwrap_or(now).max(now) + price;
        if paid_at > now + BURST {
            return Err(TurnedAway::ConnectionRatePerClient);
        }
        self.paid_at = Some(paid_at);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const NONE: ClientLimits =
        ClientLimits { connections: None, connection_rate: None, handshakes: None };

    fn client(text: &str) -> Client {
        Client::at(text.parse().unwrap())
    }

    #[test]
    fn a_client_is_an_address_or_a_network() {
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
    }

    #[test]
    fn each_client_has_its_own_places() {
        let clients = Clients::default();
        let limits = ClientLimits { connections: Some(2), ..NONE };
        let (one, other) = (client("192.0.2.1"), client("2001:db8::1"));
        assert_eq!(clients.enter(one, &limits), Ok(()));
        assert_eq!(clients.enter(one, &limits), Ok(()));
        assert_eq!(clients.enter(one, &limits), Err(TurnedAway::ConnectionsPerClient));
        assert_eq!(clients.enter(other, &limits), Ok(()));
        clients.leave(one);
        assert_eq!(clients.enter(one, &limits), Ok(()));
        for client in [one, one, other] {
            clients.leave(client);
        }
        assert_eq!(clients.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_gives_what_a_second_has() {
        let clients = Clients::default();
        let limits = ClientLimits { connection_rate: Some(4), ..NONE };
        let one = client("192.0.2.1");
        let open = |count: usize| {
            let opened = (0..count).filter(|_| clients.enter(one, &limits).is_ok()).count();
            (0..opened).for_each(|_| clients.leave(one));
            opened
        };
        assert_eq!(open(10), 4);
        assert_eq!(open(10), 0);
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(open(10), 2);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(open(10), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_gone_is_forgotten() {
        let clients = Clients::default();
        let limits = ClientLimits { connection_rate: Some(1), ..NONE };
        for round in 0..20_u32 {
            for number in 0..1000_u32 {
                let address = std::net::Ipv4Addr::from_bits(round * 1000 + number);
                let client = Client::at(address.into());
                clients.enter(client, &limits).unwrap();
                clients.leave(client);
            }
            tokio::time::advance(2 * BURST).await;
        }
        assert!(clients.len() <= SHARDS * SMALL * 2, "{}", clients.len());
    }

    #[test]
    fn handshakes_of_a_client_have_the_same_turns() {
        let clients = Clients::default();
        let one = client("192.0.2.1");
        clients.enter(one, &NONE).unwrap();
        let turns = clients.handshakes(one, 1);
        let _turn = turns.try_acquire().unwrap();
        assert!(clients.handshakes(one, 5).try_acquire().is_err());
        clients.leave(one);
        assert!(clients.handshakes(one, 5).try_acquire().is_ok());
    }
}
