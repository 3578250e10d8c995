//! Tokens are what the published keys say.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use testkit::{Issuer, TokenAlgorithm};

#[tokio::test]
async fn a_token_verifies_with_the_published_key() {
    let issuer = Issuer::start().await;
    let keys = testkit::get(&issuer.jwks_url()).await.unwrap().json();
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    assert_eq!(issuer.fetches(), 1);
    for algorithm in [TokenAlgorithm::Rs256, TokenAlgorithm::Es256] {
        let token = issuer.token_with(algorithm, json!({ "scope": "a b" }));
        let header = decode_header(&token).unwrap();
        let key = keys.find(&header.kid.unwrap()).unwrap();
        let mut rules = Validation::new(header.alg);
        rules.set_issuer(&[issuer.name()]);
        let claims: Value =
            decode(&token, &DecodingKey::from_jwk(key).unwrap(), &rules).unwrap().claims;
        assert_eq!((&claims["scope"], &claims["sub"]), (&json!("a b"), &json!("tester")));
    }
}

#[tokio::test]
async fn claims_can_be_replaced_and_left_out() {
    let issuer = Issuer::start().await;
    let token = issuer.token(json!({ "exp": null, "iss": "other" }));
    let mut rules = Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.required_spec_claims.clear();
    let key = DecodingKey::from_rsa_pem(issuer.public_key_pem().as_bytes()).unwrap();
    let claims: Value = decode(&token, &key, &rules).unwrap().claims;
    assert_eq!((claims.get("exp"), &claims["iss"]), (None, &json!("other")));
}
