//! The values that an endpoint's address can name: `uri.var.*` and `query.param.*` (spec/01 §3.2).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::exchange::Exchange;
use crate::snapshot::LiveApi;

/// The value of a variable, percent-decoded; `None` where the request has none of this name.
pub(crate) fn lookup<'a>(
    exchange: &'a Exchange,
    api: &LiveApi,
    name: &str,
) -> Option<Cow<'a, str>> {
    if let Some(variable) = name.strip_prefix("uri.var.") {
        return path_variable(exchange, api, variable);
    }
    query_parameter(exchange, name.strip_prefix("query.param.")?)
}

fn path_variable<'a>(exchange: &'a Exchange, api: &LiveApi, name: &str) -> Option<Cow<'a, str>> {
    let operation = api.plan.operations.get(exchange.record.operation?)?;
    let index = operation.pattern.variables().iter().position(|variable| variable == name)?;
    let range = exchange.captures.get(index)?;
    let raw = exchange.resource_path().get(range)?;
    decode(raw)
}

/// All variables of the path with their values, percent-decoded.
pub(crate) fn of_path(exchange: &Exchange, api: &LiveApi) -> Vec<(String, String)> {
    let operation = exchange.record.operation.and_then(|index| api.plan.operations.get(index));
    let names = operation.map(|operation| operation.pattern.variables()).unwrap_or_default();
    let value =
        |name: &String| Some((name.clone(), path_variable(exchange, api, name)?.into_owned()));
    names.iter().filter_map(value).collect()
}

fn query_parameter<'a>(exchange: &'a Exchange, name: &str) -> Option<Cow<'a, str>> {
    let query = exchange.head.uri.query()?;
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key)? == name).then(|| decode(value)).flatten()
    })
}

fn decode(raw: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(raw).decode_utf8().ok()
}
