#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};

use compiler::plan::AwsRole;
use model::secret::Secret;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// What is given, how often it was asked for, and how long that takes.
struct Source {
    asked: AtomicUsize,
    takes: Duration,
    life: Option<Duration>,
    failure: Mutex<Option<&'static str>>,
}

impl Source {
    fn new(life: Option<Duration>) -> Arc<Self> {
        let (asked, failure) = (AtomicUsize::new(0), Mutex::new(None));
        Arc::new(Self { asked, takes: Duration::from_millis(100), life, failure })
    }

    fn account(self: &Arc<Self>, plan: AwsPlan) -> Arc<Account> {
        let provider = Arc::clone(self);
        let asking = move |_: AwsPlan, _: Option<String>| -> Asking {
            let provider = Arc::clone(&provider);
            Box::pin(async move {
                let number = provider.asked.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::time::sleep(provider.takes).await;
                if let Some(why) = *provider.failure.lock().unwrap() {
                    return Err(NoKeys(why.into()));
                }
                let keys = Keys::new(&format!("AKID{number}"), &Secret::new("secret"), None);
                Ok(Held::new(keys, Instant::now(), provider.life))
            })
        };
        Arc::new(Account::with(plan, None, Box::new(asking)))
    }

    fn fail(&self, why: Option<&'static str>) {
        *self.failure.lock().unwrap() = why;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn chain() -> AwsPlan {
    AwsPlan { source: AwsSource::Chain { profile: None }, role: None }
}

fn written() -> AwsPlan {
    let (id, secret) = ("AKIDEXAMPLE".into(), Secret::new("secret"));
    AwsPlan { source: AwsSource::Keys { id, secret, token: None }, role: None }
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_ask_once() {
    let provider = Source::new(Some(HOUR));
    let account = provider.account(chain());
    assert!(account.current(Instant::now()).is_none());
    let calls = (0..1000).map(|_| {
        let account = Arc::clone(&account);
        tokio::spawn(async move { account.get(None).await.unwrap() })
    });
    let calls: Vec<_> = calls.collect();
    let mut all = Vec::new();
    for call in calls {
        all.push(call.await.unwrap());
    }
    assert_eq!(provider.asked(), 1);
    assert!(all.iter().all(|keys| Arc::ptr_eq(keys, &all[0])));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_takes_no_keys_from_others() {
    let provider = Source::new(Some(HOUR));
    let account = provider.account(chain());
    let soon = Instant::now() + Duration::from_millis(10);
    let left = account.get(Some(soon)).await.unwrap_err();
    assert_eq!(left, late());
    account.get(None).await.unwrap();
    assert_eq!(provider.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_replaced_ahead_of_their_end_and_nobody_waits() {
    let provider = Source::new(Some(HOUR));
    let account = provider.account(chain());
    let first = account.get(None).await.unwrap();
    pass(HOUR - EARLY - Duration::from_secs(1)).await;
    assert!(Arc::ptr_eq(&account.current(Instant::now()).unwrap(), &first));
    assert_eq!(provider.asked(), 1);
    pass(Duration::from_secs(2)).await;
    for _ in 0..10 {
        assert!(Arc::ptr_eq(&account.current(Instant::now()).unwrap(), &first));
    }
    pass(Duration::from_secs(1)).await;
    let second = account.current(Instant::now()).unwrap();
    assert_eq!(provider.asked(), 2);
    assert!(!Arc::ptr_eq(&second, &first));
}

#[tokio::test(start_paused = true)]
async fn keys_are_used_up_to_their_end_while_nobody_gives_new_ones() {
    let provider = Source::new(Some(HOUR));
    let account = provider.account(chain());
    account.get(None).await.unwrap();
    provider.fail(Some("gone"));
    pass(HOUR - MARGIN - Duration::from_secs(1)).await;
    assert!(account.current(Instant::now()).is_some());
    pass(Duration::from_secs(2)).await;
    assert_eq!(provider.asked(), 2);
    assert!(account.current(Instant::now()).is_none());
    let report = account.report(Instant::now()).unwrap();
    assert_eq!(report.valid_for, None);
    assert_eq!(report.last_failure.unwrap().1, "gone");
}

#[tokio::test(start_paused = true)]
async fn keys_without_an_end_are_looked_after() {
    let provider = Source::new(None);
    let account = provider.account(chain());
    account.get(None).await.unwrap();
    provider.fail(Some("gone"));
    pass(ROTATION * 3).await;
    assert!(account.current(Instant::now()).is_some());
    pass(Duration::from_secs(1)).await;
    assert_eq!(provider.asked(), 2);
    assert!(account.current(Instant::now()).is_some(), "they hold although nobody gave others");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_remembered_for_a_while() {
    let provider = Source::new(Some(HOUR));
    provider.fail(Some("there is no metadata service"));
    let account = provider.account(chain());
    let mut asked = Vec::new();
    for _ in 0..40 {
        let error = account.get(None).await.unwrap_err();
        assert_eq!(&*error.0, "there is no metadata service");
        pass(Duration::from_millis(50)).await;
        asked.push(provider.asked());
    }
    // Two seconds, with pauses that grow from half a second.
    assert!((2..=4).contains(asked.last().unwrap()), "{asked:?}");
    provider.fail(None);
    pass(HOUR).await;
    account.get(None).await.unwrap();
    assert!(account.report(Instant::now()).unwrap().next_try_in.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_says_nothing_is_given_up() {
    let provider = Arc::new(Source {
        asked: AtomicUsize::new(0),
        takes: HOUR,
        life: None,
        failure: Mutex::new(None),
    });
    let begun = Instant::now();
    let error = provider.account(chain()).get(None).await.unwrap_err();
    assert_eq!(error.to_string(), "the keys did not come within 20 s");
    assert!(begun.elapsed() < LIMIT + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn keys_that_the_service_refuses_are_replaced_once() {
    let provider = Source::new(Some(HOUR));
    let account = provider.account(chain());
    let first = account.get(None).await.unwrap();
    assert!(account.refused(&first));
    assert!(account.refused(&first), "the second call that had the same answer");
    let second = account.get(None).await.unwrap();
    assert_eq!(provider.asked(), 2);
    assert!(!account.refused(&second), "others would be refused as well");
    pass(AFTER_REFUSAL * 2).await;
    assert!(account.refused(&second));
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_written_are_there_and_stay() {
    let provider = Source::new(None);
    let account = provider.account(written());
    let keys = account.current(Instant::now()).unwrap();
    assert!(!account.refused(&keys));
    pass(HOUR * 100).await;
    assert!(Arc::ptr_eq(&account.get(None).await.unwrap(), &keys));
    assert_eq!(provider.asked(), 0);
    assert!(account.report(Instant::now()).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_role_is_assumed_with_keys_that_are_written() {
    let provider = Source::new(Some(HOUR));
    let role = AwsRole {
        arn: "arn:aws:iam::123456789012:role/caller".into(),
        session_name: "weir".into(),
        region: "eu-west-1".into(),
        external_id: None,
        tags: Vec::new(),
        duration: None,
    };
    let account = provider.account(AwsPlan { role: Some(role), ..written() });
    assert!(account.current(Instant::now()).is_none());
    account.get(None).await.unwrap();
    assert_eq!(provider.asked(), 1);
    assert_eq!(format!("{account:?}"), "Account(arn:aws:iam::123456789012:role/caller)");
}
