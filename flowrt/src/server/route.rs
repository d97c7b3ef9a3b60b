//! A route: what it takes, what it answers, and the function between. The router and the OpenAPI document are made from
//! the same routes, and both from the types of that function, so that none can say what the other does not.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawPathParams, Request, State as From};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use futures_util::future::BoxFuture;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::State;
use super::answer::Answer;
use super::problem::Problem;
use super::read;
use crate::clock::Stopwatch;
use crate::web::whole::{Unfinished, in_time, whole};

/// The largest body that is taken, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 16 << 20;

/// What a handler is called with.
#[derive(Debug)]
pub(super) struct Call<Q = Nothing, B = Nothing> {
    /// The server.
    pub(super) state: State,
    /// What comes after `?`.
    pub(super) query: Q,
    /// The body.
    pub(super) body: B,
    /// The headers.
    pub(super) headers: HeaderMap,
    path: HashMap<String, String>,
}

impl<Q, B> Call<Q, B> {
    /// A part of the path, by its name in the route.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }
}

/// No query, or no body.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// What a handler gives.
pub(super) type Answered<A> = Result<A, Problem>;

type Handler = Arc<dyn Fn(State, Asked) -> BoxFuture<'static, Response> + Send + Sync>;
/// Describes a type to the document.
type Describe = fn(&mut SchemaGenerator) -> Value;

/// What came in.
struct Asked {
    path: HashMap<String, String>,
    query: Vec<(String, String)>,
    body: Value,
    headers: HeaderMap,
}

/// A route of the API.
pub(super) struct Route {
    pub(super) method: Method,
    /// Below `/api`, with the names of its parts in braces.
    pub(super) path: &'static str,
    /// What it is called in the document, and by clients made from it.
    pub(super) id: &'static str,
    /// In a sentence.
    pub(super) about: &'static str,
    pub(super) query: Describe,
    /// None if it takes no body.
    pub(super) body: Option<Describe>,
    /// By status: the description of each good answer.
    pub(super) answers: fn(&mut SchemaGenerator) -> Map<String, Value>,
    /// It takes an `Idempotency-Key`.
    pub(super) is_keyed: bool,
    /// It answers without a token too.
    pub(super) is_open: bool,
    handler: Handler,
}

impl Route {
    /// A route that is asked without a body.
    pub(super) fn get<Q, A, F>(
        path: &'static str,
        id: &'static str,
        about: &'static str,
        handler: fn(Call<Q>) -> F,
    ) -> Self
    where
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        A: Answer,
        F: Future<Output = Answered<A>> + Send + 'static,
    {
        Self::new(Method::GET, path, id, about, handler)
    }

    /// A route that changes something.
    pub(super) fn post<Q, B, A, F>(
        path: &'static str,
        id: &'static str,
        about: &'static str,
        handler: fn(Call<Q, B>) -> F,
    ) -> Self
    where
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        A: Answer,
        F: Future<Output = Answered<A>> + Send + 'static,
    {
        Self::new(Method::POST, path, id, about, handler)
    }

    /// Any other method.
    pub(super) fn new<Q, B, A, F>(
        method: Method,
        path: &'static str,
        id: &'static str,
        about: &'static str,
        handler: fn(Call<Q, B>) -> F,
    ) -> Self
    where
        Q: DeserializeOwned + JsonSchema + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        A: Answer,
        F: Future<Output = Answered<A>> + Send + 'static,
    {
        let has_body = !read::is_empty::<B>();
        let query_schema = read::schema::<Q>();
        let body_schema = read::schema::<B>();
        let schemas = Arc::new((query_schema, body_schema));
        let handler: Handler = Arc::new(move |state, asked| {
            let schemas = schemas.clone();
            Box::pin(async move {
                let call = match call::<Q, B>(state, asked, &schemas.0, &schemas.1) {
                    Ok(call) => call,
                    Err(problem) => return problem.into_response(),
                };
                match handler(call).await {
                    Ok(answer) => answer.into_response(),
                    Err(problem) => problem.into_response(),
                }
            })
        });
        Self {
            method,
            path,
            id,
            about,
            query: |generator| generator.subschema_for::<Q>().to_value(),
            body: has_body.then_some(|generator| generator.subschema_for::<B>().to_value()),
            answers: A::describe,
            is_keyed: false,
            is_open: false,
            handler,
        }
    }

