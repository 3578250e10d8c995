//! `Accept` (RFC 9110 §12.5.1): which of several media types the client takes best.

use crate::prefer::split;

/// The media type without parameters, in lower case.
pub(crate) fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a media type is written in JSON.
pub(crate) fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

/// Whether a media type is written in XML.
pub(crate) fn is_xml(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence == "application/xml" || essence == "text/xml" || essence.ends_with("+xml")
}

/// The number of the best offer; `None` where none is acceptable.
///
/// Of offers that are equally good, JSON goes first, then the order in which they stand.
pub(crate) fn choose(accept: Option<&str>, offers: &[&str]) -> Option<usize> {
    let accept = accept.filter(|text| !text.trim().is_empty()).unwrap_or("*/*");
    let ranges: Vec<Range> = split(accept, ',').iter().filter_map(|text| range(text)).collect();
    let mut best: Option<(usize, u16, bool)> = None;
    for (index, offer) in offers.iter().enumerate() {
        let (quality, is_json) = (quality(offer, &ranges), is_json(offer));
        let is_better = best.is_none_or(|(_, known, was_json)| {
            quality > known || (quality == known && is_json && !was_json)
        });
        if quality > 0 && is_better {
            best = Some((index, quality, is_json));
        }
    }
    best.map(|(index, ..)| index)
}

struct Range {
    kind: String,
    subkind: String,
    parameters: Vec<(String, String)>,
    /// In thousandths.
    quality: u16,
}

fn range(text: &str) -> Option<Range> {
    let parts = split(text, ';');
    let (kind, subkind) = parts.first()?.trim().split_once('/')?;
    let (kind, subkind) = (kind.to_ascii_lowercase(), subkind.to_ascii_lowercase());
    let mut range = Range { kind, subkind, parameters: Vec::new(), quality: 1000 };
    for (name, value) in parameters(&parts) {
        if name == "q" {
            // What follows `q` are extensions of `Accept` itself.
            let quality = value.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality));
            range.quality = quality.map_or(0, |quality| (quality * 1000.0).round() as u16);
            break;
        }
        range.parameters.push((name, value));
    }
    Some(range)
}

fn parameters(parts: &[String]) -> Vec<(String, String)> {
    let pairs = parts.iter().skip(1).filter_map(|part| part.trim().split_once('='));
    let clean = |value: &str| value.trim().trim_matches('"').to_ascii_lowercase();
    pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), clean(value))).collect()
}

/// What the most specific range says of an offer.
fn quality(offer: &str, ranges: &[Range]) -> u16 {
    let parts = split(offer, ';');
    let (essence, own) = (essence(offer), parameters(&parts));
    let (kind, subkind) = essence.split_once('/').unwrap_or((&essence, "*"));
    // An offer may be a range itself; it takes every type in it.
    let fits = |range: &str, offered: &str| range == "*" || offered == "*" || range == offered;
    let matching = ranges.iter().filter(|range| {
        fits(&range.kind, kind)
            && fits(&range.subkind, subkind)
            && range.parameters.iter().all(|wanted| own.contains(wanted) || subkind == "*")
    });
    let rank = |range: &&Range| (range.kind != "*", range.subkind != "*", range.parameters.len());
    matching.max_by_key(rank).map_or(0, |range| range.quality)
}

/// The type to answer with where the offer is a range: one that the client names, else JSON.
pub(crate) fn concrete(offer: &str, accept: Option<&str>) -> String {
    if !essence(offer).contains('*') {
        return offer.to_owned();
    }
    let ranges = split(accept.unwrap_or_default(), ',');
    let mut ranges: Vec<Range> = ranges.iter().filter_map(|text| range(text)).collect();
    ranges.retain(|range| range.subkind != "*" && range.quality > 0);
    ranges.retain(|range| quality(offer, std::slice::from_ref(range)) > 0);
    ranges.sort_by_key(|range| std::cmp::Reverse(range.quality));
    let wanted = ranges.first().map(|range| format!("{}/{}", range.kind, range.subkind));
    let kind = essence(offer).split_once('/').map_or(String::new(), |(kind, _)| kind.to_owned());
    wanted.unwrap_or_else(|| match kind.as_str() {
        "*" | "application" => "application/json".to_owned(),
        "text" => "text/plain".to_owned(),
        kind => format!("{kind}/octet-stream"),
    })
}

#[cfg(test)]
mod tests;
