//! An engine that is kept for one script, and begins each call as clean as a new one.
//!
//! All that calls could share is frozen once: every built-in object, also those that no name leads
//! to, and the functions of `mc`. The script is a function there, so that what it declares ends
//! with the call; what it leaves on the global object is removed after each call. What cannot be
//! made as it was — a property that is not to be removed, work that is left, a run that was broken
//! off — ends the engine.

use std::cell::{Cell, RefCell};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;
use std::time::Duration;

use rquickjs::object::Filter;
use rquickjs::{Atom, Context, Ctx, Error, Function, Object, Persistent, Runtime, Value};

use crate::clock::Clock;
use crate::engine::{FILE, engine, options};
use crate::error::ErrorKind;
use crate::guard;
use crate::limits::ScriptLimits;
use crate::mc::{self, Held, Shared};
use crate::run::{finish, go_on};
use crate::script::{Outcome, Script};
use crate::state::MessageState;
use crate::thrown::Thrown;
use crate::{ScriptError, xml_object};

#[cfg(test)]
mod tests;

/// What makes a new engine fit to be kept.
const HARDEN: &str = include_str!("warm/harden.js");
/// What stands before a script, in the same line.
const BEGIN: &str = "(()=>{";
/// Calls that an engine lives for.
const MOST_CALLS: u32 = 10_000;
/// What may pile up beside the engine itself before it is cleared away, in bytes.
const RUBBISH: usize = 1024 * 1024;
/// How long making an engine may take.
const BUILD_TIME: Duration = Duration::from_secs(60);
/// What making an engine may use.
const BUILD_MEMORY: usize = 64 * 1024 * 1024;

/// A function of the engine.
type Kept = Persistent<Function<'static>>;

/// What is called in the engine.
struct Parts {
    /// The script.
    main: Kept,
    /// Makes anew what has a name.
    restore: Kept,
    /// Removes what is left on the global object.
    sweep: Kept,
    /// Own properties of the global object.
    globals: usize,
}

/// An engine that is kept.
pub(crate) struct Warm {
    // What holds values of the engine goes before it.
    parts: Parts,
    context: Context,
    runtime: Runtime,
    held: Shared,
    clock: Rc<Clock>,
    lot: Rc<Cell<u64>>,
    is_tainted: Rc<Cell<bool>>,
    calls: u32,
    /// Bytes of the engine before its first call.
    bytes: usize,
}

impl Warm {
    /// An engine for this script; `None` where it must have a new one each time.
    pub(crate) fn new(script: &Script, limits: &ScriptLimits) -> Option<Self> {
        let (runtime, context) = engine(BUILD_MEMORY, limits.stack).ok()?;
        // Nothing of the script runs while its engine is made.
        let clock = Clock::start(BUILD_TIME);
        let held: Shared = Rc::new(RefCell::new(Held::new(MessageState::default(), 0, &clock)));
        let (lot, is_tainted) = (Rc::new(Cell::new(1)), Rc::new(Cell::new(false)));
        let made = context.with(|ctx| {
            let made = guard::install(&ctx, &clock)
                .and_then(|()| harden(&ctx, script, &held, &lot, &is_tainted));
            made.map_err(|error| Thrown::of(&ctx, &error))
        });
        let parts = made.ok()?;
        runtime.run_gc();
        let bytes = usize::try_from(runtime.memory_usage().malloc_size).ok()?;
        clock.watch(&runtime);
        (bytes <= limits.memory / 2).then_some(Self {
            parts,
            context,
            runtime,
            held,
            clock,
            lot,
            is_tainted,
            calls: 0,
            bytes,
        })
    }

    /// Bytes of the engine before its first call.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Runs its script; the engine comes back where it may be used again.
    ///
    /// # Errors
    ///
    /// Why the script broke off.
    pub(crate) fn run(
        mut self,
        script: &Script,
        state: &mut MessageState,
        limits: &ScriptLimits,
    ) -> (Result<Outcome, ScriptError>, Option<Self>) {
        *self.held.borrow_mut() = Held::new(std::mem::take(state), limits.output, &self.clock);
        self.calls += 1;
        self.lot.set(seed());
        self.runtime.set_memory_limit(limits.memory);
        self.runtime.set_max_stack_size(limits.stack);
        self.clock.restart(limits.time);
        let outcome = self.call(script);
        let is_plain = match &outcome {
            Ok(_) => true,
            Err(thrown) => thrown.kind == ErrorKind::Thrown,
        };
        let is_done = self.is_tainted.get()
            || self.held.borrow().is_exceeded
            || self.runtime.is_job_pending()
            || self.calls >= MOST_CALLS;
        let is_clean = is_plain && !is_done && self.cleared(limits) && self.restored();
        let outcome = finish(script, state, &self.held, outcome);
        // Nodes of XML need not wait for the next call.
        *self.held.borrow_mut() = Held::new(MessageState::default(), 0, &self.clock);
        (outcome, is_clean.then_some(self))
    }

