//! Whatever the schema, a value that is given is valid; and one is found for most.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::read;
use crate::{Mode, sample};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"type": "boolean"})),
        Just(json!({"type": ["null", "integer"]})),
        (-20..20_i64, 0..40_i64, 1..7_i64).prop_map(|(low, room, step)| {
            json!({"type": "integer", "minimum": low, "maximum": low + room + step, "multipleOf": step})
        }),
        (-9.0..9.0_f64, 0.1..5.0_f64).prop_map(|(low, room)| {
            json!({"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + room})
        }),
        (0..12_u64, 0..12_u64).prop_map(|(least, room)| {
            json!({"type": "string", "minLength": least, "maxLength": least + room})
        }),
        prop::sample::select(vec!["^[a-f]{2,4}$", "^\\w+@\\w+\\.com$", "^(a|bc|\\d{3})$", "x+"])
            .prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
        prop::sample::select(vec!["date", "date-time", "uuid", "ipv6", "email", "uri"])
            .prop_map(|format| json!({"type": "string", "format": format})),
        prop::collection::vec(-5..5_i64, 1..4).prop_map(|values| json!({"enum": values})),
    ]
}

fn schema() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 32, 4, |inner| {
        let several = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            (several(), any::<bool>()).prop_map(|(schemas, is_closed)| {
                let named = schemas.iter().enumerate();
                let properties: serde_json::Map<String, Value> =
                    named.map(|(at, schema)| (format!("p{at}"), schema.clone())).collect();
                json!({"type": "object", "properties": properties, "required": ["p0"],
                    "additionalProperties": !is_closed})
            }),
            (inner.clone(), 0..3_u64).prop_map(|(items, least)| {
                json!({"type": "array", "items": items, "minItems": least, "maxItems": least + 1})
            }),
            several().prop_map(|schemas| json!({"anyOf": schemas})),
            several().prop_map(|schemas| json!({"oneOf": schemas})),
            several().prop_map(|schemas| json!({"prefixItems": schemas})),
            inner.prop_map(|schema| json!({"allOf": [schema, {}]})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_value_is_valid(schema in schema(), seed in any::<u64>()) {
        let read = read(&json!({}), &schema);
        for mode in [Mode::Fixed, Mode::Dynamic(seed)] {
            if let Ok(value) = sample(&read, mode) {
                prop_assert!(read.is_valid(&value), "{schema}: {value}");
            }
        }
    }

    #[test]
    fn a_value_is_found_without_exclusive_branches(schema in schema()) {
        prop_assume!(!schema.to_string().contains("oneOf"));
        let read = read(&json!({}), &schema);
        let value = sample(&read, Mode::Fixed);
        prop_assert!(value.is_ok(), "{schema}: {value:?}");
    }
}
