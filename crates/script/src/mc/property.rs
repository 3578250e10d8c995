//! Properties and variables.

use rquickjs::{Coerced, Ctx, Function, IntoJs, Object, Result, Value};

use super::Call;
use crate::SCOPES;
use crate::state::{Change, PropertyValue};
use crate::xml_object;

/// What Java's sets have and arrays have not.
const KEY_SET: &str = "(function (keys) { return Object.defineProperties(keys, { \
    toArray: { value: function () { return keys.slice(); } }, \
    contains: { value: function (key) { return keys.indexOf(String(key)) >= 0; } }, \
    size: { value: function () { return keys.length; } } }); })";

/// `getProperty(name)`, and with a scope.
pub(super) fn get<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let name = call.name(0)?;
    let scope = scope(call, 1)?;
    let name = key(scope, &name);
    let value = {
        let held = call.held.borrow();
        held.message.properties.get(scope).and_then(|it| it.get(&name)).cloned()
    };
    show(call, value)
}

/// `setProperty(name, value)`, and with a scope.
pub(super) fn set<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let name = call.name(0)?;
    let value = value(call, 1)?;
    put(call, scope(call, 2)?, name, value)
}

/// `removeProperty(name)`, and with a scope.
pub(super) fn remove<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let name = call.name(0)?;
    put(call, scope(call, 1)?, name, None)
}

fn put<'js>(
    call: &Call<'_, 'js>,
    scope: &'static str,
    name: String,
    value: Option<PropertyValue>,
) -> Result<Value<'js>> {
    let bytes = name.len().saturating_add(value.as_ref().map_or(0, size));
    let shown = key(scope, &name);
    let change = Change::Property { scope: scope.to_owned(), name, value: value.clone() };
    call.change(bytes, change, |message| {
        let properties = message.properties.entry(scope.to_owned()).or_default();
        match value {
            Some(value) => drop(properties.insert(shown, value)),
            None => drop(properties.remove(&shown)),
        }
    })
}

/// `getPropertyKeySet()`: of the default scope.
pub(super) fn keys<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let names: Vec<String> = {
        let held = call.held.borrow();
        let properties = held.message.properties.get("default");
        properties.map(|it| it.keys().cloned().collect()).unwrap_or_default()
    };
    key_set(call, names)
}

/// `getVariable(name)`.
pub(super) fn variable<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let name = call.name(0)?;
    let value = call.held.borrow().message.variables.get(&name).cloned();
    show(call, value)
}

/// `setVariable(name, value)`.
pub(super) fn set_variable<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let name = call.name(0)?;
    let value = value(call, 1)?;
    put_variable(call, name, value)
}

/// `removeVariable(name)`.
pub(super) fn remove_variable<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let name = call.name(0)?;
    put_variable(call, name, None)
}

fn put_variable<'js>(
    call: &Call<'_, 'js>,
    name: String,
    value: Option<PropertyValue>,
) -> Result<Value<'js>> {
    let bytes = name.len().saturating_add(value.as_ref().map_or(0, size));
    let change = Change::Variable { name: name.clone(), value: value.clone() };
    call.change(bytes, change, |message| match value {
        Some(value) => drop(message.variables.insert(name, value)),
        None => drop(message.variables.remove(&name)),
    })
}

/// `getVariableKeySet()`.
pub(super) fn variable_keys<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let names = call.held.borrow().message.variables.keys().cloned().collect();
    key_set(call, names)
}

fn key_set<'js>(call: &Call<'_, 'js>, names: Vec<String>) -> Result<Value<'js>> {
    key_set_maker(call.ctx)?.call((names,))
}

/// The function that gives a list of names what Java's sets have.
pub(super) fn key_set_maker<'js>(ctx: &Ctx<'js>) -> Result<Function<'js>> {
    super::once(ctx, "__keySet", || ctx.eval(KEY_SET))
}

/// The scope that an argument names; the default one where there is none.
fn scope(call: &Call<'_, '_>, index: usize) -> Result<&'static str> {
    let Some(name) = call.text_or_none(index)? else { return Ok(SCOPES[0]) };
    let known = SCOPES.into_iter().find(|known| known.eq_ignore_ascii_case(&name));
    known.ok_or_else(|| {
        call.refuse(&format!("{name:.40} is no scope; use one of {}", SCOPES.join(", ")))
    })
}

/// How a name is kept: those of headers in small letters.
fn key(scope: &str, name: &str) -> String {
    if scope == "transport" { name.to_ascii_lowercase() } else { name.to_owned() }
}

fn show<'js>(call: &Call<'_, 'js>, value: Option<PropertyValue>) -> Result<Value<'js>> {
    let ctx = call.ctx;
    match value {
        None => Ok(Value::new_null(ctx.clone())),
        Some(PropertyValue::Text(text) | PropertyValue::Json(text)) => text.into_js(ctx),
        Some(PropertyValue::Boolean(value)) => value.into_js(ctx),
        #[expect(clippy::cast_precision_loss, reason = "numbers of JavaScript are fractions")]
        Some(PropertyValue::Integer(value)) => Ok(Value::new_number(ctx.clone(), value as f64)),
        Some(PropertyValue::Number(value)) => Ok(Value::new_number(ctx.clone(), value)),
        Some(PropertyValue::Xml(text)) => xml_object::make(ctx, call.held, &text),
    }
}

/// The argument as a value to keep; `None` for `null` and `undefined`.
fn value(call: &Call<'_, '_>, index: usize) -> Result<Option<PropertyValue>> {
    let value = call.argument(index);
    if value.is_null() || value.is_undefined() {
        return Ok(None);
    }
    if let Some(flag) = value.as_bool() {
        return Ok(Some(PropertyValue::Boolean(flag)));
    }
    if let Some(number) = value.as_number() {
        return Ok(Some(number_of(number)));
    }
    if let Some(object) = value.as_object().filter(|object| !object.is_function()) {
        if let Some(text) = xml_object::text(object)? {
            return Ok(Some(PropertyValue::Xml(text)));
        }
        if let Some(text) = json_of(call, object)? {
            return Ok(Some(PropertyValue::Json(text)));
        }
    }
    Ok(Some(PropertyValue::Text(value.get::<Coerced<String>>()?.0)))
}

/// The JSON of an object; `None` of one that stands for a text, such as `new String("a")`.
fn json_of<'js>(call: &Call<'_, 'js>, object: &Object<'js>) -> Result<Option<String>> {
    let json = call.ctx.json_stringify(object.clone())?;
    let text = json.map(|json| json.to_string()).transpose()?;
    Ok(text.filter(|text| text.starts_with(['{', '['])))
}

/// Whole numbers are written without a fraction.
fn number_of(number: f64) -> PropertyValue {
    let is_whole = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    if !is_whole {
        return PropertyValue::Number(number);
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and within 53 bits")]
    let whole = number as i64;
    PropertyValue::Integer(whole)
}

fn size(value: &PropertyValue) -> usize {
    match value {
        PropertyValue::Text(text) | PropertyValue::Json(text) | PropertyValue::Xml(text) => {
            text.len()
        }
        _ => 8,
    }
}
