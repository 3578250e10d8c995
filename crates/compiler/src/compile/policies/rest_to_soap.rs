//! Resources that are operations of a SOAP service (`type: SOAPTOREST`, spec/03 §1.8).
//!
//! `SoapToRest/mapping.yaml` says how, where it is there. Where it is not, API Manager's sequences
//! below `SoapToRest/in` and `SoapToRest/out` do. A project that has both is served by the mapping.

use std::collections::HashMap;
use std::sync::Arc;

use ::soap::{mapping, sequences};
use mediation::rest_to_soap::{SoapResource, Turn};
use mediation::sequence::{Mediator, Step};
use model::policy::Flow;
use model::{Diagnostics, Place, codes};
use policy::flow::Fragment;

use super::super::Source;
use super::{Policies, read};

/// The steps of each resource, by method and path.
#[derive(Default)]
pub(super) struct RestToSoap {
    resources: HashMap<(String, String), [Option<Step>; 2]>,
}

impl RestToSoap {
    /// Reads what the project has; nothing for an API of another type.
    pub(super) fn read(source: &Source<'_>, policies: &Policies, found: &mut Diagnostics) -> Self {
        if source.api.kind != "SOAPTOREST" {
            return Self::default();
        }
        let files = source.project.files();
        let resources = match files.get(mapping::PATH) {
            Some(text) => of_mapping(text, found),
            None => Some(of_sequences(source, policies, found)),
        };
        // What could not be read has been told.
        let Some(resources) = resources else { return Self::default() };
        let made = Self { resources };
        made.check(source, found);
        made
    }

    /// The steps of a resource; none where it is passed on as it is.
    pub(super) fn of(&self, (method, path): (&str, &str)) -> Option<[Option<Step>; 2]> {
        let steps = self.resources.get(&(method.to_owned(), path.to_owned()))?;
        Some(steps.each_ref().map(|step| step.as_ref().and_then(copy)))
    }

    /// Every operation has its steps, and all steps are those of an operation.
    fn check(&self, source: &Source<'_>, found: &mut Diagnostics) {
        let operations = resources(source);
        for (resource, place) in &operations {
            if self.resources.contains_key(resource) {
                continue;
            }
            let (method, path) = resource;
            let message = format!("nothing says which SOAP message {method} {path} is");
            let help = format!(
                "Add it to `{}`, or its sequences below `SoapToRest/in` and `SoapToRest/out`.",
                mapping::PATH
            );
            found.error(codes::MAPPING_ABSENT, place.clone(), message, help);
        }
        let mut idle: Vec<_> = self
            .resources
            .keys()
            .filter(|one| !operations.iter().any(|(it, _)| it == *one))
            .collect();
        idle.sort();
        for (method, path) in idle {
            let message = format!("{method} {path} is mapped, and is no operation of the API");
            let help = "Add the operation to `operations`, or remove the mapping.";
            found.warning(codes::MAPPING_RESOURCE, Place::file(mapping::PATH), message, help);
        }
    }
}

/// Both steps of a resource share what they hold.
fn copy(step: &Step) -> Option<Step> {
    let mediator = match &step.mediator {
        Mediator::Soap(turn, resource) => Mediator::Soap(*turn, Arc::clone(resource)),
        Mediator::Inline(sequence) => Mediator::Inline(Arc::clone(sequence)),
        _ => return None,
    };
    Some(Step { place: Arc::clone(&step.place), mediator })
}

/// The operations of the API, wherever they are written.
fn resources(source: &Source<'_>) -> Vec<((String, String), Place)> {
    let own = source
        .api
        .operations
        .iter()
        .filter_map(|one| Some(((one.verb.clone()?, one.target.clone()?), one.place.clone())));
    let own: Vec<_> = own.collect();
    if !own.is_empty() {
        return own;
    }
    let described = source.definition.iter().flat_map(|definition| &definition.operations);
    described.map(|one| ((one.method.clone(), one.template.clone()), one.place.clone())).collect()
}

type Steps = HashMap<(String, String), [Option<Step>; 2]>;

fn of_mapping(text: &[u8], found: &mut Diagnostics) -> Option<Steps> {
    let mapping = Arc::new(mapping::read(mapping::PATH, text, found)?);
    let mark = mark(text);
    let steps = |(index, one): (usize, &mapping::Resource)| {
        let resource = Arc::new(SoapResource::new(Arc::clone(&mapping), index, mark));
        let step = |turn| {
            let place = Arc::from(format!("{} {} {}", mapping::PATH, one.method, one.path));
            Some(Step { place, mediator: Mediator::Soap(turn, Arc::clone(&resource)) })
        };
        let steps = [step(Turn::Request), step(Turn::Answer)];
        ((one.method.clone(), one.path.clone()), steps)
    };
    Some(mapping.resources.iter().enumerate().map(steps).collect())
}

/// A number that changes with the text (FNV-1a).
fn mark(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |mark, byte| {
        (mark ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn of_sequences(source: &Source<'_>, policies: &Policies, found: &mut Diagnostics) -> Steps {
    let mut steps = Steps::new();
    for ((method, path), _) in resources(source) {
        let name = sequences::file_name(&method, &path);
        let request = sequence(source, policies, (sequences::IN, &name), Flow::Request, found);
        let answer = sequence(source, policies, (sequences::OUT, &name), Flow::Response, found);
        // Without the first of them nothing becomes a message of SOAP.
        if request.is_some() {
            steps.insert((method, path), [request, answer]);
        }
    }
    steps
}

fn sequence(
    source: &Source<'_>,
    policies: &Policies,
    (folder, name): (&str, &str),
    flow: Flow,
    found: &mut Diagnostics,
) -> Option<Step> {
    let files = source.project.files();
    let path = files.iter().map(|(path, _)| path).find(|path| {
        path.strip_prefix(folder)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|file| file.eq_ignore_ascii_case(name))
    })?;
    let Ok(text) = std::str::from_utf8(files.get(path)?) else {
        let help = "Save the file as UTF-8.";
        found.error(codes::NOT_TEXT, Place::file(path), "the file is no text of UTF-8", help);
        return None;
    };
    let fragment = Fragment {
        name: name.trim_end_matches(".xml").to_owned(),
        text: text.to_owned(),
        place: Place::file(path),
        file: Some(path.clone()),
        is_document: false,
    };
    let library = &policies.library.0;
    let sequence = read(&fragment, flow, policies.is_dynamic, library, found)?;
    let mediator = Mediator::Inline(Arc::new(sequence));
    Some(Step { place: Arc::from(path.as_str()), mediator })
}
