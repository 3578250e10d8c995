//! Groups of endpoints: what they cost, how evenly they share, and what is lost when a member dies.

mod chance;
mod cost;
mod losses;
mod spread;

use super::parts::{self, Part};
use super::trial::{Notes, Plan};
pub(super) use cost::compared;
use losses::Trouble;

/// Measures and reports; all parts, or those whose name contains what `--only` says.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let killed = |plan: &Plan, notes: &mut Notes| losses::measure(plan, Trouble::Killed, notes);
    let flapping = |plan: &Plan, notes: &mut Notes| losses::measure(plan, Trouble::Flapping, notes);
    let parts: [(&str, Part<'_>); 4] = [
        ("cost", &cost::measure),
        ("spread", &spread::measure),
        ("killed", &killed),
        ("flapping", &flapping),
    ];
    parts::run(plan, "groups", &parts)
}
