//! Whether a script's words touch what is built in: such a script has a new engine at each run.
//!
//! This keeps scripts working that extend the language or look for what is global. It need not
//! find everything: in an engine that is kept, what is built in cannot be changed.

use crate::lex;

/// Words that lead to what is built in, or that mean something else inside of a function.
const SUSPECT: [&str; 20] = [
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "defineProperty",
    "defineProperties",
    "getOwnPropertyDescriptor",
    "getOwnPropertyDescriptors",
    "getPrototypeOf",
    "setPrototypeOf",
    "globalThis",
    "this",
    "eval",
    "Function",
    "import",
    "with",
    "prepareStackTrace",
    "stackTraceLimit",
    "Reflect",
];

/// Names of what is built in, beside those that are suspect.
const BUILT_IN: [&str; 66] = [
    "AggregateError",
    "Array",
    "AsyncDisposableStack",
    "DisposableStack",
    "SuppressedError",
    "ArrayBuffer",
    "AsyncFunction",
    "Atomics",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "DataView",
    "Date",
    "Error",
    "EvalError",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "Infinity",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Iterator",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "RangeError",
    "ReferenceError",
    "RegExp",
    "Set",
    "SharedArrayBuffer",
    "String",
    "Symbol",
    "SyntaxError",
    "TypeError",
    "URIError",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "FinalizationRegistry",
    "InternalError",
    "XML",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "isFinite",
    "isNaN",
    "mc",
    "parseFloat",
    "parseInt",
    "print",
    "queueMicrotask",
    "undefined",
    "unescape",
];

/// Words before a name that is declared or taken away.
const DECLARES: [&str; 6] = ["var", "let", "const", "function", "class", "delete"];

/// Operators that may stand before the `=` of an assignment.
const OPERATORS: [&str; 15] =
    ["", "+", "-", "*", "/", "%", "&", "|", "^", "**", "<<", ">>", ">>>", "&&", "||"];

/// Whether a word, with what stands around it, may touch what is built in.
pub(super) fn touches(word: &str, is_member: bool, previous: &str, after: &str) -> bool {
    // A word may be written with escapes, and be any other.
    if word.contains('\\') || SUSPECT.contains(&word) {
        return true;
    }
    let after = after.trim_start();
    if is_member {
        let is_name = after.strip_prefix('.').is_some_and(|rest| member(rest).0 == "name");
        return word == "constructor" && after.starts_with(['.', '[', '?']) && !is_name;
    }
    if !BUILT_IN.contains(&word) {
        return false;
    }
    if DECLARES.contains(&previous) || after.starts_with('/') {
        return true;
    }
    match after.strip_prefix('.') {
        Some(rest) => {
            let (name, rest) = member(rest);
            (name == "prototype" && !is_borrowed(rest)) || is_assigned(rest)
        }
        None => after.starts_with('[') || is_assigned(after),
    }
}

/// The name that a text begins with, and what follows it.
fn member(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (name, rest) = text.split_at_checked(lex::word(text)).unwrap_or((text, ""));
    (name, rest.trim_start())
}

/// Whether a method is only called for another object: `.slice.call(`.
fn is_borrowed(text: &str) -> bool {
    let Some(text) = text.strip_prefix('.') else { return false };
    let Some(text) = member(text).1.strip_prefix('.') else { return false };
    let (name, rest) = member(text);
    matches!(name, "call" | "apply" | "bind") && rest.starts_with('(')
}

/// Whether what stands before is given a value.
fn is_assigned(text: &str) -> bool {
    let is_equals =
        |text: &str| text.strip_prefix('=').is_some_and(|rest| !rest.starts_with(['=', '>']));
    let is_step = text.starts_with("++") || text.starts_with("--") || text.starts_with("??=");
    is_step || OPERATORS.iter().any(|it| text.strip_prefix(it).is_some_and(is_equals))
}
