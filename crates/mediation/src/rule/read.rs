//! Reading rules; every problem is told, with the place in the document.

use std::net::IpAddr;
use std::sync::Arc;

use ::expression::JavaRegex;
use http::HeaderName;
use ipnet::IpNet;
use serde_json::{Map, Value as Json};
use xml::tree::Namespaces;

use super::condition::{Condition, Source, Test};
use super::{Destination, Rule, RuleTable};
use crate::expression::Expression;

/// The most rules that one table has.
const MOST_RULES: usize = 1_000;
const SOURCES: [&str; 10] = [
    "header",
    "query",
    "path",
    "method",
    "client",
    "cookie",
    "json",
    "xpath",
    "property",
    "soapOperation",
];
const TESTS: [&str; 7] = ["equals", "prefix", "regex", "in", "exists", "range", "percentage"];

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON pointer below the rules: `/0/when/header`.
    pub pointer: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// A place, and where its problems go.
struct Reader<'a> {
    problems: &'a mut Vec<Problem>,
    keeps_path: bool,
}

impl RuleTable {
    /// Reads rules, and where a request goes that none takes: the name of an endpoint or a URL.
    ///
    /// What cannot be read is among the problems; the table is to be used only without any.
    pub fn read(
        rules: &Json,
        default: Option<&str>,
        keeps_path: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut reader = Reader { problems, keeps_path };
        let Json::Array(items) = rules else {
            reader.tell("", "the rules are to be a list");
            return Self::default();
        };
        if items.len() > MOST_RULES {
            reader.tell("", &format!("more than {MOST_RULES} rules"));
            return Self::default();
        }
        let read = |(index, item)| reader.rule(index, item);
        let rules = items.iter().enumerate().filter_map(read).collect();
        let default = default.map(str::trim).filter(|text| !text.is_empty());
        let default = default.and_then(|text| reader.place("/default", text));
        Self { rules, default }
    }
}

/// Reads the conditions of one entry of a list.
pub(super) fn conditions(
    index: usize,
    when: Option<&Json>,
    problems: &mut Vec<Problem>,
) -> Vec<Condition> {
    let mut reader = Reader { problems, keeps_path: true };
    reader.conditions(&format!("/{index}"), when)
}

