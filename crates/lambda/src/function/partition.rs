//! The partitions of AWS: regions that share accounts, names and a domain.
//!
//! Read off the partitions that the SDKs ship. A region is known by the form of its name, so that
//! new ones need no change here.

use std::fmt;

/// Regions that share accounts, names and a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Partition {
    /// `aws`: the commercial regions.
    Aws,
    /// `aws-cn`: China.
    China,
    /// `aws-us-gov`: GovCloud.
    GovCloud,
    /// `aws-eusc`: the European Sovereign Cloud.
    EuropeanSovereign,
    /// `aws-iso`.
    Iso,
    /// `aws-iso-b`.
    IsoB,
    /// `aws-iso-e`.
    IsoE,
    /// `aws-iso-f`.
    IsoF,
}

/// Which of a region's hosts is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reach {
    /// One whose cryptography is validated (FIPS 140).
    pub is_fips: bool,
    /// One that has addresses of IPv6 too.
    pub is_dual_stack: bool,
}

/// A partition with its name, the beginnings of its regions, and its domains: plain and dual-stack.
type Row = (Partition, &'static str, &'static [&'static str], &'static str, &'static str);

/// Narrow beginnings come first: `us-gov-` before `us-`.
const TABLE: &[Row] = &[
    (Partition::China, "aws-cn", &["cn-"], "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    (Partition::GovCloud, "aws-us-gov", &["us-gov-"], "amazonaws.com", "api.aws"),
    (
        Partition::EuropeanSovereign,
        "aws-eusc",
        &["eusc-de-"],
        "amazonaws.eu",
        "api.amazonwebservices.eu",
    ),
    (Partition::Iso, "aws-iso", &["us-iso-"], "c2s.ic.gov", "api.aws.ic.gov"),
    (Partition::IsoB, "aws-iso-b", &["us-isob-"], "sc2s.sgov.gov", "api.aws.scloud"),
    (Partition::IsoE, "aws-iso-e", &["eu-isoe-"], "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    (Partition::IsoF, "aws-iso-f", &["us-isof-"], "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    (
        Partition::Aws,
        "aws",
        &["us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"],
        "amazonaws.com",
        "api.aws",
    ),
];

impl Partition {
    /// Reads the second part of an ARN.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == text).map(|row| row.0)
    }

    /// The partition of a region, if the text is the name of one.
    #[must_use]
    pub fn of_region(region: &str) -> Option<Self> {
        TABLE.iter().find_map(|(partition, _, beginnings, ..)| {
            let rest = |beginning: &&str| region.strip_prefix(*beginning);
            beginnings.iter().find_map(rest).filter(|rest| is_place(rest)).map(|_| *partition)
        })
    }

    /// The name in ARNs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("aws", |row| row.1)
    }

    /// The host of a service (`lambda`, `sts`) in one of its regions.
    #[must_use]
    pub fn host(self, service: &str, region: &str, reach: Reach) -> String {
        let (plain, dual) = self.row().map_or(("amazonaws.com", "api.aws"), |row| (row.3, row.4));
        let domain = if reach.is_dual_stack { dual } else { plain };
        let fips = if reach.is_fips { "-fips" } else { "" };
        format!("{service}{fips}.{region}.{domain}")
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.0 == self)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `west-1`: a word and a number.
fn is_place(text: &str) -> bool {
    let Some((word, number)) = text.split_once('-') else { return false };
    let is_number = !number.is_empty() && number.len() <= 2;
    is_number
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !word.is_empty()
        && word.len() <= 20
        && word.bytes().all(|byte| byte.is_ascii_lowercase())
}
