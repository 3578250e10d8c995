//! Which API, which operation, which address: every row of spec/01 §3.1–3.4 and the rows of §8
//! that belong to them.

use serde_json::json;
use testkit::{Answer, Backend, Nginx, Project, Reply};

use crate::gateway::{Weir, code, open, shop};

/// What the backend was asked for; `None` when it was not asked.
async fn target(weir: &Weir, backend: &Backend, method: &str, path: &str) -> (u16, Option<String>) {
    drop(backend.take());
    let answer = weir.call(method, path, &[], b"").await;
    (answer.status, backend.take().pop().map(|request| request.target))
}

fn api(name: &str, version: &str, context: &str, backend: &Backend, base: &str) -> Project {
    let url = format!("{}{base}", backend.url());
    open(Project::new(name, version, context).endpoint(&url), "/*")
}

#[tokio::test]
async fn an_api_is_found_by_context_and_version() {
    let backend = Backend::echo().await;
    let projects = [
        api("Shop", "1.0", "/shop", &backend, "/one"),
        api("Shop", "2.0", "/shop", &backend, "/two").set("isDefaultVersion", json!(true)),
        api("Pets", "1.0", "/{version}/pets", &backend, "/pets"),
        api("Org", "1.0", "/org/{version}/pets", &backend, "/org"),
        api("Deep", "1.0", "/shop/1.0/deep", &backend, "/deep"),
        api("Tenant", "1.0", "/t/example.com/shop", &backend, "/tenant"),
        api("Tail", "v1", "/tail/v1", &backend, "/tail").set("isDefaultVersion", json!(true)),
    ];
    let weir = Weir::with(&projects.iter().collect::<Vec<_>>(), |_| {});
    for (path, expected) in [
        ("/shop/1.0", Some("/one")),
        ("/shop/1.0/", Some("/one/")),
        ("/shop/1.0/items/7", Some("/one/items/7")),
        ("/shop/1.0?a=1", Some("/one?a=1")),
        ("/shop/2.0/items", Some("/two/items")),
        ("/shop/items/7", Some("/two/items/7")),
        ("/shop", Some("/two")),
        ("/shop?x=1", Some("/two?x=1")),
        ("/shop/3.0/items", Some("/two/3.0/items")),
        ("/1.0/pets/cats", Some("/pets/cats")),
        ("/org/1.0/pets/cats", Some("/org/cats")),
        ("/2.0/pets/cats", None),
        ("/shop/1.0/deep/1.0/x", Some("/deep/x")),
        ("/shop/1.0/deeper/1.0/x", Some("/one/deeper/1.0/x")),
        ("/t/example.com/shop/1.0/x", Some("/tenant/x")),
        ("/t/Example.com/shop/1.0/x", None),
        ("/t/example.org/shop/1.0/x", None),
        ("/tail/v1/customers/1", Some("/tail/customers/1")),
        ("/Shop/1.0/items", None),
        ("/shopping", None),
        ("/", None),
    ] {
        let (status, seen) = target(&weir, &backend, "GET", path).await;
        assert_eq!(seen.as_deref(), expected, "{path}");
        assert_eq!(status, if expected.is_some() { 200 } else { 404 }, "{path}");
    }
}

#[tokio::test]
async fn the_default_version_follows_what_is_deployed() {
    let backend = Backend::echo().await;
    let one = api("Shop", "1.0", "/shop", &backend, "/one");
    let two = api("Shop", "2.0", "/shop", &backend, "/two");
    let mut weir = Weir::with(&[&one, &two.clone().set("isDefaultVersion", json!(true))], |_| {});
    assert_eq!(target(&weir, &backend, "GET", "/shop/a").await.1.as_deref(), Some("/two/a"));
    weir.deploy(&two);
    let answer = weir.get("/shop/a").await;
    assert_eq!((answer.status, code(&answer)), (404, "404".to_owned()));
    weir.deploy(&one.set("isDefaultVersion", json!(true)));
    assert_eq!(target(&weir, &backend, "GET", "/shop/a").await.1.as_deref(), Some("/one/a"));
    weir.remove("Shop-1.0");
    assert_eq!(target(&weir, &backend, "GET", "/shop/a").await, (404, None));
    assert_eq!(target(&weir, &backend, "GET", "/shop/2.0/a").await.1.as_deref(), Some("/two/a"));
}

