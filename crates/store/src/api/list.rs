//! Lists and searches of APIs.

use super::{Api, read};
use crate::error::StoreError;
use crate::page::{Listed, Page, total};
use crate::query::{Field, Query, Term};
use crate::sql::{Columns as _, Sql, sql};
use crate::store::Store;

/// What a list of APIs is sorted by (`sortBy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiSort {
    /// `createdTime`.
    #[default]
    Created,
    /// `apiName`: by name without its case, then by version.
    Name,
    /// `version`, as text.
    Version,
    /// `status`.
    Status,
}

/// The direction of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The smallest first.
    Ascending,
    /// The largest first.
    #[default]
    Descending,
}

impl Store {
    /// The APIs that a query holds for, a page of them. The order is complete, so that pages neither
    /// overlap nor leave gaps while nobody writes.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn apis(
        &self,
        organisation: &str,
        query: &Query,
        (sort, order): (ApiSort, Order),
        page: Page,
    ) -> Result<Listed<Api>, StoreError> {
        let mut connection = self.reader().await?;
        let listed = restrict(sql("SELECT a.* FROM apis a "), organisation, query);
        let listed = listed.then(sorting(sort, order)).then(" LIMIT ");
        let listed = listed.then_number(page.limit.into()).then(" OFFSET ");
        let rows = listed.then_number(page.offset.into()).all(&mut connection).await?;
        let items: Vec<Api> = rows.iter().map(read).collect::<Result<_, _>>()?;
        if let Some(total) = page.total_at_end(items.len()) {
            return Ok(Listed { items, total });
        }
        let counted = sql("SELECT COUNT(*) AS total FROM apis a ");
        let row = restrict(counted, organisation, query).first(&mut connection).await?;
        let found = row.map_or(Ok(0), |row| row.number("total"))?;
        Ok(Listed { items, total: total(found) })
    }
}

fn sorting(sort: ApiSort, order: Order) -> &'static str {
    match (sort, order) {
        (ApiSort::Created, Order::Ascending) => " ORDER BY a.created, a.id",
        (ApiSort::Created, Order::Descending) => " ORDER BY a.created DESC, a.id DESC",
        (ApiSort::Name, Order::Ascending) => " ORDER BY a.name_key, a.version",
        (ApiSort::Name, Order::Descending) => " ORDER BY a.name_key DESC, a.version DESC",
        (ApiSort::Version, Order::Ascending) => " ORDER BY a.version, a.id",
        (ApiSort::Version, Order::Descending) => " ORDER BY a.version DESC, a.id DESC",
        (ApiSort::Status, Order::Ascending) => " ORDER BY a.status, a.id",
        (ApiSort::Status, Order::Descending) => " ORDER BY a.status DESC, a.id DESC",
    }
}

fn restrict(statement: Sql, organisation: &str, query: &Query) -> Sql {
    let statement = statement.then("WHERE a.organisation = ").then_text(organisation);
    query.terms.iter().fold(statement, |statement, term| condition(statement.then(" AND "), term))
}

fn condition(statement: Sql, term: &Term) -> Sql {
    match &term.field {
        Field::Any => {
            let pattern =
                if term.is_exact { format!("%\n{}\n%", term.pattern()) } else { term.pattern() };
            statement.then("a.text_key LIKE ").then_text(pattern).then(" ESCAPE '\\'")
        }
        Field::Name => holds(statement, "a.name_key", term),
        Field::Version => holds(statement, "lower(a.version)", term),
        Field::Context => holds(statement, "a.context_key", term),
        Field::Provider => holds(statement, "a.provider_key", term),
        Field::Status => holds(statement, "lower(a.status)", term),
        Field::Kind => holds(statement, "lower(a.kind)", term),
        Field::Description => holds(statement, "a.description_key", term),
        Field::Tag => tagged(statement, term),
        Field::AnyProperty => {
            let statement =
                statement.then("EXISTS (SELECT 1 FROM api_properties p WHERE p.api = a.id AND ");
            holds(statement, "p.value_key", term).then(")")
        }
        Field::Property(name) => {
            let statement = statement
                .then("EXISTS (SELECT 1 FROM api_properties p WHERE p.api = a.id AND p.name_key = ")
                .then_text(name.as_str())
                .then(" AND ");
            holds(statement, "p.value_key", term).then(")")
        }
    }
}

fn tagged(statement: Sql, term: &Term) -> Sql {
    let statement = statement.then("EXISTS (SELECT 1 FROM api_tags t WHERE t.api = a.id AND ");
    holds(statement, "t.tag_key", term).then(")")
}

fn holds(statement: Sql, column: &'static str, term: &Term) -> Sql {
    let statement = statement.then(column);
    if term.is_exact {
        return statement.then(" = ").then_text(term.value.as_str());
    }
    statement.then(" LIKE ").then_text(term.pattern()).then(" ESCAPE '\\'")
}
