//! The XML bodies of faults (spec/01 §5.5).

use crate::escape::text;

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

/// A SOAP 1.1 fault whose code is `Server`.
#[must_use]
pub fn soap11(reason: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>{}</faultstring><detail/></soapenv:Fault></soapenv:Body></soapenv:Envelope>",
        text(reason),
    )
}

#[cfg(test)]
mod tests {
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
    fn a_key_error_has_no_namespace() {
        assert_eq!(key_error("No"), "<error><message>No</message></error>");
    }
}
