//! Whether a certificate is for the host that was called (RFC 9525, and where
//! `HostnameVerifier` asks for it, the older customs of WSO2; spec/03 §5.4).

use std::net::IpAddr;

use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use rustls_pki_types::{CertificateDer, ServerName};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::config::HostnameVerifier;

const LOCAL: [&str; 4] = ["localhost", "localhost.localdomain", "127.0.0.1", "::1"];

/// Checks the name under the rules of `rule`.
///
/// # Errors
/// `NotValidForNameContext` with the names that the certificate carries.
pub(super) fn verify(
    leaf: &CertificateDer<'_>,
    host: &ServerName<'_>,
    rule: HostnameVerifier,
) -> Result<(), Error> {
    let text = host.to_str();
    if rule == HostnameVerifier::AllowAll || (is_lenient_for_local(rule) && is_local(&text)) {
        return Ok(());
    }
    let parsed = ParsedCertificate::try_from(leaf);
    if parsed.is_ok_and(|parsed| verify_server_name(&parsed, host).is_ok()) {
        return Ok(());
    }
    let names = Names::of(leaf)?;
    if rule != HostnameVerifier::Strict && names.cover(&text) {
        return Ok(());
    }
    let presented = names.described();
    Err(CertificateError::NotValidForNameContext { expected: host.to_owned(), presented }.into())
}

fn is_lenient_for_local(rule: HostnameVerifier) -> bool {
    rule == HostnameVerifier::DefaultAndLocalhost
}

fn is_local(host: &str) -> bool {
    LOCAL.iter().any(|local| local.eq_ignore_ascii_case(host))
}

/// The names that a certificate carries.
struct Names {
    has_alternatives: bool,
    dns: Vec<String>,
    addresses: Vec<IpAddr>,
    common: Option<String>,
}

impl Names {
    fn of(leaf: &CertificateDer<'_>) -> Result<Self, Error> {
        let (_, parsed) =
            X509Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
        let alternatives =
            parsed.subject_alternative_name().map_err(|_| CertificateError::BadEncoding)?;
        let common = parsed.subject().iter_common_name().next();
        let mut names = Self {
            has_alternatives: alternatives.is_some(),
            dns: Vec::new(),
            addresses: Vec::new(),
            common: common.and_then(|name| name.as_str().ok()).map(str::to_owned),
        };
        for name in alternatives.iter().flat_map(|san| &san.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.dns.push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => names.addresses.extend(address(bytes)),
                _ => {}
            }
        }
        Ok(names)
    }

    /// What webpki does not take: a wildcard for several labels, and the common name of a
    /// certificate that has no alternative names at all.
    fn cover(&self, host: &str) -> bool {
        if host.parse::<IpAddr>().is_err() && self.dns.iter().any(|name| covers(name, host)) {
            return true;
        }
        let legacy = self.common.as_deref().filter(|_| !self.has_alternatives);
        let covered = legacy.is_some_and(|name| covers(name, host));
        if covered {
            tracing::warn!(
                host,
                "The upstream's certificate names its host in the common name only; have it issued anew with a subject alternative name."
            );
        }
        covered
    }

    fn described(&self) -> Vec<String> {
        let mut all = self.dns.clone();
        all.extend(self.addresses.iter().map(ToString::to_string));
        if !self.has_alternatives {
            all.extend(self.common.iter().map(|name| format!("CN={name}")));
        }
        all
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Whether `pattern` covers `host`. `*.` covers one or more labels, and needs a parent of two
/// labels at least; it never covers an address.
fn covers(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (without_dot(pattern), without_dot(host));
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(parent) = pattern.strip_prefix("*.") else { return false };
    if !parent.contains('.') || parent.contains('*') || host.parse::<IpAddr>().is_ok() {
        return false;
    }
    let Some(cut) = host.len().checked_sub(parent.len() + 1) else { return false };
    let ends_alike = host.get(cut + 1..).is_some_and(|end| end.eq_ignore_ascii_case(parent));
    cut > 0 && ends_alike && host.as_bytes().get(cut) == Some(&b'.')
}

fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn wildcards_cover_whole_labels_below_a_parent_of_two() {
        for (pattern, host, want) in [
            ("a.test", "A.TEST", true),
            ("a.test", "a.test.", true),
            ("*.example.test", "a.example.test", true),
            ("*.example.test", "a.b.example.test", true),
            ("*.example.test", "example.test", false),
            ("*.example.test", ".example.test", false),
            ("*.example.test", "aexample.test", false),
            ("*.example.test", "a.example.testing", false),
            ("*.test", "a.test", false),
            ("*", "test", false),
            ("*.*.test", "a.b.test", false),
            ("a*.example.test", "ab.example.test", false),
            ("*.0.0.1", "127.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
        ] {
            assert_eq!(covers(pattern, host), want, "{pattern} {host}");
        }
    }
}
