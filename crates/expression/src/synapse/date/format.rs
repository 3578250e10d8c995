//! From a date to text.

use std::fmt::Write;

use super::{DAYS, Dialect, Item, MONTHS, Moment, Pattern};

impl Pattern<'_> {
    /// Nothing when a letter is not known, or asks for what the moment does not have.
    pub(in super::super) fn format(&self, moment: &Moment) -> Option<String> {
        let mut out = String::new();
        for item in &self.items {
            match item {
                Item::Text(text) => out.push_str(text),
                Item::Field { letter, count } => {
                    let found = moment.of_date(*letter, *count);
                    let found = found.or_else(|| moment.of_time(*letter, *count, self.dialect));
                    out.push_str(&found.or_else(|| zone(*letter, *count, self.dialect))?);
                }
            }
        }
        Some(out)
    }
}

impl Moment {
    fn of_date(&self, letter: char, count: usize) -> Option<String> {
        let date = self.date?;
        let text = match letter {
            'G' => "AD".to_owned(),
            'y' | 'u' => year(date.year(), count),
            'Y' => year(date.iso_week_date().year(), count),
            'M' | 'L' if count < 3 => padded(date.month().into(), count),
            'M' | 'L' => name(&MONTHS, date.month(), count)?,
            'd' => padded(date.day().into(), count),
            'D' => padded(date.day_of_year().into(), count),
            'E' => name(&DAYS, date.weekday().to_monday_one_offset(), count)?,
            'F' => padded(((date.day() - 1) / 7 + 1).into(), count),
            'w' => padded(date.iso_week_date().week().into(), count),
            'Q' | 'q' if count < 3 => padded(((date.month() - 1) / 3 + 1).into(), count),
            _ => return None,
        };
        Some(text)
    }

    fn of_time(&self, letter: char, count: usize, dialect: Dialect) -> Option<String> {
        let time = self.time?;
        let hour = i64::from(time.hour());
        let text = match letter {
            'H' => padded(hour, count),
            'k' => padded(if hour == 0 { 24 } else { hour }, count),
            'K' => padded(hour % 12, count),
            'h' => padded(if hour % 12 == 0 { 12 } else { hour % 12 }, count),
            'm' => padded(time.minute().into(), count),
            's' => padded(time.second().into(), count),
            'a' => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            'S' if dialect == Dialect::Simple => padded(time.millisecond().into(), count),
            'S' => fraction(time.subsec_nanosecond().into(), count),
            'n' if dialect == Dialect::Formatter => padded(time.subsec_nanosecond().into(), count),
            _ => return None,
        };
        Some(text)
    }
}

/// The zone, which is UTC; a time of `DateTimeFormatter` has none here.
fn zone(letter: char, count: usize, dialect: Dialect) -> Option<String> {
    let text = match letter {
        _ if dialect == Dialect::Formatter => return None,
        'z' if count < 4 => "UTC",
        'z' => "Coordinated Universal Time",
        'Z' => "+0000",
        'X' if count <= 3 => "Z",
        _ => return None,
    };
    Some(text.to_owned())
}

fn year(year: i16, count: usize) -> String {
    let year = i64::from(year);
    if count == 2 { padded(year.rem_euclid(100), 2) } else { padded(year, count) }
}

fn padded(number: i64, count: usize) -> String {
    format!("{number:0count$}")
}

/// The first digits of a fraction of a second.
fn fraction(nanoseconds: i64, count: usize) -> String {
    let mut digits = String::new();
    // A String takes whatever is written.
    write!(digits, "{nanoseconds:09}").ok();
    digits.extend(std::iter::repeat_n('0', count.saturating_sub(9)));
    digits.truncate(count);
    digits
}

/// The name with this number, counted from 1; short with up to three letters.
fn name(names: &[&str], number: i8, count: usize) -> Option<String> {
    let name = names.get(usize::try_from(number).ok()?.checked_sub(1)?)?;
    let short = if count > 3 { Some(*name) } else { name.get(..3) };
    short.map(str::to_owned)
}
