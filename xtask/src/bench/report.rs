//! The results as Markdown, JSON and a chart, in `bench-out/`.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;

use super::chart;
use super::load::Workload;
use super::peer::Peer;
use super::rounds::{Plan, Results, Sample, rate};
use crate::shell::{output, root};

/// The medians of one engine in one workload.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// Which workload.
    pub(crate) workload: &'static str,
    /// Which engine.
    pub(crate) engine: &'static str,
    /// How many samples it stands on.
    samples: usize,
    /// How many of them strangers disturbed.
    polluted: usize,
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    /// Processor seconds for a million requests.
    pub(crate) cpu: f64,
    busy: f64,
    resident_mib: f64,
    peak_mib: f64,
}

impl Row {
    fn of(samples: &[&Sample]) -> Option<Self> {
        let first = samples.first()?;
        let median = |value: fn(&Sample) -> f64| {
            median(samples.iter().map(|sample| value(sample)).collect())
        };
        Some(Self {
            workload: first.workload,
            engine: first.engine,
            samples: samples.len(),
            polluted: samples.iter().filter(|sample| sample.polluted()).count(),
            requests_per_second: median(|sample| rate(&sample.seen)),
            p50_ms: median(|sample| sample.seen.p50 / 1000.0),
            p99_ms: median(|sample| sample.seen.p99 / 1000.0),
            p999_ms: median(|sample| sample.seen.p999 / 1000.0),
            cpu: median(|sample| sample.cpu),
            busy: median(|sample| sample.busy),
            resident_mib: median(|sample| sample.resident as f64 / 1_048_576.0),
            peak_mib: median(|sample| sample.peak as f64 / 1_048_576.0),
        })
    }
}

/// Writes the three files and prints the tables.
pub(crate) fn write(plan: &Plan, workloads: &[&Workload], results: &Results) -> anyhow::Result<()> {
    let rows = rows(plan, workloads, results);
    let text = markdown(plan, workloads, &rows, results);
    let engines: Vec<&str> = plan.peers.iter().map(|peer| peer.name()).collect();
    let names: Vec<&str> = workloads.iter().map(|workload| workload.name).collect();
    let document = json!({
        "machine": machine(),
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "apis": plan.apis,
        "versions": versions(plan),
        "medians": rows,
        "samples": results.samples,
        "discarded": results.discarded,
        "void": results.void,
    });
    let folder = root().join("bench-out");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("table.md"), &text)?;
    std::fs::write(folder.join("results.json"), serde_json::to_string_pretty(&document)?)?;
    std::fs::write(folder.join("chart.svg"), chart::draw(&names, &engines, &rows))?;
    println!("\n{text}\nbench: written to bench-out/table.md, results.json, chart.svg");
    Ok(())
}

fn rows(plan: &Plan, workloads: &[&Workload], results: &Results) -> Vec<Row> {
    let engines = || plan.peers.iter().map(|peer| peer.name()).chain(["backend"]);
    let pairs = workloads.iter().flat_map(|workload| engines().map(move |e| (workload.name, e)));
    pairs
        .filter_map(|(workload, engine)| {
            let of = |sample: &&Sample| sample.workload == workload && sample.engine == engine;
            Row::of(&results.samples.iter().filter(of).collect::<Vec<_>>())
        })
        .collect()
}

fn markdown(plan: &Plan, workloads: &[&Workload], rows: &[Row], results: &Results) -> String {
    let mut text = format!(
        "Machine: {}.\nRounds: {} of {} s, peers interleaved; medians. APIs: {}.\n\n",
        machine(),
        plan.rounds,
        plan.seconds,
        plan.apis
    );
    for (name, version) in versions(plan) {
        line(&mut text, format_args!("- {name}: {version}"));
    }
    for workload in workloads {
        line(&mut text, format_args!("\n### {}\n", workload.name));
        table(&mut text, plan, workload.name, rows);
    }
    line(
        &mut text,
        format_args!(
            "\n{} samples were thrown away because other processes used more than 20 % of a \
             processor. A star marks a row with such samples in it, kept after two more tries. \
             \"busy\" is the engine's use of its processors: where one is pinned, below 90 % means \
             that the load was the limit, and only CPU per million requests tells engines apart; \
             with 2 workers engine, load and backend share all processors.",
            results.discarded
        ),
    );
    for void in &results.void {
        line(&mut text, format_args!("- void: {void}"));
    }
    text
}

fn table(text: &mut String, plan: &Plan, workload: &str, rows: &[Row]) {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.workload == workload).collect();
    let nginx = rows.iter().find(|row| row.engine == Peer::Nginx.name());
    line(
        text,
        format_args!(
            "| engine | requests/s | p50 ms | p99 ms | p99.9 ms | CPU s/M | against nginx | busy | \
             memory MiB | peak MiB | n |\n|---|---|---|---|---|---|---|---|---|---|---|"
        ),
    );
    for peer in plan.peers.iter().filter(|peer| rows.iter().all(|row| row.engine != peer.name())) {
        let reason = if peer.program().is_some() { "no valid sample" } else { "not installed" };
        line(text, format_args!("| {} | {reason} | | | | | | | | | 0 |", peer.name()));
    }
    for row in &rows {
        let star = if row.polluted > 0 { "*" } else { "" };
        let Row { engine, requests_per_second, p50_ms, p99_ms, p999_ms, samples, .. } = row;
        if *engine == "backend" {
            line(
                text,
                format_args!(
                    "| (backend itself) | {requests_per_second:.0} | {p50_ms:.2} | {p99_ms:.2} | \
                     {p999_ms:.2} | | | | | | {samples} |"
                ),
            );
            continue;
        }
        let ratio =
            nginx.map_or_else(|| "–".to_owned(), |base| format!("{:.2}", row.cpu / base.cpu));
        line(
            text,
            format_args!(
                "| {engine}{star} | {requests_per_second:.0} | {p50_ms:.2} | {p99_ms:.2} | \
                 {p999_ms:.2} | {:.1} | {ratio} | {:.0} % | {:.0} | {:.0} | {samples} |",
                row.cpu,
                row.busy * 100.0,
                row.resident_mib,
                row.peak_mib
            ),
        );
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("writing to memory cannot fail");
}

fn versions(plan: &Plan) -> Vec<(&'static str, String)> {
    plan.peers.iter().map(|peer| (peer.name(), peer.version())).collect()
}

/// Processor, count, memory and kernel.
pub(crate) fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = output(crate::shell::command("uname").arg("-sr")).unwrap_or_default();
    format!("{model}, {cores} processors, {}", kernel.trim())
}

/// The middle value, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => at(odd / 2),
        even => f64::midpoint(at(even / 2 - 1), at(even / 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians() {
        for (values, expected) in
            [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 2.0, 3.0], 2.5), (vec![7.0], 7.0)]
        {
            assert!((median(values) - expected).abs() < f64::EPSILON);
        }
        assert!(median(Vec::new()).is_nan());
    }
}
