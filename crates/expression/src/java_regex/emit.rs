//! Writes an expression for an engine.
//!
//! `$` at the end of an expression, the most common thing that the linear engine does not know, needs no look-around:
//! an empty group marks the place, and the line end that may follow is matched after it.

use super::parser;
use super::syntax::{Fold, Greed, Node, Parsed, Place};

const WORD: &str = "[a-zA-Z0-9_]";
const ONE_LINE_END: &str = r"[\r\x{85}\x{2028}\x{2029}]";
/// Never between `\r` and `\n`, which the engine's own `$` knows.
const LAST_LINE: &str = r"()(?:(?Rm:$)(?:\r\n|\n|\r)?|[\x{85}\x{2028}\x{2029}])\z";

/// What an expression is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Does it match the whole text?
    Whole,
    /// Where does it match?
    Anywhere,
}

/// An expression in the syntax of an engine.
#[derive(Debug)]
pub(super) struct Emitted {
    pub(super) text: String,
    pub(super) is_linear: bool,
    /// For each group of the expression, from 1, its number in the text.
    pub(super) groups: Vec<usize>,
    /// Numbers of the empty groups that mark the end of a match.
    pub(super) marks: Vec<usize>,
}

struct Writer {
    question: Question,
    is_linear: bool,
    text: String,
    count: usize,
    groups: Vec<usize>,
    marks: Vec<usize>,
}

pub(super) fn emit(parsed: &Parsed, question: Question) -> Emitted {
    let is_linear = !needs_backtracking(&parsed.root, true);
    let mut writer = Writer {
        question,
        is_linear,
        text: String::new(),
        count: 0,
        groups: vec![0; parsed.groups],
        marks: Vec::new(),
    };
    let (before, after) = match question {
        Question::Whole => ("\\A(?:", ")\\z"),
        Question::Anywhere => ("", ""),
    };
    writer.text.push_str(before);
    writer.node(&parsed.root, true);
    writer.text.push_str(after);
    Emitted { text: writer.text, is_linear, groups: writer.groups, marks: writer.marks }
}

/// Whether only the backtracking engine knows it; `is_last` where nothing follows but the end of the match.
fn needs_backtracking(node: &Node, is_last: bool) -> bool {
    match node {
        Node::Atomic(_) | Node::Look { .. } | Node::Back(..) => true,
        Node::Repeat { greed: Greed::Possessive, .. } => true,
        Node::At(Place::LastLine { .. }) => !is_last,
        Node::At(Place::LineStart { .. } | Place::LineEnd { .. } | Place::Continued) => true,
        Node::At(Place::Word { is_negated, .. }) => *is_negated,
        Node::At(Place::Start | Place::End) | Node::Character(..) | Node::Class(_) => false,
        Node::Repeat { node, .. } => needs_backtracking(node, false),
        Node::Group(_, node) => needs_backtracking(node, is_last),
        Node::Choice(nodes) => nodes.iter().any(|node| needs_backtracking(node, is_last)),
        Node::Sequence(nodes) => nodes
            .iter()
            .enumerate()
            .any(|(index, node)| needs_backtracking(node, is_last && index + 1 == nodes.len())),
    }
}

