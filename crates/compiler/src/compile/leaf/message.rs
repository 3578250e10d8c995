//! `format` and `optimize`: how an endpoint wants SOAP messages to be written (spec/03 §1.4).

use mediation::soap::{Format, Optimize, Wanted};
use model::endpoint::{LeafConfig, Member};
use model::{Diagnostics, codes};
use xml::soap::Version;

use crate::plan::Dialect;

const FORMATS: &[(&str, Option<Format>)] = &[
    ("leave-as-is", None),
    ("soap11", Some(Format::Soap(Version::V11))),
    ("soap12", Some(Format::Soap(Version::V12))),
    ("pox", Some(Format::Pox)),
    // The older word for it.
    ("rest", Some(Format::Pox)),
    ("get", Some(Format::Get)),
];
const OPTIMIZES: &[(&str, Option<Optimize>)] =
    &[("leave-as-is", None), ("mtom", Some(Optimize::Mtom)), ("swa", Some(Optimize::Swa))];

pub(super) fn wanted(member: &Member, dialect: Dialect, found: &mut Diagnostics) -> Wanted {
    let Some(config) = &member.config else { return Wanted::default() };
    let format = choice(config, ("format", config.format.as_deref()), FORMATS, found);
    let optimize = choice(config, ("optimize", config.optimize.as_deref()), OPTIMIZES, found);
    let wanted = Wanted { format, optimize };
    if wanted.is_nothing() {
        return wanted;
    }
    if dialect != Dialect::Address {
        return without_effect(config, wanted, found);
    }
    if optimize.is_some() && matches!(format, Some(Format::Pox | Format::Get)) {
        let message = "`optimize` sends envelopes, and `format` takes them away";
        let help = "Use `leave-as-is` for one of them.";
        found.error(codes::MESSAGE_FORMAT, config.place_of("optimize"), message, help);
    }
    wanted
}

/// WSO2 looks at them for `address` endpoints alone.
fn without_effect(config: &LeafConfig, wanted: Wanted, found: &mut Diagnostics) -> Wanted {
    let key = if wanted.format.is_some() { "format" } else { "optimize" };
    let message = format!("`{key}` has no effect on an endpoint of this type");
    let help = "Use `endpoint_type: address`, or remove it.";
    found.warning(codes::MESSAGE_FORMAT, config.place_of(key), message, help);
    Wanted::default()
}

fn choice<T: Copy>(
    config: &LeafConfig,
    (key, value): (&str, Option<&str>),
    known: &[(&str, Option<T>)],
    found: &mut Diagnostics,
) -> Option<T> {
    let value = value.filter(|value| !value.is_empty())?;
    let choice = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
    if let Some((_, choice)) = choice {
        return *choice;
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let message = format!("`{key}` cannot be `{value}`");
    let help = format!("Use one of {}.", names.join(", "));
    found.error(codes::MESSAGE_FORMAT, config.place_of(key), message, help);
    None
}
