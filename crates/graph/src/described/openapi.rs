//! The operations of the service as OpenAPI 3.0.

use super::operations::{self, Described, Gives, Operation, Takes};
use super::types::{self, EntityType, Form, Reached};
use crate::request::Version;
use crate::schema::edm::{ComplexType, Edm, EnumType};
use serde_json::{Map, Value, json};

/// The document of a version.
pub(super) fn document(version: Version) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations::all() {
        for path in operation.place.paths() {
            let methods = paths.entry(path.clone()).or_insert_with(|| json!({"parameters": path_parameters(&path)}));
            methods[operation.dispatched.method.to_ascii_lowercase()] = of_operation(&operation, &path);
        }
    }
    paths.sort_keys();
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Restante",
            "description": "The mail part of Microsoft Graph, as this server answers it.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{"url": format!("/{}", version.as_str())}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(version),
            "responses": {"error": {"description": "An error", "content": {JSON: {"schema": error_schema()}}}},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    })
}

const JSON: &str = "application/json";

/// The names in the braces of a path.
fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})).collect()
}

fn of_operation(operation: &Operation, path: &str) -> Value {
    let Described { summary, status, .. } = operation.described;
    let mut value = json!({
        "operationId": operation_id(operation, path),
        "summary": summary,
        "parameters": operation.described.options.iter().map(|name| query_parameter(name)).collect::<Vec<_>>(),
        "responses": {
            status.to_string(): response(operation.described.gives),
            "default": {"$ref": "#/components/responses/error"},
        },
    });
    // What Graph has no such operation for takes no parameters of Graph's.
    let takes = if operation.place.is_extension { Takes::Object } else { operation.described.takes };
    let reads_body = operation.dispatched.method != "GET" && operation.dispatched.method != "DELETE";
    if let Some(body) = request_body(takes).filter(|_| reads_body) {
        value["requestBody"] = json!({"content": body});
    }
    if operation.dispatched.resource.starts_with("Document") || operation.dispatched.resource == "Upload" {
        value["security"] = json!([]);
    }
    let permissions = operation.dispatched.permissions;
    if !permissions.is_empty() {
        value["x-restante-permissions"] = permissions.iter().flat_map(|scope| scope.spellings()).collect();
    }
    if operation.is_extension() {
        value["x-restante-extension"] = true.into();
    }
    value
}

/// The words of the path and the handler: `me.messages.reply.post`.
fn operation_id(operation: &Operation, path: &str) -> String {
    let words = path.split('/').filter(|word| !word.is_empty() && !word.starts_with('{'));
    // Of a function with parameters their names: `supportedTimeZones(TimeZoneStandard='…')`.
    let words = words.map(|word| word.trim_start_matches('$').split('=').next().unwrap_or_default().replace('(', "."));
    let words: Vec<String> = words.chain([operation.dispatched.handler().to_owned()]).collect();
    let method = operation.dispatched.method.to_ascii_lowercase();
    format!("{}.{method}", words.join("."))
}

fn query_parameter(name: &str) -> Value {
    let schema = match name {
        "count" => json!({"type": "boolean"}),
        "skip" | "top" => json!({"type": "integer", "minimum": 0}),
        _ => json!({"type": "string"}),
    };
    json!({"name": format!("${name}"), "in": "query", "schema": schema})
}

fn request_body(takes: Takes) -> Option<Value> {
    let mime = json!({
        "text/plain": {"schema": {"type": "string", "format": "byte"}},
        "message/rfc822": {"schema": {"type": "string", "format": "binary"}},
    });
    let with_mime = |schema: Value| {
        let mut both = mime.clone();
        both[JSON] = json!({"schema": schema});
        both
    };
    match takes {
        Takes::Entity(name) => Some(json!({JSON: {"schema": reference(name)}})),
        Takes::Message => Some(with_mime(reference("message"))),
        Takes::Mime => Some(mime),
        Takes::Nothing => None,
        Takes::Object => Some(json!({JSON: {"schema": {"type": "object"}}})),
        Takes::Octets => Some(json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}})),
        Takes::Parameters(list) => Some(json!({JSON: {"schema": parameters_schema(list)}})),
        Takes::Value(of) => Some(json!({JSON: {"schema": reference(of.name)}})),
        Takes::ParametersOrMime(list) => Some(with_mime(parameters_schema(list))),
    }
}

/// An action's parameters as clients write them: in camel case.
fn parameters_schema(list: &[(&str, Edm)]) -> Value {
    let camel = |name: &str| name[..1].to_ascii_lowercase() + &name[1..];
    let members: Map<String, Value> = list.iter().map(|(name, edm)| (camel(name), schema(*edm))).collect();
    json!({"type": "object", "properties": members})
}

