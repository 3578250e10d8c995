use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::name::{Name, XML, XMLNS};
use crate::read::{Limits, read_text};
use crate::tree::Place;

fn read(text: &str) -> Tree {
    read_text(text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Everything that matters about a tree, as text.
fn shape(tree: &Tree) -> String {
    let mut out = String::new();
    for node in tree.subtree(tree.document()) {
        let depth = std::iter::successors(tree.parent(node), |at| tree.parent(*at)).count();
        let attributes: Vec<_> =
            tree.attributes(node).map(|id| (expanded(tree, id), tree.text(id))).collect();
        let kind = match tree.kind(node) {
            Kind::Element(_) => format!("{:?}", expanded(tree, node)),
            other => format!("{other:?}"),
        };
        out.push_str(&format!("{depth} {kind} {attributes:?}\n"));
    }
    out
}

fn expanded(tree: &Tree, id: NodeId) -> (String, String) {
    let name = tree.name(id).expect("an element or an attribute");
    ((*name.namespace).to_owned(), (*name.local).to_owned())
}

fn element(name: Name) -> (Tree, NodeId) {
    let mut tree = Tree::new();
    let id = tree.create_element(name);
    tree.append(tree.document(), id);
    (tree, id)
}

fn comment(tree: &mut Tree, text: &str) -> NodeId {
    tree.create(Kind::Comment(text.to_owned()), Place::default())
}

fn instruction(tree: &mut Tree, target: &str, data: &str) -> NodeId {
    let (target, data) = (target.to_owned(), data.to_owned());
    tree.create(Kind::Instruction { target, data }, Place::default())
}

#[test]
fn what_was_read_is_written_again() {
    let cases = [
        "<a/>",
        "<a><b/>x<c>y</c></a>",
        "<a b=\"&lt;&quot;&#10;'\">&lt;&amp;\"'&#13;\n</a>",
        "<p:a xmlns:p=\"urn:p\" p:b=\"1\"/>",
        "<a xmlns=\"u\"><b xmlns=\"\"><c xmlns=\"v\"/></b></a>",
        "<a xmlns:p=\"u\"><p:b/><b xmlns:p=\"v\"><p:b/></b></a>",
        "<!--c--><?t d?><a xml:lang=\"en\"/><!---->",
        "<a xmlns:unused=\"u\"/>",
    ];
    for case in cases {
        let tree = read(case);
        assert_eq!(write_document(&tree), case);
    }
}

#[test]
fn declarations_are_mended() {
    let (mut tree, a) = element(Name::new("u", "a"));
    assert_eq!(write(&tree, a), "<a xmlns=\"u\"/>");
    let b = tree.create_element(Name::local("b"));
    tree.append(a, b);
    assert_eq!(write(&tree, a), "<a xmlns=\"u\"><b xmlns=\"\"/></a>");
    tree.rename(a, Name::prefixed("u", "p", "a"));
    tree.set_attribute(a, Name::prefixed("v", "p", "c"), "1");
    tree.set_attribute(a, Name::new("u", "d"), "2");
    tree.set_attribute(a, Name::new("w", "e"), "3");
    assert_eq!(
        write(&tree, a),
        "<p:a xmlns:p=\"u\" xmlns:ns1=\"v\" xmlns:ns2=\"w\" ns1:c=\"1\" p:d=\"2\" ns2:e=\"3\"><b/></p:a>"
    );
}

#[test]
fn known_declarations_are_not_repeated() {
    let mut tree = read("<p:a xmlns:p='u' xmlns='d'><b/></p:a>");
    let other = read("<x xmlns:p='u' xmlns='d'><p:y p:z='1'><w/></p:y></x>");
    let root = tree.root().expect("a root");
    let top = other.elements(other.root().expect("a root")).next().expect("p:y");
    let copy = tree.import(&other, top);
    tree.append(root, copy);
    assert_eq!(
        write(&tree, root),
        "<p:a xmlns:p=\"u\" xmlns=\"d\"><b/><p:y p:z=\"1\"><w/></p:y></p:a>"
    );
    assert_eq!(write(&other, top), "<p:y xmlns:p=\"u\" xmlns=\"d\" p:z=\"1\"><w/></p:y>");
}

#[test]
fn conflicts_go_to_the_element() {
    let (mut tree, a) = element(Name::prefixed("u", "p", "a"));
    tree.declare(a, "p", "other");
    tree.declare(a, "", "default");
    let b = tree.create_element(Name::local("b"));
    tree.append(a, b);
    let written = write(&tree, a);
    assert_eq!(written, "<p:a xmlns:p=\"u\" xmlns=\"default\"><b xmlns=\"\"/></p:a>");
    tree.rename(a, Name::local("a"));
    assert_eq!(write(&tree, a), "<a xmlns:p=\"other\"><b/></a>");
}

#[test]
fn whatever_a_tree_holds_can_be_read() {
    let (mut tree, a) = element(Name::prefixed("u", "1 x", "a><b/"));
    tree.set_attribute(a, Name::local("c=\"\" d"), "\u{0}\"");
    tree.set_attribute(a, Name::local("xmlns"), "z");
    tree.set_attribute(a, Name::prefixed("v", "xmlns", "e"), "1");
    tree.set_attribute(a, Name::prefixed("w", "xml", "f"), "1");
    tree.set_attribute(a, Name::local("g h"), "1");
    tree.set_attribute(a, Name::local("g/h"), "2");
    let parts = [
        comment(&mut tree, "--a---"),
        comment(&mut tree, "-"),
        instruction(&mut tree, "xml", "a?>b"),
        instruction(&mut tree, "", ""),
        tree.create_text("]]>\u{1}"),
        tree.create_element(Name::prefixed(XMLNS, "xmlns", "q")),
        tree.create_element(Name::prefixed(XML, "r", "s")),
        tree.create_element(Name::local("")),
    ];
    for part in parts {
        tree.append(a, part);
    }
    let again = read(&write(&tree, a));
    let root = again.root().expect("a root");
    assert_eq!(again.children(root).count(), 8);
    assert_eq!(again.attributes(root).count(), 5);
    assert_eq!(expanded(&again, root), ("u".to_owned(), "a__b_".to_owned()));
    assert_eq!(again.text(root), "]]>\u{FFFD}");
}

#[test]
fn parts_are_written_alone() {
    let tree =
        read("<p:a xmlns:p='u' xmlns:x='s' xmlns:z='t'><b p:c='1' d='x:e&amp;'>t&lt;</b></p:a>");
    let b = tree.elements(tree.root().expect("a root")).next().expect("b");
    let mut written = write(&tree, b);
    let part = "<b xmlns:p=\"u\" xmlns:x=\"s\" p:c=\"1\" d=\"x:e&amp;\">t&lt;</b>";
    assert_eq!(written, part);
    let text = tree.children(b).next().expect("a text");
    written = write(&tree, text);
    assert_eq!(written, "t&lt;");
    let attribute = tree.attributes(b).last().expect("d");
    assert_eq!(write(&tree, attribute), "x:e&amp;");
}

#[test]
fn a_deep_tree_is_written_without_a_stack() {
    let (mut tree, root) = element(Name::local("e"));
    let mut at = root;
    for _ in 0..100_000 {
        at = tree.push_child(at, Kind::Element(Name::new("u", "e")), tree.place(root));
    }
    assert!(write(&tree, root).ends_with("</e></e></e>"));
}

/// What a random tree is built from.
#[derive(Clone, Debug)]
enum Step {
    Open(Name),
    Close,
    Text(String),
    Comment(String),
    Instruction(String),
    Attribute(Name, String),
    Declare(&'static str, &'static str),
}

fn names() -> impl Strategy<Value = Name> {
    let uri = prop::sample::select(vec!["", "u", "v", "w", XML]);
    let prefix = prop::sample::select(vec!["", "p", "q", "ns1", "xml"]);
    let local = prop::sample::select(vec!["a", "b", "\u{e9}", "c-1."]);
    (uri, prefix, local).prop_map(|(uri, prefix, local)| {
        let prefix = if uri.is_empty() { "" } else { prefix };
        Name::prefixed(uri, prefix, local)
    })
}

/// Characters that XML has.
fn texts() -> impl Strategy<Value = String> {
    let mark = prop_oneof![
        prop::char::range(' ', '\u{D7FF}'),
        prop::sample::select(vec!['<', '>', '&', '"', '\'', '\t', '\n', '\r', ']', '\u{10000}']),
    ];
    vec(mark, 1..8).prop_map(|marks| marks.into_iter().collect())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let declared = prop::sample::select(vec![
        ("", "u"),
        ("", ""),
        ("p", "u"),
        ("p", "v"),
        ("q", "w"),
        ("ns1", "v"),
        ("", "w"),
    ]);
    vec(
        prop_oneof![
            3 => names().prop_map(Step::Open),
            2 => Just(Step::Close),
            2 => texts().prop_map(Step::Text),
            1 => "[a -]{0,3}".prop_map(Step::Comment),
            1 => "[a-c?]{0,3}".prop_map(Step::Instruction),
            2 => (names(), texts()).prop_map(|(name, text)| Step::Attribute(name, text)),
            2 => declared.prop_map(|(prefix, uri)| Step::Declare(prefix, uri)),
        ],
        0..40,
    )
}

fn grow(steps: Vec<Step>) -> Tree {
    let (mut tree, root) = element(Name::local("root"));
    let mut at = root;
    let mut is_text = false;
    for step in steps {
        let child = match step {
            Step::Open(name) => tree.create_element(name),
            Step::Text(text) if !is_text => tree.create_text(&text),
            Step::Comment(text) if !text.contains("--") && !text.ends_with('-') => {
                comment(&mut tree, &text)
            }
            Step::Instruction(data) => instruction(&mut tree, "t", &data),
            Step::Close => {
                at = tree.parent(at).filter(|above| *above != tree.document()).unwrap_or(root);
                is_text = false;
                continue;
            }
            Step::Attribute(name, value) => {
                tree.set_attribute(at, name, &value);
                continue;
            }
            Step::Declare(prefix, uri) => {
                tree.declare(at, prefix, uri);
                continue;
            }
            Step::Text(_) | Step::Comment(_) => continue,
        };
        tree.append(at, child);
        is_text = matches!(tree.kind(child), Kind::Text(_));
        if tree.is_element(child) {
            at = child;
        }
    }
    // A text may now stand behind another one, where an element between was closed at the root.
    let twins: Vec<_> = tree
        .subtree(root)
        .filter(|id| {
            let is_text = |id: &NodeId| matches!(tree.kind(*id), Kind::Text(_));
            is_text(id) && tree.previous_sibling(*id).is_some_and(|before| is_text(&before))
        })
        .collect();
    for twin in twins {
        tree.detach(twin);
    }
    tree
}

proptest! {
    #[test]
    fn a_tree_comes_back(steps in steps()) {
        let tree = grow(steps);
        let written = write_document(&tree);
        let again = read_text(&written, &Limits::default());
        let again = again.map_err(|error| TestCaseError::fail(format!("{written}: {error}")))?;
        prop_assert_eq!(shape(&tree), shape(&again), "{}", written);
        prop_assert_eq!(write_document(&again), written);
    }

    #[test]
    fn a_copy_is_written_alike(steps in steps(), pick in any::<prop::sample::Index>()) {
        let tree = grow(steps);
        let elements: Vec<_> =
            tree.subtree(tree.document()).filter(|id| tree.is_element(*id)).collect();
        let top = elements[pick.index(elements.len())];
        let mut copy = Tree::new();
        let copied = copy.import(&tree, top);
        copy.append(copy.document(), copied);
        let part = read(&write(&tree, top));
        prop_assert_eq!(shape(&copy), shape(&part));
    }

    #[test]
    fn reading_never_panics(text in "[<>/?!\\[\\]&;=\"' a:x#\\-CDAT\r\n]{0,40}") {
        if let Ok(tree) = read_text(&text, &Limits::default()) {
            prop_assert_eq!(shape(&read(&write_document(&tree))), shape(&tree));
        }
    }
}
