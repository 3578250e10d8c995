//! Which function is called: names, partial ARNs and whole ones.
//!
//! The forms are those of the Invoke API: `name`, `account:function:name`,
//! `region:account:function:name` and `arn:…:lambda:region:account:function:name`, each with an
//! optional version or alias behind a colon.
//! Two short forms that the API reads as something else than they look like are refused:
//! `function:name` and `account:name` could be a name with an alias.

mod partition;

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use partition::{Partition, Reach};

/// Bytes of a name.
const LONGEST_NAME: usize = 64;
/// Bytes of a version or alias.
const LONGEST_QUALIFIER: usize = 128;
/// Bytes of the whole text (`NamespacedFunctionName`).
const LONGEST: usize = 256;

/// What stands in a path or a query as it is (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One function, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Function {
    name: Box<str>,
    account: Option<Box<str>>,
    region: Option<Box<str>>,
    partition: Option<Partition>,
    qualifier: Option<Box<str>>,
}

/// Why a text names no function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// Nothing at all.
    #[error("the name of the function is empty")]
    Empty,
    /// Longer than any name or ARN.
    #[error("a function is named in {LONGEST} characters at most")]
    TooLong,
    /// The number of parts, or one that has to be a certain word.
    #[error("\"{0}\" is neither a name, nor account:function:name, nor the ARN of a function")]
    Form(String),
    /// An ARN of something else.
    #[error("the ARN is one of {0}, not of a Lambda function")]
    Service(String),
    /// A name, or an account and a name, which is told apart in no way.
    #[error("\"{0}\" could be a name with an alias; write account:function:name, or the whole ARN")]
    Ambiguous(String),
    /// A name with other characters, or too long.
    #[error(
        "\"{0}\" is no name of a function: 1 to {LONGEST_NAME} letters, digits, hyphens and underscores"
    )]
    Name(String),
    /// An account that is not twelve digits.
    #[error("\"{0}\" is no account: twelve digits")]
    Account(String),
    /// A region that looks like none.
    #[error("\"{0}\" is no region, such as eu-west-1")]
    Region(String),
    /// A partition that is not known.
    #[error("\"{0}\" is no partition of AWS")]
    Partition(String),
    /// A region of another partition.
    #[error("the region {region} is not in the partition {partition}")]
    WrongPartition {
        /// As it is written.
        region: String,
        /// As it is written.
        partition: Partition,
    },
    /// A version or alias with other characters.
    #[error("\"{0}\" is no version and no alias: a number, $LATEST, or letters, digits, - and _")]
    Qualifier(String),
}

