//! The codes of all diagnostics, in one place.
//!
//! The constants are what readers and the compiler name; [`ALL`] is what `docs/diagnostics.md` is
//! written from.
//! A code is never given a second meaning and never removed while a release printed it.

/// One row of `docs/diagnostics.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The code, such as `EP005`.
    pub code: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// How to mend it.
    pub mend: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $meaning:literal, $mend:literal;)*) => {
        $(#[doc = $meaning] pub const $name: &str = $code;)*
        /// Every code, in the order of the table.
        pub const ALL: &[Row] = &[$(Row { code: $code, meaning: $meaning, mend: $mend }),*];
    };
}

codes! {
    NO_API = "PR001", "The project has neither `api.yaml` nor `api.json`.", "Add `api.yaml`, or point at the directory that holds it.";
    SYNTAX = "PR002", "A file is not well-formed YAML or JSON, or repeats a key.", "Mend the text at the line and column that are named.";
    BUDGET = "PR003", "A document or a project is larger or deeper than is accepted.", "Split the document, or remove what is not needed.";
    NOT_TEXT = "PR004", "A document is not UTF-8 text.", "Save the file as UTF-8.";
    ENVELOPE = "PR005", "The `type` of a document is not the one expected of that file.", "Check that the file is where it belongs, and its `type`.";
    API_PRODUCT = "PR006", "API products are not yet supported.", "Import the APIs of the product one by one.";
    WRONG_SHAPE = "PR007", "A value is not of the expected type.", "Write a value of the type that is named.";
    SECOND_FILE = "PR008", "Two files say the same thing, and one of them is ignored.", "Delete the file that is not meant.";
    BAD_PATH = "PR009", "A path is absolute, leaves the project, or is not portable.", "Use relative paths below the root of the project.";
    POLICY_SPECIFICATION = "PR010", "The specification of a policy lacks something, or says something that is unknown.", "Write what is named.";
    UNREADABLE = "PR011", "A project cannot be read from disk.", "Make it readable; it is read again when it changes.";
    DEFECT = "PR012", "Reading the project ran into a defect of this program.", "Report it, with the project if you may.";

    NAME = "AP001", "The name of the API is missing, too long or has a character that is not allowed.", "Use 1 to 60 characters, without blanks and without `~!@#;:%^*()+={}|\\<>\"',&$[]/`.";
    VERSION = "AP002", "The version of the API is missing, too long or has a character that is not allowed.", "Use 1 to 30 letters, digits, dots, hyphens or underscores.";
    CONTEXT = "AP003", "The context of the API is missing, too long or malformed.", "Write a path such as `/orders`, at most 232 characters.";
    VERSION_IS_NUMBER = "AP004", "The version is written as a fraction, so trailing zeros are lost.", "Put the version in quotes.";
    API_TYPE = "AP005", "The type of the API is not supported by this version.", "Use `HTTP`, `SOAP` or `SOAPTOREST`.";
    LIFECYCLE = "AP006", "The state of the life cycle is unknown.", "Use CREATED, PROTOTYPED, PUBLISHED, BLOCKED, DEPRECATED or RETIRED.";
    RETIRED = "AP007", "The API is retired, so it is not deployed.", "Set `lifeCycleStatus` to PUBLISHED to serve it.";
    TRANSPORT = "AP008", "A transport is unknown, or none is left.", "List `http`, `https` or both under `transport`.";
    AUTH_TYPE = "AP009", "The `authType` of an operation is unknown; the operation asks for a token.", "Use Any, None, Application, Application User, or Application & Application User.";
    SECURITY_SCHEME = "AP010", "The security schemes of the API ask for something that this version does not support; nothing is opened because of it.", "List `oauth2` under `securityScheme`, and nothing else.";
    HEADER_NAME = "AP011", "The name of a header is malformed.", "Use letters, digits and hyphens.";
    VERB = "AP012", "The verb of an operation is unknown.", "Use GET, POST, PUT, DELETE, PATCH, HEAD or OPTIONS.";
    TARGET = "AP013", "The target of an operation is not a URI template.", "Write a path such as `/orders/{id}` or `/files/*`.";
    DUPLICATE_OPERATION = "AP014", "Two operations have the same verb and target; the first one is served.", "Delete one of them.";
    NO_OPERATIONS = "AP015", "The API has no operation, neither in `operations` nor in its definition.", "Add operations, or a definition with paths.";
    UNKNOWN_SCOPE = "AP016", "An operation asks for a scope that the API does not declare.", "Declare the scope under `scopes`, or mend its name.";
    CORS = "AP017", "A value of the CORS configuration is malformed.", "Mend the value, or remove it to use the default.";
    OPERATION_POLICIES = "AP018", "Policies of an operation are not supported by this version.", "Remove the policies of the operation, or wait for a version that supports them.";
    API_POLICIES = "AP019", "Policies of an API are not supported by this version.", "Remove the policies, or wait for a version that supports them.";
    IMPLEMENTATION = "AP020", "The `endpointImplementationType` is unknown.", "Use ENDPOINT, INLINE or MOCKED_OAS.";
    ADVERTISED = "AP021", "The API is only advertised: another gateway serves it, so it is not deployed.", "Set `advertiseInfo.advertised` to false to serve it here.";
    GATEWAY_TYPE = "AP022", "The API is meant for another kind of gateway, so it is not deployed.", "Set `gatewayType` to `wso2/synapse` to serve it here.";
    UNKNOWN_EXTENSION = "AP023", "A key that starts with `x-weir-`, or one below `x-weir`, is unknown.", "Use the key that is suggested, or remove it.";
    EXTENSION_VALUE = "AP024", "The value of a key that starts with `x-weir-`, or of one below `x-weir`, is not one of those allowed.", "Use one of the values that are named.";
    SUBTYPE = "AP025", "The subtype of the API is not supported by this version.", "Use the subtype DEFAULT.";
    IGNORED_SETTING = "AP026", "A setting has no effect in this version.", "Switch it off, or accept that the API is served without it.";
    OPERATION_ENDPOINT = "AP027", "An API with endpoints under ids of their own is not supported by this version.", "Put the endpoint into `endpointConfig`.";
    TENANT = "AP028", "The tenant of the provider and the one in the context differ.", "Make the domain of `provider` and the `/t/<domain>` of the context agree.";
    LEGACY_FORM = "AP029", "The API is written in the form of API Manager 3, and was converted.", "Export the API anew to have it in today's form.";
    CONTEXT_TAKEN = "AP030", "Another API is served at the same context and version.", "Give one of them another context or version, or remove it.";
    DEFAULT_TAKEN = "AP031", "Another version of the API is the default version; this one is served with its version in the path only.", "Set `isDefaultVersion` to true for one version.";
    MOCK_STATE = "AP032", "A mock is in a state in which consumers take it for the real API.", "Set `lifeCycleStatus` to CREATED or PROTOTYPED, or give the API an endpoint.";
    MOCK_SCRIPT = "AP033", "An operation of a mock has no script, or none that could run.", "Write one into `x-mediation-script`, by hand or by `weir mock generate`.";
    MOCK_ANSWER = "AP034", "The definition does not give all the answers that a mock needs.", "Add an example, or mend what is named.";

    ENDPOINT_MISSING = "EP001", "The API has no `endpointConfig`.", "Add `endpointConfig` with an `endpoint_type`.";
    NO_STAGE = "EP002", "The API has neither a production nor a sandbox endpoint.", "Add `production_endpoints`, `sandbox_endpoints` or both.";
    ENDPOINT_TYPE = "EP003", "The `endpoint_type` is unknown.", "Use http, address, service, failover, load_balance, default, awslambda, sequence_backend, ws or graphql.";
    URL_MISSING = "EP004", "An endpoint has no `url`.", "Write the `url`, or remove the stage.";
    URL_WITHOUT_SCHEME = "EP005", "The URL of an endpoint has no scheme.", "Start the URL with `https://` or `http://`.";
    URL_SCHEME = "EP006", "The scheme of an endpoint's URL is not supported by this version.", "Use `https://` or `http://`.";
    URL_MALFORMED = "EP007", "The URL of an endpoint is malformed.", "Write a URL with a host, and a port if needed.";
    URL_TEMPLATE = "EP008", "The URI template of an endpoint is malformed.", "Close every brace, and use variables such as `{uri.var.id}`.";
    NUMBER = "EP009", "A number in the settings of an endpoint is malformed or out of range.", "Write a whole number; times are milliseconds.";
    ACTION = "EP010", "The `actionSelect` of an endpoint is unknown; `fault` is used.", "Use fault, discard or neverTimeout.";
    CODES_NOT_A_LIST = "EP011", "A list of error codes is written as a single value, which WSO2 ignores, and so do we.", "Write a list, such as `[\"101503\"]`.";
    ERROR_CODE = "EP012", "An error code is not a number.", "Use numbers such as 101503.";
    MESSAGE_FORMAT = "EP013", "`format` or `optimize` has a value that is unknown, does not go with the other one, or stands where it has no effect.", "Use an address endpoint with one of the values that are named.";
    URL_VARIABLE = "EP014", "A variable in the URL of an endpoint never has a value.", "Use names that begin with `uri.var.` or `query.param.`.";
    DYNAMIC = "EP022", "Dynamic endpoints are not supported by this version.", "Use one URL for each stage.";
    AWS_LAMBDA = "EP023", "A function of AWS Lambda, its region or how it is called is wrong or missing.", "Write what is named; docs/lambda.md lists the keys.";
    SEQUENCE_BACKEND = "EP024", "Sequence backends are not supported by this version.", "Use one URL for each stage.";
    WEBSOCKET = "EP025", "WebSocket endpoints are not supported by this version.", "Use an http endpoint.";
    GRAPHQL = "EP026", "GraphQL endpoints are not supported by this version.", "Use an http endpoint.";
    WSDL = "EP027", "The address of a WSDL endpoint cannot be found: its WSDL cannot be read, or does not have the service or port.", "Name a service and a port that the WSDL has, or use an address endpoint.";
    PROTOTYPE = "EP028", "A mock is written as a type of endpoint.", "Set `endpointImplementationType` to INLINE or MOCKED_OAS.";
    LAMBDA_ABSENT = "EP029", "An operation of an AWS Lambda endpoint names no function, so that its calls are answered 501.", "Write `amznResourceName` into the operation.";
    SECURITY_BASIC = "EP030", "Basic authentication towards an endpoint is not described completely, or in a way that cannot be sent.", "Write `username` and `password`; the user name has no colon.";
    SECURITY_DIGEST = "EP031", "Digest authentication towards an endpoint is not described completely, or in a way that cannot be sent.", "Write `username` and `password`.";
    SECURITY_OAUTH = "EP032", "The OAuth 2.0 client of an endpoint is not described completely, or in a way that cannot work.", "Write `tokenUrl`, `clientId` and `clientSecret`, and `grantType` CLIENT_CREDENTIALS or PASSWORD.";
    SECURITY_API_KEY = "EP033", "The API key of an endpoint is not described completely, or in a way that cannot be sent.", "Write `apiKeyIdentifier`, `apiKeyValue` and `apiKeyIdentifierType` HEADER or QUERY_PARAMETER.";
    SECURITY_OTHER = "EP034", "The type of endpoint security is unknown.", "Use NONE, BASIC, DIGEST, OAUTH or apikey.";
    SECRET_REFERENCE = "EP035", "A secret is somewhere else, and cannot be had from there.", "Mend the reference: `$env{NAME}`, `$file{PATH}` or `$sealed{TEXT}`.";
    SECRET_KEPT = "EP036", "A secret is empty or masked, so that the one deployed before stays in use; a gateway that starts anew does not have it.", "Write the secret, or refer to it.";
    CLEAR_TOKEN_URL = "EP037", "Secrets go to a token URL in clear text.", "Use https.";
    SECURITY_AWS = "EP038", "The account of AWS that calls functions is not described completely.", "Write `amznAccessKey` and `amznSecretKey`, or leave both to the environment of the gateway.";
    GROUP_EMPTY = "EP040", "A group has no member that could be called.", "List at least one member, with a weight above 0.";
    GROUP_OF_ONE = "EP041", "A group has a single member, so nothing takes over from it.", "Add a member, or use an endpoint of type http.";
    GROUP_DEPTH = "EP042", "Groups are nested too deeply, or have too many members.", "Nest at most 4 groups, with at most 1000 members in all.";
    MEMBER_TYPE = "EP043", "The type of a member is unknown, or cannot be in a group.", "Use http, address, mock, failover or loadBalance.";
    MEMBER_NAME = "EP044", "Two members of a group have the same name.", "Give each member a name of its own.";
    ALGORITHM = "EP045", "The algorithm of a load-balance group is unknown.", "Use the class RoundRobin, WeightedRoundRobin or WeightedRRLCAlgorithm of `org.apache.synapse.endpoints.algorithms`.";
    SESSION = "EP046", "The `sessionManagement` of a load-balance group is unknown.", "Use http, soap, simpleClientSession or none.";
    SESSION_TIMEOUT = "EP047", "The time for which sessions stick to a member is so short that they hardly do.", "Write milliseconds, such as 300000.";
    FAIL_OVER = "EP048", "`failOver` is written in a way that versions of WSO2 read differently.", "Write true or false, without quotes.";
    MEMBER_DISCARDS = "EP049", "A member of a group discards failed calls, so that no other member takes over from it.", "Set `actionSelect` to `fault`.";
    NO_EFFECT = "EP050", "A setting has no effect where it stands.", "Remove it, or add what it needs.";
    HEALTH_CHECK = "EP051", "The health of an endpoint cannot be checked in this way.", "Use what is named, or remove the check.";
    CONDITION = "EP052", "The expression that tells a failed answer is malformed.", "Write a comparison such as `status >= 500`.";
    WSDL_ADDRESS = "EP053", "The WSDL of an endpoint was not fetched, so that its service and port were not looked for.", "Put the WSDL into `WSDL/`; a gateway that serves the API fetches it.";
    CONNECTION_LIMIT = "EP054", "Connections cannot be limited over HTTP/2.", "Use `requestsInFlight`, or remove `x-weir-http2: always`.";
    TARGET_PATTERN = "EP055", "An entry of `allow` is no pattern of targets.", "Write a host, `*.suffix`, or a network such as 10.0.0.0/8; a scheme and a port may be added to hosts.";
    OPEN_TARGETS = "EP056", "Whatever address is computed for a request is shown the credentials of the endpoint.", "Add `x-weir.allow` with the hosts that may be called.";
    RULE = "EP057", "A rule of `x-weir.rules` cannot be used.", "Mend what is named; docs/dynamic-endpoints.md says what a rule may hold.";
    NAMED_ENDPOINT = "EP058", "A rule or a policy chooses an endpoint that the API does not have.", "Add it to `x-weir.endpoints`, or mend the name.";

    DEFINITION_VERSION = "OA001", "The definition is not OpenAPI 2.0, 3.0 or 3.1.", "Set `openapi: 3.0.1` (or `swagger: \"2.0\"`).";
    NO_PATHS = "OA002", "The definition has no paths.", "Add `paths`.";
    PATH_WITHOUT_SLASH = "OA003", "A path of the definition does not start with a slash.", "Start the path with `/`.";
    UNDECLARED_PARAMETER = "OA004", "A variable of a path is not declared as a parameter.", "Declare it with `in: path` and `required: true`.";
    DUPLICATE_OPERATION_ID = "OA005", "Two operations have the same `operationId`.", "Give each operation an id of its own.";
    UNRESOLVED_REFERENCE = "OA006", "A `$ref` points to nothing in the definition.", "Mend the reference, or add what it points to.";
    REMOTE_REFERENCE = "OA007", "A `$ref` points outside of the definition and is not followed.", "Bundle the definition into one file.";
    DEFINITION_SECURITY = "OA008", "`x-wso2-disable-security` is set to something that is not a boolean; it is ignored.", "Write true or false.";
    TARGET_NOT_IN_DEFINITION = "OA009", "An operation of the API is not in its definition.", "Add it to the definition, or remove it from `operations`.";
    AUTH_TYPE_DIFFERS = "OA010", "The definition says another `x-auth-type` than `api.yaml`, which wins.", "Write the same in both.";

    NO_PARAMS = "PA001", "The project has no parameter file.", "Add `params.yaml`, or do not name an environment.";
    NO_ENVIRONMENT = "PA002", "The parameter file does not name the environment.", "Add the environment, or name one of those that are there.";
    UNRESOLVED_VARIABLE = "PA003", "A variable of the parameter file is not set.", "Set the variable, or write the value itself.";
    PARAM_URL = "PA004", "An endpoint of the parameter file has no `url`.", "Write the `url`.";
    PARAM_ENDPOINT_TYPE = "PA005", "The `endpointType` or `endpointRoutingPolicy` of the parameter file is unknown.", "Use rest, http, soap, dynamic or aws; load_balanced or failover.";
    PARAM_MISSING = "PA006", "A key that is needed is missing from the parameter file.", "Add the key that is named.";
    PARAM_SECURITY = "PA007", "The security type of the parameter file is unknown.", "Use basic, digest, oauth or apikey.";
    PARAM_CERTIFICATE = "PA008", "A certificate of the parameter file cannot be found.", "Put the file below `certificates/` beside the parameter file.";
    NO_CONFIGS = "PA009", "The environment of the parameter file is empty.", "Add `configs`, or remove the environment.";
    PARAM_UNKNOWN_KEY = "PA010", "A key of the parameter file is unknown and has no effect.", "Mend the key, or remove it.";
    NO_ENVIRONMENT_CHOSEN = "PA011", "The project has parameters for environments, and none is chosen.", "Choose one with `--environment` or `WEIR_ENVIRONMENT`.";
    PARAM_DROPS_EXTENSION = "PA012", "The endpoints of an environment replace those of the API, and with them a key of Weir's own.", "Write the key beside the endpoints of the environment.";

    CERTIFICATE_FILE = "CE001", "The file of a certificate is missing.", "Add the file beside the list that names it.";
    CERTIFICATE_CONTENT = "CE002", "A file holds no certificate in PEM or DER.", "Replace it by a PEM or DER certificate.";
    CERTIFICATE_ENDPOINT = "CE003", "The endpoint of a certificate names no host.", "Write a URL such as `https://backend.example:8443`.";
    CERTIFICATE_ENTRY = "CE004", "An entry of a certificate list lacks its alias or its file.", "Add `alias` and `certificate`.";
    CLIENT_CERTIFICATES = "CE005", "Client certificates have no effect in this version.", "Ask for a token instead.";
    CLIENT_CERTIFICATE = "CE006", "The certificate that an endpoint is shown is not described completely, or a file of it cannot be used.", "Write `certificate` and `key` in PEM, or `keyStore` in PKCS#12 and its `password`; all are files of the project.";
    CLIENT_KEY = "CE007", "The certificate that an endpoint is shown does not fit its key.", "Give the key that the certificate was issued for, and in a chain that certificate first.";
    CLIENT_EXPIRED = "CE008", "The certificate that an endpoint is shown has expired.", "Have it renewed.";

    UNKNOWN_POLICY = "PO001", "A policy is attached that is neither in the project nor one of those that are always there.", "Mend the name, or add the policy to `Policies/`.";
    POLICY_VERSION = "PO002", "A policy is attached in a version that does not exist.", "Use the version that is suggested, or add this one to `Policies/`.";
    POLICY_ATTRIBUTE_MISSING = "PO003", "A parameter that the policy requires is missing (902009).", "Write the parameter that is named.";
    POLICY_ATTRIBUTE_PATTERN = "PO004", "The value of a required parameter does not match the pattern of the policy (902007).", "Write a value that the pattern matches as a whole.";
    POLICY_FLOW = "PO005", "A policy is attached in a flow that it may not be used in (902008).", "Attach it to a flow that is named, or add the flow to `applicableFlows`.";
    POLICY_ATTRIBUTE_UNKNOWN = "PO006", "A parameter is one that the policy does not describe, so that it may have no effect.", "Mend the name, or remove the parameter.";
    POLICY_GATEWAY = "PO007", "A policy is meant for gateways of other kinds.", "Use a policy with `Synapse` among its `supportedGateways`.";
    POLICY_API_TYPE = "PO008", "A policy is not meant for APIs of this type.", "Use another policy, or add the type to `supportedApiTypes`.";
    POLICY_TEMPLATE = "PO009", "The template of a policy cannot be filled in.", "Mend the template at the line that is named.";
    POLICY_DEFINITION = "PO010", "A policy has a specification and no definition, so that it would do nothing.", "Add a file of the same name with the extension `.j2`.";
    POLICY_PATTERN = "PO011", "The `validationRegex` of an attribute is not a regular expression.", "Mend the expression, or remove it.";
    POLICY_DUPLICATE = "PO012", "Two files describe the same version of a policy, and one of them is ignored.", "Delete one, or give it another version.";
    POLICY_REFUSED = "PO013", "A policy that comes with WSO2 is not supported by this version.", "Remove it, or write a policy of your own in its place.";
    POLICY_REFERENCE = "PO014", "A policy is attached without its name, or where no policy would run.", "Write `policyName`, below request, response or fault.";
    POLICY_ATTRIBUTE_VALUE = "PO015", "The value of a parameter is not of the type that the policy describes, or not one of those allowed.", "Write a value of the kind that is named.";
    POLICY_SECRET = "PO016", "A secret parameter is empty or masked, or its text cannot be had.", "Write the secret, or refer to it: `$env{NAME}`, `$file{PATH}` or `$sealed{TEXT}`.";
    SEQUENCE_REFERENCE = "PO017", "An entry of `mediationPolicies` lacks its name or its direction.", "Write `name`, and `type` in, out or fault.";
    SEQUENCE_MISSING = "PO018", "A sequence is attached that is not in the project.", "Add the file that is named below `Sequences/` or `Sequence-Backend/`.";
    POLICY_LIMIT = "PO019", "More policies are attached, or their text is longer, than is accepted.", "Put several steps into one policy, or shorten the parameters.";

    MEDIATION_SYNTAX = "MD001", "The XML of a policy or sequence is not well-formed.", "Mend the text at the line and column that are named.";
    MEDIATION_PROLOG = "MD002", "The XML of a policy has a prolog, which cannot stand inside of others.", "Remove the line that begins with `<?xml` or `<!DOCTYPE`.";
    MEDIATOR_UNKNOWN = "MD003", "An element is no mediator.", "Use the mediator that is suggested.";
    MEDIATOR_UNSUPPORTED = "MD004", "A mediator is not supported by this version.", "Use the way that is suggested, or remove it.";
    MEDIATOR_ATTRIBUTE = "MD005", "A mediator lacks an attribute or a child that it needs.", "Add what is named.";
    MEDIATOR_VALUE = "MD006", "An attribute or child of a mediator has a value that is not one of those allowed.", "Use one of the values that are named.";
    MEDIATOR_IGNORED = "MD007", "An attribute or child of a mediator has no effect.", "Mend its name, or remove it.";
    EXPRESSION_SYNTAX = "MD008", "An expression is malformed, or uses what is not supported.", "Mend the expression at the place that is named.";
    EXPRESSION_IS_URL = "MD009", "A URL stands where an expression is expected.", "Write it in `value=` instead of `expression=`.";
    EXPRESSION_PREFIX = "MD010", "An expression uses a prefix that is not declared.", "Declare it with `xmlns:` on the element.";
    MEDIATION_REGEX = "MD011", "A regular expression is malformed, or uses what is not supported.", "Mend the expression at the place that is named.";
    REGEX_IS_SUBSTRING = "MD012", "A regular expression looks as if part of the value were enough, and the whole value must match.", "Write `.*` before and after it.";
    MEDIATION_AMPERSAND = "MD013", "A character of a parameter makes the XML malformed where it is put in.", "Write `&amp;`, `&lt;` or `&quot;` in the parameter.";
    TO_WITHOUT_EFFECT = "MD014", "The address is set, and the endpoint has one of its own, which wins.", "Use an endpoint of type `default`.";
    SEQUENCE_UNKNOWN = "MD015", "A sequence is called that is neither in the project nor one of those that are always there.", "Mend the key, or add the sequence.";
    SEQUENCE_CYCLE = "MD016", "Sequences call each other in a circle.", "Break the circle.";
    CLASS_UNSUPPORTED = "MD017", "A class is called that is not one of those supported.", "Use the mediators that do the same, or remove the call.";
    MEDIATION_UNREACHABLE = "MD018", "Steps come after one that ends the flow, and never run.", "Move them before it, or remove them.";
    MEDIATION_LIMIT = "MD019", "A policy or sequence is larger or deeper than is accepted.", "Split it, or remove what is not needed.";
    MEDIATION_ENDPOINT = "MD020", "The endpoint of a send or call is unknown, or of a kind that is not supported there.", "Write the endpoint inside of the mediator, with an address or a URI template.";
    MEDIATION_SHAPE = "MD021", "The file holds something else than mediation.", "Write mediators, or one `sequence` around them.";
    SCRIPT_SYNTAX = "MD022", "A script is no JavaScript, or uses what is not there.", "Mend the script at the line and column that are named.";

    WSDL_ABSENT = "WS001", "A document that a WSDL imports or includes is not there.", "Add the document at the place that is named, or mend the location.";
    WSDL_FORBIDDEN = "WS002", "A document lies where nothing is read: outside of the archive, at a host that is not allowed, or behind a scheme that is not supported.", "Put the document beside the WSDL and import it with a relative path, or allow its host.";
    WSDL_LOCATION = "WS003", "The location of a document is malformed.", "Write a relative path with `/` between its segments, or an `http` or `https` URL.";
    WSDL_SYNTAX = "WS004", "A document is not well-formed XML.", "Mend the text at the line and column that are named.";
    WSDL_DOCTYPE = "WS005", "A document has a document type, which is never read.", "Remove `<!DOCTYPE …>` with everything in it, and write out the entities that it defines.";
    WSDL_ENCODING = "WS006", "The encoding of a document is not the one that it declares, or not supported.", "Save the document as UTF-8.";
    WSDL_PROLOG = "WS007", "Blanks stand in front of the XML declaration of a document; they are ignored.", "Remove what stands in front of `<?xml`.";
    WSDL_TOO_LARGE = "WS008", "A document has more bytes than are accepted.", "Split the document.";
    WSDL_TOO_MUCH = "WS009", "All documents of a WSDL together are larger than is accepted.", "Remove what is not needed.";
    WSDL_TOO_MANY = "WS010", "A WSDL imports more documents than are accepted.", "Merge documents, or remove imports.";
    WSDL_TOO_DEEP = "WS011", "The elements of a document are nested deeper than is accepted.", "Give inner types names, and refer to them.";
    WSDL_TOO_COMPLEX = "WS012", "A document has more nodes, attributes or longer names than are accepted, or costs too many steps.", "Split the document.";
    WSDL_NOT_WSDL = "WS013", "A document is something else than what it is used as.", "Give a WSDL 1.1 or 2.0, or an XML Schema where one is imported.";
    WSDL_NO_ROOT = "WS014", "The archive holds no file that ends in `.wsdl`.", "Add the WSDL to the archive.";
    WSDL_SEVERAL_ROOTS = "WS015", "The archive holds several WSDLs that no other imports.", "Name the one that is meant.";
    WSDL_IMPORT_NAMESPACE = "WS016", "An import names another namespace than the document that it leads to.", "Make the namespace of the import and the `targetNamespace` of the document agree.";
    WSDL_IMPORT_KIND = "WS017", "An import leads to a document of another kind than it should; it is read as what it is.", "Import schemas by `xsd:import` inside of `types`, and WSDLs by `wsdl:import`.";
    WSDL_MISSING = "WS020", "A part of a WSDL lacks an attribute or a child that it needs.", "Add what is named.";
    WSDL_VALUE = "WS021", "An attribute has a value that is not one of those allowed.", "Use one of the values that are named.";
    WSDL_PREFIX = "WS022", "A name has a prefix that is not declared.", "Declare the prefix with `xmlns:` on the element or above.";
    WSDL_REFERENCE = "WS023", "A WSDL refers to a message, interface or binding that is not there.", "Mend the name, or import the document that defines it.";
    WSDL_REFERENCE_MENDED = "WS024", "A name is in the wrong namespace; what is meant was found in the target namespace.", "Give the name the prefix of the target namespace.";
    WSDL_DUPLICATE = "WS025", "Two parts of a WSDL have the same name; the first one counts.", "Rename or delete one of them.";
    WSDL_PART = "WS026", "A binding names a part that its message does not have.", "Mend the name of the part, or add it to the message.";
    WSDL_OPERATION = "WS027", "A binding names an operation that its interface does not have, or lacks one that it has.", "Make the operations of both agree.";
    WSDL_PATTERN = "WS028", "An operation begins with the service (notification, or solicit and response), which no gateway can call.", "Remove the operation, or accept that it is left out.";
    WSDL_REQUIRED = "WS029", "An extension is marked as required, and is not understood.", "Remove `wsdl:required`, or accept that the extension has no effect.";
    WSDL_PROTOCOL = "WS030", "The protocol of a binding, or the transport below it, is not known.", "Use SOAP 1.1 or 1.2 over HTTP, or HTTP GET or POST.";
    WSDL_NO_SERVICE = "WS031", "The WSDL has no service, so that there is no address.", "Give the WSDL that has the service, which imports this one.";
    WSDL_PORT_ADDRESS = "WS032", "A port has no address, or one that is no URL.", "Write the address of the service, or give it where the endpoint is configured.";
    WSDL_STYLE = "WS033", "The parts of a message do not fit the style of the binding.", "Use one part with `element` for document style, and parts with `type` for RPC style.";
    WSDL_UNKNOWN = "WS034", "An element stands where WSDL does not have it, and has no effect.", "Mend its name or its place, or remove it.";
    SCHEMA_REFERENCE = "WS040", "A schema or a WSDL refers to a type, element, attribute or group that is not there.", "Mend the name, or import the schema that defines it.";
    SCHEMA_REFERENCE_MENDED = "WS041", "A name in a schema has no namespace; what is meant was found in the target namespace.", "Give the name the prefix of the target namespace.";
    SCHEMA_NO_IMPORT = "WS042", "A schema refers to a namespace that it does not import.", "Add `xsd:import` for the namespace.";
    SCHEMA_DUPLICATE = "WS043", "Two definitions in schemas have the same name; the first one counts.", "Rename or delete one of them.";
    SCHEMA_CYCLE = "WS044", "A definition in a schema is built on itself.", "Break the circle.";
    SCHEMA_VALUE = "WS045", "An attribute in a schema has a value that is not one of those allowed.", "Use one of the values that are named.";
    SCHEMA_SHAPE = "WS046", "An element in a schema lacks what it needs, or stands where XML Schema does not have it.", "Mend what is named.";
    SCHEMA_UNSUPPORTED = "WS047", "A schema uses what is not supported.", "Write it with what XML Schema 1.0 has.";
    SCHEMA_LIMIT = "WS048", "Definitions of a schema are built on each other more deeply than is accepted.", "Make the chain of definitions shorter.";
    SCHEMA_REDEFINE = "WS049", "What a schema redefines is not in the document that it names.", "Mend the name, or define it anew under a name of its own.";
    MAPPING_KEY = "WS060", "A mapping of SOAP to REST has a key that is not known there.", "Mend the key; the help lists those that are known.";
    MAPPING_VALUE = "WS061", "A value in a mapping of SOAP to REST is not one of those allowed.", "Write what the help says.";
    MAPPING_NAME = "WS062", "A mapping of SOAP to REST uses a prefix, a name or a type that is not there.", "Declare the prefix in `namespaces`, define the type in `types`, or mend the name.";
    MAPPING_MISSING = "WS063", "A mapping of SOAP to REST lacks something that it needs.", "Add what is named.";
    MAPPING_DUPLICATE = "WS064", "A mapping of SOAP to REST has the same resource twice.", "Delete one of them.";
    MAPPING_ABSENT = "WS065", "An API of SOAP to REST has neither a mapping nor sequences for an operation.", "Import its WSDL again with `weir import-wsdl --soap-to-rest`, or remove the operation.";
    MAPPING_RESOURCE = "WS066", "A mapping or a sequence of SOAP to REST is for a resource that is no operation of the API.", "Add the operation, or remove the mapping or the sequence.";
    WSDL_NO_PORT = "WS070", "No port of the WSDL speaks SOAP, or none has the name that was given.", "Give a WSDL with a SOAP binding, or name one of its ports.";
    WSDL_SEVERAL_PORTS = "WS071", "The ports of the WSDL have different interfaces, so that one has to be chosen.", "Name the service or the port that is meant.";
    WSDL_NO_OPERATION = "WS072", "The port has no operation that can be called.", "Choose another port.";
    WSDL_EXTENSION = "WS073", "The file is neither a WSDL nor an archive, by its name.", "Give a file that ends in `.wsdl` or `.zip`.";
    WSDL_NO_ADDRESS = "WS074", "The WSDL has no address of the service.", "Give it with `--endpoint`.";
    WSDL_MORE = "WS099", "More problems of the same kind were found than are listed.", "Mend those that are listed first.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_code_is_given_twice() {
        let mut seen = HashSet::new();
        for row in ALL {
            assert!(seen.insert(row.code), "{} is given twice", row.code);
        }
    }
}
