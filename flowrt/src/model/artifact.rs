//! What a task publishes besides its result: for people, under a key, in versions.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::blob::{Blob, BlobId};
use super::ids::RunId;
use super::record::Micros;

/// How long a key may be, in bytes.
pub const ARTIFACT_KEY_MAX: usize = 200;

/// What kind of thing an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ArtifactKind {
    /// Columns and rows.
    Table,
    /// Text.
    Markdown,
    /// An address.
    Link,
    /// A picture, as a file.
    Image,
    /// A file.
    File,
    /// How far a step is; only the newest is kept.
    Progress,
}

impl ArtifactKind {
    const ALL: [Self; 6] = [
        Self::Table,
        Self::Markdown,
        Self::Link,
        Self::Image,
        Self::File,
        Self::Progress,
    ];

    /// The name as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Markdown => "markdown",
            Self::Link => "link",
            Self::Image => "image",
            Self::File => "file",
            Self::Progress => "progress",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something that a task publishes with [`TaskContext::artifact`](crate::TaskContext::artifact).
///
/// ```
/// use flowrt::Artifact;
///
/// let table = Artifact::table(["file", "changes"], [("src/lib.rs", 12), ("README.md", 3)]);
/// let note = Artifact::markdown("# Done").describe("what was done");
/// # let _ = (table, note);
/// ```
#[derive(Debug, Clone)]
pub struct Artifact {
    kind: ArtifactKind,
    description: Option<String>,
    data: Result<Value, String>,
    blob: Option<Blob>,
}

impl Artifact {
    fn of(kind: ArtifactKind, data: Value) -> Self {
        Self {
            kind,
            description: None,
            data: Ok(data),
            blob: None,
        }
    }

    /// A table. A row is a tuple, an array, or a struct that has the columns as fields.
    pub fn table<C, R>(columns: C, rows: R) -> Self
    where
        C: IntoIterator<Item: Into<String>>,
        R: IntoIterator<Item: Serialize>,
    {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        let rows: Result<Vec<Value>, String> = rows
            .into_iter()
            .map(|row| row_of(&columns, serde_json::to_value(row)))
            .collect();
        let data = rows.map(|rows| json!({ "columns": columns, "rows": rows }));
        Self {
            data,
            ..Self::of(ArtifactKind::Table, Value::Null)
        }
    }

    /// Text that is shown as Markdown.
    pub fn markdown(text: impl Into<String>) -> Self {
        Self::of(ArtifactKind::Markdown, json!({ "text": text.into() }))
    }

    /// An address, and what it leads to.
    pub fn link(url: impl Into<String>, text: impl Into<String>) -> Self {
        let data = json!({ "url": url.into(), "text": text.into() });
        Self::of(ArtifactKind::Link, data)
    }

    /// A file of that name: `report.html`.
    pub fn file(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::with_bytes(ArtifactKind::File, name.into(), bytes.into())
    }

    /// A picture, as a file of that name; what kind of picture is read from the bytes. Other than PNG, SVG, JPEG, GIF and
    /// WebP is refused.
    pub fn image(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let media = media_of(&bytes);
        let mut image = Self::with_bytes(ArtifactKind::Image, name.into(), bytes);
        match (media, &mut image.data) {
            (Some(media), Ok(data)) => data["media"] = json!(media),
            (_, data) => *data = Err("this is no PNG, SVG, JPEG, GIF or WebP".to_owned()),
        }
        image
    }

    /// How far something is. Under one key, only the newest is kept.
    pub fn progress(done: u64, total: u64) -> Self {
        let data = json!({ "done": done, "total": total });
        Self::of(ArtifactKind::Progress, data)
    }

    fn with_bytes(kind: ArtifactKind, name: String, bytes: Vec<u8>) -> Self {
        Self {
            blob: Some(Blob::new(bytes)),
            ..Self::of(kind, json!({ "name": name }))
        }
    }

