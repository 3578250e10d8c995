//! `weir import-wsdl`: where WSDLs come from, what is refused, and what is written.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testkit::{Backend, Reply};

use super::support::{Done, weir};

/// A WSDL of one operation, which imports a schema.
pub(crate) fn wsdl(schema: &str, address: &str) -> String {
    format!(
        r#"<definitions targetNamespace="urn:w" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:w="urn:w" xmlns:s="urn:s" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"><types><xsd:schema><xsd:import namespace="urn:s" schemaLocation="{schema}"/></xsd:schema></types><message name="In"><part name="p" element="s:Ask"/></message><message name="Out"><part name="p" element="s:Tell"/></message><portType name="P"><operation name="Ask"><input message="w:In"/><output message="w:Out"/></operation></portType><binding name="B" type="w:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Ask"><soap:operation soapAction="urn:ask"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding><service name="S"><port name="P" binding="w:B"><soap:address location="{address}"/></port></service></definitions>"#
    )
}

pub(crate) const SCHEMA: &str = r#"<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:s" elementFormDefault="qualified"><xsd:element name="Ask"><xsd:complexType><xsd:sequence><xsd:element name="n" type="xsd:int"/></xsd:sequence></xsd:complexType></xsd:element><xsd:element name="Tell"><xsd:complexType><xsd:sequence><xsd:element name="n" type="xsd:int" maxOccurs="unbounded"/></xsd:sequence></xsd:complexType></xsd:element></xsd:schema>"#;

/// Imports as `Asks` 1.0 at `/asks`.
fn import(source: &str, out: &Path, more: &[&str]) -> Done {
    let out = out.to_str().unwrap();
    let arguments = [
        &["import-wsdl", source, "--name", "Asks", "--context", "/asks", "--version", "1.0"][..],
        &["--out", out],
        more,
    ];
    weir(&arguments.concat())
}

fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The names in an archive.
fn names(file: &Path) -> Vec<String> {
    let archive = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    let mut names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    names
}

fn folder(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    let root = folder.path().join("in/asks.wsdl");
    (folder, root)
}

