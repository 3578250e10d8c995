//! Running a script, in an engine of its own or in one that is kept.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::{Ctx, Error, Function, Runtime, Value};

use crate::clock::Clock;
use crate::engine::{FILE, engine, options};
use crate::error::{CompileError, ErrorKind, ScriptError};
use crate::guard;
use crate::limits::ScriptLimits;
use crate::mc::{self, Held, Shared};
use crate::script::{Outcome, Script};
use crate::state::MessageState;
use crate::thrown::Thrown;

/// What is put before a script that is only to be read: it then ends before its first step.
const NOTHING: &str = "throw null;";
/// What reading a script may use at deployment.
const CHECK_MEMORY: usize = 64 * 1024 * 1024;
/// Continuations of promises that are run.
const MOST_JOBS: usize = 10_000;

/// Reads a script without running it.
///
/// # Errors
///
/// The place that is no JavaScript.
pub(crate) fn check(text: &str) -> Result<(), CompileError> {
    let failed = |line, column, message| CompileError {
        line,
        column,
        message,
        help: "Mend the script at this place.".to_owned(),
    };
    let engine = engine(CHECK_MEMORY, ScriptLimits::default().stack);
    let (_runtime, context) = engine.map_err(|error| failed(1, 1, error.to_string()))?;
    context.with(|ctx| {
        let source = format!("{NOTHING}{text}");
        let Err(error) = ctx.eval_with_options::<Value<'_>, _>(source, options(FILE)) else {
            return Ok(());
        };
        let thrown = Thrown::of(&ctx, &error);
        if thrown.is_null {
            return Ok(());
        }
        let shift = if thrown.line <= 1 { NOTHING.len() } else { 0 };
        let shift = u32::try_from(shift).unwrap_or_default();
        let column = thrown.column.saturating_sub(shift).max(1);
        Err(failed(thrown.line.max(1), column, thrown.message))
    })
}

/// Runs a script over a message, in an engine of its own.
///
/// # Errors
///
/// Why it broke off.
pub(crate) fn run(
    script: &Script,
    state: &mut MessageState,
    limits: &ScriptLimits,
) -> Result<Outcome, ScriptError> {
    let clock = Clock::start(limits.time);
    let held = Held::new(std::mem::take(state), limits.output, &clock);
    let held = Rc::new(RefCell::new(held));
    let outcome = within(script, &held, limits, &clock);
    finish(script, state, &held, outcome)
}

/// Gives the message back, and says how the run ended.
///
/// # Errors
///
/// Why it broke off.
pub(crate) fn finish(
    script: &Script,
    state: &mut MessageState,
    held: &Shared,
    outcome: Result<Outcome, Thrown>,
) -> Result<Outcome, ScriptError> {
    let mut held = held.borrow_mut();
    *state = std::mem::take(&mut held.message);
    match outcome {
        Ok(_) if held.is_exceeded => Err(Thrown::output()),
        Err(thrown) if held.is_exceeded && thrown.kind == ErrorKind::Thrown => {
            Err(Thrown { kind: ErrorKind::Output, ..thrown })
        }
        other => other,
    }
    .map_err(|thrown| ScriptError {
        kind: thrown.kind,
        name: script.name.clone(),
        line: match thrown.line {
            0 => 0,
            line => line.saturating_add(script.first_line).saturating_sub(1),
        },
        column: thrown.column,
        message: thrown.message,
    })
}

fn within(
    script: &Script,
    held: &Shared,
    limits: &ScriptLimits,
    clock: &Rc<Clock>,
) -> Result<Outcome, Thrown> {
    let (runtime, context) = engine(limits.memory, limits.stack)
        .map_err(|error| Thrown { kind: ErrorKind::Engine, ..Thrown::plain(error.to_string()) })?;
    clock.watch(&runtime);
    let ended = context.with(|ctx| {
        evaluate(script, held, &ctx, clock)
            .map_err(|error| clock.judge(|| Thrown::of(&ctx, &error)))
    });
    let outcome = ended?;
    go_on(&runtime, clock)?;
    Ok(outcome)
}

/// Runs what is left of promises.
///
/// # Errors
///
/// A continuation that failed, and time that is over.
pub(crate) fn go_on(runtime: &Runtime, clock: &Clock) -> Result<(), Thrown> {
    for _ in 0..MOST_JOBS {
        match runtime.execute_pending_job() {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => {
                let thrown = || Thrown::plain("a continuation of a promise failed".to_owned());
                return Err(clock.judge(thrown));
            }
        }
    }
    // A built-in function may have gone on past the end.
    if clock.is_over() { Err(clock.overrun()) } else { Ok(()) }
}

fn evaluate(
    script: &Script,
    held: &Shared,
    ctx: &Ctx<'_>,
    clock: &Rc<Clock>,
) -> Result<Outcome, Error> {
    // It is a good part of what a short script costs.
    if script.is_slow {
        guard::install(ctx, clock)?;
    }
    let mc = mc::install(ctx, held)?;
    let mut value: Value<'_> = ctx.eval_with_options(&*script.text, options(FILE))?;
    if let Some(name) = &script.function {
        let function: Function<'_> = ctx.globals().get(name.as_str())?;
        value = function.call((mc,))?;
    }
    Ok(script.outcome(&value))
}
