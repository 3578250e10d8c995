//! Name, version and context (spec/01 §3.1, spec/04 §4).

use model::{Diagnostics, codes};

use super::Source;

const MAX_NAME: usize = 60;
const MAX_VERSION: usize = 30;
const MAX_CONTEXT: usize = 232;
/// What a name may not have, besides blanks.
const BAD_IN_NAME: &str = "~!@#;:%^*()+={}|\\<>\"',&$[]/";

/// Who an API is, and where it is found.
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) context: String,
    pub(super) default_context: Option<String>,
}

/// A context without its tenant.
struct Context {
    tenant: Option<String>,
    /// With a leading and without a trailing slash; may hold `{version}`.
    template: String,
}

pub(super) fn read(source: &Source<'_>, found: &mut Diagnostics) -> Option<Identity> {
    let name = name(source, found);
    let version = version(source, found);
    let context = context(source, found);
    let (name, version, context) = (name?, version?, context?);
    let prefix = context.tenant.as_ref().map(|tenant| format!("/t/{tenant}")).unwrap_or_default();
    let id = match &context.tenant {
        Some(tenant) => format!("{tenant}/{name}/{version}"),
        None => format!("{name}/{version}"),
    };
    let default = source.api.is_default_version.then(|| without_version(&context.template));
    Some(Identity {
        context: format!("{prefix}{}", with_version(&context.template, &version)),
        default_context: default
            .filter(|context| !context.is_empty())
            .map(|context| format!("{prefix}{context}")),
        id,
        name,
        version,
    })
}

/// The placeholder is replaced where it stands; else the version is the last segment.
fn with_version(template: &str, version: &str) -> String {
    if template.contains("{version}") {
        template.replace("{version}", version)
    } else {
        format!("{template}/{version}")
    }
}

fn without_version(template: &str) -> String {
    template.replace("/{version}", "")
}

fn name(source: &Source<'_>, found: &mut Diagnostics) -> Option<String> {
    let place = source.place("name");
    let help = "Use 1 to 60 characters, without blanks and special characters.";
    let Some(name) = &source.api.name else {
        found.error(codes::NAME, place, "the API has no name", help);
        return None;
    };
    let bad = name.chars().find(|c| BAD_IN_NAME.contains(*c) || c.is_control());
    if let Some(bad) = bad {
        let message = format!("the name `{name}` has the character `{}`", bad.escape_default());
        found.error(codes::NAME, place, message, help);
        return None;
    }
    if name.chars().count() > MAX_NAME {
        let message = format!("the name is longer than {MAX_NAME} characters");
        found.error(codes::NAME, place, message, help);
        return None;
    }
    Some(name.clone())
}

fn version(source: &Source<'_>, found: &mut Diagnostics) -> Option<String> {
    let place = source.place("version");
    let help = "Use 1 to 30 letters, digits, dots, hyphens or underscores.";
    let Some(version) = &source.api.version else {
        found.error(codes::VERSION, place, "the API has no version", help);
        return None;
    };
    if source.api.version_is_fraction {
        let message = format!("the version is a number, and reads as `{version}`");
        let help = "Put the version in quotes, so that `1.10` does not become `1.1`.";
        found.warning(codes::VERSION_IS_NUMBER, place.clone(), message, help);
    }
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    // A segment of dots would climb the path.
    let is_dots = version.chars().all(|c| c == '.');
    if let Some(bad) = version.chars().find(|c| !is_fine(*c)) {
        let message =
            format!("the version `{version}` has the character `{}`", bad.escape_default());
        found.error(codes::VERSION, place, message, help);
        return None;
    }
    if is_dots || version.len() > MAX_VERSION {
        let message = format!("the version `{version}` is not a version");
        found.error(codes::VERSION, place, message, help);
        return None;
    }
    Some(version.clone())
}

fn context(source: &Source<'_>, found: &mut Diagnostics) -> Option<Context> {
    let place = source.place("context");
    let help = "Write a path such as `/orders`; `{version}` may stand in for the version.";
    let Some(written) = &source.api.context else {
        found.error(codes::CONTEXT, place, "the API has no context", help);
        return None;
    };
    if let Some(problem) = context_problem(written) {
        let message = format!("the context `{written}` {problem}");
        found.error(codes::CONTEXT, place, message, help);
        return None;
    }
    let (own, template) = split_tenant(&format!("/{}", written.trim_matches('/')));
    let provider = source.api.provider_tenant().map(str::to_owned);
    if let (Some(own), Some(provider)) = (&own, &provider)
        && own != provider
    {
        let message = format!("the context is of the tenant `{own}`, the provider of `{provider}`");
        let help = "Make the domain of `provider` and the `/t/<domain>` of the context agree.";
        found.warning(codes::TENANT, place, message, help);
    }
    Some(Context { tenant: own.or(provider), template })
}

/// What is wrong with a context, to be put behind it in a sentence.
fn context_problem(written: &str) -> Option<String> {
    let path = written.trim_matches('/');
    if path.is_empty() {
        return Some("is empty".to_owned());
    }
    if written.len() > MAX_CONTEXT {
        return Some(format!("is longer than {MAX_CONTEXT} characters"));
    }
    let plain = path.replace("{version}", "v");
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '/');
    if let Some(bad) = plain.chars().find(|c| !is_fine(*c)) {
        return Some(format!("has the character `{}`", bad.escape_default()));
    }
    let is_odd = |segment: &str| matches!(segment, "" | "." | "..");
    plain.split('/').any(is_odd).then(|| "has an empty segment or one of dots".to_owned())
}

/// `/t/<domain>/rest`; a context of fewer segments has no tenant.
fn split_tenant(context: &str) -> (Option<String>, String) {
    let inside = context.strip_prefix("/t/").and_then(|rest| rest.split_once('/'));
    match inside {
        Some((tenant, rest)) => (Some(tenant.to_owned()), format!("/{rest}")),
        None => (None, context.to_owned()),
    }
}
