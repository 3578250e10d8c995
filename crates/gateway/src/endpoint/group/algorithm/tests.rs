#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::collections::HashMap;

use compiler::plan::{ConsistentHash, HashKey};
use proptest::prelude::*;

use super::chance::mix;
use super::*;

fn hashing(bound: Option<u32>) -> Algorithm {
    Algorithm::ConsistentHash(ConsistentHash { keys: vec![HashKey::Path], bound })
}

fn all_algorithms() -> Vec<Algorithm> {
    vec![
        Algorithm::RoundRobin,
        Algorithm::Weighted,
        Algorithm::WeightedOnEnd,
        Algorithm::WeightedByLoad { rounds: 1 },
        Algorithm::LeastRequests,
        Algorithm::PowerOfTwo,
        Algorithm::Random,
        hashing(None),
        hashing(Some(125)),
    ]
}

fn idle(weights: &[u32]) -> Vec<MemberView> {
    weights.iter().map(|weight| MemberView::idle(*weight)).collect()
}

fn seats(members: &[MemberView]) -> Vec<Seat> {
    let seat = |(index, view): (usize, &MemberView)| Seat {
        identity: key_of(format!("http://b{index}").as_bytes()),
        weight: view.weight,
    };
    members.iter().enumerate().map(seat).collect()
}

/// The pickers of some workers of one group.
fn workers(algorithm: &Algorithm, members: &[MemberView], count: usize) -> Vec<Picker> {
    let spread = Arc::new(Spread::new(algorithm, &seats(members)));
    (0..count).map(|worker| Picker::new(Arc::clone(&spread), worker, worker as u64 + 17)).collect()
}

fn picker(algorithm: &Algorithm, members: &[MemberView]) -> Picker {
    workers(algorithm, members, 1).pop().unwrap()
}

/// How often each member is chosen, with a different key each time.
fn counts(picker: &mut Picker, members: &[MemberView], times: u64) -> Vec<u64> {
    let mut counts = vec![0; members.len()];
    for key in 0..times {
        counts[picker.pick(members, Some(mix(key))).unwrap()] += 1;
    }
    counts
}

fn order(picker: &mut Picker, members: &[MemberView], times: usize) -> Vec<usize> {
    (0..times).map(|_| picker.pick(members, None).unwrap()).collect()
}

/// Pearson's statistic of counts against shares.
fn chi_square(counts: &[u64], shares: &[u32]) -> f64 {
    let total: u64 = counts.iter().sum();
    let whole: u32 = shares.iter().sum();
    let term = |(count, share): (&u64, &u32)| {
        let expected = total as f64 * f64::from(*share) / f64::from(whole);
        (*count as f64 - expected).powi(2) / expected
    };
    counts.iter().zip(shares).map(term).sum()
}

