//! Lists of services.

use super::{Service, read};
use crate::api::Order;
use crate::error::StoreError;
use crate::page::{Listed, Page, total};
use crate::sql::{Columns as _, Sql, escaped, sql};
use crate::store::Store;

/// Which services a list holds; `None` holds for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceFilter {
    /// A part of the name, without its case.
    pub name: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The kind of the definition.
    pub kind: Option<String>,
    /// The key.
    pub key: Option<String>,
}

/// What a list of services is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServiceSort {
    /// The name without its case, then the version.
    #[default]
    Name,
    /// The time when they were created.
    Created,
}

/// The columns of a row without the definition, which is large.
const COLUMNS: &str = "SELECT id, service_key, name, version, description, url, kind, security, \
    mutual_tls, md5, created, created_by, updated, updated_by, etag FROM services";

impl Store {
    /// The services that a filter holds for, a page of them.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn services(
        &self,
        organisation: &str,
        filter: &ServiceFilter,
        (sort, order): (ServiceSort, Order),
        page: Page,
    ) -> Result<Listed<Service>, StoreError> {
        let mut connection = self.reader().await?;
        let counted = restrict(sql("SELECT COUNT(*) AS total FROM services"), organisation, filter);
        let counted = counted.first(&mut connection).await?;
        let found = counted.map_or(Ok(0), |row| row.number("total"))?;
        let sorting = match (sort, order) {
            (ServiceSort::Name, Order::Ascending) => " ORDER BY name_key, version",
            (ServiceSort::Name, Order::Descending) => " ORDER BY name_key DESC, version DESC",
            (ServiceSort::Created, Order::Ascending) => " ORDER BY created, id",
            (ServiceSort::Created, Order::Descending) => " ORDER BY created DESC, id DESC",
        };
        let listed = restrict(sql(COLUMNS), organisation, filter).then(sorting);
        let listed = listed.then(" LIMIT ").then_number(page.limit.into());
        let listed = listed.then(" OFFSET ").then_number(page.offset.into());
        let rows = listed.all(&mut connection).await?;
        let items = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: total(found) })
    }
}

fn restrict(statement: Sql, organisation: &str, filter: &ServiceFilter) -> Sql {
    let mut statement = statement.then(" WHERE organisation = ").then_text(organisation);
    if let Some(name) = &filter.name {
        let pattern = format!("%{}%", escaped(&name.to_lowercase()));
        statement = statement.then(" AND name_key LIKE ").then_text(pattern).then(" ESCAPE '\\'");
    }
    let exact = [
        (" AND version = ", &filter.version),
        (" AND kind = ", &filter.kind),
        (" AND service_key = ", &filter.key),
    ];
    for (text, value) in exact {
        if let Some(value) = value {
            statement = statement.then(text).then_text(value.as_str());
        }
    }
    statement
}
