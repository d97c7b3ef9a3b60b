//! The flows of the program.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::author::meta::Meta;
use crate::draw::{Format, draw};
use crate::error::{Error, ErrorKind};
use crate::ops::params::schema_of;
use crate::ops::picture;
use crate::server::answer::{Document, Json, Picture};
use crate::server::route::{Answered, Call, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/flows", "listFlows", "The flows of this program", list),
        Route::get("/flows/{flow}", "showFlow", "One flow", show),
        Route::get(
            "/flows/{flow}/parameters",
            "showParameters",
            "The JSON Schema of a flow's parameters, with their defaults",
            parameters,
        ),
        Route::get(
            "/flows/{flow}/graph",
            "showGraph",
            "The graph of a flow",
            graph,
        ),
        Route::get(
            "/runs/{run}/graph",
            "showRunGraph",
            "The graph of a run's flow, its nodes with their states in that run",
            run_graph,
        ),
    ]
}

/// A flow.
#[derive(Debug, Serialize, JsonSchema)]
struct Flow {
    /// Its name.
    name: String,
    /// Its documentation.
    description: String,
    /// It is a graph; else a program.
    is_dag: bool,
    /// `file:line` of it.
    location: String,
    /// Its parameters, in their order.
    parameters: Vec<Parameter>,
}

/// A parameter.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowParameter")]
struct Parameter {
    /// Its name.
    name: String,
    /// Its type in the program.
    #[serde(rename = "type")]
    kind: String,
    /// It has no default.
    is_required: bool,
    /// What it is for.
    help: String,
}

impl Flow {
    fn of(meta: &Meta) -> Self {
        let parameters = meta.params.iter().map(|param| Parameter {
            name: param.name.to_owned(),
            kind: param.ty.to_owned(),
            is_required: param.default.is_none(),
            help: param.help.to_owned(),
        });
        Self {
            name: meta.name.to_owned(),
            description: meta.doc.to_owned(),
            is_dag: meta.graph.is_some(),
            location: format!("{}:{}", meta.file, meta.line),
            parameters: parameters.collect(),
        }
    }
}

async fn list(call: Call) -> Answered<Json<Vec<Flow>>> {
    let flows = call.state.engine.flows();
    Ok(Json(flows.into_iter().map(Flow::of).collect()))
}

/// The flow that the path names.
fn named<Q, B>(call: &Call<Q, B>) -> Answered<&'static Meta> {
    find(call, call.part("flow"))
}

/// The flow of that name.
pub(super) fn find<Q, B>(call: &Call<Q, B>, name: &str) -> Answered<&'static Meta> {
    let engine = &call.state.engine;
    if let Some(found) = engine.flow(name) {
        return Ok(found);
    }
    let flows = engine.flows();
    let message = format!("this program has no flow `{name}`");
    let error = Error::new(ErrorKind::NotFound, message);
    let near = flowrt_grammar::closest(name, flows.iter().map(|meta| meta.name));
    Err(match near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("they are listed at /api/flows"),
    }
    .into())
}

async fn show(call: Call) -> Answered<Json<Flow>> {
    Ok(Json(Flow::of(named(&call)?)))
}

async fn parameters(call: Call) -> Answered<Document> {
    Ok(Document(schema_of(named(&call)?)))
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum As {
    #[default]
    Json,
    Svg,
    Text,
    Mermaid,
    Dot,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GraphQuery {
    /// What it is drawn as: json if nothing is said.
    format: Option<As>,
}

async fn graph(call: Call<GraphQuery>) -> Answered<Picture> {
    Ok(drawn(&picture::graph(named(&call)?), call.query.format))
}

async fn run_graph(call: Call<GraphQuery>) -> Answered<Picture> {
    let record = call.run().await?;
    let graph = call.state.engine.graph_of(&record).await?;
    Ok(drawn(&graph, call.query.format))
}

fn drawn(graph: &crate::model::graph::Graph, format: Option<As>) -> Picture {
    let [json, svg, text] = Picture::KINDS;
    let (format, kind) = match format.unwrap_or_default() {
        As::Json => (Format::Json, json),
        As::Svg => (Format::Svg, svg),
        As::Text => (Format::Text, text),
        As::Mermaid => (Format::Mermaid, text),
        As::Dot => (Format::Dot, text),
    };
    Picture {
        kind,
        text: draw(graph, format),
    }
}