impl Writer {
    fn node(&mut self, node: &Node, is_last: bool) {
        match node {
            Node::Character(character, fold) => self.character(*character, *fold),
            Node::Class(class) => self.text.push_str(class),
            Node::Sequence(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.node(node, is_last && index + 1 == nodes.len());
                }
            }
            Node::Choice(nodes) => self.choice(nodes, is_last),
            Node::Group(number, node) => self.group(*number, node, is_last),
            Node::Atomic(node) => self.wrapped("(?>", node),
            Node::Look { is_ahead, is_negated, node } => {
                let start = match (is_ahead, is_negated) {
                    (true, false) => "(?=",
                    (true, true) => "(?!",
                    (false, false) => "(?<=",
                    (false, true) => "(?<!",
                };
                self.wrapped(start, node);
            }
            Node::Repeat { node, least, most, greed } => self.repeat(node, *least, *most, *greed),
            Node::Back(group, fold) => self.back(*group, *fold),
            Node::At(place) => self.place(*place, is_last),
        }
    }

    fn character(&mut self, character: char, fold: Fold) {
        let written = parser::character(character);
        let text = match fold {
            Fold::Exact => written,
            Fold::Ascii if character.is_ascii_alphabetic() => {
                let (small, capital) =
                    (character.to_ascii_lowercase(), character.to_ascii_uppercase());
                format!("[{capital}{small}]")
            }
            Fold::Ascii => written,
            Fold::Unicode => format!("(?i:{written})"),
        };
        self.text.push_str(&text);
    }

    fn choice(&mut self, nodes: &[Node], is_last: bool) {
        self.text.push_str("(?:");
        for (index, node) in nodes.iter().enumerate() {
            if index > 0 {
                self.text.push('|');
            }
            self.node(node, is_last);
        }
        self.text.push(')');
    }

    fn group(&mut self, number: Option<usize>, node: &Node, is_last: bool) {
        let Some(number) = number else {
            self.text.push_str("(?:");
            self.node(node, is_last);
            self.text.push(')');
            return;
        };
        self.count += 1;
        if let Some(place) = self.groups.get_mut(number - 1) {
            *place = self.count;
        }
        self.text.push('(');
        self.node(node, is_last);
        self.text.push(')');
    }

    fn wrapped(&mut self, start: &str, node: &Node) {
        self.text.push_str(start);
        self.node(node, false);
        self.text.push(')');
    }

    fn repeat(&mut self, node: &Node, least: u32, most: Option<u32>, greed: Greed) {
        self.wrapped("(?:", node);
        let count = match (least, most) {
            (0, None) => "*".to_owned(),
            (1, None) => "+".to_owned(),
            (0, Some(1)) => "?".to_owned(),
            (least, None) => format!("{{{least},}}"),
            (least, Some(most)) => format!("{{{least},{most}}}"),
        };
        self.text.push_str(&count);
        match greed {
            Greed::Greedy => {}
            Greed::Lazy => self.text.push('?'),
            Greed::Possessive => self.text.push('+'),
        }
    }

    /// In an expression with references no group is added, so numbers are the same.
    fn back(&mut self, group: usize, fold: Fold) {
        let flag = if fold == Fold::Exact { "" } else { "i" };
        self.text.push_str(&format!("(?{flag}:\\{group})"));
    }

    fn place(&mut self, place: Place, is_last: bool) {
        match place {
            Place::Start => self.text.push_str("\\A"),
            Place::End => self.text.push_str("\\z"),
            Place::Continued => self.text.push_str("\\G"),
            Place::LineStart { is_unix: true } => {
                self.text.push_str(r"(?:(?:\A|(?<=\n))(?!\z))");
            }
            Place::LineStart { is_unix: false } => self
                .text
                .push_str(r"(?:(?:\A|(?<=[\n\x{85}\x{2028}\x{2029}])|(?:(?<=\r)(?!\n)))(?!\z))"),
            Place::LineEnd { is_unix: true } => self.text.push_str(r"(?=\n|\z)"),
            Place::LineEnd { is_unix: false } => {
                self.text.push_str(&format!(r"(?:(?={ONE_LINE_END}|\z)|(?:(?<!\r)(?=\n)))"))
            }
            Place::LastLine { is_unix } => self.last_line(is_unix, is_last),
            Place::Word { is_negated, is_unicode } => self.word(is_negated, is_unicode),
        }
    }

    fn last_line(&mut self, is_unix: bool, is_last: bool) {
        if is_last && self.question == Question::Whole {
            return;
        }
        if is_last && self.is_linear {
            self.count += 1;
            self.marks.push(self.count);
            self.text.push_str(if is_unix { r"()\n?\z" } else { LAST_LINE });
            return;
        }
        self.text.push_str(&if is_unix {
            r"(?=\n?\z)".to_owned()
        } else {
            format!(r"(?:(?=(?:\r\n|{ONE_LINE_END})?\z)|(?:(?<!\r)(?=\n\z)))")
        });
    }

    fn word(&mut self, is_negated: bool, is_unicode: bool) {
        if self.is_linear {
            self.text.push_str(if is_unicode { "\\b" } else { "(?-u:\\b)" });
            return;
        }
        let word = if is_unicode { "\\w" } else { WORD };
        let sides = if is_negated {
            format!("(?:(?<={word})(?={word}))|(?:(?<!{word})(?!{word}))")
        } else {
            format!("(?:(?<={word})(?!{word}))|(?:(?<!{word})(?={word}))")
        };
        self.text.push_str(&format!("(?:{sides})"));
    }
}
