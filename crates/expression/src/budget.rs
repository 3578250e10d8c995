//! What every language here shares: a budget of steps, and the place of a mistake.

use thiserror::Error;

/// Steps that an evaluation may still take.
#[derive(Debug, Clone)]
pub struct Budget {
    left: u64,
}

/// The steps of a budget are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the expression took more steps than it is allowed")]
pub struct Exhausted;

/// An expression that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message} (at character {})", .offset + 1)]
pub struct SyntaxError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong there, and what would be right.
    pub message: String,
}

impl Budget {
    /// A budget of so many steps.
    pub fn new(steps: u64) -> Self {
        Self { left: steps }
    }

    /// Takes steps off; fails when fewer are left, and then none are.
    pub fn spend(&mut self, steps: u64) -> Result<(), Exhausted> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(Exhausted)
            }
        }
    }

    /// Steps that are left.
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl SyntaxError {
    /// A mistake at this byte of the text.
    pub fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}
