//! Steps over the body as a whole.

use super::Surroundings;
use crate::expression::Need;
use crate::fault::MediationFault;
use crate::message::Message;
use crate::payload::Media;

/// `builder`: reads the body as what its content type says.
pub(super) fn build(message: &mut Message, around: Surroundings<'_>) -> Result<(), MediationFault> {
    let need = match message.payload.media() {
        Media::Json(_) => Need::Json,
        Media::Xml(_) | Media::Soap(..) | Media::Form(_) => Need::Xml,
        Media::Text(_) | Media::Binary(_) => Need::Nothing,
    };
    message.payload.prepare(need, around.limits).map_err(MediationFault::from)
}
