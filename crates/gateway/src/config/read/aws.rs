//! AWS: `[apim.aws_lambda]`, `[weir.compat]`, and what the SDKs of AWS read from the environment.

use compiler::AwsDefaults;
use lambda::Mapping;
use lambda::function::Reach;
use settings::{Settings, Unit};

use super::Overrides;
use super::SHORTEST;
use super::values::{DAY, bool_or, choice, duration_in, integer_in};
use crate::config::aws::{AwsConfig, AwsEnvironment};
use crate::sign::aws::region_of_profile;

/// Reads the settings.
pub(super) fn aws(settings: &Settings, overrides: &Overrides) -> AwsConfig {
    let default = AwsConfig::default();
    let section = settings.section("apim.aws_lambda");
    let client = settings.section("apim.aws_lambda.http_client");
    let attempts = i64::from(default.attempts);
    let attempts = integer_in(&section, "retry_max_attempts", attempts, &(1..=10));
    let times = SHORTEST..=DAY;
    let silence = client
        .has("socket_timeout")
        .then(|| duration_in(&client, "socket_timeout", Unit::Seconds, DAY, &times));
    let compat = settings.section("weir.compat");
    let answers = [("function", Mapping::Automatic), ("whole", Mapping::Whole)];
    let failures = [("fault", false), ("wso2", true)];
    let bodies = [("encoded", false), ("wso2", true)];
    let mapped = bool_or(&section, "enable_proxy_response_mapping", true);
    let mapping = if mapped { Mapping::Automatic } else { Mapping::Whole };
    let said = compat.has("lambda_answers");
    let said = said.then(|| choice(&compat, "lambda_answers", "function", &answers)).flatten();
    let environment = overrides.aws.clone();
    AwsConfig {
        defaults: AwsDefaults {
            mapping: said.unwrap_or(mapping),
            has_flag_bug: choice(&compat, "lambda_empty_body", "encoded", &bodies).unwrap_or(false),
            ..from_environment(&environment)
        },
        attempts: u32::try_from(attempts).unwrap_or(default.attempts),
        silence,
        hides_failures: choice(&compat, "lambda_failures", "fault", &failures).unwrap_or(false),
        environment,
    }
}

/// What the variables of the SDKs say of regions and hosts.
fn from_environment(environment: &AwsEnvironment) -> AwsDefaults {
    let is_true =
        |name| environment.get(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let ignores_urls = is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    let url = |name| environment.get(name).filter(|_| !ignores_urls).map(str::to_owned);
    AwsDefaults {
        region: region_of_profile(environment),
        lambda_url: url("AWS_ENDPOINT_URL_LAMBDA").or_else(|| url("AWS_ENDPOINT_URL")),
        reach: Reach {
            is_fips: is_true("AWS_USE_FIPS_ENDPOINT"),
            is_dual_stack: is_true("AWS_USE_DUALSTACK_ENDPOINT"),
        },
        ..AwsDefaults::default()
    }
}
