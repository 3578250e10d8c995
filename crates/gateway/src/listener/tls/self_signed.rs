//! The certificate for `localhost` that is made when none is configured.
//!
//! It is kept in one file, certificate and key together, so that the two can never come apart.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::sign::CertifiedKey;

use super::TlsError;
use super::load::{expires_at, load_pem};

const FILE_NAME: &str = "self-signed.pem";
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const DAY: i64 = 86_400;
/// Some clients refuse certificates that are good for longer.
const LIFETIME_DAYS: i64 = 397;

/// The certificate kept in `dir`; a new one, and its file, if there is none or it has expired.
/// `now` is in seconds since 1970.
pub(super) fn find_or_make(
    dir: &Path,
    now: i64,
) -> Result<(CertifiedKey, Option<PathBuf>), TlsError> {
    let file = dir.join(FILE_NAME);
    match load_pem(&file, &file) {
        Ok(key) if expires_at(&key).is_some_and(|end| end > now) => return Ok((key, None)),
        Ok(_) => tracing::info!(file = %file.display(), "The self-signed certificate has expired."),
        Err(TlsError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
        Err(error @ TlsError::Read { .. }) => return Err(error),
        Err(error) => tracing::warn!(%error, "The self-signed certificate is made anew."),
    }
    write(dir, &file, &make(now)?)?;
    Ok((load_pem(&file, &file)?, Some(file)))
}

fn make(now: i64) -> Result<String, TlsError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let (first, last) = (date(now - DAY), date(now + LIFETIME_DAYS * DAY));
    params.not_before = rcgen::date_time_ymd(first.0, first.1, first.2);
    params.not_after = rcgen::date_time_ymd(last.0, last.1, last.2);
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

/// Year, month and day in UTC.
fn date(unix_seconds: i64) -> (i32, u8, u8) {
    let moment = jiff::Timestamp::from_second(unix_seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let date = jiff::tz::Offset::UTC.to_datetime(moment).date();
    let part = |part: i8| u8::try_from(part).expect("months and days are positive");
    (i32::from(date.year()), part(date.month()), part(date.day()))
}

/// Writes beside the target and renames, so that a half-written file is never found.
fn write(dir: &Path, file: &Path, text: &str) -> Result<(), TlsError> {
    let fail = |source| TlsError::Write { file: file.to_owned(), source };
    make_dir(dir).map_err(fail)?;
    let temporary = file.with_extension("pem.new");
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(error)),
        _ => {}
    }
    let mut handle = private().open(&temporary).map_err(fail)?;
    handle.write_all(text.as_bytes()).and_then(|()| handle.sync_all()).map_err(fail)?;
    std::fs::rename(&temporary, file).map_err(fail)
}

/// Makes the folder, open to its owner alone; one that is there is left as it is.
fn make_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn private() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
