//! Damaged WSDLs: nothing panics, and what is not sound has a diagnostic with a place.

use model::Spot;
use proptest::prelude::*;
use wsdl::schema::{Particle, Schemas, Term};
use wsdl::{Archive, Description, DocumentId, Limits, Location, read};

const MAIN: &str = include_str!("damage/main.wsdl");
const TYPES: &str = include_str!("damage/types.xsd");

/// Pieces that are put in, and names that are put in the place of others.
const PIECES: [&str; 24] = [
    "tns:",
    "x:",
    "unbounded",
    "0",
    "-1",
    "",
    " ",
    "Node",
    "Order",
    "Base",
    "types.xsd",
    "main.wsdl",
    "../x",
    "http://h/x",
    "restriction",
    "extension",
    "sequence",
    "element",
    "group",
    "base=\"tns:Node\"",
    "ref=\"tns:Order\"",
    "<",
    "\"",
    "é",
];

/// What is cut out where, and what is put there.
fn damages() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    prop::collection::vec((any::<usize>(), 0..12_usize, 0..PIECES.len()), 1..6)
}

fn damaged(text: &str, damages: &[(usize, usize, usize)]) -> String {
    let mut marks: Vec<String> = split(text);
    for (at, length, piece) in damages {
        let at = at % marks.len();
        let end = (at + length).min(marks.len());
        marks.splice(at..end, [PIECES[*piece].to_owned()]);
        if marks.is_empty() {
            break;
        }
    }
    marks.concat()
}

/// Words and what is between them, so that damage hits names more often than letters.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_letter = false;
    for mark in text.chars() {
        let is_letter = mark.is_alphanumeric();
        if is_letter != was_letter || !is_letter {
            words.push(String::new());
        }
        words.last_mut().unwrap().push(mark);
        was_letter = is_letter;
    }
    words
}

fn check(main: &str, types: &str) {
    let mut archive = Archive::new();
    archive.insert("main.wsdl", main.to_owned()).unwrap();
    archive.insert("types.xsd", types.to_owned()).unwrap();
    let limits = Limits::default();
    let reading = read(&archive, &Location::path("main.wsdl").unwrap(), &limits);
    assert!(reading.description.is_some() || reading.found.has_errors());
    for one in &reading.found {
        assert!(one.place.spot != Spot::Whole, "{one}");
        assert!(!one.message.is_empty() && !one.help.is_empty(), "{one}");
    }
    if let Some(description) = &reading.description {
        walk(description);
        rewrite(description, &limits);
    }
}

/// Asks for everything that can be asked for.
fn walk(description: &Description) {
    let schemas = description.schemas();
    for (id, _) in schemas.types() {
        let _facets = schemas.facets(id);
        let _item = (schemas.array_item(id), schemas.atomic(id), schemas.derived(id));
        let _attributes = schemas.all_attributes(id).uses.len();
        for particle in schemas.content(id) {
            steps(schemas, particle);
        }
    }
    for (id, _) in schemas.elements() {
        let _substitutes = schemas.substitutes(id);
    }
    for call in description.calls() {
        for role in [&call.operation.input, &call.operation.output].into_iter().flatten() {
            let _action = call.port_type.default_action(role);
            let message = description.message(role.message);
            for part in &message.parts {
                let _element = part.element().map(|id| schemas.element(id));
            }
        }
    }
}

/// Follows groups, which end.
fn steps(schemas: &Schemas, particle: &Particle) {
    let particles = match &particle.term {
        Term::Element(_) | Term::Any(_) => return,
        Term::Model(model) => &model.particles,
        Term::Group(id) => &schemas.group(*id).model.particles,
    };
    particles.iter().for_each(|one| steps(schemas, one));
}

/// Nothing is rewritten but what is asked for, and the declaration where it needs mending.
fn rewrite(description: &Description, limits: &Limits) {
    for index in 0..description.documents().len() {
        let id = DocumentId::new(index);
        let mut same = |_: &wsdl::AddressSite<'_>| None;
        let text = description.rewrite(id, limits, &mut same, &mut |_| None);
        if let Some(Ok(text)) = text {
            let bytes = &description.documents()[index].bytes;
            let read = std::str::from_utf8(bytes).unwrap();
            let behind = |text: &str| text.split_once('>').map(|(_, behind)| behind.to_owned());
            assert_eq!(behind(&text), behind(read));
        }
    }
}

#[test]
fn the_sound_ones_are_sound() {
    let mut archive = Archive::new();
    archive.insert("main.wsdl", MAIN).unwrap();
    archive.insert("types.xsd", TYPES).unwrap();
    let reading = read(&archive, &Location::path("main.wsdl").unwrap(), &Limits::default());
    assert!(reading.found.is_empty(), "{:?}", reading.found);
    assert_eq!(reading.description.unwrap().calls().count(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_wsdls_do_no_harm(main in damages(), types in damages(), which in 0..3_u8) {
        let main = if which == 1 { MAIN.to_owned() } else { damaged(MAIN, &main) };
        let types = if which == 0 { TYPES.to_owned() } else { damaged(TYPES, &types) };
        check(&main, &types);
    }
}
