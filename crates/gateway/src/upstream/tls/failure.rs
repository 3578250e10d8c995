//! Why a TLS connection to an upstream failed, in words that say how to mend it.

use std::fmt;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
use rustls_pki_types::UnixTime;

const BAD_SIGNATURE: &str = "its signature does not fit the authority of that name; where the authority has a new key, add its new certificate to the project's Endpoint-certificates/ or to the gateway's trusted roots";

/// Why a TLS connection to an upstream failed. `Display` is one line for the log; a caller only
/// learns that there was a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The certificate chain leads to nobody who is trusted.
    UnknownIssuer {
        /// The issuer that nothing is known of, as an X.500 name; empty when unknown.
        issuer: String,
        /// Whether the upstream's certificate is its own issuer.
        self_signed: bool,
        /// `host:port` of the upstream.
        upstream: String,
    },
    /// A certificate of the chain has expired.
    Expired {
        /// When, in seconds since 1970, if known.
        at: Option<u64>,
    },
    /// A certificate of the chain is not valid yet.
    NotYetValid {
        /// From when on, in seconds since 1970, if known.
        from: Option<u64>,
    },
    /// The certificate is for other names.
    NameMismatch {
        /// The host that was called.
        host: String,
        /// The names in the certificate; `CN=` marks one that is no alternative name.
        presented: Vec<String>,
    },
    /// The upstream showed an authority's certificate as its own.
    AuthorityAsServer {
        /// `host:port` of the upstream.
        upstream: String,
    },
    /// Another fault of a certificate: encoding, signature, purpose, …
    Certificate(String),
    /// The upstream insists on a client certificate.
    ClientCertificateWanted,
    /// The upstream does not take the client certificate that it was shown.
    ClientCertificateRefused(String),
    /// The upstream ended the handshake with an alert.
    Alert(String),
    /// No protocol version or cipher is common to both sides.
    NothingInCommon(String),
    /// What the upstream answered is no TLS.
    NotTls,
    /// The host of the endpoint is neither a DNS name nor an address.
    BadHost {
        /// The host as it was written.
        host: String,
    },
    /// Another breach of the protocol.
    Protocol(String),
    /// The connection broke during the handshake.
    Broken(String),
}

/// Carried through rustls to name the issuer in the log.
#[derive(Debug)]
pub(super) struct UntrustedIssuer {
    pub(super) issuer: String,
    pub(super) self_signed: bool,
}

impl fmt::Display for UntrustedIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown issuer {}", self.issuer)
    }
}

impl std::error::Error for UntrustedIssuer {}

