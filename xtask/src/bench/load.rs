//! The workloads, and the programs that make them: wrk for HTTP/1.1, h2load for HTTP/2.

use std::process::Stdio;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::mocks;
use super::peer::Running;
use super::rig::{Rig, api_path};
use crate::shell::{find, output, root};

/// One kind of traffic.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workload {
    /// How it is called in tables.
    pub(crate) name: &'static str,
    /// How many workers each engine has; one is pinned to a processor of its own.
    pub(crate) workers: usize,
    protocol: Protocol,
    connections: usize,
    path: &'static str,
    content: Content,
    upload: usize,
    headers: &'static [&'static str],
    answer: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Tls,
    Http2,
}

/// What requests bear for policies that look at headers.
const MARKS: &[&str] = &["X-Region: eu", "X-Dropped: dropped"];

/// The first workload.
pub(crate) const GET: Workload = Workload {
    name: "GET 1 KiB",
    workers: 1,
    protocol: Protocol::Http1,
    connections: 64,
    path: "/1k",
    content: Content::Filler,
    upload: 0,
    headers: &[],
    answer: 1024,
};

const POST: Workload = Workload { path: "/post", ..GET };

/// A request with headers that policies look at, and an answer with one.
pub(crate) const MARKED_GET: Workload =
    Workload { name: "GET", path: "/marked", headers: MARKS, ..GET };

/// Orders as JSON and as SOAP, for policies that look at bodies.
pub(crate) const JSON_1: Workload =
    Workload { name: "POST JSON 1 KiB", content: Content::Json, upload: 1024, ..POST };
pub(crate) const JSON_100: Workload =
    Workload { name: "POST JSON 100 KiB", upload: 100 * 1024, ..JSON_1 };
pub(crate) const SOAP_1: Workload =
    Workload { name: "POST SOAP 1 KiB", content: Content::Soap, ..JSON_1 };
pub(crate) const SOAP_100: Workload =
    Workload { name: "POST SOAP 100 KiB", content: Content::Soap, ..JSON_100 };

/// JSON of 1 KiB that is answered with XML of about that size, which as JSON is a little shorter.
pub(crate) const CONVERTED: Workload =
    Workload { name: "POST JSON 1 KiB, XML back", path: "/xml", answer: 900, ..JSON_1 };

/// 10 KiB to a service of SOAP: as SOAP, and as JSON that becomes SOAP.
pub(crate) const SOAP_10: Workload = Workload {
    name: "POST SOAP 10 KiB",
    path: "/soap",
    content: Content::Soap,
    upload: 10 * 1024,
    answer: 250,
    ..GET
};
pub(crate) const REST_10: Workload = Workload {
    name: "POST JSON 10 KiB",
    path: "/rest",
    content: Content::Order,
    answer: 60,
    ..SOAP_10
};

/// A menu of ten pizzas, of a mock.
pub(crate) const MENU: Workload =
    Workload { name: "GET menu", path: "/menu?kind=all", answer: mocks::BODY.len() as u64, ..GET };

/// The one with the most connections.
pub(crate) const GET_OF_MANY: Workload =
    Workload { name: "2 workers, GET 1 KiB, 256 connections", workers: 2, connections: 256, ..GET };

/// Every workload, in the order of the tables.
pub(crate) const WORKLOADS: &[Workload] = &[
    GET,
    Workload { name: "GET 64 B", path: "/64", answer: 64, ..GET },
    Workload { name: "POST 1 KiB", upload: 1024, ..POST },
    Workload { name: "POST 100 KiB", upload: 100 * 1024, ..POST },
    Workload { name: "GET 64 KiB", path: "/64k", answer: 64 * 1024, ..GET },
    Workload { name: "TLS GET 1 KiB", protocol: Protocol::Tls, ..GET },
    Workload { name: "HTTP/2 TLS GET 1 KiB", protocol: Protocol::Http2, ..GET },
    Workload { name: "2 workers, GET 1 KiB, 64 connections", workers: 2, ..GET },
    GET_OF_MANY,
];

/// What a load generator saw. Times in microseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Answers.
    pub(crate) requests: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Bytes that came: with heads for wrk, without for h2load.
    pub(crate) bytes: u64,
    /// Answers other than 2xx, and connections that broke.
    pub(crate) failed: u64,
    /// The median.
    pub(crate) p50: f64,
    /// The 99th percentile.
    pub(crate) p99: f64,
    /// The 99.9th percentile.
    pub(crate) p999: f64,
}

impl Workload {
    /// Puts the load on an engine; an error when an answer was wrong.
    pub(crate) fn run(&self, rig: &Rig, engine: &Running, seconds: u64) -> anyhow::Result<Seen> {
        self.run_api(rig, engine, rig.asked(), seconds)
    }

    /// The same for a certain API.
    pub(crate) fn run_api(
        &self,
        rig: &Rig,
        engine: &Running,
        api: usize,
        seconds: u64,
    ) -> anyhow::Result<Seen> {
        self.run_on(rig, engine.http, engine.https, &api_path(api), seconds)
    }

    /// The same for whoever listens at a port, with something before the path.
    pub(crate) fn run_at(
        &self,
        rig: &Rig,
        port: u16,
        prefix: &str,
        seconds: u64,
    ) -> anyhow::Result<Seen> {
        self.run_on(rig, port, port, prefix, seconds)
    }

    /// Puts the load on the backend itself: the ceiling.
    pub(crate) fn run_direct(&self, rig: &Rig, seconds: u64) -> anyhow::Result<Option<Seen>> {
        if self.protocol != Protocol::Http1 {
            return Ok(None);
        }
        self.run_on(rig, rig.backend, rig.backend, "", seconds).map(Some)
    }

