//! The object `mc`: the message, as scripts know it from WSO2 (spec/02 §4.4).

mod address;
mod payload;
mod property;

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::function::Rest;
use rquickjs::object::Property;
use rquickjs::{Coerced, Ctx, Error, Exception, Function, IntoJs, Object, Result, Value};

use crate::clock::Clock;
use crate::guard;
use crate::state::{Change, Level, Line, MessageState};
use crate::xml_object::{self, Table};

/// What a script does while it runs.
#[derive(Debug)]
pub(crate) struct Held {
    /// The message.
    pub(crate) message: MessageState,
    /// Nodes of XML that the script has got hold of.
    pub(crate) table: Table,
    /// Whether it wanted to change or print more than it may.
    pub(crate) is_exceeded: bool,
    left: usize,
    clock: Rc<Clock>,
}

/// The message, shared by all methods.
pub(crate) type Shared = Rc<RefCell<Held>>;

/// The arguments of a call, and what is around it.
pub(crate) struct Call<'a, 'js> {
    pub(crate) ctx: &'a Ctx<'js>,
    pub(crate) held: &'a Shared,
    arguments: Vec<Value<'js>>,
}

/// A method.
type Method = for<'a, 'js> fn(&Call<'a, 'js>) -> Result<Value<'js>>;

/// The methods that there are.
const METHODS: [(&str, Method); 44] = [
    ("getPayloadJSON", payload::json),
    ("setPayloadJSON", payload::set_json),
    ("getJsonText", payload::json_text),
    ("setJsonObject", payload::set_json_object),
    ("setJsonText", payload::set_json_object),
    ("getPayloadText", payload::text),
    ("getPayloadXML", payload::xml),
    ("setPayloadXML", payload::set_xml),
    ("getEnvelopeXML", payload::envelope),
    ("getMessageString", payload::message),
    ("addHeader", payload::add_header),
    ("__xml", payload::literal),
    ("getProperty", property::get),
    ("setProperty", property::set),
    ("removeProperty", property::remove),
    ("getPropertyKeySet", property::keys),
    ("getVariable", property::variable),
    ("setVariable", property::set_variable),
    ("removeVariable", property::remove_variable),
    ("getVariableKeySet", property::variable_keys),
    ("getTo", address::to),
    ("setTo", address::set_to),
    ("getFrom", address::from),
    ("setFrom", address::set_from),
    ("getReplyTo", address::reply_to),
    ("setReplyTo", address::set_reply_to),
    ("getFaultTo", address::fault_to),
    ("setFaultTo", address::set_fault_to),
    ("getSoapAction", address::soap_action),
    ("setSoapAction", address::set_soap_action),
    ("getWSAAction", address::wsa_action),
    ("setWSAAction", address::set_wsa_action),
    ("getMessageID", address::message_id),
    ("setMessageID", address::set_message_id),
    ("isResponse", |call| call.flag(|it| it.is_response)),
    ("setResponse", address::set_response),
    ("isFaultResponse", |call| call.flag(|it| it.is_fault)),
    ("isDoingPOX", |call| call.flag(|it| it.is_pox)),
    ("isDoingGET", |call| call.flag(|it| it.is_get)),
    ("isDoingMTOM", |call| call.flag(|_| false)),
    ("isDoingSWA", |call| call.flag(|_| false)),
    ("isSOAP11", |call| call.flag(|it| it.is_soap11)),
    ("getServiceLog", service_log),
    ("toString", |call| call.give("[message]")),
];

/// The methods of WSO2 that lead to what is not there.
const UNSUPPORTED: [&str; 20] = [
    "getContextEntries",
    "getFaultStack",
    "getSequence",
    "getEndpoint",
    "getEntry",
    "getLocalEntry",
    "getFormat",
    "getConfiguration",
    "setConfiguration",
    "getEnvironment",
    "setEnvironment",
    "getEnvelope",
    "setEnvelope",
    "getMainSequence",
    "getFaultSequence",
    "setDoingMTOM",
    "setDoingSWA",
    "setDoingPOX",
    "setDoingGET",
    "setRelatesTo",
];

impl Held {
    /// A message that may yet change by so many bytes, in the time that the clock gives.
    pub(crate) fn new(message: MessageState, output: usize, clock: &Rc<Clock>) -> Self {
        let clock = Rc::clone(clock);
        Self { message, table: Table::default(), is_exceeded: false, left: output, clock }
    }

    /// The time that there is.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes so many bytes of what may be written; false where too few are left.
    fn take(&mut self, bytes: usize) -> bool {
        // Whatever is kept costs something.
        match self.left.checked_sub(bytes.saturating_add(64)) {
            Some(left) if !self.is_exceeded => self.left = left,
            _ => self.is_exceeded = true,
        }
        !self.is_exceeded
    }
}

/// What a script sees, before it has names.
pub(crate) struct Kit<'js> {
    /// What is above `mc`.
    pub(crate) methods: Object<'js>,
    /// `print`.
    pub(crate) print: Function<'js>,
    /// `XML`.
    pub(crate) xml: Function<'js>,
}

