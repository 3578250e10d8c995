//! What is shipped: one row for each version of each policy.

/// The name, the version, the specification, and the template or why there is none.
pub(super) type Row =
    (&'static str, &'static str, &'static str, Result<&'static str, &'static str>);

const ONE_TIME_TOKEN: &str = "tokens are not revoked by this gateway; let the token server issue tokens with a short life \
     instead";
const GUARDRAIL: &str = "guardrails and prompts of AI APIs are not supported; remove the policy, and put a service that \
     checks prompts in front of the model";
const MODEL_ROUTING: &str = "models are not chosen by this gateway; use a load-balanced or failover endpoint, or the policy \
     dynamicEndpoint";
const OTHER_GATEWAY: &str = "the policy is for another gateway; use the policy of this one that does the same, such as addHeader";

/// Every row; versions of a policy are neighbours, the oldest first.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("addHeader", "v1", include_str!("addHeader_v1.json"), Ok(include_str!("addHeader.j2"))),
    ("addHeader", "v2", include_str!("addHeader_v2.json"), Ok(include_str!("addHeader.j2"))),
    ("addHeader", "v3", include_str!("addHeader_v3.json"), Ok(include_str!("addHeader.j2"))),
    ("removeHeader", "v1", include_str!("removeHeader_v1.json"), Ok(include_str!("removeHeader.j2"))),
    ("removeHeader", "v2", include_str!("removeHeader_v2.json"), Ok(include_str!("removeHeader.j2"))),
    ("addQueryParam", "v1", include_str!("addQueryParam_v1.json"), Ok(include_str!("addQueryParam.j2"))),
    ("addQueryParam", "v2", include_str!("addQueryParam_v2.json"), Ok(include_str!("addQueryParam.j2"))),
    ("changeHTTPMethod", "v1", include_str!("changeHTTPMethod_v1.json"), Ok(include_str!("changeHTTPMethod.j2"))),
    ("rewriteResourcePath", "v1", include_str!("rewriteResourcePath_v1.json"), Ok(include_str!("rewriteResourcePath.j2"))),
    ("rewriteResourcePath", "v2", include_str!("rewriteResourcePath_v2.json"), Ok(include_str!("rewriteResourcePath.j2"))),
    ("rewriteResourcePath", "v3", include_str!("rewriteResourcePath_v3.json"), Ok(include_str!("rewriteResourcePath.j2"))),
    ("setToHeader", "v1", include_str!("setToHeader_v1.json"), Ok(include_str!("setToHeader.j2"))),
    ("setToHeader", "v2", include_str!("setToHeader_v2.json"), Ok(include_str!("setToHeader.j2"))),
    ("setToHeader", "v3", include_str!("setToHeader_v3.json"), Ok(include_str!("setToHeader.j2"))),
    ("setToHeaderWS", "v1", include_str!("setToHeaderWS_v1.json"), Ok(include_str!("setToHeaderWS.j2"))),
    ("addLogMessage", "v1", include_str!("addLogMessage_v1.json"), Ok(include_str!("addLogMessage.j2"))),
    ("addLogMessage", "v2", include_str!("addLogMessage_v2.json"), Ok(include_str!("addLogMessage.j2"))),
    ("debugRequestFlow", "v1", include_str!("debugRequestFlow_v1.json"), Ok(include_str!("debugRequestFlow.j2"))),
    ("debugRequestFlow", "v2", include_str!("debugRequestFlow_v2.json"), Ok(include_str!("debugRequestFlow.j2"))),
    ("debugResponseFlow", "v1", include_str!("debugResponseFlow_v1.json"), Ok(include_str!("debugResponseFlow.j2"))),
    ("debugResponseFlow", "v2", include_str!("debugResponseFlow_v2.json"), Ok(include_str!("debugResponseFlow.j2"))),
    ("debugJsonFault", "v1", include_str!("debugJsonFault_v1.json"), Ok(concat!(include_str!("debugFault.j2"), include_str!("jsonFault.j2")))),
    ("jsonFault", "v1", include_str!("jsonFault_v1.json"), Ok(include_str!("jsonFault.j2"))),
    ("disableChunking", "v1", include_str!("disableChunking_v1.json"), Ok(include_str!("disableChunking.j2"))),
    ("jsonToXML", "v1", include_str!("jsonToXML_v1.json"), Ok(include_str!("jsonToXML.j2"))),
    ("xmlToJson", "v1", include_str!("xmlToJson_v1.json"), Ok(include_str!("xmlToJson.j2"))),
    ("preserveAcceptHeader", "v1", include_str!("preserveAcceptHeader_v1.json"), Ok(include_str!("preserveAcceptHeader.j2"))),
    ("applyAcceptHeader", "v1", include_str!("applyAcceptHeader_v1.json"), Ok(include_str!("applyAcceptHeader.j2"))),
    ("jsonValidator", "v1", include_str!("jsonValidator_v1.json"), Ok(include_str!("jsonValidator.j2"))),
    ("xmlValidator", "v1", include_str!("xmlValidator_v1.json"), Ok(include_str!("xmlValidator.j2"))),
    ("regexPolicy", "v1", include_str!("regexPolicy_v1.json"), Ok(include_str!("regexPolicy.j2"))),
    ("jwtClaimBasedAccessValidator", "v1", include_str!("jwtClaimBasedAccessValidator_v1.json"), Ok(include_str!("jwtClaimBasedAccessValidator.j2"))),
    ("opaPolicy", "v1", include_str!("opaPolicy_v1.json"), Ok(include_str!("opaPolicy.j2"))),
    ("revokeOneTimeToken", "v1", include_str!("revokeOneTimeToken_v1.json"), Err(ONE_TIME_TOKEN)),
    ("validateCsrfCookie", "v1", include_str!("validateCsrfCookie_v1.json"), Ok(include_str!("validateCsrfCookie.j2"))),
    ("modelRoundRobin", "v1", include_str!("modelRoundRobin_v1.json"), Err(MODEL_ROUTING)),
    ("modelWeightedRoundRobin", "v1", include_str!("modelWeightedRoundRobin_v1.json"), Err(MODEL_ROUTING)),
    ("modelFailover", "v1", include_str!("modelFailover_v1.json"), Err(MODEL_ROUTING)),
    ("RegexGuardrail", "v1.0", include_str!("RegexGuardrail_v1.0.json"), Err(GUARDRAIL)),
    ("WordCountGuardrail", "v1.1", include_str!("WordCountGuardrail_v1.1.json"), Err(GUARDRAIL)),
    ("SentenceCountGuardrail", "v1.0", include_str!("SentenceCountGuardrail_v1.0.json"), Err(GUARDRAIL)),
    ("ContentLengthGuardrail", "v1.0", include_str!("ContentLengthGuardrail_v1.0.json"), Err(GUARDRAIL)),
    ("URLGuardrail", "v1.0", include_str!("URLGuardrail_v1.0.json"), Err(GUARDRAIL)),
    ("JSONSchemaGuardrail", "v1.0", include_str!("JSONSchemaGuardrail_v1.0.json"), Err(GUARDRAIL)),
    ("PIIMaskingRegex", "v1.0", include_str!("PIIMaskingRegex_v1.0.json"), Err(GUARDRAIL)),
    ("SemanticPromptGuardrail", "v1.0", include_str!("SemanticPromptGuardrail_v1.0.json"), Err(GUARDRAIL)),
    ("SemanticCache", "v1.0", include_str!("SemanticCache_v1.0.json"), Err(GUARDRAIL)),
    ("AzureContentSafetyContentModeration", "v1.0", include_str!("AzureContentSafetyContentModeration_v1.0.json"), Err(GUARDRAIL)),
    ("AWSBedrockGuardrail", "v1.1", include_str!("AWSBedrockGuardrail_v1.1.json"), Err(GUARDRAIL)),
    ("PromptDecorator", "v1.0", include_str!("PromptDecorator_v1.0.json"), Err(GUARDRAIL)),
    ("PromptTemplate", "v1.0", include_str!("PromptTemplate_v1.0.json"), Err(GUARDRAIL)),
    ("SemanticToolFiltering", "v1.0", include_str!("SemanticToolFiltering_v1.0.json"), Err(GUARDRAIL)),
    ("SemanticRouting", "v1.0", include_str!("SemanticRouting_v1.0.json"), Err(MODEL_ROUTING)),
    ("IntelligentModelRouting", "v1.0", include_str!("IntelligentModelRouting_v1.0.json"), Err(MODEL_ROUTING)),
    ("ContentBasedModelRouter", "v1.0", include_str!("ContentBasedModelRouter_v1.0.json"), Err(MODEL_ROUTING)),
    ("apkAddHeader", "v1", include_str!("apkAddHeader_v1.json"), Err(OTHER_GATEWAY)),
    ("apkRemoveHeader", "v1", include_str!("apkRemoveHeader_v1.json"), Err(OTHER_GATEWAY)),
    ("apkCallInterceptorService", "v1", include_str!("apkCallInterceptorService_v1.json"), Err(OTHER_GATEWAY)),
    ("ccAddHeader", "v1", include_str!("ccAddHeader_v1.json"), Err(OTHER_GATEWAY)),
    ("ccRemoveHeader", "v1", include_str!("ccRemoveHeader_v1.json"), Err(OTHER_GATEWAY)),
    ("ccCallInterceptorService", "v1", include_str!("ccCallInterceptorService_v1.json"), Err(OTHER_GATEWAY)),
    ("ccChangeHTTPMethod", "v1", include_str!("ccChangeHTTPMethod_v1.json"), Err(OTHER_GATEWAY)),
    ("apkLuaInterceptorService", "v1", include_str!("apkLuaInterceptorService_v1.json"), Err(OTHER_GATEWAY)),
    ("apkWASMInterceptorService", "v1", include_str!("apkWASMInterceptorService_v1.json"), Err(OTHER_GATEWAY)),
    ("apkMirrorRequest", "v1", include_str!("apkMirrorRequest_v1.json"), Err(OTHER_GATEWAY)),
    ("apkRedirectRequest", "v1", include_str!("apkRedirectRequest_v1.json"), Err(OTHER_GATEWAY)),
    ("backEndJWT", "v1", include_str!("backEndJWT_v1.json"), Err(OTHER_GATEWAY)),
    ("awsOAuth2", "v1", include_str!("awsOAuth2_v1.json"), Err(OTHER_GATEWAY)),
    ("azureOAuth2", "v1", include_str!("azureOAuth2_v1.json"), Err(OTHER_GATEWAY)),
    ("azureRateLimit", "v1", include_str!("azureRateLimit_v1.json"), Err(OTHER_GATEWAY)),
    ("azureSetHeader", "v1", include_str!("azureSetHeader_v1.json"), Err(OTHER_GATEWAY)),
    ("dynamicEndpoint", "v1", include_str!("dynamicEndpoint_v1.json"), Ok(include_str!("dynamicEndpoint.j2"))),
    ("respond", "v1", include_str!("respond_v1.json"), Ok(include_str!("respond.j2"))),
    ("mockLatency", "v1", include_str!("mockLatency_v1.json"), Ok(include_str!("mockLatency.j2"))),
    ("mockLatency", "v2", include_str!("mockLatency_v2.json"), Ok(include_str!("mockLatency_v2.j2"))),
    ("mockError", "v1", include_str!("mockError_v1.json"), Ok(include_str!("mockError.j2"))),
];
