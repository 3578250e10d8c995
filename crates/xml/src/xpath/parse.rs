//! Text to [`Expression`]: one function for each kind of rule of the grammar (XPath 1.0 §2, §3).

mod step;

use super::library::Core;
use super::syntax::{Expression, Operator, Path, Reference, Start, Type};
use super::token::{Kind, Token, refuse, tokens};
use super::{Knows, SyntaxError};
use crate::tree::Namespaces;

/// How deep parentheses, predicates and arguments may nest.
const DEPTH: usize = 64;

/// An expression with what was seen while reading it.
pub(super) struct Parsed {
    pub(super) root: Expression,
    pub(super) variables: Vec<Reference>,
    pub(super) functions: Vec<Reference>,
    pub(super) reads_tree: bool,
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
    /// The length of the text, which is where things are that are missing.
    end: usize,
    depth: usize,
    namespaces: &'a Namespaces,
    knows: &'a dyn Knows,
    variables: Vec<Reference>,
    functions: Vec<Reference>,
    reads_tree: bool,
    /// How often the text so far asked for a position.
    positions: usize,
}

/// Reads a whole expression.
pub(super) fn parse(
    text: &str,
    namespaces: &Namespaces,
    knows: &dyn Knows,
) -> Result<Parsed, SyntaxError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.len(),
        depth: 0,
        namespaces,
        knows,
        variables: Vec::new(),
        functions: Vec::new(),
        reads_tree: false,
        positions: 0,
    };
    let root = parser.nested()?;
    if let Some(token) = parser.peek() {
        let found = described(token);
        return refuse(
            parser.offset(),
            format!("{found} follows a complete expression; put an operator before it"),
        );
    }
    let Parser { variables, functions, reads_tree, .. } = parser;
    Ok(Parsed { root, variables, functions, reads_tree })
}

impl<'a> Parser<'a> {
    /// An expression, one level further down.
    fn nested(&mut self) -> Result<Expression, SyntaxError> {
        if self.depth == DEPTH {
            return refuse(
                self.offset(),
                format!("the expression nests deeper than {DEPTH} levels; make it simpler"),
            );
        }
        self.depth += 1;
        let expression = self.chain(0)?;
        self.depth -= 1;
        Ok(expression)
    }

    /// Operands joined by operators that bind at least so strongly.
    fn chain(&mut self, least: u8) -> Result<Expression, SyntaxError> {
        let mut left = self.negative()?;
        while let Some(level) = self.operator().map(Operator::level).filter(|level| *level >= least)
        {
            let mut rest = Vec::new();
            while let Some(operator) = self.operator().filter(|next| next.level() == level) {
                self.next += 1;
                rest.push((operator, self.chain(level + 1)?));
            }
            left = Expression::Chain(Box::new(left), rest);
        }
        Ok(left)
    }

    /// The operator that comes next.
    ///
    /// Only asked where an operand has ended, which is where these names are operators.
    fn operator(&self) -> Option<Operator> {
        Some(match self.peek()? {
            Kind::Name { prefix: None, local: "or" } => Operator::Or,
            Kind::Name { prefix: None, local: "and" } => Operator::And,
            Kind::Name { prefix: None, local: "div" } => Operator::Divide,
            Kind::Name { prefix: None, local: "mod" } => Operator::Modulo,
            Kind::Mark("=") => Operator::Equal,
            Kind::Mark("!=") => Operator::Differs,
            Kind::Mark("<") => Operator::Less,
            Kind::Mark("<=") => Operator::AtMost,
            Kind::Mark(">") => Operator::Greater,
            Kind::Mark(">=") => Operator::AtLeast,
            Kind::Mark("+") => Operator::Add,
            Kind::Mark("-") => Operator::Subtract,
            Kind::Mark("*") => Operator::Multiply,
            _ => return None,
        })
    }

