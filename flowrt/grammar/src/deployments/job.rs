//! What the process of a run is given: a folder and variables.

use super::entry::no_templates;
use super::fields::Fields;
use super::node::{Key, Node, Value};
use super::place::Remarks;
use crate::closest;

/// What a launcher reads.
const READ: &[&str] = &["env", "working_dir"];

/// What tells Prefect how to start its own program.
const THEIRS: &[&str] = &["command", "name", "labels", "stream_output"];

/// The value of `job_variables`; every variable in it is a text, or nothing where it shall not be there.
pub(super) fn read(node: Node, remarks: &mut Remarks) -> Vec<(Key, Node)> {
    let Some(mut fields) = Fields::of(node, "`job_variables`", remarks) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    if let Some((key, node)) = fields.take_with_key("env")
        && !node.is_null()
    {
        let env = variables(node, remarks);
        no_templates(&env, remarks);
        let node = Node {
            place: key.place,
            width: 1,
            value: Value::Map(env),
        };
        all.push((key, node));
    }
    if let Some((key, node)) = fields.take_with_key("working_dir")
        && !node.is_null()
    {
        match &node.value {
            Value::Text { text, .. } if is_word(text) && !text.trim().is_empty() => {
                no_templates(&[(key.clone(), node.clone())], remarks);
                all.push((key, node));
            }
            Value::Text { .. } => remarks.fault(node.at(), "`working_dir` is the path of a folder"),
            _ => remarks.fault(
                node.at(),
                format!("`working_dir` is the path of a folder, not {}", node.kind()),
            ),
        }
    }
    for (key, node) in fields.rest() {
        let message = unread(&key.text);
        remarks.note(key.at(), message);
        all.push((key, node));
    }
    all
}

fn unread(key: &str) -> String {
    if THEIRS.contains(&key) {
        return format!("`{key}` means nothing here: the process of a run is this program again");
    }
    let near = closest(key, READ.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    format!("`{key}` is kept, and no launcher of this version reads it{near}")
}

fn variables(node: Node, remarks: &mut Remarks) -> Vec<(Key, Node)> {
    let Some(fields) = Fields::of(node, "`env`", remarks) else {
        return Vec::new();
    };
    let given = fields.rest();
    let read = given.filter_map(|(key, node)| {
        if key.text.is_empty() || key.text.contains('=') || !is_word(&key.text) {
            let message = format!(
                "`{}` cannot be the name of a variable: there is no `=` in a name",
                key.text.escape_debug()
            );
            remarks.fault(key.at(), message);
            return None;
        }
        let text = match &node.value {
            // Nothing takes a variable away that the worker has.
            Value::Null => return Some((key, node)),
            Value::Text { text, .. } if is_word(text) => text.clone(),
            Value::Number(text) => text.clone(),
            Value::Bool(value) => value.to_string(),
            // What stands there may be what nobody else shall read.
            Value::Text { .. } => {
                remarks.fault(node.at(), "a variable cannot hold the character NUL");
                return None;
            }
            Value::List(_) | Value::Map(_) => {
                remarks.fault(
                    node.at(),
                    format!("a variable is a text, not {}", node.kind()),
                );
                return None;
            }
        };
        let value = Value::Text { text, plain: false };
        Some((key, Node { value, ..node }))
    });
    read.collect()
}

fn is_word(text: &str) -> bool {
    !text.contains('\0')
}
