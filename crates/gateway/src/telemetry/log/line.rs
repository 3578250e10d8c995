use super::AccessRecord;
#[derive(Debug, Default)]
pub(super) struct Stamp;
pub(super) fn json(bytes: &mut Vec<u8>, _s: &mut Stamp, record: &AccessRecord<'_>) {
    bytes.extend_from_slice(record.path.as_bytes());
    bytes.push(b'\n');
}
pub(super) fn text(bytes: &mut Vec<u8>, _s: &mut Stamp, record: &AccessRecord<'_>) {
    bytes.extend_from_slice(record.path.as_bytes());
    bytes.push(b'\n');
}