    /// Says what it is, in a line.
    #[must_use]
    pub fn describe(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// What is to be written down, or why it cannot be.
    pub(crate) fn into_new(self, place: Place) -> Result<NewArtifact, String> {
        if place.key.is_empty() || place.key.len() > ARTIFACT_KEY_MAX {
            return Err(format!(
                "a key has 1 to {ARTIFACT_KEY_MAX} bytes, this one has {}",
                place.key.len()
            ));
        }
        if let Some(odd) = place.key.chars().find(|c| c.is_control()) {
            return Err(format!("the key holds the character {odd:?}"));
        }
        Ok(NewArtifact {
            place,
            kind: self.kind,
            description: self.description,
            data: self.data?.to_string(),
            blob: self.blob,
        })
    }
}

/// Takes a struct apart in the order of the columns.
fn row_of(columns: &[String], row: serde_json::Result<Value>) -> Result<Value, String> {
    match row {
        Ok(Value::Array(cells)) if cells.len() == columns.len() => Ok(Value::Array(cells)),
        Ok(Value::Array(cells)) => Err(format!(
            "a row has {} cells, the table has {} columns",
            cells.len(),
            columns.len()
        )),
        Ok(Value::Object(mut fields)) => columns
            .iter()
            .map(|column| {
                let cell = fields.remove(column);
                cell.ok_or_else(|| format!("a row has no field `{column}`"))
            })
            .collect(),
        Ok(cell) if columns.len() == 1 => Ok(Value::Array(vec![cell])),
        Ok(_) => Err("a row is a tuple, an array or a struct".to_owned()),
        Err(error) => Err(format!("a row cannot be encoded as JSON: {error}")),
    }
}

fn media_of(bytes: &[u8]) -> Option<&'static str> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    if begins(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if begins(b"\xff\xd8\xff") {
        return Some("image/jpeg");
    }
    if begins(b"GIF87a") || begins(b"GIF89a") {
        return Some("image/gif");
    }
    if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1_000)]).into_owned();
    head.contains("<svg").then_some("image/svg+xml")
}

/// Where an artifact comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is called; versions of one thing have one key.
    pub key: String,
    /// The step's full id.
    pub step: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// When it was published.
    pub at: Micros,
}

/// An artifact to be written down.
#[derive(Debug, Clone)]
pub struct NewArtifact {
    /// Where it comes from.
    pub place: Place,
    /// What kind of thing it is.
    pub kind: ArtifactKind,
    /// What it is, in a line.
    pub description: Option<String>,
    /// All but the bytes, as a JSON object.
    pub data: String,
    /// The bytes of a file or image.
    pub blob: Option<Blob>,
}

/// A version of an artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct ArtifactRecord {
    /// The run that made it.
    pub run: RunId,
    /// Where in the run it comes from.
    pub place: Place,
    /// From 1 for each key, over all runs; 0 for progress, which has no versions.
    pub version: u64,
    /// What kind of thing it is.
    pub kind: ArtifactKind,
    /// The attempt that made it has failed.
    pub failed: bool,
    /// What it is, in a line.
    pub description: Option<String>,
    /// All but the bytes, as a JSON object: `columns` and `rows`, `text`, `url` and `text`, `name` (and `media`), `done` and
    /// `total`.
    pub data: String,
    /// Names the bytes of a file or image.
    pub blob: Option<BlobId>,
}

impl NewArtifact {
    /// The record of it.
    pub(crate) fn accept(self, run: RunId, version: u64) -> ArtifactRecord {
        ArtifactRecord {
            run,
            place: self.place,
            version,
            kind: self.kind,
            failed: false,
            description: self.description,
            data: self.data,
            blob: self.blob.map(|blob| blob.id()),
        }
    }
}

impl ArtifactRecord {
    /// The data as a tree.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(artifact: Artifact, key: &str) -> Result<NewArtifact, String> {
        artifact.into_new(Place {
            key: key.to_owned(),
            step: "s".to_owned(),
            attempt: 1,
            at: 0,
        })
    }

    #[test]
    fn rows_are_tuples_or_structs() {
        #[derive(Serialize)]
        struct Row {
            changes: u32,
            file: &'static str,
        }
        let row = Row {
            changes: 2,
            file: "a",
        };
        let of_structs = new(Artifact::table(["file", "changes"], [row]), "k").unwrap();
        let of_tuples = new(Artifact::table(["file", "changes"], [("a", 2)]), "k").unwrap();
        assert_eq!(of_structs.data, of_tuples.data);
        assert_eq!(
            of_tuples.data,
            r#"{"columns":["file","changes"],"rows":[["a",2]]}"#
        );
        let short = new(Artifact::table(["a", "b"], [(1,)]), "k").unwrap_err();
        assert_eq!(short, "a row has 1 cells, the table has 2 columns");
    }

    #[test]
    fn what_is_no_picture_and_what_is_no_key_is_refused() {
        assert!(new(Artifact::image("a.png", *b"\x89PNG\r\n\x1a\n"), "k").is_ok());
        assert!(new(Artifact::image("a.svg", "<svg/>"), "k").is_ok());
        assert!(new(Artifact::image("a.png", "text"), "k").is_err());
        assert!(new(Artifact::markdown("x"), "").is_err());
        assert!(new(Artifact::markdown("x"), "a\nb").is_err());
    }
}
