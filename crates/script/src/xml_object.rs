//! XML as a script sees it: children by their names, attributes, text; to read, not to change.
//!
//! An object stands for a list of nodes, as in E4X; the nodes themselves stay outside of the
//! engine, which holds their numbers.

use std::rc::Rc;

use rquickjs::function::Opt;
use rquickjs::{Coerced, Ctx, Exception, Function, IntoJs, Object, Result, Value};
use xml::read::Limits;
use xml::tree::{Kind, NodeId, Tree};

use crate::guard;
use crate::mc::{Shared, once};

/// The name of the function that makes objects of numbers.
const MAKER: &str = "__xmlObject";
/// Nodes that a script may get hold of.
const MOST_NODES: usize = 100_000;

/// What an object can do; all else is the name of a child.
const PRELUDE: &str = include_str!("xml_object/prelude.js");

/// The nodes that a script has got hold of, by number.
#[derive(Debug, Default)]
pub(crate) struct Table {
    nodes: Vec<(Rc<Tree>, NodeId)>,
}

impl Table {
    fn add(&mut self, tree: &Rc<Tree>, id: NodeId) -> Option<u32> {
        let number = u32::try_from(self.nodes.len()).ok()?;
        (self.nodes.len() < MOST_NODES).then(|| self.nodes.push((Rc::clone(tree), id)))?;
        Some(number)
    }

    fn get(&self, number: u32) -> Option<(Rc<Tree>, NodeId)> {
        self.nodes.get(usize::try_from(number).ok()?).cloned()
    }
}

/// `XML`, which reads a text.
pub(crate) fn constructor<'js>(ctx: &Ctx<'js>, held: &Shared) -> Result<Function<'js>> {
    let held = Rc::clone(held);
    // Made at the first call: most scripts have no XML.
    let make = Function::new(ctx.clone(), move |ctx: Ctx<'js>, text: Opt<Coerced<String>>| {
        guard::check(&ctx, held.borrow().clock())?;
        let text = text.0.map(|text| text.0).unwrap_or_default();
        make(&ctx, &held, &text)
    })?;
    Ok(make.with_constructor(true))
}

/// Makes what is otherwise made with the first object.
pub(crate) fn prepare(ctx: &Ctx<'_>, held: &Shared) -> Result<()> {
    maker(ctx, held).map(drop)
}

/// An object of what is in a text.
pub(crate) fn make<'js>(ctx: &Ctx<'js>, held: &Shared, text: &str) -> Result<Value<'js>> {
    let tree = read(text)
        .map_err(|error| Exception::throw_message(ctx, &format!("this is no XML: {error}")))?;
    let tree = Rc::new(tree);
    let nodes: Vec<NodeId> = tree.children(tree.document()).collect();
    let nodes = nodes
        .into_iter()
        .filter(|id| !matches!(tree.kind(*id), Kind::Text(text) if text.trim().is_empty()));
    let numbers = keep(ctx, held, nodes.map(|id| (Rc::clone(&tree), id)))?;
    maker(ctx, held)?.call((numbers,))
}

/// The function that makes objects, made itself where it is not there yet.
fn maker<'js>(ctx: &Ctx<'js>, held: &Shared) -> Result<Function<'js>> {
    once(ctx, MAKER, || {
        let held = Rc::clone(held);
        let ask = Function::new(
            ctx.clone(),
            move |ctx: Ctx<'js>, what: String, numbers: Vec<u32>, name: Opt<Coerced<String>>| {
                guard::check(&ctx, held.borrow().clock())?;
                let name = name.0.map(|name| name.0).unwrap_or_default();
                ask(&ctx, &held, &what, &numbers, &name)
            },
        )?;
        let prelude: Function<'js> = ctx.eval(PRELUDE)?;
        prelude.call((ask,))
    })
}

