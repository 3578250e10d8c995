//! The body of a message: as it came, as JSON or as XML, each made when it is asked for.
//!
//! One form is what the body *is*; the others are views of it, and go when it changes.
//! A body that was only looked at leaves byte for byte as it came.

mod envelope;
mod form;
mod media;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use model::fault::FaultCode;
use serde_json::Value as Json;
use thiserror::Error;
use xml::read::{ReadError, Reason};

use crate::expression::Need;
use crate::fault::MediationFault;
use crate::limits::Limits;
pub use envelope::{Envelope, SoapVersion};
pub use media::Media;

/// The body of a message.
#[derive(Debug, Default)]
pub struct Payload {
    content: Content,
    media: Media,
    json: View<Arc<Json>>,
    xml: View<Box<Envelope>>,
    /// The version of the envelope that it came in.
    soap: Option<SoapVersion>,
    is_changed: bool,
    /// Whether a value was looked for in its bytes.
    is_searched: bool,
    /// Whether they were found to be no JSON, and the log was told.
    is_malformed: AtomicBool,
}

/// What the body is.
#[derive(Debug, Default)]
enum Content {
    /// Still on its way.
    #[default]
    Unread,
    /// There is none.
    Empty,
    /// As it came, or as it was written.
    Bytes(Bytes),
    /// JSON, in the view.
    Json,
    /// JSON that was written already.
    JsonText(Bytes),
    /// XML, in the view.
    Xml,
}

/// Another form of it.
#[derive(Debug, Default)]
enum View<T> {
    /// Not asked for yet.
    #[default]
    Unmade,
    /// Cannot be made.
    Impossible,
    /// Made.
    Made(T),
}

/// Why a form of the body cannot be had.
#[derive(Debug, Clone, Error)]
pub enum PayloadError {
    /// It has not been read; a step that needs it was not counted among those that do.
    #[error("the body has not been read")]
    Unread,
    /// It is not what its content type says.
    #[error("the body cannot be read: {0}")]
    Unreadable(String),
    /// It passes a limit.
    #[error("the body passes a limit: {0}")]
    Limit(String),
    /// What was made of it passes a limit.
    #[error("what became of the body passes a limit: {0}")]
    Output(String),
    /// It has what is never read: a document type.
    #[error("the body is refused: {0}")]
    Refused(String),
}

impl Payload {
    /// A body that is still on its way.
    pub fn unread(media: Media) -> Self {
        Self { media, ..Self::default() }
    }

    /// A body that is there in whole.
    pub fn whole(bytes: Bytes, media: Media) -> Self {
        let mut payload = Self::unread(media);
        payload.load(bytes);
        payload
    }

    /// Takes the bytes that were waited for.
    pub fn load(&mut self, bytes: Bytes) {
        (self.json, self.xml) = (View::Unmade, View::Unmade);
        (self.is_searched, self.is_malformed) = (false, AtomicBool::new(false));
        self.content = if bytes.is_empty() { Content::Empty } else { Content::Bytes(bytes) };
    }

    /// Whether it is still on its way.
    pub fn is_unread(&self) -> bool {
        matches!(self.content, Content::Unread)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        matches!(self.content, Content::Empty)
    }

    /// Whether it is JSON as it stands.
    pub fn is_json(&self) -> bool {
        match &self.content {
            Content::Json | Content::JsonText(_) => true,
            Content::Bytes(_) => matches!(self.media, Media::Json(_)),
            _ => false,
        }
    }

    /// Whether it is XML as it stands.
    pub fn is_xml(&self) -> bool {
        match &self.content {
            Content::Xml => true,
            Content::Bytes(_) => matches!(self.media, Media::Xml(_) | Media::Soap(..)),
            _ => false,
        }
    }

    /// Whether it is another than the one that came.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// How it is written.
    pub fn media(&self) -> &Media {
        &self.media
    }

    /// Makes the form that an expression needs.
    ///
    /// # Errors
    ///
    /// Why it cannot be made; a body that is unreadable is told once, then there is just none.
    pub fn prepare(&mut self, need: Need, limits: &Limits) -> Result<(), PayloadError> {
        match need {
            Need::Nothing => Ok(()),
            Need::Field => self.make_searchable(limits),
            Need::Json => self.make_json(limits),
            Need::Xml => self.make_xml(limits),
        }
    }

