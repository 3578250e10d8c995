//! The page that a scraper reads: OpenMetrics text.
//!
//! Everything is summed up first and then written metric by metric, as the format demands.
//! APIs and leaves that were never called are left out, so that the page grows with what is used
//! and not with what is deployed; a leaf that is not active is shown in any case.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, LabelSetEncoder, MetricEncoder,
    NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::endpoint::group::GroupTotals;

use super::{
    ApiLabels, ApiMetrics, ApiTotals, Arc, BOUNDS, BUCKETS, Class, EndpointLabels, EndpointMetrics,
    EndpointTotals, Http2End, Latency, LeafState, Outcome, ProcessMetrics, Refusal, TurnedAway,
};
use crate::sign::oauth::{ServerTotals, TokenOutcome};

/// The `Content-Type` of the page.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes everything that is counted as OpenMetrics text.
///
/// The state of a leaf is whatever the iterator says when it is read, so that a scrape shows the
/// state of that moment.
pub fn encode<'a>(
    process: &ProcessMetrics,
    apis: impl Iterator<Item = &'a ApiMetrics>,
    endpoints: impl Iterator<Item = (&'a EndpointMetrics, LeafState)>,
    groups: impl Iterator<Item = (&'a EndpointLabels, GroupTotals)>,
    tokens: Vec<ServerTotals>,
) -> String {
    let page = Page {
        process: ProcessTotals::read(process),
        apis: apis
            .filter(|api| !api.shards.is_untouched())
            .map(|api| (Labels::of_api(&api.labels), api.read()))
            .collect(),
        endpoints: endpoints
            .filter(|(leaf, state)| !leaf.shards.is_untouched() || *state != LeafState::Active)
            .map(|(leaf, state)| (Labels::of_endpoint(&leaf.labels), leaf.read(), state))
            .collect(),
        groups: groups
            .filter(|(_, totals)| *totals != GroupTotals::default())
            .map(|(labels, totals)| (Labels::of_endpoint(labels), totals))
            .collect(),
        tokens,
    };
    let mut text = String::with_capacity(4096 + page.apis.len() * 4096);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(page));
    // Writing to a `String` does not fail.
    if text::encode(&mut text, &registry).is_err() {
        text.clear();
    }
    text
}

/// The sums of everything, at one moment.
#[derive(Debug)]
struct Page {
    process: ProcessTotals,
    apis: Vec<(Labels, ApiTotals)>,
    endpoints: Vec<(Labels, EndpointTotals, LeafState)>,
    groups: Vec<(Labels, GroupTotals)>,
    tokens: Vec<ServerTotals>,
}

#[derive(Debug)]
struct ProcessTotals {
    open: u64,
    accepted: u64,
    turned_away: Vec<u64>,
    handshakes_failed: u64,
    refusals: Vec<u64>,
    http2_ends: Vec<u64>,
    panics: u64,
    access_records_dropped: u64,
    reloads_ok: u64,
    reloads_failed: u64,
    generation: u64,
}

impl ProcessTotals {
    fn read(process: &ProcessMetrics) -> Self {
        let [failed, succeeded] = &process.reloads;
        Self {
            open: process.connections_open(),
            accepted: process.sum(|shard| &shard.accepted),
            turned_away: TurnedAway::ALL
                .iter()
                .map(|reason| process.sum(|shard| &shard.turned_away[*reason as usize]))
                .collect(),
            handshakes_failed: process.sum(|shard| &shard.handshakes_failed),
            refusals: Refusal::ALL
                .iter()
                .map(|reason| process.sum(|shard| &shard.refusals[*reason as usize]))
                .collect(),
            http2_ends: Http2End::ALL
                .iter()
                .map(|cause| process.sum(|shard| &shard.http2_ends[*cause as usize]))
                .collect(),
            panics: process.sum(|shard| &shard.panics),
            access_records_dropped: process.access_records_dropped.load(Ordering::Relaxed),
            reloads_ok: succeeded.load(Ordering::Relaxed),
            reloads_failed: failed.load(Ordering::Relaxed),
            generation: process.generation.load(Ordering::Relaxed),
        }
    }
}

