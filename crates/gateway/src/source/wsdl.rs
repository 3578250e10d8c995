//! Archives inside of a project: `WSDL/*.zip`, as WSO2 exports a WSDL of several files.
//!
//! What they hold is put beside them, so that whoever compiles a project has only files before it.
//! An archive that cannot be read is left as it is, and said so in the log.

use model::files::Files;

use super::archive;

/// Adds what the archives below `WSDL/` hold, each below a folder of its name.
pub(super) fn unpack(files: &mut Files) {
    let archives: Vec<_> = files
        .in_directory("WSDL")
        .filter(|(name, _)| name.to_ascii_lowercase().ends_with(".zip"))
        .map(|(name, content)| (format!("WSDL/{name}"), content.clone()))
        .collect();
    for (path, content) in archives {
        let taken = archive::read(&content).map_err(|error| error.to_string());
        let taken = taken.and_then(|inner| add(files, &path, &inner));
        if let Err(error) = taken {
            tracing::warn!(path, error, "An archive of WSDLs cannot be read.");
        }
    }
}

fn add(files: &mut Files, path: &str, inner: &Files) -> Result<(), String> {
    for (name, content) in inner.iter() {
        files
            .insert(format!("{path}/{name}"), content.clone())
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn archives_of_wsdls_are_unpacked_beside_them() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in [("a/s.wsdl", "<w/>"), ("a/x/t.xsd", "<s/>")] {
            writer.start_file(name, SimpleFileOptions::default()).expect("a valid name");
            writer.write_all(content.as_bytes()).expect("memory takes all");
        }
        let mut files = Files::new();
        let archive = writer.finish().expect("a whole archive").into_inner();
        files.insert("WSDL/s.zip", archive).expect("a good path");
        files.insert("WSDL/broken.zip", b"no zip".as_slice()).expect("a good path");
        unpack(&mut files);
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["WSDL/broken.zip", "WSDL/s.zip", "WSDL/s.zip/s.wsdl", "WSDL/s.zip/x/t.xsd"]
        );
    }
}
