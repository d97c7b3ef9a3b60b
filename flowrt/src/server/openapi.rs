//! The OpenAPI 3.1 document, made from the routes.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::route::Route;

const ABOUT: &str = "Everything that the command line can do. Times are RFC 3339; what is called `…ed` as a number is \
microseconds since 1970. What is wrong is told as `application/problem+json` with a `code` that does not change.";

/// The document of these routes.
pub(super) fn document(routes: &[Route]) -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let problem = generator.subschema_for::<Problem>().to_value();
    let mut paths = Map::new();
    for route in routes {
        let query = (route.query)(&mut generator);
        let query = resolved(&query, generator.definitions());
        let mut operation = json!({
            "operationId": route.id,
            "summary": route.about,
            "tags": [tag(route.path)],
            "parameters": parameters(route, &query),
            "responses": (route.answers)(&mut generator),
        });
        for status in ["4XX", "5XX"] {
            operation["responses"][status] = json!({
                "description": "A problem",
                "content": { "application/problem+json": { "schema": problem } },
            });
        }
        if let Some(body) = route.body {
            let schema = body(&mut generator);
            // No body at all is read as an object without fields.
            let fields = resolved(&schema, generator.definitions());
            let is_required = fields.get("required").is_some();
            operation["requestBody"] = json!({
                "required": is_required,
                "content": { "application/json": { "schema": schema } },
            });
        }
        if route.is_open {
            operation["security"] = json!([]);
        }
        let path = paths
            .entry(route.path.to_owned())
            .or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    let mut schemas = generator.take_definitions(true);
    // What only describes a query stands with its parameters.
    schemas.retain(|name, _| !name.ends_with("Query") && name != "Nothing");
    json!({
        "openapi": "3.1.0",
        "info": { "title": "flowrt", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT },
        "servers": [{ "url": "/api" }],
        "security": [{ "token": [] }, {}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn tag(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or("")
}

fn resolved(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let name = schema.get("$ref").and_then(Value::as_str);
    let name = name.and_then(|name| name.rsplit('/').next());
    match name.and_then(|name| definitions.get(name)) {
        Some(found) => found.clone(),
        None => schema.clone(),
    }
}

fn parameters(route: &Route, query: &Value) -> Vec<Value> {
    let parts = route.path.split('/');
    let parts = parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Value> = parts
        .map(|name| {
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "description": about_part(name),
                "schema": { "type": "string", "minLength": 1 },
            })
        })
        .collect();
    let required = query.get("required").and_then(Value::as_array);
    let properties = query.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        let is_required = required.is_some_and(|names| names.iter().any(|one| one == name));
        let about = schema.get("description").cloned();
        let schema = without_null(schema);
        all.push(json!({
            "name": name,
            "in": "query",
            "required": is_required,
            "description": about.unwrap_or_else(|| json!("")),
            "schema": schema,
        }));
    }
    if route.is_keyed {
        all.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": "A second request with the same key starts nothing, and is answered as the first",
            "schema": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$" },
        }));
    }
    all
}

fn about_part(name: &str) -> &'static str {
    match name {
        "run" => "A run: its id, the beginning of it, or its name",
        _ => "Its name",
    }
}

/// What may be left out in a query cannot be null there.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            schema["type"] = one.clone();
        }
    }
    if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
        any.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
        if let [one] = any.as_slice() {
            return one.clone();
        }
    }
    schema
}