/// The labels of a line: those of the API or leaf, and one more where the metric has one.
#[derive(Debug, Clone)]
struct Labels {
    base: Vec<(&'static str, Arc<str>)>,
    extra: Option<(&'static str, &'static str)>,
}

impl Labels {
    const NONE: Self = Self { base: Vec::new(), extra: None };

    fn of_api(labels: &ApiLabels) -> Self {
        let base = vec![
            ("api", Arc::clone(&labels.name)),
            ("version", Arc::clone(&labels.version)),
            ("context", Arc::clone(&labels.context)),
        ];
        Self { base, extra: None }
    }

    fn of_endpoint(labels: &EndpointLabels) -> Self {
        let base = vec![
            ("api", Arc::clone(&labels.api)),
            ("version", Arc::clone(&labels.version)),
            ("stage", Arc::from(labels.stage)),
            ("endpoint", Arc::clone(&labels.name)),
        ];
        Self { base, extra: None }
    }

    fn of_server(name: &str) -> Self {
        Self { base: vec![("server", Arc::from(name))], extra: None }
    }

    fn with(&self, key: &'static str, value: &'static str) -> Self {
        Self { base: self.base.clone(), extra: Some((key, value)) }
    }
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for (key, value) in &self.base {
            label(encoder, key, value)?;
        }
        self.extra.map_or(Ok(()), |(key, value)| label(encoder, key, value))
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_requests(&mut encoder)?;
        self.encode_attempts(&mut encoder)?;
        self.encode_states(&mut encoder)?;
        self.encode_groups(&mut encoder)?;
        self.encode_tokens(&mut encoder)?;
        self.process.encode_connections(&mut encoder)?;
        self.process.encode_deployment(&mut encoder)
    }
}

impl Page {
    fn encode_requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut to = begin(encoder, "gateway_requests", "Requests that ended.", COUNTER)?;
        for (labels, totals) in &self.apis {
            for (class, count) in Class::ALL.iter().zip(totals.requests) {
                counter(&mut to, &labels.with("status", class.label()), count)?;
            }
        }
        let help = "Time from the head of a request to the end of its answer.";
        let mut to = begin(encoder, "gateway_request_seconds", help, MetricType::Histogram)?;
        for (labels, totals) in &self.apis {
            histogram(&mut to, labels, &totals.latency)?;
        }
        let help = "Bytes of request bodies.";
        let mut to = begin(encoder, "gateway_request_bytes", help, COUNTER)?;
        for (labels, totals) in &self.apis {
            counter(&mut to, labels, totals.request_bytes)?;
        }
        let help = "Bytes of the bodies of answers.";
        let mut to = begin(encoder, "gateway_response_bytes", help, COUNTER)?;
        for (labels, totals) in &self.apis {
            counter(&mut to, labels, totals.response_bytes)?;
        }
        let help = "Requests that have begun and not ended.";
        let mut to = begin(encoder, "gateway_requests_in_flight", help, GAUGE)?;
        for (labels, totals) in &self.apis {
            gauge(&mut to, labels, &totals.in_flight)?;
        }
        let mocked = self.apis.iter().filter(|(_, totals)| totals.mocked > 0);
        let help = "Requests that were answered by a mock.";
        let mut to = begin(encoder, "gateway_mock_answers", help, COUNTER)?;
        for (labels, totals) in mocked.clone() {
            counter(&mut to, labels, totals.mocked)?;
        }
        let help = "Answers of mocks that are not as the definition says.";
        let mut to = begin(encoder, "gateway_mock_nonconforming", help, COUNTER)?;
        for (labels, totals) in mocked {
            counter(&mut to, labels, totals.nonconforming)?;
        }
        Ok(())
    }

    fn encode_attempts(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Attempts at a leaf that ended.";
        let mut to = begin(encoder, "gateway_upstream_attempts", help, COUNTER)?;
        for (labels, totals, _) in &self.endpoints {
            for (outcome, count) in Outcome::ALL.iter().zip(totals.attempts) {
                counter(&mut to, &labels.with("outcome", outcome.label()), count)?;
            }
        }
        let help = "Time from the start of an attempt to the head of the answer.";
        let mut to = begin(encoder, "gateway_upstream_seconds", help, MetricType::Histogram)?;
        for (labels, totals, _) in &self.endpoints {
            histogram(&mut to, labels, &totals.latency)?;
        }
        let help = "Attempts that have begun and not ended.";
        let mut to = begin(encoder, "gateway_upstream_in_flight", help, GAUGE)?;
        for (labels, totals, _) in &self.endpoints {
            gauge(&mut to, labels, &totals.in_flight)?;
        }
        Ok(())
    }

    fn encode_states(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Whether the leaf is suspended.";
        let mut to = begin(encoder, "gateway_endpoint_suspended", help, GAUGE)?;
        for (labels, _, state) in &self.endpoints {
            gauge(&mut to, labels, &u64::from(*state == LeafState::Suspended))?;
        }
        let help = "1 for the state that the leaf is in, 0 for every other.";
        let mut to = begin(encoder, "gateway_endpoint_state", help, GAUGE)?;
        for (labels, _, state) in &self.endpoints {
            for each in LeafState::ALL {
                let labels = labels.with("state", each.label());
                gauge(&mut to, &labels, &u64::from(state == each))?;
            }
        }
        Ok(())
    }
}

