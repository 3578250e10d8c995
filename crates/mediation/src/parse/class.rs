//! `class` of the names that come with WSO2's policies; others are refused.
//!
//! These classes take what they are told from `property` elements in them or, as WSO2's sequences
//! do it, from properties of the default scope that were set before.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::expression::JavaRegex;
use model::codes;
use policy::threat::{Injection, JsonLimits, XmlLimits};
use xml::tree::{NodeId, Place};

use super::attribute::Attributes;
use super::reader::Reader;
use crate::expression::{Expression, Held};
use crate::property::Scope;
use crate::sequence::{Builtin, ClaimCheck, Mediator};

/// The package of all of them.
const PACKAGE: &str = "org.wso2.carbon.apimgt.gateway.mediators.";
/// The claim that WSO2's policy asks for where none is named.
const DEFAULT_CLAIM: &str = "aut";
/// The claim's value likewise.
const DEFAULT_CLAIM_VALUE: &str = "APPLICATION";
/// The cookie likewise.
const DEFAULT_COOKIE: &str = "atbv";

pub(super) fn class(reader: &mut Reader<'_>, id: NodeId) -> Option<Mediator> {
    let mut attributes = Attributes::of(reader.tree, id);
    let name = reader.required(&mut attributes, "name");
    attributes.finish(reader);
    let name = name?.value;
    let mut settings = Settings::read(reader, id)?;
    let builtin = match name.trim().strip_prefix(PACKAGE) {
        Some("JsonSchemaValidator") => json_threat(reader, &mut settings),
        Some("XMLSchemaValidator") => xml_threat(reader, &mut settings),
        Some("RegularExpressionProtector") => injection(reader, &mut settings),
        Some("ClaimBasedResourceAccessValidationMediator") => claim(reader, &mut settings),
        Some("CrossSiteRequestForgeryValidationMediator" | "CsrfCookieValidator") => {
            let cookie = settings.held(reader, "csrfCookieName");
            let cookie = cookie.unwrap_or_else(|| Held::literal(DEFAULT_COOKIE));
            Some(Builtin::Csrf { cookie })
        }
        _ => {
            refuse(reader, id, name.trim());
            return None;
        }
    };
    settings.finish(reader);
    builtin.map(|builtin| Mediator::Class(Box::new(builtin)))
}

fn refuse(reader: &mut Reader<'_>, id: NodeId, name: &str) {
    let help = match name.strip_prefix(PACKAGE).unwrap_or(name) {
        "FailoverMediator" | "RoundRobinMediator" | "WeightedRoundRobinMediator" => {
            "Models of language are not routed; use the endpoints of the API."
        }
        "RevokeOneTimeToken" | "OneTimeTokenMediator" => {
            "Tokens are revoked by the server that gave them."
        }
        _ => "Classes of one's own cannot run; use the mediators that do the same.",
    };
    let message = format!("The class `{name}` is not supported");
    reader.error(codes::CLASS_UNSUPPORTED, reader.place(id), message, help);
}

/// What a class is told.
struct Settings {
    own: BTreeMap<String, Held>,
    place: Place,
}

impl Settings {
    /// Reads the `property` elements in a class.
    fn read(reader: &mut Reader<'_>, id: NodeId) -> Option<Self> {
        let mut own = BTreeMap::new();
        let place = reader.place(id);
        for child in reader.elements(id) {
            if !reader.is_mediator(child, "property") {
                reader.unexpected(child, "class", "`property` elements");
                return None;
            }
            let mut attributes = Attributes::of(reader.tree, child);
            let name = reader.required(&mut attributes, "name");
            let held = setting(reader, &mut attributes, child);
            attributes.finish(reader);
            own.insert(name?.value.trim().to_owned(), held?);
        }
        Some(Self { own, place })
    }

    /// What is said under this name, if anything is.
    fn held(&mut self, reader: &Reader<'_>, name: &str) -> Option<Held> {
        if let Some(held) = self.own.remove(name) {
            return Some(held);
        }
        Some(match reader.constants.get(name)? {
            Some(text) => Held::literal(text),
            None => {
                let property = Expression::Property(Scope::Default, Arc::from(name));
                Held::Expression(Box::new(property))
            }
        })
    }

    /// What is said under this name, which must be fixed; the outer `None` says that it is not.
    fn fixed(&mut self, reader: &mut Reader<'_>, name: &str) -> Option<Option<String>> {
        let Some(held) = self.held(reader, name) else {
            return Some(None);
        };
        let text = held.as_literal().map(|text| text.trim().to_owned());
        if text.is_none() {
            let message = format!("`{name}` of a class is an expression");
            self.wrong(reader, &message, "Write a fixed value.");
        }
        text.map(Some)
    }

    /// A number that may be absent.
    fn number(&mut self, reader: &mut Reader<'_>, name: &str) -> Option<Option<usize>> {
        let Some(text) = self.fixed(reader, name)?.filter(|text| !text.is_empty()) else {
            return Some(None);
        };
        let number = text.parse::<usize>().ok();
        if number.is_none() {
            let message = format!("`{name}` of a class is `{text}`");
            self.wrong(reader, &message, "Write a whole number.");
        }
        number.map(Some)
    }

    /// `true` or `false`.
    fn flag(&mut self, reader: &mut Reader<'_>, name: &str, absent: bool) -> Option<bool> {
        let text = self.fixed(reader, name)?;
        match text.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("") => Some(absent),
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(other) => {
                let message = format!("`{name}` of a class is `{other}`");
                self.wrong(reader, &message, "Write true or false.");
                None
            }
        }
    }

    fn wrong(&self, reader: &mut Reader<'_>, message: &str, help: &str) {
        reader.error(codes::MEDIATOR_VALUE, self.place, message, help);
    }

    /// Says of what nobody asked for that it has no effect.
    fn finish(self, reader: &mut Reader<'_>) {
        for name in self.own.into_keys() {
            let message = format!("The property `{name}` of the class has no effect");
            reader.warn(
                codes::MEDIATOR_IGNORED,
                self.place,
                message,
                "Mend its name, or remove it.",
            );
        }
    }
}

