//! Where a WSDL comes from: a file with what lies around it, an archive, or a URL.

use bytes::Bytes;
use gateway::config::GatewayConfig;
use gateway::source::archive;
use model::files::MAX_FILE_BYTES;
use model::{Diagnostics, Place, codes};
use wsdl::{Archive, Documents, Limits, Location};

use super::folder::Folder;
use super::web::Web;
use crate::cli;

/// A WSDL and whatever gives the documents that it imports.
pub(super) struct Source {
    documents: Box<dyn Documents>,
    root: Location,
    shown: String,
    /// The archive as it came.
    pub(super) archive: Option<Bytes>,
}

impl Source {
    /// Opens it; nothing where the diagnostics say why not.
    ///
    /// # Errors
    ///
    /// What cannot be read at all.
    pub(super) fn open(
        options: &cli::ImportWsdl,
        config: &GatewayConfig,
        found: &mut Diagnostics,
    ) -> Result<Option<Self>, String> {
        let wsdl = options.wsdl.as_str();
        let web = Web::new(config, &options.allow_host)?;
        let is_url = wsdl.starts_with("http://") || wsdl.starts_with("https://");
        let path = wsdl.split(['?', '#']).next().unwrap_or_default();
        let name = if is_url { path } else { wsdl };
        if ends_with(name, ".zip") {
            let bytes = if is_url { web.bytes(wsdl)? } else { read(wsdl)? };
            return Self::of_archive(options, bytes, found);
        }
        if is_url {
            let root = Location::url(wsdl).map_err(|error| format!("{wsdl}: {error}"))?;
            let documents = Box::new(web.with_host_of(&root));
            let shown = wsdl.to_owned();
            return Ok(Some(Self { documents, root, shown, archive: None }));
        }
        if !ends_with(name, ".wsdl") {
            let message = "this is neither a WSDL nor an archive, by its name";
            let help = "Give a file that ends in `.wsdl` or `.zip`, or a URL.";
            found.error(codes::WSDL_EXTENSION, Place::file(wsdl), message, help);
            return Ok(None);
        }
        let (folder, root) = Folder::around(wsdl, web)?;
        let shown = wsdl.to_owned();
        Ok(Some(Self { documents: Box::new(folder), root, shown, archive: None }))
    }

    fn of_archive(
        options: &cli::ImportWsdl,
        bytes: Bytes,
        found: &mut Diagnostics,
    ) -> Result<Option<Self>, String> {
        let shown = options.wsdl.clone();
        let files = archive::read(&bytes).map_err(|error| format!("{shown}: {error}"))?;
        let archive = Archive::from(&files);
        let named = options.root.as_deref();
        let root = wsdl::archive::choose(&archive, named, &Limits::default(), found);
        Ok(root.map(|root| Self {
            documents: Box::new(archive),
            root,
            shown,
            archive: Some(bytes),
        }))
    }

    pub(super) fn documents(&self) -> &dyn Documents {
        &*self.documents
    }

    pub(super) fn root(&self) -> &Location {
        &self.root
    }

    /// As the caller wrote it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }
}

fn ends_with(name: &str, end: &str) -> bool {
    let tail = name.len().checked_sub(end.len()).and_then(|at| name.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// # Errors
///
/// That it cannot be read, or is too large.
fn read(path: &str) -> Result<Bytes, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("{path}: {error}"))?.len();
    if length > MAX_FILE_BYTES as u64 {
        return Err(format!("{path}: it has more than {MAX_FILE_BYTES} bytes"));
    }
    std::fs::read(path).map(Bytes::from).map_err(|error| format!("{path}: {error}"))
}