impl Page {
    fn encode_groups(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        type Count = fn(&GroupTotals) -> u64;
        let counts: [(&str, &str, Count); 5] = [
            (
                "gateway_group_repeats",
                "Requests that went to another member of a group after a failure.",
                |totals| totals.repeats,
            ),
            (
                "gateway_group_over_budget",
                "Requests that were not repeated, since the group had repeated as much as it may.",
                |totals| totals.over_budget,
            ),
            ("gateway_group_hedges", "Second attempts beside a slow first one.", |totals| {
                totals.hedges
            }),
            (
                "gateway_group_unserved",
                "Requests for which no member of a group was ready.",
                |totals| totals.unserved,
            ),
            ("gateway_group_ejections", "Members that were left out for bad answers.", |totals| {
                totals.ejections
            }),
        ];
        for (name, help, count) in counts {
            let mut to = begin(encoder, name, help, COUNTER)?;
            for (labels, totals) in &self.groups {
                counter(&mut to, labels, count(totals))?;
            }
        }
        Ok(())
    }
}

impl Page {
    fn encode_tokens(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Requests for tokens of authorization servers that ended.";
        let mut to = begin(encoder, "gateway_token_requests", help, COUNTER)?;
        for totals in &self.tokens {
            for (outcome, count) in TokenOutcome::ALL.iter().zip(totals.outcomes) {
                let labels = Labels::of_server(&totals.name).with("outcome", outcome.label());
                counter(&mut to, &labels, count)?;
            }
        }
        let help = "Time that requests for tokens took together.";
        let mut to = begin(encoder, "gateway_token_request_seconds", help, COUNTER)?;
        for totals in &self.tokens {
            to.encode_family(&Labels::of_server(&totals.name))?
                .encode_counter::<NoLabelSet, f64, f64>(&totals.time.as_secs_f64(), None)?;
        }
        let help = "Answers of 401 to tokens.";
        let mut to = begin(encoder, "gateway_tokens_refused", help, COUNTER)?;
        for totals in &self.tokens {
            counter(&mut to, &Labels::of_server(&totals.name), totals.refused)?;
        }
        Ok(())
    }
}

