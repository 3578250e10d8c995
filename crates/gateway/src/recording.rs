//! What upstreams have answered, kept to become examples of a definition.
//!
//! Only operations that ask for it (`x-weir-mock.record`) are listened to. An answer goes its way
//! while it is heard; what is longer than the limit, or of no kind that an example may have, is
//! forgotten.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, header};

use crate::body::ResponseBody;
use crate::exchange::Exchange;
use crate::snapshot::LiveApi;

/// The longest body that is kept, in bytes.
const LONGEST: usize = 256 * 1024;
/// The most bodies of one operation and status.
const MOST: usize = 10;
/// The most bytes of one API.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// An answer that was heard whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The number of the operation in the plan.
    pub operation: usize,
    /// The status.
    pub status: u16,
    /// The content type, without parameters.
    pub media_type: String,
    /// The body.
    pub body: Bytes,
}

/// The answers of one API that were heard.
#[derive(Debug, Default)]
pub struct Recordings(Mutex<Vec<Recording>>);

impl Recordings {
    /// All of them, in the order in which they came.
    #[must_use]
    pub fn all(&self) -> Vec<Recording> {
        self.lock().clone()
    }

    /// Forgets all of them; how many there were.
    pub fn clear(&self) -> usize {
        std::mem::take(&mut *self.lock()).len()
    }

    /// Keeps an answer, unless there is the same, or enough of its kind.
    fn keep(&self, recording: Recording) {
        let mut all = self.lock();
        let is_alike = |known: &&Recording| {
            (known.operation, known.status) == (recording.operation, recording.status)
        };
        let bytes: usize = all.iter().map(|known| known.body.len()).sum();
        let has_room = all.iter().filter(is_alike).count() < MOST
            && bytes + recording.body.len() <= MOST_BYTES;
        if has_room && !all.contains(&recording) {
            all.push(recording);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Recording>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who listens to an answer.
#[derive(Debug)]
pub(crate) struct Recorder {
    api: Arc<LiveApi>,
    recording: Recording,
    heard: BytesMut,
}

impl Recorder {
    /// A piece of the body; whether more is wanted.
    pub(crate) fn hear(&mut self, data: &[u8]) -> bool {
        let fits = self.heard.len() + data.len() <= LONGEST;
        if fits {
            self.heard.extend_from_slice(data);
        }
        fits
    }

    /// The body is whole.
    pub(crate) fn end(self) {
        let Self { api, recording, heard } = self;
        api.recordings.keep(Recording { body: heard.freeze(), ..recording });
    }
}

/// Whether answers to this exchange are kept.
fn is_recorded(exchange: &Exchange, api: &LiveApi) -> bool {
    let operation = exchange.record.operation.and_then(|index| api.plan.operations.get(index));
    operation.is_some_and(|operation| operation.records && !operation.is_mocked)
}

/// Asks for an answer that can be read.
pub(crate) fn prepare(exchange: &mut Exchange, api: &LiveApi) {
    if is_recorded(exchange, api) {
        exchange.head.headers.remove(header::ACCEPT_ENCODING);
    }
}

/// Listens to an answer, where it is to be kept.
pub(crate) fn listen(
    exchange: &Exchange,
    api: &Arc<LiveApi>,
    response: Response<ResponseBody>,
) -> Response<ResponseBody> {
    if !is_recorded(exchange, api) {
        return response;
    }
    let Some(media_type) = readable(response.headers()) else { return response };
    let recording = Recording {
        operation: exchange.record.operation.unwrap_or_default(),
        status: response.status().as_u16(),
        media_type,
        body: Bytes::new(),
    };
    let recorder = Recorder { api: Arc::clone(api), recording, heard: BytesMut::new() };
    response.map(|body| body.recorded_by(recorder))
}

/// The content type of an answer that an example may show.
fn readable(headers: &HeaderMap) -> Option<String> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = essence.starts_with("text/")
        || ["/json", "+json", "/xml", "+xml"].iter().any(|end| essence.ends_with(end));
    (is_text && essence != "text/event-stream").then_some(essence)
}
