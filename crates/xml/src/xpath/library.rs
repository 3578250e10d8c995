//! The functions of the core library: names, arguments, kinds (XPath 1.0 §4).

use super::syntax::Type;

/// A function of the core library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Core {
    Boolean,
    Ceiling,
    Concat,
    Contains,
    Count,
    False,
    Floor,
    Id,
    Lang,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Number,
    Position,
    Round,
    StartsWith,
    String,
    StringLength,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Translate,
    True,
}

struct Row {
    name: &'static str,
    function: Core,
    /// How many arguments it takes, at least and at most.
    arguments: (usize, usize),
    kind: Type,
}

const TABLE: [Row; 27] = [
    row("boolean", Core::Boolean, (1, 1), Type::Boolean),
    row("ceiling", Core::Ceiling, (1, 1), Type::Number),
    row("concat", Core::Concat, (2, usize::MAX), Type::Text),
    row("contains", Core::Contains, (2, 2), Type::Boolean),
    row("count", Core::Count, (1, 1), Type::Number),
    row("false", Core::False, (0, 0), Type::Boolean),
    row("floor", Core::Floor, (1, 1), Type::Number),
    row("id", Core::Id, (1, 1), Type::Nodes),
    row("lang", Core::Lang, (1, 1), Type::Boolean),
    row("last", Core::Last, (0, 0), Type::Number),
    row("local-name", Core::LocalName, (0, 1), Type::Text),
    row("name", Core::Name, (0, 1), Type::Text),
    row("namespace-uri", Core::NamespaceUri, (0, 1), Type::Text),
    row("normalize-space", Core::NormalizeSpace, (0, 1), Type::Text),
    row("not", Core::Not, (1, 1), Type::Boolean),
    row("number", Core::Number, (0, 1), Type::Number),
    row("position", Core::Position, (0, 0), Type::Number),
    row("round", Core::Round, (1, 1), Type::Number),
    row("starts-with", Core::StartsWith, (2, 2), Type::Boolean),
    row("string", Core::String, (0, 1), Type::Text),
    row("string-length", Core::StringLength, (0, 1), Type::Number),
    row("substring", Core::Substring, (2, 3), Type::Text),
    row("substring-after", Core::SubstringAfter, (2, 2), Type::Text),
    row("substring-before", Core::SubstringBefore, (2, 2), Type::Text),
    row("sum", Core::Sum, (1, 1), Type::Number),
    row("translate", Core::Translate, (3, 3), Type::Text),
    row("true", Core::True, (0, 0), Type::Boolean),
];

impl Core {
    pub(super) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.function)
    }

    pub(super) fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    pub(super) fn kind(self) -> Type {
        self.row().map_or(Type::Unknown, |row| row.kind)
    }

    pub(super) fn takes(self, arguments: usize) -> bool {
        let (least, most) = self.arguments();
        (least..=most).contains(&arguments)
    }

    /// How many arguments it takes, in words.
    pub(super) fn arity(self) -> String {
        match self.arguments() {
            (0, 0) => "no argument".to_owned(),
            (1, 1) => "1 argument".to_owned(),
            (least, usize::MAX) => format!("at least {least} arguments"),
            (least, most) if least == most => format!("{least} arguments"),
            (0, most) => format!("at most {most} argument"),
            (least, most) => format!("{least} or {most} arguments"),
        }
    }

    /// Whether its argument must be nodes.
    pub(super) fn wants_nodes(self) -> bool {
        matches!(self, Self::Count | Self::Sum | Self::LocalName | Self::Name | Self::NamespaceUri)
    }

    /// Whether it looks at the context node when called with so many arguments.
    pub(super) fn reads_context(self, arguments: usize) -> bool {
        matches!(self, Self::Id | Self::Lang)
            || (arguments == 0
                && !matches!(self, Self::True | Self::False | Self::Position | Self::Last))
    }

    /// Whether it asks where in a list of nodes the context node is.
    pub(super) fn is_positional(self) -> bool {
        matches!(self, Self::Position | Self::Last)
    }

    fn arguments(self) -> (usize, usize) {
        self.row().map_or((0, 0), |row| row.arguments)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.function == self)
    }
}

const fn row(name: &'static str, function: Core, arguments: (usize, usize), kind: Type) -> Row {
    Row { name, function, arguments, kind }
}
