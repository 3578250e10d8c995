//! Credentials as text: who calls, never what proves it.

use std::fmt::{self, Display, Formatter};

use super::line;
use crate::plan::{ClientProof, Credentials, Grant, OAuthPlan, TokenProxy};

impl Display for Credentials {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic(account) => line(f, "credentials", format!("basic, {}", account.username)),
            Self::Digest(account) => {
                line(f, "credentials", format!("digest, {}", account.username))
            }
            Self::HeaderKey { name, .. } => line(f, "credentials", format!("key in header {name}")),
            Self::QueryKey { name, .. } => line(f, "credentials", format!("key in query {name}")),
            Self::OAuth(plan) => write!(f, "{plan}"),
            Self::Aws(plan) => write!(f, "{plan}"),
        }
    }
}

impl Display for OAuthPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        line(f, "credentials", format!("token from {}", self.token_url))?;
        let grant = match &self.grant {
            Grant::ClientCredentials => "client credentials".to_owned(),
            Grant::Password(account) => format!("password of {}", account.username),
            Grant::Exchange { subject_token_type, .. } => {
                format!("exchange of {subject_token_type}")
            }
        };
        line(f, "grant", grant)?;
        let proof = match &self.client.proof {
            ClientProof::Basic(_) => "secret in a header".to_owned(),
            ClientProof::Body(_) => "secret in the body".to_owned(),
            ClientProof::SecretJwt { algorithm, .. } => format!("secret, signing {algorithm:?}"),
            ClientProof::KeyJwt { algorithm, .. } => format!("key, signing {algorithm:?}"),
            ClientProof::Certificate => "certificate".to_owned(),
        };
        line(f, "client", format!("{}, {proof}", self.client.id))?;
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name.clone()).collect();
        line(f, "parameters", super::list(&names, "none"))?;
        let time = |time: Option<std::time::Duration>| {
            time.map_or("global".to_owned(), |time| format!("{} ms", time.as_millis()))
        };
        let network = &self.network;
        let (connect, turn) = (time(network.connect), time(network.turn));
        let answer = time(network.answer);
        line(f, "token times", format!("connect {connect}, turn {turn}, answer {answer}"))?;
        match &network.proxy {
            TokenProxy::Global => line(f, "token proxy", "global"),
            TokenProxy::None => line(f, "token proxy", "none"),
            TokenProxy::Own { host, port, account } => {
                let user = account.as_ref().map_or("nobody", |account| &account.username);
                line(f, "token proxy", format!("{host}:{port} as {user}"))
            }
        }
    }
}
