//! What a mock that nobody calls holds: gateways with many of them beside one without any API.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use crate::bench::meter::Memory;
use crate::bench::peer::{Peer, weir_command};
use crate::bench::report::{line, median};
use crate::bench::rig::{Rig, api_path, await_port, free_port};
use crate::bench::trial::Plan;
use crate::shell::{command, output, root};

/// How many mocks, whatever `--apis` says.
const APIS: usize = 1_000;
/// How often a gateway is started for each kind.
const TIMES: usize = 3;
/// How long a gateway has to come to rest before its memory is read.
const REST: Duration = Duration::from_secs(2);
/// The project that all are made of.
const MODEL: &str = "examples/pizzashack";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Kind {
    None,
    Example,
    Script,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    kind: Kind,
    memory: Memory,
}

impl Kind {
    fn title(self) -> &'static str {
        match self {
            Self::None => "no API",
            Self::Example => "1,000 mocks of examples",
            Self::Script => "1,000 mocks of scripts",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Example => "examples",
            Self::Script => "scripts",
        }
    }
}

const KINDS: [Kind; 3] = [Kind::None, Kind::Example, Kind::Script];

/// The table and the samples.
pub(super) fn measure(plan: &Plan) -> anyhow::Result<(String, Value)> {
    let rig = Rig::new("mocks-memory", 1, true, APIS)?;
    for kind in KINDS {
        let folder = rig.dir.join(kind.folder());
        std::fs::create_dir_all(&folder)?;
        if kind != Kind::None {
            println!("bench: writing {}", kind.title());
            (0..APIS).try_for_each(|index| write(&folder, index, kind))?;
        }
    }
    generate(&rig.dir.join(Kind::Script.folder()))?;
    let mut samples = Vec::new();
    for _ in 0..plan.rounds.min(TIMES) {
        for kind in KINDS {
            let memory = held(&rig, kind)?;
            let mib = memory.resident as f64 / 1_048_576.0;
            println!("bench: {}: {mib:.1} MiB", kind.title());
            samples.push(Sample { kind, memory });
        }
    }
    Ok((table(&samples), json!(samples)))
}

/// The model with a name and a context of its own, as a mock.
fn write(folder: &Path, index: usize, kind: Kind) -> anyhow::Result<()> {
    let model = root().join(MODEL);
    let project = folder.join(format!("Mock{index:05}-1.0.0"));
    std::fs::create_dir_all(project.join("Definitions"))?;
    std::fs::copy(
        model.join("Definitions/swagger.yaml"),
        project.join("Definitions/swagger.yaml"),
    )?;
    let path = api_path(index);
    let context = path.trim_end_matches("/1.0.0");
    let implementation = if kind == Kind::Script { "INLINE" } else { "MOCKED_OAS" };
    let mut text = std::fs::read_to_string(model.join("api.yaml"))?;
    for (from, to) in [
        ("name: PizzaShackAPI", format!("name: Mock{index:05}")),
        ("context: /pizzashack", format!("context: {context}")),
        ("lifeCycleStatus: PUBLISHED", "lifeCycleStatus: PROTOTYPED".to_owned()),
        ("isDefaultVersion: true", "isDefaultVersion: false".to_owned()),
        (
            "endpointImplementationType: ENDPOINT",
            format!("endpointImplementationType: {implementation}"),
        ),
    ] {
        ensure!(text.contains(from), "{MODEL}/api.yaml has no `{from}`");
        text = text.replace(from, &to);
    }
    Ok(std::fs::write(project.join("api.yaml"), text)?)
}

/// Has the scripts written.
fn generate(folder: &Path) -> anyhow::Result<()> {
    let program = Peer::Weir.program().context("target/release/weir is not built")?;
    let mut weir = command(program);
    output(weir.args(["mock", "generate", "--apis"]).arg(folder)).map(drop)
}

/// The memory of a gateway that serves a folder, after one call of one API.
fn held(rig: &Rig, kind: Kind) -> anyhow::Result<Memory> {
    let program = Peer::Weir.program().context("target/release/weir is not built")?;
    let (http, https) = (free_port()?, free_port()?);
    let mut command = rig.pinned_to(0, &program);
    weir_command(rig, &rig.dir.join(kind.folder()), http, https, &mut command)?;
    let mut weir = rig.spawn(command, "weir")?;
    await_port(http, &mut weir)?;
    if kind != Kind::None {
        await_menu(http)?;
    }
    std::thread::sleep(REST);
    Ok(Memory::of(weir.id()))
}

/// Waits until the last of all mocks answers.
fn await_menu(port: u16) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{port}{}/menu", api_path(APIS - 1));
    let is_served = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let mut curl = command("curl");
        curl.args(["-sS", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", &url]);
        output(&mut curl).is_ok_and(|status| status == "200")
    });
    ensure!(is_served, "{url} is not served");
    Ok(())
}

fn table(samples: &[Sample]) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("\n### Memory of mocks that nobody calls\n"));
    line(
        &mut text,
        format_args!(
            "| gateway with | resident MiB | KiB for an API | of it heap KiB | n |\n|---|---|---|---|---|"
        ),
    );
    let of = |kind: Kind, value: fn(&Memory) -> u64| {
        let own = samples.iter().filter(|one| one.kind == kind);
        median(own.map(|one| value(&one.memory) as f64).collect())
    };
    for kind in KINDS {
        let resident = of(kind, |memory| memory.resident);
        let each = |value: fn(&Memory) -> u64| {
            (of(kind, value) - of(Kind::None, value)) / 1024.0 / APIS as f64
        };
        let growth = if kind == Kind::None {
            "– | –".to_owned()
        } else {
            let (all, heap) = (each(|memory| memory.resident), each(|memory| memory.anonymous));
            format!("{all:.1} | {heap:.1}")
        };
        let count = samples.iter().filter(|one| one.kind == kind).count();
        let (title, mib) = (kind.title(), resident / 1_048_576.0);
        line(&mut text, format_args!("| {title} | {mib:.1} | {growth} | {count} |"));
    }
    text.push_str(
        "\nEach has the five operations of the Pizza Shack; scripts are those of `weir mock generate`. \
         Shared pages counted once, read two seconds after the last of them was deployed.\n",
    );
    text
}
