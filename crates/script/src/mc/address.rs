//! Where a message goes and what it is: `getTo` and its like.

use rquickjs::{Result, Value};

use super::Call;
use crate::state::{Addressing, Change};

macro_rules! addresses {
    ($($get:ident, $set:ident, $which:ident;)*) => {
        $(
            pub(super) fn $get<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
                get(call, Addressing::$which)
            }

            pub(super) fn $set<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
                set(call, Addressing::$which)
            }
        )*
    };
}

addresses! {
    to, set_to, To;
    from, set_from, From;
    reply_to, set_reply_to, ReplyTo;
    fault_to, set_fault_to, FaultTo;
    soap_action, set_soap_action, SoapAction;
    wsa_action, set_wsa_action, WsaAction;
    message_id, set_message_id, MessageId;
}

fn get<'js>(call: &Call<'_, 'js>, which: Addressing) -> Result<Value<'js>> {
    let text = call.held.borrow().message.addressing.get(&which).cloned();
    match text {
        Some(text) => call.give(text),
        None => Ok(Value::new_null(call.ctx.clone())),
    }
}

fn set<'js>(call: &Call<'_, 'js>, which: Addressing) -> Result<Value<'js>> {
    let text = call.text_or_none(0)?;
    let bytes = text.as_ref().map_or(0, String::len);
    call.change(bytes, Change::Address(which, text.clone()), |message| match text {
        Some(text) => drop(message.addressing.insert(which, text)),
        None => drop(message.addressing.remove(&which)),
    })
}

/// `setResponse`.
pub(super) fn set_response<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let is_response = call.argument(0).as_bool().unwrap_or_default();
    call.change(0, Change::IsResponse(is_response), |message| message.is_response = is_response)
}