#[test]
fn a_file_is_read_with_what_lies_around_it() {
    let text = wsdl("types/s.xsd", "http://h.example/asks");
    let (folder, file) = folder(&[("in/asks.wsdl", &text), ("in/types/s.xsd", SCHEMA)]);
    let out = folder.path().join("out");
    let done = import(file.to_str().unwrap(), &out, &["--soap-to-rest"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("POST /ask: Ask, SOAP 1.1"), "{done:?}");
    assert_eq!(names(&out.join("WSDL/Asks-1.0.zip")), ["asks.wsdl", "types/s.xsd"]);
    let report = fs::read_to_string(out.join("SoapToRest/report.md")).unwrap();
    assert!(report.contains("Nothing of them is lost."), "{report}");
    let checked = weir(&["validate", out.to_str().unwrap()]);
    assert_eq!(checked.code, 0, "{checked:?}");
    // A folder that is not empty is left alone, unless that is asked for.
    assert_eq!(import(file.to_str().unwrap(), &out, &[]).code, 2);
    let again = import(file.to_str().unwrap(), &out, &["--soap-to-rest", "--sequences", "--force"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(!out.join("SoapToRest/mapping.yaml").exists());
    assert!(out.join("SoapToRest/in/ask_post.xml").exists());
}

#[test]
fn an_archive_is_kept_as_it_came() {
    let text = wsdl("../s.xsd", "http://h.example/asks");
    let bytes = zip(&[("a/wsdl/asks.wsdl", &text), ("a/s.xsd", SCHEMA)]);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("asks.ZIP");
    fs::write(&file, &bytes).unwrap();
    let out = folder.path().join("out");
    let done = import(file.to_str().unwrap(), &out, &["--json"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.json()["type"], "SOAP");
    assert_eq!(done.json()["operations"][0]["path"], "/*");
    assert!(fs::read(out.join("WSDL/Asks-1.0.zip")).unwrap() == bytes);
    let checked = weir(&["validate", out.to_str().unwrap()]);
    assert!(checked.stdout.contains("with 1 operation"), "{checked:?}");
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_written() {
    let good = wsdl("s.xsd", "http://h.example/asks");
    let (folder, file) = folder(&[
        ("in/asks.wsdl", &good),
        ("in/readme.txt", "x"),
        ("in/far.wsdl", &wsdl("../s.xsd", "http://h.example/asks")),
        ("in/web.wsdl", &wsdl("http://other.example/s.xsd", "http://h.example/asks")),
        ("in/no-address.wsdl", &wsdl("s.xsd", "")),
        ("in/s.xsd", SCHEMA),
        ("in/html.wsdl", "<html/>"),
        ("s.xsd", SCHEMA),
    ]);
    let at = |name: &str| file.parent().unwrap().join(name).to_str().unwrap().to_owned();
    for (name, bytes) in [
        ("empty.zip", zip(&[("readme.txt", "x")])),
        ("slip.zip", zip(&[("../asks.wsdl", &good)])),
        ("two.zip", zip(&[("a.wsdl", &good), ("b.wsdl", &good), ("s.xsd", SCHEMA)])),
        ("none.zip", b"no archive".to_vec()),
    ] {
        fs::write(at(name), bytes).unwrap();
    }
    let bomb = zip(&[("asks.wsdl", &" ".repeat(12 << 20))]);
    fs::write(at("bomb.zip"), bomb).unwrap();
    let out = folder.path().join("out");
    for (source, more, code, told) in [
        (at("readme.txt"), &["--soap-to-rest"][..], 1, "WS073"),
        (at("far.wsdl"), &["--soap-to-rest"], 1, "WS002"),
        (at("web.wsdl"), &["--soap-to-rest"], 1, "WS002"),
        (at("no-address.wsdl"), &[], 1, "WS074"),
        (at("html.wsdl"), &[], 1, "WS013"),
        (at("absent.wsdl"), &[], 1, "absent.wsdl"),
        (at("empty.zip"), &[], 1, "WS014"),
        (at("slip.zip"), &[], 1, "leads outside"),
        (at("two.zip"), &[], 1, "WS015"),
        (at("none.zip"), &[], 1, "no readable zip"),
        (at("bomb.zip"), &[], 1, "times its size"),
        (at("asks.wsdl"), &["--port", "Q"], 1, "WS070"),
        (at("asks.wsdl"), &["--sequences"], 2, "--soap-to-rest"),
        (at("asks.wsdl"), &["--endpoint", "ftp://h/"], 1, "WS074"),
        ("http://127.0.0.1:9/asks?wsdl".to_owned(), &[], 1, "cannot connect"),
    ] {
        let done = import(&source, &out, more);
        assert_eq!(done.code, code, "{source}: {done:?}");
        assert!(format!("{}{}", done.stdout, done.stderr).contains(told), "{source}: {done:?}");
        assert!(!out.exists(), "{source}");
    }
    let context = ["--name", "A", "--version", "1", "--out", out.to_str().unwrap()];
    let done = weir(
        &[&["import-wsdl", &at("asks.wsdl"), "--context", "/a{version}"][..], &context].concat(),
    );
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.stderr.contains("malformed"), "{done:?}");
    // The one that is meant, and an address that the WSDL lacks.
    assert_eq!(import(&at("two.zip"), &out, &["--root", "a.wsdl"]).code, 0);
    let other = folder.path().join("other");
    let done = import(&at("no-address.wsdl"), &other, &["--endpoint", "http://h.example/"]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[tokio::test]
async fn a_url_is_read_with_what_its_host_has() {
    let backend = Backend::with(|request| async move {
        match request.target.as_str() {
            "/asks?wsdl" => Reply::new(200).body(wsdl("asks?xsd=1", "http://h.example/asks")),
            "/asks?xsd=1" => Reply::new(200).body(SCHEMA),
            "/other?wsdl" => {
                Reply::new(200).body(wsdl("http://127.0.0.2:1/x", "http://h.example/"))
            }
            _ => Reply::new(404),
        }
    })
    .await;
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let (url, to) = (format!("{}/asks?wsdl", backend.url()), out.clone());
    let done = tokio::task::spawn_blocking(move || import(&url, &to, &["--soap-to-rest"]));
    let done = done.await.unwrap();
    assert_eq!(done.code, 0, "{done:?}");
    let stored = out.join("WSDL/Asks-1.0.zip");
    assert_eq!(names(&stored), ["Asks-1.xsd", "Asks.wsdl"]);
    // What is kept is whole: it is read without the web.
    let again = import(stored.to_str().unwrap(), &folder.path().join("again"), &["--soap-to-rest"]);
    assert_eq!(again.code, 0, "{again:?}");
    let (url, to) = (format!("{}/other?wsdl", backend.url()), folder.path().join("third"));
    let done = tokio::task::spawn_blocking(move || import(&url, &to, &["--soap-to-rest"]));
    let done = done.await.unwrap();
    assert!(done.code == 1 && done.stdout.contains("WS002"), "{done:?}");
}
