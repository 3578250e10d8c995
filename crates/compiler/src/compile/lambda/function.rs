//! Which function each operation calls, and how (spec/03 §3.2).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ::lambda::stream::StreamForm;
use ::lambda::{Format, Function, FunctionError, Invocation, Mapping, limits};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use model::cursor::Cursor;
use model::{Diagnostics, Place, codes};

use super::super::group::settings::{Settings, check_keys};
use super::super::group::value;
use super::{Ground, OPERATION_KEY};
use crate::plan::{FunctionPlan, OperationPlan};

/// Keys below `x-weir.lambda` and in `x-weir-lambda`.
pub(super) const KEYS: &[&str] = &[
    "function",
    "qualifier",
    "invocation",
    "event",
    "answer",
    "stream",
    "timeout",
    "clientContext",
    "showFailures",
];
/// How long a function may take where nothing is said (spec/03 §3.4).
const TIMEOUT: Duration = Duration::from_secs(50);
/// What may be said.
const TIMEOUTS: std::ops::RangeInclusive<u64> = 1_000..=900_000;

/// What an operation calls; nothing for one that names no function.
pub(super) type Planned = Option<Arc<FunctionPlan>>;

/// What functions are found by.
pub(super) struct Functions<'a> {
    pub(super) ground: &'a Ground<'a>,
    /// What is said of all operations.
    pub(super) said: &'a Settings<'a>,
    /// The function of all operations, of a member that names one.
    pub(super) all: Option<&'a Cursor<'a>>,
}

/// The formats of events, before it is known whether bodies are encoded.
#[derive(Clone, Copy)]
enum Event {
    Wso2,
    Other(Format),
}

/// What is written of one operation.
struct Written<'a> {
    place: Place,
    /// The operation of `api.yaml`.
    api: Option<Cursor<'a>>,
    /// The operation of the definition.
    definition: Option<Cursor<'a>>,
}

impl<'a> Written<'a> {
    /// A key that is in both, under either name; `api.yaml` wins.
    fn key(&self, api: &str, definition: &str) -> Option<Cursor<'a>> {
        let is_there = |at: &Cursor<'_>| value::scalar(at).is_some();
        let own = self.api.as_ref().map(|at| at.get(api)).filter(is_there);
        let described = || self.definition.as_ref().map(|at| at.get(definition)).filter(is_there);
        own.or_else(described)
    }
}

