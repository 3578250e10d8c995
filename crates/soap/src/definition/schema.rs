//! Types as JSON schemas, as far as Swagger 2.0 has them.

use serde_json::{Map, Value, json};

use crate::mapping::{Builtin, Complex, Content, Facets, Field, Mapping, Particle, Term, TypeRef};
use crate::request::{TEXT, TYPE};
use crate::value::{Found, range, simple};

/// The schema of a type.
pub(super) fn of_type(mapping: &Mapping, names: &[String], type_ref: TypeRef) -> Value {
    let Some(complex) = mapping.complex(type_ref) else {
        return of_simple(mapping, names, type_ref);
    };
    if let Some(item) = complex.array {
        return json!({ "type": "array", "items": reference(names, item) });
    }
    if let Some(text) = complex.text.filter(|_| complex.attributes.is_empty()) {
        return reference(names, text);
    }
    let mut schema = of_content(mapping, names, &complex.content);
    if let Some(schema) = schema.as_object_mut() {
        members(mapping, names, type_ref, complex, schema);
    }
    schema
}

/// What a type has besides its elements.
fn members(
    mapping: &Mapping,
    names: &[String],
    type_ref: TypeRef,
    complex: &Complex,
    schema: &mut Map<String, Value>,
) {
    let mut first = Map::new();
    let derived = derived(mapping, type_ref);
    if !derived.is_empty() {
        first.insert(TYPE.to_owned(), json!({ "type": "string", "enum": derived }));
    }
    let mut required = Vec::new();
    for one in &complex.attributes {
        let mut attribute = reference(names, one.type_ref);
        if let (Some(attribute), Some(default)) = (attribute.as_object_mut(), &one.default) {
            attribute.insert(
                "default".to_owned(),
                crate::value::to_json(mapping, one.type_ref, default),
            );
        }
        first.insert(one.key.to_string(), attribute);
        if one.is_required && one.default.is_none() {
            required.push(json!(&*one.key));
        }
    }
    if let Some(text) = complex.text {
        first.insert(TEXT.to_owned(), reference(names, text));
    } else if complex.is_mixed {
        first.insert(TEXT.to_owned(), json!({ "type": "string" }));
    }
    if complex.has_any_attribute {
        schema.insert("additionalProperties".to_owned(), json!(true));
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        first.append(properties);
        *properties = first;
    }
    if !required.is_empty() {
        let known = schema.entry("required").or_insert_with(|| json!([]));
        if let Some(known) = known.as_array_mut() {
            known.splice(0..0, required);
        }
    }
}

/// The types that `$type` may name, where there are others than the type itself.
fn derived(mapping: &Mapping, type_ref: TypeRef) -> Vec<&str> {
    let all = mapping.types.iter().enumerate();
    let fitting: Vec<_> = all
        .filter(|(index, one)| {
            one.name.is_some()
                && !one.is_abstract
                && one.base.is_some() | (TypeRef::Own(*index) == type_ref)
                && mapping.is_derived(TypeRef::Own(*index), type_ref)
        })
        .map(|(_, one)| one.key.as_str())
        .collect();
    let is_alone = fitting.len() == 1 && mapping.own(type_ref).is_some_and(|own| !own.is_abstract);
    if is_alone { Vec::new() } else { fitting }
}

/// The schema of an object with these elements.
pub(super) fn of_content(mapping: &Mapping, names: &[String], content: &Content) -> Value {
    let fields = content.fields();
    let properties: Map<_, _> = fields
        .iter()
        .map(|field| (field.element.key.to_string(), property(mapping, names, field)))
        .collect();
    let required: Vec<_> = fields
        .iter()
        .filter(|field| field.is_required && field.element.default.is_none())
        .map(|field| json!(&*field.element.key))
        .collect();
    let mut schema = Map::from_iter([("type".to_owned(), json!("object"))]);
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), Value::Array(required));
    }
    if fields.has_any {
        schema.insert("additionalProperties".to_owned(), json!(true));
    }
    let choices: Vec<_> = content.particles().iter().flat_map(choices).collect();
    if !choices.is_empty() {
        schema.insert("x-weir-choice".to_owned(), Value::Array(choices));
    }
    if fields.iter().any(|field| field.element.name.space.is_some()) {
        schema.insert("x-namespace-qualified".to_owned(), json!(true));
    }
    Value::Object(schema)
}

fn property(mapping: &Mapping, names: &[String], field: &Field) -> Value {
    let element = &field.element;
    let mut schema = reference(names, element.type_ref);
    if let Some(schema) = schema.as_object_mut() {
        if let Some(default) = &element.default {
            let default = crate::value::to_json(mapping, element.type_ref, default);
            schema.insert("default".to_owned(), default);
        }
        if element.is_nillable {
            schema.insert("x-nullable".to_owned(), json!(true));
        }
    }
    if field.repeats { json!({ "type": "array", "items": schema }) } else { schema }
}

/// The branches of choices, each a list of keys. The limits of the readers bound the depth.
fn choices(particle: &Particle) -> Vec<Value> {
    let mut all = Vec::new();
    if let Term::Choice(branches) = &particle.term {
        all.push(branches.iter().map(|one| Value::from(keys(one))).collect());
    }
    all.extend(particle.inner().iter().flat_map(choices));
    all
}

