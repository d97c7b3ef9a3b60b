//! What runs have published.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{Error, ErrorKind};
use crate::model::artifact::ArtifactRecord;
use crate::ops::view::ArtifactView;
use crate::server::answer::{Bytes, Json};
use crate::server::route::{Answered, Call, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/artifacts",
            "listArtifacts",
            "The newest version of each artifact",
            list,
        ),
        Route::get(
            "/artifacts/{artifact}",
            "showArtifact",
            "All versions of an artifact, newest first",
            show,
        ),
        Route::get(
            "/artifacts/{artifact}/content",
            "readArtifact",
            "The bytes of a file or picture",
            content,
        ),
        Route::get(
            "/runs/{run}/artifacts",
            "listRunArtifacts",
            "What a run has published, progress included",
            of_run,
        ),
    ]
}

fn views(artifacts: &[ArtifactRecord]) -> Vec<ArtifactView> {
    artifacts.iter().map(ArtifactView::from).collect()
}

async fn list(call: Call) -> Answered<Json<Vec<ArtifactView>>> {
    Ok(Json(views(&call.state.engine.artifact_keys().await?)))
}

async fn show(call: Call) -> Answered<Json<Vec<ArtifactView>>> {
    let versions = call.state.engine.artifact_versions(call.part("artifact"));
    Ok(Json(views(&versions.await?)))
}

async fn of_run(call: Call) -> Answered<Json<Vec<ArtifactView>>> {
    let record = call.run().await?;
    Ok(Json(views(&call.state.engine.artifacts(record.id).await?)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ContentQuery {
    /// Not the newest but this one.
    #[schemars(range(min = 1))]
    version: Option<u32>,
}

async fn content(call: Call<ContentQuery>) -> Answered<Bytes> {
    let (engine, key) = (&call.state.engine, call.part("artifact"));
    let versions = engine.artifact_versions(key).await?;
    let wanted = call.query.version.map(u64::from);
    let found = versions
        .iter()
        .find(|one| wanted.is_none_or(|wanted| one.version == wanted));
    let bytes = match found {
        Some(found) => engine.artifact_bytes(found).await?,
        None => None,
    };
    let bytes = bytes.ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!("`{key}` has no bytes of that version"),
        )
        .hint("only files and pictures have bytes; the rest is in `data`")
    })?;
    Ok(Bytes(bytes))
}
