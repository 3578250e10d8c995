//! What placeholders can refer to outside the file.

use std::collections::BTreeMap;
use std::fmt;

/// Looks something up by name.
type Lookup = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Gives a secret, or says why there is none.
type Opener = Box<dyn Fn(&str) -> Result<String, String> + Send + Sync>;

/// Everything that substitution needs from outside.
///
/// The default knows nothing: no environment, no system properties, no secrets.
pub struct Variables {
    environment: Lookup,
    secrets: Option<Lookup>,
    files: Opener,
    sealed: Opener,
    properties: BTreeMap<String, String>,
    fixed: BTreeMap<String, String>,
    local_ip: String,
}

impl Default for Variables {
    fn default() -> Self {
        Self {
            environment: Box::new(|_| None),
            secrets: None,
            files: Box::new(|_| Err("files are not read here".to_owned())),
            sealed: Box::new(|_| Err("sealed secrets are not opened here".to_owned())),
            properties: BTreeMap::new(),
            fixed: BTreeMap::new(),
            local_ip: "127.0.0.1".to_owned(),
        }
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables").field("local_ip", &self.local_ip).finish_non_exhaustive()
    }
}

impl Variables {
    /// How `$env{NAME}` is looked up.
    #[must_use]
    pub fn with_environment<F>(mut self, lookup: F) -> Self
    where
        F: Fn(&str) -> Option<String> + Send + Sync + 'static,
    {
        self.environment = Box::new(lookup);
        self
    }

    /// How `$secret{alias}` is looked up.
    #[must_use]
    pub fn with_secrets<F>(mut self, lookup: F) -> Self
    where
        F: Fn(&str) -> Option<String> + Send + Sync + 'static,
    {
        self.secrets = Some(Box::new(lookup));
        self
    }

    /// How `$file{PATH}` is read.
    #[must_use]
    pub fn with_files<F>(mut self, open: F) -> Self
    where
        F: Fn(&str) -> Result<String, String> + Send + Sync + 'static,
    {
        self.files = Box::new(open);
        self
    }

    /// How `$sealed{TEXT}` is opened.
    #[must_use]
    pub fn with_sealed<F>(mut self, open: F) -> Self
    where
        F: Fn(&str) -> Result<String, String> + Send + Sync + 'static,
    {
        self.sealed = Box::new(open);
        self
    }

    /// One system property for `$sys{name}`.
    #[must_use]
    pub fn with_property(mut self, name: &str, value: &str) -> Self {
        self.properties.insert(name.to_owned(), value.to_owned());
        self
    }

    /// One `${name}` that is decided outside the file, such as `http.nio.port` when a flag sets
    /// the listener; it wins over what the file says.
    #[must_use]
    pub fn with_fixed(mut self, name: &str, value: &str) -> Self {
        self.fixed.insert(name.to_owned(), value.to_owned());
        self
    }

    /// What `${carbon.local.ip}` stands for; `127.0.0.1` by default.
    #[must_use]
    pub fn with_local_ip(mut self, address: &str) -> Self {
        address.clone_into(&mut self.local_ip);
        self
    }

    pub(crate) fn environment(&self, name: &str) -> Option<String> {
        (self.environment)(name)
    }

    pub(crate) fn secret(&self, alias: &str) -> Option<String> {
        self.secrets.as_ref().and_then(|lookup| lookup(alias))
    }

    pub(crate) fn file(&self, path: &str) -> Result<String, String> {
        (self.files)(path)
    }

    pub(crate) fn sealed(&self, text: &str) -> Result<String, String> {
        (self.sealed)(text)
    }

    pub(crate) fn property(&self, name: &str) -> Option<String> {
        self.properties.get(name).cloned()
    }

    pub(crate) fn fixed(&self, name: &str) -> Option<String> {
        self.fixed.get(name).cloned()
    }

    pub(crate) fn local_ip(&self) -> &str {
        &self.local_ip
    }
}
