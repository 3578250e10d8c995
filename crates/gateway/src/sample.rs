//! The pizza-shack sample backend: a small REST service for the first five minutes.
//!
//! It answers under `/am/sample/pizzashack/v1/api/`, keeps a bounded number of orders in memory and
//! forgets them with the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// Where the service is.
pub const BASE_PATH: &str = "/am/sample/pizzashack/v1/api";
/// Most orders that are kept; the oldest one makes room.
const MAX_ORDERS: usize = 1000;

/// What the staff shows: user and password are `weir`.
const STAFF: &[u8] = b"Basic d2Vpcjp3ZWly";

/// Name, description and price of every pizza.
const MENU: [(&str, &str, &str); 6] = [
    ("Margherita", "Tomato, mozzarella and basil", "9.50"),
    ("Funghi", "Mushrooms, garlic and parsley", "11.00"),
    ("Quattro Formaggi", "Four cheeses, no tomato", "12.50"),
    ("Diavola", "Spicy salami and chili oil", "12.00"),
    ("Ortolana", "Grilled aubergine, courgette and pepper", "11.50"),
    ("Tonno", "Tuna, red onion and capers", "12.00"),
];

/// The orders.
#[derive(Debug, Default)]
pub struct SampleState(Mutex<Orders>);

#[derive(Debug, Default)]
struct Orders {
    by_id: BTreeMap<String, (u64, Value)>,
    count: u64,
}