    fn call(&self, script: &Script) -> Result<Outcome, Thrown> {
        let ended = self.context.with(|ctx| {
            let value = invoke(&ctx, &self.parts.main, script);
            value.map_err(|error| self.clock.judge(|| placed(Thrown::of(&ctx, &error))))
        });
        let outcome = ended?;
        // What a continuation has thrown may still be there.
        go_on(&self.runtime, &self.clock).inspect_err(|_| self.is_tainted.set(true))?;
        Ok(outcome)
    }

    /// Clears away the circles that have piled up, where they are many.
    fn cleared(&self, limits: &ScriptLimits) -> bool {
        // The script may have left no room for what comes now.
        self.runtime.set_memory_limit(limits.memory.saturating_add(RUBBISH));
        self.runtime.set_gc_threshold(self.bytes.saturating_add(RUBBISH.min(limits.memory / 4)));
        // They are looked for where an object is made.
        let made = self.context.with(|ctx| Object::new(ctx).is_ok());
        self.runtime.set_gc_threshold(usize::MAX);
        made
    }

    /// Whether everything is again as it was before the call.
    fn restored(&self) -> bool {
        let is_restored = self.context.with(|ctx| {
            let call = |part: &Kept| part.clone().restore(&ctx)?.call::<_, bool>(());
            let is_restored = call(&self.parts.restore)?;
            let is_swept = count(&ctx) == self.parts.globals || call(&self.parts.sweep)?;
            Ok::<_, Error>(is_restored && is_swept && !ctx.has_exception())
        });
        matches!(is_restored, Ok(true)) && !self.clock.is_over()
    }
}

/// Own properties of the global object.
fn count(ctx: &Ctx<'_>) -> usize {
    ctx.globals().own_keys::<Atom<'_>>(Filter::new().string().symbol()).len()
}

fn invoke(ctx: &Ctx<'_>, main: &Kept, script: &Script) -> Result<Outcome, Error> {
    let main = main.clone().restore(ctx)?;
    let mut value: Value<'_> = main.call(())?;
    if script.function.is_some() {
        let function = value.get::<Function<'_>>()?;
        let mc: Value<'_> = ctx.globals().get("mc")?;
        value = function.call((mc,))?;
    }
    Ok(script.outcome(&value))
}

/// Freezes everything, and gives back the script and what cleans up after it.
fn harden(
    ctx: &Ctx<'_>,
    script: &Script,
    held: &Shared,
    lot: &Rc<Cell<u64>>,
    is_tainted: &Rc<Cell<bool>>,
) -> Result<Parts, Error> {
    let kit = mc::kit(ctx, held)?;
    xml_object::prepare(ctx, held)?;
    mc::prepare(ctx)?;
    let main: Function<'_> = ctx.eval_with_options(wrapped(script), options(FILE))?;
    let lot = Rc::clone(lot);
    let random = Function::new(ctx.clone(), move || draw(&lot))?;
    let is_tainted = Rc::clone(is_tainted);
    let taint = Function::new(ctx.clone(), move || is_tainted.set(true))?;
    let harden: Function<'_> = ctx.eval_with_options(HARDEN, options("engine"))?;
    let [restore, sweep]: [Function<'_>; 2] = {
        let made: Vec<Function<'_>> =
            harden.call((kit.methods, kit.print, kit.xml, main.clone(), random, taint))?;
        made.try_into().map_err(|_| Error::Unknown)?
    };
    if !restore.call::<_, bool>(())? {
        return Err(Error::Unknown);
    }
    let [main, restore, sweep] = [main, restore, sweep].map(|it| Persistent::save(ctx, it));
    Ok(Parts { main, restore, sweep, globals: count(ctx) })
}

/// The script as a function without parameters, and with nothing that leads to it.
fn wrapped(script: &Script) -> String {
    let text = &script.text;
    match &script.function {
        Some(name) => format!("{BEGIN}{text}\n;return {name}}})"),
        None => format!("{BEGIN}{text}\n}})"),
    }
}

/// The place in the script itself.
fn placed(mut thrown: Thrown) -> Thrown {
    if thrown.line == 1 {
        let before = u32::try_from(BEGIN.len()).unwrap_or_default();
        thrown.column = thrown.column.saturating_sub(before).max(1);
    }
    thrown
}

/// A number that nothing of the call before has to do with.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish() | 1
}

/// `Math.random()`: from 0 to below 1, by xorshift64*.
fn draw(lot: &Cell<u64>) -> f64 {
    let mut next = lot.get();
    next ^= next >> 12;
    next ^= next << 25;
    next ^= next >> 27;
    lot.set(next);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let high = (next.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64;
    high / 9_007_199_254_740_992.0
}
