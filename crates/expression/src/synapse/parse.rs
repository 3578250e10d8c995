//! From text to tree, by recursive descent of bounded depth.

use serde_json::Value;

use super::arithmetic;
use super::cursor::Cursor;
use super::function::{self, EXISTS, Function};
use super::node::{Call, Chain, Node, Operator, Read, Root, Tail, Uses};
use crate::budget::SyntaxError;

/// How deep an expression may nest; a pair of brackets counts twice.
const MAX_DEPTH: usize = 64;

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 64 * 1024;

/// The operators of each level, the weakest first; of two that begin alike, the longer one first.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("or", Operator::Or)],
    &[("&&", Operator::And), ("and", Operator::And)],
    &[("==", Operator::Equal), ("!=", Operator::Unequal)],
    &[
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        (">", Operator::Greater),
        ("<", Operator::Less),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

/// The level of sums: what an index in brackets may be.
pub(super) const SUM: usize = 4;

/// What may follow `properties.`, and in which scope it looks.
const PROPERTY_SCOPES: [&str; 2] = ["synapse", "axis2"];

/// The words that begin the reading of a value.
const ROOTS: [&str; 9] =
    ["payload", "vars", "var", "headers", "properties", "props", "params", "configs", "config"];

pub(super) struct Parser<'t> {
    pub(super) cursor: Cursor<'t>,
    depth: usize,
    uses: Uses,
}

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<(Node, Uses), SyntaxError> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxError::new(
            MAX_LENGTH,
            "the expression is longer than 64 KiB; split it up",
        ));
    }
    let mut parser = Parser { cursor: Cursor::new(text), depth: 0, uses: Uses::default() };
    let node = parser.expression()?;
    parser.cursor.skip_space();
    if let Some(found) = parser.cursor.peek() {
        return Err(parser.cursor.error(unexpected(found)));
    }
    Ok((node, parser.uses))
}

