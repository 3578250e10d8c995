#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

struct Place {
    dir: TempDir,
    vault: Vault,
}

/// A vault whose files are in `open/`, and whose key is there too.
fn place() -> Place {
    let dir = TempDir::new().unwrap();
    let open = dir.path().join("open");
    fs::create_dir_all(open.join("below")).unwrap();
    fs::write(open.join("keys"), KEY).unwrap();
    fs::write(open.join("below/password"), "hunter2\r\n").unwrap();
    fs::write(dir.path().join("outside"), "other").unwrap();
    let config = SecretsConfig {
        key_file: Some(open.join("keys")),
        directories: vec![dir.path().join("absent"), open],
        environment: Vec::new(),
    };
    let vault = Vault::open(&config).unwrap();
    Place { dir, vault }
}

#[test]
fn files_are_read_below_the_directories_alone() {
    let Place { dir, vault } = place();
    let read = |name: &str| vault.resolve(Reference::File(name));
    let open = dir.path().join("open");
    assert_eq!(read("below/password"), Ok(Secret::new("hunter2")));
    let whole = open.join("below/password");
    assert_eq!(read(&whole.to_string_lossy()), Ok(Secret::new("hunter2")));
    // Links within a directory, as container platforms make them.
    symlink("below/password", open.join("link")).unwrap();
    assert_eq!(read("link"), Ok(Secret::new("hunter2")));
    symlink(dir.path().join("outside"), open.join("escape")).unwrap();
    fs::write(open.join("large"), vec![b'x'; 70_000]).unwrap();
    fs::write(open.join("bytes"), [0xff, 0xfe]).unwrap();
    let outside = dir.path().join("outside");
    for name in [
        "../outside",
        "below/../../outside",
        &outside.to_string_lossy(),
        "/etc/passwd",
        "escape",
        "keys",
        "below",
        "",
        "large",
        "bytes",
        "absent",
    ] {
        let refused = read(name).unwrap_err();
        assert!(!refused.contains("other") && !refused.contains(KEY), "{name}: {refused}");
    }
}

#[test]
fn the_gateways_own_variables_are_not_given() {
    let Place { vault, .. } = place();
    let read = |vault: &Vault, name: &str| vault.resolve(Reference::Environment(name));
    assert!(read(&vault, "PATH").is_ok());
    for name in ["WEIR_SECRET_KEY", "WEIR_HOME", "NOT_SET_ANYWHERE", ""] {
        assert!(read(&vault, name).is_err(), "{name}");
    }
    let config = SecretsConfig { environment: vec!["BACKEND_*".to_owned()], ..vault.config };
    let vault = Vault { config, ..Vault::default() };
    assert!(read(&vault, "PATH").unwrap_err().contains("[weir.secrets] environment"));
}

#[test]
fn patterns_name_variables() {
    for (pattern, name, expected) in [
        ("A", "A", true),
        ("A", "AB", false),
        ("A_*", "A_B", true),
        ("*_KEY", "A_KEY", true),
        ("*_KEY", "A_KEYS", false),
        ("A*B*C", "A1B2C", true),
        ("*", "anything", true),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn sealed_secrets_are_opened_with_the_key_of_the_file() {
    let Place { vault, .. } = place();
    let sealed = Keyring::parse(KEY).unwrap().seal(&Secret::new("hunter2"), PURPOSE).unwrap();
    assert_eq!(vault.resolve(Reference::Sealed(&sealed)), Ok(Secret::new("hunter2")));
    let without = Vault::open(&SecretsConfig::default()).unwrap();
    assert!(without.resolve(Reference::Sealed(&sealed)).unwrap_err().contains("WEIR_SECRET_KEY"));
    let config = SecretsConfig { key_file: Some("/nowhere/keys".into()), ..Default::default() };
    assert!(Vault::open(&config).unwrap_err().contains("/nowhere/keys"));
}

#[test]
fn a_file_that_was_read_is_watched() {
    let Place { dir, vault } = place();
    assert!(!vault.has_changed());
    fs::write(dir.path().join("open/below/password"), "another one").unwrap();
    // Nobody has read it yet.
    assert!(!vault.has_changed());
    assert!(vault.resolve(Reference::File("below/password")).is_ok());
    assert!(!vault.has_changed());
    fs::write(dir.path().join("open/below/password"), "yet another one").unwrap();
    assert!(vault.has_changed());
    assert!(!vault.has_changed());
}

#[test]
fn nothing_is_printed() {
    let Place { vault, .. } = place();
    assert!(!format!("{vault:?}").contains("0001"));
}
