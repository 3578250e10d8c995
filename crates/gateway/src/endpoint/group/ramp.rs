//! How much of its share a member gets that has come back, in thousandths.

use std::time::Duration;

use compiler::plan::Recovery;

use super::algorithm::WHOLE;

/// What a member gets from the first moment, so that it can show what it is able to.
const LEAST: u32 = 100;

/// The share of a member that has been ready for so long, in a group with a slow start.
#[must_use]
pub fn slow_start(ready_for: Duration, over: Duration) -> u32 {
    LEAST.max(part(ready_for, over))
}

/// The share of a member of a failover group that has been ready for so long: nothing while it is
/// held down, then growing to the whole.
#[must_use]
pub fn returning(ready_for: Duration, recovery: &Recovery) -> u32 {
    match ready_for.checked_sub(recovery.hold_down) {
        None => 0,
        Some(since) if recovery.ramp.is_zero() || since >= recovery.ramp => WHOLE,
        Some(since) => LEAST.max(part(since, recovery.ramp)),
    }
}

/// The share of a group within a failover group that spills over, of whose weight so many percent
/// are ready.
#[must_use]
pub fn spill_over(ready_percent: u32, below: u32) -> u32 {
    if ready_percent >= below { WHOLE } else { ready_percent * WHOLE / below.max(1) }
}

fn part(elapsed: Duration, whole: Duration) -> u32 {
    if elapsed >= whole {
        return WHOLE;
    }
    let thousandths = elapsed.as_nanos() * u128::from(WHOLE) / whole.as_nanos().max(1);
    u32::try_from(thousandths).unwrap_or(WHOLE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_slow_start_grows_evenly() {
        for (ready_for, expected) in
            [(0, 100), (1, 100), (5, 500), (9, 900), (10, 1000), (99, 1000)]
        {
            assert_eq!(slow_start(seconds(ready_for), seconds(10)), expected, "{ready_for}");
        }
        assert_eq!(slow_start(Duration::ZERO, Duration::ZERO), WHOLE);
    }

    #[test]
    fn who_returns_is_held_down_first() {
        let recovery = Recovery { hold_down: seconds(10), ramp: seconds(20) };
        for (ready_for, expected) in [(0, 0), (9, 0), (10, 100), (20, 500), (30, 1000), (99, 1000)]
        {
            assert_eq!(returning(seconds(ready_for), &recovery), expected, "{ready_for}");
        }
        assert_eq!(returning(Duration::ZERO, &Recovery::default()), WHOLE);
    }

    #[test]
    fn a_group_spills_over_in_proportion() {
        for (ready, expected) in [(100, 1000), (70, 1000), (35, 500), (0, 0)] {
            assert_eq!(spill_over(ready, 70), expected, "{ready}");
        }
    }

    proptest! {
        #[test]
        fn shares_grow_and_stay_within_the_whole(one in 0u64..100_000, more in 0u64..100_000, over in 0u64..50_000) {
            let (early, late) = (Duration::from_millis(one), Duration::from_millis(one + more));
            let over = Duration::from_millis(over);
            let recovery = Recovery { hold_down: over / 2, ramp: over };
            prop_assert!(slow_start(early, over) <= slow_start(late, over));
            prop_assert!(returning(early, &recovery) <= returning(late, &recovery));
            prop_assert!(slow_start(late, over) <= WHOLE && returning(late, &recovery) <= WHOLE);
        }
    }
}
