//! An endpoint that learns from each request where it goes: `endpoint_type: default`
//! (spec/02 §1.3).
//!
//! Every target (scheme, host and port) is a leaf of its own, with its state, limits, credentials
//! and connections; so nothing that happens at one of them concerns another.
//! Redirects are never followed: the answer that names another place goes to the caller.

mod destination;
mod targets;

use std::sync::Arc;
use std::time::Duration;

use compiler::plan::{DynamicPlan, TrustedCertificate};
use compiler::template::UrlTemplate;
use http::Response;
use model::fault::FaultCode;
use tokio::time::Instant;

use super::LeafName;
use super::health::{Health, Readiness, State};
use super::http::{HttpLeaf, LeafContext, Unready, not_ready_text};
use crate::body::ResponseBody;
use crate::config::GatewayConfig;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::sign::oauth::Tokens;
use crate::snapshot::LiveApi;
use crate::telemetry::metric::{EndpointLabels, EndpointMetrics};
use crate::upstream::guard::{Guard, Wanted};
use crate::upstream::tls::TrustStore;
pub(crate) use destination::base;
use destination::{Place, Problem};
use targets::{MOST, Occupant, Targets};

/// An endpoint without an address, with the targets that it has led to.
#[derive(Debug)]
pub struct Dynamic {
    /// The plan it was built from.
    pub plan: DynamicPlan,
    /// What is counted for all targets together, also those that are forgotten.
    pub metrics: Arc<EndpointMetrics>,
    /// Whether an operator has switched it off; nothing else is noted here.
    pub health: Health,
    name: LeafName,
    targets: Targets<HttpLeaf>,
    ground: Ground,
}

/// What targets are made from.
#[derive(Debug)]
struct Ground {
    labels: EndpointLabels,
    config: Arc<GatewayConfig>,
    trust: Arc<TrustStore>,
    certificates: Vec<TrustedCertificate>,
    preserve_host: bool,
    tokens: Arc<Tokens>,
    guard: Arc<Guard>,
}

impl Dynamic {
    /// Attaches live things to a plan.
    pub(crate) fn new(plan: &DynamicPlan, context: &LeafContext<'_>) -> Self {
        let guard = Guard::new(plan.targets.clone());
        Self::guarded(plan, context, guard, MOST)
    }

    fn guarded(plan: &DynamicPlan, context: &LeafContext<'_>, guard: Guard, most: usize) -> Self {
        let name = plan.leaf.name.as_str();
        let labels = EndpointLabels { name: name.into(), ..context.labels.clone() };
        Self {
            plan: plan.clone(),
            metrics: Arc::new(EndpointMetrics::new(labels.clone(), context.config.workers)),
            health: Health::new(&plan.leaf.resilience, &context.config.endpoint_defaults),
            name: Arc::from(name),
            targets: Targets::new(most, Instant::now()),
            ground: Ground {
                labels,
                config: Arc::clone(context.config),
                trust: Arc::clone(context.trust),
                certificates: context.certificates.to_vec(),
                preserve_host: context.preserve_host,
                tokens: Arc::clone(context.tokens),
                guard: Arc::new(guard),
            },
        }
    }

    /// The name as WSO2 prints it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The targets that it has led to and that are still known, in the order of their addresses.
    #[must_use]
    pub fn targets(&self) -> Vec<Arc<HttpLeaf>> {
        self.targets.list()
    }

