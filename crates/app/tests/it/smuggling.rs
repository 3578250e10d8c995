//! Requests that two readers could read differently: whatever bytes a client sends, each backend
//! sees exactly the requests that the gateway says it sent, whole, and each once.
//!
//! Raw bytes go to the program, behind which real servers of different tolerance write down what
//! they understood; one more backend is strict and keeps the bytes. Every case is tried at every
//! backend, one after the other over the same connections, and after each another client's request
//! must get its own answer. At the end the access log is held against what the backends wrote.

mod arena;
mod backends;
mod case;
mod cases;
mod http2;
mod wire;

use arena::Arena;

#[tokio::test]
async fn lengths_leave_no_choice() {
    Arena::start().await.check(cases::lengths::cases).await;
}

#[tokio::test]
async fn codings_leave_no_choice() {
    Arena::start().await.check(cases::codings::cases).await;
}

#[tokio::test]
async fn chunks_leave_no_choice() {
    Arena::start().await.check(cases::chunks::cases).await;
}

#[tokio::test]
async fn fields_leave_no_choice() {
    Arena::start().await.check(cases::fields::cases).await;
}

#[tokio::test]
async fn request_lines_leave_no_choice() {
    Arena::start().await.check(cases::lines::cases).await;
}

#[tokio::test]
async fn connections_and_upgrades_leave_no_choice() {
    Arena::start().await.check(cases::hops::cases).await;
}

#[tokio::test]
async fn limits_leave_no_choice() {
    Arena::start().await.check(cases::limits::cases).await;
}

#[tokio::test]
async fn clients_that_stop_leave_no_choice() {
    Arena::start().await.check_at_once(cases::limits::slow).await;
}

#[tokio::test]
async fn http2_leaves_no_choice() {
    http2::check(Arena::start().await).await;
}
