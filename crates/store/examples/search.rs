//! How long lists and searches take among many APIs. Give the folder for SQLite's file, or the URL of
//! an empty PostgreSQL database, and the number of APIs.
#![allow(clippy::print_stdout, reason = "it prints what it measures")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use model::secret::seal::{Keyring, new_key};
use model::{Files, Secret};
use store::{ApiFace, ApiSort, Doer, NewApi, Order, Page, Query, Sealer, Store, StoreConfig};

const ORGANISATION: &str = "carbon.super";
const QUERIES: &[&str] = &[
    "",
    "api 77",
    "name:\"api 7777\" version:\"1.0\"",
    "status:PUBLISHED",
    "tags:tag-3",
    "region:eu description:orders",
    "nothing-has-this",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().ok_or("give a folder or a URL")?;
    let count: usize = arguments.next().map_or(Ok(10_000), |count| count.parse())?;
    let config = if place.contains("://") {
        StoreConfig::Postgres { url: Secret::new(place) }
    } else {
        StoreConfig::Sqlite { path: PathBuf::from(place).join("weir.db") }
    };
    let sealer = Sealer::new(Keyring::parse(&new_key()?)?)?;
    let store = Store::open(&config, sealer).await?;
    let start = Instant::now();
    fill(&store, count).await?;
    println!("{count} APIs created in {:.1?}", start.elapsed());
    for query in QUERIES {
        for (sort, offset) in [(ApiSort::Created, 0), (ApiSort::Name, 0), (ApiSort::Name, 5000)] {
            let parsed = Query::parse(query)?;
            let page = Page { limit: 25, offset };
            let mut times = Vec::new();
            let mut total = 0;
            for _ in 0..20 {
                let start = Instant::now();
                let order = (sort, Order::Descending);
                total = store.apis(ORGANISATION, &parsed, order, page).await?.total;
                times.push(start.elapsed());
            }
            times.sort();
            let (median, worst) = (times[10], times[19]);
            println!(
                "{query:?} {sort:?} +{offset}: {total} found, {median:.1?}, {worst:.1?} worst"
            );
        }
    }
    Ok(())
}

async fn fill(store: &Store, count: usize) -> Result<(), Box<dyn Error>> {
    let doer = |at| Doer { name: "admin".into(), organisation: ORGANISATION.into(), at };
    let mut changes = store.change(doer(0)).await?;
    changes.create_organisation(ORGANISATION, "Super").await?;
    changes.commit().await?;
    let mut files = Files::new();
    files.insert("api.yaml", vec![b'x'; 8192])?;
    for number in 0..count {
        let mut changes = store.change(doer(i64::try_from(number)?)).await?;
        changes.create_api(&api(number), &files).await?;
        changes.commit().await?;
    }
    Ok(())
}

fn api(number: usize) -> NewApi {
    let published = number.is_multiple_of(3);
    NewApi {
        id: format!("id-{number:08}"),
        name: format!("API {number}"),
        version: "1.0".into(),
        context: format!("/api/{number}"),
        provider: "admin".into(),
        kind: "HTTP".into(),
        status: if published { "PUBLISHED" } else { "CREATED" }.into(),
        face: ApiFace {
            description: format!("An API about orders and menus, number {number}. ").repeat(4),
            tags: vec![format!("tag-{}", number % 100), "all".into()],
            properties: vec![("region".into(), ["eu", "us"][number % 2].into())],
            summary: format!("{{\"displayName\":\"API {number}\",\"hasThumbnail\":false}}"),
        },
    }
}
