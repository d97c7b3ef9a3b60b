//! An artifact as text for a terminal.

use serde_json::{Value, json};

use super::store::spoken;
use super::time_text::rfc3339;
use super::{style, table};
use crate::model::artifact::{ArtifactKind, ArtifactRecord};

/// How many columns a bar has.
const BAR: u64 = 20;

/// What it is, in a few words: `table, 12 rows`.
pub(super) fn summary(artifact: &ArtifactRecord) -> String {
    let data = artifact.value();
    let kind = artifact.kind.as_str();
    let detail = match artifact.kind {
        ArtifactKind::Table => {
            let rows = data["rows"].as_array().map_or(0, Vec::len);
            format!("{rows} {}", if rows == 1 { "row" } else { "rows" })
        }
        ArtifactKind::Link => text_of(&data["url"]),
        ArtifactKind::File | ArtifactKind::Image => {
            let size = artifact.blob.map_or(0, |blob| blob.size());
            format!("{}, {}", text_of(&data["name"]), spoken(size))
        }
        ArtifactKind::Progress => counted(&data),
        _ => text_of(&data["text"])
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(60)
            .collect(),
    };
    let failed = if artifact.failed {
        " · from a failed attempt"
    } else {
        ""
    };
    format!("{kind}, {detail}{failed}")
}

/// All of it, for a person.
pub(super) fn whole(artifact: &ArtifactRecord) -> String {
    let data = artifact.value();
    match artifact.kind {
        ArtifactKind::Table => rows(&data),
        ArtifactKind::Link => format!("{}\n{}\n", text_of(&data["text"]), text_of(&data["url"])),
        ArtifactKind::File | ArtifactKind::Image => {
            let digest = artifact.blob.map_or_else(String::new, |blob| blob.digest());
            format!("{}\nblake3 {digest}\n", summary(artifact))
        }
        ArtifactKind::Progress => format!("{}\n", counted(&data)),
        _ => text_of(&data["text"]),
    }
}

/// The fields that scripts rely on.
pub(super) fn fields(artifact: &ArtifactRecord) -> Value {
    json!({
        "key": artifact.place.key,
        "version": artifact.version,
        "kind": artifact.kind,
        "run_id": artifact.run,
        "step": artifact.place.step,
        "attempt": artifact.place.attempt,
        "failed": artifact.failed,
        "time": rfc3339(artifact.place.at),
        "description": artifact.description,
        "data": artifact.value(),
        "size": artifact.blob.map(|blob| blob.size()),
        "blake3": artifact.blob.map(|blob| blob.digest()),
    })
}

/// How far the steps of a run are that are not done.
pub(super) fn progress(artifacts: &[ArtifactRecord]) -> String {
    let under_way = artifacts.iter().filter(|artifact| {
        let data = artifact.value();
        artifact.version == 0 && data["done"].as_u64() < data["total"].as_u64()
    });
    let rows: Vec<_> = under_way
        .map(|artifact| {
            let step = format!("  {}", artifact.place.step);
            vec![step, counted(&artifact.value())]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\nprogress\n{}", table::lines(&["", ""], rows))
}

/// The lines of a run's artifacts, those of progress left out.
pub(super) fn list(artifacts: &[ArtifactRecord]) -> String {
    let published = artifacts.iter().filter(|artifact| artifact.version > 0);
    let rows = published.map(|artifact| {
        vec![
            format!(
                "  {} {}",
                style::coloured(sign(artifact)),
                artifact.place.key
            ),
            format!("v{}", artifact.version),
            artifact.place.step.clone(),
            summary(artifact),
            artifact.description.clone().unwrap_or_default(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\nartifacts\n{}", table::lines(&["", "", "", "", ""], rows))
}

/// `12 of 40 ▰▰▰▱▱`, from the data of progress.
pub(super) fn counted(data: &Value) -> String {
    let (done, total) = (data["done"].as_u64(), data["total"].as_u64());
    let (done, total) = (done.unwrap_or(0), total.unwrap_or(0));
    let full = (u128::from(done) * u128::from(BAR) / u128::from(total.max(1))).min(u128::from(BAR));
    let full = usize::try_from(full).unwrap_or(0);
    let rest = usize::try_from(BAR).unwrap_or(0) - full;
    format!("{done} of {total} {}{}", "▰".repeat(full), "▱".repeat(rest))
}

fn sign(artifact: &ArtifactRecord) -> &'static str {
    if artifact.failed { "✗" } else { "✓" }
}

fn rows(data: &Value) -> String {
    let columns: Vec<String> = data["columns"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text_of)
        .collect();
    let lines = data["rows"].as_array().into_iter().flatten();
    let lines = lines.map(|row| row.as_array().into_iter().flatten().map(text_of).collect());
    let all: Vec<Vec<String>> = std::iter::once(columns).chain(lines).collect();
    table::lines(&[], all)
}

/// A text without its quotes, anything else as JSON.
fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_longer_than_it_is() {
        let of = |done: u64, total: u64| counted(&json!({ "done": done, "total": total }));
        assert_eq!(of(1, 2), "1 of 2 ▰▰▰▰▰▰▰▰▰▰▱▱▱▱▱▱▱▱▱▱");
        assert_eq!(of(9, 0).chars().filter(|c| *c == '▰').count(), 20);
        assert_eq!(of(u64::MAX, 1).chars().filter(|c| *c == '▰').count(), 20);
    }
}
