//! How long Weir takes to serve many APIs, and to serve a change of one of them.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::meter::Memory;
use super::peer::{Peer, weir_command};
use super::projects;
use super::report::{machine, median};
use super::rig::{Rig, api_path, free_port};
use crate::shell::root;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// One start, and the changes after it.
struct Measured {
    ready: Duration,
    resident: u64,
    changes: Vec<Duration>,
}

/// Measures with 1,000 and 10,000 APIs, three times each.
pub(crate) fn run(quick: bool) -> anyhow::Result<()> {
    let times = if quick { 1 } else { 3 };
    let mut text = format!(
        "Machine: {}.\nMedians of {times} starts; each with 3 changes.\n\n\
         | APIs | start to first answer ms | resident MiB | one API changed ms |\n|---|---|---|---|\n",
        machine()
    );
    for apis in [1_000, 10_000] {
        let rig = Rig::new("start", 2, false, apis)?;
        println!("bench: writing {apis} projects");
        let backend = format!("http://127.0.0.1:{}", rig.backend);
        let mut all = Vec::new();
        for time in 1..=times {
            projects::write(&rig.dir.join("apis"), apis, &backend)?;
            let measured = measure(&rig, &backend)?;
            let ready = millis(measured.ready);
            println!("bench: {apis} APIs, start {time}/{times}: {ready:.0} ms");
            all.push(measured);
        }
        let ready = median(all.iter().map(|one| millis(one.ready)).collect());
        let resident = median(all.iter().map(|one| one.resident as f64 / 1_048_576.0).collect());
        let change = median(all.iter().flat_map(|one| &one.changes).copied().map(millis).collect());
        writeln!(text, "| {apis} | {ready:.0} | {resident:.0} | {change:.0} |")?;
    }
    let folder = root().join("bench-out");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("start.md"), &text)?;
    println!("\n{text}\nbench: written to bench-out/start.md");
    Ok(())
}

fn measure(rig: &Rig, backend: &str) -> anyhow::Result<Measured> {
    let program = Peer::Weir.program().context("target/release/weir is not built")?;
    let (http, https) = (free_port()?, free_port()?);
    let apis = rig.dir.join("apis");
    let mut command = rig.pinned_to(0, &program);
    weir_command(rig, &apis, http, https, &mut command)?;
    let last = rig.apis - 1;
    let start = Instant::now();
    let weir = rig.spawn(command, "weir")?;
    await_answer(http, last, |body| body.len() == 1024)?;
    let ready = start.elapsed();
    let resident = Memory::of(weir.id()).resident;
    let mut changes = Vec::new();
    for _ in 0..3 {
        let start = Instant::now();
        projects::write_one(&apis, last, &format!("{backend}/changed"))?;
        await_answer(http, last, |body| body == b"changed")?;
        changes.push(start.elapsed());
        projects::write_one(&apis, last, backend)?;
        await_answer(http, last, |body| body.len() == 1024)?;
    }
    Ok(Measured { ready, resident, changes })
}

/// Asks again and again until the answer is the one that is waited for.
fn await_answer(port: u16, api: usize, right: impl Fn(&[u8]) -> bool) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        if ask(port, api).is_ok_and(|body| right(&body)) {
            return Ok(());
        }
        ensure!(start.elapsed() < PATIENCE, "no right answer after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The body of the answer of one API, with `200` or without.
fn ask(port: u16, api: usize) -> anyhow::Result<Vec<u8>> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let path = api_path(api);
    write!(socket, "GET {path}/1k HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no head")?;
    Ok(answer.split_off(end + 4))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
