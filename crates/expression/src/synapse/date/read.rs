//! From text to a date.

use jiff::civil::{Date, Time};

use super::{DAYS, Item, MONTHS, Moment, Pattern};

/// What was read so far.
#[derive(Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: Option<i64>,
    half_day_hour: Option<i64>,
    is_afternoon: bool,
    minute: Option<i64>,
    second: Option<i64>,
    nanosecond: Option<i64>,
}

impl Pattern<'_> {
    /// The date, the time, or both, that a whole text says; nothing when it is written otherwise.
    pub(in super::super) fn parse(&self, text: &str) -> Option<Moment> {
        let mut rest = text;
        let mut fields = Fields::default();
        for (index, item) in self.items.iter().enumerate() {
            match item {
                Item::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Item::Field { letter, count } => {
                    let is_adjacent = matches!(self.items.get(index + 1), Some(Item::Field { .. }));
                    rest = fields.read(*letter, *count, is_adjacent, rest)?;
                }
            }
        }
        if rest.is_empty() { fields.moment() } else { None }
    }
}

impl Fields {
    fn read<'t>(
        &mut self,
        letter: char,
        count: usize,
        is_adjacent: bool,
        text: &'t str,
    ) -> Option<&'t str> {
        match (letter, count) {
            ('M' | 'L', 3..) => return self.read_month(text, count),
            ('E', _) => return named(&DAYS, count, text).map(|(_, rest)| rest),
            ('a', 1) => return self.read_half(text),
            _ => {}
        }
        let most = match (letter, count) {
            (_, 2..) => count,
            (_, _) if is_adjacent => 1,
            ('y' | 'u', _) => 4,
            ('D', _) => 3,
            ('S', _) => 1,
            _ => 2,
        };
        let (number, rest) = digits(text, count, most)?;
        self.set(letter, count, number)?;
        Some(rest)
    }

    fn read_month<'t>(&mut self, text: &'t str, count: usize) -> Option<&'t str> {
        let (month, rest) = named(&MONTHS, count, text)?;
        self.month = Some(month);
        Some(rest)
    }

    fn read_half<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let (half, rest) = text.split_at_checked(2)?;
        self.is_afternoon = half.eq_ignore_ascii_case("PM");
        (self.is_afternoon || half.eq_ignore_ascii_case("AM")).then_some(rest)
    }

    fn set(&mut self, letter: char, count: usize, number: i64) -> Option<()> {
        let field = match letter {
            'y' | 'u' => &mut self.year,
            'M' | 'L' => &mut self.month,
            'd' => &mut self.day,
            'D' => &mut self.day_of_year,
            'H' | 'k' => &mut self.hour,
            'h' | 'K' => &mut self.half_day_hour,
            'm' => &mut self.minute,
            's' => &mut self.second,
            'S' => &mut self.nanosecond,
            _ => return None,
        };
        let value = match letter {
            'y' | 'u' if count == 2 => 2000 + number,
            'k' => number % 24,
            'h' => number % 12,
            'S' => number
                .checked_mul(10_i64.checked_pow(9_u32.checked_sub(count.try_into().ok()?)?)?)?,
            _ => number,
        };
        *field = Some(value);
        Some(())
    }

    fn moment(&self) -> Option<Moment> {
        let has_date = self.year.is_some();
        let has_time = self.hour.is_some() || self.half_day_hour.is_some();
        let date = if has_date { Some(self.date()?) } else { None };
        let time = if has_time { Some(self.time()?) } else { None };
        (has_date || has_time).then_some(Moment { date, time })
    }

    fn date(&self) -> Option<Date> {
        let year = i16::try_from(self.year?).ok()?;
        if let Some(day) = self.day_of_year {
            let first = Date::new(year, 1, 1).ok()?;
            return first.with().day_of_year(i16::try_from(day).ok()?).build().ok();
        }
        let month = i8::try_from(self.month?).ok()?;
        Date::new(year, month, i8::try_from(self.day?).ok()?).ok()
    }

    fn time(&self) -> Option<Time> {
        let afternoon = if self.is_afternoon { 12 } else { 0 };
        let hour = self.hour.or_else(|| self.half_day_hour.map(|hour| hour + afternoon))?;
        let small = |field: Option<i64>| i8::try_from(field.unwrap_or(0)).ok();
        let nanosecond = i32::try_from(self.nanosecond.unwrap_or(0)).ok()?;
        Time::new(small(Some(hour))?, small(self.minute)?, small(self.second)?, nanosecond).ok()
    }
}

fn digits(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let found = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if found < least {
        return None;
    }
    let (number, rest) = text.split_at_checked(found)?;
    Some((number.parse().ok()?, rest))
}

/// The number, from 1, of the name that stands here, and what follows it.
fn named<'t>(names: &[&str], count: usize, text: &'t str) -> Option<(i64, &'t str)> {
    (1..).zip(names).find_map(|(number, name)| {
        let name = if count > 3 { *name } else { name.get(..3)? };
        let (head, rest) = text.split_at_checked(name.len())?;
        head.eq_ignore_ascii_case(name).then_some((number, rest))
    })
}
