//! Tokens and codes. Only their SHA-256 is stored: whoever reads the database cannot use them. They
//! are long and random, so nothing slower is needed.

use aws_lc_rs::digest::{SHA256, digest};
use model::Secret;
use sqlx::any::AnyRow;

use crate::changes::Changes;
use crate::error::{Conflict, StoreError, Thing};
use crate::list;
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is good for.
    pub kind: TokenKind,
    /// The id of the client that it was given to.
    pub client: String,
    /// The organisation of the user.
    pub organisation: String,
    /// The user in lower case; empty where the client acts for itself.
    pub user: String,
    /// The scopes.
    pub scopes: Vec<String>,
    /// What tokens of one login have in common, so that they are revoked together.
    pub family: String,
    /// More that belongs to it, such as the challenge of a code: a text of the caller's, in clear.
    pub detail: String,
    /// When it was given, in milliseconds since 1970.
    pub issued: i64,
    /// When it ends, in milliseconds since 1970.
    pub expires: i64,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Calls.
    Access,
    /// Other tokens, once.
    Refresh,
    /// The first tokens after a login in a browser, once.
    Code,
}

impl TokenKind {
    const ALL: [Self; 3] = [Self::Access, Self::Refresh, Self::Code];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Code => "code",
        }
    }
}

impl Store {
    /// A token that has not ended at `now`, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn token(
        &self,
        kind: TokenKind,
        token: &Secret,
        now: i64,
    ) -> Result<Option<Token>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM tokens WHERE hash = $1 AND kind = $2 AND expires > $3");
        let statement = statement.text(hash(token)).text(kind.as_str()).number(now);
        statement.first(&mut connection).await?.as_ref().map(read).transpose()
    }
}

impl Changes {
    /// Keeps a token that is given out. Whose it is, is in `about`.
    ///
    /// # Errors
    ///
    /// The token is there already; or the database fails, also where there is no such client.
    pub async fn issue_token(&mut self, token: &Secret, about: &Token) -> Result<(), StoreError> {
        let statement = sql("INSERT INTO tokens (hash, kind, client, organisation, username, \
             scopes, family, detail, issued, expires) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (hash) DO NOTHING")
        .text(hash(token))
        .text(about.kind.as_str())
        .text(&about.client)
        .text(&about.organisation)
        .text(about.user.to_lowercase())
        .text(list::write(&about.scopes))
        .text(&about.family)
        .text(&about.detail)
        .number(about.issued)
        .number(about.expires);
        if self.run(statement).await? == 0 {
            return Err(Conflict::Exists(Thing::Token).into());
        }
        let detail = format!("{} for {}", about.kind.as_str(), about.user);
        self.record("issue", Thing::Token, &about.client, detail).await
    }

    /// Takes a token that may be used once; of several who try at the same time, one gets it.
    ///
    /// # Errors
    ///
    /// No such token, or one that has ended; or the database fails.
    pub async fn take_token(
        &mut self,
        kind: TokenKind,
        token: &Secret,
    ) -> Result<Token, StoreError> {
        let statement = sql("DELETE FROM tokens WHERE hash = $1 AND kind = $2 AND expires > $3 \
                             RETURNING *");
        let statement = statement.text(hash(token)).text(kind.as_str()).number(self.at());
        let row = self.run_first(statement).await?.ok_or(StoreError::Missing(Thing::Token))?;
        let token = read(&row)?;
        let detail = format!("{} for {}", kind.as_str(), token.user);
        self.record("use", Thing::Token, &token.client, detail).await?;
        Ok(token)
    }

    /// Revokes all tokens of a login, and tells how many there were.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn revoke_tokens(&mut self, client: &str, family: &str) -> Result<u64, StoreError> {
        let statement = sql("DELETE FROM tokens WHERE client = $1 AND family = $2");
        let revoked = self.run(statement.text(client).text(family)).await?;
        self.record("revoke", Thing::Token, client, revoked.to_string()).await?;
        Ok(revoked)
    }

    /// Deletes the tokens that have ended, and tells how many there were.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn purge_tokens(&mut self) -> Result<u64, StoreError> {
        let statement = sql("DELETE FROM tokens WHERE expires <= $1").number(self.at());
        let purged = self.run(statement).await?;
        self.record("purge", Thing::Token, "", purged.to_string()).await?;
        Ok(purged)
    }
}

fn hash(token: &Secret) -> String {
    hex(digest(&SHA256, token.expose().as_bytes()).as_ref())
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(row: &AnyRow) -> Result<Token, StoreError> {
    let kind = row.text("kind")?;
    let kind = TokenKind::ALL.into_iter().find(|known| known.as_str() == kind);
    Ok(Token {
        kind: kind.ok_or_else(|| StoreError::Damaged("the kind of a token".into()))?,
        client: row.text("client")?,
        organisation: row.text("organisation")?,
        user: row.text("username")?,
        scopes: list::read(&row.text("scopes")?)?,
        family: row.text("family")?,
        detail: row.text("detail")?,
        issued: row.number("issued")?,
        expires: row.number("expires")?,
    })
}
