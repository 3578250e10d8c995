//! Lists and searches.

use store::{ApiSort, Order, Page, Query, Store};

use crate::engines::{Database, on_each};
use crate::fixture::{ORGANISATION, api, change, files, organisation};

const ALL: Page = Page { limit: 100, offset: 0 };

/// Four APIs, with what can be searched.
async fn menu(store: &Store) {
    organisation(store).await;
    let mut changes = change(store, 10).await;
    let rows = [
        ("1", "PizzaShack", "1.0.0", "PUBLISHED", "Menu & orders", "food", "eu"),
        ("2", "PizzaShack", "2.0.0", "CREATED", "Menu, 100% new", "food", "us"),
        ("3", "Ölmühle", "1.0.0", "PUBLISHED", "Oil_mill", "Food Industry", "eu"),
        ("4", "weather", "v1", "BLOCKED", "It's \"sunny\"; \\ DROP", "air", "eu"),
    ];
    for (id, name, version, status, description, tag, region) in rows {
        let mut api = api(id, name, version);
        api.status = status.into();
        api.face.description = description.into();
        api.face.tags = vec![tag.into(), "All".into()];
        api.face.properties = vec![("Region".into(), region.into())];
        if id == "4" {
            api.kind = "SOAP".into();
        }
        changes.create_api(&api, &files(id)).await.unwrap();
    }
    changes.commit().await.unwrap();
}

async fn found(store: &Store, query: &str) -> String {
    let query = Query::parse(query).unwrap();
    let order = (ApiSort::Created, Order::Ascending);
    let listed = store.apis(ORGANISATION, &query, order, ALL).await.unwrap();
    assert_eq!(listed.total, listed.items.len() as u64);
    listed.items.iter().map(|api| api.id.as_str()).collect()
}

#[test]
fn terms_find_what_they_say() {
    on_each(async |database: Database| {
        let store = database.open().await;
        menu(&store).await;
        for (query, expect) in [
            ("", "1234"),
            ("pizza", "12"),
            ("PIZZA 2.0", "2"),
            ("name:\"PizzaShack\" version:\"1.0.0\" provider:\"admin\"", "1"),
            ("name:\"Pizza\"", ""),
            ("name:ÖL", "3"),
            ("version:1.0", "13"),
            ("status:published", "13"),
            ("status:\"PUBLISHED\"", "13"),
            ("type:SOAP", "4"),
            ("tags:food", "123"),
            ("tag:\"food\"", "12"),
            ("\"food industry\"", "3"),
            ("context:weather", "4"),
            ("context:\"weather\"", "4"),
            ("description:menu", "12"),
            ("region:eu", "134"),
            ("region:* pizza", "12"),
            ("property:us", "2"),
            ("name:p*shack", "12"),
            ("colour:red", ""),
            // What would mean something to the database means itself.
            ("100%", "2"),
            ("%", "2"),
            ("_", "3"),
            ("\\", "4"),
            ("it's", "4"),
            ("' OR 1=1 --", ""),
            ("name:' UNION SELECT", ""),
            ("$1", ""),
            ("?", ""),
            ("; DROP", "4"),
        ] {
            assert_eq!(found(&store, query).await, expect, "{query}");
        }
    });
}

#[test]
fn both_engines_sort_alike_and_pages_have_no_gaps() {
    on_each(async |database: Database| {
        let store = database.open().await;
        menu(&store).await;
        for (sort, ascending) in [
            (ApiSort::Created, "1234"),
            (ApiSort::Name, "1243"),
            (ApiSort::Version, "1324"),
            (ApiSort::Status, "4213"),
        ] {
            let descending: String = ascending.chars().rev().collect();
            for (order, expect) in [(Order::Ascending, ascending), (Order::Descending, &descending)]
            {
                let mut ids = String::new();
                for offset in 0..4 {
                    let page = Page { limit: 1, offset };
                    let query = Query::default();
                    let listed =
                        store.apis(ORGANISATION, &query, (sort, order), page).await.unwrap();
                    assert_eq!(listed.total, 4);
                    ids.push_str(&listed.items[0].id);
                }
                assert_eq!(ids, expect, "{sort:?} {order:?}");
            }
        }
        let beyond = Page { limit: 5, offset: 9 };
        let order = (ApiSort::Name, Order::Ascending);
        let listed = store.apis(ORGANISATION, &Query::default(), order, beyond).await.unwrap();
        assert_eq!((listed.items.len(), listed.total), (0, 4));
    });
}

#[test]
fn an_update_is_found_at_once() {
    on_each(async |database: Database| {
        let store = database.open().await;
        menu(&store).await;
        let mut changes = change(&store, 11).await;
        let mut face = api("1", "", "").face;
        face.tags = vec!["vegan".into()];
        changes.update_api("1", 1, &face, &files("x")).await.unwrap();
        changes.commit().await.unwrap();
        assert_eq!(found(&store, "tag:vegan").await, "1");
        assert_eq!(found(&store, "tag:all region:eu").await, "34");
    });
}
