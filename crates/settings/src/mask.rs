//! What must never be printed.

/// What is printed instead of a secret.
pub const MASK: &str = "***";

/// Parts of a key's last segment that make its value a secret.
const SECRET_PARTS: [&str; 7] =
    ["password", "passwd", "passphrase", "secret", "credential", "private_key", "privatekey"];

/// Last segments that are secrets as a whole.
const SECRET_NAMES: [&str; 6] = ["key", "token", "api_key", "apikey", "access_key", "auth_token"];

/// Keys that look like secrets and name files.
const HARMLESS: [&str; 2] = ["weir.tls.key", "weir.tls.certificate[].key"];

/// Whether the value of a key is a secret, judged by the key's name.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    let key = crate::journal::without_indices(key);
    if HARMLESS.contains(&key.as_str()) {
        return false;
    }
    let last = key.rsplit('.').next().unwrap_or(&key).to_ascii_lowercase();
    let last = last.as_str();
    SECRET_NAMES.contains(&last)
        || last.ends_with("_token")
        || SECRET_PARTS.iter().any(|part| last.contains(part))
}

/// Hides the password of every URL in a text: `https://user:***@host`.
#[must_use]
pub fn mask_credentials(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once("://") {
        masked.push_str(head);
        masked.push_str("://");
        let end = tail.find(['/', '?', '#', ' ', ',', '"']).unwrap_or(tail.len());
        let (authority, after) = tail.split_at(end);
        masked.push_str(&mask_authority(authority));
        rest = after;
    }
    masked.push_str(rest);
    masked
}

fn mask_authority(authority: &str) -> String {
    match authority.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{name}:{MASK}@{host}")
        }
        None => authority.to_owned(),
    }
}
