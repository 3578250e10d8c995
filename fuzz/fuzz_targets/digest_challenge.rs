//! Any bytes are read as a challenge: no panic, and the proof of a challenge that can be met is a
//! header that says the same realm and nonce.

#![no_main]

use gateway::sign::digest::{Digest, Verdict, scan};
use http::{HeaderMap, HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use model::secret::Secret;

const ORIGIN: &str = "https://h:443";

fuzz_target!(|data: &[u8]| {
    let lines = data.split(|byte| *byte == b'\n');
    let lines = lines.filter_map(|line| HeaderValue::from_bytes(line).ok());
    let answer: HeaderMap = lines.map(|line| (header::WWW_AUTHENTICATE, line)).collect();
    let digest = Digest::new("J\u{e4}s\u{f8}n \"Doe\"", &Secret::new("Secret, or not?"));
    let Verdict::Again(session) = digest.challenged(ORIGIN, "/a/b", &answer, None) else { return };
    let proof = session.proof(&Method::GET, "/a/b?c=d", b"");
    let schemes = scan::challenges(proof.header.as_bytes());
    let [scheme] = schemes.as_slice() else { panic!("{} schemes", schemes.len()) };
    let said = |name| scan::value(&scheme.parameters, name);
    assert_eq!(scheme.name, b"digest");
    assert_eq!(said("realm"), Some(session.realm()));
    assert_eq!(said("nonce"), Some(session.nonce()));
    assert_eq!(said("uri"), Some(&b"/a/b?c=d"[..]));
    assert!(said("response").is_some_and(|response| matches!(response.len(), 32 | 64)));
    let next = HeaderMap::from_iter(
        answer
            .into_iter()
            .map(|(_, line)| (header::HeaderName::from_static("authentication-info"), line)),
    );
    digest.answered(&proof, &next);
    assert!(digest.session(ORIGIN, "/").is_some());
});
