//! `weir encrypt`.

use std::io::Read as _;
use std::process::ExitCode;

use gateway::vault;
use model::secret::seal::{self, PURPOSE};
use model::secret::{Reference, Secret};
use serde_json::json;

use crate::{cli, load, output};

/// The longest secret, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Seals what comes on standard input, or makes a key.
pub(crate) fn run(options: &cli::Encrypt) -> ExitCode {
    let made = if options.new_key {
        seal::new_key().map_err(|error| error.to_string())
    } else {
        sealed(options)
    };
    let (name, text) = match made {
        Ok(text) if options.new_key => ("key", text),
        Ok(text) => ("sealed", text),
        Err(error) => return output::failure(&error),
    };
    if options.json {
        output::json(&json!({ name: text }));
    } else {
        output::text(&format!("{text}\n"));
    }
    ExitCode::SUCCESS
}

/// A sealed secret is opened and sealed anew with the first key, so that keys can be replaced.
fn sealed(options: &cli::Encrypt) -> Result<String, String> {
    let loaded = load::load(&options.home, Default::default())?;
    let (keys, _files) = vault::keys(loaded.config.secrets.key_file.as_deref())?;
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("cannot read the secret from standard input: {error}"))?;
    if text.len() as u64 > LONGEST {
        return Err(format!("the secret is longer than {LONGEST} bytes"));
    }
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err("there is no secret on standard input; try: printf %s \"$PASSWORD\" | weir \
                    encrypt"
            .to_owned());
    }
    let secret = match Reference::parse(text) {
        Some(Reference::Sealed(old)) => keys.open(old, PURPOSE),
        _ => Ok(Secret::new(text)),
    };
    let sealed = secret.and_then(|secret| keys.seal(&secret, PURPOSE));
    sealed.map(|text| format!("$sealed{{{text}}}")).map_err(|error| error.to_string())
}