/// Whether the reading of a value, or a call, begins with this word.
pub(super) fn begins_value(word: &str, after: &str) -> bool {
    if after.starts_with('(') {
        return function::find(word).is_some() || word == EXISTS;
    }
    word == "payload" || (ROOTS.contains(&word) && after.starts_with(['.', '[']))
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Node, SyntaxError> {
        self.nested(|it| {
            let condition = it.level(0)?;
            it.cursor.skip_space();
            if !it.cursor.eat("?") {
                return Ok(condition);
            }
            let yes = it.expression()?;
            it.cursor.expect(":", "between the two values of `? :`")?;
            let no = it.expression()?;
            Ok(Node::Choice(Box::new([condition, yes, no])))
        })
    }

    /// An expression of this level of [`LEVELS`], or of a stronger one.
    pub(super) fn level(&mut self, index: usize) -> Result<Node, SyntaxError> {
        let Some(operators) = LEVELS.get(index) else { return self.signed() };
        let first = self.level(index + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.operator(operators) {
            rest.push((operator, self.level(index + 1)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Node::Chain(Box::new(Chain { first, rest })))
    }

    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.cursor.error(format!(
                "the expression nests deeper than {MAX_DEPTH} levels; split it up"
            )));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        self.cursor.skip_space();
        let (_, found) = operators.iter().find(|(symbol, _)| {
            let is_word = symbol.starts_with(|it: char| it.is_ascii_alphabetic());
            if is_word { self.cursor.eat_word(symbol) } else { self.cursor.eat(symbol) }
        })?;
        Some(*found)
    }

    fn signed(&mut self) -> Result<Node, SyntaxError> {
        self.cursor.skip_space();
        if self.cursor.eat("!") {
            return self.nested(Self::signed).map(|it| Node::Not(Box::new(it)));
        }
        if !self.cursor.eat("-") {
            return self.nested(Self::primary);
        }
        let node = self.nested(Self::signed)?;
        let negated = match &node {
            Node::Constant(value) => arithmetic::negate(value),
            _ => None,
        };
        Ok(negated.map_or_else(|| Node::Negate(Box::new(node)), Node::Constant))
    }

    /// A literal, a value of the message, a call, or an expression in brackets.
    pub(super) fn primary(&mut self) -> Result<Node, SyntaxError> {
        self.cursor.skip_space();
        match self.cursor.peek() {
            None => Err(self.cursor.error("a value is missing at the end")),
            Some('"' | '\'') => Ok(Node::Constant(Value::String(self.cursor.string()?))),
            Some('0'..='9') => self.cursor.number().map(Node::Constant),
            Some('[') => self.array(),
            Some('(') => {
                self.cursor.eat("(");
                let inside = self.expression()?;
                self.cursor.expect(")", "at the end of the brackets")?;
                Ok(inside)
            }
            Some('$') => {
                self.cursor.eat("$");
                self.payload()
            }
            Some(_) => self.word(),
        }
    }

    fn array(&mut self) -> Result<Node, SyntaxError> {
        self.cursor.eat("[");
        self.list("]").map(Node::Array)
    }

    /// Expressions with commas between them, and what closes them.
    fn list(&mut self, close: &str) -> Result<Vec<Node>, SyntaxError> {
        let mut items = Vec::new();
        self.cursor.skip_space();
        if self.cursor.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            self.cursor.skip_space();
            if !self.cursor.eat(",") {
                break;
            }
        }
        self.cursor.expect(close, "at the end of the list")?;
        Ok(items)
    }

    fn word(&mut self) -> Result<Node, SyntaxError> {
        let at = self.cursor.at();
        if self.cursor.eat_word("wso2-vault") {
            return self.call("secret", at);
        }
        let word = self.cursor.take_while(super::cursor::is_name);
        match word {
            "" => Err(self.cursor.error(self.cursor.peek().map_or_else(String::new, unexpected))),
            "true" => Ok(Node::Constant(Value::Bool(true))),
            "false" => Ok(Node::Constant(Value::Bool(false))),
            "null" => Ok(Node::Constant(Value::Null)),
            "payload" => self.payload(),
            _ if ROOTS.contains(&word) && !self.cursor.rest().starts_with('(') => self.read(word),
            _ => self.call(word, at),
        }
    }

    fn payload(&mut self) -> Result<Node, SyntaxError> {
        self.uses.payload = true;
        let tail = self.tail(true)?;
        Ok(Node::Read(Box::new(Read { root: Root::Payload, tail })))
    }

    fn read(&mut self, word: &str) -> Result<Node, SyntaxError> {
        let root = match word {
            "headers" => Root::Header(self.key("a header")?),
            "configs" | "config" => Root::Configuration(self.key("a configured value")?),
            "vars" | "var" => Root::Variable(self.key("a variable")?),
            "params" => self.parameter()?,
            _ => self.property()?,
        };
        let tail = match root {
            Root::Variable(_) | Root::Property { .. } | Root::Parameter(_) => self.tail(false)?,
            _ => Tail::None,
        };
        Ok(Node::Read(Box::new(Read { root, tail })))
    }

    fn parameter(&mut self) -> Result<Root, SyntaxError> {
        let at = self.cursor.at();
        match self.key("a kind of parameter")?.as_str() {
            "queryParams" => Ok(Root::Query(self.key("a query parameter")?)),
            "pathParams" => Ok(Root::Path(self.key("a path parameter")?)),
            "functionParams" => Ok(Root::Parameter(self.key("a function's parameter")?)),
            other => Err(SyntaxError::new(
                at,
                format!(
                    "`{other}` is no kind of parameter; use queryParams, pathParams or functionParams"
                ),
            )),
        }
    }

    fn property(&mut self) -> Result<Root, SyntaxError> {
        let at = self.cursor.at();
        let wanted = self.key("a scope")?;
        let Some(scope) = PROPERTY_SCOPES.into_iter().find(|it| *it == wanted) else {
            let message =
                format!("`{wanted}` is no scope of properties here; use synapse or axis2");
            return Err(SyntaxError::new(at, message));
        };
        Ok(Root::Property { scope, name: self.key("a property")? })
    }

    /// `.name`, `["name"]` or `."name"`.
    fn key(&mut self, what: &str) -> Result<String, SyntaxError> {
        let dotted = self.cursor.eat(".");
        if dotted && self.cursor.peek().is_some_and(|it| matches!(it, '"' | '\'')) {
            return self.cursor.string();
        }
        if !self.cursor.eat("[") {
            if !dotted {
                let message = format!("the name of {what} is missing; write .name or [\"name\"]");
                return Err(self.cursor.error(message));
            }
            return self.cursor.name(what).map(str::to_owned);
        }
        self.cursor.skip_space();
        if !self.cursor.peek().is_some_and(|it| matches!(it, '"' | '\'')) {
            return Err(self.cursor.error("a name in quotes is missing between the brackets"));
        }
        let name = self.cursor.string()?;
        self.cursor.expect("]", "after the name")?;
        Ok(name)
    }

    fn call(&mut self, name: &str, at: usize) -> Result<Node, SyntaxError> {
        self.cursor.skip_space();
        if !self.cursor.eat("(") {
            return Err(SyntaxError::new(at, unknown(name)));
        }
        if name == EXISTS {
            return self.exists(at);
        }
        let function = function::find(name).ok_or_else(|| SyntaxError::new(at, unknown(name)))?;
        let arguments = self.list(")")?;
        check_count(function, arguments.len(), at)?;
        self.note(function, &arguments);
        let call = Call { function, arguments };
        match function.name {
            "registry" => self.registry(call),
            "object" | "array" => self.walk(call),
            _ => Ok(Node::Call(call)),
        }
    }

    fn exists(&mut self, at: usize) -> Result<Node, SyntaxError> {
        let mut arguments = self.list(")")?;
        match (arguments.pop(), arguments.is_empty()) {
            (Some(only), true) => Ok(Node::Exists(Box::new(only))),
            _ => Err(SyntaxError::new(at, "exists takes one argument")),
        }
    }

    /// `registry("…").property("…")`, or the way into a JSON resource.
    fn registry(&mut self, mut call: Call) -> Result<Node, SyntaxError> {
        let at = self.cursor.at();
        if !self.cursor.eat(".property(") {
            return self.walk(call);
        }
        call.arguments.extend(self.list(")")?);
        check_count(call.function, call.arguments.len(), at)?;
        Ok(Node::Call(call))
    }

    fn walk(&mut self, call: Call) -> Result<Node, SyntaxError> {
        Ok(match self.tail(false)? {
            Tail::None => Node::Call(call),
            tail => Node::Read(Box::new(Read { root: Root::Call(call), tail })),
        })
    }

    fn note(&mut self, function: &Function, arguments: &[Node]) {
        if function.name != "xpath" {
            return;
        }
        self.uses.payload = true;
        if let [Node::Constant(Value::String(path))] = arguments {
            self.uses.xpaths.push(path.clone());
        }
    }
}

fn check_count(function: &Function, count: usize, at: usize) -> Result<(), SyntaxError> {
    let Function { name, least, most, .. } = function;
    if (*least..=*most).contains(&count) {
        return Ok(());
    }
    let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
    Err(SyntaxError::new(at, format!("{name} takes {wanted} arguments, not {count}")))
}

fn unexpected(found: char) -> String {
    match found {
        '=' => "`=` is no operator; compare with ==".to_owned(),
        '&' | '|' => format!("`{found}` is no operator; use && or ||"),
        '.' | '[' => format!("`{found}` cannot follow here: this value has no parts"),
        _ => format!("`{found}` is not expected here"),
    }
}

fn unknown(name: &str) -> String {
    format!(
        "`{name}` is neither a function nor a value; values begin with payload, vars, headers, properties, params or configs"
    )
}
