//! Where the secrets of projects may be: `[weir.secrets]`.

use std::path::{Path, PathBuf};

use settings::Settings;

use super::values::{text, texts_or};
use crate::config::secrets::SecretsConfig;

/// The folder for secrets of projects. It is not that of the stores themselves, where the
/// gateway's own keys are.
const OWN: &str = "secrets";
/// Where container platforms put secrets.
const MOUNTED: &str = "/run/secrets";

/// Reads the settings; `stores` is where WSO2 keeps its key stores.
pub(super) fn secrets(settings: &Settings, stores: &Path) -> SecretsConfig {
    let section = settings.section("weir.secrets");
    let directories = texts_or(&section, "directories", &[]);
    let directories: Vec<PathBuf> = if directories.is_empty() {
        vec![stores.join(OWN), MOUNTED.into()]
    } else {
        directories.iter().map(|directory| stores.join(directory)).collect()
    };
    SecretsConfig {
        key_file: text(&section, "key_file").map(|file| stores.join(file)),
        directories,
        environment: texts_or(&section, "environment", &[]),
    }
}
