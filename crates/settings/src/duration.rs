//! Durations as configuration writes them: a bare number in the key's own unit, or text such as
//! `900s`, `15m`, `500ms`.

use std::time::Duration;

/// The unit of a bare number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

impl Unit {
    fn milliseconds(self) -> u64 {
        match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1000,
        }
    }
}

/// Reads `15m`, `900s`, `3 h`, `500ms`, `1d` or a bare number in `unit`.
///
/// `None` where the text is no duration, is negative or does not fit.
#[must_use]
pub fn parse_duration(text: &str, unit: Unit) -> Option<Duration> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = text.split_at_checked(digits)?;
    let factor = match suffix.trim_start() {
        "" => unit.milliseconds(),
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor).map(Duration::from_millis)
}

/// The shortest text that [`parse_duration`] reads back: `15m`, `90s`, `1500ms`.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds == 0 {
        return "0s".to_owned();
    }
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    units.iter().find(|(factor, _)| milliseconds.is_multiple_of(*factor)).map_or_else(
        || format!("{milliseconds}ms"),
        |(factor, unit)| format!("{}{unit}", milliseconds / factor),
    )
}
