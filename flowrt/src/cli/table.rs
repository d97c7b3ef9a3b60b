//! Columns of text, aligned. A heading is for people: without a terminal, every line is data.

use std::io::IsTerminal;

use comfy_table::{ContentArrangement, Table, presets};

/// The rows as lines, each column as wide as its widest text.
pub(super) fn lines(heading: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    if std::io::stdout().is_terminal() && !rows.is_empty() {
        table.set_header(heading.iter().copied());
    }
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}
