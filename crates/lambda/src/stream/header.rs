//! Headers of frames: a name, a type, and a value.

use bytes::{Buf, Bytes};

/// Headers of one frame. The service sends about three.
const MOST: usize = 64;

/// A value, with its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// Eight bits.
    Byte(i8),
    /// Sixteen bits.
    Short(i16),
    /// Thirty-two bits.
    Int(i32),
    /// Sixty-four bits.
    Long(i64),
    /// Bytes.
    Bytes(Bytes),
    /// UTF-8.
    Text(String),
    /// Milliseconds of Unix time.
    Time(i64),
    /// A UUID.
    Uuid(u128),
}

/// Headers in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<(String, Value)>);

/// Why bytes are no headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum HeaderError {
    /// They end within a header.
    #[error("they end too early")]
    Short,
    /// A name of no bytes, or not UTF-8.
    #[error("a name is none")]
    Name,
    /// One name comes twice.
    #[error("a name comes twice")]
    Twice,
    /// There is no such type.
    #[error("a type is not known")]
    Type,
    /// A text that is not UTF-8, or longer than 32767 bytes.
    #[error("a value is none")]
    Value,
    /// More than anybody sends.
    #[error("there are too many")]
    TooMany,
}

impl Headers {
    /// Reads all there are.
    pub(super) fn read(mut bytes: Bytes) -> Result<Self, HeaderError> {
        let mut headers = Self::default();
        while !bytes.is_empty() {
            if headers.0.len() == MOST {
                return Err(HeaderError::TooMany);
            }
            let length = usize::from(bytes.get_u8());
            let name = text(take(&mut bytes, length)?).ok_or(HeaderError::Name)?;
            if name.is_empty() {
                return Err(HeaderError::Name);
            }
            if headers.get(&name).is_some() {
                return Err(HeaderError::Twice);
            }
            let value = value(&mut bytes)?;
            headers.0.push((name, value));
        }
        Ok(headers)
    }

    /// The value of a header.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value of a header that is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
}

fn value(bytes: &mut Bytes) -> Result<Value, HeaderError> {
    let short = |_| HeaderError::Short;
    Ok(match bytes.try_get_u8().map_err(short)? {
        0 => Value::Bool(true),
        1 => Value::Bool(false),
        2 => Value::Byte(bytes.try_get_i8().map_err(short)?),
        3 => Value::Short(bytes.try_get_i16().map_err(short)?),
        4 => Value::Int(bytes.try_get_i32().map_err(short)?),
        5 => Value::Long(bytes.try_get_i64().map_err(short)?),
        6 => Value::Bytes(counted(bytes)?),
        7 => Value::Text(text(counted(bytes)?).ok_or(HeaderError::Value)?),
        8 => Value::Time(bytes.try_get_i64().map_err(short)?),
        9 => Value::Uuid(bytes.try_get_u128().map_err(short)?),
        _ => return Err(HeaderError::Type),
    })
}

/// Bytes behind their length. The protocol ends at 32767, the largest signed number.
fn counted(bytes: &mut Bytes) -> Result<Bytes, HeaderError> {
    let length = bytes.try_get_u16().map_err(|_| HeaderError::Short)?;
    if i16::try_from(length).is_err() {
        return Err(HeaderError::Value);
    }
    take(bytes, usize::from(length))
}

fn take(bytes: &mut Bytes, length: usize) -> Result<Bytes, HeaderError> {
    if bytes.len() < length {
        return Err(HeaderError::Short);
    }
    Ok(bytes.split_to(length))
}

fn text(bytes: Bytes) -> Option<String> {
    String::from_utf8(bytes.into()).ok()
}
