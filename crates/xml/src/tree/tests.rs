use std::cmp::Ordering;

use super::*;

/// `<r a="1">x<m><i/></m>y</r>`, and the ids of r, m and i.
fn sample() -> (Tree, NodeId, NodeId, NodeId) {
    let mut tree = Tree::new();
    let [r, m, i] = ["r", "m", "i"].map(|name| tree.create_element(Name::local(name)));
    let (x, y) = (tree.create_text("x"), tree.create_text("y"));
    tree.append(tree.document(), r);
    for child in [x, m, y] {
        tree.append(r, child);
    }
    tree.append(m, i);
    tree.set_attribute(r, Name::local("a"), "1");
    (tree, r, m, i)
}

fn shape(tree: &Tree) -> String {
    let names = tree.descendants(tree.document()).map(|node| match tree.kind(node) {
        Kind::Element(name) => name.qualified(),
        Kind::Text(text) => format!("'{text}'"),
        other => format!("{other:?}"),
    });
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_tree_is_walked_in_document_order() {
    let (tree, r, m, _) = sample();
    assert_eq!(shape(&tree), "r 'x' m i 'y'");
    assert_eq!(tree.root(), Some(r));
    assert_eq!(tree.elements(r).collect::<Vec<_>>(), [m]);
    assert_eq!(tree.children(r).rev().count(), 3);
    assert_eq!(tree.text(r), "xy");
    assert_eq!(tree.attribute(r, "", "a"), Some("1"));
    assert_eq!(tree.attribute(r, "urn:x", "a"), None);
}

#[test]
fn siblings_are_walked_from_both_ends() {
    let (tree, r, ..) = sample();
    let mut children = tree.children(r);
    assert!(children.next().is_some() && children.next_back().is_some());
    assert!(children.next().is_some());
    assert!(children.next().is_none() && children.next_back().is_none());
}

#[test]
fn order_follows_links_not_numbers() {
    let (mut tree, r, m, i) = sample();
    let attribute = tree.attributes(r).next().expect("set above");
    let order = |tree: &Tree| {
        let mut nodes = vec![i, m, attribute, r, tree.document()];
        nodes.sort_by(|a, b| tree.compare(*a, *b));
        nodes
    };
    assert_eq!(order(&tree), [tree.document(), r, attribute, m, i]);
    tree.insert_before(m, i);
    assert_eq!(order(&tree), [tree.document(), r, attribute, i, m]);
    tree.detach(i);
    assert_eq!(order(&tree), [tree.document(), r, attribute, m, i]);
    assert_eq!(tree.compare(m, m), Ordering::Equal);
}

#[test]
fn nodes_move() {
    type Change = fn(&mut Tree, NodeId, NodeId, NodeId);
    let cases: [(&str, Change); 8] = [
        ("r 'x' i m 'y'", |tree, _, m, i| tree.insert_before(m, i)),
        ("r 'x' m i 'y'", |tree, _, m, i| tree.insert_after(m, i)),
        ("r 'x' m 'y' i", |tree, r, _, i| tree.append(r, i)),
        ("r 'x' i 'y'", |tree, _, m, i| tree.replace(m, i)),
        ("r 'x' 'y'", |tree, _, m, _| tree.detach(m)),
        ("r 'x' 'y' m i", |tree, r, m, _| tree.append(r, m)),
        ("r 'new'", |tree, r, _, _| tree.set_text(r, "new")),
        ("r", |tree, r, _, _| tree.set_text(r, "")),
    ];
    for (expected, change) in cases {
        let (mut tree, r, m, i) = sample();
        change(&mut tree, r, m, i);
        assert_eq!(shape(&tree), expected);
    }
}

#[test]
fn what_cannot_be_does_nothing() {
    let (mut tree, r, m, i) = sample();
    let before = shape(&tree);
    let (document, text) = (tree.document(), tree.children(r).next().expect("a text"));
    let attribute = tree.attributes(r).next().expect("set above");
    tree.append(i, r);
    tree.append(r, r);
    tree.append(text, m);
    tree.append(text, attribute);
    tree.append(document, attribute);
    tree.append(r, document);
    tree.replace(i, r);
    tree.replace(attribute, i);
    tree.insert_after(m, m);
    tree.insert_before(document, m);
    tree.detach(document);
    tree.set_text(document, "z");
    tree.set_attribute(text, Name::local("b"), "2");
    assert_eq!(shape(&tree), before);
    assert_eq!(tree.attributes(r).count(), 1);
}

#[test]
fn attributes_change() {
    let (mut tree, r, ..) = sample();
    tree.set_attribute(r, Name::local("b"), "2");
    tree.set_attribute(r, Name::prefixed("urn:a", "p", "a"), "3");
    tree.set_attribute(r, Name::local("a"), "4");
    let values: Vec<_> = tree.attributes(r).map(|attribute| tree.text(attribute)).collect();
    assert_eq!(values, ["4", "2", "3"]);
    tree.remove_attribute(r, "", "b");
    tree.remove_attribute(r, "", "absent");
    assert_eq!(tree.attribute(r, "", "b"), None);
    assert_eq!(tree.attributes(r).count(), 2);
    tree.set_attribute(r, Name::prefixed(XMLNS, "xmlns", "q"), "urn:q");
    assert_eq!(tree.attributes(r).count(), 2);
    assert_eq!(tree.namespaces(r).get("q"), Some("urn:q"));
}

#[test]
fn inner_declarations_win() {
    let (mut tree, r, m, i) = sample();
    tree.declare(r, "p", "urn:outer");
    tree.declare(r, "", "urn:default");
    tree.declare(m, "p", "urn:inner");
    tree.declare(m, "", "");
    tree.declare(m, "xml", "urn:no");
    tree.declare(m, "q", "");
    let scope = tree.namespaces(i);
    assert_eq!(scope.get("p"), Some("urn:inner"));
    assert_eq!(scope.get(""), None);
    assert_eq!(scope.get("q"), None);
    assert_eq!(scope.get("xml"), Some(XML));
    assert_eq!(tree.namespaces(r).get(""), Some("urn:default"));
    assert_eq!(scope.iter().collect::<Vec<_>>(), [("p", "urn:inner")]);
}

#[test]
fn a_copy_brings_what_it_needs() {
    let (mut tree, r, m, i) = sample();
    for (prefix, uri) in [("p", "urn:p"), ("q", "urn:q"), ("xs", "urn:xs"), ("", "urn:d")] {
        tree.declare(r, prefix, uri);
    }
    tree.declare(m, "q", "urn:own");
    tree.rename(i, Name::prefixed("urn:p", "p", "i"));
    tree.set_attribute(m, Name::prefixed("urn:own", "q", "b"), "xs:int");
    let mut other = Tree::new();
    let copy = other.import(&tree, m);
    assert_eq!(other.parent(copy), None);
    let mut declared: Vec<_> = other.declarations(copy).collect();
    declared.sort_unstable();
    assert_eq!(declared, [("p", "urn:p"), ("q", "urn:own"), ("xs", "urn:xs")]);
    other.append(other.document(), copy);
    assert_eq!(shape(&other), "m p:i");
    assert_eq!(other.attribute(copy, "urn:own", "b"), Some("xs:int"));
}

#[test]
fn a_copy_has_the_same_shape() {
    let (tree, ..) = sample();
    let mut other = Tree::new();
    let copy = other.import(&tree, tree.document());
    other.append(other.document(), copy);
    assert_eq!(shape(&other), shape(&tree));
    let attribute = tree.attributes(tree.root().expect("a root")).next().expect("one");
    let copy = other.import(&tree, attribute);
    let root = other.root().expect("a root");
    other.append(root, copy);
    assert_eq!(other.attributes(root).count(), 1);
    assert_eq!(other.attribute(root, "", "a"), Some("1"));
}

#[test]
fn a_deep_tree_needs_no_stack() {
    let mut tree = Tree::new();
    let mut at = tree.document();
    for _ in 0..200_000 {
        at = tree.push_child(at, Kind::Element(Name::local("e")), Place::default());
    }
    let inner = tree.create_text("x");
    tree.node_mut(at).children = Ends { first: Some(inner), last: Some(inner) };
    tree.node_mut(inner).parent = Some(at);
    tree.changed();
    let root = tree.root().expect("a root");
    assert_eq!(tree.text(root), "x");
    assert_eq!(tree.compare(root, inner), Ordering::Less);
    let mut other = tree.clone();
    let copy = other.import(&tree, root);
    assert_eq!(other.text(copy), "x");
}
