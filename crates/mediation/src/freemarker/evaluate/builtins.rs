//! Built-ins that look at more than one value.

use std::sync::Arc;

use serde_json::Number;

use super::{Outcome, Run, Stop, cannot_be_written, undefined, weight};
use crate::freemarker::value::Value;
use crate::freemarker::{Builtin, Expression};

impl<'a> Run<'a> {
    pub(super) fn builtin(
        &mut self,
        of: &'a Expression,
        builtin: Builtin,
        arguments: &'a [Expression],
    ) -> Outcome<'a> {
        match builtin {
            Builtin::HasContent => return Ok(Value::Boolean(self.loosely(of)?.has_content())),
            Builtin::Default => {
                let mut value = self.loosely(of)?;
                for other in arguments {
                    if !value.is_missing() {
                        break;
                    }
                    value = self.loosely(other)?;
                }
                return Ok(value);
            }
            Builtin::Index => {
                return Ok(Value::Number(Number::from(self.turn(of)?.0)));
            }
            Builtin::HasNext => return Ok(Value::Boolean(self.turn(of)?.1)),
            Builtin::Size | Builtin::Join | Builtin::First | Builtin::Last => {
                // No elements are a list too.
                let value = self.loosely(of)?;
                if matches!(value, Value::Missing) {
                    return Err(undefined(of));
                }
                return self.of_list(builtin, &value, arguments);
            }
            _ => {}
        }
        let value = self.present(of)?;
        if let (Builtin::Text, [yes, no]) = (builtin, arguments) {
            let Value::Boolean(value) = value else {
                return Err(Stop::Wrong(format!("`?string` of two texts: {}", value.kind())));
            };
            return self.present(if value { yes } else { no });
        }
        let argument = match arguments.first() {
            Some(argument) => Some(self.present(argument)?),
            None => None,
        };
        self.charge(weight(value.string().map_or(0, |text| text.len())))?;
        builtin.apply(&value, argument.as_ref()).map_err(Stop::Wrong)
    }

    fn of_list(
        &mut self,
        builtin: Builtin,
        value: &Value<'a>,
        arguments: &'a [Expression],
    ) -> Outcome<'a> {
        let wrong = || Stop::Wrong(format!("a list is needed, and this is {}", value.kind()));
        let size = value.size().ok_or_else(wrong)?;
        Ok(match builtin {
            Builtin::First => value.item(0),
            Builtin::Last => value.item(size.saturating_sub(1)),
            Builtin::Join => {
                let mut between = Arc::from("");
                if let Some(argument) = arguments.first() {
                    between = self.present(argument)?.string().ok_or_else(wrong)?;
                }
                let mut joined = String::new();
                for index in 0..size {
                    if index > 0 {
                        joined.push_str(&between);
                    }
                    let item = value.item(index);
                    let text = item.shown().ok_or_else(|| cannot_be_written(&item))?;
                    // Only what is new counts, since nothing is copied anew.
                    self.charge(weight(text.len()).saturating_add(1))?;
                    if joined.len().saturating_add(text.len()) > self.at.limits.output {
                        return Err(Stop::Output);
                    }
                    joined.push_str(&text);
                }
                Value::text(joined)
            }
            _ => Value::Number(Number::from(size)),
        })
    }
}
