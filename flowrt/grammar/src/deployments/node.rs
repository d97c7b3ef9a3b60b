//! YAML as a tree in which each thing knows where it stands.

use std::fmt::Write as _;

use super::place::Place;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// How many characters of its first line it takes.
    pub width: usize,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number, as JSON writes it.
    Number(String),
    /// A text.
    Text {
        /// The text.
        text: String,
        /// Written without quotes: what stands in it can be pointed at.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// Values by key, in the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it stands.
    pub place: Place,
    /// Its text.
    pub text: String,
}

impl Key {
    /// What a remark about it points at.
    pub fn at(&self) -> (Place, usize) {
        (self.place, self.text.chars().count().max(1))
    }
}

impl Node {
    /// What a remark about it points at.
    pub fn at(&self) -> (Place, usize) {
        (self.place, self.width)
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Nothing is here.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// Nothing, or an empty list or map.
    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::List(items) => items.is_empty(),
            Value::Map(fields) => fields.is_empty(),
            _ => false,
        }
    }

    /// What it is, in words, for a message.
    pub fn kind(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number.clone(),
            Value::Text { text, .. } => format!("{text:?}"),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }

    /// The node at a path such as `window.days[2]`, or as far down as there are nodes.
    pub fn along(&self, path: &str) -> &Self {
        let path = path.trim_start_matches('.');
        let end = path
            .char_indices()
            .skip(1)
            .find(|(_, c)| matches!(c, '.' | '['))
            .map_or(path.len(), |(at, _)| at);
        let (step, rest) = path.split_at(end);
        let below = match &self.value {
            Value::Map(fields) => fields
                .iter()
                .find(|(key, _)| key.text == step)
                .map(|(_, node)| node),
            Value::List(items) => step
                .trim_matches(['[', ']'])
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index)),
            _ => None,
        };
        below.map_or(self, |node| node.along(rest))
    }

    fn write(&self, json: &mut String) {
        match &self.value {
            Value::Null => json.push_str("null"),
            Value::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => json.push_str(number),
            Value::Text { text, .. } => write_text(text, json),
            Value::List(items) => {
                json.push('[');
                for (index, item) in items.iter().enumerate() {
                    json.push_str(if index == 0 { "" } else { "," });
                    item.write(json);
                }
                json.push(']');
            }
            Value::Map(fields) => write_map(fields, json),
        }
    }
}

/// The fields as a JSON object.
pub fn map_to_json(fields: &[(Key, Node)]) -> String {
    let mut json = String::new();
    write_map(fields, &mut json);
    json
}

fn write_map(fields: &[(Key, Node)], json: &mut String) {
    json.push('{');
    for (index, (key, value)) in fields.iter().enumerate() {
        json.push_str(if index == 0 { "" } else { "," });
        write_text(&key.text, json);
        json.push(':');
        value.write(json);
    }
    json.push('}');
}

fn write_text(text: &str, json: &mut String) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            c if c.is_control() => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(json, "\\u{unit:04x}").expect("writing to a string does not fail");
                }
            }
            c => json.push(c),
        }
    }
    json.push('"');
}
