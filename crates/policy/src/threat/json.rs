//! JSON: how deep, how wide and how long it is, seen as it is read; no tree of it is made.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use super::Violation;

/// Limits of a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonLimits {
    /// Properties of one object.
    pub max_property_count: usize,
    /// Characters of a string.
    pub max_string_length: usize,
    /// Items of a list.
    pub max_array_element_count: usize,
    /// Characters of a key.
    pub max_key_length: usize,
    /// Objects and lists in each other; more than 127 are never taken.
    pub max_json_depth: usize,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self {
            max_property_count: 100,
            max_string_length: 100,
            max_array_element_count: 100,
            max_key_length: 100,
            max_json_depth: 100,
        }
    }
}

/// Checks a body.
///
/// # Errors
///
/// What it does that it may not; a body that is no JSON is one of these.
pub fn check_json(body: &[u8], limits: &JsonLimits) -> Result<(), Violation> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let seed = Part { limits, depth: 0 };
    let checked = seed.deserialize(&mut reader).and_then(|()| reader.end());
    checked.map_err(|error| Violation(error.to_string()))
}

/// A value at a depth.
#[derive(Clone, Copy)]
struct Part<'a> {
    limits: &'a JsonLimits,
    depth: usize,
}

impl Part<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > self.limits.max_json_depth {
            return Err(E::custom(Violation::over("depth", self.limits.max_json_depth)));
        }
        Ok(Self { depth, ..self })
    }

    fn text<E: serde::de::Error>(text: &str, what: &str, most: usize) -> Result<(), E> {
        // Bytes are at least as many as characters.
        if text.len() > most && text.chars().count() > most {
            return Err(E::custom(Violation::over(what, most)));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, _value: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _value: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _value: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _value: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        Self::text(text, "length of a string", self.limits.max_string_length)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let most = self.limits.max_array_element_count;
        let mut count = 0;
        while items.next_element_seed(inner)?.is_some() {
            count += 1;
            if count > most {
                return Err(A::Error::custom(Violation::over("items of a list", most)));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let most = self.limits.max_property_count;
        let mut count = 0;
        while fields.next_key_seed(Key(self.limits))?.is_some() {
            count += 1;
            if count > most {
                return Err(A::Error::custom(Violation::over("properties of an object", most)));
            }
            fields.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// A key.
struct Key<'a>(&'a JsonLimits);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        Part::text(text, "length of a key", self.0.max_key_length)
    }
}