    fn negative(&mut self) -> Result<Expression, SyntaxError> {
        let start = self.next;
        while self.accept("-") {}
        let signs = self.next - start;
        let operand = self.union()?;
        if signs == 0 {
            return Ok(operand);
        }
        Ok(Expression::Negative { odd: signs % 2 == 1, operand: Box::new(operand) })
    }

    fn union(&mut self) -> Result<Expression, SyntaxError> {
        let mut offset = self.offset();
        let first = self.path()?;
        if self.peek() != Some(Kind::Mark("|")) {
            return Ok(first);
        }
        require_nodes(&first, offset, "`|`")?;
        let mut parts = vec![first];
        while self.accept("|") {
            offset = self.offset();
            let part = self.path()?;
            require_nodes(&part, offset, "`|`")?;
            parts.push(part);
        }
        Ok(Expression::Union(parts))
    }

    fn path(&mut self) -> Result<Expression, SyntaxError> {
        if !self.starts_primary() {
            return self.location();
        }
        let offset = self.offset();
        let primary = self.primary()?;
        let (predicates, _) = self.predicates()?;
        let steps = self.further_steps()?;
        if predicates.is_empty() && steps.is_empty() {
            return Ok(primary);
        }
        let place = if predicates.is_empty() { "`/`" } else { "a predicate" };
        require_nodes(&primary, offset, place)?;
        self.reads_tree |= !steps.is_empty();
        Ok(Expression::Path(Path { start: Start::Filter(Box::new(primary), predicates), steps }))
    }

    /// Whether something comes that is no location path.
    fn starts_primary(&self) -> bool {
        match self.peek() {
            Some(Kind::Variable { .. } | Kind::Literal(_) | Kind::Number(_) | Kind::Mark("(")) => {
                true
            }
            Some(Kind::Name { prefix, local }) => {
                self.peek_after() == Some(Kind::Mark("("))
                    && !(prefix.is_none() && step::is_node_type(local))
            }
            _ => false,
        }
    }

    fn primary(&mut self) -> Result<Expression, SyntaxError> {
        let offset = self.offset();
        let token = self.peek();
        self.next += 1;
        match token {
            Some(Kind::Literal(text)) => Ok(Expression::Literal(text.into())),
            Some(Kind::Number(number)) => Ok(Expression::Number(number)),
            Some(Kind::Variable { prefix, local }) => self.variable(offset, prefix, local),
            Some(Kind::Name { prefix, local }) => self.call(offset, prefix, local),
            _ => {
                let inner = self.nested()?;
                self.expect(")", "to close the parenthesis")?;
                Ok(inner)
            }
        }
    }

    fn variable(
        &mut self,
        offset: usize,
        prefix: Option<&str>,
        local: &str,
    ) -> Result<Expression, SyntaxError> {
        if !self.knows.variable(prefix, local) {
            let name = qualified(prefix, local);
            return refuse(offset, format!("there is no variable `${name}`"));
        }
        Ok(Expression::Variable(index(&mut self.variables, prefix, local)))
    }

    fn call(
        &mut self,
        offset: usize,
        prefix: Option<&str>,
        local: &str,
    ) -> Result<Expression, SyntaxError> {
        let (arguments, first) = self.arguments()?;
        let core = if matches!(prefix, None | Some("fn")) { Core::named(local) } else { None };
        if let Some(function) = core.filter(|function| function.takes(arguments.len())) {
            if let Some(argument) = arguments.first().filter(|_| function.wants_nodes()) {
                require_nodes(argument, first, &format!("{}()", function.name()))?;
            }
            self.reads_tree |= function.reads_context(arguments.len());
            self.positions += usize::from(function.is_positional());
            return Ok(Expression::Call(function, arguments));
        }
        if self.knows.function(prefix, local, arguments.len()) {
            let index = index(&mut self.functions, prefix, local);
            return Ok(Expression::Extension(index, arguments));
        }
        let name = qualified(prefix, local);
        let given = arguments.len();
        let message = core.map_or_else(
            || format!("there is no function `{name}` that takes {given} argument(s)"),
            |function| format!("{name}() takes {}, not {given}", function.arity()),
        );
        refuse(offset, message)
    }

