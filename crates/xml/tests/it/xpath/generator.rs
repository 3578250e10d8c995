//! Expressions at random, the same ones each time.
//!
//! Left out is where libxml2 is known not to follow the recommendation: the digits of fractions,
//! numbers with exponents, and axes that lead from attributes to siblings or across the document.

const AXES: [&str; 12] = [
    "ancestor",
    "ancestor-or-self",
    "child",
    "descendant",
    "descendant-or-self",
    "parent",
    "self",
    "attribute",
    "following",
    "following-sibling",
    "preceding",
    "preceding-sibling",
];

const TESTS: [&str; 20] = [
    "a",
    "b",
    "c",
    "b",
    "a",
    "*",
    "*",
    "*",
    "*",
    "*",
    "node()",
    "node()",
    "node()",
    "text()",
    "text()",
    "comment()",
    "p:*",
    "q:a",
    "processing-instruction()",
    "processing-instruction('e')",
];

const ATTRIBUTES: [&str; 6] = ["@id", "@*", "@p:id", "@p:*", "@xml:lang", "attribute::id"];

const LITERALS: [&str; 12] = [
    "''", "'x'", "\"1\"", "'2'", "' y  z '", "'-2'", "'äöü'", "'b'", "'en'", "'k l'", "'1.5'",
    "'id'",
];

const NUMBERS: [&str; 8] = ["0", "1", "2", "3", "1.5", "-1", "10", ".5"];

