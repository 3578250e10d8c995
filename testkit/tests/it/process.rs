//! The runner of the program, against a stand-in.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use testkit::WeirProcess;

/// A script that does what the runner relies on.
fn stand_in(dir: &Path, body: &str) -> String {
    let path = dir.join("weir");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

#[tokio::test]
async fn it_waits_for_the_line_and_ends_on_a_signal() {
    let dir = tempfile::TempDir::new().unwrap();
    let body = "echo args: \"$@\" >&2\n\
                trap 'echo drained >&2; exit 0' TERM\n\
                echo 'Weir is serving: http://127.0.0.1:81 https://127.0.0.1:82 (3 APIs)'\n\
                while :; do sleep 0.01; done";
    let weir =
        WeirProcess::serve(&stand_in(dir.path(), body), &["--http", "127.0.0.1:81"]).await.unwrap();
    assert_eq!(weir.http(), "http://127.0.0.1:81");
    assert_eq!(weir.https_address().port(), 82);
    let args = weir.logged("args:").await;
    assert!(args.contains("serve --home") && args.contains("--admin 127.0.0.1:0"), "{args}");
    assert_eq!(args.matches("--http ").count(), 1, "{args}");
    let exit = weir.terminate().await;
    assert!(exit.status.success() && exit.stderr.contains("drained"), "{exit:?}");
}

#[tokio::test]
async fn a_program_that_ends_says_why() {
    let dir = tempfile::TempDir::new().unwrap();
    let binary = stand_in(dir.path(), "echo 'broken' >&2; exit 1");
    let exit = WeirProcess::serve(&binary, &[]).await.unwrap_err();
    assert_eq!((exit.status.code(), exit.stderr.as_str()), (Some(1), "broken\n"));
}
