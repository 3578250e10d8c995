//! The bodies of uploads.

/// What a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// The same letter again and again.
    Filler,
    /// An order as JSON; its region comes last, so that all of it has to be read.
    Json,
    /// An order as JSON whose items are all alike, as a schema wants them.
    Order,
    /// The same order as a SOAP 1.1 message.
    Soap,
    /// An order as XML without namespaces.
    Xml,
}

impl Content {
    /// A body of exactly that many bytes, or of the fewest that make sense.
    pub(crate) fn bytes(self, size: usize) -> String {
        let (head, item, tail): (_, fn(usize) -> String, _) = match self {
            Self::Filler => return "x".repeat(size),
            Self::Json => {
                ("{\"order\":{\"items\":[", json_item, "0],\"region\":\"eu\",\"note\":\"@\"}}")
            }
            Self::Order => ("{\"order\":{\"items\":[", json_item, ORDER_TAIL),
            Self::Soap => (SOAP_HEAD, soap_item, SOAP_TAIL),
            Self::Xml => ("<order><items>", xml_item, "</items><note>@</note></order>"),
        };
        let mut body = head.to_owned();
        for number in 1.. {
            let item = item(number);
            if body.len() + item.len() + tail.len() > size {
                break;
            }
            body.push_str(&item);
        }
        let room = (size + 1).saturating_sub(body.len() + tail.len());
        body + &tail.replace('@', &"x".repeat(room))
    }

    /// The `Content-Type`.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Filler => "application/octet-stream",
            Self::Json | Self::Order => "application/json",
            Self::Soap => "text/xml; charset=UTF-8",
            Self::Xml => "application/xml",
        }
    }
}

const ORDER_TAIL: &str =
    "{\"id\":0,\"name\":\"last\",\"price\":0.5,\"inStock\":true}],\"note\":\"@\"}}";
const SOAP_HEAD: &str = "<soapenv:Envelope \
    xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>\
    <m:order xmlns:m=\"urn:orders\"><m:items>";
const SOAP_TAIL: &str = "</m:items><m:region>eu</m:region><m:note>@</m:note></m:order>\
    </soapenv:Body></soapenv:Envelope>";

fn json_item(number: usize) -> String {
    format!(
        "{{\"id\":{number},\"name\":\"article {number}\",\"price\":{number}.5,\"inStock\":true}},"
    )
}

fn soap_item(number: usize) -> String {
    format!(
        "<m:item id=\"{number}\"><m:name>article {number}</m:name><m:price>{number}.5</m:price></m:item>"
    )
}

fn xml_item(number: usize) -> String {
    format!("<item><id>{number}</id><name>article {number}</name><price>{number}.5</price></item>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_their_size() {
        for content in [Content::Filler, Content::Json, Content::Order, Content::Soap, Content::Xml]
        {
            for size in [1024, 100 * 1024] {
                assert_eq!(content.bytes(size).len(), size, "{content:?}");
            }
        }
        let json: serde_json::Value =
            serde_json::from_str(&Content::Json.bytes(1024)).expect("a document");
        assert_eq!(json["order"]["region"], "eu");
    }
}
