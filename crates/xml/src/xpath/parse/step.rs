//! Location paths and their steps (XPath 1.0 §2).

use super::super::syntax::{Axis, Expression, Path, Start, Step, Test};
use super::super::token::{Kind, address_message, is_scheme, refuse};
use super::{Parser, SyntaxError};

/// Whether a name before `(` is a node test rather than a function.
pub(super) fn is_node_type(name: &str) -> bool {
    matches!(name, "comment" | "text" | "node" | "processing-instruction")
}

impl Parser<'_> {
    /// A path that starts at the context node or at the top.
    pub(super) fn location(&mut self) -> Result<Expression, SyntaxError> {
        self.reads_tree = true;
        let start = match self.peek() {
            Some(Kind::Mark("/" | "//")) => Start::Top,
            _ => Start::Context,
        };
        if self.accept("/") && !self.starts_step() {
            return Ok(Expression::Path(Path { start, steps: Vec::new() }));
        }
        let mut steps = Vec::new();
        if self.peek() != Some(Kind::Mark("//")) {
            steps.push(self.step()?);
        }
        steps.extend(self.further_steps()?);
        Ok(Expression::Path(Path { start, steps: shortened(steps) }))
    }

    /// Steps, each after `/` or `//`.
    pub(super) fn further_steps(&mut self) -> Result<Vec<Step>, SyntaxError> {
        let mut steps = Vec::new();
        loop {
            if self.accept("//") {
                steps.push(any(Axis::DescendantOrSelf));
            } else if !self.accept("/") {
                return Ok(shortened(steps));
            }
            steps.push(self.step()?);
        }
    }

    fn starts_step(&self) -> bool {
        matches!(
            self.peek(),
            Some(Kind::Name { .. } | Kind::AnyOf(_) | Kind::Mark("." | ".." | "@" | "*"))
        )
    }

    fn step(&mut self) -> Result<Step, SyntaxError> {
        if self.accept(".") {
            return self.abbreviated(Axis::Self_, ".");
        }
        if self.accept("..") {
            return self.abbreviated(Axis::Parent, "..");
        }
        let axis = self.axis()?;
        let test = self.test(axis)?;
        let (predicates, positional) = self.predicates()?;
        Ok(Step { axis, test, predicates, positional })
    }

    fn abbreviated(&self, axis: Axis, mark: &str) -> Result<Step, SyntaxError> {
        if self.peek() == Some(Kind::Mark("[")) {
            let name = if axis == Axis::Parent { "parent" } else { "self" };
            return refuse(
                self.offset(),
                format!("`{mark}` takes no predicate; write {name}::node()[…]"),
            );
        }
        Ok(any(axis))
    }

    fn axis(&mut self) -> Result<Axis, SyntaxError> {
        if self.accept("@") {
            return Ok(Axis::Attribute);
        }
        let (Some(Kind::Name { prefix: None, local }), Some(Kind::Mark("::"))) =
            (self.peek(), self.peek_after())
        else {
            return Ok(Axis::Child);
        };
        let Some(axis) = Axis::named(local) else {
            let message = if local == "namespace" {
                "the axis `namespace` is not supported; ask by namespace-uri() instead".to_owned()
            } else {
                format!("there is no axis `{local}`")
            };
            return refuse(self.offset(), message);
        };
        self.next += 2;
        Ok(axis)
    }

    fn test(&mut self, axis: Axis) -> Result<Test, SyntaxError> {
        let offset = self.offset();
        match self.peek() {
            Some(Kind::Mark("*")) => {
                self.next += 1;
                Ok(Test::AnyName)
            }
            Some(Kind::AnyOf(prefix)) => {
                self.next += 1;
                Ok(Test::Namespace(self.namespace(offset, prefix)?.into()))
            }
            Some(Kind::Name { prefix, local }) => {
                self.next += 1;
                if self.peek() == Some(Kind::Mark("(")) {
                    return self.node_type(offset, prefix, local);
                }
                let namespace = match prefix {
                    Some(prefix) => self.namespace(offset, prefix)?,
                    None => "",
                };
                Ok(Test::Name { namespace: namespace.into(), local: local.into() })
            }
            _ if axis == Axis::Attribute => self.unexpected("the name of an attribute"),
            _ => self.unexpected("a value or a path"),
        }
    }

    fn node_type(
        &mut self,
        offset: usize,
        prefix: Option<&str>,
        name: &str,
    ) -> Result<Test, SyntaxError> {
        self.next += 1;
        let test = match (prefix, name) {
            (None, "node") => Test::Node,
            (None, "text") => Test::Text,
            (None, "comment") => Test::Comment,
            (None, "processing-instruction") => self.instruction(),
            _ => {
                let name = super::qualified(prefix, name);
                return refuse(
                    offset,
                    format!("{name}() is a function, which cannot be a step of a path"),
                );
            }
        };
        self.expect(")", &format!("to close {name}("))?;
        Ok(test)
    }

    fn instruction(&mut self) -> Test {
        let Some(Kind::Literal(target)) = self.peek() else {
            return Test::Instruction(None);
        };
        self.next += 1;
        Test::Instruction(Some(target.into()))
    }

    fn namespace(&self, offset: usize, prefix: &str) -> Result<&str, SyntaxError> {
        if let Some(namespace) = self.namespaces.get(prefix) {
            return Ok(namespace);
        }
        if is_scheme(prefix) {
            return refuse(offset, address_message(prefix));
        }
        refuse(
            offset,
            format!(
                "the prefix `{prefix}` is not declared; declare it by xmlns:{prefix} where the \
                 expression is written"
            ),
        )
    }
}

fn any(axis: Axis) -> Step {
    Step { axis, test: Test::Node, predicates: Vec::new(), positional: false }
}

/// Makes one step of `//name`, where no predicate tells the two apart.
fn shortened(steps: Vec<Step>) -> Vec<Step> {
    let mut short: Vec<Step> = Vec::with_capacity(steps.len());
    for mut step in steps {
        if step.axis == Axis::Child
            && !step.positional
            && short.pop_if(|last| is_descent(last)).is_some()
        {
            step.axis = Axis::Descendant;
        }
        short.push(step);
    }
    short
}

fn is_descent(step: &Step) -> bool {
    step.axis == Axis::DescendantOrSelf && step.test == Test::Node && step.predicates.is_empty()
}
