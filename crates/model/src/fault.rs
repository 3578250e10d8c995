//! The faults that the data plane answers, one row each: number, status, texts and body shape.
//!
//! The numbers are WSO2's (spec/01 §5, spec/03 §6.4). A transport fault is stored as base and
//! protocol state and the sum is what a caller sees and what error-code lists are compared with.

/// How far an exchange with an upstream had come when it failed (spec/01 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ProtocolState {
    /// Nothing has been sent.
    RequestReady = 0,
    /// The request head is being sent.
    RequestHead = 1,
    /// The request body is being sent.
    RequestBody = 2,
    /// The request has been sent whole; no answer has come.
    RequestDone = 3,
    /// The head of the answer is being read.
    ResponseHead = 4,
    /// The body of the answer is being read.
    ResponseBody = 5,
}

/// Which body a fault is answered with (spec/01 §5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `code`, `type`, `message`, `description`: what the fault sequence writes.
    Report,
    /// `code`, `message`, `description`: what the authentication handlers write.
    Plain,
    /// XML `am:fault` without `type`, whatever was asked (a blocked API).
    Blocked,
    /// XML `<error><message>…`: a key of the wrong kind for this environment.
    KeyError,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $status:literal, $precise:literal, $shape:ident, $message:literal, $description:literal;)*) => {
        /// A kind of fault. The rows of the table are in this file, one per kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FaultCode { $($(#[$doc])* $name,)* }

        impl FaultCode {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name of the kind, as metrics and logs print it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row { number: $number, status: $status, precise: $precise, shape: Shape::$shape, message: $message, description: $description },)*
                }
            }
        }
    };
}

struct Row {
    number: u32,
    status: u16,
    precise: u16,
    shape: Shape,
    message: &'static str,
    description: &'static str,
}