fn keys(particle: &Particle) -> Vec<String> {
    match &particle.term {
        Term::Element(element) => vec![element.key.to_string()],
        _ => particle.inner().iter().flat_map(keys).collect(),
    }
}

/// A type where it is used.
fn reference(names: &[String], type_ref: TypeRef) -> Value {
    match type_ref {
        TypeRef::Own(index) => {
            let name = names.get(index).map(String::as_str).unwrap_or_default();
            json!({ "$ref": format!("#/definitions/{name}") })
        }
        TypeRef::Builtin(one) => Value::Object(of_builtin(one)),
    }
}

fn of_simple(mapping: &Mapping, names: &[String], type_ref: TypeRef) -> Value {
    match simple(mapping, type_ref) {
        Found::Builtin(base, facets) => {
            let mut schema = of_builtin(base);
            if let Some(facets) = facets {
                self::facets(mapping, base, facets, &mut schema);
            }
            Value::Object(schema)
        }
        Found::List(item) => json!({ "type": "array", "items": reference(names, item) }),
        Found::Union(members) => {
            let members: Vec<_> = members.iter().map(|one| mapping.called(*one)).collect();
            json!({ "description": format!("A value of one of {}.", members.join(", ")) })
        }
    }
}

/// A simple type where no reference may stand: at a parameter.
pub(super) fn plain(mapping: &Mapping, type_ref: TypeRef) -> Map<String, Value> {
    match simple(mapping, type_ref) {
        Found::Builtin(base, facets) => {
            let mut schema = of_builtin(base);
            if let Some(facets) = facets {
                self::facets(mapping, base, facets, &mut schema);
            }
            schema
        }
        Found::List(_) | Found::Union(_) => Map::new(),
    }
}

/// spec/03 §1.8, with formats and bounds.
fn of_builtin(one: Builtin) -> Map<String, Value> {
    let (kind, format) = match (one, one.primitive()) {
        (Builtin::AnyType, _) => ("object", None),
        (Builtin::Long, _) => ("integer", Some("int64")),
        (Builtin::Int, _) => ("integer", Some("int32")),
        _ if one.is_a(Builtin::Integer) => ("integer", None),
        (_, Builtin::Decimal) => ("number", None),
        (_, Builtin::Float) => ("number", Some("float")),
        (_, Builtin::Double) => ("number", Some("double")),
        (_, Builtin::Boolean) => ("boolean", None),
        (_, Builtin::Date) => ("string", Some("date")),
        (_, Builtin::DateTime) => ("string", Some("date-time")),
        (_, Builtin::Base64Binary) => ("string", Some("byte")),
        (_, Builtin::AnyUri) => ("string", Some("uri")),
        _ if one.item().is_some() => {
            let items = json!({ "type": "string" });
            return Map::from_iter([
                ("type".to_owned(), json!("array")),
                ("items".to_owned(), items),
            ]);
        }
        _ => ("string", None),
    };
    let mut schema = Map::from_iter([("type".to_owned(), json!(kind))]);
    if let Some(format) = format {
        schema.insert("format".to_owned(), json!(format));
    }
    let (least, most) = range(one);
    let is_said = matches!(format, Some("int32" | "int64"));
    for (key, bound) in [("minimum", least), ("maximum", most)] {
        let bound = bound.filter(|_| !is_said);
        let small = bound.and_then(|bound| i64::try_from(bound).ok());
        if let Some(bound) = small {
            schema.insert(key.to_owned(), json!(bound));
        }
    }
    schema
}

fn facets(mapping: &Mapping, base: Builtin, facets: &Facets, schema: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Value| {
        schema.insert(key.to_owned(), value);
    };
    let typed = |text: &str| crate::value::to_json(mapping, TypeRef::Builtin(base), text);
    if !facets.enumeration.is_empty() {
        put("enum", facets.enumeration.iter().map(|one| typed(one)).collect());
    }
    let is_text = base.primitive() == Builtin::String || base == Builtin::AnyUri;
    for (facet, keys) in [
        ("length", &["minLength", "maxLength"][..]),
        ("minLength", &["minLength"]),
        ("maxLength", &["maxLength"]),
    ] {
        if let Some(number) = facets.number(facet).filter(|_| is_text) {
            keys.iter().for_each(|key| put(key, json!(number)));
        }
    }
    for (facet, bound) in &facets.bounds {
        let value = typed(bound);
        if !value.is_number() {
            continue;
        }
        let (key, is_open) = match facet.as_str() {
            "minInclusive" => ("minimum", None),
            "maxInclusive" => ("maximum", None),
            "minExclusive" => ("minimum", Some("exclusiveMinimum")),
            _ => ("maximum", Some("exclusiveMaximum")),
        };
        put(key, value);
        if let Some(key) = is_open {
            put(key, json!(true));
        }
    }
    // The patterns of one step are alternatives; JSON Schema takes one.
    if let [alternatives] = facets.patterns.as_slice()
        && alternatives.iter().all(|one| is_common(one))
        && is_text
    {
        put("pattern", json!(format!("^(?:{})$", alternatives.join("|"))));
    }
}

/// Whether a pattern of XML Schema means the same in ECMAScript.
fn is_common(pattern: &str) -> bool {
    !["\\i", "\\I", "\\c", "\\C", "\\p", "\\P", "-[", "^", "$"]
        .iter()
        .any(|one| pattern.contains(one))
}
