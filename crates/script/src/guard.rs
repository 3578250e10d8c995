//! Time for built-in functions that go over large values.
//!
//! The engine asks for the time between its own instructions, and only after thousands of them. A
//! loop around a function that takes milliseconds would run for minutes; so these functions ask
//! themselves, and refuse to begin when the time is over.

use std::rc::Rc;

use rquickjs::{Ctx, Exception, Function, Result};

use crate::clock::Clock;
use crate::engine::options;

const GUARD: &str = include_str!("guard.js");

/// Functions of `JSON` that take long for large values.
const JSON: &str = "stringify parse";
/// Those of texts.
const TEXTS: &str = "indexOf lastIndexOf includes split replace replaceAll match search normalize \
                     toUpperCase toLowerCase localeCompare repeat padStart padEnd concat \
                     isWellFormed toWellFormed";
/// Those of lists.
const LISTS: &str = "join sort toSorted reverse toReversed fill concat slice splice toSpliced \
                     indexOf lastIndexOf includes copyWithin flat";
/// Those of typed arrays.
const TYPED: &str = "join sort toSorted reverse toReversed fill slice set with indexOf lastIndexOf \
                     includes copyWithin";
/// Those that stand alone.
const GLOBAL: &str = "encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape";

/// Whether a script with this word may call such a function.
pub(crate) fn knows(word: &str) -> bool {
    [JSON, TEXTS, LISTS, TYPED, GLOBAL].iter().any(|names| names.split(' ').any(|it| it == word))
}

/// Has the slow functions ask for the time.
pub(crate) fn install(ctx: &Ctx<'_>, clock: &Rc<Clock>) -> Result<()> {
    let clock = Rc::clone(clock);
    let ask = Function::new(ctx.clone(), move |ctx: Ctx<'_>| check(&ctx, &clock))?;
    let guard: Function<'_> = ctx.eval_with_options(GUARD, options("engine"))?;
    guard.call((ask, JSON, TEXTS, LISTS, TYPED, GLOBAL))
}

/// An error where the time is over. What catches it comes no further, for all else refuses too.
pub(crate) fn check(ctx: &Ctx<'_>, clock: &Clock) -> Result<()> {
    if clock.is_over() { Err(Exception::throw_message(ctx, "interrupted")) } else { Ok(()) }
}