#[tokio::test]
async fn an_unknown_api_is_told_as_wso2_does() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let answer = weir.get("/nothing/here").await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.json(),
        json!({ "code": "404", "type": "Status report", "message": "Not Found",
                "description": "The requested resource is not available." })
    );
    assert!(answer.header("content-type").unwrap().starts_with("application/json"));
    let soap = [("Content-Type", "text/xml"), ("SOAPAction", "\"\"")];
    let answer = weir.call("POST", "/nothing/here", &soap, b"<a/>").await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("<faultstring>The requested endpoint is not available.<"));
}

#[tokio::test]
async fn an_api_is_served_over_its_transports_only() {
    let backend = Backend::echo().await;
    let secure = shop(&backend.url()).set("transport", json!(["https"]));
    let weir = Weir::tls(&[&secure], |_| {});
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!(answer.status, 403);
    let description = "Unsupported Transport [ http ]. The requested resource is not available.";
    assert_eq!(
        answer.json(),
        json!({ "code": "403", "type": "Status report", "message": "Forbidden",
                "description": description })
    );
    assert_eq!(weir.tls_client().await.get("/shop/1.0/a").await.unwrap().status, 200);
    let clear = shop(&backend.url()).set("transport", json!(["http"]));
    let weir = Weir::tls(&[&clear], |_| {});
    let answer = weir.tls_client().await.get("/shop/1.0/a").await.unwrap();
    assert!(answer.text().contains("Unsupported Transport [ https ]"));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
}

