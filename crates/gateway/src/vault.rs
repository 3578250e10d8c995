//! The secrets that projects refer to: in the environment, in files, or sealed.
//!
//! Whoever writes projects is not whoever runs the gateway. So projects cannot ask for the
//! gateway's own variables, and files have to be where the configuration allows it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use model::secret::seal::{Keyring, PURPOSE};
use model::secret::{Reference, Secret, SecretSource};

use crate::config::secrets::SecretsConfig;

/// Variables that begin so are the gateway's own.
const OWN: &str = "WEIR_";
/// Keys of the gateway: themselves, or the file that has them.
const KEY: &str = "WEIR_SECRET_KEY";
const KEY_FILE: &str = "WEIR_SECRET_KEY_FILE";
/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Gives the secrets of projects.
#[derive(Debug, Default)]
pub struct Vault {
    keys: Keyring,
    /// The files that the keys came from.
    key_files: Vec<PathBuf>,
    config: SecretsConfig,
    is_lenient: bool,
    /// The files that were read, as they looked then.
    read: Mutex<BTreeMap<PathBuf, Look>>,
}

/// What a file looks like from outside; `None` where it is not there.
type Look = Option<(u64, Option<SystemTime>)>;

impl Vault {
    /// Reads the keys.
    ///
    /// # Errors
    ///
    /// Keys that cannot be read, with how to mend that.
    pub fn open(config: &SecretsConfig) -> Result<Self, String> {
        let (keys, key_files) = keys(config.key_file.as_deref())?;
        let vault = Self { keys, key_files, config: config.clone(), ..Self::default() };
        for file in &vault.key_files {
            vault.note(file);
        }
        Ok(vault)
    }

    /// The same for somebody who only looks at projects and need not have their secrets.
    #[must_use]
    pub fn leniently(self) -> Self {
        Self { is_lenient: true, ..self }
    }

    /// Whether a file that was read was written since, or since this was asked last.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut has_changed = false;
        for (file, seen) in read.iter_mut() {
            let now = look(file);
            has_changed |= now != *seen;
            *seen = now;
        }
        has_changed
    }

    fn note(&self, file: &Path) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(file.to_owned(), look(file));
    }

    fn variable(&self, name: &str) -> Result<Secret, String> {
        if name.starts_with(OWN) {
            return Err(format!("projects cannot ask for the gateway's own variable {name}"));
        }
        let allowed = &self.config.environment;
        if !allowed.is_empty() && !allowed.iter().any(|pattern| matches(pattern, name)) {
            return Err(format!("{name} is not among the variables of [weir.secrets] environment"));
        }
        let value = std::env::var(name);
        value.map(Secret::new).map_err(|_| format!("the environment has no {name} that is text"))
    }

    /// The text of a file, without the line break at its end.
    fn file(&self, name: &str) -> Result<Secret, String> {
        let path = self.find(name)?;
        self.note(&path);
        let about = fs::metadata(&path).map_err(|error| format!("{name}: {error}"))?;
        if !about.is_file() {
            return Err(format!("{name} is no file"));
        }
        if about.len() > LARGEST {
            return Err(format!("{name} is larger than {LARGEST} bytes"));
        }
        let mut text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(Secret::new(text))
    }

    /// Where a file is, if it lies below one of the directories, also when links are followed.
    fn find(&self, name: &str) -> Result<PathBuf, String> {
        let mut missing = true;
        for directory in &self.config.directories {
            let Ok(directory) = directory.canonicalize() else { continue };
            let Ok(path) = directory.join(name).canonicalize() else { continue };
            missing = false;
            let is_key =
                self.key_files.iter().any(|key| key.canonicalize().ok().as_ref() == Some(&path));
            if path.starts_with(&directory) && !is_key {
                return Ok(path);
            }
        }
        Err(match missing {
            true => format!("{name} is not below any of the directories of [weir.secrets]"),
            false => format!("{name} is a file that projects cannot ask for"),
        })
    }
}

impl SecretSource for Vault {
    fn resolve(&self, reference: Reference<'_>) -> Result<Secret, String> {
        match reference {
            Reference::Environment(name) => self.variable(name),
            Reference::File(name) => self.file(name),
            Reference::Sealed(text) => {
                let opened = self.keys.open(text, PURPOSE);
                opened.map_err(|error| format!("the sealed secret cannot be opened: {error}"))
            }
        }
    }

    fn is_lenient(&self) -> bool {
        self.is_lenient
    }
}

/// The keys of the environment, and then those of the configuration, with the files that they came
/// from.
///
/// # Errors
///
/// Keys that cannot be read.
pub fn keys(configured: Option<&Path>) -> Result<(Keyring, Vec<PathBuf>), String> {
    let mut ring = Keyring::default();
    if let Ok(text) = std::env::var(KEY) {
        ring = Keyring::parse(&text).map_err(|error| format!("{KEY}: {error}"))?;
    }
    let named = std::env::var_os(KEY_FILE).map(PathBuf::from);
    let files: Vec<PathBuf> = named.into_iter().chain(configured.map(Path::to_owned)).collect();
    for file in &files {
        let shown = file.display();
        let text = fs::read_to_string(file).map_err(|error| format!("{shown}: {error}"))?;
        warn_of_readers(file);
        let keys = Keyring::parse(&text).map_err(|error| format!("{shown}: {error}"))?;
        ring = ring.and(keys);
    }
    Ok((ring, files))
}

fn warn_of_readers(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(file).map(|about| about.permissions().mode()).unwrap_or_default();
    if mode & 0o077 != 0 {
        let file = file.display();
        tracing::warn!(%file, "Others can read the file with the keys of secrets; use mode 0600.");
    }
}

fn look(file: &Path) -> Look {
    let about = fs::metadata(file).ok()?;
    Some((about.len(), about.modified().ok()))
}

/// Whether a name is of a pattern with `*` at any places.
fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
