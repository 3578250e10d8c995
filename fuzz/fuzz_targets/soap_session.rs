//! Any bytes are looked through for the session of a SOAP message: no panic, and a message that comes
//! in pieces has the session that the whole one has.

#![no_main]

use compiler::plan::AffinityKind;
use gateway::endpoint::group::soap::{Found, answered, requested};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let looks: [&dyn Fn(&[u8]) -> Found; 3] = [
        &|bytes| requested(&AffinityKind::Soap, bytes),
        &|bytes| requested(&AffinityKind::ClientId, bytes),
        &|bytes| answered(bytes),
    ];
    let Some((cut, message)) = data.split_first() else { return };
    let part = message.get(..message.len() * usize::from(*cut) / 256).unwrap_or(message);
    for look in looks {
        let (early, whole) = (look(part), look(message));
        assert!(early == Found::More || early == whole, "{early:?} became {whole:?}");
    }
});
