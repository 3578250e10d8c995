//! Endpoint certificates: PEM or DER, and the host that each is for (spec/03 §5.1).
//!
//! Deliberately absent: the check of validity, which needs a clock and belongs to the gateway.

use ::url::Url;
use model::project::EndpointCertificate;
use model::{Diagnostics, Place, Project, codes};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::plan::TrustedCertificate;

/// The tag of an ASN.1 SEQUENCE, with which every certificate begins.
const SEQUENCE: u8 = 0x30;

pub(super) fn plan(project: &Project, found: &mut Diagnostics) -> Vec<TrustedCertificate> {
    let certificates = &project.endpoint_certificates;
    certificates.iter().filter_map(|certificate| plan_one(certificate, found)).collect()
}

fn plan_one(
    certificate: &EndpointCertificate,
    found: &mut Diagnostics,
) -> Option<TrustedCertificate> {
    let der = decode(&certificate.content);
    if der.is_empty() {
        let message = format!("`{}` holds no certificate in PEM or DER", certificate.path);
        let help = "Replace it by a PEM or DER certificate.";
        found.error(codes::CERTIFICATE_CONTENT, Place::file(&certificate.path), message, help);
    }
    let address = host_and_port(&certificate.endpoint);
    if address.is_none() {
        let endpoint = &certificate.endpoint;
        let message = format!("the endpoint `{endpoint}` of the certificate names no host");
        let help = "Write a URL such as `https://backend.example:8443`.";
        found.error(codes::CERTIFICATE_ENDPOINT, certificate.place.clone(), message, help);
    }
    let (host, port) = address?;
    let alias = certificate.alias.clone();
    (!der.is_empty()).then_some(TrustedCertificate { alias, host, port, der })
}

/// Every certificate of a PEM file, or the one that a DER file is.
fn decode(content: &[u8]) -> Vec<Vec<u8>> {
    if is_der(content) {
        return vec![content.to_vec()];
    }
    let blocks = CertificateDer::pem_slice_iter(content).map_while(Result::ok);
    blocks.map(|der| der.to_vec()).filter(|der| is_der(der)).collect()
}

/// Whether the outer length of the ASN.1 value is that of the content (X.690 §8.1.3).
fn is_der(content: &[u8]) -> bool {
    let [tag, first, rest @ ..] = content else { return false };
    if *tag != SEQUENCE {
        return false;
    }
    if *first < 0x80 {
        return rest.len() == usize::from(*first);
    }
    let count = usize::from(*first & 0x7f);
    let Some((length, body)) = rest.split_at_checked(count).filter(|_| (1..=4).contains(&count))
    else {
        return false;
    };
    let length = length.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    u64::try_from(body.len()) == Ok(length)
}

/// The host in lower case, and the port where one is written; WSO2's own form is a URL, and a bare
/// host is taken too.
fn host_and_port(endpoint: &str) -> Option<(String, Option<u16>)> {
    let endpoint = endpoint.trim();
    let written = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let authority = written.split(['/', '?', '#']).next()?;
    // A scheme without a usual port, so that a port that is written is never dropped.
    let parsed = Url::parse(&format!("any://{authority}")).ok()?;
    let host = parsed.host_str().filter(|host| !host.is_empty())?;
    Some((host.to_ascii_lowercase(), parsed.port()))
}
