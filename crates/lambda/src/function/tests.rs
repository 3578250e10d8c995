#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use super::{Function, FunctionError, Partition, Reach};

fn error(text: &str) -> String {
    Function::parse(text).unwrap_err().to_string()
}

#[test]
fn a_name_is_called_as_it_is() {
    let function = Function::parse(" orders ").unwrap();
    assert_eq!(function.invoke_path(), "/2015-03-31/functions/orders/invocations");
    assert_eq!((function.region(), function.account(), function.qualifier()), (None, None, None));
}

#[test]
fn an_alias_or_version_becomes_the_qualifier() {
    let path = |text| Function::parse(text).unwrap().invoke_path();
    assert_eq!(path("orders:PROD"), "/2015-03-31/functions/orders/invocations?Qualifier=PROD");
    assert_eq!(path("orders:42"), "/2015-03-31/functions/orders/invocations?Qualifier=42");
    assert_eq!(
        path("orders:$LATEST"),
        "/2015-03-31/functions/orders/invocations?Qualifier=%24LATEST"
    );
}

#[test]
fn a_whole_arn_says_region_account_and_partition() {
    let text = "arn:aws-cn:lambda:cn-north-1:123456789012:function:my_f-1:7";
    let function = Function::parse(text).unwrap();
    assert_eq!(function.name(), "my_f-1");
    assert_eq!(function.region(), Some("cn-north-1"));
    assert_eq!(function.account(), Some("123456789012"));
    assert_eq!(function.partition(), Some(Partition::China));
    assert_eq!(function.qualifier(), Some("7"));
    assert_eq!(function.to_string(), text);
    assert_eq!(
        function.stream_path(),
        "/2021-11-15/functions/arn%3Aaws-cn%3Alambda%3Acn-north-1%3A123456789012%3Afunction%3Amy_f-1\
         /response-streaming-invocations?Qualifier=7"
    );
}

#[test]
fn partial_arns_are_kept_as_they_are() {
    let function = Function::parse("123456789012:function:orders:PROD").unwrap();
    assert_eq!(function.region(), None);
    assert_eq!(
        function.invoke_path(),
        "/2015-03-31/functions/123456789012%3Afunction%3Aorders/invocations?Qualifier=PROD"
    );
    let function = Function::parse("us-gov-west-1:123456789012:function:orders").unwrap();
    assert_eq!(function.partition(), Some(Partition::GovCloud));
    assert_eq!(
        function.to_string(),
        "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:orders"
    );
}

#[test]
fn every_form_is_read_as_it_is_written() {
    for text in [
        "a",
        "a:b",
        "function",
        "123456789012:function:a",
        "123456789012:function:a:$LATEST",
        "arn:aws:lambda:eu-central-1:123456789012:function:a",
        "arn:aws:lambda:ap-southeast-4:123456789012:function:a:$LATEST.PUBLISHED",
        "arn:aws-iso-b:lambda:us-isob-east-1:123456789012:function:a",
        "arn:aws-eusc:lambda:eusc-de-east-1:123456789012:function:a",
    ] {
        assert_eq!(Function::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        ("", "the name of the function is empty"),
        ("a b", "\"a b\" is no name of a function"),
        ("a.b", "\"a.b\" is no name of a function"),
        ("a:", "\"\" is no version and no alias"),
        ("a:007", "\"007\" is no version and no alias"),
        ("a:$latest", "\"$latest\" is no version and no alias"),
        ("a:b:c", "\"a:b:c\" is neither a name"),
        ("function:orders", "could be a name with an alias"),
        ("123456789012:orders", "could be a name with an alias"),
        ("12345:function:orders", "\"12345\" is no account"),
        ("arn:aws:s3:::bucket", "the ARN is one of s3, not of a Lambda function"),
        ("arn:aws:lambda:eu-west-1:123456789012:layer:x:1", "is neither a name"),
        ("arn:azure:lambda:eu-west-1:123456789012:function:x", "\"azure\" is no partition"),
        ("arn:aws:lambda:west:123456789012:function:x", "\"west\" is no region"),
        ("arn:aws:lambda:cn-north-1:123456789012:function:x", "is not in the partition aws"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:x:y:z", "is neither a name"),
        ("a/../b", "\"a/../b\" is no name"),
    ];
    for (text, expected) in cases {
        let said = error(text);
        assert!(said.contains(expected), "{text}: {said}");
    }
    assert_eq!(Function::parse(&"a".repeat(257)), Err(FunctionError::TooLong));
    assert!(Function::parse(&"a".repeat(65)).is_err());
    assert!(Function::parse(&"a".repeat(64)).is_ok());
}

#[test]
fn hosts_follow_partition_and_reach() {
    let host = |region, is_fips, is_dual_stack| {
        let partition = Partition::of_region(region).unwrap();
        partition.host("lambda", region, Reach { is_fips, is_dual_stack })
    };
    assert_eq!(host("eu-west-1", false, false), "lambda.eu-west-1.amazonaws.com");
    assert_eq!(host("us-gov-west-1", true, false), "lambda-fips.us-gov-west-1.amazonaws.com");
    assert_eq!(host("cn-north-1", false, false), "lambda.cn-north-1.amazonaws.com.cn");
    assert_eq!(host("us-east-1", true, true), "lambda-fips.us-east-1.api.aws");
    assert_eq!(host("us-iso-east-1", false, false), "lambda.us-iso-east-1.c2s.ic.gov");
}

#[test]
fn regions_have_a_form() {
    for region in
        ["", "eu", "eu-west", "eu-west-", "eu-west-one", "EU-west-1", "eu--1", "xx-west-1"]
    {
        assert_eq!(Partition::of_region(region), None, "{region}");
    }
}
