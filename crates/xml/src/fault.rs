//! The XML bodies of faults (spec/01 §5.5).

use crate::escape::text;
use crate::soap::Version;

/// `am:fault`, the body of faults for callers that speak XML.
///
/// `kind` is the `type` element; some faults have none.
#[must_use]
pub fn report(code: &str, kind: Option<&str>, message: &str, description: &str) -> String {
    let kind = kind.map(|kind| format!("<am:type>{}</am:type>", text(kind))).unwrap_or_default();
    format!(
        "<am:fault xmlns:am=\"http://wso2.org/apimanager\"><am:code>{}</am:code>{kind}<am:message>{}</am:message><am:description>{}</am:description></am:fault>",
        text(code),
        text(message),
        text(description),
    )
}

/// `error`, the body for a key of the wrong kind (spec/01 §3.5).
#[must_use]
pub fn key_error(message: &str) -> String {
    format!("<error><message>{}</message></error>", text(message))
}

/// Whose fault a SOAP fault says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The caller's: `Client`, in 1.2 `Sender`.
    Caller,
    /// The service's: `Server`, in 1.2 `Receiver`.
    Service,
}

/// What a SOAP fault says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoapFault<'a> {
    /// Whose fault it is.
    pub blame: Blame,
    /// `faultstring`, in 1.2 `Reason`.
    pub reason: &'a str,
    /// `detail`, in 1.2 a text in `Detail`; nothing where it is empty.
    pub detail: &'a str,
}

/// An envelope with a fault.
#[must_use]
pub fn soap(version: Version, fault: &SoapFault<'_>) -> String {
    let fault = match version {
        Version::V11 => soap11(fault),
        Version::V12 => soap12(fault),
    };
    let namespace = version.namespace();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"{namespace}\"><soapenv:Body><soapenv:Fault>{fault}</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
}

fn soap11(fault: &SoapFault<'_>) -> String {
    let code = match fault.blame {
        Blame::Caller => "Client",
        Blame::Service => "Server",
    };
    let detail = match fault.detail {
        "" => "<detail/>".to_owned(),
        detail => format!("<detail>{}</detail>", text(detail)),
    };
    let reason = text(fault.reason);
    format!("<faultcode>soapenv:{code}</faultcode><faultstring>{reason}</faultstring>{detail}")
}

/// `Detail` holds elements alone (SOAP 1.2 part 1, §5.4.5), so the text is in one.
fn soap12(fault: &SoapFault<'_>) -> String {
    let code = match fault.blame {
        Blame::Caller => "Sender",
        Blame::Service => "Receiver",
    };
    let detail = match fault.detail {
        "" => String::new(),
        detail => format!(
            "<soapenv:Detail><am:description xmlns:am=\"http://wso2.org/apimanager\">{}</am:description></soapenv:Detail>",
            text(detail)
        ),
    };
    let reason = text(fault.reason);
    format!(
        "<soapenv:Code><soapenv:Value>soapenv:{code}</soapenv:Value></soapenv:Code><soapenv:Reason><soapenv:Text xml:lang=\"en\">{reason}</soapenv:Text></soapenv:Reason>{detail}"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    #[test]
    fn a_report_has_wso2s_elements() {
        assert_eq!(
            report("101503", Some("Status report"), "Runtime Error", "a < b"),
            "<am:fault xmlns:am=\"http://wso2.org/apimanager\"><am:code>101503</am:code>\
             <am:type>Status report</am:type><am:message>Runtime Error</am:message>\
             <am:description>a &lt; b</am:description></am:fault>"
        );
    }

    #[test]
    fn a_soap_fault_is_in_the_version_of_its_caller() {
        let fault = SoapFault { blame: Blame::Caller, reason: "a < b", detail: "c & d" };
        let body = |version| {
            let text = soap(version, &fault);
            let (_, inner) = text.split_once("<soapenv:Fault>").unwrap();
            inner.split_once("</soapenv:Fault>").unwrap().0.to_owned()
        };
        assert_eq!(
            body(Version::V11),
            "<faultcode>soapenv:Client</faultcode><faultstring>a &lt; b</faultstring>\
             <detail>c &amp; d</detail>"
        );
        assert_eq!(
            body(Version::V12),
            "<soapenv:Code><soapenv:Value>soapenv:Sender</soapenv:Value></soapenv:Code>\
             <soapenv:Reason><soapenv:Text xml:lang=\"en\">a &lt; b</soapenv:Text></soapenv:Reason>\
             <soapenv:Detail><am:description xmlns:am=\"http://wso2.org/apimanager\">c &amp; d\
             </am:description></soapenv:Detail>"
        );
        for version in [Version::V11, Version::V12] {
            let read =
                crate::read::read_text(&soap(version, &fault), &crate::read::Limits::default());
            assert!(read.is_ok(), "{version:?}");
        }
    }

    #[test]
    fn a_key_error_has_no_namespace() {
        assert_eq!(key_error("No"), "<error><message>No</message></error>");
    }
}
