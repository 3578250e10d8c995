//! Sequences as data: what [`crate::parse`] makes of XML, and what [`crate::Machine`] runs.

mod format;
mod nature;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::expression::JavaRegex;
use http::{HeaderName, Method};

use crate::expression::{Expression, Held};
use crate::host::Category;
use crate::property::Scope;
use crate::rule::RuleTable;
pub use format::{Format, Piece};

/// Ordered steps.
#[derive(Debug, Default)]
pub struct Sequence {
    /// The steps.
    pub steps: Vec<Step>,
    /// The sequence that runs when one of the steps fails (`onError`), by key.
    pub on_error: Option<Arc<str>>,
}

/// One mediator, where it was written.
#[derive(Debug)]
pub struct Step {
    /// `policy addHeader v3, line 4` or `sequence log_in, line 2`; for logs.
    pub place: Arc<str>,
    /// What it does.
    pub mediator: Mediator,
}

/// Sequences by their keys: those of the project and those that every gateway has (spec/02 §2.4).
pub type Library = BTreeMap<Arc<str>, Arc<Sequence>>;

/// What a step does (spec/02 §3.7).
#[derive(Debug)]
pub enum Mediator {
    /// `property`, and `header` and `removeHeader` in the transport scope.
    Property(PropertyStep),
    /// `propertyGroup`: one after the other.
    Group(Arc<Sequence>),
    /// `variable`.
    Variable(VariableStep),
    /// `header` of the default scope.
    Header(HeaderStep),
    /// `filter`.
    Filter(Filter),
    /// `switch`.
    Switch(Switch),
    /// `sequence` with steps in it.
    Inline(Arc<Sequence>),
    /// `sequence key="…"`.
    Named(Held),
    /// `log`.
    Log(Log),
    /// `send`: ends the flow; the message goes out.
    Send(Option<EndpointRef>),
    /// `call`: the answer becomes the message, and the flow goes on.
    Call(CallStep),
    /// `respond`.
    Respond,
    /// `loopback`.
    Loopback,
    /// `drop`.
    Drop,
    /// `payloadFactory`.
    PayloadFactory(PayloadFactory),
    /// `enrich`.
    Enrich(Enrich),
    /// `rewrite`.
    Rewrite(Rewrite),
    /// `makefault`.
    MakeFault(MakeFault),
    /// `throwError`.
    ThrowError(ThrowError),
    /// `foreach`.
    ForEach(ForEach),
    /// `builder`: reads the body whole.
    Builder,
    /// `class` of a shipped name.
    Class(Box<Builtin>),
    /// `script`.
    Script(Arc<::script::Script>),
    /// Our rule table (`dynamicEndpoint`).
    Rules(Arc<RuleTable>),
    /// `opa`: asks a server whether the message may pass.
    Opa(Box<crate::opa::Opa>),
    /// `cache`: looks for an answer that was kept.
    Cache(Arc<crate::cache::CacheStep>),
    /// `cache collector="true"`: keeps an answer.
    Collect,
    /// Between REST and SOAP: a resource of the project's mapping.
    Soap(crate::rest_to_soap::Turn, Arc<crate::rest_to_soap::SoapResource>),
    /// Before or after the script of a mock.
    Mock(crate::mock::Turn),
    /// Our `latency`: waits for so many milliseconds.
    Latency(Expression),
    /// Our `latency` with a distribution.
    Delay(::mock::chaos::Delay),
    /// Our `fail`: answers with an error, now and then.
    Fail(Failing),
}

/// How often a message is answered with an error, and how.
#[derive(Debug)]
pub struct Failing {
    /// The share of messages, and the statuses.
    pub faults: ::mock::chaos::Faults,
    /// What the caller is told.
    pub message: Arc<str>,
}

/// What a name is given: a value from somewhere, or its removal.
#[derive(Debug)]
pub enum Setting {
    /// Gets this.
    Set(Source),
    /// Goes.
    Remove,
}

/// Where a value comes from.
#[derive(Debug)]
pub enum Source {
    /// Text as it is, or with `${…}` or as a whole `{…}` in it.
    Text(Held),
    /// An expression.
    Expression(Expression),
    /// XML that was written in the step.
    Xml(Arc<xml::tree::Tree>),
}

/// The types of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Type {
    /// Text.
    #[default]
    String,
    /// `true` or `false`.
    Boolean,
    /// Whole numbers: INTEGER, LONG, SHORT.
    Integer,
    /// Fractions: FLOAT, DOUBLE.
    Number,
    /// An XML node.
    Om,
    /// JSON.
    Json,
}

/// Which part of a value is taken.
#[derive(Debug)]
pub struct Extract {
    /// Must match the whole value; what does not gives an empty text.
    pub pattern: JavaRegex,
    /// The capture group.
    pub group: usize,
}

/// `property`.
#[derive(Debug)]
pub struct PropertyStep {
    /// The name.
    pub name: Held,
    /// Where it lives.
    pub scope: Scope,
    /// Its header, where the scope is `transport` and the name is fixed.
    pub header: Option<HeaderName>,
    /// Its type.
    pub kind: Type,
    /// What becomes of it.
    pub setting: Setting,
    /// Which part of the value is taken.
    pub extract: Option<Extract>,
}

