mod errors;
mod limits;

use super::*;
use crate::read::{Limits, read_text};
use crate::tree::Kind;

const SHOP: &str = r#"<!--top--><?go now?><shop xmlns:p="urn:p" xml:lang="en" open="true">
<item id="1" p:id="x"><name>Tea</name><price>2.50</price></item>
<item id="2"><name>Milk  and
 honey</name><price>3</price><!--cold--></item>
<p:item id="3" xml:lang="de-AT"><name>Brot</name><price>none</price></p:item>
<box xml:id="b1"><item id="4"><name>Nut</name><price>0.5</price><box xml:id="b2"/></item></box>
</shop>"#;

/// A host with a few variables and functions.
pub(super) struct Host;

impl Knows for Host {
    fn variable(&self, prefix: Option<&str>, local: &str) -> bool {
        matches!(prefix, Some("ctx" | "trp" | "url")) || (prefix.is_none() && local != "unknown")
    }

    fn function(&self, prefix: Option<&str>, local: &str, arguments: usize) -> bool {
        matches!(
            (prefix, local, arguments),
            (None, "get-property", 1 | 2) | (Some("wso2"), "vault-lookup", 1) | (None, "all", 0)
        )
    }
}

/// What [`Host`] answers at a tree.
pub(super) struct Answers<'a>(pub(super) &'a Tree);

impl Environment for Answers<'_> {
    fn variable(&self, prefix: Option<&str>, local: &str) -> Option<Value> {
        let tree = self.0;
        match (prefix, local) {
            (None, "body") => Some(Value::Nodes(tree.root().into_iter().collect())),
            (None, "backwards") => {
                let mut nodes: Vec<_> = tree.elements(tree.root()?).collect();
                nodes.reverse();
                nodes.extend(nodes.clone());
                Some(Value::Nodes(nodes))
            }
            (None, "two") => Some(Value::Number(2.0)),
            (None, "yes") => Some(Value::Boolean(true)),
            (None, "missing") => None,
            _ => Some(Value::Text(format!("<{}:{local}>", prefix.unwrap_or_default()))),
        }
    }

    fn function(
        &self,
        prefix: Option<&str>,
        local: &str,
        arguments: &[Value],
        tree: &Tree,
    ) -> Result<Value, EvaluateError> {
        if local == "all" {
            return Ok(Value::Nodes(tree.descendants(tree.document()).collect()));
        }
        let arguments: Vec<_> = arguments.iter().map(|argument| argument.text(tree)).collect();
        if arguments.iter().any(|argument| argument == "fail") {
            return Err(EvaluateError::Failed("told to fail".to_owned()));
        }
        Ok(Value::Text(format!("{}{local}({})", prefix.unwrap_or_default(), arguments.join(","))))
    }
}

pub(super) fn shop() -> Tree {
    read_text(SHOP, &Limits::default()).expect("the document is well formed")
}

pub(super) fn declared() -> Namespaces {
    let mut namespaces = Namespaces::new();
    namespaces.set("p", "urn:p");
    namespaces.set("q", "urn:p");
    namespaces.set("", "urn:default");
    namespaces
}

pub(super) fn compile(expression: &str) -> XPath {
    XPath::compile(expression, &declared(), &Host)
        .unwrap_or_else(|error| panic!("{expression}: {error}"))
}

pub(super) fn evaluate(tree: &Tree, expression: &str) -> Result<Value, EvaluateError> {
    let budget = &mut Budget::new(1_000_000);
    compile(expression).evaluate(tree, tree.document(), &Answers(tree), budget)
}

/// A value as a test shows it.
fn shown(tree: &Tree, value: &Value) -> String {
    let Value::Nodes(nodes) = value else {
        return format!("{} {}", value.described(), value.text(tree));
    };
    let nodes: Vec<_> = nodes.iter().map(|node| shown_node(tree, *node)).collect();
    nodes.join(" ")
}

fn shown_node(tree: &Tree, node: NodeId) -> String {
    match tree.kind(node) {
        Kind::Document => "/".to_owned(),
        Kind::Element(name) => {
            let id = tree.attribute(node, "", "id").map(|id| format!("#{id}"));
            format!("{name}{}", id.unwrap_or_default())
        }
        Kind::Attribute(name, value) => format!("@{name}={value}"),
        Kind::Text(text) => format!("{:?}", text.trim()),
        Kind::Comment(text) => format!("<!--{text}-->"),
        Kind::Instruction { target, .. } => format!("<?{target}?>"),
    }
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    let tree = shop();
    for (expression, expected) in table {
        let value = evaluate(&tree, expression);
        let value = value.map_or_else(|error| error.to_string(), |value| shown(&tree, &value));
        assert_eq!(value, *expected, "{expression}");
    }
}

