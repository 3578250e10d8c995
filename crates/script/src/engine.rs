//! An engine with the language that scripts have.

use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::{Context, Error, Runtime};

/// What the engine calls the file of a script, in its traces.
pub(crate) const FILE: &str = "script";

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
///
/// It looks for circles that nothing leads to only when it is told to. While it runs out of memory
/// in the middle of changing an object it makes an error, and a search at that moment would meet an
/// object that is half changed, and end the process.
pub(crate) fn engine(memory: usize, stack: usize) -> Result<(Runtime, Context), Error> {
    let runtime = Runtime::new()?;
    runtime.set_memory_limit(memory);
    runtime.set_max_stack_size(stack);
    runtime.set_gc_threshold(usize::MAX);
    let context = Context::builder().with::<Language>().build(&runtime)?;
    Ok((runtime, context))
}

/// How scripts are read: not strictly, and with a name for their places.
pub(crate) fn options(file: &str) -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(file.to_owned());
    options
}
