//! Which roots and which client certificate the configuration has for an upstream.

use std::sync::Arc;

use rustls::RootCertStore;

use super::client_key::ClientKey;
use super::watch::Watched;
use super::{TrustError, roots, ssl_profiles};
use crate::clock::Clock;
use crate::config::{KeyFiles, ServerPattern, TlsProfile, UpstreamTls};
use crate::listener::tls::load_key;

/// What the configuration says of upstreams, read.
#[derive(Debug)]
pub(super) struct Profiles {
    general: Arc<RootCertStore>,
    profiles: Vec<Profile>,
    clients: Vec<(Vec<ServerPattern>, Arc<ClientKey>)>,
    identity: Option<Arc<ClientKey>>,
}

#[derive(Debug)]
struct Profile {
    servers: Vec<ServerPattern>,
    identity: Option<Arc<ClientKey>>,
    roots: Option<Arc<RootCertStore>>,
}

impl Profiles {
    /// Reads everything that is named; `watched` learns of the files that are named in others.
    pub(super) fn load(settings: &UpstreamTls, watched: &mut Watched) -> Result<Self, TrustError> {
        let general = Arc::new(roots::general(settings)?);
        let mut all = settings.profiles.clone();
        if let Some(file) = &settings.profile_file {
            let read = ssl_profiles::read(file)?;
            watched.add(read.iter().flat_map(super::watch::files_of));
            all.extend(read);
        }
        let profiles = all.iter().map(Profile::load).collect::<Result<_, _>>()?;
        let clients = settings.clients.iter();
        let clients = clients.map(|rule| Ok((rule.servers.clone(), key(&rule.identity)?)));
        let clients = clients.collect::<Result<_, TrustError>>()?;
        let identity = settings.identity.as_ref().map(key).transpose()?;
        Ok(Self { general, profiles, clients, identity })
    }

    /// The roots for upstreams without a profile.
    pub(super) fn general(&self) -> &Arc<RootCertStore> {
        &self.general
    }

    /// Whom to trust at `host:port`, and a number that tells these roots from others.
    pub(super) fn roots_for(&self, host: &str, port: u16) -> (usize, &Arc<RootCertStore>) {
        let fits = self.profiles.iter().enumerate();
        let best = best(fits, host, port, |(_, profile)| &profile.servers);
        let own = best.and_then(|(index, profile)| Some((index + 1, profile.roots.as_ref()?)));
        own.unwrap_or((0, &self.general))
    }

    /// Who the gateway is to `host:port`. Where one of our rules fits as closely as one of WSO2's
    /// profiles, ours counts.
    pub(super) fn identity_for(&self, host: &str, port: u16) -> Option<&Arc<ClientKey>> {
        let ours = self.clients.iter().map(|(servers, key)| (servers, Some(key)));
        let theirs =
            self.profiles.iter().map(|profile| (&profile.servers, profile.identity.as_ref()));
        match best(ours.chain(theirs), host, port, |(servers, _)| servers) {
            Some((_, key)) => key,
            None => self.identity.as_ref(),
        }
    }
}

impl Profile {
    fn load(settings: &TlsProfile) -> Result<Self, TrustError> {
        Ok(Self {
            servers: settings.servers.clone(),
            identity: settings.identity.as_ref().map(key).transpose()?,
            roots: roots::of_profile(&settings.roots)?.map(Arc::new),
        })
    }
}

/// Whatever has the pattern that fits closest; of several alike the first.
fn best<'a, T>(
    all: impl Iterator<Item = T>,
    host: &str,
    port: u16,
    servers: impl Fn(&T) -> &'a [ServerPattern],
) -> Option<T> {
    let mut best = None;
    for one in all {
        let fit = servers(&one).iter().filter_map(|pattern| pattern.fit(host, port)).max();
        let Some(fit) = fit else { continue };
        if best.as_ref().is_none_or(|(other, _)| fit > *other) {
            best = Some((fit, one));
        }
    }
    best.map(|(_, one)| one)
}

fn key(files: &KeyFiles) -> Result<Arc<ClientKey>, TrustError> {
    let certified = load_key(files, Clock::system().unix_seconds())?;
    Ok(Arc::new(ClientKey::from(certified)))
}

#[cfg(test)]
mod tests;