    fn run_on(
        &self,
        rig: &Rig,
        http: u16,
        https: u16,
        api: &str,
        seconds: u64,
    ) -> anyhow::Result<Seen> {
        let path = format!("{api}{}", self.path);
        let seen = match self.protocol {
            Protocol::Http1 => self.wrk(rig, &format!("http://127.0.0.1:{http}{path}"), seconds),
            Protocol::Tls => self.wrk(rig, &format!("https://127.0.0.1:{https}{path}"), seconds),
            Protocol::Http2 => {
                self.h2load(rig, &format!("https://127.0.0.1:{https}{path}"), seconds)
            }
        }?;
        self.check(&seen)?;
        Ok(seen)
    }

    /// Every answer was a 2xx of the right length.
    fn check(&self, seen: &Seen) -> anyhow::Result<()> {
        ensure!(seen.requests > 0, "not one answer");
        ensure!(seen.failed == 0, "{} of {} answers failed", seen.failed, seen.requests);
        let each = seen.bytes / seen.requests;
        // At the end of a sample some answers are half read; heads are below 1 KiB.
        let allowed = self.answer * 98 / 100..=self.answer + 1024 + self.answer / 50;
        ensure!(allowed.contains(&each), "{each} bytes for each answer; {} wanted", self.answer);
        Ok(())
    }

    fn wrk(&self, rig: &Rig, url: &str, seconds: u64) -> anyhow::Result<Seen> {
        let wrk = find("wrk").context("wrk is not installed (cargo xtask setup --bench)")?;
        let mut command = rig.pinned_to(1, &wrk);
        command.args(["-t", "1", "-c", &self.connections.to_string(), "--timeout", "10s"]);
        command.args(["-d", &format!("{seconds}s"), "-s"]).arg(root().join("bench/load.lua"));
        command.arg(url).env("HEADERS", self.headers.join("\n")).stderr(Stdio::piped());
        if self.upload > 0 {
            let body = rig.dir.join("upload");
            std::fs::write(&body, self.content.bytes(self.upload))?;
            command.env("BODY", body).env("CONTENT_TYPE", self.content.media_type());
        }
        let text = output(&mut command)?;
        let line = text.lines().find(|line| line.starts_with('{'));
        Ok(serde_json::from_str(line.context("wrk printed no summary")?)?)
    }

    fn h2load(&self, rig: &Rig, url: &str, seconds: u64) -> anyhow::Result<Seen> {
        let h2load =
            find("h2load").context("h2load is not installed (cargo xtask setup --bench)")?;
        let log = rig.dir.join("h2load.log");
        drop(std::fs::remove_file(&log));
        let mut command = rig.pinned_to(1, &h2load);
        command.args(["-t", "1", "-c", "8", "-m", &(self.connections / 8).to_string()]);
        command.args(["-D", &seconds.to_string(), "--log-file"]).arg(&log).arg(url);
        let text = output(&mut command)?;
        let mut seen = h2load_summary(&text).context("h2load printed no summary")?;
        let mut times: Vec<u64> = std::fs::read_to_string(&log)?
            .lines()
            .filter_map(|line| line.split_whitespace().nth(2)?.parse().ok())
            .collect();
        times.sort_unstable();
        seen.p50 = quantile(&times, 0.5);
        seen.p99 = quantile(&times, 0.99);
        seen.p999 = quantile(&times, 0.999);
        seen.seconds = seconds as f64;
        Ok(seen)
    }
}

/// Requests, failures and bytes of `h2load`.
pub(crate) fn h2load_summary(text: &str) -> Option<Seen> {
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let before = |line: &str, word: &str| -> Option<u64> {
        line.split(',').find(|part| part.contains(word))?.split_whitespace().next()?.parse().ok()
    };
    let requests = line("requests: ")?;
    let answered = before(line("status codes: ")?, "2xx")?;
    let failed = before(requests, " failed")? + before(requests, " errored")?;
    let data = line("traffic: ")?.split(',').find(|part| part.contains(" data"))?;
    let bytes = data.split('(').nth(1)?.split(')').next()?.parse().ok()?;
    Some(Seen {
        requests: answered,
        seconds: 0.0,
        bytes,
        failed: failed + before(requests, " succeeded")?.saturating_sub(answered),
        p50: 0.0,
        p99: 0.0,
        p999: 0.0,
    })
}

fn quantile(sorted: &[u64], share: f64) -> f64 {
    let index = (sorted.len().saturating_sub(1) as f64 * share) as usize;
    sorted.get(index).map_or(f64::NAN, |value| *value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const H2LOAD: &str = "finished in 1.00s, 2.00 req/s, 1KB/s
requests: 10 total, 10 started, 10 done, 9 succeeded, 1 failed, 0 errored, 0 timeout
status codes: 8 2xx, 1 3xx, 0 4xx, 1 5xx
traffic: 1.1KB (1126) total, 100B (100) headers (space savings 50.00%), 1.0KB (1024) data
";

    #[test]
    fn the_summary_of_h2load_is_read() {
        let seen = h2load_summary(H2LOAD).expect("a summary");
        assert_eq!((seen.requests, seen.failed, seen.bytes), (8, 2, 1024));
    }

    #[test]
    fn quantiles_of_few_and_none() {
        assert!((quantile(&[1, 2, 3], 0.5) - 2.0).abs() < f64::EPSILON);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
