//! What a `${…}` expression may refer to (spec/02 §3.5).

use std::borrow::Cow;

use ::expression::synapse::Scope as Synapse;
use http::HeaderName;
use serde_json::Value as Json;
use xml::tree::Namespaces;

use super::Expression;
use super::evaluate::Moment;
use crate::property::Scope;

impl Synapse for Moment<'_> {
    fn payload(&self) -> Option<Cow<'_, Json>> {
        self.message.payload.json().map(|value| Cow::Borrowed(value.as_ref()))
    }

    fn variable(&self, name: &str) -> Option<Cow<'_, Json>> {
        self.message.variables.get(name).map(|value| Cow::Owned(value.json()))
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let name = HeaderName::try_from(name).ok()?;
        self.message.header(&name)
    }

    fn property(&self, scope: &str, name: &str) -> Option<Cow<'_, Json>> {
        let scope = Scope::named(scope)?;
        self.message.get(scope, name, self.host).map(|value| Cow::Owned(value.json()))
    }

    fn query_parameter(&self, name: &str) -> Option<String> {
        self.message.query(name)
    }

    fn path_parameter(&self, name: &str) -> Option<String> {
        let value = self.message.get(Scope::Default, &format!("uri.var.{name}"), self.host)?;
        Some(value.text().as_ref().to_owned())
    }

    /// There are no templates, so there are no parameters of them.
    fn function_parameter(&self, _name: &str) -> Option<Cow<'_, Json>> {
        None
    }

    /// Projects do not read the gateway.
    fn configuration(&self, _name: &str) -> Option<String> {
        None
    }

    /// There is no registry.
    fn registry(&self, _path: &str) -> Option<String> {
        None
    }

    fn secret(&self, alias: &str) -> Option<String> {
        self.host.secret(alias)
    }

    fn xpath(&self, path: &str) -> Result<String, String> {
        let expression =
            Expression::compile(path, &Namespaces::new()).map_err(|error| error.to_string())?;
        let text = expression.text(*self).map_err(|fault| fault.detail.unwrap_or(fault.message))?;
        Ok(text.as_deref().unwrap_or_default().to_owned())
    }

    fn now_ms(&self) -> i64 {
        self.host.now_ms()
    }
}
