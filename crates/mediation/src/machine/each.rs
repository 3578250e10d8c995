//! A loop over parts of the body: each is the body for one turn (`foreach`).

use std::collections::VecDeque;
use std::mem;

use model::fault::FaultCode;
use serde_json::Value as Json;
use xml::tree::{NodeId, Tree};

use crate::expression::Expression;
use crate::expression::evaluate::{self, exhausted};
use crate::fault::MediationFault;
use crate::limits::Limits;
use crate::mediator::{Surroundings, too_deep, wrote};
use crate::message::Message;
use crate::payload::{Envelope, Payload};
use crate::property::{Value, json_depth, json_size, xml_size};
use crate::sequence::ForEach;

/// A loop that is under way.
#[derive(Debug)]
pub(crate) struct Each {
    /// The body that the parts belong to.
    whole: Payload,
    parts: Parts,
    counter: Option<std::sync::Arc<str>>,
    turn: i64,
}

/// The parts; the first is the one whose turn it is.
#[derive(Debug)]
enum Parts {
    /// Elements of the envelope.
    Nodes(VecDeque<NodeId>),
    /// JSON pointers into the document.
    Pointers(VecDeque<String>),
}

impl Each {
    /// Begins the first turn; `None` where there is nothing to loop over.
    pub(crate) fn begin(
        step: &ForEach,
        message: &mut Message,
        around: Surroundings<'_>,
    ) -> Result<Option<Self>, MediationFault> {
        let parts = match &step.expression {
            Expression::JsonPath(path) => {
                let Some(value) = message.payload.json() else { return Ok(None) };
                let mut budget = around.moment(message).budget();
                let locations = path.locations(value, &mut budget).map_err(exhausted)?;
                Parts::Pointers(elements(
                    value,
                    locations.iter().map(|it| ::expression::json_path::pointer(it)),
                ))
            }
            Expression::XPath(path, _) => {
                let nodes = evaluate::selected(path, around.moment(message))?;
                let Some(envelope) = message.payload.envelope() else { return Ok(None) };
                let tree = &envelope.tree;
                let is_one = |id: &NodeId| tree.name(*id).is_some() && envelope.holds(*id);
                Parts::Nodes(nodes.into_iter().filter(is_one).collect())
            }
            // Refused when it was read.
            _ => return Ok(None),
        };
        if parts.is_empty() {
            return Ok(None);
        }
        if parts.len() as u64 > around.limits.mediators {
            let detail = format!("foreach has {} turns", parts.len());
            return Err(MediationFault::new(FaultCode::PolicySteps, detail));
        }
        if matches!(parts, Parts::Nodes(_)) {
            // From now on the XML is what the body is.
            message.payload.envelope_mut(around.limits)?;
        }
        let media = message.payload.media().clone();
        let whole = mem::replace(&mut message.payload, Payload::unread(media));
        let mut each = Self { whole, parts, counter: step.counter.clone(), turn: 0 };
        each.show(message, around.limits)?;
        Ok(Some(each))
    }

    /// The body that the parts belong to, as far as they were put back.
    pub(crate) fn whole(&mut self) -> Payload {
        mem::take(&mut self.whole)
    }

    /// Ends a turn: takes what is left of the part, and shows the next; false where there is none.
    pub(crate) fn turn(
        &mut self,
        message: &mut Message,
        limits: &Limits,
    ) -> Result<bool, MediationFault> {
        self.collect(message, limits)?;
        self.turn += 1;
        if self.parts.is_empty() {
            message.payload = self.whole();
            return Ok(false);
        }
        self.show(message, limits)?;
        Ok(true)
    }

    fn show(&mut self, message: &mut Message, limits: &Limits) -> Result<(), MediationFault> {
        let mut part = Payload::whole(bytes::Bytes::new(), self.whole.media().clone());
        match &self.parts {
            Parts::Nodes(nodes) => {
                if let (Some(node), Some(envelope)) = (nodes.front(), self.whole.envelope()) {
                    let mut own = Tree::new();
                    let copy = own.import(&envelope.tree, *node);
                    let document = own.document();
                    own.append(document, copy);
                    part.set_envelope(Envelope::around(own));
                }
            }
            Parts::Pointers(pointers) => {
                let whole = self.whole.json_mut(limits)?;
                let value = pointers.front().and_then(|pointer| whole.pointer(pointer));
                part.set_json(value.cloned().unwrap_or_default());
            }
        }
        message.payload = part;
        if let Some(counter) = &self.counter {
            message.properties.set(counter, Value::Integer(self.turn));
        }
        Ok(())
    }

    fn collect(&mut self, message: &mut Message, limits: &Limits) -> Result<(), MediationFault> {
        match &mut self.parts {
            Parts::Nodes(nodes) => {
                let Some(node) = nodes.pop_front() else { return Ok(()) };
                message.payload.prepare(crate::expression::Need::Xml, limits)?;
                let envelope = self.whole.envelope_mut(limits)?;
                let Some(part) = message.payload.envelope() else { return Ok(()) };
                let size = xml_size(&part.tree);
                wrote(&mut message.written, size, limits)?;
                match part.content() {
                    Some(content) => {
                        let copy = envelope.tree.import(&part.tree, content);
                        envelope.tree.replace(node, copy);
                    }
                    None => envelope.tree.detach(node),
                }
            }
            Parts::Pointers(pointers) => {
                let Some(pointer) = pointers.pop_front() else { return Ok(()) };
                message.payload.prepare(crate::expression::Need::Json, limits)?;
                let value = message.payload.json().map(|value| Json::clone(value));
                let depth = pointer.matches('/').count() + value.as_ref().map_or(0, json_depth);
                if depth > limits.json_depth {
                    return Err(too_deep(limits));
                }
                wrote(&mut message.written, value.as_ref().map_or(0, json_size), limits)?;
                let whole = self.whole.json_mut(limits)?;
                if let Some(place) = whole.pointer_mut(&pointer) {
                    *place = value.unwrap_or_default();
                }
            }
        }
        Ok(())
    }
}

impl Parts {
    fn len(&self) -> usize {
        match self {
            Self::Nodes(nodes) => nodes.len(),
            Self::Pointers(pointers) => pointers.len(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Nodes(nodes) => nodes.is_empty(),
            Self::Pointers(pointers) => pointers.is_empty(),
        }
    }
}

/// What is selected; of a single array, its items.
fn elements(value: &Json, pointers: impl Iterator<Item = String>) -> VecDeque<String> {
    let pointers: VecDeque<String> = pointers.collect();
    if let [only] = pointers.iter().collect::<Vec<_>>().as_slice()
        && let Some(Json::Array(items)) = value.pointer(only)
    {
        return (0..items.len()).map(|index| format!("{only}/{index}")).collect();
    }
    pointers
}