fn response(gives: Gives) -> Value {
    let content =
        |media_type: &str, schema: Value| json!({"description": "Success", "content": {media_type: {"schema": schema}}});
    match gives {
        Gives::Count => content("text/plain", json!({"type": "integer"})),
        Gives::List(name) => content(JSON, list(reference(name))),
        Gives::Nothing => json!({"description": "Success, without a body"}),
        Gives::Object => content(JSON, json!({"type": "object"})),
        Gives::Octets(media_type) => content(media_type, json!({"type": "string", "format": "binary"})),
        Gives::One(edm) => content(JSON, schema(edm)),
        Gives::Values(of) => content(JSON, list(reference(of.name))),
    }
}

/// A page of a collection.
fn list(items: Value) -> Value {
    json!({"type": "object", "properties": {
        "@odata.context": {"type": "string"},
        "@odata.count": {"type": "integer"},
        "@odata.nextLink": {"type": "string"},
        "@odata.deltaLink": {"type": "string"},
        "value": {"type": "array", "items": items},
    }})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/microsoft.graph.{name}")})
}

fn schema(edm: Edm) -> Value {
    match edm {
        Edm::Binary | Edm::Stream => json!({"type": "string", "format": "base64"}),
        Edm::Boolean => json!({"type": "boolean"}),
        Edm::Collection(of) => json!({"type": "array", "items": schema(*of)}),
        Edm::Complex(ComplexType { name, .. }) | Edm::Enum(EnumType { name, .. }) => reference(name),
        Edm::Entity(name) => reference(name),
        Edm::DateTimeOffset => json!({"type": "string", "format": "date-time"}),
        Edm::Int32 => json!({"type": "integer", "format": "int32"}),
        Edm::Int64 => json!({"type": "integer", "format": "int64"}),
        Edm::String => json!({"type": "string"}),
        Edm::TimeOfDay => json!({"type": "string", "format": "time"}),
    }
}

/// All types, by their full names.
fn schemas(version: Version) -> Map<String, Value> {
    let entities = types::entities(version);
    let of_entities = entities.iter().flat_map(|entity| entity.properties.iter().map(|one| one.edm));
    let of_operations = operations::all().flat_map(|operation| {
        let taken = match operation.described.takes {
            Takes::Parameters(list) | Takes::ParametersOrMime(list) => list.iter().map(|(_, edm)| *edm).collect(),
            _ => Vec::new(),
        };
        let given = match operation.described.gives {
            Gives::One(edm) => Some(edm),
            Gives::Values(of) => Some(Edm::Complex(of)),
            _ => None,
        };
        taken.into_iter().chain(given)
    });
    let reached = Reached::from(of_entities.chain(of_operations));
    let entities = entities.iter().map(|one| (one.name, entity_schema(one)));
    let complex = reached.complex.values().map(|one| {
        let members: Map<String, Value> = one.members.iter().map(|m| (m.name.to_owned(), nullable(m.edm, m.nullable))).collect();
        let own = json!({"type": "object", "properties": members});
        (one.name, one.base.map_or(own.clone(), |base| json!({"allOf": [reference(base.name), own]})))
    });
    let words = |one: &EnumType| one.members.iter().map(|(word, _)| *word).collect::<Vec<_>>();
    let enums = reached.enums.values().map(|one| match one.is_flags {
        true => {
            (one.name, json!({"type": "string", "description": format!("Several of {}, with commas.", words(one).join(", "))}))
        }
        false => (one.name, json!({"type": "string", "enum": words(one)})),
    });
    entities.chain(complex).chain(enums).map(|(name, schema)| (format!("microsoft.graph.{name}"), schema)).collect()
}

fn entity_schema(one: &EntityType) -> Value {
    let own = one.properties.iter().map(|property| (property.name.to_owned(), nullable(property.edm, property.nullable)));
    let members: Map<String, Value> =
        own.chain(one.navigation.iter().map(|(name, edm)| ((*name).to_owned(), schema(*edm)))).collect();
    let mut own = json!({"type": "object", "properties": members});
    if matches!(one.form, Form::Open | Form::OpenStream) {
        own["additionalProperties"] = true.into();
    }
    match one.base {
        Some(base) => json!({"allOf": [reference(base), own]}),
        None => own,
    }
}

/// A reference takes no member beside it in OpenAPI 3.0, so what is nullable stands around it.
fn nullable(edm: Edm, is_nullable: bool) -> Value {
    let mut schema = schema(edm);
    if !is_nullable {
        return schema;
    }
    if schema.get("$ref").is_some() {
        return json!({"allOf": [schema], "nullable": true});
    }
    schema["nullable"] = true.into();
    schema
}

/// Graph's envelope of errors.
fn error_schema() -> Value {
    let text = json!({"type": "string"});
    json!({"type": "object", "properties": {"error": {"type": "object", "properties": {
        "code": text,
        "message": text,
        "innerError": {"type": "object", "properties": {"date": text, "request-id": text, "client-request-id": text}},
    }}}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        let document = document(Version::V1);
        let mut names = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for id in methods.as_object().expect("methods").values().filter_map(|one| one["operationId"].as_str()) {
                assert!(names.insert(id.to_owned()), "{path}: {id}");
            }
        }
        assert!(names.contains("me.messages.get_message.get") && names.contains("me.messages.list_messages.get"));
    }
}
