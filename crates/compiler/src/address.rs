//! Joining an endpoint address and the rest of a request (spec/01 §3.3).
