//! Looks for one value in the text of a document, without making the document.
//!
//! Only what lies on the way is looked at; that the rest is well-formed is seen in passing.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::syntax::{Path, Select, Step};

/// The steps to the value.
struct Seek<'p>(&'p [Step]);

/// Whether a key is this one.
struct Is<'p>(&'p str);

/// Whether every step leads from one value to one other, counted from the front.
pub(super) fn is_simple(path: &Path) -> bool {
    let is_simple = |step: &Step| {
        step.is_definite()
            && match &step.select {
                Select::Indexes(indexes) => indexes.iter().all(|index| *index >= 0),
                _ => true,
            }
    };
    path.tail.is_none() && !path.steps.is_empty() && path.steps.iter().all(is_simple)
}

/// The value; of members with the same name the last one counts.
pub(super) fn find(path: &Path, text: &str) -> Result<Option<Value>, serde_json::Error> {
    let mut document = serde_json::Deserializer::from_str(text);
    let found = Seek(&path.steps).deserialize(&mut document)?;
    document.end()?;
    Ok(found)
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            [] => Value::deserialize(value).map(Some),
            _ => value.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (name, rest) = match self.0 {
            [Step { select: Select::Names(names), .. }, rest @ ..] => (names.first(), rest),
            _ => (None, self.0),
        };
        let Some(name) = name else {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        };
        let mut found = None;
        while let Some(is_it) = members.next_key_seed(Is(name))? {
            if is_it {
                found = members.next_value_seed(Seek(rest))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        if let [Step { select: Select::Indexes(indexes), .. }, rest @ ..] = self.0 {
            let before = indexes.first().copied().unwrap_or_default();
            for _ in 0..before {
                if items.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            found = items.next_element_seed(Seek(rest))?.flatten();
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<bool, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}