    /// The body as JSON, after [`Self::prepare`]; `None` where it is empty or unreadable.
    pub fn json(&self) -> Option<&Arc<Json>> {
        match &self.json {
            View::Made(value) => Some(value),
            _ => None,
        }
    }

    /// The text of JSON of which nothing has been made, after [`Self::prepare`] for a field.
    pub fn unmade_json(&self) -> Option<&[u8]> {
        match (&self.content, &self.media, &self.json) {
            (Content::Bytes(bytes), Media::Json(_), View::Unmade) => Some(without_mark(bytes)),
            (Content::JsonText(bytes), _, View::Unmade) => Some(bytes),
            _ => None,
        }
    }

    /// Notes that [`Self::unmade_json`] is none.
    pub(crate) fn note_malformed(&self) {
        self.is_malformed.store(true, Ordering::Relaxed);
    }

    /// The message as an envelope, after [`Self::prepare`].
    pub fn envelope(&self) -> Option<&Envelope> {
        match &self.xml {
            View::Made(envelope) => Some(envelope),
            _ => None,
        }
    }

    /// The envelope to change; it is the body from now on.
    pub fn envelope_mut(&mut self, limits: &Limits) -> Result<&mut Envelope, PayloadError> {
        self.make_xml(limits)?;
        if !matches!(self.xml, View::Made(_)) {
            self.must_be_empty()?;
            self.xml = View::Made(Box::new(Envelope::empty(self.media.soap())));
        }
        self.becomes(Content::Xml);
        match &mut self.xml {
            View::Made(envelope) => Ok(envelope),
            _ => Err(PayloadError::Unread),
        }
    }

    /// The JSON to change; it is the body from now on.
    pub fn json_mut(&mut self, limits: &Limits) -> Result<&mut Json, PayloadError> {
        self.make_json(limits)?;
        if !matches!(self.json, View::Made(_)) {
            self.must_be_empty()?;
            self.json = View::Made(Arc::new(Json::Null));
        }
        self.becomes(Content::Json);
        match &mut self.json {
            View::Made(value) => Ok(Arc::make_mut(value)),
            _ => Err(PayloadError::Unread),
        }
    }

    /// Becomes JSON.
    pub fn set_json(&mut self, value: Json) {
        self.json = View::Made(Arc::new(value));
        self.becomes(Content::Json);
    }

    /// Becomes JSON of which the text is there already; it is only read where it is asked for.
    ///
    /// # Errors
    ///
    /// Text that is nested too deeply.
    pub fn set_json_text(&mut self, text: Bytes, limits: &Limits) -> Result<(), PayloadError> {
        check_depth(&text, limits)?;
        (self.json, self.xml) = (View::Unmade, View::Unmade);
        (self.is_searched, self.is_malformed) = (false, AtomicBool::new(false));
        self.becomes(Content::JsonText(text));
        Ok(())
    }

    /// Becomes XML.
    pub fn set_envelope(&mut self, envelope: Envelope) {
        self.xml = View::Made(Box::new(envelope));
        self.becomes(Content::Xml);
    }

    /// Becomes these bytes, written as `media`.
    pub fn set_bytes(&mut self, bytes: Bytes, media: Media) {
        self.load(bytes);
        self.media = media;
        self.is_changed = true;
    }

    /// Becomes none.
    pub fn clear(&mut self) {
        self.set_bytes(Bytes::new(), self.media.clone());
    }

    /// Writes it as `media`; what was only looked at, and needs no other form, is what came.
    ///
    /// # Errors
    ///
    /// Why it cannot be turned into that form.
    pub fn write(&mut self, media: &Media, limits: &Limits) -> Result<Bytes, PayloadError> {
        match &self.content {
            Content::Unread => return Err(PayloadError::Unread),
            Content::Empty => return Ok(Bytes::new()),
            Content::Bytes(bytes) => {
                let bytes = bytes.clone();
                if self.keeps_bytes(media, limits)? {
                    return Ok(bytes);
                }
            }
            Content::Json | Content::JsonText(_) | Content::Xml => {}
        }
        let bytes = match media {
            Media::Json(_) => self.write_json(limits)?,
            Media::Xml(_) | Media::Soap(..) => self.write_xml(media, limits)?,
            Media::Form(_) => {
                self.make_xml(limits)?;
                self.envelope().map(form::write).unwrap_or_default().into()
            }
            Media::Text(_) | Media::Binary(_) => self.write_text(limits)?,
        };
        if bytes.len() > limits.output {
            return Err(PayloadError::Output(format!("more than {} bytes", limits.output)));
        }
        Ok(bytes)
    }

