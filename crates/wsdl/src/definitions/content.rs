//! What a binding says of a message: body, headers, attachments, and forms.

use xml::tree::NodeId;

use super::{MessageDraft, Reader};
use crate::description::{Body, Coding, Encoding, Header, MimeContent, MimePart};
use crate::namespace::{HTTP, MIME, SOAP, SOAP12, WSDL};

impl Reader<'_> {
    pub(super) fn content(&mut self, node: NodeId, draft: &mut MessageDraft) {
        match (self.markup.namespace(node), self.markup.local(node)) {
            (SOAP | SOAP12, "body" | "header") => self.envelope(node, draft),
            (MIME, "multipartRelated") => {
                for part in self.markup.named(node, MIME, "part") {
                    let part = self.mime_part(part, draft);
                    draft.bound.multipart.push(part);
                }
            }
            (MIME, "content" | "mimeXml") => draft.bound.content.push(self.mime_content(node)),
            (HTTP, "urlEncoded") => draft.bound.content.push(MimeContent::UrlEncoded),
            (HTTP, "urlReplacement") => draft.bound.content.push(MimeContent::UrlReplacement),
            (WSDL, "documentation") => {}
            (WSDL, _) => self.unknown(node),
            _ => draft.bound.extensions.push(self.extension(node)),
        }
    }

    /// A body or a header.
    fn envelope(&mut self, node: NodeId, draft: &mut MessageDraft) {
        if self.markup.local(node) == "header" {
            draft.bound.headers.extend(self.header(node));
            return;
        }
        let named = self.markup.attribute(node, "parts");
        draft.parts =
            named.map(|named| named.split_ascii_whitespace().map(str::to_owned).collect());
        draft.bound.body = Some(Body {
            parts: Vec::new(),
            encoding: self.encoding(node),
            source: self.markup.source(node),
        });
    }

    pub(super) fn encoding(&mut self, node: NodeId) -> Encoding {
        let coding = match self.markup.trimmed(node, "use") {
            None | Some("literal") => Coding::Literal,
            Some("encoded") => Coding::Encoded,
            Some(other) => {
                self.wrong(node, "use", other, "Write literal or encoded.");
                Coding::Literal
            }
        };
        let styles = self.markup.attribute(node, "encodingStyle").unwrap_or_default();
        let namespace = self.markup.trimmed(node, "namespace").filter(|name| !name.is_empty());
        Encoding {
            coding,
            namespace: namespace.map(str::to_owned),
            styles: styles.split_ascii_whitespace().map(str::to_owned).collect(),
        }
    }

    fn header(&mut self, node: NodeId) -> Option<Header> {
        let message = self.refer(node, "message", |parts| &mut parts.messages)?;
        let Some(part_name) = self.markup.trimmed(node, "part") else {
            self.lacks(node, "part");
            return None;
        };
        let mut faults = Vec::new();
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (SOAP | SOAP12, "headerfault") => faults.extend(self.header(child)),
                (WSDL, "documentation") => {}
                _ => self.foreign(child),
            }
        }
        Some(Header {
            message,
            part: None,
            part_name: part_name.to_owned(),
            encoding: self.encoding(node),
            faults,
            source: self.markup.source(node),
        })
    }

    fn mime_part(&mut self, node: NodeId, draft: &mut MessageDraft) -> MimePart {
        let name = self.markup.trimmed(node, "name").map(str::to_owned);
        let mut part = MimePart { name, ..MimePart::default() };
        for child in self.markup.elements(node) {
            match (self.markup.namespace(child), self.markup.local(child)) {
                (SOAP | SOAP12, "body" | "header") => {
                    part.is_envelope = true;
                    self.envelope(child, draft);
                }
                (MIME, "content" | "mimeXml") => part.contents.push(self.mime_content(child)),
                _ => self.foreign(child),
            }
        }
        part
    }

    fn mime_content(&self, node: NodeId) -> MimeContent {
        let part = self.markup.trimmed(node, "part").map(str::to_owned);
        if self.markup.local(node) == "mimeXml" {
            return MimeContent::Xml { part };
        }
        let media_type = self.markup.trimmed(node, "type").map(str::to_owned);
        MimeContent::Content { part, media_type }
    }
}
