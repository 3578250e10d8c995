//! Where the control plane keeps what it knows: SQLite or PostgreSQL behind one interface.
//!
//! One text of SQL for both engines, with numbered placeholders and columns of three types only. A
//! [`Store`] reads; [`Changes`] write, in one transaction, and leave a record of each change. Rows are
//! read by hand, one file for each table. What may hold secrets is sealed before it is stored
//! ([`Sealer`]).
//!
//! Deliberately absent: what a change means (which states follow each other, who may do what), which
//! is the control plane's; and every clock and every random number, which are handed in.

mod api;
mod audit;
mod backup;
mod certificate;
mod changes;
mod client;
mod config;
mod content;
mod deployment;
mod environment;
mod error;
mod lifecycle;
mod list;
mod migrate;
mod organisation;
mod page;
mod policy;
pub mod query;
mod revision;
mod schema;
mod sealer;
mod service;
mod setting;
mod sql;
mod store;
mod token;
mod user;

pub use api::{Api, ApiFace, ApiSort, NewApi, Order};
pub use audit::AuditRecord;
pub use backup::BackupSummary;
pub use certificate::Certificate;
pub use changes::{Changes, Doer};
pub use client::{Client, NewClient};
pub use config::{ConfigError, DEFAULT_FILE, DatabaseKeys, StoreConfig};
pub use deployment::{Deployment, DeploymentState, Target};
pub use environment::Environment;
pub use error::{Conflict, StoreError, Thing};
pub use lifecycle::Transition;
pub use organisation::Organisation;
pub use page::{Listed, Page};
pub use policy::Policy;
pub use query::{Query, QueryError};
pub use revision::{MAX_REVISIONS, Revision};
pub use sealer::Sealer;
pub use service::{Service, ServiceFace, ServiceFilter, ServiceSort};
pub use store::{Engine, Store};
pub use token::{Token, TokenKind};
pub use user::{Lockout, NewUser, User};
