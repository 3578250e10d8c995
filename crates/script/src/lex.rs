//! The little that must be known of JavaScript's tokens to find what stands between them.

/// Words after which an expression begins.
const BEFORE_EXPRESSIONS: [&str; 17] = [
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "throw",
    "new",
    "else",
    "do",
    "instanceof",
    "yield",
    "await",
    "default",
    "extends",
    "each",
];

/// What stands before a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Something after which an expression begins.
    Operator,
    /// The end of a value: a name, a text, a closing bracket.
    Value,
    /// A number, after which a dot may be its own.
    Number,
    /// A closing brace: of a block as well as of an object.
    Brace,
    /// A dot, after which a word is the name of a member.
    Dot,
}

impl Before {
    /// What follows a word.
    pub(crate) fn after_word(self, word: &str) -> Self {
        let is_operator = self != Self::Dot && BEFORE_EXPRESSIONS.contains(&word);
        if is_operator { Self::Operator } else { Self::Value }
    }

    /// Whether a slash begins a regular expression.
    pub(crate) fn takes_regex(self) -> bool {
        matches!(self, Self::Operator | Self::Brace)
    }

    /// Whether `<` begins XML.
    pub(crate) fn takes_xml(self) -> bool {
        self == Self::Operator
    }
}

/// Whether a letter begins a word.
pub(crate) fn begins_word(letter: char) -> bool {
    letter.is_alphabetic() || matches!(letter, '_' | '$' | '\\')
}

/// Whether a letter goes on with a word.
pub(crate) fn continues_word(letter: char) -> bool {
    begins_word(letter) || letter.is_alphanumeric() || matches!(letter, '\u{200c}' | '\u{200d}')
}

/// Whether a text is one word.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.chars().next().is_some_and(begins_word) && text.chars().all(continues_word)
}

/// Bytes of the word that begins here.
pub(crate) fn word(rest: &str) -> usize {
    rest.find(|letter| !continues_word(letter)).unwrap_or(rest.len())
}

/// Bytes of the number that begins here.
pub(crate) fn number(rest: &str) -> usize {
    let mut before = ' ';
    let end = rest.char_indices().find(|(at, letter)| {
        let is_sign = matches!(letter, '+' | '-')
            && matches!(before, 'e' | 'E')
            && !rest.starts_with("0x")
            && !rest.starts_with("0X");
        // `1..x` is a member of a number: the second dot is not part of it.
        let is_dot = *letter == '.' && !rest.get(..*at).is_some_and(|it| it.contains('.'));
        before = *letter;
        !(letter.is_alphanumeric() || *letter == '_' || is_dot || is_sign)
    });
    end.map_or(rest.len(), |(at, _)| at)
}

/// Bytes of the quoted text that begins here, its quotes included; `None` where it does not end.
pub(crate) fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next()?;
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\n' | '\r' => return None,
            _ if letter == quote => return Some(at + letter.len_utf8()),
            _ => {}
        }
    }
    None
}

/// Bytes of the regular expression that begins here, with its flags; `None` where it does not end.
pub(crate) fn regex(rest: &str) -> Option<usize> {
    let (mut is_escaped, mut is_class) = (false, false);
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '\n' | '\r' => return None,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => is_class = true,
            ']' => is_class = false,
            '/' if !is_class => {
                let flags = rest.get(at + 1..).map_or(0, word);
                return Some(at + 1 + flags);
            }
            _ => {}
        }
    }
    None
}

/// Bytes of the space or comment that begins here; 0 where none does.
pub(crate) fn blank(rest: &str) -> usize {
    if rest.starts_with("//") || rest.starts_with("<!--") {
        return rest.find(['\n', '\r']).unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |at| at + 2);
    }
    let is_blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
    rest.find(|letter| !is_blank(letter)).unwrap_or(rest.len())
}
