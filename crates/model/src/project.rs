//! An API project: everything in the directory or archive that `apictl` and the publisher exchange
//! (spec/04 §2).
//!
//! Reading collects diagnostics and goes on; nothing that is unknown gets lost, because the files
//! are kept as they came and only changed documents are written anew.

mod certificates;
mod legacy;
mod params;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use crate::api::ApiDefinition;
use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place, Spot};
use crate::document::Document;
use crate::endpoint::EndpointConfig;
use crate::files::Files;
use crate::policy::{BackendSequence, PolicyFile, SequenceFile};

pub use certificates::{ClientCertificate, EndpointCertificate};

const API_FILES: &[&str] = &["api.yaml", "api.yml", "api.json"];
/// Where API Manager 3 put the file.
const OLD_API_FILES: &[&str] = &["Meta-information/api.yaml", "Meta-information/api.json"];
const PRODUCT_FILES: &[&str] = &["api_product.yaml", "api_product.yml", "api_product.json"];
const DEFINITION_FILES: &[&str] = &[
    "Definitions/swagger.yaml",
    "Definitions/swagger.yml",
    "Definitions/swagger.json",
    "Definitions/openapi.yaml",
    "Definitions/openapi.yml",
    "Definitions/openapi.json",
    "Meta-information/swagger.yaml",
    "Meta-information/swagger.json",
];
const DEPLOYMENT_FILES: &[&str] = &["deployment_environments.yaml", "deployment_environments.json"];
const PARAMS_FILES: &[&str] = &[
    "params.yaml",
    "params.yml",
    "api_params.yaml",
    "api_params.yml",
    "Deployment/params.yaml",
    "Deployment/params.yml",
];

/// An API project.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    files: Files,
    /// `api.yaml` or `api.json`, in today's form.
    pub api: Document,
    /// The OpenAPI definition.
    pub definition: Option<Document>,
    /// `deployment_environments.yaml`.
    pub deployments: Option<Document>,
    /// `params.yaml`.
    pub params: Option<Document>,
    /// The certificates to trust for endpoints.
    pub endpoint_certificates: Vec<EndpointCertificate>,
    /// The certificates that clients may show.
    pub client_certificates: Vec<ClientCertificate>,
    /// The policies that come with the project.
    pub policies: Vec<PolicyFile>,
    /// The mediation of projects before API Manager 4.1.
    pub sequences: Vec<SequenceFile>,
    /// The sequences that answer in place of an upstream.
    pub backends: Vec<BackendSequence>,
    /// WSDLs that endpoints name by their URL, as whoever compiles the project has fetched them, or
    /// why that failed; what nobody has tried to fetch is not here.
    pub fetched: BTreeMap<String, Result<Bytes, String>>,
    /// Where the endpoints were written, once an environment has replaced them.
    endpoints_from: Option<Place>,
}

/// One entry of `deployment_environments.yaml`, or of `deploymentEnvironments` in the parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `deploymentEnvironment`: the name of the gateway environment.
    pub environment: String,
    /// `deploymentVhost`, in lower case.
    pub host: Option<String>,
    /// `displayOnDevportal`; true where it is not said.
    pub is_displayed: bool,
}

impl Project {
    /// Reads a project from its files, whose single root directory is stripped already.
    ///
    /// `None` where there is no readable `api.yaml`; every problem that was found is told in either
    /// case.
    #[must_use]
    pub fn read(files: Files) -> (Option<Self>, Diagnostics) {
        let mut found = Diagnostics::new();
        let api = read_api(&files, &mut found);
        let optional = |paths: &[&str], found: &mut Diagnostics| {
            note_second(&files, paths, found);
            Document::read(&files, files.first_of(paths)?, found)
        };
        let definition = optional(DEFINITION_FILES, &mut found);
        let deployments = optional(DEPLOYMENT_FILES, &mut found);
        let params = optional(PARAMS_FILES, &mut found);
        let endpoint_certificates = certificates::read_endpoint(&files, &mut found);
        let client_certificates = certificates::read_client(&files, &mut found);
        let policies = PolicyFile::read_all(&files, &mut found);
        let sequences = SequenceFile::read_all(&files, &mut found);
        let backends = BackendSequence::read_all(&files, &mut found);
        let project = api.map(|api| Self {
            api,
            definition,
            deployments,
            params,
            endpoint_certificates,
            client_certificates,
            policies,
            sequences,
            backends,
            fetched: BTreeMap::new(),
            endpoints_from: None,
            files,
        });
        (project, found)
    }

    /// The files as they were read.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The files to write: changed documents anew, everything else byte for byte.
    #[must_use]
    pub fn to_files(&self) -> Files {
        let mut files = self.files.clone();
        let documents = [Some(&self.api), self.definition.as_ref(), self.deployments.as_ref()];
        for document in documents.into_iter().flatten().filter(|document| document.is_changed()) {
            // A document was within the limits when it was read; one that has outgrown them since
            // is left as it was.
            let _outgrown = files.insert(document.path(), document.to_text()).err();
        }
        files
    }

