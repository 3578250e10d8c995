//! The sequences that API Manager has instead of a mapping (spec/03 §1.8).
//!
//! One for each resource and direction, below `SoapToRest/in` and `SoapToRest/out`, named after
//! path and method.
//! They hold what sequences can: elements in their order, query parameters, arrays. The answer is
//! the whole body of the envelope by the general rules of XML and JSON, without types.
//! A request without arrays is a template with numbered arguments, as API Manager writes it; one
//! with arrays is a template of FreeMarker, which can repeat elements.

use std::fmt::Write as _;

use wsdl::namespace::{ENVELOPE, ENVELOPE_12};
use xml::escape::text as escaped;

use crate::mapping::{
    Content, Element, Mapping, Parameter, ParameterPlace, Particle, Resource, SoapVersion, Term,
    TypeRef,
};

/// The folder of sequences for requests.
pub const IN: &str = "SoapToRest/in";
/// The folder of sequences for answers.
pub const OUT: &str = "SoapToRest/out";

/// So deep are elements written; types that hold themselves end there.
const DEPTH: usize = 8;
/// So many elements are written for one resource.
const ELEMENTS: usize = 2_000;

/// The sequences of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequences {
    /// The name of both files, without the folder.
    pub file: String,
    /// For the request.
    pub request: String,
    /// For the answer.
    pub answer: String,
    /// What they cannot hold.
    pub losses: Vec<String>,
}

/// The name of the files of a resource: `order_post.xml`.
#[must_use]
pub fn file_name(method: &str, path: &str) -> String {
    let path = path.split('{').next().unwrap_or_default().trim_matches('/').replace('/', "_");
    format!("{path}_{}.xml", method.to_ascii_lowercase())
}

/// The sequences of a resource.
#[must_use]
pub fn of_resource(mapping: &Mapping, resource: &Resource) -> Sequences {
    let mut template = Template::new(mapping, resource);
    template.content(&resource.request.body, &mut Vec::new());
    Sequences {
        file: file_name(&resource.method, &resource.path),
        request: template.sequence(),
        answer: "<property name=\"messageType\" value=\"application/json\" scope=\"axis2\" \
                 type=\"STRING\" description=\"message\"/>\n"
            .to_owned(),
        losses: template.losses,
    }
}

/// The body of a request, in both forms of templates.
struct Template<'a> {
    mapping: &'a Mapping,
    resource: &'a Resource,
    /// With `$1`, `$2` and so on.
    numbered: String,
    /// With expressions of FreeMarker.
    marked: String,
    /// The properties and what they are set from, in the order of their numbers.
    arguments: Vec<(String, String)>,
    repeats: bool,
    used: Vec<bool>,
    losses: Vec<String>,
    elements: usize,
    /// How many variables of loops there are.
    loops: usize,
    /// How deep the element is that is written.
    depth: usize,
}

/// Where a value is, for FreeMarker: `payload`, or the variable of a loop, and members.
type Way = Vec<String>;

impl<'a> Template<'a> {
    fn new(mapping: &'a Mapping, resource: &'a Resource) -> Self {
        let mut losses = Vec::new();
        if resource.request.is_encoded {
            losses.push("the types of values (`xsi:type`) are not written".to_owned());
        }
        if !resource.request.header.is_empty() {
            losses.push("headers of the envelope are not written".to_owned());
        }
        Self {
            mapping,
            resource,
            numbered: String::new(),
            marked: String::new(),
            arguments: Vec::new(),
            repeats: false,
            used: vec![false; mapping.namespaces.len()],
            losses,
            elements: 0,
            loops: 0,
            depth: 0,
        }
    }

    fn both(&mut self, text: &str) {
        self.numbered.push_str(text);
        self.marked.push_str(text);
    }

    fn lose(&mut self, what: String) {
        if !self.losses.contains(&what) {
            self.losses.push(what);
        }
    }

    fn content(&mut self, content: &Content, way: &mut Way) {
        for particle in content.particles() {
            self.particle(particle, content, way);
        }
    }

