//! Keys of WSO2 that change what is secured or reached, and that Weir does not support.
//!
//! They are named one by one, since somebody relies on them: a note that their table has no effect
//! would be overlooked.

use settings::{Section, Settings};

/// A key, when it counts as relied upon, and what its absence means.
struct Missing {
    key: &'static str,
    when: When,
    consequence: &'static str,
}

enum When {
    /// It is set to anything.
    Set,
    /// It is true.
    True,
    /// It is this word.
    Word(&'static str),
}

const MISSING: [Missing; 10] = [
    Missing {
        key: "apim.redis_config.host",
        when: When::Set,
        consequence: "tokens for upstreams are kept in the process",
    },
    Missing {
        key: "apim.mediator_config.oauth.trust_store.location",
        when: When::Set,
        consequence: "authorization servers are verified as upstreams are",
    },
    Missing {
        key: "transport.passthru_https.listener.parameters.SSLVerifyClient",
        when: When::Word("require"),
        consequence: "clients are not asked for a certificate",
    },
    Missing {
        key: "transport.passthru_https.listener.cert_revocation_validation.enable",
        when: When::True,
        consequence: "revoked client certificates are not recognised",
    },
    Missing {
        key: "transport.passthru_https.listener.key_store.location",
        when: When::Set,
        consequence: "the certificate comes from weir.tls or keystore.tls",
    },
    Missing {
        key: "transport.passthru_https.listener.trust_store.location",
        when: When::Set,
        consequence: "clients are not asked for a certificate",
    },
    Missing {
        key: "transport.passthru_https.sender.parameters.novalidatecert",
        when: When::True,
        consequence: "certificates of upstreams are always verified",
    },
    Missing {
        key: "apim.transport_headers.enable",
        when: When::True,
        consequence: "headers are not filtered",
    },
    Missing {
        key: "apim.jwt.enable",
        when: When::True,
        consequence: "upstreams get no token that describes the caller",
    },
    Missing {
        key: "passthru_http.http.max.connection.per.host.port",
        when: When::Set,
        consequence: "connections to an upstream are not limited",
    },
];

/// Warns of every such key that is relied upon.
pub(super) fn warn(settings: &Settings) {
    let root = settings.section("");
    for missing in &MISSING {
        if is_relied_upon(&root, missing) {
            let message = format!("{} is not supported: {}.", missing.key, missing.consequence);
            root.warning("CF036", missing.key, message, "docs/compatibility.md says more.");
        }
    }
}

fn is_relied_upon(root: &Section<'_>, missing: &Missing) -> bool {
    match missing.when {
        When::Set => root.has(missing.key),
        When::True => root.bool(missing.key) == Some(true),
        When::Word(word) => {
            root.text(missing.key).is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
        }
    }
}
