//! Users. Names count without their case, as WSO2's do.

use model::Secret;
use sqlx::any::AnyRow;

use crate::changes::Changes;
use crate::error::{Conflict, StoreError, Thing};
use crate::list;
use crate::page::{Listed, Page, total};
use crate::sql::{Columns as _, sql};
use crate::store::Store;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name as it was given.
    pub name: String,
    /// The hash of the password: a text that only the caller understands (argon2's).
    pub password: Secret,
    /// The roles.
    pub roles: Vec<String>,
    /// Wrong passwords since the last right one.
    pub failed: i64,
    /// No password is right before this time, in milliseconds since 1970.
    pub locked_until: i64,
    /// Whether nothing but a change of the password is allowed.
    pub must_change: bool,
    /// When the user was created, in milliseconds since 1970.
    pub created: i64,
}

/// A user that is to be created; the organisation is the doer's.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name.
    pub name: String,
    /// The hash of the password.
    pub password: Secret,
    /// The roles.
    pub roles: Vec<String>,
    /// Whether nothing but a change of the password is allowed.
    pub must_change: bool,
}

/// When wrong passwords lock a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// How many, one after the other.
    pub after: i64,
    /// For how long, in milliseconds.
    pub milliseconds: i64,
}

impl Store {
    /// A user.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn user(&self, organisation: &str, name: &str) -> Result<Option<User>, StoreError> {
        let mut connection = self.reader().await?;
        let statement = sql("SELECT * FROM users WHERE organisation = $1 AND name_key = $2");
        let statement = statement.text(organisation).text(name.to_lowercase());
        statement.first(&mut connection).await?.as_ref().map(read).transpose()
    }

    /// The users of an organisation by name, a page of them.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn users(&self, organisation: &str, page: Page) -> Result<Listed<User>, StoreError> {
        let mut connection = self.reader().await?;
        let counted = sql("SELECT COUNT(*) AS total FROM users WHERE organisation = $1");
        let counted = counted.text(organisation).first(&mut connection).await?;
        let found = counted.map_or(Ok(0), |row| row.number("total"))?;
        let statement = sql("SELECT * FROM users WHERE organisation = $1 ORDER BY name_key \
                             LIMIT $2 OFFSET $3");
        let statement = statement.text(organisation).number(page.limit.into());
        let rows = statement.number(page.offset.into()).all(&mut connection).await?;
        let items = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: total(found) })
    }
}

impl Changes {
    /// Creates a user.
    ///
    /// # Errors
    ///
    /// The name is taken; or the database fails, also where there is no such organisation.
    pub async fn create_user(&mut self, user: &NewUser) -> Result<(), StoreError> {
        let statement = sql("INSERT INTO users (organisation, name_key, name, password, roles, \
             failed, locked_until, must_change, created, updated) \
             VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $7) \
             ON CONFLICT (organisation, name_key) DO NOTHING")
        .text(self.organisation())
        .text(user.name.to_lowercase())
        .text(&user.name)
        .text(user.password.expose())
        .text(list::write(&user.roles))
        .flag(user.must_change)
        .number(self.at());
        if self.run(statement).await? == 0 {
            return Err(Conflict::Exists(Thing::User).into());
        }
        self.record("create", Thing::User, &user.name, user.roles.join(", ")).await
    }

    /// Gives a user another password, which also ends a lock.
    ///
    /// # Errors
    ///
    /// No such user, or the database fails.
    pub async fn set_password(
        &mut self,
        name: &str,
        password: &Secret,
        must_change: bool,
    ) -> Result<(), StoreError> {
        let statement = sql("UPDATE users SET password = $1, must_change = $2, failed = 0, \
             locked_until = 0, updated = $3 WHERE organisation = $4 AND name_key = $5")
        .text(password.expose())
        .flag(must_change)
        .number(self.at())
        .text(self.organisation())
        .text(name.to_lowercase());
        self.run_one(statement, Thing::User).await?;
        self.record("set password", Thing::User, name, "").await
    }

    /// Gives a user other roles.
    ///
    /// # Errors
    ///
    /// No such user, or the database fails.
    pub async fn set_roles(&mut self, name: &str, roles: &[String]) -> Result<(), StoreError> {
        let statement = sql("UPDATE users SET roles = $1, updated = $2 \
                             WHERE organisation = $3 AND name_key = $4")
        .text(list::write(roles))
        .number(self.at())
        .text(self.organisation())
        .text(name.to_lowercase());
        self.run_one(statement, Thing::User).await?;
        self.record("set roles", Thing::User, name, roles.join(", ")).await
    }

    /// Counts a wrong password, locks the user where it was one too many, and tells until when the user
    /// is locked. After a lock has ended, one more wrong password locks again.
    ///
    /// # Errors
    ///
    /// No such user, or the database fails.
    pub async fn note_failed_login(
        &mut self,
        name: &str,
        lockout: Lockout,
    ) -> Result<i64, StoreError> {
        let statement = sql("UPDATE users SET failed = failed + 1, \
             locked_until = CASE WHEN failed + 1 >= $1 THEN $2 ELSE locked_until END \
             WHERE organisation = $3 AND name_key = $4 RETURNING failed, locked_until")
        .number(lockout.after)
        .number(self.at().saturating_add(lockout.milliseconds))
        .text(self.organisation())
        .text(name.to_lowercase());
        let row = self.run_first(statement).await?.ok_or(StoreError::Missing(Thing::User))?;
        let detail = format!("{} in a row", row.number("failed")?);
        self.record("fail to log in", Thing::User, name, detail).await?;
        row.number("locked_until")
    }

    /// Forgets wrong passwords, after a right one.
    ///
    /// # Errors
    ///
    /// No such user, or the database fails.
    pub async fn note_login(&mut self, name: &str) -> Result<(), StoreError> {
        let statement = sql("UPDATE users SET failed = 0, locked_until = 0 \
                             WHERE organisation = $1 AND name_key = $2");
        let statement = statement.text(self.organisation()).text(name.to_lowercase());
        self.run_one(statement, Thing::User).await?;
        self.record("log in", Thing::User, name, "").await
    }

    /// Deletes a user with all tokens of theirs.
    ///
    /// # Errors
    ///
    /// No such user, or the database fails.
    pub async fn delete_user(&mut self, name: &str) -> Result<(), StoreError> {
        let statement = sql("DELETE FROM users WHERE organisation = $1 AND name_key = $2");
        let statement = statement.text(self.organisation()).text(name.to_lowercase());
        self.run_one(statement, Thing::User).await?;
        let statement = sql("DELETE FROM tokens WHERE organisation = $1 AND username = $2");
        let statement = statement.text(self.organisation()).text(name.to_lowercase());
        self.run(statement).await?;
        self.record("delete", Thing::User, name, "").await
    }
}

fn read(row: &AnyRow) -> Result<User, StoreError> {
    Ok(User {
        name: row.text("name")?,
        password: Secret::new(row.text("password")?),
        roles: list::read(&row.text("roles")?)?,
        failed: row.number("failed")?,
        locked_until: row.number("locked_until")?,
        must_change: row.flag("must_change")?,
        created: row.number("created")?,
    })
}