#[test]
fn paths_lead_to_nodes_in_document_order() {
    check(&[
        ("/", "/"),
        ("shop", "shop"),
        ("/shop/item", "item#1 item#2"),
        ("//item", "item#1 item#2 item#4"),
        ("/shop//item/name/text()", r#""Tea" "Milk  and\n honey" "Nut""#),
        ("/shop/p:item/@id", "@id=3"),
        ("//q:item", "p:item#3"),
        ("//p:*", "p:item#3"),
        ("//@p:*", "@p:id=x"),
        ("//item/@*", "@id=1 @p:id=x @id=2 @id=4"),
        ("//@id/..", "item#1 item#2 p:item#3 item#4"),
        ("//@id/../..", "shop box"),
        ("//comment()", "<!--top--> <!--cold-->"),
        ("/processing-instruction()", "<?go?>"),
        ("/processing-instruction('go') | /processing-instruction('no')", "<?go?>"),
        ("/node()", "<!--top--> <?go?> shop"),
        ("//box//box", "box"),
        ("//name/ancestor::*", "shop item#1 item#2 p:item#3 box item#4"),
        (
            "//price | //name | //item",
            "item#1 name price item#2 name price name price item#4 name price",
        ),
        ("(//price | //name)[2]", "price"),
        ("//*[local-name() = 'item']", "item#1 item#2 p:item#3 item#4"),
        ("//item[.//box]/descendant-or-self::node()[self::box or self::item]", "item#4 box"),
        ("//name[. = 'Tea']/following::name", "name name name"),
        ("//box/preceding::price", "price price price price"),
        ("//@id[. = 3]/preceding::item", "item#1 item#2"),
        (
            "//@id[. = 2]/following::node()[self::comment() or self::name]",
            "name <!--cold--> name name",
        ),
        ("//item/self::item/child::name/parent::item", "item#1 item#2 item#4"),
        ("/shop/item/.././box", "box"),
        ("//name/nothing", ""),
        ("/shop/@open/node()", ""),
        ("//text()[normalize-space() = 'Tea']/..", "name"),
    ]);
}

#[test]
fn positions_count_along_the_axis() {
    check(&[
        ("//item[1]", "item#1 item#4"),
        ("(//item)[1]", "item#1"),
        ("(//item)[last()]", "item#4"),
        ("/shop/*[position() = 2]/@id", "@id=2"),
        ("/shop/*[position() > 1][2]/@id", "@id=3"),
        ("/shop/*[2][1]/@id", "@id=2"),
        ("/shop/*[2][2]/@id", ""),
        ("/shop/*[$two]/@id", "@id=2"),
        ("/shop/*[1 + 1]/@id", "@id=2"),
        ("/shop/*[0]", ""),
        ("/shop/*[1.5]", ""),
        ("/shop/*[-1]", ""),
        ("/shop/*[last() - 1]", "p:item#3"),
        ("/shop/p:item/preceding-sibling::*[1]", "item#2"),
        ("/shop/p:item/preceding-sibling::*[last()]", "item#1"),
        ("(/shop/p:item/preceding-sibling::*)[1]", "item#1"),
        ("//box[not(*)]/ancestor::*[1]", "item#4"),
        ("//box[not(*)]/ancestor-or-self::*[2]", "item#4"),
        ("/shop/box/preceding::*[1]", "price"),
        ("/shop/item/following-sibling::*[1]", "item#2 p:item#3"),
        ("/shop/item[name][position() = last()]", "item#2"),
        ("/descendant::item[3]", "item#4"),
        ("//item[count(preceding-sibling::*) = 1]", "item#2"),
    ]);
}

#[test]
fn the_core_library_answers_as_specified() {
    check(&[
        ("string(//price)", "text 2.50"),
        ("concat('a', 1, true(), //item/@id)", "text a1true1"),
        ("fn:concat('a', 'b')", "text ab"),
        ("fn:string-length('äö')", "a number 2"),
        ("starts-with('abc', 'ab')", "a boolean true"),
        ("contains('abc', '')", "a boolean true"),
        ("substring-before('1999/04/01', '/')", "text 1999"),
        ("substring-after('1999/04/01', '/')", "text 04/01"),
        ("substring-after('1999', '-')", "text "),
        ("substring-after('1999', '')", "text 1999"),
        ("substring('12345', 1.5, 2.6)", "text 234"),
        ("substring('12345', 0, 3)", "text 12"),
        ("substring('12345', 0 div 0, 3)", "text "),
        ("substring('12345', 1, 0 div 0)", "text "),
        ("substring('12345', -42, 1 div 0)", "text 12345"),
        ("substring('12345', -1 div 0, 1 div 0)", "text "),
        ("substring('äöü', 2)", "text öü"),
        ("normalize-space(//item[2]/name)", "text Milk and honey"),
        ("normalize-space(' a\u{A0} b ')", "text a\u{A0} b"),
        ("translate('--aaa--', 'abc-', 'ABC')", "text AAA"),
        ("translate('aa', 'aa', 'xy')", "text xx"),
        ("count(//item) + count(//nothing)", "a number 3"),
        ("sum(/shop/item/price)", "a number 5.5"),
        ("sum(//price)", "a number NaN"),
        ("sum(//nothing)", "a number 0"),
        ("number(' -12.50 ')", "a number -12.5"),
        ("number('1e3')", "a number NaN"),
        ("number('+1')", "a number NaN"),
        ("number('.')", "a number NaN"),
        ("number('.5') + number('5.')", "a number 5.5"),
        ("number(true())", "a number 1"),
        ("floor(-1.5)", "a number -2"),
        ("ceiling(-1.5)", "a number -1"),
        ("round(2.5)", "a number 3"),
        ("round(-2.5)", "a number -2"),
        ("round(-0.2)", "a number 0"),
        ("round(0.49999999999999994)", "a number 0"),
        ("round(1 div 0)", "a number Infinity"),
        ("boolean('false')", "a boolean true"),
        ("boolean(0 div 0)", "a boolean false"),
        ("not(//nothing)", "a boolean true"),
        ("local-name(//p:item)", "text item"),
        ("name(//p:item)", "text p:item"),
        ("namespace-uri(//p:item)", "text urn:p"),
        ("name(/processing-instruction())", "text go"),
        ("name(//nothing)", "text "),
        ("//*[lang('de')]", "p:item#3 name price"),
        ("//p:item[lang('DE-at')]", "p:item#3"),
        ("//p:item[lang('e')]", ""),
        ("id('b2 b1 none')", "box box"),
        ("id(//@xml:id)[1]/item", "item#4"),
    ]);
}

#[test]
fn operators_bind_and_convert_as_specified() {
    check(&[
        ("1 + 2 * 3 - 4 div 2", "a number 5"),
        ("-7 mod 3", "a number -1"),
        ("5 mod -2", "a number 1"),
        ("--3", "a number 3"),
        ("- - -'3'", "a number -3"),
        ("1 div 3", "a number 0.3333333333333333"),
        ("1000000 * 1000000 * 1000000 * 1000000", "a number 1000000000000000000000000"),
        ("1 div 1000000000", "a number 0.000000001"),
        ("-1 div 0", "a number -Infinity"),
        ("2 > 1 > 1", "a boolean false"),
        ("1 < 2 = true()", "a boolean true"),
        ("1 or 0 and 0", "a boolean true"),
        ("'1' = 1.0", "a boolean true"),
        ("'a' < 'b'", "a boolean false"),
        ("//price = 3", "a boolean true"),
        ("3 != //price", "a boolean true"),
        ("//price = //item[1]/price", "a boolean true"),
        ("//price != //price", "a boolean true"),
        ("//item[1] != //item[1]", "a boolean true"),
        ("/shop != /shop", "a boolean false"),
        ("//nothing != //price", "a boolean false"),
        ("//price < //item[1]/price", "a boolean true"),
        ("//item[2]/price > //price", "a boolean true"),
        ("//p:item/price >= //price", "a boolean false"),
        ("//nothing = false()", "a boolean true"),
        ("//nothing < true()", "a boolean true"),
        ("//price > '2.9'", "a boolean true"),
        ("//name = 'Brot' and not(//name = 'Wein')", "a boolean true"),
        ("//div * //mod", "a number NaN"),
        ("true() = 'x'", "a boolean true"),
    ]);
}

#[test]
fn names_of_operators_are_names_where_an_operand_is_due() {
    let tree = read_text("<div><or>4</or><and and='2'/></div>", &Limits::default());
    let tree = tree.expect("the document is well formed");
    for (expression, expected) in [
        ("div/or div div/and/@and", "a number 2"),
        ("/div/or or /and", "a boolean true"),
        ("div/*[or or and]", ""),
        ("* * *", "a number 16"),
        ("div/* = 4", "a boolean true"),
    ] {
        let value = evaluate(&tree, expression).expect(expression);
        assert_eq!(shown(&tree, &value), expected, "{expression}");
    }
}

#[test]
fn variables_and_functions_are_the_hosts() {
    check(&[
        ("$ctx:api.ut.userName", "text <ctx:api.ut.userName>"),
        ("$trp:X-Region", "text <trp:X-Region>"),
        ("$ctx:uri.var.id", "text <ctx:uri.var.id>"),
        ("concat($ctx:a:b:c, $url:1st)", "text <ctx:a:b:c><url:1st>"),
        ("$body//price[2]", ""),
        ("$body/box/item/@id", "@id=4"),
        ("$body[box]/item[2]/@id", "@id=2"),
        ("count($backwards)", "a number 4"),
        ("$backwards[1]/@id", "@id=1"),
        ("$missing", ""),
        ("concat('<', $missing, '>')", "text <>"),
        ("$missing or $yes", "a boolean true"),
        ("$two*2", "a number 4"),
        ("get-property('transport', concat('X-', 'A'))", "text get-property(transport,X-A)"),
        ("wso2:vault-lookup('alias')", "text wso2vault-lookup(alias)"),
        ("all()/self::price[1]", "price price price price"),
        ("get-property('fail')", "told to fail"),
        ("count($ctx:text)", "count() needs nodes, but is given text"),
        ("$two/item", "`/` needs nodes, but is given a number"),
        ("$yes[1]", "a predicate needs nodes, but is given a boolean"),
        ("$yes | //item", "`|` needs nodes, but is given a boolean"),
    ]);
}

#[test]
fn the_context_is_where_relative_paths_start() {
    let tree = shop();
    let budget = &mut Budget::new(1_000_000);
    let Ok(Value::Nodes(items)) = evaluate(&tree, "//item[@id = 4]") else {
        panic!("the item is there");
    };
    for (expression, expected) in [
        (".", "item#4"),
        ("name", "name"),
        ("..", "box"),
        ("/shop/@open", "@open=true"),
        ("string(@id)", "text 4"),
        ("normalize-space()", "text Nut0.5"),
        ("position() + last()", "a number 2"),
        ("local-name()", "text item"),
    ] {
        let value = compile(expression).evaluate(&tree, items[0], &Answers(&tree), budget);
        assert_eq!(shown(&tree, &value.expect(expression)), expected, "{expression}");
    }
}

#[test]
fn trees_that_were_changed_keep_document_order() {
    let mut tree = shop();
    let Ok(Value::Nodes(nodes)) = evaluate(&tree, "/shop/*") else { panic!("there are nodes") };
    tree.insert_before(nodes[0], nodes[3]);
    let value = evaluate(&tree, "//item | //@id").expect("it evaluates");
    assert_eq!(
        shown(&tree, &value),
        "item#4 @id=4 item#1 @id=1 item#2 @id=2 @id=3",
        "the box was put first"
    );
    tree.detach(nodes[0]);
    let value = compile("/name").evaluate(&tree, nodes[0], &Answers(&tree), &mut Budget::new(100));
    assert_eq!(shown(&tree, &value.expect("it evaluates")), "name", "a detached element is a top");
}

#[test]
fn what_an_expression_refers_to_is_known() {
    let parsed = compile("concat($ctx:a.b, $trp:X, get-property('y'), $ctx:a.b)");
    let expected = [(Some("ctx"), "a.b"), (Some("trp"), "X")];
    assert_eq!(parsed.variables().collect::<Vec<_>>(), expected);
    assert_eq!(parsed.functions().collect::<Vec<_>>(), [(None, "get-property")]);
    assert_eq!(parsed.source(), "concat($ctx:a.b, $trp:X, get-property('y'), $ctx:a.b)");
    for (expression, reads) in [
        ("$ctx:a", false),
        ("concat('a', 1 + 2)", false),
        ("true() and position() = last()", false),
        ("string($ctx:a)", false),
        ("$body/a", true),
        ("a", true),
        ("/", true),
        ("concat(//a, 'b')", true),
        ("string()", true),
        ("id('a')", true),
    ] {
        assert_eq!(compile(expression).reads_tree(), reads, "{expression}");
    }
}

#[test]
fn values_convert_for_mediation() {
    let tree = shop();
    for (expression, text, joined, boolean) in [
        ("/shop/item/price", "2.50", "2.503", true),
        ("//nothing", "", "", false),
        ("count(//item)", "3", "3", true),
        ("0.5", "0.5", "0.5", true),
        ("'false'", "false", "false", true),
        ("''", "", "", false),
        ("1 = 2", "false", "false", false),
    ] {
        let value = evaluate(&tree, expression).expect(expression);
        assert_eq!(value.text(&tree), text, "{expression}");
        assert_eq!(value.joined(&tree), joined, "{expression}");
        assert_eq!(value.boolean(), boolean, "{expression}");
    }
    let value = evaluate(&tree, "//price").expect("it evaluates");
    assert!((value.number(&tree) - 2.5).abs() < f64::EPSILON, "of nodes, the first counts");
}
