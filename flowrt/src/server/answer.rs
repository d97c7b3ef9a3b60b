//! What is answered, and how the document describes it.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::mask;

/// Something that can be answered.
pub(super) trait Answer: Send + 'static {
    /// Its responses in the document, by status.
    fn describe(generator: &mut SchemaGenerator) -> Map<String, Value>;

    /// The response.
    fn into_response(self) -> Response;
}

fn described(status: u16, about: &str, content: Value) -> Map<String, Value> {
    let mut response = json!({ "description": about });
    if !content.is_null() {
        response["content"] = content;
    }
    Map::from_iter([(status.to_string(), response)])
}

fn json_content<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    json!({ "application/json": { "schema": generator.subschema_for::<T>() } })
}

/// A JSON value, without the values of secrets.
pub(super) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    let mut value = match serde_json::to_value(value) {
        Ok(value) => value,
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    mask::json(&mut value);
    of_kind(status, "application/json", value.to_string())
}

fn of_kind(status: StatusCode, kind: &'static str, text: String) -> Response {
    let kind = HeaderValue::from_static(kind);
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}

/// A value.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize + JsonSchema + Send + 'static> Answer for Json<T> {
    fn describe(generator: &mut SchemaGenerator) -> Map<String, Value> {
        described(200, "What was asked for", json_content::<T>(generator))
    }

    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

/// Something that was begun, or had been begun before by the same key.
#[derive(Debug)]
pub(super) struct Begun<T> {
    /// What.
    pub(super) value: T,
    /// Where it can be seen.
    pub(super) location: String,
    /// It was begun just now.
    pub(super) is_new: bool,
}

impl<T: Serialize + JsonSchema + Send + 'static> Answer for Begun<T> {
    fn describe(generator: &mut SchemaGenerator) -> Map<String, Value> {
        let content = json_content::<T>(generator);
        let mut all = described(201, "It was begun, and will not be lost", content.clone());
        all["201"]["headers"] = json!({
            "Location": { "description": "Where it can be seen", "schema": { "type": "string" } }
        });
        all.extend(described(
            200,
            "The same key had begun it before: this is how it stands",
            content,
        ));
        all
    }

    fn into_response(self) -> Response {
        let status = match self.is_new {
            true => StatusCode::CREATED,
            false => StatusCode::OK,
        };
        let mut response = json(status, &self.value);
        if let Ok(location) = HeaderValue::from_str(&self.location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// It is done, and there is nothing to say.
#[derive(Debug)]
pub(super) struct Done;

impl Answer for Done {
    fn describe(_: &mut SchemaGenerator) -> Map<String, Value> {
        described(204, "It is done", Value::Null)
    }

    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// A picture of a graph.
#[derive(Debug)]
pub(super) struct Picture {
    /// Its media type, one of [`Picture::KINDS`].
    pub(super) kind: &'static str,
    /// The text of it.
    pub(super) text: String,
}

impl Picture {
    /// JSON, SVG, and all else.
    pub(super) const KINDS: [&'static str; 3] = [
        "application/json",
        "image/svg+xml",
        "text/plain; charset=utf-8",
    ];
}

impl Answer for Picture {
    fn describe(generator: &mut SchemaGenerator) -> Map<String, Value> {
        let graph = generator.subschema_for::<crate::model::graph::Graph>();
        let text = json!({ "schema": { "type": "string" } });
        let content = json!({
            "application/json": { "schema": graph },
            "image/svg+xml": text,
            "text/plain": text,
        });
        described(200, "The graph, in the format that was asked for", content)
    }

    fn into_response(self) -> Response {
        of_kind(
            StatusCode::OK,
            self.kind,
            mask::text(&self.text).into_owned(),
        )
    }
}

/// The content of a file. A browser saves it and does not show it: it may be a page of somebody else.
#[derive(Debug)]
pub(super) struct Bytes(pub(super) std::sync::Arc<[u8]>);

impl Answer for Bytes {
    fn describe(_: &mut SchemaGenerator) -> Map<String, Value> {
        let content = json!({ "application/octet-stream": {} });
        described(200, "The bytes", content)
    }

    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CONTENT_DISPOSITION, "attachment"),
        ];
        (headers, self.0.to_vec()).into_response()
    }
}

/// Counts in the format of Prometheus.
#[derive(Debug)]
pub(super) struct Plain(pub(super) String);

impl Answer for Plain {
    fn describe(_: &mut SchemaGenerator) -> Map<String, Value> {
        let content = json!({ "application/openmetrics-text": { "schema": { "type": "string" } } });
        described(200, "The counts", content)
    }

    fn into_response(self) -> Response {
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        of_kind(StatusCode::OK, kind, self.0)
    }
}

/// A JSON document that is what it is: a schema.
#[derive(Debug)]
pub(super) struct Document(pub(super) Value);

impl Answer for Document {
    fn describe(_: &mut SchemaGenerator) -> Map<String, Value> {
        let content = json!({ "application/json": { "schema": { "type": "object" } } });
        described(200, "The document", content)
    }

    fn into_response(self) -> Response {
        of_kind(StatusCode::OK, "application/json", self.0.to_string())
    }
}

/// Events as they happen, until there will be no more.
pub(super) struct Stream<T> {
    events: futures_util::stream::BoxStream<'static, StreamEvent>,
    kind: std::marker::PhantomData<fn() -> T>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct StreamEvent {
    /// Where to go on after it: what a client sends as `Last-Event-ID`.
    pub(super) id: Option<String>,
    /// What kind.
    pub(super) name: &'static str,
    /// What, as JSON without the values of secrets.
    pub(super) data: String,
}

impl<T> std::fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

impl<T> Stream<T> {
    /// These events.
    pub(super) fn new(
        events: impl futures_util::Stream<Item = StreamEvent> + Send + 'static,
    ) -> Self {
        Self {
            events: Box::pin(events),
            kind: std::marker::PhantomData,
        }
    }
}

impl<T: JsonSchema + 'static> Answer for Stream<T> {
    fn describe(generator: &mut SchemaGenerator) -> Map<String, Value> {
        let schema = generator.subschema_for::<T>().to_value();
        let about = "Server-Sent Events; the data of each is one JSON value";
        let content = json!({
            "text/event-stream": { "schema": { "type": "string", "description": about }, "x-event-schema": schema }
        });
        described(200, about, content)
    }

    fn into_response(self) -> Response {
        use axum::response::sse::{Event, KeepAlive, Sse};
        use futures_util::StreamExt as _;
        let events = self.events.map(|event| {
            let sent = Event::default().event(event.name).data(event.data);
            Ok::<_, std::convert::Infallible>(match event.id {
                Some(id) => sent.id(id),
                None => sent,
            })
        });
        let mut response = Sse::new(events)
            .keep_alive(KeepAlive::default())
            .into_response();
        // A proxy that gathers what it passes on would keep events back.
        let name = HeaderName::from_static("x-accel-buffering");
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("no"));
        response
    }
}
