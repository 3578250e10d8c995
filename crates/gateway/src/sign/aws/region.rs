//! The region that the environment names.

use std::path::PathBuf;

use crate::config::aws::AwsEnvironment;

/// The longest configuration file that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// `AWS_REGION`, `AWS_DEFAULT_REGION`, or the `region` of the profile in the shared configuration
/// file. Nobody is asked over a network.
pub(crate) fn region_of_profile(environment: &AwsEnvironment) -> Option<String> {
    let named = ["AWS_REGION", "AWS_DEFAULT_REGION"];
    if let Some(region) = named.iter().find_map(|name| environment.get(name)) {
        return Some(region.to_owned());
    }
    let file = match environment.get("AWS_CONFIG_FILE") {
        Some(file) => PathBuf::from(file),
        None => PathBuf::from(environment.get("HOME")?).join(".aws/config"),
    };
    let is_short = std::fs::metadata(&file).is_ok_and(|file| file.len() <= LONGEST);
    let text = is_short.then(|| std::fs::read_to_string(&file).ok()).flatten()?;
    let profile = environment.get("AWS_PROFILE").unwrap_or("default");
    of_profile(&text, profile)
}

/// The `region` of a profile. The section of the default one may be without the word `profile`.
fn of_profile(text: &str, profile: &str) -> Option<String> {
    let mut is_inside = false;
    let mut region = None;
    for line in text.lines() {
        if let Some(header) = line.trim().strip_prefix('[') {
            let name = header.split(']').next().unwrap_or_default().trim();
            let bare = name.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t']));
            is_inside = match bare {
                Some(bare) => bare.trim() == profile,
                None => name == "default" && profile == "default",
            };
        } else if is_inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "region"
        {
            region = Some(value.trim().to_owned());
        }
    }
    region.filter(|region| !region.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_of_a_profile_is_read() {
        let text = "[default]\nregion = eu-west-1\n\n[profile dev]\n# region = x\nregion=eu-west-3\n\
                    s3 =\n  region = nested\n[sso-session dev]\nregion = us-east-1\n";
        assert_eq!(of_profile(text, "default").as_deref(), Some("eu-west-1"));
        assert_eq!(of_profile(text, "dev").as_deref(), Some("eu-west-3"));
        assert_eq!(of_profile(text, "other"), None);
    }

    #[test]
    fn variables_win_over_files() {
        let environment = |pairs: &[(&str, &str)]| {
            AwsEnvironment::of(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))
        };
        let both = [("AWS_DEFAULT_REGION", "eu-west-2"), ("AWS_REGION", "eu-west-1")];
        assert_eq!(region_of_profile(&environment(&both)).as_deref(), Some("eu-west-1"));
        let empty = [("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "eu-west-2")];
        assert_eq!(region_of_profile(&environment(&empty)).as_deref(), Some("eu-west-2"));
        assert_eq!(region_of_profile(&environment(&[])), None);
    }
}
