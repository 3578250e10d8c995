#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::super::sample::with_operations;
use super::*;

struct Case {
    plan: ApiPlan,
    table: OperationTable,
}

fn case(lines: &[&str]) -> Case {
    let plan = with_operations(lines);
    let table = OperationTable::new(&plan);
    Case { plan, table }
}

impl Case {
    /// The template that serves a method and path, `405 …` with the methods, or `404`.
    fn find(&self, method: &str, rest: &str) -> String {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        match self.table.find(&self.plan, &method, rest) {
            OperationMatch::Found { index, captures } => {
                let operation = self.plan.operations.get(index).unwrap();
                let values: String = (0..captures.len())
                    .map(|index| format!(" {}", captures.text(index, rest).unwrap()))
                    .collect();
                format!("{} {}{values}", operation.method, operation.template)
            }
            OperationMatch::WrongMethod { allowed } => format!("405 {allowed}"),
            OperationMatch::NoResource => "404".to_owned(),
        }
    }

    fn check(&self, table: &[(&str, &str, &str)]) {
        for (method, rest, expected) in table {
            assert_eq!(self.find(method, rest), *expected, "{method} {rest}");
        }
    }
}

#[test]
fn mappings_go_before_templates_and_the_method_before_both() {
    let case = case(&[
        "GET /{any}",
        "GET /*",
        "GET *.json",
        "GET /a/*",
        "GET /a/b/*",
        "GET /a/b/c",
        "POST /{any}",
        "POST /a/{x}",
        "PUT /a/b/c",
    ]);
    case.check(&[
        ("GET", "/a/b/c", "GET /a/b/c"),
        ("GET", "/a/b/c/", "GET /a/b/c"),
        ("GET", "/a/b/c.json", "GET /a/b/*"),
        ("GET", "/a/x.json", "GET /a/*"),
        ("GET", "/x.json", "GET *.json"),
        ("GET", "/x", "GET /*"),
        ("GET", "", "GET /*"),
        ("POST", "/x", "POST /{any} x"),
        ("POST", "/a/b", "POST /a/{x} b"),
        ("POST", "/a/b/c", "405 GET, HEAD, PUT"),
        ("DELETE", "/x", "405 GET, HEAD, POST"),
    ]);
}

#[test]
fn templates_go_in_the_order_of_their_declaration() {
    let case = case(&[
        "GET /{type}/new",
        "GET /order/{id}",
        "GET /{type}/{id}",
        "DELETE /order/{id}",
        "GET /order/{id}/items/{item}",
    ]);
    case.check(&[
        ("GET", "/order/new", "GET /{type}/new order"),
        ("GET", "/order/7", "GET /order/{id} 7"),
        ("GET", "/menu/7/", "GET /{type}/{id} menu 7"),
        ("DELETE", "/order/7", "DELETE /order/{id} 7"),
        ("DELETE", "/menu/7", "405 GET, HEAD"),
        ("GET", "/order/7/items/a%2Fb", "GET /order/{id}/items/{item} 7 a%2Fb"),
        ("GET", "/order", "404"),
        ("GET", "/", "404"),
        ("PUT", "/order/7/items", "404"),
    ]);
}

#[test]
fn only_get_is_defined() {
    let case = case(&["GET /menu"]);
    case.check(&[
        ("POST", "/menu", "405 GET, HEAD"),
        ("POST", "/none", "404"),
        ("OPTIONS", "/menu", "405 GET, HEAD"),
        ("get", "/menu", "405 GET, HEAD"),
    ]);
}

#[test]
fn head_is_served_by_get_unless_it_is_declared() {
    case(&["GET /menu", "HEAD /other", "GET /other"]).check(&[
        ("HEAD", "/menu", "GET /menu"),
        ("HEAD", "/other", "HEAD /other"),
        ("HEAD", "/none", "404"),
    ]);
    case(&["POST /menu"]).check(&[("HEAD", "/menu", "405 POST")]);
}

#[test]
fn a_resource_is_all_operations_with_one_template() {
    let case = case(&["GET /menu", "POST /menu", "GET /*", "DELETE /*"]);
    let methods = |index| case.table.resource_methods(index).to_string();
    assert_eq!(methods(0), "GET, POST");
    assert_eq!(methods(1), "GET, POST");
    assert_eq!(methods(3), "GET, DELETE");
    assert_eq!(methods(9), "");
}

#[test]
fn a_lookup_looks_at_few_of_many_operations() {
    let lines: Vec<String> = (0..300)
        .flat_map(|n| [format!("GET /path{n}"), format!("GET /order{n}/{{id}}")])
        .chain(["GET /{any}/{id}".to_owned()])
        .collect();
    let case = case(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let visited = |rest: &str| {
        let mut count = 0;
        let none: Option<()> = case.table.candidates(rest, |_| {
            count += 1;
            None
        });
        assert_eq!(none, None);
        count
    };
    assert_eq!(visited("/path200"), 2);
    assert_eq!(visited("/order299/7"), 2);
    assert_eq!(visited("/other/7"), 1);
    case.check(&[
        ("GET", "/order299/7", "GET /order299/{id} 7"),
        ("GET", "/other/7", "GET /{any}/{id} other 7"),
    ]);
}
