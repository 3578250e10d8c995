#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use proptest::prelude::*;

use super::*;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn ring() -> Keyring {
    Keyring::parse(KEY).unwrap()
}

proptest! {
    #[test]
    fn what_is_sealed_opens_as_it_was(text in "\\PC{0,200}") {
        let secret = Secret::new(text);
        let sealed = ring().seal(&secret, PURPOSE).unwrap();
        prop_assert_eq!(ring().open(&sealed, PURPOSE), Ok(secret));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,100}", tail in "v1\\.[0-9a-f]{8}\\.[A-Za-z0-9_-]{0,60}") {
        prop_assert!(ring().open(&text, PURPOSE).is_err());
        prop_assert!(ring().open(&tail, PURPOSE).is_err());
    }
}

#[test]
fn a_change_of_any_character_is_found() {
    let secret = Secret::new("hunter2");
    let sealed = ring().seal(&secret, PURPOSE).unwrap();
    for index in 0..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let opened = ring().open(&changed, PURPOSE);
        // The last character has bits that stand for nothing.
        assert!(opened.is_err() || index == sealed.len() - 1, "{index}");
    }
    assert_eq!(ring().open(&sealed, "something else"), Err(SealError::Damaged));
}

#[test]
fn the_same_secret_looks_different_each_time() {
    let secret = Secret::new("hunter2");
    assert_ne!(ring().seal(&secret, PURPOSE), ring().seal(&secret, PURPOSE));
}

#[test]
fn keys_are_replaced_one_after_the_other() {
    let new = new_key().unwrap();
    let sealed = ring().seal(&Secret::new("hunter2"), PURPOSE).unwrap();
    let both = Keyring::parse(&format!("# keys\n{new} # the new one\n\n{KEY}\n")).unwrap();
    assert_eq!(both.open(&sealed, PURPOSE), Ok(Secret::new("hunter2")));
    let again = both.seal(&Secret::new("hunter2"), PURPOSE).unwrap();
    let only_new = Keyring::parse(&new).unwrap();
    assert_eq!(only_new.open(&again, PURPOSE), Ok(Secret::new("hunter2")));
    let refused = only_new.open(&sealed, PURPOSE).unwrap_err();
    assert!(matches!(refused, SealError::UnknownKey { .. }), "{refused}");
    assert_eq!(Keyring::default().open(&sealed, PURPOSE), Err(SealError::NoKey));
    assert_eq!(Keyring::default().seal(&Secret::new("a"), PURPOSE), Err(SealError::NoKey));
}

#[test]
fn keys_that_are_too_short_are_refused() {
    for text in [
        "hunter2",
        "AAAA",
        KEY.strip_prefix("00").unwrap_or_default(),
        &format!("{KEY}00"),
        &format!("{KEY},x"),
    ] {
        assert_eq!(Keyring::parse(text).unwrap_err(), SealError::BadKey, "{text}");
    }
    assert!(Keyring::parse(" \n# nothing\n").unwrap().is_empty());
    assert!(!format!("{:?}", ring()).contains("0001"));
}

proptest! {
    #[test]
    fn sealed_bytes_open_for_their_purpose_only(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
    ) {
        let sealed = ring().seal_bytes(&bytes, "rows 1").unwrap();
        prop_assert_eq!(ring().open_bytes(&sealed, "rows 1").unwrap(), bytes.clone());
        prop_assert!(ring().open_bytes(&sealed, "rows 2").is_err());
        let mut changed = sealed.clone();
        changed[at.index(sealed.len())] ^= 1;
        prop_assert!(ring().open_bytes(&changed, "rows 1").is_err());
        prop_assert!(ring().open_bytes(&bytes, "rows 1").is_err());
    }
}
