//! Bars that lie beside what they measure: files by commits, and shares within a table.

use super::charts::{WIDTH, rect};
use super::files::HotFile;
use super::text::{compact, counted, escape, shorten, thousands};

/// The files in most commits, as lying bars.
pub fn hot_files(files: &[HotFile]) -> String {
    const ROW: f64 = 26.0;
    const NAMES: f64 = 430.0;
    const FIGURES: f64 = 150.0;
    let most = files
        .iter()
        .map(|file| file.commits)
        .max()
        .unwrap_or(1)
        .max(1) as f64;
    let mut drawing = format!(
        r#"<svg viewBox="0 0 {WIDTH} {:.0}" role="img" aria-labelledby="files-title"><title id="files-title">The files in most commits</title>"#,
        ROW * files.len() as f64,
    );
    for (index, file) in files.iter().enumerate() {
        let y = ROW * index as f64;
        let width = (WIDTH - NAMES - FIGURES) * file.commits as f64 / most;
        let shown = shorten(&file.path, 56);
        let (folder, name) = shown
            .rsplit_once('/')
            .map_or(("", shown.as_str()), |(folder, name)| (folder, name));
        let slash = if folder.is_empty() { "" } else { "/" };
        drawing.push_str(&format!(
            r#"<g class="bar"><title>{}: {}, +{} −{} lines</title><rect class="hit" x="0" y="{y}" width="{WIDTH}" height="{ROW}"/><text class="path" x="0" y="{:.1}"><tspan class="folder">{}{slash}</tspan>{}</text>{}<text class="figure" x="{:.1}" y="{:.1}">{} <tspan class="folder">+{} −{}</tspan></text></g>"#,
            escape(&file.path),
            counted(file.commits, "commit"),
            thousands(file.added),
            thousands(file.removed),
            y + 17.5,
            escape(folder),
            escape(name),
            rect("main", NAMES, y + 6.0, width, ROW - 12.0),
            NAMES + width + 8.0,
            y + 17.5,
            thousands(file.commits),
            compact(file.added),
            compact(file.removed),
        ));
    }
    drawing + "</svg>"
}

/// A small bar for a share from 0 to 1, beside the number that says the same.
pub fn share(part: f64) -> String {
    let width = (part.clamp(0.0, 1.0) * 100.0).max(1.0);
    format!(
        r#"<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8" rx="2"/><rect class="main" width="{width:.1}" height="8" rx="2"/></svg>"#
    )
}
