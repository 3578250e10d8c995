//! Where the gateway listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use settings::{Origin, Section, Settings};

use crate::config::Listeners;
use crate::config::overrides::{Overrides, Sourced, listener_text, parse_listener};

/// The keys of one listener, all in `[transport]`.
struct Keys {
    /// The table that stands for the listener in reports.
    name: &'static str,
    ports: &'static [&'static str],
    addresses: &'static [&'static str],
    enable: &'static str,
}

const HTTP: Keys = Keys {
    name: "passthru_http.listener",
    ports: &[
        "passthru_http.listener.parameters.port",
        "passthru_http.listener.port",
        "http.listener.port",
    ],
    addresses: &[
        "passthru_http.listener.parameters.bind-address",
        "passthru_http.listener.bind_address",
        "http.listener.bind_address",
    ],
    enable: "passthru_http.listener.enable",
};

const HTTPS: Keys = Keys {
    name: "passthru_https.listener",
    ports: &[
        "passthru_https.listener.parameters.port",
        "passthru_https.listener.port",
        "http.listener.secured_port",
    ],
    addresses: &[
        "passthru_https.listener.parameters.bind-address",
        "passthru_https.listener.bind_address",
        "http.listener.bind_address",
    ],
    enable: "passthru_https.listener.enable",
};

const MANAGE: Keys = Keys {
    name: "https",
    ports: &["https.properties.port", "https.port"],
    addresses: &["https.properties.address", "https.bind_address"],
    enable: "https.enable",
};

const MANAGE_HTTP: Keys = Keys {
    name: "http",
    ports: &["http.properties.port", "http.port"],
    addresses: &["http.properties.address", "http.bind_address"],
    enable: "http.enable",
};

/// Reads all listeners; every port but those of flags and the environment is moved by the offset.
pub(super) fn listeners(settings: &Settings, overrides: &Overrides) -> Listeners {
    let reader = Reader { transport: settings.section("transport"), offset: offset(settings) };
    let default = Listeners::default();
    Listeners {
        http: reader.listener(&HTTP, default.http, overrides.http.as_ref()),
        https: reader.listener(&HTTPS, default.https, overrides.https.as_ref()),
        manage: reader.listener(&MANAGE, default.manage, overrides.manage.as_ref()),
        manage_http: reader.listener(
            &MANAGE_HTTP,
            default.manage_http,
            overrides.manage_http.as_ref(),
        ),
        admin: reader.admin(settings, default.admin, overrides.admin.as_ref()),
    }
}

struct Reader<'a> {
    transport: Section<'a>,
    offset: i64,
}

impl Reader<'_> {
    fn listener(
        &self,
        keys: &Keys,
        default: Option<SocketAddr>,
        override_: Option<&Sourced<Option<SocketAddr>>>,
    ) -> Option<SocketAddr> {
        let port = self.transport.either(keys.ports);
        let configured = self.configured(keys, port, default);
        let (value, origin) = match override_ {
            Some(sourced) => (sourced.value, sourced.origin.clone()),
            None => (configured, self.origin(keys, port)),
        };
        self.transport.effective_from(keys.name, listener_text(value), origin);
        value
    }

    fn configured(
        &self,
        keys: &Keys,
        port: &str,
        default: Option<SocketAddr>,
    ) -> Option<SocketAddr> {
        let address = self.address(keys);
        let port = self.transport.integer(port);
        if self.transport.bool(keys.enable) == Some(false) {
            return None;
        }
        let default = default?;
        let address = address.unwrap_or_else(|| default.ip());
        let port = port.unwrap_or_else(|| i64::from(default.port()));
        let name = self.transport.either(keys.ports);
        Some(SocketAddr::new(address, moved(&self.transport, name, port, self.offset)?))
    }

    fn address(&self, keys: &Keys) -> Option<IpAddr> {
        let name = self.transport.either(keys.addresses);
        let text = self.transport.text(name)?;
        let address = match text.trim() {
            "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            text => text.parse().ok(),
        };
        if address.is_none() {
            let message = format!("{text:?} is no IP address.");
            self.transport.error("CF020", name, message, "Write an address such as 0.0.0.0.");
        }
        address
    }

    /// The key that decides most: whether it listens, then the port, then the address.
    fn origin(&self, keys: &Keys, port: &str) -> Origin {
        let names = [keys.enable, port, self.transport.either(keys.addresses)];
        let origins = names.map(|name| self.transport.origin(name));
        let set = origins.into_iter().find(|origin| *origin != Origin::Default);
        set.unwrap_or(Origin::Default)
    }

    fn admin(
        &self,
        settings: &Settings,
        default: Option<SocketAddr>,
        override_: Option<&Sourced<Option<SocketAddr>>>,
    ) -> Option<SocketAddr> {
        let section = settings.section("weir.admin");
        let written = section.text("listen");
        let listen = written.and_then(|text| {
            let listener = parse_listener(&text, IpAddr::V4(Ipv4Addr::LOCALHOST));
            if listener.is_none() {
                let message = format!("{text:?} is no address to listen on.");
                let help = "Write an address such as 127.0.0.1:9290, a port, or off.";
                section.error("CF020", "listen", message, help);
            }
            listener
        });
        let moved = listen.unwrap_or(default).and_then(|address| {
            let port = i64::from(address.port());
            Some(SocketAddr::new(address.ip(), moved(&section, "listen", port, self.offset)?))
        });
        let (value, origin) = match override_ {
            Some(sourced) => (sourced.value, sourced.origin.clone()),
            None => (moved, section.origin("listen")),
        };
        section.effective_from("listen", listener_text(value), origin);
        value
    }
}

fn offset(settings: &Settings) -> i64 {
    super::values::integer_in(&settings.section("server"), "offset", 0, &(0..=65_535))
}

/// A port moved by the offset; 0 lets the system choose and is not moved.
fn moved(section: &Section<'_>, name: &str, port: i64, offset: i64) -> Option<u16> {
    let sum = if port == 0 { 0 } else { port.saturating_add(offset) };
    let fits = u16::try_from(sum).ok().filter(|_| port >= 0);
    if fits.is_none() {
        let message = format!("Port {port} with offset {offset} is not within 0 to 65535.");
        section.error("CF021", name, message, "The listener stays closed; choose another port.");
    }
    fits
}