    fn particle(&mut self, particle: &Particle, content: &Content, way: &mut Way) {
        match &particle.term {
            Term::Element(element) => {
                let repeats =
                    content.fields().by_key(&element.key).is_some_and(|field| field.repeats);
                self.element(element, particle.min == 0, repeats, way);
            }
            Term::Any => self.lose("elements that the schema does not name".to_owned()),
            Term::Choice(inner) => {
                self.lose("all branches of a choice are written, not one".to_owned());
                inner.iter().for_each(|one| self.particle(one, content, way));
            }
            Term::Sequence(inner) | Term::All(inner) => {
                inner.iter().for_each(|one| self.particle(one, content, way));
            }
        }
    }

    fn element(&mut self, element: &Element, is_optional: bool, repeats: bool, way: &mut Way) {
        self.elements += 1;
        if self.depth >= DEPTH || self.elements > ELEMENTS {
            self.lose(format!(
                "`{}` is nested too deeply, or there are too many elements",
                element.key
            ));
            return;
        }
        if let Some(used) = element.name.space.and_then(|at| self.used.get_mut(at)) {
            *used = true;
        }
        self.depth += 1;
        way.push(element.key.to_string());
        if repeats {
            self.repeated(element, way);
        } else {
            let is_guarded = is_optional && way.len() > 1;
            if is_guarded {
                let open = format!("<#if ({})??>", marked(way));
                self.marked.push_str(&open);
            }
            self.one(element, way);
            if is_guarded {
                self.marked.push_str("</#if>");
            }
        }
        way.pop();
        self.depth -= 1;
    }

    fn repeated(&mut self, element: &Element, way: &Way) {
        self.repeats = true;
        self.loops += 1;
        let variable = format!("item{}", self.loops);
        let list = marked(way);
        let open = format!("<#if ({list})??><#list {list} as {variable}>");
        self.marked.push_str(&open);
        self.one(element, &mut vec![format!("{LOOP}{variable}")]);
        self.marked.push_str("</#list></#if>");
    }

    fn one(&mut self, element: &Element, way: &mut Way) {
        let name = element.name.written.to_string();
        self.both(&format!("<{name}"));
        let Some(complex) = self.mapping.complex(element.type_ref) else {
            self.both(">");
            self.value(element.type_ref, way);
            self.both(&format!("</{name}>"));
            return;
        };
        if complex.array.is_some() {
            self.lose(format!("`{}` is an array of SOAP's encoding", element.key));
        }
        for attribute in &complex.attributes {
            way.push(attribute.key.to_string());
            let guard = format!("<#if ({})??>", marked(way));
            if !attribute.is_required {
                self.marked.push_str(&guard);
            }
            self.both(&format!(" {}=\"", attribute.name.written));
            self.value(attribute.type_ref, way);
            self.both("\"");
            if !attribute.is_required {
                self.marked.push_str("</#if>");
            }
            way.pop();
        }
        self.both(">");
        if let Some(text) = complex.text {
            way.push("$".to_owned());
            self.value(text, way);
            way.pop();
        }
        self.content(&complex.content, way);
        self.both(&format!("</{name}>"));
    }

    fn value(&mut self, type_ref: TypeRef, way: &Way) {
        if self.mapping.complex(type_ref).is_some() {
            return;
        }
        let is_in_loop = way.first().is_some_and(|first| first.starts_with(LOOP));
        let number = self.arguments.len() + 1;
        let source = self.source(way);
        self.numbered.push_str(&format!("${number}"));
        let text = match source.strip_prefix("$url:") {
            Some(name) => format!("${{params.queryParams[\"{name}\"]!\"\"}}"),
            None => format!("${{({}!\"\")?string?xml}}", marked(way)),
        };
        self.marked.push_str(&text);
        if !is_in_loop {
            self.arguments.push((format!("req.var.{}", way.join(".")), source));
        }
    }

    /// Where the value comes from: the query, or the body.
    fn source(&self, way: &Way) -> String {
        let is_it = |one: &&Parameter| one.place == ParameterPlace::Query && one.target == *way;
        match self.resource.parameters.iter().find(is_it) {
            Some(parameter) => format!("$url:{}", parameter.name),
            None => {
                let path = way.iter().fold(String::from("$"), |mut path, key| {
                    // Writing to a text cannot fail.
                    let _written = if xml::name::is_ncname(key) && !key.contains(['-', '.']) {
                        write!(path, ".{key}")
                    } else {
                        write!(path, "['{key}']")
                    };
                    path
                });
                format!("json-eval({path})")
            }
        }
    }

