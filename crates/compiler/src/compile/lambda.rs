//! AWS Lambda (spec/03 §3): the functions behind the operations of an API, where they are, and who
//! calls them.
//!
//! WSO2 has one configuration for both stages, and a function in each operation. Below
//! `x-weir.lambda` more is said, for the API, a stage, a group or a member; and in `x-weir-lambda`
//! of an operation of the definition for that one.

mod account;
mod function;

use std::fmt;

use ::lambda::Partition;
use ::lambda::function::Reach;
use model::cursor::Cursor;
use model::endpoint::{EndpointConfig, LambdaConfig, Member, WsdlPort};
use model::{Diagnostics, Place, codes};

use super::group::settings::Settings;
use super::group::value;
use super::{Source, client_certificate, extensions, leaf, resilience, url};
use crate::plan::{
    Credentials, Dialect, EndpointPlan, HealthCheck, Http2, HttpPlan, LambdaPlan, OperationPlan,
    Probe,
};
use crate::template::UrlTemplate;
use function::Functions;

/// The key below `x-weir`.
pub(super) const KEY: &str = "lambda";
/// The key of an operation of the definition.
pub(super) const OPERATION_KEY: &str = "x-weir-lambda";
/// The key of `endpointConfig` for another place than the service's own.
pub(super) const ENDPOINT_URL: &str = "x-weir-endpoint-url";
/// Keys of a member of a group besides.
pub(super) const MEMBER: &[&str] = &["function", "region", "url", "x-weir-http2"];
/// Keys below [`KEY`] that say where functions are.
const PLACE_KEYS: &[&str] = &["fips", "dualStack"];

/// What functions are behind.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) operations: &'a [OperationPlan],
    /// What `endpointConfig` says, where it is of this type.
    pub(super) config: Option<&'a LambdaConfig>,
}

/// One endpoint of this kind.
struct Leaf<'a> {
    member: &'a Member,
    name: &'a str,
    /// Where another place than the service's own is written.
    url_place: Place,
    /// What all operations call.
    function: Option<Cursor<'a>>,
    region: Option<Cursor<'a>>,
    is_member: bool,
}

/// Whether a type of a member, in its plain form, is this one.
pub(super) fn is_type(word: &str) -> bool {
    matches!(word, "lambda" | "awslambda")
}

/// Another place for functions says nothing of other kinds of endpoint.
pub(super) fn warn_of_disuse(
    source: &Source<'_>,
    config: &EndpointConfig,
    found: &mut Diagnostics,
) {
    let at = source.project.data().get("endpointConfig").get(ENDPOINT_URL);
    if config.lambda.is_none() && !at.is_absent() {
        let message = format!("`{ENDPOINT_URL}` has no effect here");
        let help = "Write the `url` of the endpoint or of the member, or use the type awslambda.";
        found.warning(codes::NO_EFFECT, at.place(), message, help);
    }
}

/// The endpoint of a stage; the same functions for keys of both kinds.
pub(super) fn of_stage(
    config: &EndpointConfig,
    name: &str,
    settings: &Settings<'_>,
    found: &mut Diagnostics,
) -> Option<EndpointPlan> {
    let member = Member {
        place: config.place.clone(),
        url: None,
        kind: None,
        config: None,
        wsdl: WsdlPort::default(),
        http2: config.http2.clone(),
        extension: None,
    };
    let url_place = member.place_of(ENDPOINT_URL);
    let leaf =
        Leaf { member: &member, name, url_place, function: None, region: None, is_member: false };
    leaf.plan(settings, found)
}

/// A member of a tree.
pub(super) fn of_member(
    at: &Cursor<'_>,
    name: &str,
    settings: &Settings<'_>,
    http2: Option<&str>,
    found: &mut Diagnostics,
) -> Option<EndpointPlan> {
    let mut member = Member::read(at, found);
    member.http2 = member.http2.or_else(|| http2.map(str::to_owned));
    let there = |key: &str| Some(at.get(key)).filter(|at| !at.is_absent());
    let url_place = member.place_of("url");
    let (function, region) = (there("function"), there("region"));
    let leaf = Leaf { member: &member, name, url_place, function, region, is_member: true };
    leaf.plan(settings, found)
}

