//! Why a script cannot be used, and why a run of one broke off.

use thiserror::Error;

/// A script that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct CompileError {
    /// The line of the script, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// What broke a run off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It ran longer than it may.
    Timeout,
    /// It held more memory than it may.
    Memory,
    /// It called itself too deeply.
    Stack,
    /// It changed or printed more than it may.
    Output,
    /// It threw what nothing caught, or asked for what is not there.
    Thrown,
    /// The engine could not be had.
    Engine,
}

/// A run that broke off.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name}, line {line}, column {column}: {message}")]
pub struct ScriptError {
    /// What broke it off.
    pub kind: ErrorKind,
    /// The script's name.
    pub name: String,
    /// The line of the script, from 1; 0 where it is not known.
    pub line: u32,
    /// The column, from 1; 0 where it is not known.
    pub column: u32,
    /// What happened, in the words of the engine or of the script.
    pub message: String,
}