    fn sequence(&self) -> String {
        let action = self.resource.action.as_deref().unwrap_or_default();
        let mut text = String::new();
        if !action.is_empty() {
            text.push_str(&format!(
                "<header description=\"SOAPAction\" name=\"SOAPAction\" scope=\"transport\" value=\"{}\"/>\n",
                escaped(action)
            ));
        }
        text.push_str(
            "<property name=\"HTTP_METHOD\" scope=\"axis2\" type=\"STRING\" value=\"POST\"/>\n",
        );
        text.push_str("<property name=\"REST_URL_POSTFIX\" scope=\"axis2\" action=\"remove\"/>\n");
        text.push_str(
            "<filter source=\"$trp:Content-Type\" regex=\"^application/json.*\">\n<then>\n",
        );
        text.push_str(&self.factory());
        let kind = match self.resource.version {
            SoapVersion::V11 => "text/xml",
            SoapVersion::V12 => "application/soap+xml",
        };
        text.push_str(&format!(
            "<property description=\"messageProperty\" name=\"messageType\" scope=\"axis2\" type=\"STRING\" value=\"{kind}\"/>\n"
        ));
        text.push_str("</then>\n<else>\n");
        text.push_str(REFUSAL);
        text.push_str("</else>\n</filter>\n");
        text
    }

    fn envelope(&self, body: &str) -> String {
        let namespace = match self.resource.version {
            SoapVersion::V11 => ENVELOPE,
            SoapVersion::V12 => ENVELOPE_12,
        };
        let used = self.mapping.namespaces.iter().zip(&self.used).filter(|(_, is_used)| **is_used);
        let declared: String = used
            .map(|(one, _)| format!(" xmlns:{}=\"{}\"", one.prefix, escaped(&one.uri)))
            .collect();
        format!(
            "<soapenv:Envelope xmlns:soapenv=\"{namespace}\"{declared}><soapenv:Header/>\
             <soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
        )
    }

    fn factory(&self) -> String {
        if self.repeats {
            return format!(
                "<payloadFactory description=\"transform\" media-type=\"xml\" \
                 template-type=\"freemarker\">\n<format><![CDATA[{}]]></format>\n<args/>\n\
                 </payloadFactory>\n",
                self.envelope(&self.marked)
            );
        }
        let mut text = String::new();
        for (name, source) in &self.arguments {
            text.push_str(&format!(
                "<property name=\"{}\" expression=\"{}\"/>\n",
                escaped(name),
                escaped(source)
            ));
        }
        text.push_str("<payloadFactory description=\"transform\" media-type=\"xml\">\n<format>\n");
        text.push_str(&self.envelope(&self.numbered));
        text.push_str("\n</format>\n<args>\n");
        for (name, _) in &self.arguments {
            let expression = format!("get-property('{name}')");
            text.push_str(&format!(
                "<arg evaluator=\"xml\" literal=\"true\" expression=\"{}\"/>\n",
                escaped(&expression)
            ));
        }
        text.push_str("</args>\n</payloadFactory>\n");
        text
    }
}

/// What marks the first part of a way that begins at the variable of a loop.
const LOOP: char = '\u{1}';

/// What is answered to a request that is no JSON.
const REFUSAL: &str = "\
<payloadFactory media-type=\"json\">\n<format>{\"error\": \"Invalid Content-Type detected\"}</format>\n<args/>\n</payloadFactory>\n\
<property name=\"messageType\" scope=\"axis2\" type=\"STRING\" value=\"application/json\"/>\n\
<property name=\"HTTP_SC\" scope=\"axis2\" type=\"STRING\" value=\"400\"/>\n\
<respond/>\n";

/// A way in FreeMarker's words.
fn marked(way: &Way) -> String {
    let mut text = String::new();
    for (index, key) in way.iter().enumerate() {
        match key.strip_prefix(LOOP) {
            Some(variable) if index == 0 => text.push_str(variable),
            _ => {
                if index == 0 {
                    text.push_str("payload");
                }
                text.push_str(&format!("[\"{key}\"]"));
            }
        }
    }
    text
}
