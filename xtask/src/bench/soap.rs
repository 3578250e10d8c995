//! SOAP: how long a large WSDL takes to import, and what turning REST into SOAP costs by the
//! request, beside SOAP that goes through and beside the same work in Python by zeep.
//!
//! All three APIs ask the same service, which answers 10 KiB of SOAP; the request is as large.
//! What zeep costs is the time of its own two steps, made in one process without any network.

mod import;
mod turn;

use super::parts::{self, Part};
use super::trial::{Notes, Plan};

/// Measures and reports; both parts, or the one whose name contains what `--only` says.
pub(super) fn run(plan: &Plan) -> anyhow::Result<()> {
    let import = |plan: &Plan, _: &mut Notes| import::measure(plan);
    let turn = |plan: &Plan, _: &mut Notes| turn::measure(plan);
    let parts: [(&str, Part<'_>); 2] = [("import", &import), ("turn", &turn)];
    parts::run(plan, "soap", &parts)
}
