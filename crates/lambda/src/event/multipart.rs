//! The parts of forms that are text.

/// A form (`multipart/form-data`) as text, without those of its parts that are none.
///
/// `None` where there is no boundary, or nothing between boundaries.
pub(super) fn text(content_type: &str, body: &[u8]) -> Option<String> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Some(text.to_owned());
    }
    let boundary = boundary(content_type)?;
    let mut out = String::new();
    let mut rest = body;
    while let Some(at) = find(rest, boundary.as_bytes()) {
        let (part, behind) = rest.split_at(at);
        if let Ok(part) = std::str::from_utf8(part)
            && is_part(part)
        {
            out.push_str(&boundary);
            out.push_str(part);
        }
        rest = behind.get(boundary.len()..).unwrap_or_default();
    }
    if out.is_empty() {
        return None;
    }
    out.push_str(&boundary);
    out.push_str("--\r\n");
    Some(out)
}

/// What begins a part: two hyphens and the parameter `boundary`.
fn boundary(content_type: &str) -> Option<String> {
    let parameter = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    });
    parameter.filter(|value| !value.is_empty()).map(|value| format!("--{value}"))
}

/// Whether text between two boundaries is a part, and not a preamble.
fn is_part(text: &str) -> bool {
    text.starts_with("\r\n") && text.contains("\r\n\r\n")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}
