//! Which file of an archive is the WSDL that is meant.
//!
//! It is the one that no other imports. WSO2 takes the first that it meets, which works by chance;
//! here several are an error that lists them, unless one was named.

use std::collections::HashSet;

use model::{Diagnostics, Place, codes};
use xml::tree::Tree;

use crate::description::DocumentKind;
use crate::documents::{Archive, Documents};
use crate::limits::Limits;
use crate::location::Location;
use crate::markup::Markup;
use crate::namespace::{WSDL, WSDL_2};
use crate::parse;

/// How many roots a message lists.
const LISTED: usize = 20;

/// The WSDLs of an archive that no other WSDL in it imports, in the order of their paths.
///
/// Where all import each other in a circle, these are all of them.
#[must_use]
pub fn roots(archive: &Archive, limits: &Limits) -> Vec<Location> {
    let all: Vec<Location> = archive
        .iter()
        .filter(|(path, _)| is_wsdl(path))
        .map(|(path, _)| Location::Path(path.to_owned()))
        .collect();
    if all.len() < 2 {
        return all;
    }
    let mut imported = HashSet::new();
    let mut bytes_left = limits.total_bytes;
    for location in &all {
        let Ok(found) = archive.fetch(location) else { continue };
        bytes_left = bytes_left.saturating_sub(found.bytes.len());
        if bytes_left == 0 {
            break;
        }
        let references = references(&found.bytes, limits);
        let targets = references.iter().filter_map(|one| location.join(one).ok());
        let targets = targets.filter_map(|target| archive.fetch(&target).ok());
        imported.extend(targets.map(|one| one.location).filter(|target| target != location));
    }
    let roots: Vec<Location> =
        all.iter().filter(|location| !imported.contains(*location)).cloned().collect();
    if roots.is_empty() { all } else { roots }
}

/// The WSDL of an archive that is meant: the one that is named, or the only root.
///
/// Where there is none, the reason is among the diagnostics.
pub fn choose(
    archive: &Archive,
    named: Option<&str>,
    limits: &Limits,
    found: &mut Diagnostics,
) -> Option<Location> {
    if let Some(named) = named {
        return chosen(archive, named, found);
    }
    let roots = roots(archive, limits);
    match roots.as_slice() {
        [only] => return Some(only.clone()),
        [] => found.error(
            codes::WSDL_NO_ROOT,
            Place::file("(archive)"),
            "The archive holds no file that ends in `.wsdl`",
            "Add the WSDL, or give its file the extension `.wsdl`.",
        ),
        several => {
            let mut list: Vec<_> = several.iter().take(LISTED).map(Location::to_string).collect();
            if several.len() > LISTED {
                list.push("…".to_owned());
            }
            found.error(
                codes::WSDL_SEVERAL_ROOTS,
                Place::file("(archive)"),
                format!("The archive holds several WSDLs: {}", list.join(", ")),
                "Name the one that is meant.",
            );
        }
    }
    None
}

fn chosen(archive: &Archive, named: &str, found: &mut Diagnostics) -> Option<Location> {
    let location = match Location::path(named) {
        Ok(location) => location,
        Err(error) => {
            let help = "Name a file by its path in the archive.";
            found.error(codes::WSDL_LOCATION, Place::file("(archive)"), error.to_string(), help);
            return None;
        }
    };
    match archive.fetch(&location) {
        Ok(fetched) => Some(fetched.location),
        Err(refusal) => {
            let help = "Name one of the files in the archive.";
            let message = format!("The archive gives no `{named}`: {refusal}");
            found.error(codes::WSDL_ABSENT, Place::file("(archive)"), message, help);
            None
        }
    }
}

fn is_wsdl(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("wsdl"))
}

/// What a WSDL imports and includes, as it is written; nothing where it cannot be read.
fn references(bytes: &[u8], limits: &Limits) -> Vec<String> {
    let Ok(text) = parse::text(bytes, limits) else { return Vec::new() };
    let Ok(tree) = xml::read::read_text(&text.text, &limits.of_document()) else {
        return Vec::new();
    };
    imports(&tree).unwrap_or_default()
}

fn imports(tree: &Tree) -> Option<Vec<String>> {
    let root = tree.root()?;
    let markup = Markup { tree, document: None, lines_before: 0 };
    let namespace = match parse::kind(markup, root) {
        DocumentKind::Wsdl1 => WSDL,
        DocumentKind::Wsdl2 => WSDL_2,
        DocumentKind::Schema | DocumentKind::Other => return None,
    };
    let links =
        ["import", "include"].into_iter().flat_map(|local| markup.named(root, namespace, local));
    Some(links.filter_map(|link| markup.attribute(link, "location").map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests;
