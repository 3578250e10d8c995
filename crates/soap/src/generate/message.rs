//! Messages of operations: what stands in the body, in the header, in the detail of faults.

use wsdl::description::{
    BindingMessage, Call, Coding, Encoding, Header, Message as WsdlMessage, Part, PartContent,
    Style,
};
use xml::name::Name;

use super::report::Fidelity;
use super::schema::Types;
use crate::mapping::{Complex, Content, Element, Message, Particle, Term};

impl Types<'_> {
    /// What the service is sent.
    pub(super) fn request(&mut self, call: &Call<'_>) -> Message {
        let bound = call.bound.input.as_ref();
        let message = call.operation.input.as_ref().map(|one| one.message);
        let message = message.map(|id| self.description.message(id));
        self.message(call, bound, message, &call.bound.name)
    }

    /// What it answers; none for operations that answer nothing.
    pub(super) fn answer(&mut self, call: &Call<'_>) -> Option<Message> {
        let output = call.operation.output.as_ref()?;
        let message = self.description.message(output.message);
        let wrapper = format!("{}Response", call.bound.name);
        Some(self.message(call, call.bound.output.as_ref(), Some(message), &wrapper))
    }

    /// What may stand in the detail of a fault.
    pub(super) fn faults(&mut self, call: &Call<'_>) -> Content {
        let mut particles = Vec::new();
        for fault in &call.operation.faults {
            for part in &self.description.message(fault.message).parts {
                let mut particle = self.part(part);
                particle.min = 0;
                particles.push(particle);
            }
        }
        self.keyed(particles)
    }

    fn message(
        &mut self,
        call: &Call<'_>,
        bound: Option<&BindingMessage>,
        message: Option<&WsdlMessage>,
        wrapper: &str,
    ) -> Message {
        let Some((bound, message)) = bound.zip(message) else { return Message::default() };
        if !bound.multipart.is_empty() {
            let why = "parts beside the envelope (attachments) are not mapped; answers with them are refused";
            self.note(Fidelity::Missing, call.bound.source, &call.bound.name, why);
        }
        let header = self.headers(call, &bound.headers);
        let Some(body) = &bound.body else {
            return Message { header, ..Message::default() };
        };
        let parts: Vec<_> = body.parts.iter().filter_map(|at| message.parts.get(*at)).collect();
        let is_encoded = body.encoding.coding == Coding::Encoded;
        if is_encoded {
            let why = "values that refer to each other are written in full; circles cannot be";
            self.note(Fidelity::Rough, body.source, &call.bound.name, why);
        }
        let content = if call.bound.style == Style::Rpc {
            self.wrapped(wrapper, &body.encoding, &parts)
        } else {
            self.bare(&parts)
        };
        Message { is_encoded, header, body: content }
    }

    /// The parts as they are.
    fn bare(&mut self, parts: &[&Part]) -> Content {
        for part in parts.iter().filter(|part| part.element().is_none()) {
            let why = "a message of document style has a type where it needs an element; \
                       the name of the part is taken";
            self.note(Fidelity::Rough, part.source, &part.name, why);
        }
        let particles = parts.iter().map(|part| self.part(part)).collect();
        self.keyed(particles)
    }

    /// An element around the parts.
    fn wrapped(&mut self, wrapper: &str, encoding: &Encoding, parts: &[&Part]) -> Content {
        let particles = parts.iter().map(|part| self.part(part)).collect();
        let content = self.keyed(particles);
        let namespace = encoding.namespace.as_deref().unwrap_or_default();
        let name = self.spaces.name(&Name::new(namespace, wrapper));
        let complex = Complex { content, ..Complex::default() };
        let type_ref = self.add_anonymous(&name, complex);
        let element =
            Element { key: name.local.clone(), name, type_ref, is_nillable: false, default: None };
        Content::new(vec![Particle { min: 1, max: Some(1), term: Term::Element(element) }])
    }

    fn part(&mut self, part: &Part) -> Particle {
        match part.content {
            PartContent::Element(id) => self.element(id, 1, Some(1)),
            PartContent::Type(id) => {
                let name = self.spaces.name(&Name::local(&part.name));
                let type_ref = self.type_ref(id, &name);
                let element = Element {
                    key: name.local.clone(),
                    name,
                    type_ref,
                    is_nillable: true,
                    default: None,
                };
                Particle { min: 1, max: Some(1), term: Term::Element(element) }
            }
        }
    }

    fn headers(&mut self, call: &Call<'_>, headers: &[Header]) -> Content {
        let mut particles = Vec::new();
        for header in headers {
            let part =
                header.part.and_then(|at| self.description.message(header.message).parts.get(at));
            let Some(part) = part else { continue };
            let mut particle = self.part(part);
            particle.min = 0;
            particles.push(particle);
            let why = format!(
                "the header `{}` may be given as a header of HTTP where it is simple, else in \
                 `$header`; it is not asked for",
                part.name
            );
            self.note(Fidelity::Rough, header.source, &call.bound.name, &why);
        }
        self.keyed(particles)
    }
}
