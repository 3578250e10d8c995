//! Conditions: what is looked at, and what it must be.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ::expression::JavaRegex;
use http::{HeaderName, header};
use ipnet::IpNet;
use model::fault::FaultCode;

use crate::expression::{Expression, Moment, Need};
use crate::fault::MediationFault;
use crate::property::Scope;

/// The property that says which SOAP operation is called.
pub(super) const SOAP_OPERATION: &str = "soap.operation";

/// A condition on a request.
#[derive(Debug)]
pub struct Condition {
    /// What is looked at.
    pub source: Source,
    /// What it must be.
    pub test: Test,
}

/// What a condition looks at.
#[derive(Debug)]
pub enum Source {
    /// A header.
    Header(HeaderName),
    /// A query parameter.
    Query(String),
    /// The path after the context, without the query.
    Path,
    /// The method.
    Method,
    /// The client's address.
    Client,
    /// A cookie.
    Cookie(String),
    /// JSONPath into the body.
    Json(Expression),
    /// XPath over the body.
    XPath(Expression),
    /// A property.
    Property(Arc<str>),
    /// The operation of a SOAP service that the message calls.
    SoapOperation,
    /// A number from 0 to 99 that stays the same for one caller.
    Bucket,
}

/// What it must be.
#[derive(Debug)]
pub enum Test {
    /// The same text.
    Equals(String),
    /// A text that begins so.
    Prefix(String),
    /// A text of which the whole matches.
    Regex(JavaRegex),
    /// One of these texts.
    In(Vec<String>),
    /// An address in one of these networks.
    Within(Vec<IpNet>),
    /// There, or not there.
    Exists(bool),
    /// A number from here to there, both included.
    Range(Option<f64>, Option<f64>),
    /// A bucket below this.
    Percentage(u8),
}

impl Condition {
    /// What of the body it needs.
    pub fn need(&self) -> Need {
        match &self.source {
            Source::Json(expression) | Source::XPath(expression) => expression.need(),
            _ => Need::Nothing,
        }
    }

    /// Whether it holds.
    ///
    /// # Errors
    ///
    /// An expression that took too many steps.
    pub fn holds(&self, at: Moment<'_>) -> Result<bool, MediationFault> {
        match (&self.source, &self.test) {
            (_, Test::Percentage(share)) => return Ok(at.host.bucket() < *share),
            (Source::Client, test) => {
                return Ok(at.host.client_address().is_some_and(|address| test.takes(address)));
            }
            _ => {}
        }
        let text = self.text(at)?;
        let text = match (&self.test, text) {
            (Test::Exists(wanted), text) => return Ok(text.is_some() == *wanted),
            (_, None) => return Ok(false),
            (_, Some(text)) => text,
        };
        Ok(match &self.test {
            Test::Equals(wanted) => *wanted == text,
            Test::Prefix(start) => text.starts_with(start.as_str()),
            Test::In(all) => all.contains(&text),
            Test::Range(from, to) => text.trim().parse::<f64>().is_ok_and(|number| {
                from.is_none_or(|from| number >= from) && to.is_none_or(|to| number <= to)
            }),
            Test::Regex(regex) => regex.matches(&text).map_err(|error| {
                MediationFault::new(FaultCode::PolicyRegex, format!("{}: {error}", regex.source()))
            })?,
            Test::Within(_) | Test::Exists(_) | Test::Percentage(_) => false,
        })
    }

    /// The text that is looked at; `None` where it is not there.
    fn text(&self, at: Moment<'_>) -> Result<Option<String>, MediationFault> {
        let message = at.message;
        Ok(match &self.source {
            Source::Header(name) => message.header(name).map(std::borrow::Cow::into_owned),
            Source::Query(name) => message.query(name),
            Source::Path => {
                let postfix = message.original_postfix();
                Some(postfix.split('?').next().unwrap_or_default().to_owned())
            }
            Source::Method => Some(message.client_method.as_str().to_owned()),
            Source::Cookie(name) => cookie(at, name),
            Source::Json(expression) | Source::XPath(expression) => {
                let text = expression.text(at)?.map(|text| text.as_ref().to_owned());
                text.filter(|text| !text.is_empty())
            }
            Source::Property(name) => {
                let value = message.get(Scope::Default, name, at.host);
                value.map(|value| value.content().as_ref().to_owned())
            }
            Source::SoapOperation => {
                let value = at.host.property(SOAP_OPERATION);
                value.map(|value| value.content().as_ref().to_owned())
            }
            Source::Client | Source::Bucket => None,
        })
    }
}

impl Test {
    fn takes(&self, address: IpAddr) -> bool {
        match self {
            Self::Within(networks) => networks.iter().any(|network| network.contains(&address)),
            Self::Equals(text) => text.parse() == Ok(address),
            Self::Exists(wanted) => *wanted,
            _ => false,
        }
    }
}

fn cookie(at: Moment<'_>, name: &str) -> Option<String> {
    let lines = at.message.headers.get_all(header::COOKIE);
    let pairs =
        lines.iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
    let mut known = pairs.filter_map(|pair| pair.trim().split_once('='));
    known.find(|(known, _)| *known == name).map(|(_, value)| value.trim_matches('"').to_owned())
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Header(name) => write!(formatter, "header {name}")?,
            Source::Query(name) => write!(formatter, "query {name}")?,
            Source::Path => formatter.write_str("path")?,
            Source::Method => formatter.write_str("method")?,
            Source::Client => formatter.write_str("client")?,
            Source::Cookie(name) => write!(formatter, "cookie {name}")?,
            Source::Json(expression) => write!(formatter, "json {expression}")?,
            Source::XPath(expression) => write!(formatter, "xpath {expression}")?,
            Source::Property(name) => write!(formatter, "property {name}")?,
            Source::SoapOperation => formatter.write_str("SOAP operation")?,
            Source::Bucket => formatter.write_str("share")?,
        }
        match &self.test {
            Test::Equals(text) => write!(formatter, " equals \"{text}\""),
            Test::Prefix(text) => write!(formatter, " begins with \"{text}\""),
            Test::Regex(regex) => write!(formatter, " matches \"{}\"", regex.source()),
            Test::In(all) => write!(formatter, " is one of {}", all.join(", ")),
            Test::Within(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                write!(formatter, " is in {}", all.join(", "))
            }
            Test::Exists(true) => formatter.write_str(" is there"),
            Test::Exists(false) => formatter.write_str(" is not there"),
            Test::Range(Some(from), Some(to)) => write!(formatter, " is from {from} to {to}"),
            Test::Range(Some(from), None) => write!(formatter, " is {from} or more"),
            Test::Range(None, Some(to)) => write!(formatter, " is {to} or less"),
            Test::Range(None, None) => formatter.write_str(" is a number"),
            Test::Percentage(share) => write!(formatter, " of {share} %"),
        }
    }
}
