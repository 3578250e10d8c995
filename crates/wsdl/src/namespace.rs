//! The namespaces that are known here.

/// WSDL 1.1.
pub const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
/// WSDL 2.0.
pub const WSDL_2: &str = "http://www.w3.org/ns/wsdl";
/// XML Schema 1.0 and 1.1.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// `xsi:type`, `xsi:nil`.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// SOAP 1.1 in WSDL 1.1.
pub const SOAP: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
/// SOAP 1.2 in WSDL 1.1.
pub const SOAP12: &str = "http://schemas.xmlsoap.org/wsdl/soap12/";
/// HTTP in WSDL 1.1.
pub const HTTP: &str = "http://schemas.xmlsoap.org/wsdl/http/";
/// MIME in WSDL 1.1.
pub const MIME: &str = "http://schemas.xmlsoap.org/wsdl/mime/";
/// SOAP in WSDL 2.0.
pub const SOAP_2: &str = "http://www.w3.org/ns/wsdl/soap";
/// HTTP in WSDL 2.0.
pub const HTTP_2: &str = "http://www.w3.org/ns/wsdl/http";
/// Extensions of WSDL 2.0.
pub const EXTENSIONS_2: &str = "http://www.w3.org/ns/wsdl-extensions";
/// The envelope of SOAP 1.1.
pub const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The envelope of SOAP 1.2.
pub const ENVELOPE_12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// The encoding of SOAP 1.1.
pub const ENCODING: &str = "http://schemas.xmlsoap.org/soap/encoding/";
/// The encoding of SOAP 1.2.
pub const ENCODING_12: &str = "http://www.w3.org/2003/05/soap-encoding";
/// Content types of binary data.
pub const XMIME: &str = "http://www.w3.org/2005/05/xmlmime";
/// The draft of [`XMIME`] that some tools wrote.
pub const XMIME_DRAFT: &str = "http://www.w3.org/2004/11/xmlmime";
/// WS-Addressing 1.0.
pub const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
/// The submission of WS-Addressing.
pub const ADDRESSING_DRAFT: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
/// The actions of WS-Addressing in WSDL: the drafts' namespace, and the final ones.
pub const ADDRESSING_WSDL: [&str; 3] = [
    "http://www.w3.org/2006/05/addressing/wsdl",
    "http://www.w3.org/2007/05/addressing/metadata",
    "http://www.w3.org/2007/02/addressing/metadata",
];
/// XML Schema before it was finished.
pub const XSD_DRAFTS: [&str; 2] =
    ["http://www.w3.org/1999/XMLSchema", "http://www.w3.org/2000/10/XMLSchema"];
/// WSDL 2.0 before it was finished.
pub const WSDL_2_DRAFTS: [&str; 5] = [
    "http://www.w3.org/2006/01/wsdl",
    "http://www.w3.org/2005/08/wsdl",
    "http://www.w3.org/2005/05/wsdl",
    "http://www.w3.org/2004/08/wsdl",
    "http://www.w3.org/2004/03/wsdl",
];
/// The transport of SOAP over HTTP, in WSDL 1.1.
pub const TRANSPORT: &str = "http://schemas.xmlsoap.org/soap/http";
