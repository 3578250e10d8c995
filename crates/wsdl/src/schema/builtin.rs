//! The types that XML Schema has itself.

/// Name, variant and base of each.
macro_rules! builtins {
    ($($variant:ident = $name:literal, $base:ident;)*) => {
        /// A type of XML Schema.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Builtin {
            $(#[doc = concat!("`xsd:", $name, "`")] $variant,)*
        }

        impl Builtin {
            /// All of them; the base of each stands before it.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The local name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it is derived from; `anyType` from itself.
            #[must_use]
            pub fn base(self) -> Self {
                match self { $(Self::$variant => Self::$base),* }
            }
        }
    };
}

builtins! {
    AnyType = "anyType", AnyType;
    AnySimpleType = "anySimpleType", AnyType;
    AnyAtomicType = "anyAtomicType", AnySimpleType;
    String = "string", AnyAtomicType;
    Boolean = "boolean", AnyAtomicType;
    Decimal = "decimal", AnyAtomicType;
    Float = "float", AnyAtomicType;
    Double = "double", AnyAtomicType;
    Duration = "duration", AnyAtomicType;
    DateTime = "dateTime", AnyAtomicType;
    Time = "time", AnyAtomicType;
    Date = "date", AnyAtomicType;
    GYearMonth = "gYearMonth", AnyAtomicType;
    GYear = "gYear", AnyAtomicType;
    GMonthDay = "gMonthDay", AnyAtomicType;
    GDay = "gDay", AnyAtomicType;
    GMonth = "gMonth", AnyAtomicType;
    HexBinary = "hexBinary", AnyAtomicType;
    Base64Binary = "base64Binary", AnyAtomicType;
    AnyUri = "anyURI", AnyAtomicType;
    QName = "QName", AnyAtomicType;
    Notation = "NOTATION", AnyAtomicType;
    NormalizedString = "normalizedString", String;
    Token = "token", NormalizedString;
    Language = "language", Token;
    NmToken = "NMTOKEN", Token;
    NmTokens = "NMTOKENS", AnySimpleType;
    Name = "Name", Token;
    NcName = "NCName", Name;
    Id = "ID", NcName;
    IdRef = "IDREF", NcName;
    IdRefs = "IDREFS", AnySimpleType;
    Entity = "ENTITY", NcName;
    Entities = "ENTITIES", AnySimpleType;
    Integer = "integer", Decimal;
    NonPositiveInteger = "nonPositiveInteger", Integer;
    NegativeInteger = "negativeInteger", NonPositiveInteger;
    Long = "long", Integer;
    Int = "int", Long;
    Short = "short", Int;
    Byte = "byte", Short;
    NonNegativeInteger = "nonNegativeInteger", Integer;
    UnsignedLong = "unsignedLong", NonNegativeInteger;
    UnsignedInt = "unsignedInt", UnsignedLong;
    UnsignedShort = "unsignedShort", UnsignedInt;
    UnsignedByte = "unsignedByte", UnsignedShort;
    PositiveInteger = "positiveInteger", NonNegativeInteger;
    DateTimeStamp = "dateTimeStamp", DateTime;
    YearMonthDuration = "yearMonthDuration", Duration;
    DayTimeDuration = "dayTimeDuration", Duration;
}

impl Builtin {
    /// What its values are lists of.
    #[must_use]
    pub fn item(self) -> Option<Self> {
        match self {
            Self::NmTokens => Some(Self::NmToken),
            Self::IdRefs => Some(Self::IdRef),
            Self::Entities => Some(Self::Entity),
            _ => None,
        }
    }

    /// The primitive type below it, such as `decimal` below `int`; itself where it has none.
    #[must_use]
    pub fn primitive(self) -> Self {
        let mut at = self;
        while !matches!(at.base(), Self::AnyAtomicType | Self::AnySimpleType | Self::AnyType) {
            at = at.base();
        }
        at
    }

    /// Whether it is another, or derived from it.
    #[must_use]
    pub fn is_a(self, other: Self) -> bool {
        let mut at = self;
        loop {
            if at == other {
                return true;
            }
            if at == at.base() {
                return false;
            }
            at = at.base();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_come_first_and_end_in_any_type() {
        for (index, builtin) in Builtin::ALL.iter().enumerate() {
            assert_eq!(*builtin as usize, index);
            assert!(*builtin == Builtin::AnyType || builtin.base() < *builtin, "{builtin:?}");
            assert!(builtin.is_a(Builtin::AnyType), "{builtin:?}");
        }
    }

    #[test]
    fn primitives() {
        for (builtin, expected) in [
            (Builtin::UnsignedByte, Builtin::Decimal),
            (Builtin::Id, Builtin::String),
            (Builtin::Double, Builtin::Double),
            (Builtin::DateTimeStamp, Builtin::DateTime),
            (Builtin::NmTokens, Builtin::NmTokens),
            (Builtin::AnyType, Builtin::AnyType),
        ] {
            assert_eq!(builtin.primitive(), expected);
        }
    }
}