/// `variable`.
#[derive(Debug)]
pub struct VariableStep {
    /// The name.
    pub name: Held,
    /// Its type.
    pub kind: Type,
    /// What becomes of it.
    pub setting: Setting,
}

/// `header` of the default scope.
#[derive(Debug)]
pub struct HeaderStep {
    /// Which.
    pub target: HeaderTarget,
    /// What becomes of it.
    pub setting: Setting,
}

/// A header of the message that is none of HTTP.
#[derive(Debug, Clone, PartialEq)]
pub enum HeaderTarget {
    /// The destination.
    To,
    /// `From`, `Action`, `FaultTo`, `ReplyTo`, `RelatesTo`.
    Addressing(&'static str),
    /// A SOAP header.
    Soap(xml::name::Name),
}

/// `filter`.
#[derive(Debug)]
pub struct Filter {
    /// What is asked.
    pub test: FilterTest,
    /// When it is so.
    pub then: Arc<Sequence>,
    /// When it is not.
    pub otherwise: Option<Arc<Sequence>>,
}

/// The condition of a filter.
#[derive(Debug)]
pub enum FilterTest {
    /// `xpath`.
    Is(Expression),
    /// `source` and `regex`: the whole text must match.
    Matches(Expression, JavaRegex),
}

/// `switch`.
#[derive(Debug)]
pub struct Switch {
    /// What is looked at.
    pub source: Expression,
    /// The first whose pattern matches the whole text.
    pub cases: Vec<(JavaRegex, Arc<Sequence>)>,
    /// When none does.
    pub default: Option<Arc<Sequence>>,
}

/// `log`.
#[derive(Debug)]
pub struct Log {
    /// What is logged.
    pub level: LogLevel,
    /// How much it matters.
    pub category: Category,
    /// Between the parts.
    pub separator: String,
    /// Named values.
    pub properties: Vec<(String, Source)>,
    /// `message`.
    pub message: Option<Held>,
}

/// How much of the message a `log` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// The addresses.
    #[default]
    Simple,
    /// The SOAP headers.
    Headers,
    /// All of it, with the body.
    Full,
    /// What the step names, and nothing else.
    Custom,
}

/// An endpoint that a `send` or `call` names.
#[derive(Debug)]
pub enum EndpointRef {
    /// `default`: the destination that is set.
    To,
    /// `address`: a fixed URL; the rest of the path is appended.
    Address(Held),
    /// `http`: a URI template; a method of its own takes the rest of the path away.
    Http {
        /// The template.
        template: Held,
        /// The method.
        method: Option<Method>,
    },
    /// An endpoint of the API, by its name (`x-weir` `endpoints`).
    Named(Held),
}

/// `call`.
#[derive(Debug)]
pub struct CallStep {
    /// Where it goes; `None` is the destination that is set.
    pub endpoint: Option<EndpointRef>,
}

/// `payloadFactory`.
#[derive(Debug)]
pub struct PayloadFactory {
    /// What is made.
    pub media: MediaType,
    /// The text, cut at its placeholders.
    pub format: Format,
    /// The arguments, `$1` first.
    pub arguments: Vec<Argument>,
}

/// What a body is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MediaType {
    /// XML.
    #[default]
    Xml,
    /// JSON.
    Json,
    /// Text.
    Text,
}

/// An argument of a `payloadFactory`.
#[derive(Debug)]
pub struct Argument {
    /// Its value.
    pub source: Source,
    /// Whether it is text even where it looks like JSON or XML (`literal`).
    pub is_literal: bool,
}

/// `enrich`.
#[derive(Debug)]
pub struct Enrich {
    /// What is taken.
    pub source: EnrichSource,
    /// Whether what is taken stays where it was (`clone`).
    pub is_clone: bool,
    /// Where it goes.
    pub target: EnrichTarget,
    /// What is done there.
    pub action: EnrichAction,
}

/// What an `enrich` takes.
#[derive(Debug)]
pub enum EnrichSource {
    /// `custom`: what the expression selects.
    Custom(Expression),
    /// The whole envelope.
    Envelope,
    /// The body.
    Body,
    /// A property of the default scope.
    Property(Held),
    /// A variable.
    Variable(Held),
    /// What is written in the step: XML.
    InlineXml(Arc<xml::tree::Tree>),
    /// What is written in the step: JSON or text.
    InlineText(String),
}

/// Where an `enrich` puts it.
#[derive(Debug)]
pub enum EnrichTarget {
    /// `custom`: at what the expression selects.
    Custom(Expression),
    /// The whole envelope.
    Envelope,
    /// The body.
    Body,
    /// A property of the default scope.
    Property(Held),
    /// A variable.
    Variable(Held),
    /// The name of what is selected (`key`, JSON only): renames it.
    Key(Expression),
}

