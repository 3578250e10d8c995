//! The files of a project as one value.
//!
//! The form is canonical: equal trees are equal bytes. It is a mark with its version, and for each
//! file in the order of the paths the length of the path (four bytes), the path, the length of the
//! file (eight bytes), and the file; lengths with the highest byte first.

use model::Files;

use crate::error::StoreError;

const MARK: &[u8] = b"weir files 1\n";

/// All files as one value.
pub(crate) fn pack(files: &Files) -> Vec<u8> {
    let mut packed = MARK.to_vec();
    for (path, content) in files.iter() {
        let path_length = u32::try_from(path.len()).unwrap_or(u32::MAX);
        packed.extend(path_length.to_be_bytes());
        packed.extend(path.as_bytes());
        packed.extend((content.len() as u64).to_be_bytes());
        packed.extend(content.as_ref());
    }
    packed
}

/// The files of a value.
pub(crate) fn unpack(packed: &[u8]) -> Result<Files, StoreError> {
    let damaged = || StoreError::Damaged("the files of a project".into());
    let mut rest = packed.strip_prefix(MARK).ok_or_else(damaged)?;
    let mut files = Files::new();
    while !rest.is_empty() {
        let length = u32::from_be_bytes(*take_array(&mut rest).ok_or_else(damaged)?);
        let path = take(&mut rest, u64::from(length)).ok_or_else(damaged)?;
        let path = std::str::from_utf8(path).map_err(|_| damaged())?;
        let length = u64::from_be_bytes(*take_array(&mut rest).ok_or_else(damaged)?);
        let content = take(&mut rest, length).ok_or_else(damaged)?;
        files.insert(path, content.to_vec()).map_err(|_| damaged())?;
    }
    Ok(files)
}

fn take_array<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(taken)
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn files_come_back(entries in proptest::collection::btree_map("[a-z]{1,8}(/[a-z.]{1,4}x)?", proptest::collection::vec(any::<u8>(), 0..40), 0..6)) {
            let mut files = Files::new();
            for (path, content) in entries {
                drop(files.insert(path, content));
            }
            let packed = pack(&files);
            prop_assert_eq!(unpack(&packed).unwrap(), files);
            for end in 0..packed.len() {
                // A shorter value is damaged, or holds fewer files.
                drop(unpack(&packed[..end]));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..60)) {
            drop(unpack(&[MARK, &tail].concat()));
            prop_assert!(unpack(&tail).is_err());
        }
    }
}
