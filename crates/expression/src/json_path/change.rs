//! Changes documents at locations.
//!
//! Locations come sorted, a holder before what it holds, and are worked through from the end:
//! so no change moves a place that is still to be changed.

use serde_json::Value;

use super::{Location, Segment};

pub(super) fn replace(document: &mut Value, targets: &[Location], new: &Value) -> usize {
    count(targets, |target| match at(document, target) {
        Some(place) => {
            *place = new.clone();
            true
        }
        None => false,
    })
}

pub(super) fn remove(document: &mut Value, targets: &[Location]) -> usize {
    count(targets, |target| {
        let Some((last, holder)) = target.split_last() else { return false };
        match (at(document, holder), last) {
            (Some(Value::Object(entries)), Segment::Key(key)) => {
                entries.shift_remove(key).is_some()
            }
            (Some(Value::Array(items)), Segment::Index(index)) if *index < items.len() => {
                items.remove(*index);
                true
            }
            _ => false,
        }
    })
}

pub(super) fn append(document: &mut Value, targets: &[Location], new: &Value) -> usize {
    count(targets, |target| match (at(document, target), new) {
        (Some(Value::Array(items)), new) => {
            items.push(new.clone());
            true
        }
        (Some(Value::Object(entries)), Value::Object(added)) => {
            entries.extend(added.iter().map(|(key, value)| (key.clone(), value.clone())));
            true
        }
        _ => false,
    })
}

/// The locations of what holds these, each once; the document is held by nothing.
pub(super) fn holders(targets: Vec<Location>) -> Vec<Location> {
    let mut holders: Vec<Location> =
        targets.into_iter().filter_map(|mut target| target.pop().map(|_| target)).collect();
    holders.sort();
    holders.dedup();
    holders
}

fn count(targets: &[Location], mut change: impl FnMut(&[Segment]) -> bool) -> usize {
    targets.iter().rev().filter(|target| change(target)).count()
}

fn at<'v>(document: &'v mut Value, location: &[Segment]) -> Option<&'v mut Value> {
    location.iter().try_fold(document, |value, segment| match (value, segment) {
        (Value::Object(entries), Segment::Key(key)) => entries.get_mut(key),
        (Value::Array(items), Segment::Index(index)) => items.get_mut(*index),
        _ => None,
    })
}