impl TlsFailure {
    /// Reads the failure of a handshake with `host:port`, as `tokio-rustls` reports it.
    #[must_use]
    pub fn from_io(error: &std::io::Error, host: &str, port: u16) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        match inner {
            Some(inner) => Self::from_rustls(inner, host, port),
            None => Self::Broken(error.to_string()),
        }
    }

    /// Reads the alert of an upstream that is not content with the client's certificate. With TLS
    /// 1.3 it comes when the handshake is over for the client (RFC 8446 §4.4.2.4), and requests may
    /// be on their way that the upstream will never look at.
    #[must_use]
    pub fn late(error: &std::io::Error) -> Option<Self> {
        let Error::AlertReceived(alert) = error.get_ref()?.downcast_ref::<Error>()? else {
            return None;
        };
        let failure = Self::from_alert(*alert);
        let is_of_certificate =
            matches!(failure, Self::ClientCertificateWanted | Self::ClientCertificateRefused(_));
        is_of_certificate.then_some(failure)
    }

    fn from_rustls(error: &Error, host: &str, port: u16) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::from_certificate(error, host, port),
            Error::AlertReceived(alert) => Self::from_alert(*alert),
            Error::PeerIncompatible(detail) => Self::NothingInCommon(format!("{detail:?}")),
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls,
            other => Self::Protocol(other.to_string()),
        }
    }

    fn from_certificate(error: &CertificateError, host: &str, port: u16) -> Self {
        let upstream = || format!("{host}:{port}");
        let seconds = |time: &UnixTime| Some(time.as_secs());
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer {
                issuer: String::new(),
                self_signed: false,
                upstream: upstream(),
            },
            CertificateError::ExpiredContext { not_after, .. } => {
                Self::Expired { at: seconds(not_after) }
            }
            CertificateError::Expired => Self::Expired { at: None },
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid { from: seconds(not_before) }
            }
            CertificateError::NotValidYet => Self::NotYetValid { from: None },
            CertificateError::BadSignature => Self::Certificate(BAD_SIGNATURE.to_owned()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::NameMismatch { host: host.to_owned(), presented: presented.clone() }
            }
            CertificateError::Other(other) => Self::from_other(&*other.0, upstream()),
            other => Self::Certificate(other.to_string()),
        }
    }

    fn from_other(error: &(dyn std::error::Error + 'static), upstream: String) -> Self {
        if let Some(UntrustedIssuer { issuer, self_signed }) = error.downcast_ref() {
            return Self::UnknownIssuer {
                issuer: issuer.clone(),
                self_signed: *self_signed,
                upstream,
            };
        }
        match error.to_string() {
            text if text == "CaUsedAsEndEntity" => Self::AuthorityAsServer { upstream },
            text => Self::Certificate(text),
        }
    }

    fn from_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired => Self::ClientCertificateWanted,
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied => {
                Self::ClientCertificateRefused(format!("{alert:?}"))
            }
            AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity => {
                Self::NothingInCommon(format!("{alert:?}"))
            }
            other => Self::Alert(format!("{other:?}")),
        }
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer { issuer, self_signed, upstream } => {
                write_unknown_issuer(f, issuer, *self_signed, upstream)
            }
            Self::Expired { at } => write!(
                f,
                "the upstream's certificate has expired{}; have it renewed, and check the clock of this machine",
                Moment(" on ", *at)
            ),
            Self::NotYetValid { from } => write!(
                f,
                "the upstream's certificate is not valid yet{}; check the clock of this machine",
                Moment(", only from ", *from)
            ),
            Self::NameMismatch { host, presented } => write_mismatch(f, host, presented),
            Self::AuthorityAsServer { upstream } => write!(
                f,
                "the upstream shows an authority's certificate as its own; add exactly this certificate to the project's Endpoint-certificates/ with endpoint https://{upstream}, or have a server certificate issued"
            ),
            Self::Certificate(detail) => {
                write!(f, "the upstream's certificate cannot be accepted: {detail}")
            }
            Self::ClientCertificateWanted => f.write_str(
                "the upstream insists on a client certificate, and the gateway has none for it; give it one by `x-weir.clientCertificate` of the endpoint or by [[weir.tls.client]]",
            ),
            Self::ClientCertificateRefused(alert) => write!(
                f,
                "the upstream does not take the gateway's client certificate (alert {alert}); check that it is valid and that its authority is one that the upstream trusts"
            ),
            Self::Alert(alert) if alert == "HandshakeFailure" => f.write_str(
                "the upstream ended the handshake with the alert HandshakeFailure; perhaps it insists on a client certificate, or on a cipher that the gateway does not have",
            ),
            Self::Alert(alert) => write!(f, "the upstream ended the handshake with the alert {alert}"),
            Self::NothingInCommon(detail) => write!(
                f,
                "the upstream offers no TLS version and cipher that the gateway takes ({detail}); it has to speak TLS 1.2 or 1.3"
            ),
            Self::NotTls => f.write_str(
                "the upstream does not speak TLS on this port; check whether the endpoint should begin with http://",
            ),
            Self::BadHost { host } => {
                write!(f, "{host:?} is neither a DNS name nor an IP address; correct the endpoint")
            }
            Self::Protocol(detail) => write!(f, "the upstream broke the TLS protocol: {detail}"),
            Self::Broken(detail) => {
                write!(f, "the connection broke during the TLS handshake: {detail}")
            }
        }
    }
}

impl std::error::Error for TlsFailure {}

/// A point in time with the words before it, or nothing.
struct Moment(&'static str, Option<u64>);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.1.and_then(|seconds| i64::try_from(seconds).ok());
        match seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
            Some(moment) => write!(f, "{}{moment}", self.0),
            None => Ok(()),
        }
    }
}

fn write_unknown_issuer(
    f: &mut fmt::Formatter<'_>,
    issuer: &str,
    self_signed: bool,
    upstream: &str,
) -> fmt::Result {
    f.write_str("the upstream's certificate is ")?;
    match (self_signed, issuer.is_empty()) {
        (true, _) => f.write_str("self-signed")?,
        (false, true) => f.write_str("issued by an unknown authority")?,
        (false, false) => write!(f, "issued by an unknown authority ({issuer})")?,
    }
    let what = if self_signed { "the certificate" } else { "the authority's certificate" };
    write!(
        f,
        "; add {what} to the project's Endpoint-certificates/ with endpoint https://{upstream}, or to the gateway's trusted roots"
    )
}

fn write_mismatch(f: &mut fmt::Formatter<'_>, host: &str, presented: &[String]) -> fmt::Result {
    write!(f, "the upstream's certificate is not for {host}: ")?;
    if presented.is_empty() {
        f.write_str("it carries no name")?;
    } else {
        write!(f, "it is for {}", presented.join(", "))?;
    }
    f.write_str("; call the upstream by one of its names, or have the certificate issued anew with this one")
}