#[tokio::test]
async fn a_blocked_api_answers_xml() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()).set("lifeCycleStatus", json!("BLOCKED")));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("<am:code>700700</am:code>"), "{}", answer.text());
    assert!(!answer.text().contains("am:type"));
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn an_operation_is_found_in_wso2s_order() {
    let backend = Backend::with(|request| async move {
        Reply::new(200).body(request.header("x-operation").unwrap_or("none").to_owned())
    })
    .await;
    let mut project = Project::new("Shop", "1.0", "/shop").endpoint(&backend.url());
    for (verb, template) in [
        ("GET", "/items/{id}"),
        ("GET", "/items/special"),
        ("GET", "/files/*"),
        ("GET", "/files/deep/*"),
        ("GET", "/{a}/{b}/{c}"),
        ("GET", "/{a}/{b}/last"),
        ("POST", "/items"),
        ("PUT", "/only/*"),
    ] {
        project = project.operation(verb, template).open();
    }
    let weir = Weir::start(&project);
    for (index, (path, expected)) in [
        ("/items/special", "/items/special"),
        ("/items/special/", "/items/special"),
        ("/items/7", "/items/{id}"),
        ("/items/7/", "/items/{id}"),
        ("/items/7?x=1", "/items/{id}"),
        ("/files/a", "/files/*"),
        ("/files/deep/a", "/files/deep/*"),
        ("/files", "/files/*"),
        ("/a/b/c", "/{a}/{b}/{c}"),
        ("/a/b/last", "/{a}/{b}/{c}"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(weir.get(&format!("/shop/1.0{path}")).await.status, 200, "{path}");
        let record = weir.records(index + 1).await.pop().unwrap();
        assert_eq!(record["operation"], expected, "{path}");
    }
    backend.stop();
    for (method, path, status) in [
        ("GET", "/nowhere", 404),
        ("GET", "/items", 405),
        ("POST", "/items/7", 405),
        ("DELETE", "/only/x", 405),
        ("DELETE", "/nowhere", 404),
    ] {
        let answer = weir.call(method, &format!("/shop/1.0{path}"), &[], b"").await;
        let text = if status == 404 {
            "No matching resource found for given API Request"
        } else {
            "Method not allowed for given API resource"
        };
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(
            answer.json(),
            json!({ "code": status.to_string(), "type": "Status report",
                    "message": "Runtime Error", "description": text })
        );
    }
    assert_eq!(
        weir.call("POST", "/shop/1.0/items/7", &[], b"").await.header("allow"),
        Some("GET, HEAD")
    );
}

#[tokio::test]
async fn a_mismatch_needs_no_token() {
    let backend = Backend::echo().await;
    let project = Project::new("Shop", "1.0", "/shop")
        .endpoint(&backend.url())
        .operation("GET", "/items/{id}");
    let weir = Weir::start(&project);
    assert_eq!(weir.call("POST", "/shop/1.0/items/7", &[], b"").await.status, 405);
    assert_eq!(weir.get("/shop/1.0/nowhere").await.status, 404);
    let answer = weir.get("/shop/1.0/items/7").await;
    assert_eq!((answer.status, code(&answer)), (401, "900902".to_owned()));
    assert!(answer.header("www-authenticate").is_some());
    assert!(answer.json().get("type").is_none());
}

#[tokio::test]
async fn options_is_answered_here_unless_it_is_declared() {
    let backend = Backend::echo().await;
    let project = Project::new("Shop", "1.0", "/shop")
        .endpoint(&backend.url())
        .operation("GET", "/items")
        .open()
        .operation("OPTIONS", "/declared")
        .open();
    let weir = Weir::start(&project);
    // Without a method to ask for it is no preflight request (spec/03 §6.3).
    assert_eq!(target(&weir, &backend, "OPTIONS", "/shop/1.0/items").await, (405, None));
    let asked = [("Access-Control-Request-Method", "GET"), ("Origin", "https://a.example")];
    let answer = weir.call("OPTIONS", "/shop/1.0/items", &asked, b"").await;
    assert_eq!((answer.status, answer.header("allow")), (200, Some("GET, OPTIONS")));
    assert!(backend.requests().is_empty());
    let (status, seen) = target(&weir, &backend, "OPTIONS", "/shop/1.0/declared").await;
    assert_eq!((status, seen.as_deref()), (200, Some("/declared")));
    assert_eq!(target(&weir, &backend, "OPTIONS", "/shop/1.0/nowhere").await, (404, None));
}

#[tokio::test]
async fn the_address_is_joined_as_the_table_says() {
    let backend = Backend::echo().await;
    for (base, postfix, expected) in [
        ("/base", "/items/7?x=%2Fa&x=2", "/base/items/7?x=%2Fa&x=2"),
        ("/base/", "/items/7?x=%2Fa&x=2", "/base/items/7?x=%2Fa&x=2"),
        ("", "/items", "/items"),
        ("/", "/items", "/items"),
        ("/", "?q=1", "/?q=1"),
        ("", "?q=1", "/?q=1"),
        ("/base", "?q=1", "/base?q=1"),
        ("/base/", "?q=1", "/base?q=1"),
        ("/base", "", "/base"),
        ("/base/", "", "/base/"),
        ("", "", "/"),
        ("/base", "/", "/base/"),
        ("/base", "//x", "/base//x"),
        ("/base", "/a/../b/./c", "/base/a/../b/./c"),
        ("/base", "/%2e%2E%2e/%2F;v=1,2", "/base/%2e%2E%2e/%2F;v=1,2"),
        ("/base", "/a?", "/base/a?"),
        ("/base", "/a?b=1&b=2&&c", "/base/a?b=1&b=2&&c"),
        ("/base", "/a?q=a|b{c}", "/base/a?q=a|b{c}"),
        ("/base?key=1", "/x", "/base?key=1/x"),
    ] {
        let weir = Weir::start(&shop(&format!("{}{base}", backend.url())));
        let (status, seen) = target(&weir, &backend, "GET", &format!("/shop/1.0{postfix}")).await;
        assert_eq!((status, seen.as_deref()), (200, Some(expected)), "{base} + {postfix}");
    }
}

#[tokio::test]
async fn variables_are_expanded_in_http_addresses() {
    let backend = Backend::echo().await;
    let base = backend.url();
    for (address, path, expected) in [
        ("/echo/{uri.var.id}", "/a:b", "/echo/a%3Ab/a:b"),
        ("/echo/{uri.var.id}", "/7", "/echo/7/7"),
        ("/echo/{uri.var.id}", "/a,b", "/echo/a%2Cb/a,b"),
        ("/echo/{+uri.var.id}", "/a:b", "/echo/a:b/a:b"),
        ("/echo/{uri.var.id}", "/a%20b", "/echo/a%20b/a%20b"),
        ("/echo/{query.param.q}", "/7?q=x", "/echo/x/7?q=x"),
        ("/echo/{query.param.q}", "/7?q=%2F&q=2", "/echo/%2F/7?q=%2F&q=2"),
        ("/echo/{uri.var.none}/x", "/7", "/echo//x/7"),
        ("/echo?id={uri.var.id}", "/7", "/echo?id=7/7"),
    ] {
        let project = Project::new("Shop", "1.0", "/shop").endpoint(&format!("{base}{address}"));
        let weir = Weir::start(&project.operation("GET", "/{id}").open());
        let (status, seen) = target(&weir, &backend, "GET", &format!("/shop/1.0{path}")).await;
        assert_eq!((status, seen.as_deref()), (200, Some(expected)), "{address} {path}");
    }
}

#[tokio::test]
async fn a_variable_can_name_the_host() {
    let backend = Backend::echo().await;
    let project = Project::new("Shop", "1.0", "/shop")
        .endpoint("http://127.0.0.1:{uri.var.port}/base")
        .operation("GET", "/{port}")
        .open();
    let weir = Weir::start(&project);
    let port = backend.address().port();
    let (status, seen) = target(&weir, &backend, "GET", &format!("/shop/1.0/{port}")).await;
    assert_eq!((status, seen), (200, Some(format!("/base/{port}"))));
    // What is no address after expansion is a fault of the request, not of the gateway.
    let answer = weir.get("/shop/1.0/not-a-port").await;
    assert_eq!((answer.status, code(&answer)), (500, "0".to_owned()));
}

#[tokio::test]
async fn a_soap_message_goes_to_the_bare_address() {
    let backend = Backend::echo().await;
    let project = open(Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(json!({
        "endpoint_type": "address",
        "production_endpoints": { "url": format!("{}/soap", backend.url()) },
    }));
    let weir = Weir::start(&project);
    for (method, kind, expected) in [
        ("POST", "text/xml; charset=utf-8", "/soap"),
        ("POST", "application/soap+xml", "/soap"),
        ("POST", "application/json", "/soap/a?b=1"),
        ("PUT", "text/xml", "/soap/a?b=1"),
    ] {
        let headers = [("Content-Type", kind)];
        assert_eq!(weir.call(method, "/shop/1.0/a?b=1", &headers, b"<a/>").await.status, 200);
        assert_eq!(backend.last().target, expected, "{method} {kind}");
        assert_eq!(backend.last().header("content-type"), Some(kind));
    }
    // An `http` endpoint gets the rest of the path whatever is sent.
    let weir = Weir::start(&shop(&format!("{}/rest", backend.url())));
    weir.call("POST", "/shop/1.0/a", &[("Content-Type", "text/xml")], b"<a/>").await;
    assert_eq!(backend.last().target, "/rest/a");
}

/// A backend that answers a `Location`; `HOST` in it is the host that it was called by.
async fn moving(status: u16, location: &str) -> Backend {
    let location = location.to_owned();
    let handler = move |request: testkit::Recorded| {
        let host = request.header("host").unwrap().to_owned();
        Reply::new(status).header("location", &location.replace("HOST", &host))
    };
    Backend::builder().start(handler).await
}

/// The `Location` that a client sees for one of the backend, whose base path is `/base`.
async fn location(weir: &Weir) -> Answer {
    weir.get("/shop/1.0/move").await
}

#[tokio::test]
async fn a_location_points_to_the_gateway_unless_wso2_leaves_it() {
    for (status, location_sent, expected) in [
        (201, "http://HOST/base/items/9", None),
        (301, "http://HOST/base/items/9", None),
        (302, "/base/items/9", None),
        (303, "http://elsewhere/x", None),
        (307, "http://HOST/base/items/9", None),
        (308, "http://HOST/base/items/9?a=1", Some("/shop/1.0/items/9?a=1")),
        (308, "/base/items/9", Some("/shop/1.0/items/9")),
        (308, "http://HOST/base", Some("/shop/1.0")),
        (202, "http://HOST/other/9", Some("/other/9")),
        (308, "http://elsewhere/base/x", None),
        (200, "/basement", Some("/basement")),
    ] {
        let backend = moving(status, location_sent).await;
        let location_sent = location_sent.replace("HOST", &backend.address().to_string());
        let weir = Weir::start(&shop(&format!("{}/base", backend.url())));
        let ours = expected.map(|path| weir.url(path));
        let answer = location(&weir).await;
        assert_eq!(answer.status, status);
        let expected = ours.as_deref().unwrap_or(&location_sent);
        assert_eq!(answer.header("location"), Some(expected), "{status} {location_sent}");
        assert_eq!(backend.requests().len(), 1, "redirects are not followed");
    }
    // A backend that was told the client's host names that.
    let backend = moving(308, "http://HOST/base/x").await;
    let project = shop(&format!("{}/base", backend.url())).set("x-weir-preserve-host", json!(true));
    let weir = Weir::start(&project);
    assert_eq!(location(&weir).await.header("location"), Some(&*weir.url("/shop/1.0/x")));
    let backend = Backend::answer(308, &[("location", "/base/x")], "").await;
    let weir = Weir::with(&[&shop(&format!("{}/base", backend.url()))], |config| {
        config.forwarding.preserve_location = true;
    });
    assert_eq!(location(&weir).await.header("location"), Some("/base/x"));
}

#[tokio::test]
async fn nginx_gets_what_the_client_wrote() {
    let echo = "location / { return 200 \"$request_method $request_uri\"; }";
    let Some(nginx) = Nginx::server(echo).await else { return };
    let weir = Weir::start(&shop(&format!("{}/base/", nginx.url())));
    for path in ["/items/7?x=%2Fa&x=2", "/a;b,c/%C3%A4", "?q=1"] {
        let answer = weir.get(&format!("/shop/1.0{path}")).await;
        assert_eq!(answer.text(), format!("GET /base{path}"));
    }
    let mut client = weir.client().await;
    for _ in 0..3 {
        let answer = client.call("POST", "/shop/1.0/form", &[], b"a=1").await.unwrap();
        assert_eq!(answer.text(), "POST /base/form");
    }
}

/// A server that reads a path more freely must not be led past the security of an operation.
#[tokio::test]
async fn no_disguise_leads_past_the_security_of_an_operation() {
    let backend = Backend::echo().await;
    let project = Project::new("Dots", "1.0", "/dots")
        .endpoint(&format!("{}/base", backend.url()))
        .operation("GET", "/secret/*")
        .secured(&[])
        .operation("GET", "/*")
        .open();
    let weir = Weir::start(&project);
    for path in [
        "/open/../secret/1",
        "/open/%2e%2e/secret/1",
        "/open/..%2fsecret/1",
        "/open/../..",
        "/%73ecret/1",
        "//secret/1",
        "/secret;a=b/1",
        "/secret%2F1",
    ] {
        let seen = target(&weir, &backend, "GET", &format!("/dots/1.0{path}")).await;
        assert_eq!(seen, (400, None), "{path}");
    }
    let seen = target(&weir, &backend, "GET", "/dots/1.0/open/a/../b").await;
    assert_eq!(seen, (200, Some("/base/open/a/../b".to_owned())));
    for path in ["/a%20b", "/a%2Fb", "/a//b", "/a;b=c/d"] {
        let seen = target(&weir, &backend, "GET", &format!("/dots/1.0{path}")).await;
        assert_eq!(seen, (200, Some(format!("/base{path}"))));
    }
    assert_eq!(target(&weir, &backend, "GET", "/dots/1.0/secret/1").await, (401, None));
}
