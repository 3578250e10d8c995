//! Who calls functions: keys that are written down or those of the gateway's environment, and a
//! role (spec/03 §3.1, §3.4).

use model::cursor::Cursor;
use model::endpoint::LambdaConfig;
use model::secret::Secret;
use model::{Diagnostics, Place, codes};

use super::super::credentials;
use super::super::group::settings::{Settings, check_keys};
use super::super::group::value;
use super::Ground;
use crate::plan::{AwsPlan, AwsRole, AwsSource, Credentials};

/// Keys below `x-weir.lambda`.
pub(super) const KEYS: &[&str] = &[
    "accessKey",
    "secretKey",
    "sessionToken",
    "profile",
    "role",
    "externalId",
    "sessionTags",
    "sessionDuration",
];
const ROLE_KEYS: &[&str] = &["arn", "sessionName", "region"];
const ROLE_HELP: &str = "Write the ARN of the role, the name of the session and the region.";
/// Tags that a session has at most (STS).
const MOST_TAGS: usize = 50;
/// How long a session lasts, in seconds (STS).
const SESSION: std::ops::RangeInclusive<u64> = 900..=43_200;

/// A role as it is written, in either way.
struct Written {
    place: Place,
    arn: Option<String>,
    session_name: Option<String>,
    region: Option<String>,
}

/// The region of the functions, as WSO2's keys say it: with a role another key says it.
pub(super) fn region_of_functions(config: &LambdaConfig) -> Option<String> {
    let of_role = config.role_region.as_ref().filter(|_| has_role(config));
    of_role.or(config.region.as_ref()).cloned()
}

/// `assume_role` decides; projects that are older than it have a role where one is written.
fn has_role(config: &LambdaConfig) -> bool {
    config.assumes_role.unwrap_or_else(|| {
        config.role.is_some() || config.role_session_name.is_some() || config.role_region.is_some()
    })
}

/// Reads it; `region` is that of the functions.
pub(super) fn plan(
    ground: &Ground<'_>,
    (said, settings): (&Settings<'_>, &Settings<'_>),
    region: Option<&str>,
    found: &mut Diagnostics,
) -> Option<AwsPlan> {
    let own = own_keys(said, settings, found)?;
    let source = match own {
        Some(own) => own,
        None => match ground.config {
            Some(config) => of_wso2(config, said, settings, found)?,
            None => chain(said, found),
        },
    };
    let written = match said.get("role") {
        Some(at) => Some(of_mapping(&at, found)),
        None => ground.config.filter(|config| has_role(config)).map(of_config),
    };
    let role = match written {
        Some(written) => Some(role(written, (said, settings), region, found)?),
        None => {
            warn_without_role(said, found);
            None
        }
    };
    Some(AwsPlan { source, role })
}

/// `accessKey` and `secretKey` below `x-weir.lambda`; the inner nothing where they are not there.
fn own_keys(
    said: &Settings<'_>,
    settings: &Settings<'_>,
    found: &mut Diagnostics,
) -> Option<Option<AwsSource>> {
    let (id, secret) = (said.get("accessKey"), said.get("secretKey"));
    let Some(place) = id.as_ref().or(secret.as_ref()).map(Cursor::place) else {
        return Some(None);
    };
    let id = id.and_then(|at| value::scalar(&at));
    let secret = secret.map(|at| (at.text(found).map(Secret::new), at.place()));
    let (Some(id), Some((secret, at))) = (id, secret) else {
        missing(place, found);
        return None;
    };
    keys(id, (secret.as_ref(), at), (said, settings), found).map(Some)
}

/// WSO2's keys: with `stored` they have to be there; with `role-supplied` they are not looked at,
/// unless they are there all the same, as old projects have it.
fn of_wso2(
    config: &LambdaConfig,
    said: &Settings<'_>,
    settings: &Settings<'_>,
    found: &mut Diagnostics,
) -> Option<AwsSource> {
    let method = config.access_method.as_deref().map(value::plain);
    let secret = config.secret_key.as_ref().filter(|secret| !secret.expose().trim().is_empty());
    let is_stored = match method.as_deref() {
        Some("stored") => true,
        Some("rolesupplied") => {
            if config.access_key.is_some() {
                let message = "the keys are not used: the access method is `role-supplied`";
                let help = "Write `access_method: stored` to use them, or remove them.";
                found.warning(codes::NO_EFFECT, config.place_of("amznAccessKey"), message, help);
            }
            false
        }
        Some(other) => {
            let message = format!("the access method `{other}` is unknown");
            let help = "Write stored or role-supplied.";
            let place = config.place_of("access_method");
            found.error(codes::SECURITY_AWS, place, message, help);
            return None;
        }
        None => config.access_key.is_some() || secret.is_some(),
    };
    if !is_stored {
        return Some(chain(said, found));
    }
    let Some(id) = config.access_key.clone().filter(|_| config.region.is_some()) else {
        missing(config.place_of("amznAccessKey"), found);
        return None;
    };
    let is_unchanged = |secret: &&Secret| secret.expose().trim() == LambdaConfig::UNCHANGED;
    let secret = secret.filter(|secret| !is_unchanged(secret));
    let place = config.place_of("amznSecretKey");
    keys(id, (secret, place), (said, settings), found)
}

fn missing(place: Place, found: &mut Diagnostics) {
    let message = "Missing AWS Credentials: access key, secret key and region belong together";
    let help = "Write all of them, or none to use those of the gateway's environment.";
    found.error(codes::SECURITY_AWS, place, message, help);
}

