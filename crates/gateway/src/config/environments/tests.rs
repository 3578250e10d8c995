#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use settings::Variables;

use super::*;
use crate::config::overrides::Overrides;
use crate::config::read::gateway_config;

const TEXT: &str = "\
[[apim.gateway.environment]]
name = 'Default'
https_endpoint = 'https://sandbox.example.com'
[[apim.gateway.environment]]
name = 'Live'
type = 'production'
http_endpoint = 'http://gw.example.com'
https_endpoint = 'https://gw.example.com'
password = 'topsecret'
";

fn read(text: &str) -> (GatewayConfig, Settings) {
    let (settings, _) = Settings::read(text, "d.toml", &Variables::default());
    let (config, diagnostics) = gateway_config(&settings, &Overrides::default());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    (config, settings)
}

#[test]
fn the_text_names_hosts_urls_and_origins() {
    let (config, settings) = read(TEXT);
    let expected = "\
Default
  advertised   https://sandbox.example.com
  type         hybrid  — default
  gateway      Regular  — default
  provider     wso2  — default
  shown as     Default  — default
  in console   true  — default
  https        https://sandbox.example.com  — d.toml:3
  host         sandbox.example.com
               https://sandbox.example.com
               http://sandbox.example.com:80

Live  (gateway endpoint)  (not served here)
  advertised   https://gw.example.com
  type         production  — d.toml:6
  gateway      Regular  — default
  provider     wso2  — default
  shown as     Live  — default
  in console   true  — default
  https        https://gw.example.com  — d.toml:8
  http         http://gw.example.com  — d.toml:7
  host         gw.example.com
               https://gw.example.com
               http://gw.example.com

";
    assert_eq!(environments_text(&config, &settings), expected);
}

#[test]
fn the_json_says_the_same() {
    let (config, settings) = read(TEXT);
    let json = environments_json(&config, &settings);
    assert_eq!(json["gatewayEnvironment"], "Live");
    assert_eq!(json["gatewayEndpoint"], "https://gw.example.com");
    let live = &json["environments"][1];
    assert_eq!(live["gatewayEndpoint"], true);
    assert_eq!(live["served"], false);
    assert_eq!(live["settings"]["type"]["value"], "production");
    assert_eq!(live["settings"]["type"]["origin"], "d.toml:6");
    assert_eq!(live["virtualHosts"][0]["host"], "gw.example.com");
    assert!(!json.to_string().contains("topsecret"));
}

#[test]
fn the_built_in_environment_comes_from_the_defaults() {
    let (config, settings) = read("");
    let text = environments_text(&config, &settings);
    assert!(text.starts_with("Default  (gateway endpoint)\n"), "{text}");
    assert!(text.contains("https        https://localhost:8243  — default"), "{text}");
}
