//! Accounts of AWS: the keys that calls are signed with, and the signatures (Signature Version 4).
//!
//! An account outlives snapshots, so that a new version of an API goes on with the keys of the old
//! one. Its keys are at hand without a lock; they are had ahead of their end (`account.rs`), by a
//! request of which there is one at a time. Where they are from is in `provider.rs`, the signature
//! in `sigv4.rs`. Both need the feature `aws`; without it such an API is refused at its deployment.

#![cfg_attr(not(feature = "aws"), allow(dead_code, reason = "nothing is signed without it"))]

mod account;
#[cfg(feature = "aws")]
mod provider;
mod region;
#[cfg(feature = "aws")]
mod sigv4;
#[cfg(not(feature = "aws"))]
mod without;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use compiler::plan::AwsPlan;

pub(crate) use account::{Account, Held};
pub(crate) use region::region_of_profile;
#[cfg(feature = "aws")]
pub(crate) use sigv4::{Keys, sign};
#[cfg(not(feature = "aws"))]
pub(crate) use without::{Keys, sign};

/// Whether this build can sign.
pub(crate) const IS_THERE: bool = cfg!(feature = "aws");

/// Why there are no keys, or no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoKeys(pub(crate) Arc<str>);

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// As it is sent, with a port that is not the scheme's own.
    pub(crate) host: &'a str,
    /// As they are sent.
    pub(crate) path_and_query: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) region: &'a str,
    pub(crate) service: &'static str,
}

/// All accounts, each for as long as somebody has it.
#[derive(Debug, Default)]
pub(crate) struct Accounts(Mutex<Vec<Weak<Account>>>);

impl Accounts {
    /// The account of a plan; the same one for the same plan.
    pub(crate) fn account(&self, plan: &AwsPlan, region: Option<&str>) -> Arc<Account> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.retain(|account| account.strong_count() > 0);
        let mut known = accounts.iter().filter_map(Weak::upgrade);
        if let Some(account) = known.find(|account| account.is_of(plan, region)) {
            return account;
        }
        let account = Arc::new(Account::new(plan.clone(), region.map(str::to_owned)));
        accounts.push(Arc::downgrade(&account));
        account
    }
}