impl Functions<'_> {
    /// What each operation calls, in their order.
    pub(super) fn plan(&self, found: &mut Diagnostics) -> Vec<Planned> {
        let data = self.ground.source.project.data();
        let items = data.get("operations").items(&mut Diagnostics::new());
        let key = |at: &Cursor<'_>| {
            let verb = value::scalar(&at.get("verb"))?.to_ascii_uppercase();
            Some((verb, value::scalar(&at.get("target"))?))
        };
        let known: HashMap<_, _> =
            items.iter().filter_map(|at| Some((key(at)?, at.clone()))).collect();
        let plan = |operation| self.operation(operation, &known, found);
        self.ground.operations.iter().map(plan).collect()
    }

    fn operation(
        &self,
        operation: &OperationPlan,
        known: &HashMap<(String, String), Cursor<'_>>,
        found: &mut Diagnostics,
    ) -> Planned {
        let source = self.ground.source;
        let (verb, target) = (operation.method.as_str(), &*operation.template);
        let api = known.get(&(verb.to_owned(), target.to_owned())).cloned();
        let document = source.project.definition.as_ref().map(|document| document.content());
        let definition = document
            .map(|document| document.get("paths").get(target).get(&verb.to_ascii_lowercase()));
        let definition = definition.filter(|at| !at.is_absent());
        let place = api.as_ref().or(definition.as_ref()).map(Cursor::place);
        let place = place.unwrap_or_else(|| source.place("operations"));
        let own = definition.as_ref().map(|at| at.get(OPERATION_KEY));
        let own = own.filter(|at| !at.is_absent());
        if let Some(at) = &own {
            check_keys(at, &[KEYS], found);
        }
        let said = Settings::new(own.clone()).before(self.said);
        let written = Written { place, api, definition };
        let function = self.function(&written, own.as_ref(), &said, found);
        let Some(function) = function else {
            if self.all.is_none() {
                warn_of_absence(operation, &written, found);
            }
            return None;
        };
        let invocation = invocation(&said, found);
        let format = self.format(&written, &said, found);
        Some(Arc::new(FunctionPlan {
            function: function?,
            invocation,
            format,
            mapping: self.mapping(format, &said, found),
            stream: stream(&said, invocation, found),
            timeout: timeout(&written, own.as_ref(), &said, found),
            client_context: client_context(&said, found),
            shows_failures: value::flag(said.get("showFailures"), found).unwrap_or(false),
        }))
    }

    /// The function that is named; the outer nothing where none is, the inner one where it is
    /// wrong.
    fn function(
        &self,
        written: &Written<'_>,
        own: Option<&Cursor<'_>>,
        said: &Settings<'_>,
        found: &mut Diagnostics,
    ) -> Option<Option<Function>> {
        let is_there = |at: &Cursor<'_>| !at.is_absent();
        let own = own.map(|at| at.get("function")).filter(is_there);
        let at = self
            .all
            .cloned()
            .or(own)
            .or_else(|| written.key("amznResourceName", "x-amzn-resource-name"))
            .or_else(|| self.said.get("function"))?;
        let text = value::scalar(&at).unwrap_or_default();
        // What an operation says of the version is about the function that it names itself.
        let qualifier = self.all.map_or(said, |_| self.said).get("qualifier");
        let parsed = Function::parse(&text).and_then(|function| match &qualifier {
            Some(at) if function.qualifier().is_none() => {
                let qualifier = value::scalar(at).unwrap_or_default();
                Function::parse(&format!("{function}:{qualifier}"))
            }
            _ => Ok(function),
        });
        match parsed {
            Ok(function) => {
                refuse_second(&function, &text, qualifier.as_ref(), found);
                Some(Some(function))
            }
            Err(error) => {
                let place = match (&error, &qualifier) {
                    (FunctionError::Qualifier(_), Some(qualifier)) => qualifier.place(),
                    _ => at.place(),
                };
                let help = "Write its name, or its ARN, with a version or alias behind a colon.";
                found.error(codes::AWS_LAMBDA, place, error.to_string(), help);
                Some(None)
            }
        }
    }

    fn format(
        &self,
        written: &Written<'_>,
        said: &Settings<'_>,
        found: &mut Diagnostics,
    ) -> Format {
        let words = [
            ("wso2", Event::Wso2),
            ("proxy-1.0", Event::Other(Format::Proxy1)),
            ("proxy-2.0", Event::Other(Format::Proxy2)),
            ("alb", Event::Other(Format::Alb { is_multi_value: false })),
            ("alb-multi-value", Event::Other(Format::Alb { is_multi_value: true })),
            ("raw", Event::Other(Format::Raw)),
        ];
        let event = value::choice(said.get("event"), &words, found).unwrap_or(Event::Wso2);
        let key = written.key("amznResourceContentEncoded", "x-amzn-resource-content-encoded");
        let encoded = value::flag(key.clone(), found).unwrap_or(false);
        match event {
            Event::Wso2 => Format::Wso2 {
                is_encoded: encoded,
                has_flag_bug: self.ground.source.options.aws.has_flag_bug,
            },
            Event::Other(format) => {
                if let Some(at) = key.filter(|_| encoded) {
                    let message = "bodies are encoded as the format of the event says";
                    let help = "Remove it, or use the event `wso2`.";
                    found.warning(codes::NO_EFFECT, at.place(), message, help);
                }
                format
            }
        }
    }

    /// A function that takes events of AWS answers as AWS has it, unless it is said otherwise.
    fn mapping(&self, format: Format, said: &Settings<'_>, found: &mut Diagnostics) -> Mapping {
        let words = [
            ("whole", Mapping::Whole),
            ("proxy-1.0", Mapping::Proxy1),
            ("proxy-2.0", Mapping::Proxy2),
            ("automatic", Mapping::Automatic),
        ];
        let default = match format {
            Format::Wso2 { .. } | Format::Raw => self.ground.source.options.aws.mapping,
            Format::Proxy1 | Format::Proxy2 | Format::Alb { .. } => Mapping::Automatic,
        };
        value::choice(said.get("answer"), &words, found).unwrap_or(default)
    }
}