/// What an `enrich` does at its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnrichAction {
    /// Takes the place of it.
    #[default]
    Replace,
    /// Becomes the last child of it.
    Child,
    /// Becomes the next sibling of it.
    Sibling,
    /// Takes it away.
    Remove,
}

/// `rewrite`.
#[derive(Debug)]
pub struct Rewrite {
    /// The property that holds the URL; `None` is the destination.
    pub input: Option<Arc<str>>,
    /// The property that gets it; `None` is the destination.
    pub output: Option<Arc<str>>,
    /// The rules, in order.
    pub rules: Vec<RewriteRule>,
}

/// A rule of a `rewrite`.
#[derive(Debug)]
pub struct RewriteRule {
    /// When; `None` is always.
    pub condition: Option<RewriteCondition>,
    /// What is done.
    pub actions: Vec<RewriteAction>,
}

/// The condition of a rule (Synapse's evaluators).
#[derive(Debug)]
pub enum RewriteCondition {
    /// All of them.
    And(Vec<Self>),
    /// One of them.
    Or(Vec<Self>),
    /// Not so.
    Not(Box<Self>),
    /// Is equal.
    Equal(RewriteSource, String),
    /// The whole of it matches.
    Matches(RewriteSource, JavaRegex),
}

/// What a condition of a `rewrite` looks at.
#[derive(Debug)]
pub enum RewriteSource {
    /// A part of the URL (`type="url"`).
    Url(Fragment),
    /// A header.
    Header(HeaderName),
    /// A query parameter.
    Parameter(String),
    /// A property of the default scope.
    Property(Arc<str>),
}

/// A part of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fragment {
    /// The scheme.
    Protocol,
    /// The user.
    User,
    /// The host.
    Host,
    /// The port.
    Port,
    /// The path.
    Path,
    /// The query.
    Query,
    /// What follows `#`.
    Reference,
    /// All of it.
    #[default]
    Full,
}

/// What a `rewrite` does to a part.
#[derive(Debug)]
pub struct RewriteAction {
    /// What.
    pub kind: RewriteKind,
    /// To which part.
    pub fragment: Fragment,
    /// The pattern that is replaced, for `replace`.
    pub pattern: Option<JavaRegex>,
    /// The value.
    pub value: Option<Source>,
}

/// Kinds of rewriting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RewriteKind {
    /// Becomes the value.
    #[default]
    Set,
    /// The value after it.
    Append,
    /// The value before it.
    Prepend,
    /// What matches becomes the value.
    Replace,
    /// Goes.
    Remove,
    /// The query parameter of that name goes.
    RemoveParameter,
}

/// `makefault`.
#[derive(Debug)]
pub struct MakeFault {
    /// How it is written.
    pub version: FaultVersion,
    /// The code: a local name such as `Server`.
    pub code: Source,
    /// The reason.
    pub reason: Source,
    /// The node, SOAP 1.2.
    pub node: Option<String>,
    /// The role or actor.
    pub role: Option<String>,
    /// The detail.
    pub detail: Option<Source>,
    /// Whether the message becomes an answer.
    pub is_response: Option<bool>,
}

/// How a fault is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultVersion {
    /// SOAP 1.1.
    Soap11,
    /// SOAP 1.2.
    Soap12,
    /// Plain XML.
    Pox,
    /// As the message is.
    AsMessage,
}

/// `throwError`.
#[derive(Debug)]
pub struct ThrowError {
    /// Becomes `ERROR_CODE`.
    pub kind: Held,
    /// Becomes `ERROR_MESSAGE`.
    pub message: Source,
}

/// `foreach`.
#[derive(Debug)]
pub struct ForEach {
    /// Selects the elements.
    pub expression: Expression,
    /// Runs with each as the body; what it leaves takes the place of the element.
    pub steps: Arc<Sequence>,
    /// `counter-variable`-like name for the index; `None` keeps none.
    pub counter: Option<Arc<str>>,
}

/// The shipped classes (spec/02 §2.1, §3.7).
#[derive(Debug)]
pub enum Builtin {
    /// `JsonSchemaValidator` of the JSON threat protection.
    JsonThreat(policy::threat::JsonLimits),
    /// `XMLSchemaValidator` of the XML threat protection.
    XmlThreat(policy::threat::XmlLimits),
    /// `RegularExpressionProtector`.
    Injection {
        /// What is searched for.
        patterns: Box<policy::threat::Injection>,
        /// Whether the body is searched.
        body: bool,
        /// Whether the headers are.
        headers: bool,
        /// Whether the path and query are.
        path: bool,
    },
    /// `ClaimBasedResourceAccessValidationMediator`.
    Claim(ClaimCheck),
    /// The CSRF cookie check.
    Csrf {
        /// The cookie's name.
        cookie: Held,
    },
}

/// What a claim must be.
#[derive(Debug)]
pub struct ClaimCheck {
    /// Which claim.
    pub claim: Held,
    /// Its value.
    pub value: Held,
    /// Must match both the value above and the claim, where it is given.
    pub pattern: Option<JavaRegex>,
    /// Whether what does not match passes instead (`shouldAllowValidation`).
    pub is_inverted: bool,
}