    /// How many of them there are.
    #[must_use]
    pub fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// Calls in flight to all targets.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.targets().iter().map(|target| target.gate.in_flight()).sum()
    }

    /// Whether it takes calls at all; how the targets are doing is another matter.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        !self.health.is_off(now)
    }

    /// Puts it and all targets into service, whatever speaks against them.
    pub(crate) fn resume(&self, now: Instant, hold: Option<Duration>) {
        self.health.switch_on(now, hold);
        self.targets().iter().for_each(|target| target.resume(now, hold));
    }

    /// Calls the target that was computed for the exchange.
    pub(crate) async fn call(
        &self,
        exchange: &mut Exchange,
        api: &LiveApi,
    ) -> Result<Response<ResponseBody>, Failure> {
        exchange.record.attempts.endpoint = Some(Arc::clone(&self.name));
        let now = Instant::now();
        if let Readiness::No { state, .. } = self.health.ready(now) {
            self.metrics.refuse(exchange.record.connection.worker.index);
            let why = Unready::State(state);
            let text = not_ready_text(self.plan.leaf.dialect, &self.name, why);
            return Err(Fault::new(FaultCode::NotReady).describe(text).into());
        }
        let target = self.target(exchange, now)?;
        target.call(exchange, api).await
    }

    /// The target that was computed for the exchange; it is made where it is new.
    ///
    /// # Errors
    ///
    /// The fault of an address that is none, or that may not be called.
    fn target(&self, exchange: &Exchange, now: Instant) -> Result<Arc<HttpLeaf>, Failure> {
        let to = exchange.destination.as_ref().map_or("", |destination| &destination.to);
        let known = destination::plain_origin(to).and_then(|origin| self.targets.get(&origin, now));
        if let Some(target) = known {
            return Ok(target);
        }
        let place = self.place(exchange)?;
        let origin = place.origin();
        if let Some(target) = self.targets.get(&origin, now) {
            return Ok(target);
        }
        self.check(&place)?;
        self.targets.get_or_add(&origin, now, || self.leaf(&origin)).map_err(|_full| {
            let detail = format!("{} has calls under way to {MOST} targets", self.name);
            Fault::new(FaultCode::EndpointAtLimit).internal(detail).into()
        })
    }

    /// A leaf for the target of an exchange that is not remembered; `None` while the exchange has
    /// no address.
    ///
    /// # Errors
    ///
    /// As for a call.
    pub(crate) fn preview(&self, exchange: &Exchange) -> Result<Option<HttpLeaf>, Failure> {
        if exchange.destination.is_none() {
            return Ok(None);
        }
        let place = self.place(exchange)?;
        self.check(&place)?;
        Ok(Some(self.leaf(&place.origin())))
    }

    fn place<'a>(&self, exchange: &'a Exchange) -> Result<Place<'a>, Failure> {
        let to = exchange.destination.as_ref().map_or("", |destination| &destination.to);
        Place::parse(to).map_err(|problem| {
            let (code, why) = match problem {
                Problem::Absent => (FaultCode::NotReady, "no policy has set its address (`To`)"),
                Problem::Malformed(why) => (FaultCode::NoTransport, why),
                Problem::Refused(why) => (FaultCode::TargetNotAllowed, why),
            };
            Fault::new(code).internal(format!("{}: {why}", self.name)).into()
        })
    }

    fn check(&self, place: &Place<'_>) -> Result<(), Failure> {
        let Place { is_secure, host, port, .. } = place;
        let proxy = self.ground.config.upstream.proxies.choose(*is_secure, host);
        let wanted = Wanted { host, port: *port, is_secure: *is_secure };
        self.ground
            .guard
            .check(wanted, proxy.is_some())
            .map_err(|detail| Fault::new(FaultCode::TargetNotAllowed).internal(detail).into())
    }

    fn leaf(&self, origin: &str) -> HttpLeaf {
        let plan = compiler::plan::HttpPlan {
            url: UrlTemplate::literal(origin),
            ..self.plan.leaf.clone()
        };
        let ground = &self.ground;
        let context = LeafContext {
            labels: ground.labels.clone(),
            config: &ground.config,
            trust: &ground.trust,
            certificates: &ground.certificates,
            preserve_host: ground.preserve_host,
            counts: true,
            tokens: &ground.tokens,
            watch: None,
            computed: Some((&ground.guard, &self.metrics)),
        };
        HttpLeaf::new(&plan, &context)
    }
}

impl Occupant for HttpLeaf {
    fn is_busy(&self) -> bool {
        self.gate.in_flight() > 0
    }

    fn is_well(&self) -> bool {
        self.health.report().state == State::Active
    }
}

#[cfg(test)]
mod tests;
