#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use super::*;

const FILE: &str = r#"<?xml version="1.0"?>
<!-- as WSO2 writes it -->
<parameter name="customSSLProfiles">
  <profile>
    <servers>a.test:8443, b.test:443</servers>
    <TrustStore><Location>conf/trust.pem</Location><Type>PEM</Type></TrustStore>
    <KeyStore>
      <Location>client.p12</Location><Type>PKCS12</Type><Password>a&amp;b&#33;</Password>
      <KeyPassword>a&amp;b&#33;</KeyPassword>
    </KeyStore>
  </profile>
  <profile><servers>*</servers><KeyStore><Location>x.jks</Location></KeyStore></profile>
</parameter>"#;

fn read(text: &str) -> Result<Vec<TlsProfile>, String> {
    let (file, home) = (Path::new("f.xml"), Path::new("/home"));
    parse(text)?.iter().map(|texts| profile(texts, file, home)).collect()
}

#[test]
fn profiles_are_read_as_wso2_writes_them() {
    let profiles = read(FILE).unwrap();
    let patterns = |texts: &[&str]| {
        texts.iter().filter_map(|text| ServerPattern::parse(text)).collect::<Vec<_>>()
    };
    let file = "/home/repository/resources/security/client.p12".into();
    let expected = TlsProfile {
        servers: patterns(&["a.test:8443", "b.test:443"]),
        identity: Some(crate::config::KeyFiles::Pkcs12 {
            file,
            password: Secret("a&b!".to_owned()),
            alias: None,
        }),
        roots: ProfileRoots::Pem("/home/conf/trust.pem".into()),
    };
    assert_eq!(profiles[0], expected);
    assert_eq!((&profiles[1].identity, &profiles[1].roots), (&None, &ProfileRoots::General));
}

#[test]
fn what_is_no_file_of_profiles_is_told() {
    for (text, told) in [
        ("<parameter><profile></parameter>", "broken"),
        ("<parameter><profile>", "early"),
        ("<parameter><profile/><profile></profile></parameter>", "names no <servers>"),
        ("<p><profile><servers>a b</servers></profile></p>", "no host:port"),
        ("<!DOCTYPE p []><p/>", "DOCTYPE"),
        ("<p><profile><servers>&x;</servers></profile></p>", "entity"),
    ] {
        let problem = read(text).unwrap_err();
        assert!(problem.contains(told), "{text}: {problem}");
    }
}
