//! JSON to XML.

use std::collections::HashMap;
use std::slice;

use foldhash::quality::RandomState;
use serde_json::{Map, Value, map};

use super::{ARRAY, ELEMENT, INSTANCE, MULTIPLE, OBJECT, Options, VALUE, keys};
use crate::name::Name;
use crate::read::{ReadError, Reason};
use crate::tree::{Kind, NodeId, Place, Tree};

struct Builder<'v> {
    tree: Tree,
    options: &'v Options,
    open: Vec<Frame<'v>>,
    /// The names of elements that keys were made.
    names: HashMap<&'v str, Name, RandomState>,
}

/// An element whose children are still to come.
struct Frame<'v> {
    parent: NodeId,
    /// How deep the parent is; that of the document element is 1.
    depth: usize,
    items: Items<'v>,
}

enum Items<'v> {
    Members(map::Iter<'v>),
    /// Values that all get the same name.
    Repeated(Name, slice::Iter<'v, Value>),
}

type Outcome = Result<(), ReadError>;

pub(super) fn convert(value: &Value, options: &Options) -> Result<Tree, ReadError> {
    let mut builder =
        Builder { tree: Tree::new(), options, open: Vec::new(), names: HashMap::default() };
    builder.top(value)?;
    while let Some(frame) = builder.open.last_mut() {
        let (parent, depth) = (frame.parent, frame.depth);
        match &mut frame.items {
            Items::Members(members) => match members.next() {
                Some((key, value)) => builder.member(parent, depth, key, value)?,
                None => builder.close(),
            },
            Items::Repeated(name, values) => match values.next() {
                Some(value) => {
                    let name = name.clone();
                    builder.child(parent, depth, name, value)?;
                }
                None => builder.close(),
            },
        }
    }
    Ok(builder.tree)
}

impl<'v> Builder<'v> {
    fn top(&mut self, value: &'v Value) -> Outcome {
        let name = match value {
            Value::Object(_) => OBJECT,
            Value::Array(_) => ARRAY,
            _ => VALUE,
        };
        let root = self.element(self.tree.document(), 0, Name::local(name))?;
        match value {
            Value::Object(members) => self.members(root, 1, members),
            Value::Array(values) => self.repeated(root, 1, Name::local(ELEMENT), values),
            scalar => self.scalar(root, scalar)?,
        }
        Ok(())
    }

    fn member(&mut self, parent: NodeId, depth: usize, key: &'v str, value: &'v Value) -> Outcome {
        let attribute = key.strip_prefix('@').filter(|_| self.options.attributes);
        match (value, attribute) {
            (Value::Array(values), _) => {
                let name = self.name_of(key)?;
                if self.options.keep_shape {
                    let data = (*name.local).to_owned();
                    let target = MULTIPLE.to_owned();
                    self.node(parent, Kind::Instruction { target, data })?;
                }
                self.repeated(parent, depth, name, values);
                Ok(())
            }
            (Value::String(_) | Value::Number(_) | Value::Bool(_), Some(name)) => {
                self.attribute(parent, name, value)
            }
            (Value::String(_) | Value::Number(_) | Value::Bool(_), None) if key == "$" => {
                self.scalar(parent, value)
            }
            _ => {
                let name = self.name_of(key)?;
                self.child(parent, depth, name, value)
            }
        }
    }

    /// Puts a value into an element of its own.
    fn child(&mut self, parent: NodeId, depth: usize, name: Name, value: &'v Value) -> Outcome {
        let id = self.element(parent, depth, name)?;
        match value {
            Value::Array(values) => {
                let array = self.element(id, depth + 1, Name::local(ARRAY))?;
                self.repeated(array, depth + 2, Name::local(ELEMENT), values);
            }
            Value::Object(members) if members.is_empty() && self.options.keep_shape => {
                self.element(id, depth + 1, Name::local(OBJECT))?;
            }
            Value::Object(members) => self.members(id, depth + 1, members),
            scalar => self.scalar(id, scalar)?,
        }
        Ok(())
    }

    fn scalar(&mut self, id: NodeId, value: &Value) -> Outcome {
        if value.is_null() {
            return self.nil(id);
        }
        let text = text(value);
        if !text.is_empty() {
            self.node(id, Kind::Text(text))?;
        }
        Ok(())
    }

    fn nil(&mut self, id: NodeId) -> Outcome {
        self.room()?;
        if let Some(root) = self.tree.root() {
            self.tree.declare(root, "xsi", INSTANCE);
        }
        let name = Name::prefixed(INSTANCE, "xsi", "nil");
        self.tree.push_attribute(id, Kind::Attribute(name, "true".to_owned()), Place::default());
        Ok(())
    }

    fn attribute(&mut self, id: NodeId, key: &str, value: &Value) -> Outcome {
        let name = self.name(&keys::encode_attribute(key))?;
        self.room()?;
        if self.tree.attributes(id).count() >= self.options.read_limits.attributes {
            return Err(refuse(Reason::TooManyAttributes));
        }
        self.tree.set_attribute(id, name, &text(value));
        Ok(())
    }

    fn members(&mut self, parent: NodeId, depth: usize, members: &'v Map<String, Value>) {
        self.open.push(Frame { parent, depth, items: Items::Members(members.iter()) });
    }

    fn repeated(&mut self, parent: NodeId, depth: usize, name: Name, values: &'v [Value]) {
        self.open.push(Frame { parent, depth, items: Items::Repeated(name, values.iter()) });
    }

    fn close(&mut self) {
        self.open.pop();
    }

    fn element(&mut self, parent: NodeId, depth: usize, name: Name) -> Result<NodeId, ReadError> {
        if depth >= self.options.read_limits.depth {
            return Err(refuse(Reason::TooDeep));
        }
        self.node(parent, Kind::Element(name))
    }

    fn node(&mut self, parent: NodeId, kind: Kind) -> Result<NodeId, ReadError> {
        self.room()?;
        Ok(self.tree.push_child(parent, kind, Place::default()))
    }

    fn room(&self) -> Outcome {
        if self.tree.len() > self.options.read_limits.nodes {
            return Err(refuse(Reason::TooManyNodes));
        }
        Ok(())
    }

    fn name_of(&mut self, key: &'v str) -> Result<Name, ReadError> {
        if let Some(name) = self.names.get(key) {
            return Ok(name.clone());
        }
        let name = self.name(&keys::encode(key))?;
        self.names.insert(key, name.clone());
        Ok(name)
    }

    fn name(&self, local: &str) -> Result<Name, ReadError> {
        if local.len() > self.options.read_limits.name {
            return Err(refuse(Reason::NameTooLong));
        }
        Ok(Name::local(local))
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn refuse(reason: Reason) -> ReadError {
    ReadError::new(Place::default(), reason)
}
