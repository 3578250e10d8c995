#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn api(workers: usize) -> ApiMetrics {
    let labels =
        ApiLabels { name: "Pizza".into(), version: "1.0.0".into(), context: "/pizza/1.0.0".into() };
    ApiMetrics::new(labels, workers)
}

fn leaf() -> EndpointMetrics {
    let labels = EndpointLabels {
        api: "Pizza".into(),
        version: "1.0.0".into(),
        stage: "production",
        name: "pizza \"main\"".into(),
    };
    EndpointMetrics::new(labels, 2)
}

fn finished(status: u16, milliseconds: u64) -> Finished {
    Finished {
        status,
        aborted: false,
        duration: Duration::from_millis(milliseconds),
        request_bytes: 10,
        response_bytes: 100,
    }
}

fn process() -> ProcessMetrics {
    ProcessMetrics::new(2, Arc::new(AtomicU64::new(3)))
}

#[test]
fn requests_of_all_workers_are_summed() {
    let api = api(2);
    for worker in [0, 1, 1] {
        api.begin(worker);
    }
    api.finish(0, &finished(200, 3));
    api.finish(1, &finished(503, 80));
    let totals = api.read();
    assert_eq!(totals.requests, [0, 1, 0, 0, 1, 0]);
    assert_eq!(totals.in_flight, 1);
    assert_eq!((totals.request_bytes, totals.response_bytes), (20, 200));
    assert_eq!(totals.latency.count(), 2);
    assert_eq!(totals.latency.sum(), Duration::from_millis(83));
}

#[test]
fn an_aborted_request_is_counted_as_such_whatever_its_status() {
    let api = api(1);
    api.begin(0);
    api.finish(0, &Finished { aborted: true, ..finished(200, 1) });
    assert_eq!(api.read().requests, [0, 0, 0, 0, 0, 1]);
    assert_eq!(api.read().in_flight, 0);
}

#[test]
fn a_worker_that_there_is_not_counts_nothing() {
    let api = api(1);
    api.begin(7);
    api.finish(7, &finished(200, 1));
    assert_eq!(api.read(), ApiTotals::default());
}

#[test]
fn an_idle_api_is_small_and_not_on_the_page() {
    assert!(size_of::<ApiMetrics>() + size_of::<ApiLabels>() < 120);
    let idle = api(64);
    let page =
        encode(&process(), [&idle].into_iter(), std::iter::empty(), std::iter::empty(), Vec::new());
    assert!(!page.contains("Pizza"), "{page}");
}

#[test]
fn a_bound_belongs_to_its_own_bucket() {
    assert_eq!(bucket_of(0), 0);
    assert_eq!(bucket_of(500_000), 0);
    assert_eq!(bucket_of(500_001), 1);
    assert_eq!(bucket_of(60_000_000_000), BOUNDS.len() - 1);
    assert_eq!(bucket_of(u64::MAX), BOUNDS.len());
}

#[test]
fn quantiles_lie_in_the_bucket_of_their_rank() {
    let metrics = leaf();
    for milliseconds in 1..=100 {
        metrics.begin(0);
        metrics.finish(0, Outcome::Success, Some(Duration::from_millis(milliseconds)));
    }
    let quantiles = metrics.read().latency.quantiles().unwrap();
    assert_eq!(quantiles.p50, Duration::from_millis(50));
    assert_eq!(quantiles.p90, Duration::from_millis(90));
    assert_eq!(quantiles.p99, Duration::from_millis(99));
}

#[test]
fn quantiles_of_nothing_and_of_the_endless() {
    let metrics = leaf();
    assert_eq!(metrics.read().latency.quantiles(), None);
    metrics.begin(0);
    metrics.finish(0, Outcome::Success, Some(Duration::MAX));
    assert_eq!(metrics.read().latency.quantile(50), Some(Duration::from_secs(60)));
}

#[test]
fn attempts_are_counted_by_outcome() {
    let metrics = leaf();
    metrics.begin(0);
    metrics.begin(1);
    metrics.finish(1, Outcome::Timeout, None);
    metrics.refuse(1);
    let totals = metrics.read();
    assert_eq!(totals.attempts[Outcome::Timeout as usize], 1);
    assert_eq!(totals.attempts[Outcome::Refused as usize], 1);
    assert_eq!(totals.in_flight, 1);
    assert_eq!(totals.latency.count(), 0);
}

#[test]
fn the_page_is_open_metrics_text() {
    let (api, leaf, process) = (api(2), leaf(), process());
    api.begin(0);
    api.finish(0, &finished(404, 3));
    process.connection_accepted(0);
    process.connection_accepted(5);
    process.connection_closed(0);
    process.request_refused(1, Refusal::NoApi);
    process.reloaded(true);
    process.set_generation(9);
    let page = encode(
        &process,
        [&api].into_iter(),
        [(&leaf, LeafState::Suspended)].into_iter(),
        std::iter::empty(),
        Vec::new(),
    );
    let labels = r#"api="Pizza",version="1.0.0",context="/pizza/1.0.0""#;
    let leaf = r#"api="Pizza",version="1.0.0",stage="production",endpoint="pizza \"main\"""#;
    for line in [
        "# TYPE gateway_requests counter".to_owned(),
        format!("gateway_requests_total{{{labels},status=\"4xx\"}} 1"),
        format!("gateway_requests_total{{{labels},status=\"aborted\"}} 0"),
        format!("gateway_request_seconds_sum{{{labels}}} 0.003"),
        format!("gateway_request_seconds_bucket{{le=\"0.0025\",{labels}}} 0"),
        format!("gateway_request_seconds_bucket{{le=\"0.005\",{labels}}} 1"),
        format!("gateway_request_seconds_bucket{{le=\"+Inf\",{labels}}} 1"),
        format!("gateway_response_bytes_total{{{labels}}} 100"),
        format!("gateway_requests_in_flight{{{labels}}} 0"),
        format!("gateway_upstream_attempts_total{{{leaf},outcome=\"tls\"}} 0"),
        format!("gateway_endpoint_suspended{{{leaf}}} 1"),
        format!("gateway_endpoint_state{{{leaf},state=\"suspended\"}} 1"),
        format!("gateway_endpoint_state{{{leaf},state=\"active\"}} 0"),
        "gateway_connections_open 1".to_owned(),
        "gateway_connections_accepted_total 2".to_owned(),
        "gateway_requests_refused_total{reason=\"no_api\"} 1".to_owned(),
        "gateway_access_records_dropped_total 3".to_owned(),
        "gateway_reloads_total{result=\"ok\"} 1".to_owned(),
        "gateway_snapshot_generation 9".to_owned(),
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is missing in\n{page}");
    }
    assert!(page.ends_with("# EOF\n"));
}

proptest! {
    #[test]
    fn a_duration_is_within_the_bounds_of_its_bucket(nanoseconds: u64) {
        let bucket = bucket_of(nanoseconds);
        prop_assert!(BOUNDS.get(bucket).is_none_or(|bound| nanoseconds <= *bound));
        prop_assert!(bucket == 0 || nanoseconds > BOUNDS[bucket - 1]);
    }
}
