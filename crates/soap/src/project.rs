//! The files of an API project for a SOAP service (spec/03 §1.3, §1.8).
//!
//! Deliberately absent: what the gateway does not read (documents, images) and what a control
//! plane fills in (ids, the provider's tenant).

use bytes::Bytes;
use model::Files;
use model::files::FilesError;
use serde_json::{Value, json};

use crate::definition::{self, Info};
use crate::generate::Report;
use crate::mapping::{self, Mapping};
use crate::sequences;

/// Where the report is written.
pub const REPORT: &str = "SoapToRest/report.md";

/// What the API is called and where it is.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The name.
    pub name: &'a str,
    /// The context, beginning with a slash.
    pub context: &'a str,
    /// The version.
    pub version: &'a str,
    /// The URL of the service.
    pub endpoint: &'a str,
}

/// The WSDL as it is kept.
#[derive(Debug, Clone)]
pub enum Stored {
    /// One document.
    Wsdl(Bytes),
    /// An archive.
    Zip(Bytes),
}

/// How the service is offered.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// As it is.
    PassThrough,
    /// As REST.
    Rest {
        /// The mapping.
        mapping: &'a Mapping,
        /// What it lacks.
        report: &'a Report,
        /// Whether API Manager's sequences are written in place of the mapping.
        as_sequences: bool,
    },
}

/// The files of the project.
///
/// # Errors
///
/// A limit that the project would pass.
pub fn files(identity: Identity<'_>, stored: &Stored, form: Form<'_>) -> Result<Files, FilesError> {
    let mut files = Files::new();
    let info = Info { title: identity.name, version: identity.version };
    let (kind, operations, definition) = match form {
        Form::PassThrough => {
            ("SOAP", vec![operation("/*", "POST")], definition::of_pass_through(info))
        }
        Form::Rest { mapping, .. } => {
            let resources = mapping.resources.iter();
            let operations = resources.map(|one| operation(&one.path, &one.method)).collect();
            ("SOAPTOREST", operations, definition::of_mapping(mapping, info))
        }
    };
    let api = api(identity, kind, &operations);
    files.insert("api.yaml", model::yaml::to_yaml(&api))?;
    files.insert("Definitions/swagger.yaml", model::yaml::to_yaml(&definition))?;
    let (extension, bytes) = match stored {
        Stored::Wsdl(bytes) => ("wsdl", bytes),
        Stored::Zip(bytes) => ("zip", bytes),
    };
    let path = format!("WSDL/{}-{}.{extension}", identity.name, identity.version);
    files.insert(&path, bytes.clone())?;
    if let Form::Rest { mapping, report, as_sequences } = form {
        files.insert(REPORT, report.to_markdown())?;
        if as_sequences {
            put_sequences(mapping, &mut files)?;
        } else {
            files.insert(mapping::PATH, mapping::to_text(mapping))?;
        }
    }
    Ok(files)
}

fn put_sequences(mapping: &Mapping, files: &mut Files) -> Result<(), FilesError> {
    for resource in &mapping.resources {
        let made = sequences::of_resource(mapping, resource);
        files.insert(format!("{}/{}", sequences::IN, made.file), made.request)?;
        files.insert(format!("{}/{}", sequences::OUT, made.file), made.answer)?;
    }
    Ok(())
}

fn operation(target: &str, verb: &str) -> Value {
    json!({
        "target": target,
        "verb": verb,
        "authType": "Application & Application User",
        "throttlingPolicy": "Unlimited",
    })
}

fn api(identity: Identity<'_>, kind: &str, operations: &[Value]) -> Value {
    json!({
        "type": "api",
        "version": "v4.7.0",
        "data": {
            "name": identity.name,
            "context": identity.context,
            "version": identity.version,
            "provider": "admin",
            "lifeCycleStatus": "CREATED",
            "isDefaultVersion": false,
            "type": kind,
            "transport": ["http", "https"],
            "policies": ["Unlimited"],
            "authorizationHeader": "Authorization",
            "securityScheme": ["oauth2", "oauth_basic_auth_api_key_mandatory"],
            "visibility": "PUBLIC",
            "endpointConfig": {
                "endpoint_type": "http",
                "production_endpoints": { "url": identity.endpoint },
                "sandbox_endpoints": { "url": identity.endpoint },
            },
            "endpointImplementationType": "ENDPOINT",
            "operations": operations,
        },
    })
}