/// Makes the functions.
pub(crate) fn kit<'js>(ctx: &Ctx<'js>, held: &Shared) -> Result<Kit<'js>> {
    let methods = Object::new(ctx.clone())?;
    for (name, method) in METHODS {
        methods.set(name, function(ctx, held, method)?)?;
    }
    for name in UNSUPPORTED {
        let refuse = move |ctx: Ctx<'js>| -> Result<()> {
            Err(Exception::throw_message(&ctx, &format!("mc.{name} is not supported")))
        };
        methods.set(name, Function::new(ctx.clone(), refuse)?)?;
    }
    let print = function(ctx, held, |call| call.print(Level::Info))?;
    Ok(Kit { methods, print, xml: xml_object::constructor(ctx, held)? })
}

/// Makes `mc`, `print` and `XML`.
pub(crate) fn install<'js>(ctx: &Ctx<'js>, held: &Shared) -> Result<Object<'js>> {
    let kit = kit(ctx, held)?;
    let mc = Object::new_proto(ctx.clone(), Some(&kit.methods))?;
    let globals = ctx.globals();
    globals.set("mc", mc.clone())?;
    globals.set("print", kit.print)?;
    globals.set("XML", kit.xml)?;
    Ok(mc)
}

/// Makes what is otherwise made at the first call.
pub(crate) fn prepare(ctx: &Ctx<'_>) -> Result<()> {
    property::key_set_maker(ctx).map(drop)
}

/// A function that is made once in an engine: of this text, or by what it makes.
pub(crate) fn once<'js>(
    ctx: &Ctx<'js>,
    name: &str,
    make: impl FnOnce() -> Result<Function<'js>>,
) -> Result<Function<'js>> {
    let globals = ctx.globals();
    if let Some(function) = globals.get::<_, Option<Function<'js>>>(name)? {
        return Ok(function);
    }
    let function = make()?;
    globals.prop(name, Property::from(function.clone()).configurable().writable())?;
    Ok(function)
}

fn function<'js>(ctx: &Ctx<'js>, held: &Shared, method: Method) -> Result<Function<'js>> {
    let held = Rc::clone(held);
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, arguments: Rest<Value<'js>>| {
        guard::check(&ctx, held.borrow().clock())?;
        method(&Call { ctx: &ctx, held: &held, arguments: arguments.0 })
    })
}

/// `mc.getServiceLog()`: prints.
fn service_log<'js>(call: &Call<'_, 'js>) -> Result<Value<'js>> {
    let log = Object::new(call.ctx.clone())?;
    let levels: [(&str, Method); 6] = [
        ("trace", |call| call.print(Level::Debug)),
        ("debug", |call| call.print(Level::Debug)),
        ("info", |call| call.print(Level::Info)),
        ("warn", |call| call.print(Level::Warn)),
        ("error", |call| call.print(Level::Error)),
        ("fatal", |call| call.print(Level::Error)),
    ];
    for (name, method) in levels {
        log.set(name, function(call.ctx, call.held, method)?)?;
    }
    Ok(log.into_value())
}

impl<'js> Call<'_, 'js> {
    /// The argument at this place; `undefined` where there is none.
    fn argument(&self, index: usize) -> Value<'js> {
        let given = self.arguments.get(index).cloned();
        given.unwrap_or_else(|| Value::new_undefined(self.ctx.clone()))
    }

    /// The argument as text; `None` for `null` and `undefined`.
    fn text_or_none(&self, index: usize) -> Result<Option<String>> {
        let value = self.argument(index);
        if value.is_null() || value.is_undefined() {
            return Ok(None);
        }
        value.get::<Coerced<String>>().map(|text| Some(text.0))
    }

    /// The argument as the name of something.
    fn name(&self, index: usize) -> Result<String> {
        match self.text_or_none(index)? {
            Some(name) if !name.is_empty() => Ok(name),
            _ => Err(self.refuse("a name is needed")),
        }
    }

    /// What the call gives back.
    fn give(&self, value: impl IntoJs<'js>) -> Result<Value<'js>> {
        value.into_js(self.ctx)
    }

    /// Nothing.
    fn nothing(&self) -> Result<Value<'js>> {
        Ok(Value::new_undefined(self.ctx.clone()))
    }

    fn flag(&self, ask: impl FnOnce(&MessageState) -> bool) -> Result<Value<'js>> {
        let flag = ask(&self.held.borrow().message);
        self.give(flag)
    }

    /// An error for the script to see.
    fn refuse(&self, message: &str) -> Error {
        Exception::throw_message(self.ctx, message)
    }

    /// Keeps a change of so many bytes, and lets the message show it.
    fn change(
        &self,
        bytes: usize,
        change: Change,
        show: impl FnOnce(&mut MessageState),
    ) -> Result<Value<'js>> {
        let mut held = self.held.borrow_mut();
        if !held.take(bytes) {
            drop(held);
            return Err(self.refuse("the script changes or prints more than it may"));
        }
        held.message.changes.push(change);
        show(&mut held.message);
        drop(held);
        self.nothing()
    }

    fn print(&self, level: Level) -> Result<Value<'js>> {
        let mut text = String::new();
        for (index, value) in self.arguments.iter().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(&value.get::<Coerced<String>>()?.0);
        }
        let mut held = self.held.borrow_mut();
        if !held.take(text.len()) {
            drop(held);
            return Err(self.refuse("the script changes or prints more than it may"));
        }
        held.message.lines.push(Line { level, text });
        drop(held);
        self.nothing()
    }
}