#[test]
fn round_robin_is_exact_across_workers() {
    let members = idle(&[1, 1, 1]);
    let mut workers = workers(&Algorithm::RoundRobin, &members, 4);
    let picks: Vec<_> =
        (0..12).map(|call| workers[call % 4].pick(members.as_slice(), None).unwrap()).collect();
    assert_eq!(picks, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
}

#[test]
fn round_robin_stays_even_without_a_member() {
    let mut members = idle(&[1, 1, 1, 1]);
    members[1].is_ready = false;
    let mut picker = picker(&Algorithm::RoundRobin, &members);
    assert_eq!(order(&mut picker, &members, 6), [0, 2, 3, 0, 2, 3]);
}

/// What WSO2's algorithm does with weights: on end, in the order of the list.
#[test]
fn weights_on_end() {
    let members = idle(&[3, 1, 2]);
    let mut pickers = workers(&Algorithm::WeightedOnEnd, &members, 2);
    let picks: Vec<_> =
        (0..12).map(|call| pickers[call % 2].pick(members.as_slice(), None).unwrap()).collect();
    assert_eq!(picks, [0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 2, 2]);
    let mut members = members;
    members[0].is_ready = false;
    let mut picker = picker(&Algorithm::WeightedOnEnd, &members);
    assert_eq!(order(&mut picker, &members, 6), [1, 1, 1, 1, 2, 2]);
}

#[test]
fn smooth_weights_are_spread_out() {
    let members = idle(&[5, 1, 1]);
    let mut picker = picker(&Algorithm::Weighted, &members);
    assert_eq!(order(&mut picker, &members, 7), [0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn weights_are_kept_exactly_by_those_that_take_turns() {
    for algorithm in [Algorithm::Weighted, Algorithm::WeightedOnEnd] {
        let members = idle(&[7, 0, 2, 1]);
        let mut picker = picker(&algorithm, &members);
        assert_eq!(counts(&mut picker, &members, 1000), [700, 0, 200, 100], "{algorithm}");
    }
}

/// 99.9 % of all even spreads over ten members are below 27.9, over four below 16.3.
#[test]
fn chance_is_even() {
    let ten = idle(&[1; 10]);
    for algorithm in [Algorithm::Random, Algorithm::PowerOfTwo, Algorithm::LeastRequests] {
        let counts = counts(&mut picker(&algorithm, &ten), &ten, 100_000);
        let statistic = chi_square(&counts, &[1; 10]);
        assert!(statistic < 27.9, "{algorithm}: {statistic} {counts:?}");
    }
    let weights = [1, 2, 3, 10];
    let members = idle(&weights);
    let counts = counts(&mut picker(&Algorithm::Random, &members), &members, 100_000);
    assert!(chi_square(&counts, &weights) < 16.3, "{counts:?}");
}

/// The table of Maglev is even within a hundredth; keys are as even as chance has it.
#[test]
fn hashing_is_even_and_weighted() {
    for weights in [vec![1; 10], vec![1, 2, 3, 4], vec![100, 1]] {
        let members = idle(&weights);
        let counts = counts(&mut picker(&hashing(None), &members), &members, 200_000);
        let total: u32 = weights.iter().sum();
        for (count, weight) in counts.iter().zip(&weights) {
            let expected = 200_000.0 * f64::from(*weight) / f64::from(total);
            let off = (*count as f64 - expected).abs() / expected;
            assert!(off < 0.1, "{weights:?}: {counts:?}");
        }
    }
}

fn homes(picker: &mut Picker, members: &[MemberView]) -> Vec<usize> {
    (0..20_000).map(|key| picker.pick(members, Some(mix(key))).unwrap()).collect()
}

#[test]
fn a_member_that_is_not_ready_moves_its_own_keys_only() {
    let mut members = idle(&[1; 10]);
    let mut picker = picker(&hashing(None), &members);
    let before = homes(&mut picker, &members);
    members[3].is_ready = false;
    let without = homes(&mut picker, &members);
    let mut took_over = HashMap::new();
    for (old, new) in before.iter().zip(&without) {
        if *old == 3 {
            *took_over.entry(*new).or_insert(0) += 1;
        } else {
            assert_eq!(old, new);
        }
    }
    assert_eq!(took_over.len(), 9, "its keys are spread over all others");
    members[3].is_ready = true;
    assert_eq!(homes(&mut picker, &members), before, "and return with it");
}

#[test]
fn a_member_that_is_taken_away_moves_few_other_keys() {
    let members = idle(&[1; 10]);
    let seats = seats(&members);
    let homes_of = |seats: &[Seat]| {
        let spread = Arc::new(Spread::new(&hashing(None), seats));
        let homes = homes(&mut Picker::new(spread, 0, 1), &members[..seats.len()]);
        homes.iter().map(|index| seats[*index].identity).collect::<Vec<_>>()
    };
    let (before, after) = (homes_of(&seats), homes_of(&seats[..9]));
    let gone = seats[9].identity;
    let kept = before.iter().zip(&after).filter(|(old, _)| **old != gone);
    let (moved, all) =
        kept.fold((0, 0), |(moved, all), (old, new)| (moved + i32::from(old != new), all + 1));
    assert!(moved * 10 < all, "{moved} of {all}");
}

#[test]
fn the_order_of_the_list_does_not_matter_for_keys() {
    let members = idle(&[1, 1, 1]);
    let mut seats = seats(&members);
    let home = |seats: &[Seat]| {
        let spread = Arc::new(Spread::new(&hashing(None), seats));
        let mut picker = Picker::new(spread, 0, 1);
        let homes = (0..1000).map(|key| picker.pick(members.as_slice(), Some(mix(key))).unwrap());
        homes.map(|index| seats[index].identity).collect::<Vec<_>>()
    };
    let before = home(&seats);
    seats.reverse();
    let same = home(&seats).iter().zip(&before).filter(|(one, other)| one == other).count();
    assert!(same > 950, "{same} of 1000");
}

#[test]
fn a_bound_keeps_one_key_from_flooding_a_member() {
    let mut members = idle(&[1; 4]);
    let mut picker = picker(&hashing(Some(125)), &members);
    for _ in 0..400 {
        let index = picker.pick(members.as_slice(), Some(42)).unwrap();
        members[index].in_flight += 1;
    }
    let most = members.iter().map(|member| member.in_flight).max().unwrap();
    assert!((100..=126).contains(&most), "{members:?}");
}

#[test]
fn a_hash_is_the_same_in_every_process() {
    assert_eq!(key_of(b""), 0xf52a_15e9_a9b5_e89b);
    assert_eq!(key_of(b"alice"), key_of("alice".as_bytes()));
    assert_ne!(key_of(b"alice"), key_of(b"alicf"));
}

#[test]
fn least_requests_evens_out_what_is_in_flight() {
    let mut members = idle(&[1, 1, 2]);
    members[0].in_flight = 50;
    let mut picker = picker(&Algorithm::LeastRequests, &members);
    for _ in 0..150 {
        let index = picker.pick(members.as_slice(), None).unwrap();
        members[index].in_flight += 1;
    }
    let in_flight: Vec<_> = members.iter().map(|member| member.in_flight).collect();
    assert_eq!(in_flight, [50, 50, 100]);
}

#[test]
fn power_of_two_avoids_the_slow_one() {
    let mut members = idle(&[1; 4]);
    members.iter_mut().for_each(|member| member.latency = Duration::from_millis(10));
    members[2].latency = Duration::from_millis(100);
    let mut picker = picker(&Algorithm::PowerOfTwo, &members);
    let counts = counts(&mut picker, &members, 10_000);
    assert_eq!(counts[2], 0, "there is always a better one beside it: {counts:?}");
    // As soon as the others have ten times as much to do, it is as good.
    members[2].in_flight = 0;
    [0, 1, 3].iter().for_each(|index: &usize| members[*index].in_flight = 20);
    assert!(self::counts(&mut picker, &members, 10_000)[2] > 4_000);
}

#[test]
fn weights_follow_the_load() {
    let mut members = idle(&[4, 4]);
    let mut picker = picker(&Algorithm::WeightedByLoad { rounds: 1 }, &members);
    assert_eq!(order(&mut picker, &members, 8), [0, 0, 0, 0, 1, 1, 1, 1]);
    members[0].in_flight = 30;
    members[1].in_flight = 10;
    assert_eq!(order(&mut picker, &members, 8), [0, 0, 1, 1, 1, 1, 1, 1], "two less, two more");
    assert_eq!(counts(&mut picker, &members, 800), [200, 600], "and no further");
    members[0].in_flight = 10;
    members[1].in_flight = 10;
    assert_eq!(counts(&mut picker, &members, 800), [200, 600], "an even load is left as it is");
    members[1].in_flight = 30;
    let back = counts(&mut picker, &members, 800);
    assert!(back[0] > 550, "{back:?}");
}

#[test]
fn a_slow_start_gets_less() {
    for algorithm in all_algorithms() {
        if matches!(algorithm, Algorithm::PowerOfTwo | Algorithm::LeastRequests) {
            // These weigh what is in flight, which is none here.
            continue;
        }
        let mut members = idle(&[10, 10]);
        members[1].share = 100;
        let mut picker = picker(&algorithm, &members);
        let counts = counts(&mut picker, &members, 10_000);
        assert!((300..=1_200).contains(&counts[1]), "{algorithm}: {counts:?}");
    }
}

#[test]
fn large_groups_have_no_favourites() {
    for algorithm in [Algorithm::RoundRobin, Algorithm::Weighted, Algorithm::Random] {
        let members = idle(&[1; 100]);
        let mut counts = vec![0; 100];
        let mut workers = workers(&algorithm, &members, 8);
        for call in 0..80_000 {
            counts[workers[call % 8].pick(members.as_slice(), None).unwrap()] += 1;
        }
        // 99.9 % of all even spreads over a hundred are below 148.2.
        assert!(chi_square(&counts, &[1; 100]) < 148.2, "{algorithm}: {counts:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Change(usize, MemberView),
    Pick(Option<u64>),
}

fn member() -> impl Strategy<Value = MemberView> {
    (any::<bool>(), 0u32..6, 0u32..=1000, 0u32..50, 0u64..500).prop_map(
        |(is_ready, weight, share, in_flight, latency)| MemberView {
            is_ready,
            weight,
            share,
            in_flight,
            latency: Duration::from_millis(latency),
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0usize..6, member()).prop_map(|(index, view)| Step::Change(index, view)),
        any::<Option<u64>>().prop_map(Step::Pick),
    ]
}

proptest! {
    /// Whatever happens: somebody open is chosen as long as anybody is open.
    #[test]
    fn the_one_chosen_is_open(members in proptest::collection::vec(member(), 0..7), steps in proptest::collection::vec(step(), 1..60), seed: u64) {
        for algorithm in all_algorithms() {
            // Weights stay what they were configured as.
            let weights: Vec<_> = members.iter().map(|member| member.weight).collect();
            let mut now = members.clone();
            let spread = Arc::new(Spread::new(&algorithm, &seats(&members)));
            let mut picker = Picker::new(spread, 3, seed);
            for step in &steps {
                match step {
                    Step::Change(index, view) => if let Some(member) = now.get_mut(*index) {
                        *member = MemberView { weight: weights[*index], ..*view };
                    },
                    Step::Pick(key) => {
                        let chosen = picker.pick(now.as_slice(), *key);
                        prop_assert_eq!(chosen.is_some(), now.iter().any(MemberView::is_open), "{}", algorithm);
                        prop_assert!(chosen.is_none_or(|index| now[index].is_open()), "{}", algorithm);
                    }
                }
            }
        }
    }

    /// Asking again with those that were tried shown as not ready visits each open member once.
    #[test]
    fn every_open_member_is_tried_once(mut members in proptest::collection::vec(member(), 1..7), key: u64) {
        let open = members.iter().filter(|member| member.is_open()).count();
        for algorithm in all_algorithms() {
            let before = members.clone();
            let mut picker = picker(&algorithm, &members);
            let mut tried = 0;
            while let Some(index) = picker.pick(members.as_slice(), Some(key)) {
                members[index].is_ready = false;
                tried += 1;
            }
            prop_assert_eq!(tried, open, "{}", algorithm);
            members = before;
        }
    }
}