fn keys(
    id: String,
    secret: (Option<&Secret>, Place),
    (said, settings): (&Settings<'_>, &Settings<'_>),
    found: &mut Diagnostics,
) -> Option<AwsSource> {
    let known = |old: &Credentials| match old {
        Credentials::Aws(plan) => match &plan.source {
            AwsSource::Keys { id: old, secret, .. } if *old == id => Some(secret.clone()),
            _ => None,
        },
        _ => None,
    };
    let secret = credentials::kept(settings, secret, codes::SECURITY_AWS, &known, found);
    let token = match said.get("sessionToken") {
        Some(at) => Some(followed(&at, settings, found)?),
        None => None,
    };
    if let Some(at) = said.get("profile") {
        let message = "the profile has no effect, since keys are written down";
        found.warning(codes::NO_EFFECT, at.place(), message, "Remove one of them.");
    }
    Some(AwsSource::Keys { id, secret: secret?, token })
}

fn chain(said: &Settings<'_>, found: &mut Diagnostics) -> AwsSource {
    if let Some(at) = said.get("sessionToken") {
        let message = "the token has no effect, since no keys are written down";
        found.warning(codes::NO_EFFECT, at.place(), message, "Write the keys it belongs to.");
    }
    AwsSource::Chain { profile: value::text(said.get("profile"), found) }
}

fn followed(at: &Cursor<'_>, settings: &Settings<'_>, found: &mut Diagnostics) -> Option<Secret> {
    let text = value::text(Some(at.clone()), found)?;
    credentials::follow(settings, &Secret::new(text), at.place(), found)
}

fn of_mapping(at: &Cursor<'_>, found: &mut Diagnostics) -> Written {
    check_keys(at, &[ROLE_KEYS], found);
    let mut text = |key: &str| {
        let at = at.get(key);
        value::text(Some(at).filter(|at| !at.is_absent()), found)
    };
    Written {
        place: at.place(),
        arn: text("arn"),
        session_name: text("sessionName").or_else(|| Some("weir".to_owned())),
        region: text("region"),
    }
}

/// WSO2 has the region of STS in the key that is the functions' own without a role.
fn of_config(config: &LambdaConfig) -> Written {
    let LambdaConfig { role, role_session_name, role_region, region, .. } = config;
    Written {
        place: config.place_of("amznRoleArn"),
        arn: role.clone(),
        session_name: role_session_name.clone(),
        region: role_region.as_ref().and(region.as_ref()).cloned(),
    }
}

fn role(
    written: Written,
    (said, settings): (&Settings<'_>, &Settings<'_>),
    region: Option<&str>,
    found: &mut Diagnostics,
) -> Option<AwsRole> {
    let Written { place, arn, session_name, region: own } = written;
    let (Some(arn), Some(session_name)) = (arn, session_name) else {
        let message = "Missing AWS STS configurations: role and session name belong together";
        found.error(codes::SECURITY_AWS, place, message, ROLE_HELP);
        return None;
    };
    let is_role = arn.starts_with("arn:") && arn.contains(":iam:") && arn.contains(":role/");
    if !is_role {
        let message = format!("`{arn}` is no ARN of a role");
        let help = "Write it as arn:aws:iam::123456789012:role/name.";
        found.error(codes::SECURITY_AWS, place, message, help);
        return None;
    }
    if !is_session_name(&session_name) {
        let message = format!("`{session_name}` is no name of a session");
        let help = "Write 2 to 64 letters, digits and characters of `+=,.@_-`.";
        found.error(codes::SECURITY_AWS, place, message, help);
        return None;
    }
    let external_id = said.get("externalId").map(|at| followed(&at, settings, found));
    let tags = tags(said, found);
    let at = said.get("sessionDuration");
    let duration = value::some_time(at.clone(), found);
    if let (Some(at), Some(duration)) = (at, duration)
        && !SESSION.contains(&duration.as_secs())
    {
        value::refuse(&at, "Write a time from 15m to 12h.", found);
    }
    let region = own.or_else(|| region.map(str::to_owned))?;
    let external_id = match external_id {
        Some(id) => Some(id?),
        None => None,
    };
    Some(AwsRole { arn, session_name, region, external_id, tags, duration })
}

fn is_session_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    (2..=64).contains(&name.len()) && name.bytes().all(is_allowed)
}

fn tags(said: &Settings<'_>, found: &mut Diagnostics) -> Vec<(String, String)> {
    let Some(at) = said.get("sessionTags") else { return Vec::new() };
    let entries = at.entries(found);
    if entries.len() > MOST_TAGS {
        value::refuse(&at, format!("Write {MOST_TAGS} tags at most."), found);
    }
    let mut text = |(name, at): &(&str, Cursor<'_>)| {
        Some(((*name).to_owned(), value::text(Some(at.clone()), found)?))
    };
    entries.iter().filter_map(&mut text).collect()
}

/// What belongs to a session in a role.
fn warn_without_role(said: &Settings<'_>, found: &mut Diagnostics) {
    for key in ["externalId", "sessionTags", "sessionDuration"] {
        if let Some(at) = said.get(key) {
            let message = format!("`{key}` has no effect, since no role is assumed");
            found.warning(codes::NO_EFFECT, at.place(), message, ROLE_HELP);
        }
    }
}
