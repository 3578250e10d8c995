//! No project makes the reader or the compiler panic, and what is read is written back unchanged.
//!
//! The input is `api.yaml`, the definition and the parameters, with a NUL between them.

#![no_main]

use compiler::{CompileOptions, Secrets, compile};
use libfuzzer_sys::fuzz_target;
use model::{Files, Project};

const PATHS: [&str; 3] = ["api.yaml", "Definitions/swagger.yaml", "params.yaml"];

fuzz_target!(|data: &[u8]| {
    let mut files = Files::new();
    for (path, content) in PATHS.into_iter().zip(data.split(|byte| *byte == 0)) {
        let taken = files.insert(path, content.to_vec());
        assert!(taken.is_ok(), "three small files are within the limits");
    }
    let (Some(mut project), _) = Project::read(files.clone()) else { return };
    assert_eq!(project.to_files(), files);
    let _before = compile(&project, &CompileOptions::default(), Secrets::none());
    let _applied = project.apply_environment("dev", &|_| Some("http://b".to_owned()));
    let _after = compile(&project, &CompileOptions::default(), Secrets::none());
    let _written = project.to_files();
});