    /// A cursor at the `data` of `api.yaml`.
    #[must_use]
    pub fn data(&self) -> Cursor<'_> {
        self.api.content()
    }

    /// The `data` of `api.yaml`, to be changed.
    pub fn data_mut(&mut self) -> &mut Value {
        let has_envelope = self.api.has_envelope();
        let value = self.api.value_mut();
        if has_envelope { &mut value["data"] } else { value }
    }

    /// Where the author wrote what is at a place: in the parameter file, once the endpoints of an
    /// environment have replaced those of `api.yaml`.
    #[must_use]
    pub fn origin(&self, place: &Place) -> Place {
        let config = self.data().get("endpointConfig");
        match (&self.endpoints_from, &place.spot) {
            (Some(origin), Spot::Pointer(pointer))
                if place.file == config.file() && pointer.starts_with(config.pointer()) =>
            {
                origin.clone()
            }
            _ => place.clone(),
        }
    }

    /// The typed view of `api.yaml`.
    pub fn api_definition(&self, found: &mut Diagnostics) -> ApiDefinition {
        ApiDefinition::read(&self.data(), found)
    }

    /// The typed view of `endpointConfig`, which old exports write as JSON in text; `None` where it
    /// is absent.
    pub fn endpoint_config(&self, found: &mut Diagnostics) -> Option<EndpointConfig> {
        let at = self.data().get("endpointConfig");
        (!at.is_absent()).then(|| EndpointConfig::read(&at, found))
    }

    /// Where the API is to be deployed; empty where no file says so.
    pub fn deployments(&self, found: &mut Diagnostics) -> Vec<Deployment> {
        let Some(document) = &self.deployments else { return Vec::new() };
        let entries = document.content().items(found);
        entries.iter().filter_map(|at| Deployment::read(at, found)).collect()
    }

    /// Puts the parameters of an environment into the project (spec/04 §2.4).
    ///
    /// `lookup` gives the value of `${NAME}`; the process environment, for instance.
    pub fn apply_environment(
        &mut self,
        name: &str,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Diagnostics {
        params::apply(self, name, lookup)
    }

    /// A note where there are parameters for environments; for whoever applies none of them.
    #[must_use]
    pub fn environment_not_chosen(&self) -> Diagnostics {
        params::not_chosen(self)
    }
}

impl Deployment {
    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        let host = at.get("deploymentVhost").word(found);
        Some(Self {
            environment: at.get_any(&["deploymentEnvironment", "name"]).word(found)?,
            host: host.map(|host| host.to_ascii_lowercase()),
            is_displayed: at.get("displayOnDevportal").flag(found).unwrap_or(true),
        })
    }
}

fn read_api(files: &Files, found: &mut Diagnostics) -> Option<Document> {
    note_second(files, API_FILES, found);
    let path = files.first_of(API_FILES).or_else(|| files.first_of(OLD_API_FILES));
    let Some(path) = path else {
        report_missing(files, found);
        return None;
    };
    let document = Document::read(files, path, found)?;
    if !document.content().value().is_object() {
        document.content().entries(found);
        let help = "Write the API as a mapping of `type`, `version` and `data`.";
        found.error(codes::NO_API, Place::file(path), "the file describes no API", help);
        return None;
    }
    if !is_of_api(&document, found) {
        return None;
    }
    Some(legacy::modernise(document, found))
}

fn report_missing(files: &Files, found: &mut Diagnostics) {
    if let Some(path) = files.first_of(PRODUCT_FILES) {
        report_product(Place::file(path), found);
        return;
    }
    let message = "the project has neither `api.yaml` nor `api.json`";
    let help = "Add `api.yaml`, or point at the directory that holds it.";
    found.error(codes::NO_API, Place::file("api.yaml"), message, help);
}

fn report_product(place: Place, found: &mut Diagnostics) {
    let help = "Import the APIs of the product one by one.";
    found.error(codes::API_PRODUCT, place, "API products are not yet supported", help);
}

/// Whether the envelope, where there is one, is that of an API.
fn is_of_api(document: &Document, found: &mut Diagnostics) -> bool {
    if !document.has_envelope() {
        return true;
    }
    let at = document.root().get("type");
    match at.word(found).unwrap_or_default().to_ascii_lowercase().as_str() {
        "api" => return true,
        "api_product" => report_product(at.place(), found),
        other => {
            let message = format!("the document is of type `{other}`, not `api`");
            found.error(codes::ENVELOPE, at.place(), message, "Write `type: api`.");
        }
    }
    false
}

/// Says which of several files with the same meaning is ignored.
fn note_second(files: &Files, paths: &[&str], found: &mut Diagnostics) {
    let mut present = paths.iter().filter(|path| files.contains(path));
    let Some(first) = present.next() else { return };
    for second in present {
        let message = format!("the file is ignored, because `{first}` is there too");
        let help = "Delete the file that is not meant.";
        found.warning(codes::SECOND_FILE, Place::file(*second), message, help);
    }
}

#[cfg(test)]
mod tests;