impl Leaf<'_> {
    fn plan(self, settings: &Settings<'_>, found: &mut Diagnostics) -> Option<EndpointPlan> {
        let Some(ground) = settings.functions() else {
            let message = "a function cannot be called from here";
            let help = "Make it a member of the endpoint of a stage.";
            found.error(codes::AWS_LAMBDA, self.member.place.clone(), message, help);
            return None;
        };
        warn_of_security(settings, found);
        let said = settings.inner(KEY);
        said.check_keys(&[PLACE_KEYS, account::KEYS, function::KEYS], found);
        let functions = Functions { ground: &ground, said: &said, all: self.function.as_ref() };
        let functions = functions.plan(found);
        let mut resilience = resilience::plan(self.member.config.as_ref(), found);
        resilience.is_member = self.is_member;
        let http2 = extensions::http2(self.member, found);
        let limits = leaf::limits(settings, found);
        let health_check = health_check(settings, http2, found);
        let region = self.region(&ground, &functions, found);
        let account = account::plan(&ground, (&said, settings), region.as_deref(), found);
        let region = region?;
        let url = self.url(&ground, &said, &region, found)?;
        Some(EndpointPlan::Http(Box::new(HttpPlan {
            name: self.name.to_owned(),
            dialect: Dialect::Lambda,
            url,
            message: mediation::soap::Wanted::default(),
            resilience,
            http2,
            credentials: Some(Credentials::Aws(Box::new(account?))),
            identity: client_certificate::plan(settings, found),
            limits,
            health_check,
            lambda: Some(Box::new(LambdaPlan { region, functions: functions.into() })),
        })))
    }

    /// The region of all functions: as it is written, or as their ARNs say, or that of the
    /// gateway's environment.
    fn region(
        &self,
        ground: &Ground<'_>,
        functions: &[function::Planned],
        found: &mut Diagnostics,
    ) -> Option<String> {
        let mut called = functions.iter().flatten();
        let written = value::text(self.region.clone(), found)
            .or_else(|| ground.config.and_then(account::region_of_functions));
        let region = written
            .or_else(|| called.find_map(|call| call.function.region()).map(str::to_owned))
            .or_else(|| ground.source.options.aws.region.clone());
        let Some(region) = region else {
            let message = "the region of the functions is not known";
            let help = "Write `amznRegion`, or the whole ARN of each function, or set AWS_REGION \
                        for the gateway.";
            found.error(codes::AWS_LAMBDA, self.region_place(ground), message, help);
            return None;
        };
        for call in functions.iter().flatten() {
            let Some(other) = call.function.region().filter(|other| *other != region) else {
                continue;
            };
            let message = format!("the function {} is in {other}, not in {region}", call.function);
            let help = "Name functions of one region, or make them members of a group, each with \
                        its `region`.";
            found.error(codes::AWS_LAMBDA, self.region_place(ground), message, help);
            return None;
        }
        Some(region)
    }

    fn region_place(&self, ground: &Ground<'_>) -> Place {
        match (&self.region, ground.config) {
            (Some(at), _) => at.place(),
            (None, Some(config)) => config.place_of("amznRegion"),
            (None, None) => self.member.place_of("region"),
        }
    }

    fn url(
        &self,
        ground: &Ground<'_>,
        said: &Settings<'_>,
        region: &str,
        found: &mut Diagnostics,
    ) -> Option<UrlTemplate> {
        let defaults = &ground.source.options.aws;
        let of_api = ground.config.and_then(|config| Some((config, config.url.as_ref()?)));
        let of_api = of_api.map(|(config, text)| (text, config.place_of(ENDPOINT_URL)));
        let own = self.member.url.as_ref().map(|text| (text, self.url_place.clone()));
        let default = || Some((defaults.lambda_url.as_ref()?, self.url_place.clone()));
        if let Some((text, place)) = own.or(of_api).or_else(default) {
            return url::fixed(text, &place, found);
        }
        let Some(partition) = Partition::of_region(region) else {
            let message = format!("`{region}` is no region of AWS");
            let help = "Write a region such as eu-west-1, or the URL of an emulator as \
                        `x-weir-endpoint-url`.";
            found.error(codes::AWS_LAMBDA, self.region_place(ground), message, help);
            return None;
        };
        let reach = Reach {
            is_fips: value::flag(said.get("fips"), found).unwrap_or(defaults.reach.is_fips),
            is_dual_stack: value::flag(said.get("dualStack"), found)
                .unwrap_or(defaults.reach.is_dual_stack),
        };
        let host = partition.host("lambda", region, reach);
        Some(UrlTemplate::literal(&format!("https://{host}")))
    }
}

/// A service has no page to ask for; that it can be connected to is all that can be checked.
fn health_check(
    settings: &Settings<'_>,
    http2: Http2,
    found: &mut Diagnostics,
) -> Option<HealthCheck> {
    let check = leaf::health_check(settings, http2, found)?;
    let at = settings.inner("healthCheck").first()?.clone();
    if check.probe != Probe::Tcp {
        let message = "a function is not called to see whether it is well";
        let help = "Write `healthCheck: {type: tcp}`, or remove it.";
        found.error(codes::HEALTH_CHECK, at.place(), message, help);
        return None;
    }
    Some(check)
}

/// `endpoint_security` is for other kinds of endpoint (spec/03 §3.7).
fn warn_of_security(settings: &Settings<'_>, found: &mut Diagnostics) {
    let stage = settings.stage().and_then(|stage| stage.security);
    let stage = stage.filter(|security| security.is_enabled).map(|security| security.place.clone());
    if let Some(place) = settings.security().map(|at| at.place()).or(stage) {
        let message = "the security of the endpoint has no effect: functions are called with a \
                       signature";
        found.warning(codes::NO_EFFECT, place, message, "Remove it.");
    }
}

impl fmt::Debug for Ground<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").finish_non_exhaustive()
    }
}
