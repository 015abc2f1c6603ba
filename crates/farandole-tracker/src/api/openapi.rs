use axum::Json;
use serde_json::{Map, Value, json};

/// Path, summary, parameters, what a success says.
const ROUTES: &[(&str, &str, &[&str], &str)] = &[
    (
        "/api/workflows",
        "Workflows with counts per status and version",
        &[],
        "workflows[], problems",
    ),
    (
        "/api/workflows/{name}",
        "One workflow: counts, steps with durations, definitions, drawing",
        &[],
        "statuses, versions, definitions[]",
    ),
    (
        "/api/instances",
        "Instances, latest start first",
        &[
            "workflow", "version", "status", "step", "key", "tenant", "since", "flag", "limit",
            "cursor",
        ],
        "instances[], next_cursor",
    ),
    (
        "/api/instances/{id}",
        "One instance: timeline, firings, waits_for, why, deviations, progress",
        &[],
        "the instance",
    ),
    (
        "/api/instances/{id}/events",
        "Its records with decoded payloads",
        &[],
        "events[]",
    ),
    (
        "/api/instances/{id}/why",
        "Why it has not ended",
        &[],
        "status, waits_for[], why[]",
    ),
    (
        "/api/topology",
        "Who publishes and consumes what, declared and seen",
        &[],
        "participants[], events[], seen[]",
    ),
    (
        "/api/groups",
        "Consumer groups with members and lag",
        &[],
        "groups[]",
    ),
    (
        "/api/stream",
        "Server-sent events: counts when they change",
        &[],
        "text/event-stream",
    ),
    ("/metrics", "Prometheus text", &[], "text/plain"),
    ("/livez", "Whether the process lives", &[], "live"),
    (
        "/readyz",
        "Whether it is connected and caught up",
        &[],
        "ready, checks",
    ),
];

pub(super) async fn document() -> Json<Value> {
    let mut paths = Map::new();
    for (path, summary, parameters, answer) in ROUTES {
        paths.insert(
            (*path).to_owned(),
            json!({"get": operation(path, summary, parameters, answer)}),
        );
    }
    Json(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Farandole tracker",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Read-only. Every JSON answer carries as_of: when it was computed and how far each partition had been read.",
        },
        "paths": paths,
        "components": {"schemas": {"Problem": problem(), "AsOf": as_of()}},
    }))
}

fn operation(path: &str, summary: &str, parameters: &[&str], answer: &str) -> Value {
    let in_path = ["id", "name"]
        .into_iter()
        .filter(|name| path.contains(&format!("{{{name}}}")));
    let in_path = in_path.map(|name| {
        let description = if name == "id" { "correlation id, workflow:key, or a key that names one instance" } else { "the workflow" };
        json!({"name": name, "in": "path", "required": true, "description": description, "schema": {"type": "string"}})
    });
    let in_query = parameters
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": parameter(name)}));
    let (kind, schema) = match answer {
        "text/event-stream" | "text/plain" => (answer, json!({"type": "string"})),
        _ => (
            "application/json",
            json!({"type": "object", "description": answer, "properties": {"as_of": {"$ref": "#/components/schemas/AsOf"}}}),
        ),
    };
    let refused = |text: &str| json!({"description": text, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}});
    json!({
        "summary": summary,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": {
            "200": {"description": answer, "content": {kind: {"schema": schema}}},
            "400": refused("A parameter is wrong; the detail says what would do"),
            "404": refused("Nothing of that name was seen"),
            "409": refused("The key names several instances; see candidates"),
            "503": refused("The store or a check does not answer"),
        },
    })
}

fn parameter(name: &str) -> Value {
    match name {
        "status" => json!({"enum": ["running", "stuck", "completed", "failed"]}),
        "flag" => json!({"enum": crate::store::FLAGS}),
        "limit" => json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 50}),
        "version" => json!({"type": "integer", "minimum": 1}),
        "since" => json!({"type": "string", "description": "RFC 3339, or milliseconds since 1970"}),
        _ => json!({"type": "string"}),
    }
}

fn problem() -> Value {
    json!({"type": "object", "required": ["status", "title"], "properties": {
        "status": {"type": "integer"}, "title": {"type": "string"}, "detail": {"type": "string"},
        "candidates": {"type": "array", "items": {"type": "object"}},
    }})
}

fn as_of() -> Value {
    json!({"type": "object", "properties": {
        "at_ms": {"type": "integer", "description": "milliseconds since 1970"},
        "behind": {"type": ["integer", "null"], "description": "records not read yet; null while the ends are unknown"},
        "partitions": {"type": "array", "items": {"type": "object", "properties": {
            "topic": {"type": "string"}, "partition": {"type": "integer"},
            "next_offset": {"type": "integer"}, "end_offset": {"type": ["integer", "null"]},
        }}},
    }})
}
