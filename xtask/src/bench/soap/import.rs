//! A WSDL of a thousand operations in two hundred schemas, imported as REST.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::bench::peer::Peer;
use crate::bench::report::{line, median};
use crate::bench::trial::Plan;
use crate::shell::{command, root};

const OPERATIONS: usize = 1_000;
const SCHEMAS: usize = 200;

/// The table and the samples.
pub(super) fn measure(plan: &Plan) -> anyhow::Result<(String, Value)> {
    let dir = root().join("target/bench/soap-import");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    write(&dir)?;
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for round in 1..=plan.rounds {
        let (time, peak) = import(&dir, round)?;
        println!("bench: round {round}: {time:.0} ms, {peak:.0} MiB");
        times.push(time);
        peaks.push(peak);
    }
    let mut text = String::new();
    line(&mut text, format_args!("\n### Import of {OPERATIONS} operations in {SCHEMAS} schemas\n"));
    line(&mut text, format_args!("| ms | MiB at most | n |\n|---|---|---|"));
    let (time, peak) = (median(times.clone()), median(peaks.clone()));
    line(&mut text, format_args!("| {time:.0} | {peak:.0} | {} |", times.len()));
    Ok((text, json!({ "ms": times, "mib": peaks })))
}

/// Milliseconds, and the most memory that was seen.
fn import(dir: &Path, round: usize) -> anyhow::Result<(f64, f64)> {
    let program = Peer::Weir.program().context("target/release/weir is not built")?;
    let out = dir.join(format!("out-{round}"));
    let mut weir = command(program);
    weir.args(["import-wsdl", "--name", "Large", "--context", "/large", "--version", "1"]);
    weir.args(["--soap-to-rest", "--json", "--home"]).arg(dir.join("no-home"));
    weir.arg("--out").arg(&out).arg(dir.join("in/large.wsdl")).stdout(Stdio::null());
    let start = Instant::now();
    let mut child = weir.spawn().context("cannot run weir import-wsdl")?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        peak = peak.max(high_water(&status));
        std::thread::sleep(Duration::from_millis(2));
    };
    let time = start.elapsed().as_secs_f64() * 1000.0;
    ensure!(ended.success(), "weir import-wsdl fails");
    ensure!(out.join("SoapToRest/mapping.yaml").is_file(), "there is no mapping");
    Ok((time, peak))
}

/// The most memory that a process had, in MiB.
fn high_water(status: &str) -> f64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

fn write(dir: &Path) -> anyhow::Result<()> {
    let folder = dir.join("in");
    std::fs::create_dir_all(&folder)?;
    for index in 0..SCHEMAS {
        std::fs::write(folder.join(format!("s{index}.xsd")), schema(index)?)?;
    }
    std::fs::write(folder.join("large.wsdl"), wsdl()?)?;
    Ok(())
}

fn schema(index: usize) -> anyhow::Result<String> {
    let next = (index + 1) % SCHEMAS;
    let mut text = format!(
        "<xsd:schema xmlns:xsd='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:s{index}' \
         xmlns:t='urn:s{index}' xmlns:n='urn:s{next}' elementFormDefault='qualified'>\
         <xsd:import namespace='urn:s{next}' schemaLocation='s{next}.xsd'/>"
    );
    for number in 0..20 {
        write!(
            text,
            "<xsd:complexType name='T{number}'><xsd:sequence><xsd:element name='id' type='xsd:int'/>\
             <xsd:element name='name' type='xsd:string' minOccurs='0'/><xsd:element name='next' \
             type='n:T{number}' minOccurs='0' maxOccurs='unbounded'/></xsd:sequence>\
             <xsd:attribute name='kind' type='xsd:token'/></xsd:complexType>"
        )?;
    }
    let each = OPERATIONS / SCHEMAS;
    for operation in index * each..(index + 1) * each {
        for suffix in ["", "Response"] {
            write!(
                text,
                "<xsd:element name='Op{operation}{suffix}'><xsd:complexType><xsd:sequence>\
                 <xsd:element name='value' type='t:T{}'/></xsd:sequence></xsd:complexType>\
                 </xsd:element>",
                operation % each
            )?;
        }
    }
    text.push_str("</xsd:schema>");
    Ok(text)
}

fn wsdl() -> anyhow::Result<String> {
    let mut text = "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:w='urn:w' \
        xmlns:soap='http://schemas.xmlsoap.org/wsdl/soap/' targetNamespace='urn:w'"
        .to_owned();
    for index in 0..SCHEMAS {
        write!(text, " xmlns:s{index}='urn:s{index}'")?;
    }
    text.push_str("><types><xsd:schema xmlns:xsd='http://www.w3.org/2001/XMLSchema'>");
    for index in 0..SCHEMAS {
        write!(text, "<xsd:import namespace='urn:s{index}' schemaLocation='s{index}.xsd'/>")?;
    }
    text.push_str("</xsd:schema></types>");
    let (mut messages, mut interface, mut binding) = (String::new(), String::new(), String::new());
    for index in 0..OPERATIONS {
        let schema = index / (OPERATIONS / SCHEMAS);
        write!(
            messages,
            "<message name='In{index}'><part name='p' element='s{schema}:Op{index}'/></message>\
             <message name='Out{index}'><part name='p' element='s{schema}:Op{index}Response'/></message>"
        )?;
        write!(
            interface,
            "<operation name='Op{index}'><input message='w:In{index}'/><output \
             message='w:Out{index}'/></operation>"
        )?;
        write!(
            binding,
            "<operation name='Op{index}'><soap:operation soapAction='urn:{index}'/><input>\
             <soap:body use='literal'/></input><output><soap:body use='literal'/></output></operation>"
        )?;
    }
    Ok(format!(
        "{text}{messages}<portType name='P'>{interface}</portType><binding name='B' type='w:P'>\
         <soap:binding transport='http://schemas.xmlsoap.org/soap/http'/>{binding}</binding><service \
         name='S'><port name='P' binding='w:B'><soap:address location='http://h/'/></port></service>\
         </definitions>"
    ))
}
