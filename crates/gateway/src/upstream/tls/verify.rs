//! The verification of an upstream's certificate.
//!
//! The work is done by webpki through rustls' public steps: the chain up to an anchor, then the
//! name. Signatures of the handshake are always verified.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::failure::UntrustedIssuer;
use super::name;
use crate::config::HostnameVerifier;
use crate::listener::tls::provider;

/// The certificates that were given for one upstream. Each is an anchor for chains, and is trusted
/// itself when the upstream shows it.
#[derive(Debug)]
pub(super) struct Given {
    certificates: Vec<CertificateDer<'static>>,
    anchors: RootCertStore,
}

impl Given {
    /// Certificates that cannot be an anchor still count when they are shown themselves.
    pub(super) fn new(certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut anchors = RootCertStore::empty();
        anchors.add_parsable_certificates(certificates.iter().cloned());
        Self { certificates, anchors }
    }
}

/// Verifies the certificates of one upstream, or of all that have no certificates of their own.
#[derive(Debug)]
pub(super) struct UpstreamVerifier {
    roots: Arc<RootCertStore>,
    given: Given,
    names: HostnameVerifier,
    algorithms: WebPkiSupportedAlgorithms,
}

impl UpstreamVerifier {
    pub(super) fn new(roots: Arc<RootCertStore>, given: Given, names: HostnameVerifier) -> Self {
        let algorithms = provider().signature_verification_algorithms;
        Self { roots, given, names, algorithms }
    }

    /// The chain: the leaf itself was given, or it leads to one of the given, or to a root.
    fn verify_chain(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if self.given.certificates.iter().any(|one| one.as_ref() == leaf.as_ref()) {
            return verify_dates(leaf, now);
        }
        let parsed = ParsedCertificate::try_from(leaf)?;
        let mut outcome = Err(CertificateError::UnknownIssuer.into());
        for anchors in [&self.given.anchors, &*self.roots] {
            let algorithms = self.algorithms.all;
            let attempt = verify_server_cert_signed_by_trust_anchor(
                &parsed,
                anchors,
                intermediates,
                now,
                algorithms,
            );
            if attempt.is_ok() || is_unknown_issuer(&outcome) {
                outcome = attempt;
            }
        }
        outcome.map_err(|error| with_issuer(error, leaf, intermediates))
    }
}

impl ServerCertVerifier for UpstreamVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify_chain(leaf, intermediates, now)?;
        name::verify(leaf, host, self.names)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn is_unknown_issuer(outcome: &Result<(), Error>) -> bool {
    matches!(outcome, Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)))
}

/// The dates of a leaf that is trusted by itself, which no chain has checked.
fn verify_dates(leaf: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| CertificateError::BadEncoding)?;
    let seconds = |time: x509_parser::time::ASN1Time| {
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            u64::try_from(time.timestamp()).unwrap_or(0),
        ))
    };
    let not_before = seconds(parsed.validity().not_before);
    let not_after = seconds(parsed.validity().not_after);
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    Ok(())
}

/// Says which issuer is not known, for the log.
fn with_issuer(
    error: Error,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Error {
    if !is_unknown_issuer(&Err(error.clone())) {
        return error;
    }
    let last = intermediates.last().unwrap_or(leaf);
    let Ok((_, last)) = X509Certificate::from_der(last) else { return error };
    let Ok((_, leaf)) = X509Certificate::from_der(leaf) else { return error };
    let detail = UntrustedIssuer {
        issuer: last.issuer().to_string(),
        self_signed: leaf.issuer() == leaf.subject(),
    };
    CertificateError::Other(OtherError(Arc::new(detail))).into()
}
