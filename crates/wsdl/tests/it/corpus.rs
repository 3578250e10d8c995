//! Every WSDL of the collections is read, or refused with a place.

use std::collections::BTreeMap;

use model::Spot;
use wsdl::{Limits, Location, read};

use crate::support::{collections, errors};

/// What is refused, and why: the end of the path, and the codes of the errors.
const REFUSED: &[(&str, &[&str])] = &[];

#[test]
fn wsdls_of_others_are_read_or_refused_with_a_reason() {
    let (mut read_count, mut refused) = (0, BTreeMap::new());
    for collection in collections() {
        for path in collection.wsdls() {
            let location = Location::path(&path).unwrap();
            let reading = read(&collection.archive, &location, &Limits::default());
            let errors = errors(&reading.found);
            for one in reading.found.iter() {
                let has_place = one.place.file == "(built in)" || one.place.spot != Spot::Whole;
                assert!(has_place, "{path}: {one}");
            }
            if errors.is_empty() {
                assert!(reading.description.is_some(), "{path}: neither read nor refused");
                read_count += 1;
                continue;
            }
            for error in &errors {
                eprintln!("{}/{path}: {error}", collection.name);
            }
            let mut codes: Vec<_> = errors.iter().map(|one| one.code).collect();
            codes.sort_unstable();
            codes.dedup();
            refused.insert(format!("{}/{path}", collection.name), codes);
        }
    }
    eprintln!("{read_count} read, {} refused with reasons:", refused.len());
    for (path, codes) in &refused {
        eprintln!("  {path}: {}", codes.join(", "));
    }
    for (path, codes) in &refused {
        let expected = REFUSED.iter().find(|(end, _)| path.ends_with(end));
        assert_eq!(expected.map(|(_, codes)| *codes), Some(codes.as_slice()), "{path}");
    }
}