impl SampleState {
    fn lock(&self) -> MutexGuard<'_, Orders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a request to the sample; `None` where the path is not the sample's.
pub fn answer(state: &SampleState, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let rest = request.uri().path().strip_prefix(BASE_PATH)?;
    let segments: Vec<&str> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
    let method = request.method();
    Some(match (method, segments.as_slice()) {
        (&Method::GET | &Method::HEAD, ["menu"]) => reply(StatusCode::OK, &menu()),
        (&Method::POST, ["order"]) => place(state, request),
        (_, ["order", id]) => order(state, request, id),
        (&Method::GET | &Method::HEAD, ["staff", "orders"]) => staff(state, request),
        (_, ["menu" | "order"]) => problem(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
        _ => problem(StatusCode::NOT_FOUND, "Not found"),
    })
}

/// How many orders there are, for those who show who they are.
fn staff(state: &SampleState, request: &Request<Bytes>) -> Response<Bytes> {
    let shown = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    if shown != Some(STAFF) {
        let mut refusal = problem(StatusCode::UNAUTHORIZED, "Staff only");
        let challenge = HeaderValue::from_static("Basic realm=\"staff\"");
        refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        return refusal;
    }
    reply(StatusCode::OK, &json!({ "orders": state.lock().by_id.len() }))
}

fn menu() -> Value {
    MENU.iter()
        .enumerate()
        .map(|(index, (name, description, price))| {
            json!({ "name": name, "description": description, "price": price, "icon": format!("/images/{}.png", index + 1) })
        })
        .collect()
}

fn place(state: &SampleState, request: &Request<Bytes>) -> Response<Bytes> {
    let mut order = match read(request) {
        Ok(order) => order,
        Err(problem) => return problem,
    };
    let id = Uuid::new_v4().to_string();
    order["orderId"] = id.as_str().into();
    order["delivered"] = false.into();
    let mut response = reply(StatusCode::CREATED, &order);
    if let Ok(location) = HeaderValue::try_from(format!("{BASE_PATH}/order/{id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    state.lock().keep(id, order);
    response
}

fn order(state: &SampleState, request: &Request<Bytes>, id: &str) -> Response<Bytes> {
    let mut orders = state.lock();
    let Some((_, known)) = orders.by_id.get_mut(id) else {
        return problem(StatusCode::NOT_FOUND, "There is no order with this id");
    };
    match *request.method() {
        Method::GET | Method::HEAD => reply(StatusCode::OK, known),
        Method::PUT => match read(request) {
            Ok(mut changed) => {
                changed["orderId"] = id.into();
                *known = changed;
                reply(StatusCode::OK, known)
            }
            Err(problem) => problem,
        },
        Method::DELETE => {
            orders.by_id.remove(id);
            respond(StatusCode::OK, Bytes::new())
        }
        _ => problem(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
    }
}

impl Orders {
    fn keep(&mut self, id: String, order: Value) {
        self.count += 1;
        self.by_id.insert(id, (self.count, order));
        if self.by_id.len() > MAX_ORDERS {
            let oldest = self.by_id.iter().min_by_key(|(_, (number, _))| *number);
            if let Some(id) = oldest.map(|(id, _)| id.clone()) {
                self.by_id.remove(&id);
            }
        }
    }
}

/// The order in a request: a JSON object that names a pizza.
#[allow(clippy::result_large_err, reason = "the answer is sent as it is, once")]
fn read(request: &Request<Bytes>) -> Result<Value, Response<Bytes>> {
    let media = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !media.starts_with(b"application/json") {
        return Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "An order is application/json"));
    }
    let order: Value = serde_json::from_slice(request.body())
        .map_err(|error| problem(StatusCode::BAD_REQUEST, &format!("This is no JSON: {error}")))?;
    if order.get("pizzaType").is_some_and(Value::is_string) {
        return Ok(order);
    }
    Err(problem(StatusCode::BAD_REQUEST, "An order needs a `pizzaType`"))
}

fn problem(status: StatusCode, message: &str) -> Response<Bytes> {
    reply(status, &json!({ "code": status.as_u16(), "message": message }))
}

fn reply(status: StatusCode, body: &Value) -> Response<Bytes> {
    respond(status, body.to_string())
}

fn respond(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    fn call(state: &SampleState, method: Method, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{BASE_PATH}{path}"))
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(body.to_owned()))
            .expect("a valid request");
        let response = answer(state, &request).expect("the path is the sample's");
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        (response.status().as_u16(), body)
    }

    #[test]
    fn an_order_lives_from_post_to_delete() {
        let state = SampleState::default();
        assert_eq!(call(&state, Method::GET, "/menu", "").1[0]["name"], "Margherita");
        let (status, order) = call(&state, Method::POST, "/order", r#"{"pizzaType":"Tonno"}"#);
        assert_eq!(status, 201);
        let path = format!("/order/{}", order["orderId"].as_str().expect("an id"));
        assert_eq!(call(&state, Method::GET, &path, "").1["pizzaType"], "Tonno");
        let changed = call(&state, Method::PUT, &path, r#"{"pizzaType":"Funghi"}"#);
        assert_eq!((changed.0, &changed.1["pizzaType"]), (200, &"Funghi".into()));
        assert_eq!(call(&state, Method::DELETE, &path, "").0, 200);
        assert_eq!(call(&state, Method::GET, &path, "").0, 404);
    }

    #[test]
    fn the_staff_shows_a_password() {
        let state = SampleState::default();
        let path = format!("{BASE_PATH}/staff/orders");
        let ask = |shown: Option<&str>| {
            let mut request = Request::get(&path).body(Bytes::new()).unwrap();
            if let Some(shown) = shown {
                let shown = HeaderValue::try_from(shown).unwrap();
                request.headers_mut().insert(AUTHORIZATION, shown);
            }
            answer(&state, &request).unwrap()
        };
        assert_eq!(ask(Some("Basic d2Vpcjp3ZWly")).status(), 200);
        for shown in [None, Some("Basic d2Vpcjp3ZWlyMQ=="), Some("Bearer weir")] {
            let answer = ask(shown);
            assert_eq!(answer.status(), 401);
            assert!(answer.headers().contains_key(WWW_AUTHENTICATE));
        }
    }

    #[test]
    fn what_is_no_order_is_refused() {
        let state = SampleState::default();
        assert_eq!(call(&state, Method::POST, "/order", "{").0, 400);
        assert_eq!(call(&state, Method::POST, "/order", "{}").0, 400);
        assert_eq!(call(&state, Method::DELETE, "/menu", "").0, 405);
        assert_eq!(call(&state, Method::GET, "/other", "").0, 404);
    }

    #[test]
    fn the_oldest_order_makes_room() {
        let state = SampleState::default();
        for _ in 0..=MAX_ORDERS {
            call(&state, Method::POST, "/order", r#"{"pizzaType":"Tonno"}"#);
        }
        assert_eq!(state.lock().by_id.len(), MAX_ORDERS);
    }
}
