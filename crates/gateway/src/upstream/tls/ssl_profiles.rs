//! WSO2's file of SSL profiles, `sslprofiles.xml` (spec/03 §5.3).
//!
//! Deliberately absent: profiles for single clients (`client`), and passwords in a vault.

use std::collections::BTreeMap;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

use super::TrustError;
use crate::config::{
    ProfileFile, ProfileRoots, STORE_PASSWORD, Secret, ServerPattern, Store, StoreKind, TlsProfile,
    locate,
};

/// How deeply the file may be nested.
const DEPTH: usize = 16;
const CONVERT: &str =
    "Convert it with `keytool -importkeystore -deststoretype PKCS12`, and name the new store.";

/// The texts of one profile, by their path below it, such as `KeyStore/Location`.
type Texts = BTreeMap<String, String>;

/// Reads the profiles; there are none where the file is absent.
pub(super) fn read(settings: &ProfileFile) -> Result<Vec<TlsProfile>, TrustError> {
    let ProfileFile { path, home } = settings;
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            tracing::warn!(file = %path.display(), "There is no such file of SSL profiles.");
            return Ok(Vec::new());
        }
        Err(source) => return Err(TrustError::Read { file: path.clone(), source }),
    };
    let unusable = |problem| TrustError::Profiles { file: path.clone(), problem };
    let profiles = parse(&text).map_err(unusable)?;
    profiles.iter().map(|texts| profile(texts, path, home).map_err(unusable)).collect()
}

/// The texts of each `profile`.
fn parse(text: &str) -> Result<Vec<Texts>, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    let mut profiles = Vec::new();
    let mut current: Option<(usize, Texts)> = None;
    loop {
        let event = reader.read_event().map_err(|error| format!("the XML is broken ({error})"))?;
        match event {
            Event::Start(tag) => {
                open.push(tag.local_name().as_ref().to_owned());
                if open.len() > DEPTH {
                    return Err(format!("it is nested more than {DEPTH} deep"));
                }
                if current.is_none() && open.last().is_some_and(|name| name == "profile") {
                    current = Some((open.len(), Texts::new()));
                }
            }
            Event::End(_) => {
                let ended = current.take_if(|(depth, _)| *depth == open.len());
                profiles.extend(ended.map(|(_, texts)| texts));
                open.pop();
            }
            Event::Text(text) => {
                add(&mut current, &open, &text);
            }
            Event::CData(text) => {
                add(&mut current, &open, &text);
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    _ => {
                        let name: &str = &reference;
                        resolve_xml_entity(name).map(str::to_owned)
                    }
                };
                let resolved = resolved.ok_or("it has an unknown entity")?;
                add(&mut current, &open, &resolved);
            }
            Event::DocType(_) => return Err("it has a DOCTYPE, which is not taken".to_owned()),
            Event::Eof if open.is_empty() => return Ok(profiles),
            Event::Eof => return Err("it ends too early".to_owned()),
            _ => {}
        }
    }
}

fn add(current: &mut Option<(usize, Texts)>, open: &[String], text: &str) {
    if let Some((depth, texts)) = current {
        let path = open.get(*depth..).unwrap_or_default().join("/");
        texts.entry(path).or_default().push_str(text);
    }
}

fn profile(texts: &Texts, file: &Path, home: &Path) -> Result<TlsProfile, String> {
    let servers = texts.get("servers").map(String::as_str).unwrap_or_default();
    let servers = servers.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pattern = |text: &str| {
        ServerPattern::parse(text).ok_or_else(|| format!("{text:?} in <servers> is no host:port"))
    };
    let servers = servers.map(pattern).collect::<Result<Vec<_>, _>>()?;
    if servers.is_empty() {
        return Err("a <profile> names no <servers>".to_owned());
    }
    let key_store = store(texts, "KeyStore", home);
    let trust_store = store(texts, "TrustStore", home);
    for store in key_store.iter().chain(&trust_store).filter(|one| one.kind == StoreKind::Jks) {
        tracing::warn!(
            file = %file.display(), store = %store.file.display(), help = CONVERT,
            "A JKS store cannot be read: no client certificate is shown to the servers of its \
             profile, and none of its roots is trusted."
        );
    }
    Ok(TlsProfile {
        servers,
        identity: key_store.and_then(|store| store.key_files()),
        roots: trust_store.map_or(ProfileRoots::General, |store| store.roots()),
    })
}

fn store(texts: &Texts, name: &str, home: &Path) -> Option<Store> {
    let text = |key: &str| texts.get(&format!("{name}/{key}")).map(|text| text.trim());
    let location = text("Location").filter(|location| !location.is_empty())?;
    let password = text("Password").unwrap_or(STORE_PASSWORD).to_owned();
    let (file, kind) = (locate(home, location), StoreKind::parse(text("Type"), location));
    Some(Store { file, kind, password: Secret(password) })
}

#[cfg(test)]
mod tests;
