//! A file, and the documents in its folder that it imports.
//!
//! Nothing outside of that folder is read, whichever way a link or a path leads there.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use wsdl::{Documents, Fetched, Limits, Location, Refusal};

use super::web::Web;

/// The folder of a file.
pub(super) struct Folder {
    root: PathBuf,
    web: Web,
}

impl Folder {
    /// The folder, and where the file is in it.
    ///
    /// # Errors
    ///
    /// That there is no such file.
    pub(super) fn around(path: &str, web: Web) -> Result<(Self, Location), String> {
        let full = Path::new(path).canonicalize().map_err(|error| format!("{path}: {error}"))?;
        let name = full.file_name().and_then(|name| name.to_str());
        let location = name.map(Location::path);
        let (Some(root), Some(Ok(location))) = (full.parent(), location) else {
            return Err(format!("{path}: this is no name of a file"));
        };
        Ok((Self { root: root.to_owned(), web }, location))
    }
}

impl Documents for Folder {
    fn fetch(&self, location: &Location) -> Result<Fetched, Refusal> {
        let Location::Path(path) = location else { return self.web.fetch(location) };
        let full = self.root.join(path).canonicalize();
        let full = full.map_err(|error| Refusal::Absent(error.to_string()))?;
        if !full.starts_with(&self.root) {
            return Err(Refusal::Outside);
        }
        let most = Limits::default().document_bytes as u64;
        let mut bytes = Vec::new();
        let file =
            std::fs::File::open(&full).map_err(|error| Refusal::Failed(error.to_string()))?;
        let read = file.take(most + 1).read_to_end(&mut bytes);
        read.map_err(|error| Refusal::Failed(error.to_string()))?;
        if bytes.len() as u64 > most {
            return Err(Refusal::TooLarge);
        }
        Ok(Fetched { location: location.clone(), bytes: Bytes::from(bytes) })
    }
}