    /// Whether its bytes are already what `media` says.
    fn keeps_bytes(&mut self, media: &Media, limits: &Limits) -> Result<bool, PayloadError> {
        if *media == self.media {
            return Ok(true);
        }
        if !self.media.is_same_form(media) {
            return Ok(false);
        }
        if !matches!(media, Media::Xml(_) | Media::Soap(..)) {
            return Ok(true);
        }
        self.make_xml(limits)?;
        let came = self.envelope().and_then(|envelope| envelope.soap);
        Ok(came == self.envelope_for(media, came))
    }

    /// The envelope around XML that is written as `media`: one that came goes only where plain XML
    /// was asked for.
    fn envelope_for(&self, media: &Media, came: Option<SoapVersion>) -> Option<SoapVersion> {
        let is_asked = *media != self.media && !media.is_text_xml();
        media.soap().or(came.filter(|_| !is_asked))
    }

    /// Whether these bytes are the ones that came.
    pub(crate) fn came_as(&self, bytes: &Bytes) -> bool {
        !self.is_changed
            && matches!(&self.content, Content::Bytes(own) if own.as_ptr() == bytes.as_ptr())
    }

    /// The body as text, as logs and `json-eval($)` show it.
    pub fn text(&mut self, limits: &Limits) -> Result<String, PayloadError> {
        let media = self.media.clone();
        let bytes = self.write(&media, limits)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What cannot be read must not be lost by changing it.
    fn must_be_empty(&self) -> Result<(), PayloadError> {
        match &self.content {
            Content::Bytes(_) | Content::JsonText(_) => {
                Err(PayloadError::Unreadable("it cannot be changed".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn becomes(&mut self, content: Content) {
        match content {
            Content::Json => self.xml = View::Unmade,
            Content::Xml => self.json = View::Unmade,
            _ => {}
        }
        self.content = content;
        self.is_changed = true;
    }

    /// Leaves JSON as it came for the first who looks for one value in it; whoever looks again is
    /// better off with all of it.
    fn make_searchable(&mut self, limits: &Limits) -> Result<(), PayloadError> {
        let was_searched = std::mem::replace(&mut self.is_searched, true);
        match self.unmade_json().filter(|_| !was_searched) {
            Some(text) => check_json(text, limits),
            None => self.make_json(limits),
        }
    }

    fn make_json(&mut self, limits: &Limits) -> Result<(), PayloadError> {
        if !matches!(self.json, View::Unmade) {
            return Ok(());
        }
        if self.is_unread() {
            return Err(PayloadError::Unread);
        }
        self.json = View::Impossible;
        let is_malformed = *self.is_malformed.get_mut();
        let made = match (&self.content, &self.media) {
            (Content::Unread | Content::Empty, _) => return Ok(()),
            (Content::Bytes(_), Media::Json(_)) | (Content::JsonText(_), _) if is_malformed => {
                return Ok(());
            }
            (Content::Bytes(bytes), Media::Json(_)) | (Content::JsonText(bytes), _) => {
                read_json(bytes, limits)?
            }
            _ => {
                self.make_xml(limits)?;
                let Some(envelope) = self.envelope() else { return Ok(()) };
                let Some(content) = envelope.content() else { return Ok(()) };
                xml::json::to_json(&envelope.tree, content, &limits.json())
            }
        };
        self.json = View::Made(Arc::new(made));
        Ok(())
    }

    fn make_xml(&mut self, limits: &Limits) -> Result<(), PayloadError> {
        if !matches!(self.xml, View::Unmade) {
            return Ok(());
        }
        if self.is_unread() {
            return Err(PayloadError::Unread);
        }
        self.xml = View::Impossible;
        let made = match (&self.content, &self.media) {
            (Content::Unread | Content::Xml, _) => return Ok(()),
            (Content::Empty, media) => Envelope::empty(media.soap()),
            (Content::Json | Content::JsonText(_), _) | (Content::Bytes(_), Media::Json(_)) => {
                self.make_json(limits)?;
                let Some(value) = self.json() else { return Ok(()) };
                let tree =
                    xml::json::from_json(value, &limits.json()).map_err(|error| of_xml(&error))?;
                match self.media {
                    Media::Xml(_) | Media::Soap(..) => Envelope::back(tree, self.soap),
                    _ => Envelope::around(tree),
                }
            }
            (Content::Bytes(bytes), Media::Xml(_) | Media::Soap(..)) => {
                let envelope = Envelope::of(
                    xml::read::read(bytes, &limits.xml).map_err(|error| of_xml(&error))?,
                );
                self.soap = envelope.soap;
                envelope
            }
            (Content::Bytes(bytes), Media::Form(_)) => form::read(bytes, limits)?,
            (Content::Bytes(bytes), Media::Text(_)) => {
                Envelope::of_text(&String::from_utf8_lossy(bytes))
            }
            (Content::Bytes(bytes), Media::Binary(_)) => Envelope::of_binary(bytes),
        };
        self.xml = View::Made(Box::new(made));
        Ok(())
    }

    fn write_json(&mut self, limits: &Limits) -> Result<Bytes, PayloadError> {
        if let Content::JsonText(text) = &self.content {
            return Ok(text.clone());
        }
        self.make_json(limits)?;
        let Some(value) = self.json() else {
            return Err(PayloadError::Unreadable("it is no JSON".to_owned()));
        };
        let text = serde_json::to_vec(value.as_ref());
        text.map(Bytes::from).map_err(|error| PayloadError::Unreadable(error.to_string()))
    }

    fn write_xml(&mut self, media: &Media, limits: &Limits) -> Result<Bytes, PayloadError> {
        self.make_xml(limits)?;
        let Some(envelope) = self.envelope() else {
            return Err(PayloadError::Unreadable("it is no XML".to_owned()));
        };
        Ok(Bytes::from(envelope.write(self.envelope_for(media, envelope.soap))))
    }

    fn write_text(&mut self, limits: &Limits) -> Result<Bytes, PayloadError> {
        match (&self.content, &self.media) {
            (Content::Json | Content::JsonText(_), _) => self.write_json(limits),
            (Content::Bytes(bytes), _) => Ok(bytes.clone()),
            _ => {
                self.make_xml(limits)?;
                Ok(self.envelope().map(Envelope::plain).unwrap_or_default())
            }
        }
    }
}

/// Reads JSON; how deep it may be nested is checked before it is.
pub(crate) fn read_json(bytes: &[u8], limits: &Limits) -> Result<Json, PayloadError> {
    let text = without_mark(bytes);
    check_json(text, limits)?;
    serde_json::from_slice(text).map_err(|error| PayloadError::Unreadable(error.to_string()))
}

/// The text without a byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn check_json(text: &[u8], limits: &Limits) -> Result<(), PayloadError> {
    check_depth(text, limits)?;
    if text.len() > limits.body {
        return Err(PayloadError::Limit(format!("more than {} bytes", limits.body)));
    }
    Ok(())
}

fn check_depth(text: &[u8], limits: &Limits) -> Result<(), PayloadError> {
    let most = limits.json_depth.min(127);
    // Counting all brackets is quick, and mostly enough.
    if opening(text) > most && depth(text) > most {
        return Err(PayloadError::Limit(format!("JSON nested deeper than {}", limits.json_depth)));
    }
    Ok(())
}

/// How many brackets open, those in strings included.
fn opening(text: &[u8]) -> usize {
    // In pieces whose count fits a byte, so that it is done for many bytes at once; the two
    // brackets differ in one bit.
    let count = |piece: &[u8]| piece.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    text.chunks(255).map(|piece| usize::from(count(piece))).sum()
}

/// The depth of brackets outside of strings.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut is_string, mut is_escaped) = (0_usize, 0, false, false);
    for byte in text {
        match (is_string, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_string = !is_string,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

pub(crate) fn of_xml(error: &ReadError) -> PayloadError {
    let text = error.to_string();
    match error.reason {
        Reason::TooDeep
        | Reason::TooLarge
        | Reason::TooManyNodes
        | Reason::TooManyAttributes
        | Reason::NameTooLong => PayloadError::Limit(text),
        Reason::DoctypeRefused => PayloadError::Refused(text),
        _ => PayloadError::Unreadable(text),
    }
}

impl From<PayloadError> for MediationFault {
    fn from(error: PayloadError) -> Self {
        let code = match error {
            PayloadError::Unread => FaultCode::PolicyFailed,
            PayloadError::Unreadable(_) => FaultCode::PolicyParse,
            PayloadError::Limit(_) => FaultCode::PolicyBody,
            PayloadError::Output(_) => FaultCode::PolicyOutput,
            PayloadError::Refused(_) => FaultCode::Threat,
        };
        Self::new(code, error.to_string())
    }
}