faults! {
    /// Input or output with the upstream failed; a failed TLS handshake or certificate too.
    SenderIo = 101_500, 500, 502, Report, "Runtime Error", "Error in Sender";
    /// The connection was refused, the name not found or the host unreachable.
    ConnectFailed = 101_503, 500, 502, Report, "Runtime Error", "Error connecting to the back end";
    /// No answer within the endpoint's time.
    Timeout = 101_504, 500, 504, Report, "Runtime Error", "Send timeout";
    /// The upstream closed the connection without answering.
    ConnectionClosed = 101_505, 500, 502, Report, "Runtime Error", "Connection closed by the back end";
    /// What the upstream answered is not HTTP.
    ProtocolViolation = 101_506, 500, 502, Report, "Runtime Error", "Protocol violation by the back end";
    /// No connection within the connect time.
    ConnectTimeout = 101_508, 500, 504, Report, "Runtime Error", "Connection timeout";
    /// The request could not be built or the address is not usable.
    NoTransport = 0, 500, 502, Report, "Runtime Error", "Unexpected error during sending message out";
    /// The client's body ended before it was whole.
    IncompletePayload = 102_511, 400, 400, Report, "Bad Request", "The request payload is incomplete";
    /// No member of a group is ready.
    NoChildReady = 303_000, 500, 503, Report, "Runtime Error", "no ready child endpoints";
    /// The leaf is suspended or waits before its next try.
    NotReady = 303_001, 500, 503, Report, "Runtime Error", "Endpoint is not ready";
    /// A dynamic endpoint, and nothing has said where to.
    EndpointNoAddress = 303_001, 500, 500, Report, "Runtime Error", "The endpoint has no address";
    /// The upstream's credentials could not be had.
    EndpointSecurity = 303_003, 500, 502, Report, "Runtime Error", "Endpoint authentication failed";
    /// The endpoint is at its limits, and nobody waits any longer; a number of our own.
    EndpointAtLimit = 303_901, 503, 503, Report, "Service Unavailable", "The endpoint is at its limits";
    /// A policy chose an upstream that may not be called; a number of our own.
    TargetNotAllowed = 303_902, 403, 403, Report, "Forbidden", "The target is not allowed";
    /// A message cannot be written as the endpoint wants it; a number of our own.
    MessageFormat = 303_903, 400, 400, Report, "Bad Request", "The message cannot be written as the endpoint wants it";
    /// The member that a session is bound to is not ready.
    SessionNotReady = 309_001, 500, 503, Report, "Runtime Error", "The endpoint of the session is not ready";
    /// The member that a session is bound to failed.
    SessionFailed = 309_003, 500, 502, Report, "Runtime Error", "The endpoint of the session failed";
    /// The stage asked for refers to no endpoint.
    NoEndpoint = 305_100, 500, 503, Report, "Runtime Error", "No endpoint is configured for this stage";
    /// No API at this path.
    NoApi = 404, 404, 404, Report, "Not Found", "The requested resource is not available.";
    /// The API has no operation at this path.
    NoResource = 404, 404, 404, Report, "Runtime Error", "No matching resource found for given API Request";
    /// The API has operations at this path, with other methods.
    MethodNotAllowed = 405, 405, 405, Report, "Runtime Error", "Method not allowed for given API resource";
    /// The API is not served over this scheme.
    UnsupportedTransport = 403, 403, 403, Report, "Forbidden", "The requested resource is not available.";
    /// The API is in its BLOCKED state.
    ApiBlocked = 700_700, 503, 503, Blocked, "API blocked", "This API has been blocked temporarily. Please try again later or contact the system administrators.";
    /// The credential could not be judged, for instance an unknown issuer.
    Unclassified = 900_900, 500, 500, Plain, "Unclassified Authentication Failure", "Access failure for API";
    /// The credential is wrong, expired or revoked.
    InvalidCredentials = 900_901, 401, 401, Plain, "Invalid Credentials", "Make sure you have provided the correct security credentials";
    /// No credential where one is needed.
    MissingCredentials = 900_902, 401, 401, Plain, "Missing Credentials", "Make sure your API invocation call has a header";
    /// A token of the wrong kind for the operation.
    WrongTokenKind = 900_905, 401, 401, Plain, "Incorrect Access Token Type is provided", "The access token type used is not supported when invoking the API";
    /// The caller may not use this API.
    Forbidden = 900_908, 403, 403, Plain, "Resource forbidden ", "User is NOT authorized to access the Resource. API Subscription validation failed.";
    /// The token lacks a scope of the operation.
    ScopeMissing = 900_910, 403, 403, Plain, "The access token does not allow you to access the requested resource", "User is NOT authorized to access the Resource. Scope validation failed.";
    /// The token is meant for another audience.
    AudienceMismatch = 900_914, 403, 403, Plain, "The access token does not allow you to access the requested resource", "User is NOT authorized to access the Resource. Audience validation failed.";
    /// A sandbox key, and no sandbox endpoint.
    NoSandboxEndpoint = 900_901, 403, 403, Report, "Runtime Error", "Sandbox key offered to the API with no sandbox endpoint";
    /// A production key, and no production endpoint.
    NoProductionEndpoint = 900_901, 403, 403, Report, "Runtime Error", "Production key offered to the API with no production endpoint";
    /// A sandbox key at a gateway for production.
    SandboxKeyAtProduction = 900_901, 401, 401, KeyError, "Sandbox Key Provided for Production Gateway", "";
    /// A production key at a gateway for sandbox.
    ProductionKeyAtSandbox = 900_901, 401, 401, KeyError, "Production Key Provided for Sandbox Gateway", "";
    /// A request that is malformed or ambiguous.
    BadRequest = 400, 400, 400, Report, "Bad Request", "The request is malformed";
    /// A method that HTTP does not define for a target (CONNECT, for instance).
    NotImplemented = 501, 501, 501, Report, "Not Implemented", "The method is not supported";
    /// A body over the limit.
    PayloadTooLarge = 413, 413, 413, Report, "Payload Too Large", "The request body exceeds the limit";
    /// A request line over the limit.
    TargetTooLong = 414, 414, 414, Report, "URI Too Long", "The request line exceeds the limit";
    /// A version of HTTP that is not spoken here.
    VersionNotSupported = 505, 505, 505, Report, "HTTP Version Not Supported", "The HTTP version is not supported";
    /// A head over the limit.
    HeadTooLarge = 431, 431, 431, Report, "Request Header Fields Too Large", "The request head exceeds the limit";
    /// A head that did not come in time.
    RequestTimeout = 408, 408, 408, Report, "Request Timeout", "The request head did not come in time";
    /// A policy found a threat in the request.
    Threat = 400, 400, 400, Report, "Bad Request", "The request is refused by threat protection";
    /// A policy turned the caller away.
    PolicyForbidden = 403, 403, 403, Report, "Forbidden", "The request is refused by a policy";
    /// A policy failed in a way that no other kind describes; this number and the next are our own.
    PolicyFailed = 400_900, 500, 500, Report, "Runtime Error", "A policy failed";
    /// A body is larger than a policy may read.
    PolicyBody = 400_901, 413, 413, Report, "Payload Too Large", "The body is too large for a policy";
    /// An expression of a policy failed.
    PolicyExpression = 400_902, 500, 500, Report, "Runtime Error", "An expression of a policy failed";
    /// A regular expression of a policy used up what it may cost.
    PolicyRegex = 400_903, 500, 500, Report, "Runtime Error", "A regular expression of a policy took too long";
    /// A policy used up the steps that it may take.
    PolicySteps = 400_904, 500, 500, Report, "Runtime Error", "A policy took too many steps";
    /// A policy wrote more than it may.
    PolicyOutput = 400_905, 500, 500, Report, "Runtime Error", "A policy wrote too much";
    /// A policy reads the body, which is no JSON or XML although its type says so.
    PolicyParse = 400_906, 400, 400, Report, "Bad Request", "The body is not what its content type says";
    /// The same, or a body that is too large, where an upstream has answered so.
    PolicyAnswer = 400_907, 500, 502, Report, "Runtime Error", "The answer of the back end is not what a policy can read";
    /// A script of a policy threw, or ran longer than it may.
    ScriptFailed = 400_908, 500, 500, Report, "Runtime Error", "Script failed";
    /// A mock was asked for what the definition does not take; a number of our own, as the next.
    MockRequest = 400_910, 400, 400, Report, "Bad Request", "The request is not as the definition says";
    /// A mock has no answer of the kind that was asked for; the status says why.
    MockAnswer = 400_911, 404, 404, Report, "Not Found", "The definition has no such answer";
    /// A mock fails because it was told to, now and then.
    MockError = 400_912, 503, 503, Report, "Simulated Error", "The mock was told to fail now and then";
    /// An operation of a Lambda endpoint that names no function; a number of our own, as the next.
    LambdaAbsent = 303_910, 501, 501, Report, "Not Implemented", "The operation has no function";
    /// A function is called more often than its account allows.
    LambdaThrottled = 303_911, 429, 429, Report, "Too Many Requests", "The function is called too often";
    /// A function failed, by its own account.
    LambdaFailed = 303_912, 502, 502, Report, "Bad Gateway", "The function failed";
    /// A function did not end in its time.
    LambdaTimeout = 303_913, 504, 504, Report, "Gateway Timeout", "The function did not answer in time";
    /// What a function gave is not of the form that was agreed.
    LambdaAnswer = 303_914, 502, 502, Report, "Bad Gateway", "The function's answer is not of the form that was agreed";
    /// There is no such function, version or alias.
    LambdaNotFound = 303_915, 502, 502, Report, "Bad Gateway", "The function does not exist";
    /// The function may not be called with these credentials.
    LambdaDenied = 303_916, 502, 502, Report, "Bad Gateway", "The function may not be called";
    /// The event of a request is longer than a function can be given.
    LambdaTooLarge = 303_917, 413, 413, Report, "Payload Too Large", "The request is too large for a function";
    /// A function is being prepared or changed.
    LambdaNotReady = 303_918, 503, 503, Report, "Service Unavailable", "The function is not ready";
    /// Lambda itself is in trouble.
    LambdaService = 303_919, 502, 502, Report, "Bad Gateway", "The service that runs the function failed";
    /// A function cannot be run as it is set up: its network, keys, file systems, code or quotas.
    LambdaSetup = 303_920, 502, 502, Report, "Bad Gateway", "The function cannot be run as it is set up";
    /// A request is not what a function takes.
    LambdaEvent = 303_921, 400, 400, Report, "Bad Request", "The request is not what the function takes";
    /// More connections or requests than the configured limit.
    Overloaded = 503, 503, 503, Report, "Service Unavailable", "The gateway is at its limit";
    /// A defect of the gateway.
    Internal = 900_967, 500, 500, Report, "Runtime Error", "Internal error";
}