    /// The arguments of a call, and where the first is.
    fn arguments(&mut self) -> Result<(Vec<Expression>, usize), SyntaxError> {
        self.expect("(", "before the arguments")?;
        let first = self.offset();
        let mut arguments = Vec::new();
        if self.accept(")") {
            return Ok((arguments, first));
        }
        loop {
            arguments.push(self.nested()?);
            if !self.accept(",") {
                self.expect(")", "to close the arguments")?;
                return Ok((arguments, first));
            }
        }
    }

    /// Predicates, and whether one may ask for the position.
    fn predicates(&mut self) -> Result<(Vec<Expression>, bool), SyntaxError> {
        let before = self.positions;
        let mut predicates = Vec::new();
        while self.accept("[") {
            predicates.push(self.nested()?);
            self.expect("]", "to close the predicate")?;
        }
        let positional = self.positions > before
            || predicates
                .iter()
                .any(|predicate| matches!(predicate.kind(), Type::Number | Type::Unknown));
        Ok((predicates, positional))
    }

    fn accept(&mut self, mark: &'static str) -> bool {
        let found = self.peek() == Some(Kind::Mark(mark));
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, mark: &'static str, purpose: &str) -> Result<(), SyntaxError> {
        if self.accept(mark) {
            return Ok(());
        }
        self.unexpected(&format!("`{mark}` {purpose}"))
    }

    /// Refuses what comes next, as something else was expected.
    fn unexpected<T>(&self, expected: &str) -> Result<T, SyntaxError> {
        let Some(token) = self.peek() else {
            return refuse(self.end, format!("the expression ends here, but needs {expected}"));
        };
        let before = self.next.checked_sub(1).and_then(|index| self.tokens.get(index));
        let doubled = token == Kind::Mark("=") && before.is_some_and(|before| before.kind == token);
        let help = if doubled { "; write a single `=`" } else { "" };
        refuse(self.offset(), format!("expected {expected}, found {}{help}", described(token)))
    }

    fn peek(&self) -> Option<Kind<'a>> {
        self.tokens.get(self.next).map(|token| token.kind)
    }

    fn peek_after(&self) -> Option<Kind<'a>> {
        self.tokens.get(self.next + 1).map(|token| token.kind)
    }

    /// Where the next token is, or the end.
    fn offset(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |token| token.offset)
    }
}

/// Refuses what cannot be nodes.
fn require_nodes(expression: &Expression, offset: usize, place: &str) -> Result<(), SyntaxError> {
    let kind = match expression.kind() {
        Type::Nodes | Type::Unknown => return Ok(()),
        Type::Text => "text",
        Type::Number => "a number",
        Type::Boolean => "a boolean",
    };
    refuse(offset, format!("{place} needs nodes, but this is {kind}"))
}

/// The index of a reference, which is added unless it is there.
fn index(references: &mut Vec<Reference>, prefix: Option<&str>, local: &str) -> usize {
    if let Some(index) = references.iter().position(|known| known.parts() == (prefix, local)) {
        return index;
    }
    references.push(Reference { prefix: prefix.map(Into::into), local: local.into() });
    references.len() - 1
}

fn qualified(prefix: Option<&str>, local: &str) -> String {
    prefix.map_or_else(|| local.to_owned(), |prefix| format!("{prefix}:{local}"))
}

fn described(token: Kind<'_>) -> String {
    match token {
        Kind::Literal(_) => "a literal".to_owned(),
        Kind::Number(number) => format!("the number {}", super::number::format(number)),
        Kind::Name { prefix, local } => format!("`{}`", qualified(prefix, local)),
        Kind::AnyOf(prefix) => format!("`{prefix}:*`"),
        Kind::Variable { prefix, local } => format!("`${}`", qualified(prefix, local)),
        Kind::Mark(mark) => format!("`{mark}`"),
    }
}
