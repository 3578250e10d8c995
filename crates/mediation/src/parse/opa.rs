//! `opa`.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use model::codes;
use model::policy::Flow;
use xml::tree::NodeId;

use super::attribute::Attributes;
use super::reader::Reader;
use crate::opa::Opa;
use crate::sequence::Mediator;

/// The classes whose question is asked, whichever of them is named.
const GENERATORS: [&str; 2] = [
    "org.wso2.carbon.apimgt.gateway.opa.APIMOPARequestGenerator",
    "org.apache.synapse.mediators.opa.OPASynapseRequestGenerator",
];
/// Parameters that a gateway with connections of its own does not ask for.
const NEUTRAL: [&str; 2] = ["maxOpenConnections", "maxPerRoute"];
/// How long an answer may take, where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest that it may take, in seconds.
const LONGEST: u64 = 300;

/// What stands in the element.
#[derive(Debug, Default)]
struct Parts {
    server: String,
    key: String,
    policy: String,
    rule: String,
    sends_token: bool,
    properties: Vec<Arc<str>>,
    timeout: Option<Duration>,
}

pub(super) fn opa(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    Attributes::of(reader.tree, id).finish(reader);
    if reader.context.flow != Flow::Request {
        let message = format!("`opa` cannot stand in the {} flow", reader.context.flow);
        let help = "Use it in the request flow.";
        reader.error(codes::MEDIATOR_UNSUPPORTED, reader.place(id), message, help);
        return None;
    }
    let mut parts = Parts::default();
    let mut is_sound = true;
    for child in reader.elements(id) {
        is_sound &= part(reader, child, &mut parts).is_some();
    }
    if parts.policy.is_empty() {
        reader.lacks(id, "`opa` has no `policy`", "Add `<policy>` with the name of the policy.");
        return None;
    }
    let url = address(reader, id, &parts)?;
    let key = match parts.key.as_str() {
        "" => None,
        key => Some(authorization(reader, id, key)?),
    };
    let rule = Some(parts.rule.trim_matches('/')).filter(|rule| !rule.is_empty()).map(Arc::from);
    is_sound.then(|| {
        Mediator::Opa(Box::new(Opa {
            url,
            key,
            rule,
            sends_token: parts.sends_token,
            properties: parts.properties,
            timeout: parts.timeout.unwrap_or(TIMEOUT),
        }))
    })
}

/// Reads a child; `None` where a mistake was reported.
fn part(reader: &mut Reader<'_>, id: NodeId, parts: &mut Parts) -> Option<()> {
    let text = reader.tree.text(id).trim().to_owned();
    match reader.local(id) {
        "serverUrl" => parts.server = text,
        "accessKey" => parts.key = text,
        "policy" => parts.policy = text.trim_matches('/').to_owned(),
        "rule" => parts.rule = text,
        "requestGenerator" if text.is_empty() || GENERATORS.contains(&text.as_str()) => {}
        "requestGenerator" => {
            let message = format!("The class `{text}` cannot make the request of `opa`");
            let help =
                "Remove `requestGenerator`, and look at the fields of `input` in the policy.";
            reader.error(codes::MEDIATOR_UNSUPPORTED, reader.place(id), message, help);
            return None;
        }
        "additionalParameters" => {
            for child in reader.elements(id) {
                parameter(reader, child, parts)?;
            }
        }
        _ => {
            let allowed = "`serverUrl`, `accessKey`, `policy`, `rule` and `additionalParameters`";
            reader.unexpected(id, "opa", allowed);
            return None;
        }
    }
    Some(())
}

fn parameter(reader: &mut Reader<'_>, id: NodeId, parts: &mut Parts) -> Option<()> {
    if !reader.is_mediator(id, "parameter") {
        reader.unexpected(id, "additionalParameters", "`parameter` elements");
        return None;
    }
    let mut attributes = Attributes::of(reader.tree, id);
    let name = reader.required(&mut attributes, "name")?;
    attributes.finish(reader);
    let text = reader.tree.text(id).trim().to_owned();
    let wrong = |reader: &mut Reader<'_>, help: &str| {
        let message =
            format!("The parameter `{}` of `opa` is not allowed to be `{text:.60}`", name.value);
        reader.error(codes::MEDIATOR_VALUE, reader.place(id), message, help);
    };
    match name.value.as_str() {
        _ if text.is_empty() => {}
        "sendAccessToken" => match text.to_ascii_lowercase().as_str() {
            "true" => parts.sends_token = true,
            "false" => {}
            _ => {
                wrong(reader, "Write `true` or `false`.");
                return None;
            }
        },
        "additionalMCProperties" => {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            parts.properties = names.map(Arc::from).collect();
        }
        "connectionTimeout" => match text.parse::<u64>() {
            Ok(seconds) if (1..=LONGEST).contains(&seconds) => {
                parts.timeout = Some(Duration::from_secs(seconds));
            }
            _ => {
                wrong(reader, "Write whole seconds, from 1 to 300.");
                return None;
            }
        },
        known if NEUTRAL.contains(&known) => {}
        other => reader.warn(
            codes::MEDIATOR_IGNORED,
            reader.place(id),
            format!("The parameter `{other}` of `opa` has no effect"),
            "Remove it.",
        ),
    }
    Some(())
}

/// The server's URL with policy and rule behind it.
fn address(reader: &mut Reader<'_>, id: NodeId, parts: &Parts) -> Option<Arc<str>> {
    let server = parts.server.trim_end_matches('/');
    let is_url = url::Url::parse(server)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_url || server.contains(['{', '?', '#']) {
        let message = format!("`serverUrl` of `opa` is no URL of a server: `{server:.60}`");
        let help = "Write the address of its data, such as `https://opa.example.com:8181/v1/data`.";
        reader.error(codes::MEDIATION_ENDPOINT, reader.place(id), message, help);
        return None;
    }
    let path = [parts.policy.as_str(), parts.rule.trim_matches('/')];
    if path.iter().any(|part| !part.chars().all(is_plain) || part.split('/').any(|it| it == "..")) {
        let message = "`policy` and `rule` of `opa` are names with `/` between them";
        let help = "Write letters, digits, `_`, `-`, `.` and `/`.";
        reader.error(codes::MEDIATOR_VALUE, reader.place(id), message, help);
        return None;
    }
    let path = path.iter().filter(|part| !part.is_empty());
    Some(Arc::from(path.fold(server.to_owned(), |url, part| format!("{url}/{part}"))))
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '/')
}

/// A key alone is a token (RFC 6750), as OPA takes it.
fn authorization(reader: &mut Reader<'_>, id: NodeId, key: &str) -> Option<HeaderValue> {
    let text = if key.contains(' ') { key.to_owned() } else { format!("Bearer {key}") };
    match HeaderValue::try_from(text) {
        Ok(mut value) => {
            value.set_sensitive(true);
            Some(value)
        }
        Err(_) => {
            let message = "`accessKey` of `opa` has characters that no header takes";
            let place = reader.place(id);
            reader.error(codes::MEDIATOR_VALUE, place, message, "Write the key as it is.");
            None
        }
    }
}
