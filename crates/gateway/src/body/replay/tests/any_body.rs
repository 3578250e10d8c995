//! Any body, cut up and given up anyhow: every attempt gives the whole, or fails.

use proptest::prelude::*;

use super::*;

/// What a client sends and what becomes of it.
#[derive(Debug, Clone)]
struct Case {
    pieces: Vec<(usize, bool)>,
    has_length: bool,
    ends_late: bool,
    has_trailers: bool,
    limits: (u64, u64),
    peek: Option<usize>,
    /// How many parts each attempt takes.
    attempts: Vec<usize>,
}

fn case() -> impl Strategy<Value = Case> {
    let length = prop_oneof![0..40_usize, 900..1100_usize, 0..6000_usize];
    let limit = || prop_oneof![Just(0_u64), 0..100_u64, 0..12_000_u64, Just(1 << 20)];
    (
        proptest::collection::vec((length, any::<bool>()), 0..12),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        (limit(), limit()),
        proptest::option::of(0..8000_usize),
        proptest::collection::vec(0..14_usize, 0..5),
    )
        .prop_map(|(pieces, (has_length, ends_late, has_trailers), limits, peek, attempts)| {
            Case { pieces, has_length, ends_late, has_trailers, limits, peek, attempts }
        })
}

impl Case {
    fn whole(&self) -> Given {
        let pieces = self.pieces.iter().enumerate();
        let data = pieces.flat_map(|(seed, (length, _))| bytes(*length, seed)).collect();
        Given { data, trailers: self.has_trailers.then(fields) }
    }

    fn replay(&self) -> Replay {
        let pieces = self.pieces.iter().enumerate();
        let steps = pieces.flat_map(|(seed, (length, is_slow))| {
            let pause = is_slow.then_some(Step::Pause);
            pause.into_iter().chain([data(bytes(*length, seed))])
        });
        let end = self.has_trailers.then(|| Step::Trailers(fields()));
        let length = self.pieces.iter().map(|(length, _)| *length as u64).sum();
        let mut script = Script::new(steps.chain(end), self.has_length.then_some(length));
        if self.ends_late {
            script = script.ending_late();
        }
        let (memory, file) = self.limits;
        Replay::new(script.body(None), Limits { memory, file })
    }

    /// Takes so many parts; whether that was all.
    async fn attempt(&self, replay: &Replay, parts: usize) -> bool {
        let mut body = replay.body();
        let whole = self.whole();
        if self.has_length {
            assert_eq!(body.size_hint().exact(), Some(whole.data.len() as u64));
        }
        let mut given = Given::default();
        for _ in 0..parts {
            if !next(&mut body, &mut given).await.unwrap() {
                assert_eq!(given, whole);
                assert_eq!(stage(&body), RequestStage::Done);
                return true;
            }
            assert!(whole.data.starts_with(&given.data));
        }
        false
    }

    async fn run(self) {
        let replay = self.replay();
        if let Some(limit) = self.peek {
            let seen = replay.peek(limit, |_| false).await.unwrap();
            let whole = self.whole().data;
            assert_eq!(seen, whole.get(..limit).unwrap_or(&whole));
        }
        for parts in &self.attempts {
            if !replay.can_repeat() {
                break;
            }
            self.attempt(&replay, *parts).await;
        }
        if replay.can_repeat() {
            assert!(!replay.is_overrun());
            assert!(self.attempt(&replay, usize::MAX).await);
        }
        if replay.can_repeat() {
            assert!(self.attempt(&replay, usize::MAX).await);
        } else {
            assert!(replay.is_overrun());
            rest(&mut replay.body()).await.unwrap_err();
        }
    }
}

proptest! {
    #[test]
    fn every_attempt_gives_the_whole_or_fails(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(case.run());
    }
}
