//! `endpointConfig` of `endpoint_type: awslambda` (spec/03 §3.1).

use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};
use crate::secret::Secret;

/// Who calls the functions, and where they are. Empty texts count as absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LambdaConfig {
    /// Where it is.
    pub place: Place,
    /// `access_method`.
    pub access_method: Option<String>,
    /// `amznAccessKey`.
    pub access_key: Option<String>,
    /// `amznSecretKey`; the text that stands for an unchanged one is kept as it is.
    pub secret_key: Option<Secret>,
    /// `amznRegion`.
    pub region: Option<String>,
    /// `assume_role`.
    pub assumes_role: Option<bool>,
    /// `amznRoleArn`.
    pub role: Option<String>,
    /// `amznRoleSessionName`.
    pub role_session_name: Option<String>,
    /// `amznRoleRegion`.
    pub role_region: Option<String>,
    /// `x-weir-endpoint-url`.
    pub url: Option<String>,
}

impl LambdaConfig {
    /// What WSO2's portal shows in place of a secret key, and takes for an unchanged one.
    pub const UNCHANGED: &str = "AWS_SECRET_KEY";

    pub(super) fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Self {
        let mut word = |key: &str| at.get(key).word(found).filter(|text| !text.is_empty());
        Self {
            place: at.place(),
            access_method: word("access_method"),
            access_key: word("amznAccessKey"),
            region: word("amznRegion"),
            role: word("amznRoleArn"),
            role_session_name: word("amznRoleSessionName"),
            role_region: word("amznRoleRegion"),
            url: word("x-weir-endpoint-url"),
            secret_key: at.get("amznSecretKey").text(found).map(Secret::new),
            assumes_role: at.get("assume_role").flag(found),
        }
    }

    /// Where one of its keys is.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Place {
        self.place.deeper(key)
    }
}