fn setting(reader: &mut Reader<'_>, attributes: &mut Attributes, id: NodeId) -> Option<Held> {
    if let Some(value) = attributes.take("value") {
        return Some(Held::literal(&value.value));
    }
    if let Some(expression) = attributes.take("expression") {
        return reader.expression(&expression).map(|it| Held::Expression(Box::new(it)));
    }
    Some(Held::literal(reader.tree.text(id).trim()))
}

fn claim(reader: &mut Reader<'_>, settings: &mut Settings) -> Option<Builtin> {
    let claim = settings.held(reader, "accessVerificationClaim");
    let value = settings.held(reader, "accessVerificationClaimValue");
    let pattern = settings.fixed(reader, "accessVerificationClaimValueRegex")?;
    let is_inverted = settings.flag(reader, "shouldAllowValidation", false)?;
    let pattern = match pattern.filter(|pattern| !pattern.is_empty()) {
        Some(pattern) => Some(compiled(reader, settings, &pattern)?),
        None => None,
    };
    Some(Builtin::Claim(ClaimCheck {
        claim: claim.unwrap_or_else(|| Held::literal(DEFAULT_CLAIM)),
        value: value.unwrap_or_else(|| Held::literal(DEFAULT_CLAIM_VALUE)),
        pattern,
        is_inverted,
    }))
}

/// spec/02 §2.1, `jsonValidator`.
fn json_threat(reader: &mut Reader<'_>, settings: &mut Settings) -> Option<Builtin> {
    let mut limits = JsonLimits::default();
    let fields = [
        ("maxPropertyCount", &mut limits.max_property_count),
        ("maxStringLength", &mut limits.max_string_length),
        ("maxArrayElementCount", &mut limits.max_array_element_count),
        ("maxKeyLength", &mut limits.max_key_length),
        ("maxJsonDepth", &mut limits.max_json_depth),
    ];
    numbers(reader, settings, fields)?;
    buffer_size(settings);
    Some(Builtin::JsonThreat(limits))
}

/// spec/02 §2.1, `xmlValidator`.
fn xml_threat(reader: &mut Reader<'_>, settings: &mut Settings) -> Option<Builtin> {
    let mut limits = XmlLimits::default();
    let fields = [
        ("maxXMLDepth", &mut limits.max_depth),
        ("maxElementCount", &mut limits.max_element_count),
        ("maxAttributeCount", &mut limits.max_attribute_count),
        ("maxAttributeLength", &mut limits.max_attribute_length),
        ("maxChildrenPerElement", &mut limits.max_children_per_element),
    ];
    numbers(reader, settings, fields)?;
    buffer_size(settings);
    // DTDs, and with them entities, are always refused; the limits always hold.
    for name in ["xmlValidation", "dtdEnabled", "externalEntitiesEnabled", "entityExpansionLimit"] {
        settings.own.remove(name);
    }
    let validates = settings.flag(reader, "schemaValidation", false)?;
    if settings.held(reader, "xsdURL").is_some() && validates {
        let message = "`xsdURL` of a class: validation by a schema of XML is not supported";
        settings.wrong(reader, message, "Set `schemaValidation` to false.");
        return None;
    }
    Some(Builtin::XmlThreat(limits))
}

/// Of no effect: bodies are read whole, up to the limit of the gateway.
fn buffer_size(settings: &mut Settings) {
    for name in ["RequestMessageBufferSize", "requestMessageBufferSize"] {
        settings.own.remove(name);
    }
}

fn numbers<const N: usize>(
    reader: &mut Reader<'_>,
    settings: &mut Settings,
    fields: [(&str, &mut usize); N],
) -> Option<()> {
    let mut is_sound = true;
    for (name, field) in fields {
        match settings.number(reader, name) {
            Some(Some(number)) => *field = number,
            Some(None) => {}
            None => is_sound = false,
        }
    }
    is_sound.then_some(())
}

/// spec/02 §2.1, `regexPolicy`.
fn injection(reader: &mut Reader<'_>, settings: &mut Settings) -> Option<Builtin> {
    settings.own.remove("threatType");
    let pattern = settings.fixed(reader, "regex")?;
    let body = settings.flag(reader, "enabledCheckBody", true)?;
    let headers = settings.flag(reader, "enabledCheckHeaders", true)?;
    let path = settings.flag(reader, "enabledCheckPathParams", true)?;
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else {
        settings.wrong(reader, "The class has no `regex`", "Set `regex`.");
        return None;
    };
    match Injection::compile(&pattern) {
        Ok(patterns) => {
            Some(Builtin::Injection { patterns: Box::new(patterns), body, headers, path })
        }
        Err(error) => {
            bad_pattern(reader, settings, &error.to_string());
            None
        }
    }
}

fn compiled(reader: &mut Reader<'_>, settings: &Settings, pattern: &str) -> Option<JavaRegex> {
    let compiled = JavaRegex::compile(pattern);
    compiled.map_err(|error| bad_pattern(reader, settings, &error.to_string())).ok()
}

fn bad_pattern(reader: &mut Reader<'_>, settings: &Settings, error: &str) {
    let message = format!("The regular expression of a class: {error}");
    let help = "Mend the regular expression (Java's dialect).";
    reader.error(codes::MEDIATION_REGEX, settings.place, message, help);
}
