//! Policies: the shipped ones, their templates, what may be attached where, and the checks of threat protection.

pub mod flow;
mod pattern;
pub mod shipped;
pub mod template;
pub mod threat;
pub mod validate;

/// The name that is most like another one, where any is like it at all.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// How alike two names must be, from 0 to 1.
    const ALIKE: f64 = 0.75;
    let name = name.to_ascii_lowercase();
    let alike = known.map(|one| (strsim::jaro_winkler(&name, &one.to_ascii_lowercase()), one));
    let nearest = alike.max_by(|left, right| left.0.total_cmp(&right.0));
    nearest.filter(|(alike, _)| *alike >= ALIKE).map(|(_, one)| one)
}