/// What an object wants to know of its nodes.
fn ask<'js>(
    ctx: &Ctx<'js>,
    held: &Shared,
    what: &str,
    numbers: &[u32],
    name: &str,
) -> Result<Value<'js>> {
    let nodes: Vec<(Rc<Tree>, NodeId)> = {
        let held = held.borrow();
        numbers.iter().filter_map(|number| held.table.get(*number)).collect()
    };
    match what {
        "string" => string(&nodes).into_js(ctx),
        "xml" => written(&nodes).into_js(ctx),
        "name" => match nodes.first().and_then(|(tree, id)| tree.name(*id)) {
            Some(name) => name.local.as_ref().into_js(ctx),
            None => Ok(Value::new_null(ctx.clone())),
        },
        _ => {
            let found = nodes.iter().flat_map(|(tree, id)| {
                select(tree, *id, what, name).into_iter().map(|found| (Rc::clone(tree), found))
            });
            keep(ctx, held, found)?.into_js(ctx)
        }
    }
}

fn keep(
    ctx: &Ctx<'_>,
    held: &Shared,
    nodes: impl Iterator<Item = (Rc<Tree>, NodeId)>,
) -> Result<Vec<u32>> {
    let mut held = held.borrow_mut();
    let numbers: Option<Vec<u32>> = nodes.map(|(tree, id)| held.table.add(&tree, id)).collect();
    drop(held);
    numbers.ok_or_else(|| Exception::throw_message(ctx, "too much XML for one script"))
}

fn select(tree: &Tree, id: NodeId, what: &str, name: &str) -> Vec<NodeId> {
    let is_named = |found: &NodeId| {
        name == "*" || tree.name(*found).is_some_and(|known| known.local.as_ref() == name)
    };
    match what {
        "child" => tree.elements(id).filter(is_named).collect(),
        "descendants" => {
            tree.descendants(id).filter(|it| tree.is_element(*it)).filter(is_named).collect()
        }
        "attribute" => tree.attributes(id).filter(is_named).collect(),
        "text" => tree.children(id).filter(|it| matches!(tree.kind(*it), Kind::Text(_))).collect(),
        _ => tree.children(id).collect(),
    }
}

/// Text alone is text; where there are elements, it is XML.
fn string(nodes: &[(Rc<Tree>, NodeId)]) -> String {
    let has_elements = |(tree, id): &(Rc<Tree>, NodeId)| tree.elements(*id).next().is_some();
    if nodes.iter().any(has_elements) {
        return written(nodes);
    }
    nodes.iter().map(|(tree, id)| text_of(tree, *id)).collect()
}

fn text_of(tree: &Tree, id: NodeId) -> String {
    match tree.kind(id) {
        Kind::Attribute(_, value) => value.clone(),
        Kind::Text(text) => text.clone(),
        _ => tree.text(id),
    }
}

fn written(nodes: &[(Rc<Tree>, NodeId)]) -> String {
    let one = |(tree, id): &(Rc<Tree>, NodeId)| match tree.kind(*id) {
        Kind::Element(_) => {
            // A part declares what it takes from around it.
            let mut own = Tree::new();
            let copy = own.import(tree, *id);
            xml::write::write(&own, copy)
        }
        _ => xml::escape::text(&text_of(tree, *id)).into_owned(),
    };
    nodes.iter().map(one).collect()
}

/// The XML of an object that stands for some; `None` for any other.
pub(crate) fn text(object: &Object<'_>) -> Result<Option<String>> {
    let method = object.get::<_, Value<'_>>("toXMLString")?;
    let Some(method) = method.as_function() else { return Ok(None) };
    method.call::<_, Coerced<String>>(()).map(|text| Some(text.0))
}

/// A text that is one element, perhaps with a declaration before it; written anew.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn sole_element(text: &str) -> std::result::Result<String, String> {
    let tree = read_with(text, xml::read::read_text)?;
    let root = tree.root().ok_or_else(|| "it has no element".to_owned())?;
    Ok(xml::write::write(&tree, root))
}

fn read(text: &str) -> std::result::Result<Tree, String> {
    read_with(text, |text, limits| {
        xml::read::read_fragment(text, &xml::tree::Namespaces::new(), limits)
    })
}

fn read_with<E: std::fmt::Display>(
    text: &str,
    read: impl FnOnce(&str, &Limits) -> std::result::Result<Tree, E>,
) -> std::result::Result<Tree, String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    read(text, &Limits::default()).map_err(|error| error.to_string())
}
