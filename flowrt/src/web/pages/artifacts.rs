//! What a run published: tables, text, pictures, files.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::links;
use crate::error::{Error, ErrorKind, Result};
use crate::model::artifact::{ArtifactKind, ArtifactRecord};
use crate::model::record::RunRecord;
use crate::ops::Engine;
use crate::web::Site;
use crate::web::answer::{Section, Visit, rendered};

/// Rows of a table that are shown.
const ROWS: usize = 50;

/// A file that somebody published is shown apart from this site: what is in it cannot act here.
const APART: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:";

/// An artifact.
struct Piece {
    key: String,
    version: u64,
    step: String,
    step_href: String,
    about: String,
    failed: bool,
    shown: What,
}

enum What {
    Table {
        columns: Vec<String>,
        rows: Vec<Vec<String>>,
        more: usize,
    },
    Text(String),
    Link {
        address: String,
        text: String,
        is_web: bool,
    },
    Image(String),
    File {
        address: String,
        name: String,
    },
    Progress {
        done: u64,
        total: u64,
    },
}

#[derive(Template)]
#[template(path = "artifacts.html")]
struct Page {
    pieces: Vec<Piece>,
}

/// The artifacts of a run in HTML; nothing if it has published none.
///
/// # Errors
/// If the store fails.
pub(super) async fn html(engine: &Engine, record: &RunRecord) -> Result<String> {
    let artifacts = engine.artifacts(record.id).await?;
    if artifacts.is_empty() {
        return Ok(String::new());
    }
    let pieces = artifacts
        .iter()
        .map(|artifact| piece(artifact, &record.name));
    Ok(rendered(&Page {
        pieces: pieces.collect(),
    }))
}

fn piece(artifact: &ArtifactRecord, run: &str) -> Piece {
    let data = artifact.value();
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| data[name].as_u64().unwrap_or(0);
    let address = || {
        format!(
            "{}/artifact?key={}&version={}",
            links::run(run),
            links::escaped(&artifact.place.key),
            artifact.version
        )
    };
    let shown = match artifact.kind {
        ArtifactKind::Table => table(&data),
        ArtifactKind::Link => {
            let address = text("url");
            What::Link {
                is_web: address.starts_with("https://") || address.starts_with("http://"),
                text: text("text"),
                address,
            }
        }
        ArtifactKind::Image => What::Image(address()),
        ArtifactKind::File => What::File {
            address: address(),
            name: text("name"),
        },
        ArtifactKind::Progress => What::Progress {
            done: number("done"),
            total: number("total"),
        },
        _ => What::Text(text("text")),
    };
    Piece {
        key: artifact.place.key.clone(),
        version: artifact.version,
        step_href: links::step(run, &artifact.place.step),
        step: artifact.place.step.clone(),
        about: artifact.description.clone().unwrap_or_default(),
        failed: artifact.failed,
        shown,
    }
}

fn table(data: &Value) -> What {
    let cell = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    };
    let list = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(cell).collect()
    };
    let rows = data["rows"].as_array().map_or(&[][..], Vec::as_slice);
    What::Table {
        columns: list(&data["columns"]),
        rows: rows.iter().take(ROWS).map(list).collect(),
        more: rows.len().saturating_sub(ROWS),
    }
}

/// Which artifact.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    key: String,
    version: u64,
}

/// The bytes of a file or image.
pub(super) async fn bytes(
    State(site): State<Site>,
    visit: Visit,
    Path(run): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let made = read(&site.engine, &run, &wanted).await;
    site.answer(&visit, Section::Runs, made)
}

async fn read(engine: &Engine, run: &str, wanted: &Wanted) -> Result<Response> {
    let record = engine.find(run).await?;
    let artifacts = engine.artifacts(record.id).await?;
    let artifact = artifacts
        .iter()
        .find(|known| known.place.key == wanted.key && known.version == wanted.version);
    let gone = || {
        let message = format!("{} published no such file as {}", record.name, wanted.key);
        Error::new(ErrorKind::NotFound, message)
    };
    let artifact = artifact.ok_or_else(gone)?;
    let bytes = engine.artifact_bytes(artifact).await?.ok_or_else(gone)?;
    let data = artifact.value();
    let name = data["name"].as_str().unwrap_or_default();
    let media = data["media"].as_str().unwrap_or_else(|| media_of(name));
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_SECURITY_POLICY, APART.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("inline; filename*=UTF-8''{}", links::escaped(name)),
        ),
    ];
    Ok((headers, bytes.to_vec()).into_response())
}

/// What a browser can show by itself, by the end of the name.
fn media_of(name: &str) -> &'static str {
    let end = name
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase());
    match end.as_deref() {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("txt" | "log" | "md" | "csv") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    }
}
