//! Any text is read as an expression that tells failed answers: no panic, and what is accepted can be
//! asked, and read again from how it is shown.

#![no_main]

use compiler::condition::{Condition, Facts};
use http::HeaderName;
use libfuzzer_sys::fuzz_target;

struct Answer;

impl Facts for Answer {
    fn status(&self) -> u16 {
        503
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        (name == "retry-after").then_some("1")
    }

    fn method(&self) -> &str {
        "GET"
    }

    fn path(&self) -> &str {
        "/orders/7"
    }

    fn request_header(&self, _name: &HeaderName) -> Option<&str> {
        None
    }
}

fuzz_target!(|text: &str| {
    let Ok(condition) = Condition::parse(text) else { return };
    let holds = condition.holds(&Answer);
    let again = Condition::parse(&condition.to_string()).expect("what is shown can be read");
    assert_eq!(again.holds(&Answer), holds);
});