    /// It starts something, once for each `Idempotency-Key`.
    pub(super) fn keyed(mut self) -> Self {
        self.is_keyed = true;
        self
    }

    /// It answers without a token too.
    pub(super) fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Puts it into the router.
    pub(super) fn add_to(self, router: Router<State>) -> Router<State> {
        let filter = MethodFilter::try_from(self.method).unwrap_or(MethodFilter::GET);
        let (handler, takes_body, id) = (self.handler, self.body.is_some(), self.id);
        let answer = move |From(state): From<State>, path: RawPathParams, request: Request| {
            let handler = handler.clone();
            async move {
                let (watch, metrics) = (Stopwatch::start(), state.metrics.clone());
                let response = answer(handler, takes_body, state, path, request).await;
                metrics.answered(id, response.status().as_u16(), watch.elapsed());
                response
            }
        };
        router.route(self.path, on(filter, answer))
    }
}

fn call<Q: DeserializeOwned, B: DeserializeOwned>(
    state: State,
    asked: Asked,
    query_schema: &Value,
    body_schema: &Value,
) -> Result<Call<Q, B>, Problem> {
    let query = read::query(query_schema, asked.query);
    let query = read::typed(query_schema, query, "the query");
    let body = read::typed(body_schema, asked.body, "the body");
    match (query, body) {
        (Ok(query), Ok(body)) => Ok(Call {
            state,
            query,
            body,
            headers: asked.headers,
            path: asked.path,
        }),
        (Err(mut query), Err(body)) => {
            query.errors.extend(body.errors);
            Err(query)
        }
        (Err(problem), _) | (_, Err(problem)) => Err(problem),
    }
}

/// Reads what came in and calls the handler in a task of its own: one who hangs up in the middle does not leave a thing
/// half done, and a panic is an answer.
async fn answer(
    handler: Handler,
    takes_body: bool,
    state: State,
    path: RawPathParams,
    request: Request,
) -> Response {
    let path = path.iter();
    let path = path.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let path = path.collect();
    let query = read::pairs(request.uri().query().unwrap_or_default());
    let (parts, body) = request.into_parts();
    let body = match takes_body {
        false => Value::Object(Map::new()),
        true => match in_time(read_body(&parts.headers, body)).await {
            Ok(Ok(body)) => body,
            Ok(Err(problem)) => return problem.into_response(),
            Err(_) => {
                let detail = "the body did not come in time";
                return late(StatusCode::REQUEST_TIMEOUT, detail).into_response();
            }
        },
    };
    let asked = Asked {
        path,
        query,
        body,
        headers: parts.headers,
    };
    whole(handler(state, asked))
        .await
        .unwrap_or_else(|unfinished| {
            let problem = match unfinished {
                Unfinished::Late => late(
                    StatusCode::GATEWAY_TIMEOUT,
                    "the answer takes too long; what was asked goes on",
                ),
                Unfinished::Panicked => Problem::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "the server has made a mistake; its log has more",
                ),
            };
            problem.into_response()
        })
}

fn late(status: StatusCode, detail: &str) -> Problem {
    Problem::new(status, "too_late", detail)
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<Value, Problem> {
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| {
            let detail = format!("the body is larger than {BODY_BYTES_MAX} bytes, or broke off");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
        })?;
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    // A page of somebody else can send forms and text without asking first, but not this.
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let detail = format!("the body is said to be `{kind}`");
        return Err(
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail)
                .hint("send JSON, with the header content-type: application/json"),
        );
    }
    parse(&bytes)
}

fn parse(bytes: &Bytes) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("the body is not JSON: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "not_json", detail)
    })
}
