//! The bare listing: what this program has, and what to type.

use super::picture;
use crate::author::meta::{Kind, Meta};

pub(super) fn flows(flows: &[&'static Meta], json: bool) {
    if json {
        let all: Vec<_> = flows.iter().map(|meta| serde_json::json!({ "name": meta.name, "doc": meta.doc, "params": meta.params.iter().map(|param| param.name).collect::<Vec<_>>() })).collect();
        println!("{}", serde_json::Value::Array(all));
        return;
    }
    let width = flows.iter().map(|meta| meta.name.len()).max().unwrap_or(0);
    for meta in flows {
        let doc = meta.doc.lines().next().unwrap_or_default();
        let schedule = meta.flow.schedule.map_or_else(String::new, |cron| {
            format!(" · {cron} {}", meta.flow.timezone.unwrap_or("UTC"))
        });
        println!("{:width$}   {doc:50}  {}{schedule}", meta.name, kind(meta));
        let params: Vec<_> = meta
            .params
            .iter()
            .map(|param| {
                let default = param
                    .default
                    .and_then(|default| default().ok())
                    .map_or_else(String::new, |value| {
                        format!(" [{}]", value.trim_matches('"'))
                    });
                format!("--{} <{}>{default}", param.flag, param.ty)
            })
            .collect();
        if !params.is_empty() {
            println!("  {}", params.join("   "));
        }
    }
    match flows.first() {
        Some(first) => println!(
            "\nrun one:   run {}        draw it:   graph {}",
            first.name, first.name
        ),
        None => eprintln!(
            "this program has no flows\ntry: a crate of flows must be named where the program starts: flowrt::main!(flows = [my_flows])"
        ),
    }
}

/// What a listing calls the kind of a flow.
fn kind(meta: &Meta) -> String {
    match meta.graph {
        Some(_) => format!("dag · {} nodes", picture::graph(meta).nodes.len()),
        None if meta.kind == Kind::Program => "program".to_owned(),
        None => "dag".to_owned(),
    }
}