impl ProcessTotals {
    fn encode_connections(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Connections of clients that are open.";
        begin(encoder, "gateway_connections_open", help, GAUGE)?.encode_gauge(&self.open)?;
        let help = "Connections of clients that were accepted.";
        count(encoder, "gateway_connections_accepted", help, self.accepted)?;
        let help = "Connections of clients that were turned away because of a limit.";
        let mut to = begin(encoder, "gateway_connections_refused", help, COUNTER)?;
        for (reason, amount) in TurnedAway::ALL.iter().zip(&self.turned_away) {
            counter(&mut to, &Labels::NONE.with("reason", reason.label()), *amount)?;
        }
        let help = "TLS handshakes with clients that failed.";
        count(encoder, "gateway_tls_handshakes_failed", help, self.handshakes_failed)?;
        let help = "Requests that were refused before they reached an API.";
        let mut to = begin(encoder, "gateway_requests_refused", help, COUNTER)?;
        for (reason, amount) in Refusal::ALL.iter().zip(&self.refusals) {
            counter(&mut to, &Labels::NONE.with("reason", reason.label()), *amount)?;
        }
        let help = "HTTP/2 connections of clients that the gateway ended.";
        let mut to = begin(encoder, "gateway_http2_connections_ended", help, COUNTER)?;
        for (cause, amount) in Http2End::ALL.iter().zip(&self.http2_ends) {
            counter(&mut to, &Labels::NONE.with("cause", cause.label()), *amount)?;
        }
        let help = "Requests that ended in a defect of the gateway.";
        count(encoder, "gateway_panics", help, self.panics)
    }

    fn encode_deployment(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Access records that were dropped because the sink was too slow.";
        count(encoder, "gateway_access_records_dropped", help, self.access_records_dropped)?;
        let help = "Changes of the configuration or of APIs.";
        let mut to = begin(encoder, "gateway_reloads", help, COUNTER)?;
        counter(&mut to, &Labels::NONE.with("result", "ok"), self.reloads_ok)?;
        counter(&mut to, &Labels::NONE.with("result", "failed"), self.reloads_failed)?;
        let help = "The number of the snapshot that serves.";
        let mut to = begin(encoder, "gateway_snapshot_generation", help, GAUGE)?;
        to.encode_gauge(&self.generation)
    }
}

const COUNTER: MetricType = MetricType::Counter;
const GAUGE: MetricType = MetricType::Gauge;

fn begin<'e>(
    encoder: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    help: &str,
    kind: MetricType,
) -> Result<MetricEncoder<'e>, fmt::Error> {
    encoder.encode_descriptor(name, help, None, kind)
}

fn count(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    begin(encoder, name, help, COUNTER)?.encode_counter::<NoLabelSet, u64, f64>(&value, None)
}

fn counter(to: &mut MetricEncoder<'_>, labels: &Labels, value: u64) -> fmt::Result {
    to.encode_family(labels)?.encode_counter::<NoLabelSet, u64, f64>(&value, None)
}

fn gauge(
    to: &mut MetricEncoder<'_>,
    labels: &Labels,
    value: &impl EncodeGaugeValue,
) -> fmt::Result {
    to.encode_family(labels)?.encode_gauge(value)
}

fn histogram(to: &mut MetricEncoder<'_>, labels: &Labels, latency: &Latency) -> fmt::Result {
    let mut buckets = [(f64::INFINITY, 0); BUCKETS];
    for (index, (bucket, held)) in buckets.iter_mut().zip(latency.buckets).enumerate() {
        let bound = BOUNDS.get(index).map(|nanoseconds| Duration::from_nanos(*nanoseconds));
        *bucket = (bound.map_or(f64::INFINITY, |bound| bound.as_secs_f64()), held);
    }
    let sum = latency.sum().as_secs_f64();
    let mut family = to.encode_family(labels)?;
    family.encode_histogram::<NoLabelSet>(sum, latency.count(), &buckets, None)
}

fn label(encoder: &mut LabelSetEncoder<'_>, key: &str, value: &str) -> fmt::Result {
    use prometheus_client::encoding::EncodeLabel;
    (key, value).encode(encoder.encode_label())
}