impl FaultCode {
    /// The base number, before the protocol state is added.
    #[must_use]
    pub fn base(self) -> u32 {
        self.row().number
    }

    /// Whether this is a failure of the exchange with an upstream, to whose number the protocol
    /// state is added.
    #[must_use]
    pub fn is_transport(self) -> bool {
        (101_500..101_600).contains(&self.base())
    }

    /// The number that callers see and that error-code lists name (spec/01 §5.2).
    #[must_use]
    pub fn number(self, state: ProtocolState) -> u32 {
        if self.is_transport() { self.base() + state as u32 } else { self.base() }
    }

    /// The HTTP status as WSO2 answers it.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().status
    }

    /// The HTTP status under `fault_status = "precise"`.
    #[must_use]
    pub fn precise_status(self) -> u16 {
        self.row().precise
    }

    /// The shape of the body.
    #[must_use]
    pub fn shape(self) -> Shape {
        self.row().shape
    }

    /// The `message` of the body.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.row().message
    }

    /// The `description` of the body where nothing more exact is known.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().description
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transport_numbers_add_the_protocol_state() {
        assert_eq!(FaultCode::ConnectFailed.number(ProtocolState::RequestReady), 101_503);
        assert_eq!(FaultCode::Timeout.number(ProtocolState::RequestDone), 101_507);
        assert_eq!(FaultCode::ConnectionClosed.number(ProtocolState::RequestDone), 101_508);
        assert_eq!(FaultCode::SenderIo.number(ProtocolState::RequestDone), 101_503);
        assert_eq!(FaultCode::NotReady.number(ProtocolState::RequestDone), 303_001);
    }

    #[test]
    fn every_status_is_an_error() {
        for code in FaultCode::ALL {
            assert!((400..600).contains(&code.status()), "{}", code.name());
            assert!((400..600).contains(&code.precise_status()), "{}", code.name());
        }
    }
}
