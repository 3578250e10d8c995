//! Running a script in an engine of its own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::{Coerced, Context, Ctx, Error, Function, Runtime, Value};

use crate::error::{CompileError, ErrorKind, ScriptError};
use crate::limits::ScriptLimits;
use crate::mc::{self, Held};
use crate::script::{Outcome, Script};
use crate::state::MessageState;

/// What the engine calls the file of a script, in its traces.
const FILE: &str = "script";
/// What is put before a script that is only to be read: it then ends before its first step.
const NOTHING: &str = "throw null;";
/// What reading a script may use at deployment.
const CHECK_MEMORY: usize = 64 * 1024 * 1024;
/// The longest text of an error that is kept, in characters.
const LONGEST_MESSAGE: usize = 500;
/// Continuations of promises that are run.
const MOST_JOBS: usize = 10_000;

/// What the language has here: no time of the process, no weak references.
type Language = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
);

/// An engine with a context.
fn engine(memory: usize, stack: usize) -> Result<(Runtime, Context), Error> {
    let runtime = Runtime::new()?;
    runtime.set_memory_limit(memory);
    runtime.set_max_stack_size(stack);
    let context = Context::builder().with::<Language>().build(&runtime)?;
    Ok((runtime, context))
}

fn options() -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(FILE.to_owned());
    options
}

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
        let Err(error) = ctx.eval_with_options::<Value<'_>, _>(source, options()) else {
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

/// Runs a script over a message.
///
/// # Errors
///
/// Why it broke off.
pub(crate) fn run(
    script: &Script,
    state: &mut MessageState,
    limits: &ScriptLimits,
) -> Result<Outcome, ScriptError> {
    let held = Held::new(std::mem::take(state), limits.output);
    let held = Rc::new(RefCell::new(held));
    let outcome = within(script, &held, limits);
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
    held: &Rc<RefCell<Held>>,
    limits: &ScriptLimits,
) -> Result<Outcome, Thrown> {
    let clock = Clock::start(limits.time);
    let (runtime, context) = engine(limits.memory, limits.stack)
        .map_err(|error| Thrown { kind: ErrorKind::Engine, ..Thrown::plain(error.to_string()) })?;
    let (deadline, is_expired) = (clock.deadline, Rc::clone(&clock.is_expired));
    runtime.set_interrupt_handler(Some(Box::new(move || {
        let is_over = deadline.is_none_or(|deadline| Instant::now() >= deadline);
        is_expired.set(is_expired.get() || is_over);
        is_over
    })));
    let ended = context.with(|ctx| {
        evaluate(script, held, &ctx).map_err(|error| clock.judge(|| Thrown::of(&ctx, &error)))
    });
    let outcome = ended?;
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
    if clock.is_over() { Err(clock.overrun()) } else { Ok(outcome) }
}

fn evaluate<'js>(
    script: &Script,
    held: &Rc<RefCell<Held>>,
    ctx: &Ctx<'js>,
) -> Result<Outcome, Error> {
    let object = mc::install(ctx, held)?;
    let mut value: Value<'js> = ctx.eval_with_options(script.text.as_str(), options())?;
    if let Some(name) = &script.function {
        let function: Function<'js> = ctx.globals().get(name.as_str())?;
        value = function.call((object,))?;
    }
    Ok(Outcome { continues: value.as_bool() != Some(false) })
}

/// The time that a run has.
struct Clock {
    limit: Duration,
    /// `None` where the end cannot be told, and so is now.
    deadline: Option<Instant>,
    is_expired: Rc<Cell<bool>>,
}

impl Clock {
    fn start(limit: Duration) -> Self {
        let deadline = Instant::now().checked_add(limit);
        Self { limit, deadline, is_expired: Rc::new(Cell::new(false)) }
    }

    fn is_over(&self) -> bool {
        self.is_expired.get() || self.deadline.is_none_or(|deadline| Instant::now() >= deadline)
    }

    fn overrun(&self) -> Thrown {
        Thrown {
            kind: ErrorKind::Timeout,
            ..Thrown::plain(format!("it ran longer than {} ms", self.limit.as_millis()))
        }
    }

    /// What broke a run off; whatever it seems to be, after the end it is the end.
    fn judge(&self, thrown: impl FnOnce() -> Thrown) -> Thrown {
        // Telling what was thrown may run the script once more.
        let thrown = thrown();
        if self.is_expired.get() { self.overrun() } else { thrown }
    }
}

/// What was thrown, as far as it can be told.
#[derive(Debug)]
struct Thrown {
    kind: ErrorKind,
    line: u32,
    column: u32,
    message: String,
    is_null: bool,
}

impl Thrown {
    fn plain(message: String) -> Self {
        Self { kind: ErrorKind::Thrown, line: 0, column: 0, message, is_null: false }
    }

    fn output() -> Self {
        let message = "it changed or printed more than it may".to_owned();
        Self { kind: ErrorKind::Output, ..Self::plain(message) }
    }

    fn of(ctx: &Ctx<'_>, error: &Error) -> Self {
        if matches!(error, Error::Allocation) {
            return Self { kind: ErrorKind::Memory, ..Self::plain("out of memory".to_owned()) };
        }
        if !error.is_exception() && !ctx.has_exception() {
            return Self::plain(error.to_string());
        }
        let value = ctx.catch();
        if value.is_null() {
            // The engine has nothing else left where there is no memory for an error either.
            let plain = Self::plain("out of memory, or `null` was thrown".to_owned());
            return Self { is_null: true, kind: ErrorKind::Memory, ..plain };
        }
        let Some(object) = value.as_object().filter(|object| object.is_error()) else {
            let text = value.get::<Coerced<String>>().map(|text| text.0);
            ctx.catch();
            return Self::plain(shortened(&text.unwrap_or_else(|_| "an object".to_owned())));
        };
        let part = |name: &str| object.get::<_, Coerced<String>>(name).map(|it| it.0).ok();
        let name = part("name").unwrap_or_else(|| "Error".to_owned());
        let message = part("message").unwrap_or_default();
        let (line, column) = place(&part("stack").unwrap_or_default());
        ctx.catch();
        let kind = match (name.as_str(), message.as_str()) {
            ("InternalError", "out of memory") => ErrorKind::Memory,
            ("RangeError", "Maximum call stack size exceeded")
            | ("InternalError", "stack overflow") => ErrorKind::Stack,
            _ => ErrorKind::Thrown,
        };
        Self { line, column, kind, ..Self::plain(shortened(&format!("{name}: {message}"))) }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).collect()
}

/// Line and column of the innermost place of a trace that is in the script.
fn place(trace: &str) -> (u32, u32) {
    let line = trace.lines().find_map(|line| {
        let (_, place) = line.rsplit_once(&format!("{FILE}:"))?;
        let (line, column) = place.trim_end_matches(')').split_once(':').unwrap_or((place, "0"));
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    line.unwrap_or((0, 0))
}
