//! One attack: its bytes, and what must come of it.

/// The place where a case is tried: everything in it has names of its own, so that what a backend
/// saw leads back to it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// `/nginx/1/name`.
    pub(crate) path: String,
    /// `nginx.name`.
    pub(crate) id: String,
}

type Build = Box<dyn Fn(&Place) -> Vec<u8> + Send + Sync>;

/// An attack on a connection of its own.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The bytes that are sent.
    pub(crate) build: Build,
    /// The answers, in this order.
    pub(crate) answers: Vec<Want>,
    /// What becomes of the connection.
    pub(crate) then: Then,
    /// What the backend is told.
    pub(crate) claims: Vec<Claim>,
    /// The method that is answered.
    pub(crate) method: &'static str,
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Want {
    /// A backend's, to the request of ours that has this name.
    Seen(&'static str),
    /// The gateway's own, with one of these statuses.
    Own(&'static [u16]),
    /// The gateway's own, with one of these statuses, or the end of the connection.
    OwnOrEnd(&'static [u16]),
    /// A backend's or the gateway's own; after the gateway's own the connection must be closed.
    Either(&'static str, &'static [u16]),
}

/// What becomes of a connection after the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It serves the next request.
    Open,
    /// It is closed, and not a byte comes before that.
    Closed,
    /// One or the other.
    Any,
}

/// What must hold for the head or the trailers that a backend got, in lower case.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Claim {
    /// The head has this.
    Has(&'static str),
    /// The head does not have this.
    Lacks(&'static str),
    /// The trailers do not have this.
    NoTrailer(&'static str),
    /// The body is this.
    Body(&'static [u8]),
}

impl Case {
    /// Refused with one of these statuses, and the connection closed.
    pub(crate) fn refused(
        name: impl Into<String>,
        statuses: &'static [u16],
        build: impl Fn(&Place) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::answered(name, &[Want::Own(statuses)], Then::Closed, build)
    }

    /// Passed on, and the connection kept.
    pub(crate) fn passed(
        name: impl Into<String>,
        build: impl Fn(&Place) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::answered(name, &[Want::Seen("attack")], Then::Open, build)
    }

    /// Passed on in one way that leaves no choice, or refused.
    pub(crate) fn harmless(
        name: impl Into<String>,
        build: impl Fn(&Place) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::answered(name, &[Want::Either("attack", REFUSED)], Then::Any, build)
    }

    pub(crate) fn answered(
        name: impl Into<String>,
        answers: &[Want],
        then: Then,
        build: impl Fn(&Place) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            build: Box::new(build),
            answers: answers.to_vec(),
            then,
            claims: Vec::new(),
            method: "GET",
        }
    }

    pub(crate) fn claiming(self, claims: &[Claim]) -> Self {
        Self { claims: claims.to_vec(), ..self }
    }

    /// As an answer to HEAD.
    pub(crate) fn head(self) -> Self {
        Self { method: "HEAD", ..self }
    }

    pub(crate) fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }
}

/// What a malformed request is answered.
pub(crate) const BAD: &[u16] = &[400];
/// What an unclear request may be refused with.
pub(crate) const REFUSED: &[u16] = &[400, 417, 431, 501];

impl Place {
    /// A request with this name, with fields of which each ends in CRLF.
    pub(crate) fn request(
        &self,
        line: (&str, &str),
        fields: impl AsRef<[u8]>,
        body: impl AsRef<[u8]>,
    ) -> Vec<u8> {
        let ((method, name), Self { path, id }) = (line, self);
        let head =
            format!("{method} {path}/{name} HTTP/1.1\r\nHost: gw\r\nX-Request-ID: {id}.{name}\r\n");
        [head.as_bytes(), fields.as_ref(), b"\r\n", body.as_ref()].concat()
    }

    pub(crate) fn post(&self, fields: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Vec<u8> {
        self.request(("POST", "attack"), fields, body)
    }

    pub(crate) fn get(&self, fields: impl AsRef<[u8]>) -> Vec<u8> {
        self.request(("GET", "attack"), fields, "")
    }

    /// A request with this request line, in which `{}` is the target, and nothing but these fields.
    pub(crate) fn line(&self, line: impl AsRef<[u8]>, fields: impl AsRef<[u8]>) -> Vec<u8> {
        let target = format!("{}/attack", self.path);
        let line = replaced(line.as_ref(), b"{}", target.as_bytes());
        let id = format!("\r\nX-Request-ID: {}.attack\r\n", self.id);
        [&line, id.as_bytes(), fields.as_ref(), b"\r\n"].concat()
    }

    /// A chunked request with this body.
    pub(crate) fn chunked(&self, body: impl AsRef<[u8]>) -> Vec<u8> {
        self.post("Transfer-Encoding: chunked\r\n", body)
    }

    /// The request that is to be slipped past the gateway.
    pub(crate) fn smuggled(&self) -> Vec<u8> {
        self.request(("GET", "smuggled"), "", "")
    }

    /// The chunk that ends a body, with the other request behind it.
    pub(crate) fn end_and_smuggled(&self) -> Vec<u8> {
        [b"0\r\n\r\n", &self.smuggled()[..]].concat()
    }
}

/// With the first of these parts replaced.
pub(crate) fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let Some(at) = text.windows(from.len()).position(|part| part == from) else {
        return text.to_vec();
    };
    [&text[..at], to, &text[at + from.len()..]].concat()
}
