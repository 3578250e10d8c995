//! Every WSDL of the collections is read, or refused with a place.

use std::collections::BTreeMap;

use model::Spot;
use wsdl::{Documents, Limits, Location, read};

use crate::support::{Anywhere, Collection, collections, errors};

/// What is wrong with a WSDL itself: its collection, its name, and the codes of the errors.
const FAULTY: &[(&str, &str, &[&str])] = &[
    // Its only port has a binding that is not there.
    ("onvif-zeep-async", "recording", &["WS023"]),
    // A binding of an interface that is not there, beside one that is.
    ("onvif2-zeep", "event-vs", &["WS023"]),
    // A schema that is not in the package.
    ("onvif2-zeep", "federatedsearch", &["WS002", "WS040"]),
    // A message of an element that is not there.
    ("onvif2-zeep", "security", &["WS040"]),
];

/// A collection whose documents are not where its WSDLs say, as folders were flattened.
const FLATTENED: &str = "onvif2-zeep";
/// Its WSDLs that lack a document or more, by the codes of the errors.
const LACKING: &[(&[&str], &[&str])] = &[
    (
        &["WS001", "WS040"],
        &[
            "accessrules",
            "analytics",
            "analyticsdevice",
            "authenticationbehavior",
            "credential",
            "deviceio",
            "devicemgmt",
            "display",
            "imaging",
            "media",
            "provisioning",
            "ptz",
            "receiver",
            "recording",
            "replay",
            "schedule",
            "search",
            "thermal",
        ],
    ),
    (&["WS001", "WS002", "WS040"], &["actionengine"]),
    (&["WS002", "WS040"], &["appmgmt", "federatedsearch"]),
    (&["WS002", "WS023", "WS040"], &["bw-2-vs-mod", "event-vs"]),
    (&["WS001", "WS023", "WS040"], &["event"]),
];

/// The refused ones, by collection and path, with the codes of their errors.
type Refused = BTreeMap<(String, String), Vec<&'static str>>;

#[test]
fn wsdls_of_others_are_read_or_refused_with_a_reason() {
    let refused = check(|collection| Box::new(Anywhere(collection)));
    for ((collection, path), codes) in &refused {
        let is_it = |(of, name, _): &&(&str, &str, _)| of == collection && is_file(path, name);
        let expected = FAULTY.iter().find(is_it).map(|(_, _, codes)| *codes);
        assert_eq!(expected, Some(codes.as_slice()), "{collection}/{path}");
    }
}

#[test]
fn documents_that_are_not_there_are_named() {
    let refused = check(|collection| Box::new(&collection.archive));
    for ((collection, path), codes) in &refused {
        let is_faulty = FAULTY.iter().any(|(of, name, _)| of == collection && is_file(path, name));
        let is_it = |(_, names): &&(_, &[&str])| names.iter().any(|name| is_file(path, name));
        let expected = LACKING.iter().find(is_it).map(|(codes, _)| *codes);
        let is_expected = collection == FLATTENED && expected == Some(codes.as_slice());
        assert!(is_expected || is_faulty, "{collection}/{path}: {codes:?}, not {expected:?}");
    }
}

fn is_file(path: &str, name: &str) -> bool {
    path.ends_with(&format!("/{name}.wsdl"))
}

/// Reads all, says how many, and gives those that are refused.
fn check(documents: impl Fn(&Collection) -> Box<dyn Documents + '_>) -> Refused {
    let (mut read_count, mut refused) = (0, Refused::new());
    for collection in collections() {
        for path in collection.wsdls() {
            match codes(&*documents(&collection), &path) {
                codes if codes.is_empty() => read_count += 1,
                codes => drop(refused.insert((collection.name.clone(), path), codes)),
            }
        }
    }
    eprintln!("{read_count} read, {} refused with reasons:", refused.len());
    for ((collection, path), codes) in &refused {
        eprintln!("  {collection}/{path}: {}", codes.join(", "));
    }
    refused
}

/// The codes of the errors of a WSDL; none where it is read.
fn codes(documents: &dyn Documents, path: &str) -> Vec<&'static str> {
    let reading = read(documents, &Location::path(path).unwrap(), &Limits::default());
    for one in &reading.found {
        let has_place = one.place.file != "(built in)" && one.place.spot != Spot::Whole;
        assert!(has_place, "{path}: {one}");
    }
    let errors = errors(&reading.found);
    assert!(!errors.is_empty() || reading.description.is_some(), "{path}: neither");
    for error in &errors {
        eprintln!("{error}");
    }
    let mut codes: Vec<_> = errors.iter().map(|one| one.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
