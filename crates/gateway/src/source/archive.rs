//! Archives of API projects: a zip with a single root folder, as `apictl export` writes them.
//!
//! Limits on entries, sizes and the ratio of compression keep an archive from filling the memory.

use std::io::{Cursor, Read as _, Write as _};

use model::files::{Files, FilesError, MAX_FILE_BYTES, MAX_FILES};
use thiserror::Error;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// How much larger than the archive its files may be together.
const MAX_RATIO: u64 = 200;
/// Below this many bytes the ratio does not matter.
const RATIO_FLOOR: u64 = 1024 * 1024;

/// Why an archive was not read.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// It is no zip, or a broken one.
    #[error("this is no readable zip archive: {0}")]
    Zip(#[from] ZipError),
    /// More entries than the limit.
    #[error("the archive has more than {MAX_FILES} entries")]
    TooManyEntries,
    /// An entry that would be written outside, or a link.
    #[error("the archive holds `{0}`, which is a link or leads outside of it")]
    Outside(String),
    /// The same name twice.
    #[error("the archive holds `{0}` twice")]
    Twice(String),
    /// Compressed beyond the ratio.
    #[error("the archive grows to more than {MAX_RATIO} times its size")]
    Bomb,
    /// An entry cannot be read.
    #[error("`{name}` in the archive cannot be read: {error}")]
    Entry {
        /// The entry.
        name: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// A limit of the tree of files.
    #[error("{0}")]
    Files(#[from] FilesError),
}

/// Reads an archive; its single root folder is left out of the names.
///
/// # Errors
///
/// Whatever makes the archive unreadable or unsafe; nothing of it is used then.
pub fn read(bytes: &[u8]) -> Result<Files, ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.len() > MAX_FILES {
        return Err(ArchiveError::TooManyEntries);
    }
    let limit = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(RATIO_FLOOR);
    let mut files = Files::new();
    let mut total = 0_u64;
    for index in 0..archive.len() {
        let Some((name, content)) = entry(&mut archive, index)? else { continue };
        total += content.len() as u64;
        if total > limit {
            return Err(ArchiveError::Bomb);
        }
        if files.contains(&name) {
            return Err(ArchiveError::Twice(name));
        }
        files.insert(name, content)?;
    }
    Ok(files.strip_root().0)
}

/// Writes an archive of files, in the order of their paths.
///
/// # Errors
///
/// That the library cannot write it.
pub fn write(files: &Files) -> Result<Vec<u8>, ArchiveError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files.iter() {
        writer.start_file(name.as_str(), SimpleFileOptions::default())?;
        let entry = |error| ArchiveError::Entry { name: name.clone(), error };
        writer.write_all(content).map_err(entry)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// One file; `None` for a folder.
fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
) -> Result<Option<(String, Vec<u8>)>, ArchiveError> {
    let entry = archive.by_index(index)?;
    let name = entry.name()?.into_owned();
    if entry.is_symlink() || entry.enclosed_name().is_none() {
        return Err(ArchiveError::Outside(name));
    }
    if entry.is_dir() {
        return Ok(None);
    }
    let mut content = Vec::new();
    let mut limited = entry.take(MAX_FILE_BYTES as u64 + 1);
    if let Err(error) = limited.read_to_end(&mut content) {
        return Err(ArchiveError::Entry { name, error });
    }
    Ok(Some((name, content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a valid name");
            writer.write_all(content).expect("memory takes all");
        }
        writer.finish().expect("a whole archive").into_inner()
    }

    #[test]
    fn the_single_root_is_left_out() {
        let files =
            read(&archive(&[("Shop-1.0/api.yaml", b"type: api"), ("Shop-1.0/Docs/a.md", b"x")]));
        let files = files.expect("a good archive");
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Docs/a.md", "api.yaml"]);
    }

    #[test]
    fn what_leads_outside_is_refused() {
        for name in ["../api.yaml", "/etc/passwd", "a/../../b"] {
            let error = read(&archive(&[(name, b"x")])).expect_err(name);
            let is_refused = matches!(error, ArchiveError::Outside(_) | ArchiveError::Files(_));
            assert!(is_refused, "{name}: {error}");
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let zeros = vec![0; 8 << 20];
        let error = read(&archive(&[("a/api.yaml", &zeros), ("a/b", &zeros)])).expect_err("a bomb");
        assert!(matches!(error, ArchiveError::Bomb), "{error}");
    }

    #[test]
    fn garbage_is_an_error() {
        assert!(matches!(read(b"no zip").expect_err("no zip"), ArchiveError::Zip(_)));
    }
}
