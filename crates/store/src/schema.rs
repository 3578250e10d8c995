//! The tables of the newest schema, for what concerns all of them: backups.

/// A table.
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// The columns that name a row, for a steady order.
    pub(crate) key: &'static str,
    /// All columns.
    pub(crate) columns: &'static [(&'static str, Kind)],
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Bytes,
}

use Kind::{Bytes, Number, Text};

const fn table(
    name: &'static str,
    key: &'static str,
    columns: &'static [(&'static str, Kind)],
) -> Table {
    Table { name, key, columns }
}

/// All tables; one that refers to another comes after it.
pub(crate) const TABLES: &[Table] = &[
    table(
        "organisations",
        "name",
        &[("name", Text), ("display_name", Text), ("created", Number), ("changes", Number)],
    ),
    table(
        "users",
        "organisation, name_key",
        &[
            ("organisation", Text),
            ("name_key", Text),
            ("name", Text),
            ("password", Text),
            ("roles", Text),
            ("failed", Number),
            ("locked_until", Number),
            ("must_change", Number),
            ("created", Number),
            ("updated", Number),
        ],
    ),
    table(
        "clients",
        "id",
        &[
            ("id", Text),
            ("organisation", Text),
            ("owner", Text),
            ("name", Text),
            ("secret", Bytes),
            ("grants", Text),
            ("callback", Text),
            ("created", Number),
        ],
    ),
    table(
        "tokens",
        "hash",
        &[
            ("hash", Text),
            ("kind", Text),
            ("client", Text),
            ("organisation", Text),
            ("username", Text),
            ("scopes", Text),
            ("family", Text),
            ("detail", Text),
            ("issued", Number),
            ("expires", Number),
        ],
    ),
    table(
        "apis",
        "id",
        &[
            ("id", Text),
            ("organisation", Text),
            ("name", Text),
            ("name_key", Text),
            ("version", Text),
            ("context", Text),
            ("context_key", Text),
            ("provider", Text),
            ("provider_key", Text),
            ("kind", Text),
            ("status", Text),
            ("created", Number),
            ("created_by", Text),
            ("updated", Number),
            ("updated_by", Text),
            ("etag", Number),
            ("last_revision", Number),
            ("summary", Text),
            ("description_key", Text),
            ("text_key", Text),
        ],
    ),
    table("api_contents", "api", &[("api", Text), ("content", Bytes)]),
    table("api_tags", "api, tag_key", &[("api", Text), ("tag_key", Text)]),
    table(
        "api_properties",
        "api, name_key",
        &[("api", Text), ("name_key", Text), ("value_key", Text)],
    ),
    table(
        "revisions",
        "id",
        &[
            ("id", Text),
            ("api", Text),
            ("number", Number),
            ("description", Text),
            ("created", Number),
            ("created_by", Text),
            ("content", Bytes),
        ],
    ),
    table(
        "deployments",
        "api, environment",
        &[
            ("api", Text),
            ("environment", Text),
            ("revision", Text),
            ("vhost", Text),
            ("on_devportal", Number),
            ("state", Text),
            ("reason", Text),
            ("deployed", Number),
            ("settled", Number),
        ],
    ),
    table(
        "transitions",
        "api, number",
        &[
            ("api", Text),
            ("number", Number),
            ("previous", Text),
            ("status", Text),
            ("username", Text),
            ("at", Number),
        ],
    ),
    table(
        "services",
        "id",
        &[
            ("id", Text),
            ("organisation", Text),
            ("service_key", Text),
            ("name", Text),
            ("name_key", Text),
            ("version", Text),
            ("description", Text),
            ("url", Text),
            ("kind", Text),
            ("security", Text),
            ("mutual_tls", Number),
            ("md5", Text),
            ("definition", Bytes),
            ("created", Number),
            ("created_by", Text),
            ("updated", Number),
            ("updated_by", Text),
            ("etag", Number),
        ],
    ),
    table("service_uses", "api", &[("api", Text), ("service", Text), ("md5", Text)]),
    table(
        "certificates",
        "organisation, api, alias",
        &[
            ("organisation", Text),
            ("api", Text),
            ("stage", Text),
            ("alias", Text),
            ("endpoint", Text),
            ("tier", Text),
            ("content", Bytes),
            ("created", Number),
            ("updated", Number),
        ],
    ),
    table(
        "policies",
        "id",
        &[
            ("id", Text),
            ("organisation", Text),
            ("api", Text),
            ("name", Text),
            ("version", Text),
            ("display_name", Text),
            ("md5", Text),
            ("content", Bytes),
            ("created", Number),
            ("updated", Number),
        ],
    ),
    table(
        "environments",
        "organisation, name",
        &[
            ("organisation", Text),
            ("name", Text),
            ("id", Text),
            ("kind", Text),
            ("detail", Text),
            ("created", Number),
            ("updated", Number),
        ],
    ),
    table(
        "settings",
        "organisation, name",
        &[("organisation", Text), ("name", Text), ("value", Bytes), ("updated", Number)],
    ),
    table(
        "audit",
        "number",
        &[
            ("number", Number),
            ("at", Number),
            ("actor", Text),
            ("organisation", Text),
            ("action", Text),
            ("kind", Text),
            ("object", Text),
            ("detail", Text),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables that a migration makes, with their columns, in lines.
    fn made(text: &str) -> String {
        let mut made = String::new();
        for line in text.lines() {
            let words: Vec<&str> = line.trim_end_matches(',').split_whitespace().collect();
            match words.as_slice() {
                ["CREATE", "TABLE", name, ..] => made.push_str(&format!("{name}:\n")),
                [column, kind @ ("TEXT" | "BIGINT" | "INTEGER" | "BLOB" | "BYTEA"), ..] => {
                    let kind = match *kind {
                        "TEXT" => Text,
                        "BLOB" | "BYTEA" => Bytes,
                        _ => Number,
                    };
                    made.push_str(&format!("  {column} {kind:?}\n"));
                }
                _ => {}
            }
        }
        made
    }

    #[test]
    fn it_is_what_the_migrations_make() {
        let mut listed = String::new();
        for table in TABLES {
            listed.push_str(&format!("{}:\n", table.name));
            for (column, kind) in table.columns {
                listed.push_str(&format!("  {column} {kind:?}\n"));
            }
        }
        assert_eq!(made(include_str!("../migrations/sqlite/0001_start.sql")), listed);
        assert_eq!(made(include_str!("../migrations/postgres/0001_start.sql")), listed);
    }
}
