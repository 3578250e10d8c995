//! The results as Markdown, ready for docs/benchmarks.md, as JSON, and as a chart, in `bench-out/`.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;

use super::chart;
use super::load::Workload;
use super::peer::Peer;
use super::rounds::{Results, Sample, rate};
use super::trial::{Notes, Plan};
use crate::shell::{output, root};

/// An engine that used less of its processor than this may have waited for load or backend.
const FULL: f64 = 0.97;

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
    disturbed: usize,
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    /// Processor seconds for a million requests.
    pub(crate) cpu: f64,
    busy: f64,
    /// The shares of one processor that load and backend had.
    load: f64,
    backend: f64,
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
            disturbed: samples.iter().filter(|sample| sample.cost.is_disturbed()).count(),
            requests_per_second: median(|sample| rate(&sample.seen)),
            p50_ms: median(|sample| sample.seen.p50 / 1000.0),
            p99_ms: median(|sample| sample.seen.p99 / 1000.0),
            p999_ms: median(|sample| sample.seen.p999 / 1000.0),
            cpu: median(Sample::cpu),
            busy: median(|sample| sample.cost.busy(sample.workers)),
            load: median(|sample| sample.cost.load / sample.cost.wall),
            backend: median(|sample| sample.cost.backend / sample.cost.wall),
            resident_mib: median(|sample| sample.resident as f64 / 1_048_576.0),
            peak_mib: median(|sample| sample.peak as f64 / 1_048_576.0),
        })
    }
}

/// Writes the files of the workloads and prints their tables.
pub(crate) fn write(plan: &Plan, workloads: &[&Workload], results: &Results) -> anyhow::Result<()> {
    let rows = rows(plan, workloads, results);
    let text = markdown(plan, workloads, &rows);
    let engines: Vec<&str> = plan.peers.iter().map(|peer| peer.name()).collect();
    let names: Vec<&str> = workloads.iter().map(|workload| workload.name).collect();
    let folder = root().join("bench-out");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("chart.svg"), chart::draw(&names, &engines, &rows))?;
    save(
        plan,
        "workloads",
        &text,
        &json!({ "medians": rows, "samples": results.samples }),
        &results.notes,
    )
}

/// Writes `bench-out/{name}.md` and `.json`, and prints the tables.
pub(crate) fn save(
    plan: &Plan,
    name: &str,
    tables: &str,
    results: &serde_json::Value,
    notes: &Notes,
) -> anyhow::Result<()> {
    let document = json!({
        "machine": machine(),
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "apis": plan.apis,
        "versions": versions(plan),
        "results": results,
        "notes": notes,
    });
    let text = format!("{}{tables}{}", introduction(plan), closing(notes));
    let folder = root().join("bench-out");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{name}.md")), &text)?;
    std::fs::write(folder.join(format!("{name}.json")), serde_json::to_string_pretty(&document)?)?;
    println!("\n{text}\nbench: written to bench-out/{name}.md and {name}.json");
    Ok(())
}

fn introduction(plan: &Plan) -> String {
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
    text
}

/// What was thrown away, and what is missing.
fn closing(notes: &Notes) -> String {
    let mut text = format!(
        "\n{} samples were thrown away because other processes used more than 20 % of a processor. \
         A star marks a row with such samples in it, kept after two more tries.\n",
        notes.discarded
    );
    for void in &notes.void {
        line(&mut text, format_args!("- void: {void}"));
    }
    text
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

fn markdown(plan: &Plan, workloads: &[&Workload], rows: &[Row]) -> String {
    let mut text = String::new();
    for workload in workloads {
        line(&mut text, format_args!("\n### {}\n", workload.name));
        table(&mut text, plan, workload.name, rows);
        if workload.workers == 1 {
            limits(&mut text, workload.name, rows);
        }
    }
    line(
        &mut text,
        format_args!(
            "\n\"busy\" is the engine's use of its processors: where one is pinned, below 90 % means \
             that the load was the limit, and only CPU per million requests tells engines apart; \
             with 2 workers engine, load and backend share all processors."
        ),
    );
    text
}

/// Who used the other processor, where the engine did not use up its own.
fn limits(text: &mut String, workload: &str, rows: &[Row]) {
    let limited =
        |row: &&Row| row.workload == workload && row.engine != "backend" && row.busy < FULL;
    let shares: Vec<String> = rows
        .iter()
        .filter(limited)
        .map(|Row { engine, load, backend, .. }| {
            format!("{engine} (load {:.0} %, backend {:.0} %)", load * 100.0, backend * 100.0)
        })
        .collect();
    if !shares.is_empty() {
        line(text, format_args!("\nThe other processor, with {}.", shares.join(", ")));
    }
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
    for (peer, reason) in absent(plan, |name| rows.iter().any(|row| row.engine == name)) {
        line(text, format_args!("| {peer} | {reason} | | | | | | | | | 0 |"));
    }
    for row in &rows {
        let star = if row.disturbed > 0 { "*" } else { "" };
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
        let ratio = against(row.cpu, nginx.map(|base| base.cpu));
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

/// Who has no row, and why.
pub(crate) fn absent(
    plan: &Plan,
    has_row: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    plan.peers.iter().filter(move |peer| !has_row(peer.name())).map(|peer| {
        let reason = if peer.program().is_some() { "no valid sample" } else { "not installed" };
        (peer.name(), reason)
    })
}

/// A figure as a multiple of that of nginx; a dash without nginx.
pub(crate) fn against(value: f64, nginx: Option<f64>) -> String {
    nginx.map_or_else(|| "–".to_owned(), |base| format!("{:.2}", value / base))
}

/// Appends a line.
pub(crate) fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
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