/// A version or alias is said once.
fn refuse_second(
    function: &Function,
    text: &str,
    qualifier: Option<&Cursor<'_>>,
    found: &mut Diagnostics,
) {
    let Some(at) = qualifier else { return };
    let is_second = Function::parse(text).is_ok_and(|written| written.qualifier().is_some());
    if is_second {
        let message = format!("the function {function} names a version or alias already");
        found.error(codes::AWS_LAMBDA, at.place(), message, "Remove one of them.");
    }
}

fn warn_of_absence(operation: &OperationPlan, written: &Written<'_>, found: &mut Diagnostics) {
    let (method, template) = (&operation.method, &operation.template);
    let message = format!("{method} {template} names no function; it is answered 501");
    let help = "Write `amznResourceName` into the operation.";
    found.warning(codes::LAMBDA_ABSENT, written.place.clone(), message, help);
}

fn invocation(said: &Settings<'_>, found: &mut Diagnostics) -> Invocation {
    let kinds = [Invocation::RequestResponse, Invocation::Event, Invocation::DryRun];
    let words = kinds.map(|kind| (kind.header(), kind));
    value::choice(said.get("invocation"), &words, found).unwrap_or_default()
}

fn stream(
    said: &Settings<'_>,
    invocation: Invocation,
    found: &mut Diagnostics,
) -> Option<StreamForm> {
    let words = [
        ("false", None),
        ("true", Some(StreamForm::Unknown)),
        ("head", Some(StreamForm::Integration)),
        ("body", Some(StreamForm::Raw)),
    ];
    let at = said.get("stream");
    let form = value::choice(at.clone(), &words, found).flatten();
    if let Some(at) = at.filter(|_| form.is_some() && invocation != Invocation::RequestResponse) {
        let message =
            format!("nothing is streamed by an invocation of type {}", invocation.header());
        let help = "Remove `stream`, or use `invocation: RequestResponse`.";
        found.error(codes::AWS_LAMBDA, at.place(), message, help);
    }
    form
}

/// Times outside of what WSO2 takes are replaced, as there (spec/03 §3.4).
fn timeout(
    written: &Written<'_>,
    own: Option<&Cursor<'_>>,
    said: &Settings<'_>,
    found: &mut Diagnostics,
) -> Duration {
    let ours = own.map(|at| at.get("timeout")).filter(|at| !at.is_absent());
    let key = written.key("amznResourceTimeout", "x-amzn-resource-timeout");
    if let Some(at) = key.filter(|_| ours.is_none()) {
        let written = value::scalar(&at).and_then(|text| text.parse::<u64>().ok());
        if let Some(time) = written.filter(|time| TIMEOUTS.contains(time)) {
            return Duration::from_millis(time);
        }
        let (least, most) = (TIMEOUTS.start(), TIMEOUTS.end());
        let message = format!("the time is not from {least} to {most} ms; 50000 ms are used");
        found.warning(codes::AWS_LAMBDA, at.place(), message, "Write milliseconds.");
        return TIMEOUT;
    }
    let at = ours.or_else(|| said.get("timeout"));
    let time = value::some_time(at.clone(), found);
    let longest = Duration::from_millis(*TIMEOUTS.end());
    if let (Some(at), Some(_)) = (at, time.filter(|time| *time > longest)) {
        value::refuse(&at, "Write a time up to 15m; no function runs longer.", found);
    }
    time.unwrap_or(TIMEOUT)
}

/// JSON in base64, as `X-Amz-Client-Context` wants it.
fn client_context(said: &Settings<'_>, found: &mut Diagnostics) -> Option<Box<str>> {
    let at = said.get("clientContext")?;
    if !at.value().is_object() {
        value::refuse(&at, "Write a mapping.", found);
        return None;
    }
    let encoded = BASE64_STANDARD.encode(at.value().to_string());
    if encoded.len() > limits::CLIENT_CONTEXT {
        let help = format!("Write less: it takes {} bytes as base64.", limits::CLIENT_CONTEXT);
        value::refuse(&at, help, found);
        return None;
    }
    Some(encoded.into())
}
