//! WSDLs: where an endpoint of type `wsdl` is, and what an API serves at `?wsdl`.
//!
//! They come with the project (`WSDL/`), or were fetched by whoever compiles it; nothing is fetched
//! here.

mod operations;
mod serve;

use std::borrow::Cow;

use model::endpoint::Member;
use model::{Diagnostics, Project, codes};
use wsdl::description::Service;
use wsdl::{Archive, Description, Limits, Location};

pub(super) use operations::known as operations;
pub(super) use serve::served;

/// The folder of a project.
const FOLDER: &str = "WSDL/";
/// How many ports a message lists.
const LISTED: usize = 20;

/// The WSDLs of a project.
pub(super) struct Wsdls<'a> {
    project: &'a Project,
    /// What is in `WSDL/`, with what its archives hold.
    archive: Archive,
    /// The WSDLs there that no other one imports.
    roots: Vec<Location>,
}

impl std::fmt::Debug for Wsdls<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wsdls").field("roots", &self.roots).finish_non_exhaustive()
    }
}

impl<'a> Wsdls<'a> {
    /// Looks for what the project has.
    pub(super) fn new(project: &'a Project) -> Self {
        let mut archive = Archive::new();
        for (path, content) in project.files().iter() {
            if let Some(path) = path.strip_prefix(FOLDER) {
                // Paths of a project are inside of it, whatever else they are.
                drop(archive.insert(path, content.clone()));
            }
        }
        let roots = wsdl::archive::roots(&archive, &Limits::default());
        Self { project, archive, roots }
    }

    /// The same endpoint at the address of its service and port.
    pub(super) fn located(&self, member: &Member, found: &mut Diagnostics) -> Option<Member> {
        // Without a URL that is told where it is missed.
        let Some(url) = &member.url else { return Some(member.clone()) };
        let place = member.place_of("url");
        let refuse = |message: String, found: &mut Diagnostics| {
            let help = "Put the WSDL into `WSDL/`, mend the names of service and port, or use an \
                        address endpoint.";
            found.error(codes::WSDL, place.clone(), message, help);
            None
        };
        let description = match self.describe(url) {
            Ok(Some(description)) => description,
            Ok(None) => return Some(self.unread(member, url, found)),
            Err(message) => return refuse(message, found),
        };
        match address(&description, member) {
            Ok(address) => Some(Member { url: Some(address), ..member.clone() }),
            Err(message) => refuse(message, found),
        }
    }

    /// What a URL leads to, in the project or outside; `None` where nobody has fetched it.
    fn describe(&self, url: &str) -> Result<Option<Description>, String> {
        if let Some(root) = self.own(url) {
            return read(&self.archive, root).map(Some);
        }
        match self.project.fetched.get(url) {
            None => Ok(None),
            Some(Err(why)) => Err(format!("the WSDL at {url} cannot be fetched: {why}")),
            Some(Ok(_)) => {
                let root = Location::url(url).map_err(|error| error.to_string())?;
                read(&Remote(self.project), &root).map(Some)
            }
        }
    }

    /// Whether a URL means a WSDL of the project.
    pub(super) fn has(&self, url: &str) -> bool {
        self.own(url).is_some()
    }

    /// The WSDL of the project that a URL means: by its path, or by the name of its file.
    fn own(&self, url: &str) -> Option<&Location> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_prefix(FOLDER).unwrap_or(path);
        let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
        let is_meant = |location: &&Location| {
            let Location::Path(own) = location else { return false };
            let file = own.rsplit('/').next().unwrap_or_default();
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            own == path || file.eq_ignore_ascii_case(name) || stem.eq_ignore_ascii_case(name)
        };
        self.roots.iter().find(is_meant)
    }

    /// Whoever only looks at a project fetches nothing.
    fn unread(&self, member: &Member, url: &str, found: &mut Diagnostics) -> Member {
        let address = url.split('?').next().unwrap_or(url);
        let message = format!("the WSDL at {url} was not fetched");
        let help = "Put it into `WSDL/` to have it checked here; a gateway fetches it.";
        found.note(codes::WSDL_ADDRESS, member.place_of("url"), message, help);
        Member { url: Some(address.to_owned()), ..member.clone() }
    }
}

/// What was fetched for a project.
struct Remote<'a>(&'a Project);

impl wsdl::Documents for Remote<'_> {
    fn fetch(&self, location: &Location) -> Result<wsdl::Fetched, wsdl::Refusal> {
        let absent = || wsdl::Refusal::Absent(String::new());
        let Location::Url(url) = location else { return Err(absent()) };
        let found = self.0.fetched.iter().find(|(known, _)| {
            Location::url(known).is_ok_and(|known| known == Location::Url(url.clone()))
        });
        match found {
            None => Err(absent()),
            Some((_, Err(why))) => Err(wsdl::Refusal::Failed(why.clone())),
            Some((_, Ok(bytes))) => {
                Ok(wsdl::Fetched { location: location.clone(), bytes: bytes.clone() })
            }
        }
    }
}

/// Reads a WSDL, of which schemas do not matter here.
fn read(documents: &dyn wsdl::Documents, root: &Location) -> Result<Description, String> {
    let reading = wsdl::read(documents, root, &Limits::default());
    reading.description.ok_or_else(|| {
        let first = reading.found.iter().find(|one| one.severity == model::Severity::Error);
        let why =
            first.map_or_else(String::new, |one| format!(": {} ({})", one.message, one.place));
        format!("the WSDL {root} cannot be read{why}")
    })
}

/// The address of the service and port that are named; where one is left out, there must be one
/// address only.
fn address(description: &Description, member: &Member) -> Result<String, String> {
    let (service, port) = (member.wsdl.service.as_deref(), member.wsdl.port.as_deref());
    let is_meant = |name: &str, wanted: Option<&str>| wanted.is_none_or(|wanted| wanted == name);
    let services = description.services().iter();
    let meant = services.filter(|one| is_meant(&one.name.local, service));
    let ports = meant.flat_map(|one| &one.ports).filter(|one| is_meant(&one.name, port));
    let mut addresses: Vec<&str> = ports.filter_map(wsdl::description::Port::address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let wanted = match (service, port) {
        (Some(service), Some(port)) => {
            Cow::Owned(format!("port `{port}` of the service `{service}`"))
        }
        (Some(service), None) => format!("service `{service}`").into(),
        (None, Some(port)) => format!("port `{port}`").into(),
        (None, None) => "port".into(),
    };
    let all = listed(description.services());
    match addresses.as_slice() {
        [address] => Ok((*address).to_owned()),
        [] => Err(format!("the WSDL has no {wanted} with an address; it has {all}")),
        [_, ..] => Err(format!(
            "the WSDL has several addresses for a {wanted}; name the service and the port: {all}"
        )),
    }
}

fn listed(services: &[Service]) -> String {
    let ports = services.iter().flat_map(|service| {
        service.ports.iter().map(|port| format!("{}/{}", service.name.local, port.name))
    });
    let mut names: Vec<String> = ports.take(LISTED + 1).collect();
    if names.is_empty() {
        return "none at all".to_owned();
    }
    if names.len() > LISTED {
        names.truncate(LISTED);
        names.push("…".to_owned());
    }
    names.join(", ")
}

#[cfg(test)]
mod tests;
