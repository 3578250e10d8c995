//! What the kernel says: processor time and memory of a process tree, and of everybody else.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// Clock ticks in a second; Linux has shown 100 to programs on every platform of ours.
const TICKS: u64 = 100;

/// Processor time, all in one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    engine: Duration,
    backend: Duration,
    own: Duration,
    ours: Duration,
    machine: Duration,
}

/// Processor time between two readings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// By the engine's whole process tree.
    pub(crate) engine: Duration,
    /// By the backend.
    pub(crate) backend: Duration,
    /// By load generators that have ended, and by this process.
    pub(crate) load: Duration,
    /// By processes that have nothing to do with the benchmark.
    pub(crate) strangers: Duration,
}

/// Memory of a process tree, in bytes.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Memory {
    /// Resident now; what processes share is counted once (PSS).
    pub(crate) resident: u64,
    /// What of it is heap and stacks, not files.
    pub(crate) anonymous: u64,
    /// The sum of the peaks of each process.
    pub(crate) peak: u64,
}

impl Reading {
    /// Reads now.
    pub(crate) fn take(engine: u32, backend: u32) -> Self {
        let processes = processes();
        let own = std::process::id();
        Self {
            engine: tree_time(&processes, engine),
            backend: tree_time(&processes, backend),
            own: own_time(),
            ours: tree_time(&processes, own) + ended_time(),
            machine: machine_time(),
        }
    }

    /// What was spent since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Spent {
        let engine = self.engine.saturating_sub(earlier.engine);
        let backend = self.backend.saturating_sub(earlier.backend);
        let load = self.own.saturating_sub(earlier.own);
        let machine = self.machine.saturating_sub(earlier.machine);
        // Whatever this process has started, and itself. One that has ended meanwhile has moved from
        // one of the two sums to the other.
        let strangers = machine.saturating_sub(self.ours.saturating_sub(earlier.ours));
        Spent { engine, backend, load, strangers }
    }
}

impl Memory {
    /// Reads the tree under `root`.
    pub(crate) fn of(root: u32) -> Self {
        let mut sum = Self::default();
        for id in tree(&processes(), root) {
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            let rollup =
                std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
            let either =
                |text, key, other| kilobytes(text, key).or_else(|| kilobytes(&status, other));
            sum.resident += either(&rollup, "Pss:", "VmRSS:").unwrap_or_default();
            sum.anonymous += either(&rollup, "Pss_Anon:", "RssAnon:").unwrap_or_default();
            sum.peak += kilobytes(&status, "VmHWM:").unwrap_or_default();
        }
        sum
    }

    /// Forgets the peaks of the tree under `root`.
    pub(crate) fn forget_peak(root: u32) {
        for id in tree(&processes(), root) {
            // Where it is not allowed, the peak is that of the whole life; nothing else breaks.
            drop(std::fs::write(format!("/proc/{id}/clear_refs"), "5"));
        }
    }
}

fn kilobytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Parent and processor time of every process.
fn processes() -> BTreeMap<u32, (u32, Duration)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter_map(|id| {
        let fields = stat(&id.to_string())?;
        Some((id, (u32::try_from(*fields.get(1)?).ok()?, ticks(&fields, 11) + ticks(&fields, 12))))
    })
    .collect()
}

/// The numbers in `/proc/ID/stat` after the program's name; what is no number reads as 0.
fn stat(id: &str) -> Option<Vec<u64>> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}

fn ticks(fields: &[u64], index: usize) -> Duration {
    Duration::from_millis(fields.get(index).copied().unwrap_or(0) * 1000 / TICKS)
}

/// Processor time of this process and of children that have ended: the load generators.
fn own_time() -> Duration {
    let fields = stat("self").unwrap_or_default();
    (11..=14).map(|index| ticks(&fields, index)).sum()
}

/// Processor time of children that have ended.
fn ended_time() -> Duration {
    let fields = stat("self").unwrap_or_default();
    ticks(&fields, 13) + ticks(&fields, 14)
}

/// Processor time that the whole machine spent in processes; interrupts belong to nobody.
fn machine_time() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let fields: Vec<u64> = fields.map(|field| field.parse().unwrap_or(0)).collect();
    (0..3).map(|index| ticks(&fields, index)).sum()
}

fn tree(processes: &BTreeMap<u32, (u32, Duration)>, root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(processes.iter().filter(|(_, (of, _))| *of == parent).map(|(id, _)| *id));
        next += 1;
    }
    found
}

fn tree_time(processes: &BTreeMap<u32, (u32, Duration)>, root: u32) -> Duration {
    let times = tree(processes, root);
    times.iter().filter_map(|id| processes.get(id)).map(|(_, time)| *time).sum()
}
