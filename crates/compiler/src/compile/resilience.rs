//! `config` of an endpoint: timeouts, retries and suspension (spec/01 §1.5, §2.1).

use std::str::FromStr;
use std::time::Duration;

use model::endpoint::{CodeList, LeafConfig};
use model::{Diagnostics, codes};

use crate::plan::{Resilience, TimeoutAction};

pub(super) fn plan(config: Option<&LeafConfig>, found: &mut Diagnostics) -> Resilience {
    let Some(config) = config else { return Resilience::default() };
    let mut resilience = Resilience { on_timeout: action(config, found), ..Resilience::default() };
    let duration = millis(config, "actionDuration", config.action_duration.as_deref(), found);
    if resilience.on_timeout != TimeoutAction::Never {
        // Nothing is the global timeout, and so is zero.
        resilience.timeout = duration.filter(|duration| !duration.is_zero());
    }
    // Only the exact text switches suspension off, and then nothing else counts.
    if config.suspend_duration.as_deref() == Some("0") {
        resilience.suspension_is_off = true;
        return resilience;
    }
    suspension(&mut resilience, config, found);
    resilience
}

fn suspension(resilience: &mut Resilience, config: &LeafConfig, found: &mut Diagnostics) {
    resilience.timeout_codes = code_list(config, "retryErroCode", &config.retry_codes, found);
    resilience.suspend_codes = code_list(config, "suspendErrorCode", &config.suspend_codes, found);
    if let Some(retries) = at_least_none(config, "retryTimeOut", &config.retries, found) {
        resilience.retries_before_suspension = u32::try_from(retries).unwrap_or(u32::MAX);
    }
    if let Some(delay) = at_least_none(config, "retryDelay", &config.retry_delay, found) {
        resilience.retry_delay = Duration::from_millis(delay);
    }
    let initial = config.suspend_duration.as_deref();
    if let Some(initial) = number(config, "suspendDuration", initial, found) {
        resilience.initial_ms = initial;
    }
    let maximum = config.suspend_max_duration.as_deref();
    if let Some(maximum) = number(config, "suspendMaxDuration", maximum, found) {
        resilience.maximum_ms = maximum;
    }
    if let Some(factor) = factor(config, found) {
        resilience.factor = factor;
    }
}

fn action(config: &LeafConfig, found: &mut Diagnostics) -> TimeoutAction {
    let Some(written) = &config.action else { return TimeoutAction::Fault };
    match written.to_ascii_lowercase().as_str() {
        "fault" => TimeoutAction::Fault,
        "discard" => TimeoutAction::Discard,
        "nevertimeout" => TimeoutAction::Never,
        _ => {
            let message = format!("the action `{written}` is unknown; `fault` is used");
            let help = "Use fault, discard or neverTimeout.";
            found.warning(codes::ACTION, config.place_of("actionSelect"), message, help);
            TimeoutAction::Fault
        }
    }
}

fn millis(
    config: &LeafConfig,
    key: &str,
    text: Option<&str>,
    found: &mut Diagnostics,
) -> Option<Duration> {
    number(config, key, text, found).map(Duration::from_millis)
}

/// WSO2 takes a number below 0 for none (spec/01 §2.4), and so do we.
fn at_least_none(
    config: &LeafConfig,
    key: &str,
    text: &Option<String>,
    found: &mut Diagnostics,
) -> Option<u64> {
    let number: i64 = number(config, key, text.as_deref(), found)?;
    if number < 0 {
        let message = format!("`{key}: {number}` means 0");
        found.warning(codes::NUMBER, config.place_of(key), message, "Write 0.");
    }
    Some(u64::try_from(number).unwrap_or(0))
}

/// A number of the type that the caller needs; anything else is an error.
fn number<T: FromStr>(
    config: &LeafConfig,
    key: &str,
    text: Option<&str>,
    found: &mut Diagnostics,
) -> Option<T> {
    let text = text?;
    let parsed = text.parse().ok();
    if parsed.is_none() {
        report(config, key, text, "Write a whole number; times are milliseconds.", found);
    }
    parsed
}

fn factor(config: &LeafConfig, found: &mut Diagnostics) -> Option<f64> {
    let text = config.factor.as_deref()?;
    let parsed: Option<f64> = text.parse().ok();
    let parsed = parsed.filter(|factor| factor.is_finite() && *factor >= 0.0);
    if parsed.is_none() {
        report(config, "factor", text, "Write a number such as 2 or 1.5.", found);
    }
    parsed
}

fn report(config: &LeafConfig, key: &str, text: &str, help: &str, found: &mut Diagnostics) {
    let message = format!("`{key}` cannot be `{text}`");
    found.error(codes::NUMBER, config.place_of(key), message, help);
}

fn code_list(config: &LeafConfig, key: &str, list: &CodeList, found: &mut Diagnostics) -> Vec<i64> {
    match list {
        CodeList::Absent => Vec::new(),
        CodeList::Bare(text) => {
            let message = format!("`{key}` is not a list, and is ignored as WSO2 does");
            let help = format!("Write `[\"{text}\"]`.");
            found.warning(codes::CODES_NOT_A_LIST, config.place_of(key), message, help);
            Vec::new()
        }
        CodeList::List(texts) => {
            texts.iter().filter_map(|text| error_code(config, key, text, found)).collect()
        }
    }
}

/// A code that is dropped could leave an empty list, which means any code: hence an error.
fn error_code(config: &LeafConfig, key: &str, text: &str, found: &mut Diagnostics) -> Option<i64> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        let message = format!("the error code `{text}` is not a number");
        let help = "Use numbers such as 101503.";
        found.error(codes::ERROR_CODE, config.place_of(key), message, help);
    }
    parsed
}
