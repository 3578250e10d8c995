//! What mocks keep between calls, and what was recorded to become examples.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};

use crate::recording::Recording;
use crate::snapshot::{LiveApi, Snapshot};

/// The APIs that a query asks about, by their id: all where it names none; `None` where there is
/// no such API.
pub(super) fn asked(snapshot: &Snapshot, query: Option<&str>) -> Option<Vec<Arc<LiveApi>>> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let id: Option<Cow<'_, str>> =
        pairs.into_iter().find(|(name, _)| name == "api").map(|(_, value)| value);
    let Some(id) = id else { return Some(snapshot.apis.to_vec()) };
    let found: Vec<_> = snapshot.apis.iter().filter(|api| api.plan.id == id).cloned().collect();
    (!found.is_empty()).then_some(found)
}

/// Forgets what was kept; the APIs that keep anything are named.
pub(super) fn reset(apis: &[Arc<LiveApi>]) -> Value {
    let mut reset = Vec::new();
    for api in apis {
        if let Some(store) = &api.mock_state {
            store.lock().unwrap_or_else(PoisonError::into_inner).reset();
            reset.push(api.plan.id.as_str());
        }
    }
    json!({ "reset": reset })
}

/// What was recorded.
pub(super) fn recordings(apis: &[Arc<LiveApi>]) -> Value {
    let list: Vec<Value> = apis
        .iter()
        .flat_map(|api| api.recordings.all().into_iter().filter_map(|one| shown(api, &one)))
        .collect();
    json!({ "count": list.len(), "list": list })
}

/// Forgets what was recorded.
pub(super) fn forget(apis: &[Arc<LiveApi>]) -> Value {
    let forgotten: usize = apis.iter().map(|api| api.recordings.clear()).sum();
    json!({ "forgotten": forgotten })
}

fn shown(api: &LiveApi, recording: &Recording) -> Option<Value> {
    let operation = api.plan.operations.get(recording.operation)?;
    Some(json!({
        "api": api.plan.id,
        "method": operation.method.as_str(),
        "path": operation.template.as_ref(),
        "status": recording.status,
        "mediaType": recording.media_type,
        "body": String::from_utf8_lossy(&recording.body),
    }))
}
