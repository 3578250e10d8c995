//! The challenge of a 401: which of those that an upstream offers is taken, and what it says.

use http::{HeaderMap, HeaderValue, Uri, header};

use super::hash::{Algorithm, Hash};
use super::scan::{self, Parameter};

/// Lines of `WWW-Authenticate` that are read.
const MOST_LINES: usize = 16;
/// How long such a line may be, in bytes; nonce and `opaque` go into every request.
const LONGEST_LINE: usize = 8 * 1024;
/// Entries of `domain` that are kept.
const MOST_SPACES: usize = 32;
/// How much of a text of the upstream is shown in a log, in characters.
const SHOWN: usize = 40;

/// A Digest challenge that can be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What the password is for. Bytes, since only the upstream knows their encoding.
    pub realm: Box<[u8]>,
    /// What the answer is made from.
    pub nonce: Box<[u8]>,
    /// What is sent back as it came.
    pub opaque: Option<Box<[u8]>>,
    /// How the answer is computed.
    pub algorithm: Algorithm,
    /// The name of the algorithm as the upstream wrote it, unless it left it out.
    pub algorithm_name: Option<Box<[u8]>>,
    /// What the answer covers.
    pub qop: Qop,
    /// Where it holds, as the upstream wrote it: URLs and absolute paths.
    pub domain: Box<[Box<str>]>,
    /// Whether the last answer was right, but for the age of its nonce.
    pub is_stale: bool,
    /// Whether the upstream says that it reads names as UTF-8.
    pub is_utf8: bool,
    /// Whether the upstream takes the hash of the user's name in place of the name.
    pub takes_userhash: bool,
}

/// What an answer covers, the one that is rather taken last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Qop {
    /// As in RFC 2069: the request line, and no counter.
    None,
    /// `auth-int`: the request line and the body, which therefore has to be whole first.
    AuthInt,
    /// `auth`: the request line.
    Auth,
}

/// Why a 401 has no challenge that can be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is no Digest challenge.
    #[error("the upstream does not ask for Digest; see its `WWW-Authenticate`")]
    Absent,
    /// A challenge lacks what nobody can do without.
    #[error("the upstream's Digest challenge has no `{0}`")]
    Incomplete(&'static str),
    /// Nobody here can compute this.
    #[error(
        "the upstream asks for Digest with the algorithm `{0}`; MD5, SHA-256 and SHA-512-256 are \
         known, each with and without `-sess`"
    )]
    Algorithm(String),
    /// Nobody here knows this.
    #[error("the upstream asks for Digest with the qop `{0}`; `auth` and `auth-int` are known")]
    Qop(String),
    /// A line is too long to be read.
    #[error("the upstream's `WWW-Authenticate` is longer than 8 KiB")]
    TooLong,
}

impl Challenge {
    /// The strongest challenge of an answer: by the hash function, then by what it covers, then
    /// the first.
    ///
    /// # Errors
    ///
    /// Why there is none, as the first Digest challenge shows it.
    pub fn strongest(headers: &HeaderMap) -> Result<Self, Unusable> {
        let mut best = Err(Unusable::Absent);
        for line in headers.get_all(header::WWW_AUTHENTICATE).iter().take(MOST_LINES) {
            for offered in read_line(line) {
                best = better(best, offered);
            }
        }
        best
    }

    fn read(parameters: &[Parameter]) -> Result<Self, Unusable> {
        let value = |name| scan::value(parameters, name);
        let is = |name, wanted: &str| {
            value(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted.as_bytes()))
        };
        let algorithm_name = value("algorithm");
        let algorithm = algorithm_name.unwrap_or(b"MD5");
        Ok(Self {
            realm: value("realm").ok_or(Unusable::Incomplete("realm"))?.into(),
            nonce: value("nonce").ok_or(Unusable::Incomplete("nonce"))?.into(),
            opaque: value("opaque").map(Into::into),
            algorithm: Algorithm::parse(algorithm)
                .ok_or_else(|| Unusable::Algorithm(shown(algorithm)))?,
            algorithm_name: algorithm_name.map(Into::into),
            qop: Qop::read(value("qop").unwrap_or_default())?,
            domain: value("domain").map(domain).unwrap_or_default(),
            is_stale: is("stale", "true"),
            is_utf8: is("charset", "UTF-8"),
            takes_userhash: is("userhash", "true"),
        })
    }

    /// What the upstream prefers us to take, the larger the rather.
    fn rank(&self) -> (Hash, Qop) {
        (self.algorithm.hash, self.qop)
    }

    /// The paths at this origin where the challenge holds, as its `domain` says it.
    ///
    /// Those of other origins are left out: no upstream shall make us show a proof to another one.
    #[must_use]
    pub fn spaces(&self, origin: &str) -> Vec<Box<str>> {
        let paths = self.domain.iter().filter_map(|entry| path_at(origin, entry));
        paths.take(MOST_SPACES).collect()
    }
}

impl Qop {
    fn read(list: &[u8]) -> Result<Self, Unusable> {
        let mut words = list
            .split(|byte| *byte == b',' || byte.is_ascii_whitespace())
            .filter(|word| !word.is_empty())
            .peekable();
        if words.peek().is_none() {
            return Ok(Self::None);
        }
        let known = words.filter_map(|word| match () {
            () if word.eq_ignore_ascii_case(b"auth") => Some(Self::Auth),
            () if word.eq_ignore_ascii_case(b"auth-int") => Some(Self::AuthInt),
            () => None,
        });
        known.max().ok_or_else(|| Unusable::Qop(shown(list)))
    }
}

/// The Digest challenges of one line.
fn read_line(line: &HeaderValue) -> Vec<Result<Challenge, Unusable>> {
    if line.len() > LONGEST_LINE {
        return vec![Err(Unusable::TooLong)];
    }
    let schemes = scan::challenges(line.as_bytes()).into_iter();
    let digests = schemes.filter(|scheme| scheme.name == b"digest");
    digests.map(|scheme| Challenge::read(&scheme.parameters)).collect()
}

type Offered = Result<Challenge, Unusable>;

/// The better of two; the earlier one where they are equally good.
fn better(earlier: Offered, later: Offered) -> Offered {
    match (&earlier, &later) {
        (Ok(first), Ok(second)) if second.rank() > first.rank() => later,
        (Err(_), Ok(_)) | (Err(Unusable::Absent), Err(_)) => later,
        _ => earlier,
    }
}

fn domain(list: &[u8]) -> Box<[Box<str>]> {
    let text = std::str::from_utf8(list).unwrap_or_default();
    text.split_ascii_whitespace().map(Box::from).collect()
}

/// The path of an entry of `domain`, where it is one at this origin (`https://host:port`).
fn path_at(origin: &str, entry: &str) -> Option<Box<str>> {
    let path = if entry.starts_with('/') && !entry.starts_with("//") {
        entry.to_owned()
    } else {
        let uri = Uri::try_from(entry).ok()?;
        let default_port = if uri.scheme_str()? == "https" { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default_port);
        let named = format!("{}://{}:{port}", uri.scheme_str()?, uri.host()?);
        if !named.eq_ignore_ascii_case(origin) {
            return None;
        }
        uri.path().to_owned()
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Some(path.into())
}

/// A text of the upstream as a log may show it.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(SHOWN).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