impl Function {
    /// Reads a name or an ARN.
    ///
    /// # Errors
    /// What is wrong with it, in words for its author.
    pub fn parse(text: &str) -> Result<Self, FunctionError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FunctionError::Empty);
        }
        if text.len() > LONGEST {
            return Err(FunctionError::TooLong);
        }
        let parts: Vec<&str> = text.split(':').collect();
        match *parts {
            ["arn", partition, "lambda", region, account, "function", name] => {
                Self::whole((partition, region), account, name, None)
            }
            ["arn", partition, "lambda", region, account, "function", name, qualifier] => {
                Self::whole((partition, region), account, name, Some(qualifier))
            }
            ["arn", _, service, ..] if service != "lambda" => {
                Err(FunctionError::Service(service.to_owned()))
            }
            ["arn", ..] => Err(FunctionError::Form(text.to_owned())),
            [region, account, "function", name] if is_region(region) => {
                Self::regional(region, account, name, None)
            }
            [region, account, "function", name, qualifier] => {
                Self::regional(region, account, name, Some(qualifier))
            }
            [account, "function", name] => Self::partial(account, name, None),
            [account, "function", name, qualifier] => Self::partial(account, name, Some(qualifier)),
            ["function", _] => Err(FunctionError::Ambiguous(text.to_owned())),
            [account, _] if is_account(account) => Err(FunctionError::Ambiguous(text.to_owned())),
            [name] => Self::named(name, None),
            [name, qualifier] => Self::named(name, Some(qualifier)),
            _ => Err(FunctionError::Form(text.to_owned())),
        }
    }

    /// The name alone.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The account that it belongs to, where that is said.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The region that it is in, where that is said.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The partition, where it is said or follows from the region.
    #[must_use]
    pub fn partition(&self) -> Option<Partition> {
        self.partition
    }

    /// The version or alias.
    #[must_use]
    pub fn qualifier(&self) -> Option<&str> {
        self.qualifier.as_deref()
    }

    /// Path and query of `Invoke`, escaped.
    #[must_use]
    pub fn invoke_path(&self) -> String {
        self.path("2015-03-31", "invocations")
    }

    /// Path and query of `InvokeWithResponseStream`, escaped.
    #[must_use]
    pub fn stream_path(&self) -> String {
        self.path("2021-11-15", "response-streaming-invocations")
    }

    fn path(&self, version: &str, verb: &str) -> String {
        let whole = self.without_qualifier();
        let escaped = utf8_percent_encode(&whole, ESCAPED);
        let path = format!("/{version}/functions/{escaped}/{verb}");
        match &self.qualifier {
            None => path,
            Some(qualifier) => {
                format!("{path}?Qualifier={}", utf8_percent_encode(qualifier, ESCAPED))
            }
        }
    }

    fn without_qualifier(&self) -> String {
        let name = &self.name;
        match (&self.account, &self.region, self.partition) {
            (Some(account), Some(region), Some(partition)) => {
                format!("arn:{partition}:lambda:{region}:{account}:function:{name}")
            }
            (Some(account), ..) => format!("{account}:function:{name}"),
            (None, ..) => name.to_string(),
        }
    }

    fn whole(
        (partition, region): (&str, &str),
        account: &str,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Self, FunctionError> {
        let known = Partition::parse(partition)
            .ok_or_else(|| FunctionError::Partition(partition.to_owned()))?;
        let function = Self::regional(region, account, name, qualifier)?;
        if function.partition == Some(known) {
            return Ok(function);
        }
        Err(FunctionError::WrongPartition { region: region.to_owned(), partition: known })
    }

    fn regional(
        region: &str,
        account: &str,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Self, FunctionError> {
        let partition =
            Partition::of_region(region).ok_or_else(|| FunctionError::Region(region.to_owned()))?;
        let function = Self::partial(account, name, qualifier)?;
        Ok(Self { region: Some(region.into()), partition: Some(partition), ..function })
    }

    fn partial(account: &str, name: &str, qualifier: Option<&str>) -> Result<Self, FunctionError> {
        if !is_account(account) {
            return Err(FunctionError::Account(account.to_owned()));
        }
        Ok(Self { account: Some(account.into()), ..Self::named(name, qualifier)? })
    }

    fn named(name: &str, qualifier: Option<&str>) -> Result<Self, FunctionError> {
        if !is_word(name, LONGEST_NAME) {
            return Err(FunctionError::Name(name.to_owned()));
        }
        if let Some(wrong) = qualifier.filter(|qualifier| !is_qualifier(qualifier)) {
            return Err(FunctionError::Qualifier(wrong.to_owned()));
        }
        Ok(Self {
            name: name.into(),
            account: None,
            region: None,
            partition: None,
            qualifier: qualifier.map(Into::into),
        })
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_qualifier())?;
        self.qualifier.iter().try_for_each(|qualifier| write!(f, ":{qualifier}"))
    }
}

fn is_word(text: &str, longest: usize) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= longest && text.bytes().all(is_allowed)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    Partition::of_region(text).is_some()
}

/// `$LATEST`, a number without a zero in front, or an alias, which is not a number.
fn is_qualifier(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match text {
        "$LATEST" | "$LATEST.PUBLISHED" => true,
        _ if is_number => is_word(text, LONGEST_QUALIFIER) && !text.starts_with('0'),
        _ => is_word(text, LONGEST_QUALIFIER),
    }
}

#[cfg(test)]
mod tests;
