//! Mocks: what an answer of a script and one of the definition cost, beside nginx's `return` and
//! Prism; the memory of those that nobody calls; and what scripts that mean harm do to other APIs.

mod attack;
mod cost;
mod memory;
mod words;

use super::parts::{self, Part};
use super::trial::{Notes, Plan};
pub(crate) use words::{BODY, Mock, write};

/// Measures and reports; all parts, or the one whose name contains what `--only` says.
pub(super) fn run(plan: &Plan) -> anyhow::Result<()> {
    let memory = |plan: &Plan, _: &mut Notes| memory::measure(plan);
    let parts: [(&str, Part<'_>); 3] =
        [("cost", &cost::measure), ("memory", &memory), ("attack", &attack::measure)];
    parts::run(plan, "mocks", &parts)
}
