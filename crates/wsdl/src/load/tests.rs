#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::cell::RefCell;

use super::*;
use crate::{Archive, Fetched, Reading, read};

mod encodings;
mod graph;
mod limits;

/// Files, some of which are behind URLs, and what was asked for.
#[derive(Default)]
struct Web {
    files: HashMap<String, Vec<u8>>,
    asked: RefCell<Vec<String>>,
}

impl Documents for Web {
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal> {
        let text = location.to_string();
        self.asked.borrow_mut().push(text.clone());
        if location.as_url().is_some_and(|url| url.host_str() != Some("h")) {
            return Err(Refusal::Host("other".to_owned()));
        }
        let bytes = self.files.get(&text).ok_or_else(|| Refusal::Absent("404".to_owned()))?;
        Ok(Fetched { location: location.clone(), bytes: bytes.clone().into() })
    }
}

const XSD: &str = "xmlns:xsd='http://www.w3.org/2001/XMLSchema'";

/// A WSDL with these imports and schemas.
fn wsdl(inner: &str) -> String {
    format!(
        "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' targetNamespace='urn:w' {XSD} \
         xmlns:t='urn:t' xmlns:u='urn:u' xmlns:w='urn:w'>{inner}</definitions>"
    )
}

/// A WSDL that imports a schema of `urn:t` and uses an element of it.
fn importing(location: &str) -> String {
    wsdl(&format!(
        "<types><xsd:schema><xsd:import namespace='urn:t' schemaLocation='{location}'/></xsd:schema></types>
         <message name='m'><part name='p' element='t:e'/></message><service name='s'/>"
    ))
}

fn schema(target: &str, inner: &str) -> String {
    format!(
        "<xsd:schema {XSD} targetNamespace='{target}' xmlns:t='urn:t' xmlns:u='urn:u'>{inner}</xsd:schema>"
    )
}

fn archive(files: &[(&str, &str)]) -> Archive {
    let mut archive = Archive::new();
    for (path, text) in files {
        archive.insert(path, (*text).to_owned()).unwrap();
    }
    archive
}

fn read_files(files: &[(&str, &str)]) -> Reading {
    let (first, _) = files[0];
    read(&archive(files), &Location::path(first).unwrap(), &Limits::default())
}

/// Severity, code, file, line and message of everything that was found.
fn found(reading: &Reading) -> Vec<String> {
    let show = |one: &model::Diagnostic| {
        let model::Diagnostic { code, place, message, .. } = one;
        let line = match place.spot {
            model::Spot::Line { line, .. } => format!(":{line}"),
            _ => String::new(),
        };
        format!("{}[{code}] {}{line}: {message}", one.severity.as_str(), place.file)
    };
    reading.found.iter().map(show).collect()
}

fn locations(reading: &Reading) -> Vec<String> {
    let documents = reading.description.as_ref().unwrap().documents();
    documents.iter().map(|document| document.location.to_string()).collect()
}
