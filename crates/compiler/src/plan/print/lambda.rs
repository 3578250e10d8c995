//! Functions and accounts of AWS as text: who calls what, never with which secret.

use std::fmt::{self, Display, Formatter};

use lambda::stream::StreamForm;
use lambda::{Format, Mapping};

use super::{line, list, yes_no};
use crate::plan::{AwsPlan, AwsRole, AwsSource, FunctionPlan, LambdaPlan};

impl Display for LambdaPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        line(f, "region", &self.region)?;
        self.functions.iter().enumerate().try_for_each(|(index, function)| match function {
            Some(function) => write!(f, "  operation {}\n{function}", index + 1),
            None => writeln!(f, "  operation {}\n    function: none", index + 1),
        })
    }
}

impl Display for FunctionPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "    function: {}", self.function)?;
        writeln!(f, "    invocation: {}", self.invocation.header())?;
        let format = match self.format {
            Format::Wso2 { is_encoded, has_flag_bug } => {
                let encoded = if is_encoded { ", body as base64" } else { "" };
                let bug = if has_flag_bug { ", flagged as in WSO2" } else { "" };
                format!("wso2{encoded}{bug}")
            }
            Format::Proxy1 => "proxy 1.0".to_owned(),
            Format::Proxy2 => "proxy 2.0".to_owned(),
            Format::Alb { is_multi_value: false } => "load balancer".to_owned(),
            Format::Alb { is_multi_value: true } => "load balancer, several values".to_owned(),
            Format::Raw => "raw".to_owned(),
        };
        writeln!(f, "    event: {format}")?;
        let mapping = match self.mapping {
            Mapping::Whole => "whole payload",
            Mapping::Proxy1 => "proxy 1.0",
            Mapping::Proxy2 => "proxy 2.0",
            Mapping::Automatic => "proxy where it has a status",
        };
        writeln!(f, "    answer: {mapping}")?;
        let stream = match self.stream {
            None => "no",
            Some(StreamForm::Unknown) => "yes",
            Some(StreamForm::Integration) => "with a head",
            Some(StreamForm::Raw) => "body alone",
        };
        writeln!(f, "    streamed: {stream}")?;
        writeln!(f, "    timeout: {} ms", self.timeout.as_millis())?;
        if let Some(context) = &self.client_context {
            writeln!(f, "    client context: {context}")?;
        }
        writeln!(f, "    failures shown: {}", yes_no(self.shows_failures))
    }
}

impl Display for AwsPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            AwsSource::Keys { id, token: None, .. } => format!("aws, key {id}"),
            AwsSource::Keys { id, token: Some(_), .. } => format!("aws, key {id} with a token"),
            AwsSource::Chain { profile: None } => "aws, of the environment".to_owned(),
            AwsSource::Chain { profile: Some(profile) } => format!("aws, profile {profile}"),
        };
        line(f, "credentials", source)?;
        self.role.iter().try_for_each(|role| write!(f, "{role}"))
    }
}

impl Display for AwsRole {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        line(f, "role", format!("{} as {} by {}", self.arn, self.session_name, self.region))?;
        if self.external_id.is_some() {
            line(f, "external id", "set")?;
        }
        let tags: Vec<_> =
            self.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !tags.is_empty() {
            line(f, "session tags", list(&tags, "none"))?;
        }
        self.duration
            .iter()
            .try_for_each(|time| line(f, "session", format!("{} s", time.as_secs())))
    }
}