/// A source of expressions.
pub(super) struct Generator {
    state: u64,
}

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// An expression of any type.
    pub(super) fn expression(&mut self) -> String {
        match self.below(8) {
            0..=3 => self.nodes(4),
            4 => self.boolean(4),
            5 => self.number(4),
            6 => self.text(4),
            _ => self.any(4),
        }
    }

    /// A number from 0 and below a bound (xorshift*).
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let mixed = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).expect("31 bits fit") % bound
    }

    fn one(&mut self, of: &[&str]) -> String {
        of[self.below(of.len())].to_owned()
    }

    fn any(&mut self, depth: usize) -> String {
        match self.below(4) {
            0 => self.nodes(depth),
            1 => self.boolean(depth),
            2 => self.number(depth),
            _ => self.text(depth),
        }
    }

    fn nodes(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one(&["a", "b", "//b", ".", "..", "@id", "//c", "*", "//@id"]);
        }
        match self.below(14) {
            0 => format!("{} | {}", self.nodes(depth - 1), self.nodes(depth - 1)),
            1 => {
                let elements = self.elements(depth - 1);
                format!("({elements}){}", self.predicates(depth))
            }
            2 => format!("({})//{}", self.elements(depth - 1), self.path(depth)),
            3 => format!("id({})", self.any(depth - 1)),
            4 => self.one(&["id('k l')", "id(//@*)", "id('l')/following::node()"]),
            5..=9 => format!("//{}", self.path(depth)),
            10 => format!("/{}", self.path(depth)),
            _ => self.path(depth),
        }
    }

    /// Nodes that are no attributes.
    fn elements(&mut self, depth: usize) -> String {
        let steps = 1 + self.below(2);
        let steps: Vec<_> = (0..steps).map(|_| self.step(depth)).collect();
        format!("//{}", steps.join("/"))
    }

    fn path(&mut self, depth: usize) -> String {
        let count = [0, 0, 1, 1, 2, 3][self.below(6)];
        let mut path = String::new();
        for _ in 0..count {
            path.push_str(&self.step(depth));
            path.push_str(if self.below(3) == 0 { "//" } else { "/" });
        }
        let last = match self.below(8) {
            0 => self.one(&ATTRIBUTES),
            1 => format!("{}/..", self.one(&ATTRIBUTES)),
            _ => self.step(depth),
        };
        path + &last
    }

    fn step(&mut self, depth: usize) -> String {
        if self.below(10) == 0 {
            return self.one(&[".", ".."]);
        }
        let mut step = self.one(&TESTS);
        if self.below(2) == 0 {
            // The attribute axis only ends a path.
            let axis = self.one(&AXES).replace("attribute", "child");
            step = format!("{axis}::{step}");
        }
        step + &self.predicates(depth)
    }

    fn predicates(&mut self, depth: usize) -> String {
        if depth == 0 {
            return String::new();
        }
        let count = [0, 0, 0, 0, 0, 1, 1, 2][self.below(8)];
        (0..count).map(|_| format!("[{}]", self.predicate(depth - 1))).collect()
    }

    fn predicate(&mut self, depth: usize) -> String {
        match self.below(8) {
            0 => self.one(&[
                "1",
                "2",
                "3",
                "last()",
                "last() - 1",
                "position() = 2",
                "position() < 3",
            ]),
            1 => self.one(&["1", "2", "position() mod 2", "last() > 1", "count(*)"]),
            2..=4 => self.boolean(depth),
            5 => self.number(depth),
            _ => self.nodes(depth),
        }
    }

    fn boolean(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one(&["true()", "false()", "lang('de')", "a = 1", "lang('EN')"]);
        }
        let depth = depth - 1;
        match self.below(9) {
            0 => format!("{} and {}", self.operand(depth), self.operand(depth)),
            1 => format!("{} or {}", self.operand(depth), self.operand(depth)),
            2 => format!("not({})", self.any(depth)),
            3 => format!("contains({}, {})", self.any(depth), self.text(depth)),
            4 => format!("starts-with({}, {})", self.any(depth), self.text(depth)),
            5 => format!("boolean({})", self.any(depth)),
            6 => format!("lang({})", self.text(depth)),
            _ => {
                let operator = self.one(&["=", "!=", "<", "<=", ">", ">="]);
                format!("{} {operator} {}", self.operand(depth), self.operand(depth))
            }
        }
    }

    fn operand(&mut self, depth: usize) -> String {
        let operand = self.any(depth);
        if self.below(4) == 0 { operand } else { format!("({operand})") }
    }

    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one(&NUMBERS);
        }
        let depth = depth - 1;
        match self.below(9) {
            0 => format!("count({})", self.nodes(depth)),
            1 => format!("string-length({})", self.any(depth)),
            2 => format!("sum({})", self.nodes(depth)),
            3 => format!("number({})", self.any(depth)),
            4 => format!("{}({})", self.one(&["floor", "ceiling", "round"]), self.number(depth)),
            5 => format!("-({})", self.any(depth)),
            6 => self.one(&["position()", "last()", "string-length()", "number()"]),
            7 => format!("({}) {} 2", self.any(depth), self.one(&["div", "mod", "*"])),
            _ => {
                let operator = self.one(&["+", "-"]);
                format!("({}) {operator} ({})", self.any(depth), self.any(depth))
            }
        }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.one(&LITERALS);
        }
        let depth = depth - 1;
        match self.below(10) {
            0 => format!("concat({}, {}, '.')", self.any(depth), self.any(depth)),
            1 => format!("substring({}, {})", self.any(depth), self.number(depth)),
            2 => format!(
                "substring({}, {}, {})",
                self.any(depth),
                self.number(depth),
                self.number(depth)
            ),
            3 => format!("substring-before({}, {})", self.any(depth), self.text(depth)),
            4 => format!("substring-after({}, {})", self.any(depth), self.text(depth)),
            5 => format!("normalize-space({})", self.any(depth)),
            6 => format!(
                "translate({}, {}, {})",
                self.any(depth),
                self.text(depth),
                self.text(depth)
            ),
            7 => format!("string({})", self.any(depth)),
            8 => {
                let function = self.one(&["name", "local-name", "namespace-uri"]);
                format!("{function}({})", self.nodes(depth))
            }
            _ => self.one(&["string()", "name()", "local-name()", "normalize-space()", "'x'"]),
        }
    }
}
