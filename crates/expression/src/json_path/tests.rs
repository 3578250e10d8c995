#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const STEPS: u64 = 100_000;

fn store() -> Value {
    json!({
        "store": {
            "book": [
                {"category": "reference", "author": "Rees", "title": "Sayings", "price": 8.95},
                {"category": "fiction", "author": "Waugh", "title": "Honour", "price": 12.99},
                {"category": "fiction", "author": "Melville", "title": "Whale", "isbn": "0-553", "price": 8.99},
                {"category": "fiction", "author": "Tolkien", "title": "Rings", "isbn": "0-395", "price": 22.99},
            ],
            "bicycle": {"colour": "red", "price": 19.95},
        },
        "limit": 10,
        "numbers": [1, 2, 3, 4],
        "tags": ["a", "b"],
        "empty": [],
        "nothing": null,
        "it's": "quoted",
        "deep": {"x": {"x": {"x": 1}}},
    })
}

fn found(path: &str) -> String {
    let path = JsonPath::compile(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    path.text(&store(), &mut Budget::new(STEPS)).unwrap()
}

fn check(table: &[(&str, &str)]) {
    for (path, expected) in table {
        assert_eq!(found(path), *expected, "{path}");
    }
}

#[test]
fn children_are_found_by_dot_and_bracket() {
    check(&[
        ("$.limit", "10"),
        ("limit", "10"),
        ("store.bicycle.colour", "red"),
        ("$['store']['bicycle'].colour", "red"),
        ("$.store.['bicycle']", r#"{"colour":"red","price":19.95}"#),
        (r#"$["it's"]"#, "quoted"),
        (r"$['it\'s']", "quoted"),
        (r"$['\u0069t\'s']", "quoted"),
        ("$.nothing", "null"),
        ("$.missing", ""),
        ("$.missing.more", ""),
        ("$.limit.more", ""),
        ("$.tags.a", ""),
        ("$.tags", r#"["a","b"]"#),
        (" $.limit ", "10"),
        ("[ 'limit' ]", "10"),
        ("@.limit", "10"),
    ]);
    assert_eq!(found("$"), store().to_string());
}

#[test]
fn indexes_and_slices_count_from_either_end() {
    check(&[
        ("$.numbers[0]", "1"),
        ("$.numbers[-1]", "4"),
        ("$.numbers[4]", ""),
        ("$.numbers[-5]", ""),
        ("$.numbers[0,2,-1]", "[1,3,4]"),
        ("$.numbers[ 0 , 9 ]", "[1]"),
        ("$.numbers[1:3]", "[2,3]"),
        ("$.numbers[:2]", "[1,2]"),
        ("$.numbers[2:]", "[3,4]"),
        ("$.numbers[-2:]", "[3,4]"),
        ("$.numbers[:-1]", "[1,2,3]"),
        ("$.numbers[::2]", "[1,3]"),
        ("$.numbers[::-1]", "[4,3,2,1]"),
        ("$.numbers[9:]", "[]"),
        ("$.limit[0]", ""),
        ("$.limit[0:1]", ""),
        ("$.store[0]", ""),
    ]);
}

#[test]
fn wildcards_and_scans_find_all() {
    check(&[
        ("$.store.book[*].author", r#"["Rees","Waugh","Melville","Tolkien"]"#),
        ("$..author", r#"["Rees","Waugh","Melville","Tolkien"]"#),
        ("$.store.*.colour", r#"["red"]"#),
        ("$.store..price", "[8.95,12.99,8.99,22.99,19.95]"),
        ("$..book[2].title", r#"["Whale"]"#),
        ("$..book[-1:].title", r#"["Rings"]"#),
        ("$..x", r#"[{"x":{"x":1}},{"x":1},1]"#),
        ("$..missing", "[]"),
        ("$.missing[*]", ""),
        ("$.limit[*]", "[]"),
        ("$.empty[*]", "[]"),
        ("$.deep..*", r#"[{"x":{"x":1}},{"x":1},1]"#),
        ("$..['numbers'][0]", "[1]"),
    ]);
}

#[test]
fn a_union_of_names_is_one_object_at_the_end() {
    check(&[
        ("$.store.bicycle['colour','price']", r#"{"colour":"red","price":19.95}"#),
        ("$.store.bicycle['price','none']", r#"{"price":19.95}"#),
        ("$.store.book[:1]['title','price']", r#"[{"title":"Sayings","price":8.95}]"#),
        ("$..['colour','price']", r#"[{"colour":"red","price":19.95}]"#),
        ("$.store['book','bicycle'].colour", r#"["red"]"#),
        ("$.limit['a','b']", ""),
    ]);
}

#[test]
fn filters_choose_items() {
    let titles = |filter: &str| found(&format!("$.store.book[?({filter})].title"));
    let table: &[(&str, &str)] = &[
        ("@.price < 10", r#"["Sayings","Whale"]"#),
        ("@.price<=8.99", r#"["Sayings","Whale"]"#),
        ("@.price > $.limit", r#"["Honour","Rings"]"#),
        ("@.price>=22.99", r#"["Rings"]"#),
        ("@.category == 'fiction'", r#"["Honour","Whale","Rings"]"#),
        ("@['category'] != \"fiction\"", r#"["Sayings"]"#),
        ("@.isbn", r#"["Whale","Rings"]"#),
        ("!@.isbn", r#"["Sayings","Honour"]"#),
        ("!(@.isbn || @.price < 9)", r#"["Honour"]"#),
        ("@.isbn && @.price < 10", r#"["Whale"]"#),
        ("@.isbn&&@.price<10", r#"["Whale"]"#),
        ("@.price < 9 || @.author == 'Tolkien'", r#"["Sayings","Whale","Rings"]"#),
        ("(@.price < 9 || @.isbn) && @.category == 'fiction'", r#"["Whale","Rings"]"#),
        ("@.author =~ /tol.*/i", r#"["Rings"]"#),
        ("@.author =~ /ol/", "[]"),
        ("/.*e.*/ =~ @.author", r#"["Sayings","Whale","Rings"]"#),
        ("@.author in ['Rees', 'Waugh']", r#"["Sayings","Honour"]"#),
        ("@.author nin ['Rees', 'Waugh']", r#"["Whale","Rings"]"#),
        ("@.author IN ['Rees']", r#"["Sayings"]"#),
        ("@.author contains 'ee'", r#"["Sayings"]"#),
        ("@.title size 5", r#"["Whale","Rings"]"#),
        ("@.title.length() == 5", r#"["Whale","Rings"]"#),
        ("@.length() == 5", r#"["Whale","Rings"]"#),
        ("@.title empty false && @.isbn", r#"["Whale","Rings"]"#),
        ("@.isbn == null", "[]"),
        ("@.isbn != null", r#"["Sayings","Honour","Whale","Rings"]"#),
        ("@.price == '8.95'", r#"["Sayings"]"#),
        ("@.price === '8.95'", "[]"),
        ("@.price !== '8.95' && @.price < 9", r#"["Sayings","Whale"]"#),
        ("@..price", r#"["Sayings","Honour","Whale","Rings"]"#),
        ("@..isbn", r#"["Whale","Rings"]"#),
        ("true", r#"["Sayings","Honour","Whale","Rings"]"#),
        ("'Rees' == @.author", r#"["Sayings"]"#),
        ("@.price > 'a'", "[]"),
        ("$..price.max() == @.price", r#"["Rings"]"#),
    ];
    for (filter, expected) in table {
        assert_eq!(titles(filter), *expected, "{filter}");
    }
}

#[test]
fn filters_ask_about_scalars_objects_and_lists() {
    let document = json!({
        "list": [1, 5, "x", null, true, [1, 2], {"a": 1}],
        "rows": [{"t": ["a", "b"]}, {"t": ["b", "c"]}, {"t": []}, {"t": ""}, {}],
        "one": {"a": 1, "inner": {"a": 2}},
    });
    let table = [
        ("$.list[?(@ > 2)]", "[5]"),
        ("$.list[?(@ == null)]", "[null]"),
        ("$.list[?(@ == true)]", "[true]"),
        ("$.list[?(@ == [1,2])]", "[[1,2]]"),
        ("$.list[?(@ == {'a': 1})]", r#"[{"a":1}]"#),
        ("$.list[?@.a == 1]", r#"[{"a":1}]"#),
        ("$.rows[?(@.t contains 'a')]", r#"[{"t":["a","b"]}]"#),
        ("$.rows[?('c' in @.t)]", r#"[{"t":["b","c"]}]"#),
        ("$.rows[?(@.t size 2)].t[0]", r#"["a","b"]"#),
        ("$.rows[?(@.t empty true)]", r#"[{"t":[]},{"t":""}]"#),
        ("$.rows[?(@.t empty)]", r#"[{"t":[]},{"t":""}]"#),
        ("$.rows[?(@.t subsetof ['a','b'])].t", r#"[["a","b"],[]]"#),
        ("$.rows[?(@.t anyof ['a','z'])].t", r#"[["a","b"]]"#),
        ("$.rows[?(@.t noneof ['a','z'])].t", r#"[["b","c"],[]]"#),
        ("$.rows[?(@.t all ['b'])].t", r#"[["a","b"],["b","c"]]"#),
        ("$.rows[?(@.t[*] == ['a','b'])].t", r#"[["a","b"]]"#),
        ("$.one[?(@.a == 1)].a", "[1]"),
        ("$..[?(@.a > 0)].a", "[1,1,2]"),
        ("$..[?(@ == 5)]", "[5]"),
        ("$.one.a[?(@ > 0)]", ""),
    ];
    for (path, expected) in table {
        let compiled = JsonPath::compile(path).unwrap();
        let found = compiled.text(&document, &mut Budget::new(STEPS)).unwrap();
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn functions_make_new_values() {
    check(&[
        ("$.numbers.length()", "4"),
        ("$.numbers.size()", "4"),
        ("$.length()", "8"),
        ("$.store.bicycle.colour.length()", "3"),
        ("$.limit.length()", ""),
        ("$.missing.length()", ""),
        ("$..book.length()", "4"),
        ("$..price.length()", "5"),
        ("$.length($.numbers)", "4"),
        ("$.numbers.min()", "1.0"),
        ("$.numbers.max()", "4.0"),
        ("$.numbers.sum()", "10.0"),
        ("$.numbers.avg()", "2.5"),
        ("$.numbers.stddev()", "1.118033988749895"),
        ("$.numbers.max(9, $.limit)", "10.0"),
        ("$.sum($..isbn.length(), 1)", "3.0"),
        ("$..price.max()", "22.99"),
        ("$.store.book[*].price.min()", "8.95"),
        ("$.empty.max()", ""),
        ("$.tags.max()", ""),
        ("$.limit.max()", ""),
        ("$.store.bicycle.keys()", r#"["colour","price"]"#),
        ("$.tags.keys()", ""),
        ("$.tags.concat()", "ab"),
        ("$.tags.concat('-', $.limit)", "ab-10"),
        ("$.concat($.store.bicycle.colour, \"/\", $.tags)", "red/ab"),
        ("$.tags.append('c')", r#"["a","b","c"]"#),
        ("$.numbers.first()", "1"),
        ("$.numbers.last()", "4"),
        ("$.numbers.index(1)", "2"),
        ("$.numbers.index(-1)", "4"),
        ("$.numbers.index(7)", ""),
        ("$.empty.first()", ""),
        ("$..price.first()", "8.95"),
        ("$.store.book.last().title", "Rings"),
        ("$.store.keys()[0]", "book"),
        ("$.store.book[*].length()", "[4,4,5,5]"),
    ]);
}

#[test]
fn what_is_found_is_borrowed() {
    let document = store();
    let path = JsonPath::compile("$.store.book[1]").unwrap();
    let found = path.evaluate(&document, &mut Budget::new(STEPS)).unwrap();
    assert!(matches!(found, Found::One(Cow::Borrowed(_))));
    assert_eq!(found.into_value().unwrap()["author"], "Waugh");
}

#[test]
fn a_path_knows_what_it_is() {
    let table = [
        ("$", true, true),
        ("$.a['b'][0]", true, false),
        ("$.a['b','c']", true, false),
        ("$.a[0,1]", false, false),
        ("$.a[*]", false, false),
        ("$..a", false, false),
        ("$..a.length()", true, false),
        ("$.a[?(@.b)]", false, false),
    ];
    for (text, is_definite, is_root) in table {
        let path = JsonPath::compile(text).unwrap();
        assert_eq!((path.is_definite(), path.is_root()), (is_definite, is_root), "{text}");
        assert_eq!(path.source(), text);
    }
}

#[test]
fn mistakes_are_refused_with_their_place() {
    let table = [
        ("", 0, "a path is expected"),
        ("$.", 2, "a name"),
        ("$..", 3, "a name"),
        ("$...a", 3, "a name"),
        ("$.a b", 4, "the end of the path"),
        ("$[", 2, "a quoted name"),
        ("$[a]", 2, "a quoted name"),
        ("$['a]", 2, "not closed"),
        ("$['a'", 5, "`]`"),
        ("$[1", 3, "`]`"),
        ("$[--1]", 2, "a number"),
        ("$[99999999999]", 2, "a number"),
        ("$[1:2:0]", 7, "not 0"),
        ("$[?(@.a]", 7, "`)`"),
        ("$[?(@.a == )]", 11, "a path, or a value"),
        ("$[?('a')]", 7, "comparison"),
        ("$[?(@.a =~ 'x')]", 8, "/pattern/"),
        ("$[?(@.a == /x/)]", 11, "only compared"),
        ("$[?(@.a =~ /(/)]", 11, "malformed"),
        ("$[?(@.a =~ /x)]", 11, "not closed"),
        ("$.a.nosuch()", 4, "no function"),
        ("$.a.index()", 11, "one number"),
        ("$['\\ud800']", 5, "hexadecimal"),
    ];
    for (path, offset, part) in table {
        let error = JsonPath::compile(path).expect_err(path);
        assert_eq!(error.offset, offset, "{path}: {error}");
        assert!(error.message.contains(part), "{path}: {error}");
    }
}

#[test]
fn depth_and_length_are_limited() {
    let deep = format!("$[?({}@.a{})]", "(".repeat(1000), ")".repeat(1000));
    assert!(JsonPath::compile(&deep).is_err());
    let nots = format!("$[?({}@.a)]", "!".repeat(1000));
    assert!(JsonPath::compile(&nots).is_err());
    let nested = format!("{}$.a{}", "$[?(".repeat(1000), ")]".repeat(1000));
    assert!(JsonPath::compile(&nested).is_err());
    let literal = format!("$[?(@.a == {}{})]", "[".repeat(1000), "]".repeat(1000));
    assert!(JsonPath::compile(&literal).is_err());
    assert!(JsonPath::compile(&format!("${}", ".a".repeat(1000))).is_err());
    assert!(JsonPath::compile(&format!("$.{}", "a".repeat(100_000))).is_err());
    assert!(JsonPath::compile(&format!("${}", ".length()".repeat(1000))).is_err());
}

#[test]
fn steps_are_limited() {
    let wide: Value = (0..100).map(|_| json!([1, 2, 3, 4, 5, 6, 7, 8, 9])).collect();
    for path in ["$..*", "$..*..*", "$[?(@ in $..*)]", "$..[?(@..*)]"] {
        let path = JsonPath::compile(path).unwrap();
        assert_eq!(path.evaluate(&wide, &mut Budget::new(500)), Err(Exhausted));
    }
    let text = JsonPath::compile("$").unwrap();
    assert_eq!(text.text(&wide, &mut Budget::new(500)), Err(Exhausted));
}

#[test]
fn a_deep_document_is_walked() {
    let mut document = json!(1);
    for _ in 0..500 {
        document = json!({ "a": [document] });
    }
    let path = JsonPath::compile("$..a").unwrap();
    let found = path.evaluate(&document, &mut Budget::new(STEPS)).unwrap();
    assert!(matches!(found, Found::Many(values) if values.len() == 500));
    assert_eq!(path.locations(&document, &mut Budget::new(STEPS)).unwrap().len(), 500);
}

type Change = fn(&JsonPath, &mut Value, &Value, &mut Budget) -> Result<usize, Exhausted>;

fn changed(change: Change, path: &str, new: &Value) -> (usize, String) {
    let mut document = json!({"a": {"b": 1, "l": [1, 2, 3]}, "c": [{"b": 2}, {"b": 3}]});
    let path = JsonPath::compile(path).unwrap();
    let count = change(&path, &mut document, new, &mut Budget::new(STEPS)).unwrap();
    (count, document.to_string())
}

#[test]
fn values_are_replaced() {
    let table = [
        ("$.a.b", 1, r#"{"a":{"b":0,"l":[1,2,3]},"c":[{"b":2},{"b":3}]}"#),
        ("$..b", 3, r#"{"a":{"b":0,"l":[1,2,3]},"c":[{"b":0},{"b":0}]}"#),
        ("$.c[?(@.b > 2)]", 1, r#"{"a":{"b":1,"l":[1,2,3]},"c":[{"b":2},0]}"#),
        ("$.c[0]['b','x']", 1, r#"{"a":{"b":1,"l":[1,2,3]},"c":[{"b":0},{"b":3}]}"#),
        ("$", 1, "0"),
        ("$.none", 0, r#"{"a":{"b":1,"l":[1,2,3]},"c":[{"b":2},{"b":3}]}"#),
        ("$.c.length()", 0, r#"{"a":{"b":1,"l":[1,2,3]},"c":[{"b":2},{"b":3}]}"#),
    ];
    for (path, count, text) in table {
        let (counted, changed) = changed(JsonPath::replace, path, &json!(0));
        assert_eq!((counted, changed.as_str()), (count, text), "{path}");
    }
    let (count, text) = changed(JsonPath::replace, "$..*", &json!({"a": 1}));
    assert_eq!((count, text.as_str()), (11, r#"{"a":{"a":1},"c":{"a":1}}"#));
}

#[test]
fn values_are_removed() {
    let remove: Change = |path, document, _, budget| path.remove(document, budget);
    let table = [
        ("$.a.b", 1, r#"{"a":{"l":[1,2,3]},"c":[{"b":2},{"b":3}]}"#),
        ("$.a.l[0,1]", 2, r#"{"a":{"b":1,"l":[3]},"c":[{"b":2},{"b":3}]}"#),
        ("$.a.l[*]", 3, r#"{"a":{"b":1,"l":[]},"c":[{"b":2},{"b":3}]}"#),
        ("$..b", 3, r#"{"a":{"l":[1,2,3]},"c":[{},{}]}"#),
        ("$.a.l[0,0]", 1, r#"{"a":{"b":1,"l":[2,3]},"c":[{"b":2},{"b":3}]}"#),
        ("$", 0, r#"{"a":{"b":1,"l":[1,2,3]},"c":[{"b":2},{"b":3}]}"#),
    ];
    for (path, count, text) in table {
        let (counted, changed) = changed(remove, path, &Value::Null);
        assert_eq!((counted, changed.as_str()), (count, text), "{path}");
    }
}

#[test]
fn values_are_added() {
    let (count, text) = changed(JsonPath::append_child, "$.a.l", &json!(4));
    assert_eq!((count, text.contains("[1,2,3,4]")), (1, true));
    let (count, text) = changed(JsonPath::append_child, "$.c[*]", &json!({"n": 1}));
    assert_eq!((count, text.contains(r#"[{"b":2,"n":1},{"b":3,"n":1}]"#)), (2, true));
    assert_eq!(changed(JsonPath::append_child, "$.a", &json!(4)).0, 0);
    assert_eq!(changed(JsonPath::append_child, "$.a.b", &json!(4)).0, 0);
    let (count, text) = changed(JsonPath::append_sibling, "$.a.l[0,1]", &json!(4));
    assert_eq!((count, text.contains("[1,2,3,4]")), (1, true));
    let (count, text) = changed(JsonPath::append_sibling, "$.a.b", &json!({"n": 1}));
    assert_eq!((count, text.contains(r#""l":[1,2,3],"n":1}"#)), (1, true));
    assert_eq!(changed(JsonPath::append_sibling, "$", &json!({"n": 1})).0, 0);
}

#[test]
fn locations_are_told() {
    let path = JsonPath::compile("$.store.book[-1]['title']").unwrap();
    let locations = path.locations(&store(), &mut Budget::new(STEPS)).unwrap();
    let key = |key: &str| Segment::Key(key.to_owned());
    assert_eq!(locations, [[key("store"), key("book"), Segment::Index(3), key("title")]]);
}

fn looked_for(path: &str, text: &str) -> Option<Value> {
    let path = JsonPath::compile(path).unwrap();
    path.find(text, &mut Budget::new(STEPS)).unwrap()
}

#[test]
fn a_value_is_found_in_a_text() {
    let text = store().to_string();
    for path in [
        "$.limit",
        "$.store.bicycle",
        "$.store.book[1].title",
        "$.numbers[3]",
        "$.nothing",
        "$.numbers[4]",
        "$.limit.x",
        "$.store[0]",
        "$.store.book.title",
        "$.deep.x.x.x",
        "$['it\\'s']",
    ] {
        let document = store();
        let expected = JsonPath::compile(path).unwrap();
        let expected = expected.evaluate(&document, &mut Budget::new(STEPS)).unwrap();
        assert_eq!(looked_for(path, &text), expected.into_value().map(Cow::into_owned), "{path}");
    }
    // The last of members with the same name counts, whatever the ones before held.
    assert_eq!(looked_for("a.b", r#"{"a":{"b":1},"a":{"b":2}}"#), Some(json!(2)));
    assert_eq!(looked_for("a.b", r#"{"a":{"b":1},"a":{}}"#), None);
    assert_eq!(looked_for("a", r#"{"\u0061":"\u00e9"}"#), Some(json!("\u{e9}")));
    for scalar in ["1", "-1", "1.5", "true", "null", "\"x\"", "[]", "{}"] {
        assert_eq!(looked_for("a", scalar), None, "{scalar}");
    }
}

#[test]
fn only_simple_paths_are_looked_for() {
    for (path, is_simple) in [
        ("$.a", true),
        ("$.a[0]['b']", true),
        ("$", false),
        ("$[-1]", false),
        ("$.a[*]", false),
        ("$..a", false),
        ("$['a','b']", false),
        ("$[0:1]", false),
        ("$.a.length()", false),
        ("$[?(@.a)]", false),
    ] {
        assert_eq!(JsonPath::compile(path).unwrap().is_simple(), is_simple, "{path}");
    }
}

#[test]
fn a_text_that_is_no_document_is_told() {
    let path = JsonPath::compile("$.a.b").unwrap();
    for text in ["", "{", r#"{"a":1"#, r#"{"a":{"b":1}} x"#, r#"{"a":{"b":1},}"#, "[1,]", "nul"] {
        let error = path.find(text, &mut Budget::new(STEPS)).unwrap_err();
        assert!(matches!(error, FindError::Malformed(_)), "{text}");
    }
    let deep = format!(r#"{{"x":{}1{},"a":{{"b":2}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(looked_for("a.b", &deep), Some(json!(2)));
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(1000), "]".repeat(1000));
    assert!(JsonPath::compile("a").unwrap().find(&deep, &mut Budget::new(STEPS)).is_err());
    let long = format!(r#"{{"a":{{"b":"{}"}}}}"#, "x".repeat(1000));
    let error = path.find(&long, &mut Budget::new(5)).unwrap_err();
    assert!(matches!(error, FindError::Exhausted(_)));
}

fn any_document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[ab]|é", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        drop(JsonPath::compile(&text));
    }

    #[test]
    fn anything_like_a_path_is_read_or_refused(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "$", "@", ".", "..", "[", "]", "?(", "(", ")", "'a'", "a", "*", "0", "-1", ":", ",",
                "==", "=~", "/x/", "&&", "||", "!", " in ", "length()", "sum(", "null", "{", "}", "\\u12",
            ]),
            0..24,
        ),
    ) {
        let text: String = parts.concat();
        if let Ok(path) = JsonPath::compile(&text) {
            let document = json!({"a": [{"a": 1}, [2, "a"], null], "length()": {"a": "a"}});
            let found = path.text(&document, &mut Budget::new(10_000));
            prop_assert!(found.is_ok() || text.contains(".."), "{}", text);
            let mut changed = document.clone();
            path.remove(&mut changed, &mut Budget::new(10_000)).ok();
        }
    }

    #[test]
    fn what_is_looked_for_in_a_text_is_what_its_document_holds(
        document in any_document(),
        path in "\\$(\\.[ab]|\\[[012]\\]|\\['é'\\]){1,4}",
    ) {
        let path = JsonPath::compile(&path).unwrap();
        let text = document.to_string();
        // What is read back of a number may differ in its last digit.
        let document: Value = serde_json::from_str(&text).unwrap();
        let expected = path.evaluate(&document, &mut Budget::new(STEPS)).unwrap();
        let found = path.find(&text, &mut Budget::new(STEPS)).unwrap();
        prop_assert!(path.is_simple());
        prop_assert_eq!(found, expected.into_value().map(Cow::into_owned));
    }
}
