//! Which certificate answers which server name (RFC 6066 §3).

use std::collections::HashMap;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::sign::CertifiedKey;

use super::load::names_of;

type Named = HashMap<String, Vec<Arc<CertifiedKey>>>;

/// The certificates of a gateway, by the names that they are for.
#[derive(Debug)]
pub(crate) struct CertificateSet {
    default: Arc<CertifiedKey>,
    exact: Named,
    /// By what follows `*.`.
    wildcard: Named,
}

impl CertificateSet {
    /// Puts `keys` under the names that their certificates carry. `default` answers all others.
    pub(crate) fn new(default: Arc<CertifiedKey>, keys: Vec<Arc<CertifiedKey>>) -> Self {
        let mut set = Self { default, exact: Named::new(), wildcard: Named::new() };
        for key in keys {
            let names = key.cert.first().map(|leaf| names_of(leaf)).unwrap_or_default();
            for name in names {
                let (map, name) = match name.strip_prefix("*.") {
                    Some(parent) => (&mut set.wildcard, parent.to_owned()),
                    None => (&mut set.exact, name),
                };
                map.entry(name).or_default().push(Arc::clone(&key));
            }
        }
        set
    }

    /// The certificate for `name`: an exact name, then a wildcard for its first label, then the
    /// default. Among several for one name, the first whose key the client can check.
    pub(crate) fn choose(
        &self,
        name: Option<&str>,
        schemes: &[SignatureScheme],
    ) -> Arc<CertifiedKey> {
        let keys = name.and_then(|name| self.named(&name.to_ascii_lowercase()));
        let Some(keys) = keys else { return Arc::clone(&self.default) };
        let fitting = keys.iter().find(|key| key.key.choose_scheme(schemes).is_some());
        Arc::clone(fitting.or(keys.first()).unwrap_or(&self.default))
    }

    fn named(&self, name: &str) -> Option<&Vec<Arc<CertifiedKey>>> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let parent = || name.split_once('.').and_then(|(_, parent)| self.wildcard.get(parent));
        self.exact.get(name).or_else(parent)
    }
}
