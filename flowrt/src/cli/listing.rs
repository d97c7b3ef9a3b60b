//! The bare listing: what this program has, and what to type.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::ArgMatches;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::command::{Program, program_name, wants_json};
use super::flags::default_text;
use super::{picture, print};
use crate::author::meta::{Kind, Meta};
use crate::error::Result;
use crate::ops::params::schema::{Kind as Type, Place};
use crate::ops::params::{default, schema_of};

/// Columns of a line of parameters before it goes on below.
const LINE_COLUMNS: usize = 100;

/// Lists the flows.
///
/// # Errors
/// If there are none, which is never what somebody wanted.
pub(super) fn flows(program: &Program, matches: &ArgMatches) -> Result<ExitCode> {
    if wants_json(matches) {
        let all: Vec<_> = program.flows.iter().map(|meta| value(meta)).collect();
        print::json(&Value::Array(all))?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(first) = program.flows.first() else {
        return Err(crate::registry::none());
    };
    let docs = program.flows.iter().map(|meta| doc(meta).width());
    let (names, docs) = (
        program.flows.iter().map(|meta| meta.name.width()).max(),
        docs.max(),
    );
    let mut text = String::new();
    for meta in &program.flows {
        let name = padded(meta.name, names.unwrap_or(0));
        let doc = padded(doc(meta), docs.unwrap_or(0));
        let _ = writeln!(text, "{name}   {doc}   {}", kind(meta));
        for line in parameters(meta) {
            let _ = writeln!(text, "  {line}");
        }
    }
    print::data(&text)?;
    let me = program_name();
    print::note(&format!(
        "\nrun one:   {me} run {}        draw it:   {me} graph {}",
        example(first),
        first.name
    ));
    Ok(ExitCode::SUCCESS)
}

fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

fn doc(meta: &Meta) -> &str {
    meta.doc.lines().next().unwrap_or_default()
}

/// The parameters as flags, as many on a line as fit.
fn parameters(meta: &Meta) -> Vec<String> {
    let schema = schema_of(meta);
    let root = Place::root(&schema);
    let mut lines: Vec<String> = Vec::new();
    for param in meta.params {
        let place = root.child(param.name).unwrap_or(root);
        let default = default_text(param, place);
        let mut flag = format!("--{}", param.flag);
        if place.kind() != Type::Bool || default.is_some() {
            let _ = write!(flag, " <{}>", place.placeholder());
        }
        if let Some(default) = default {
            let _ = write!(flag, " [{default}]");
        }
        match lines.last_mut() {
            Some(line) if line.width() + flag.width() < LINE_COLUMNS => {
                let _ = write!(line, "   {flag}");
            }
            _ => lines.push(flag),
        }
    }
    lines
}

/// What to type after `run`: with the parameters that it needs.
fn example(meta: &Meta) -> String {
    let schema = schema_of(meta);
    let root = Place::root(&schema);
    let needed = meta.params.iter().filter(|param| param.default.is_none());
    needed.fold(meta.name.to_owned(), |mut text, param| {
        let placeholder = root
            .child(param.name)
            .map_or_else(|| "JSON".to_owned(), Place::placeholder);
        let _ = write!(text, " --{} <{placeholder}>", param.flag);
        text
    })
}

/// What a listing calls the kind of a flow, and when it runs by itself.
fn kind(meta: &Meta) -> String {
    let kind = match meta.graph {
        Some(_) => match picture::graph(meta).nodes.len() {
            1 => "dag · 1 node".to_owned(),
            count => format!("dag · {count} nodes"),
        },
        None if meta.kind == Kind::Program => "program".to_owned(),
        None => "dag".to_owned(),
    };
    match (meta.flow.schedule, meta.flow.timezone) {
        (Some(cron), Some(zone)) => format!("{kind} · {cron} {zone}"),
        (Some(cron), None) => format!("{kind} · {cron} UTC"),
        _ => kind,
    }
}

fn value(meta: &Meta) -> Value {
    let params = meta.params.iter().map(|param| {
        json!({
            "name": param.name,
            "flag": format!("--{}", param.flag),
            "type": param.ty,
            "help": param.help,
            "env": param.env,
            "required": param.default.is_none(),
            "default": default(param),
        })
    });
    json!({
        "name": meta.name,
        "doc": meta.doc,
        "kind": if meta.kind == Kind::Program { "program" } else { "dag" },
        "nodes": meta.graph.map(|_| picture::graph(meta).nodes.len()),
        "schedule": meta.flow.schedule,
        "timezone": meta.flow.schedule.map(|_| meta.flow.timezone.unwrap_or("UTC")),
        "tags": meta.flow.tags,
        "file": meta.file,
        "line": meta.line,
        "params": params.collect::<Vec<_>>(),
        "schema": schema_of(meta),
    })
}