impl Reader<'_> {
    fn tell(&mut self, pointer: &str, message: &str) {
        self.problems.push(Problem { pointer: pointer.to_owned(), message: message.to_owned() });
    }

    fn rule(&mut self, index: usize, item: &Json) -> Option<Rule> {
        let pointer = format!("/{index}");
        let Json::Object(fields) = item else {
            self.tell(&pointer, "a rule is to be an object with `when` and `endpoint` or `url`");
            return None;
        };
        self.only(&pointer, fields, &["name", "when", "endpoint", "url", "keepPath"]);
        let name = fields.get("name").and_then(Json::as_str);
        let name = name.map_or_else(|| format!("rule {}", index + 1), str::to_owned);
        let conditions = self.conditions(&pointer, fields.get("when"));
        let keeps_path = match fields.get("keepPath") {
            None => self.keeps_path,
            Some(Json::Bool(keeps)) => *keeps,
            Some(_) => {
                self.tell(&format!("{pointer}/keepPath"), "`keepPath` is true or false");
                return None;
            }
        };
        let destination = self.destination(&pointer, fields, keeps_path)?;
        if matches!(destination, Destination::Endpoint(_)) && fields.contains_key("keepPath") {
            let what = "`keepPath` belongs to a `url`: an endpoint has a path of its own";
            self.tell(&format!("{pointer}/keepPath"), what);
        }
        Some(Rule { name, conditions, destination })
    }

    fn destination(
        &mut self,
        pointer: &str,
        fields: &Map<String, Json>,
        keeps_path: bool,
    ) -> Option<Destination> {
        let text = |name: &str| fields.get(name).and_then(Json::as_str).map(str::trim);
        match (text("endpoint"), text("url")) {
            (Some(name), None) if !name.is_empty() => Some(Destination::Endpoint(Arc::from(name))),
            (None, Some(url)) => match Destination::url(url, keeps_path) {
                Ok(destination) => Some(destination),
                Err(why) => {
                    self.tell(&format!("{pointer}/url"), &why);
                    None
                }
            },
            _ => {
                self.tell(pointer, "a rule has either `endpoint`, a name, or `url`");
                None
            }
        }
    }

    /// The name of an endpoint, or a URL.
    fn place(&mut self, pointer: &str, text: &str) -> Option<Destination> {
        if !text.contains("://") {
            return Some(Destination::Endpoint(Arc::from(text)));
        }
        match Destination::url(text, self.keeps_path) {
            Ok(destination) => Some(destination),
            Err(why) => {
                self.tell(pointer, &why);
                None
            }
        }
    }

    fn only(&mut self, pointer: &str, fields: &Map<String, Json>, known: &[&str]) {
        let unknown: Vec<&String> =
            fields.keys().filter(|key| !known.contains(&key.as_str())).collect();
        for key in unknown {
            let message = format!("`{key}` is not known here; known are {}", known.join(", "));
            self.tell(&format!("{pointer}/{key}"), &message);
        }
    }

    /// One condition, or a list of them.
    fn conditions(&mut self, pointer: &str, when: Option<&Json>) -> Vec<Condition> {
        match when {
            None => Vec::new(),
            Some(Json::Array(all)) => {
                let read = |(at, one)| self.condition(&format!("{pointer}/when/{at}"), one);
                all.iter().enumerate().filter_map(read).collect()
            }
            Some(one) => self.condition(&format!("{pointer}/when"), one).into_iter().collect(),
        }
    }

    fn condition(&mut self, pointer: &str, item: &Json) -> Option<Condition> {
        let Json::Object(fields) = item else {
            self.tell(pointer, "a condition is to be an object");
            return None;
        };
        let known: Vec<&str> = SOURCES.iter().chain(&TESTS).copied().collect();
        self.only(pointer, fields, &known);
        let sources: Vec<&str> =
            SOURCES.iter().copied().filter(|name| fields.contains_key(*name)).collect();
        let tests: Vec<&str> =
            TESTS.iter().copied().filter(|name| fields.contains_key(*name)).collect();
        match (sources.as_slice(), tests.as_slice()) {
            ([], ["percentage"]) => {
                let test = self.percentage(pointer, fields.get("percentage"))?;
                Some(Condition { source: Source::Bucket, test })
            }
            // `"method": "POST"` and `"path": "/a"` say both at once.
            ([name @ ("method" | "path" | "client" | "soapOperation")], []) => {
                let wanted = fields.get(*name)?;
                let source = self.source(pointer, name, wanted)?;
                let kind = if *name == "path" { "prefix" } else { "in" };
                let test = self.test(pointer, kind, wanted, matches!(source, Source::Client))?;
                Some(Condition { source, test })
            }
            ([name], [test]) if *test != "percentage" => {
                let source = self.source(pointer, name, fields.get(*name)?)?;
                let is_client = matches!(source, Source::Client);
                let test = self.test(pointer, test, fields.get(*test)?, is_client)?;
                Some(Condition { source, test })
            }
            _ => {
                let message = format!(
                    "a condition has one of {} and one of {}",
                    SOURCES.join(", "),
                    TESTS.join(", ")
                );
                self.tell(pointer, &message);
                None
            }
        }
    }

    fn source(&mut self, pointer: &str, kind: &str, named: &Json) -> Option<Source> {
        let name = named.as_str().unwrap_or_default();
        let place = format!("{pointer}/{kind}");
        if name.is_empty() && !matches!(kind, "path" | "method" | "client" | "soapOperation") {
            self.tell(&place, &format!("`{kind}` is to name what is looked at"));
            return None;
        }
        Some(match kind {
            "header" => match HeaderName::try_from(name) {
                Ok(name) => Source::Header(name),
                Err(_) => {
                    self.tell(&place, &format!("`{name}` is no name of a header"));
                    return None;
                }
            },
            "query" => Source::Query(name.to_owned()),
            "path" => Source::Path,
            "method" => Source::Method,
            "client" => Source::Client,
            "soapOperation" => Source::SoapOperation,
            "cookie" => Source::Cookie(name.to_owned()),
            "json" => Source::Json(self.expression(&place, &format!("json-eval({name})"))?),
            "xpath" => Source::XPath(self.expression(&place, name)?),
            _ => Source::Property(Arc::from(name)),
        })
    }

    fn expression(&mut self, place: &str, text: &str) -> Option<Expression> {
        Expression::compile(text, &Namespaces::new())
            .map_err(|error| self.tell(place, &format!("`{text}`: {error}")))
            .ok()
    }

    fn test(&mut self, pointer: &str, kind: &str, value: &Json, is_client: bool) -> Option<Test> {
        let place = format!("{pointer}/{kind}");
        match (kind, value) {
            ("in", Json::Array(_) | Json::String(_)) | ("equals", Json::String(_)) if is_client => {
                self.networks(&place, value)
            }
            ("prefix" | "regex" | "range" | "equals" | "in", _) if is_client => {
                self.tell(&place, "an address is compared by `in`, `equals` or `exists`");
                None
            }
            ("equals", Json::String(text)) => Some(Test::Equals(text.clone())),
            ("equals", Json::Number(_) | Json::Bool(_)) => Some(Test::Equals(value.to_string())),
            ("prefix", Json::String(text)) => Some(Test::Prefix(text.clone())),
            ("regex", Json::String(text)) => match JavaRegex::compile(text) {
                Ok(regex) => Some(Test::Regex(regex)),
                Err(error) => {
                    self.tell(&place, &format!("`{text}`: {error}"));
                    None
                }
            },
            ("in", Json::Array(all)) => {
                Some(Test::In(all.iter().map(::expression::json_path::text_of).collect()))
            }
            ("in", Json::String(text)) => Some(Test::In(vec![text.clone()])),
            ("exists", Json::Bool(wanted)) => Some(Test::Exists(*wanted)),
            ("range", Json::Array(ends)) if ends.len() == 2 && ends.iter().all(is_end) => {
                let end = |index: usize| ends.get(index).and_then(Json::as_f64);
                Some(Test::Range(end(0), end(1)))
            }
            _ => {
                let message = format!(
                    "`{kind}` does not take this; equals, prefix and regex take a text, in a list, \
                     exists true or false, range a list of two numbers or null"
                );
                self.tell(&place, &message);
                None
            }
        }
    }

    fn networks(&mut self, place: &str, value: &Json) -> Option<Test> {
        let texts: Vec<&str> = match value {
            Json::Array(all) => all.iter().filter_map(Json::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let mut networks = Vec::new();
        for text in texts {
            let network =
                text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            match network {
                Ok(network) => networks.push(network),
                Err(_) => self.tell(place, &format!("`{text}` is no address and no network")),
            }
        }
        Some(Test::Within(networks))
    }

    fn percentage(&mut self, pointer: &str, value: Option<&Json>) -> Option<Test> {
        let share = value.and_then(Json::as_u64).and_then(|share| u8::try_from(share).ok());
        match share.filter(|share| *share <= 100) {
            Some(share) => Some(Test::Percentage(share)),
            None => {
                self.tell(
                    &format!("{pointer}/percentage"),
                    "a percentage is a number from 0 to 100",
                );
                None
            }
        }
    }
}

/// The end of a range: a number, or `null` where it is open.
fn is_end(value: &Json) -> bool {
    value.is_number() || value.is_null()
}
