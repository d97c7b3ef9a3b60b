//! From the text of a file to its tree.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::node::{Key, Node, Value};
use super::place::{Place, Remark, Remarks};
use super::scalar;

/// Deeper files are no files of people.
const DEPTH_MAX: usize = 64;
/// Aliases of aliases can make a short file long without end.
const NODES_MAX: usize = 100_000;

/// The tree of a file's only document; `None` if it is empty, or if it is no YAML (which the remarks say then).
pub(super) fn read(text: &str, remarks: &mut Remarks) -> Option<Node> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        nodes: 0,
        remarks,
    };
    match reader.document() {
        Ok(root) => root,
        Err(fault) => {
            reader.remarks.faults.push(*fault);
            None
        }
    }
}

struct Reader<'text, 'remarks> {
    events: Parser<'text, StrInput<'text>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    remarks: &'remarks mut Remarks,
}

type Read<T> = Result<T, Box<Remark>>;

impl<'text> Reader<'text, '_> {
    fn document(&mut self) -> Read<Option<Node>> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    let message = "a second document begins here; the file is one";
                    return Err(stop(place(&span), message));
                }
                Event::DocumentStart(..) => {}
                event => root = Some(self.node(event, &span, 0)?),
            }
        }
    }

    fn next(&mut self) -> Read<(Event<'text>, Span)> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let at = Place {
                    line: error.marker().line(),
                    column: error.marker().col() + 1,
                };
                Err(stop(at, &format!("this is not YAML: {}", error.kind())))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'text>, span: &Span, depth: usize) -> Read<Node> {
        let at = place(span);
        self.count(1, at)?;
        if depth > DEPTH_MAX {
            return Err(stop(at, "this is nested too deeply"));
        }
        let (value, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, at),
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), span);
                (value, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.node(event, &span, depth + 1)?),
                    }
                }
                (Value::List(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => (Value::Map(self.fields(depth)?), anchor),
            _ => return Err(stop(at, "a value is expected here")),
        };
        let node = Node {
            place: at,
            width: width(span),
            value,
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, at: Place) -> Read<Node> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(stop(at, "this alias stands for what it is part of"));
        };
        let (node, size) = (node.clone(), size(node));
        self.count(size, at)?;
        Ok(node)
    }

    fn fields(&mut self, depth: usize) -> Read<Vec<(Key, Node)>> {
        let (mut fields, mut merged) = (Vec::<(Key, Node)>::new(), Vec::new());
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, &span, depth + 1)?;
            let (event, span) = self.next()?;
            let value = self.node(event, &span, depth + 1)?;
            let Some(text) = key_text(&key) else {
                self.remarks.fault(key.at(), "a key is a word, not this");
                continue;
            };
            if text == "<<" && matches!(key.value, Value::Text { plain: true, .. }) {
                merged.push(value);
                continue;
            }
            if let Some((first, _)) = fields.iter().find(|(first, _)| first.text == text) {
                let message = format!("`{text}` is here twice: first in line {}", first.place.line);
                self.remarks.fault(key.at(), message);
                continue;
            }
            let place = key.place;
            fields.push((Key { place, text }, value));
        }
        for source in merged {
            self.merge(&mut fields, source);
        }
        Ok(fields)
    }

    /// `<<: *base`: what is not here itself comes from there.
    fn merge(&mut self, fields: &mut Vec<(Key, Node)>, source: Node) {
        match source.value {
            Value::Map(others) => {
                for (key, value) in others {
                    if fields.iter().all(|(there, _)| there.text != key.text) {
                        fields.push((key, value));
                    }
                }
            }
            Value::List(sources) => {
                for source in sources {
                    self.merge(fields, source);
                }
            }
            _ => self
                .remarks
                .fault(source.at(), "`<<` takes the keys of a map; this is none"),
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Value {
        let as_text = |plain: bool| Value::Text {
            text: text.to_owned(),
            plain,
        };
        let at = (place(span), width(span));
        let is_plain = style == ScalarStyle::Plain;
        match tag.map(Tag::core_suffix) {
            None if !is_plain => return as_text(false),
            Some(Some("str")) => return as_text(is_plain),
            None | Some(Some("int" | "float" | "bool" | "null")) => {}
            Some(_) => self
                .remarks
                .fault(at, "a tag (`!…`) means nothing here; leave it out"),
        }
        scalar::plain(text).unwrap_or_else(|message| {
            self.remarks.fault(at, message);
            Value::Null
        })
    }

    fn count(&mut self, more: usize, at: Place) -> Read<()> {
        self.nodes += more;
        if self.nodes > NODES_MAX {
            return Err(stop(at, "the file holds more than can be meant"));
        }
        Ok(())
    }
}

fn key_text(key: &Node) -> Option<String> {
    match &key.value {
        Value::Text { text, .. } | Value::Number(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(fields) => 1 + fields.iter().map(|(_, node)| size(node)).sum::<usize>(),
        _ => 1,
    }
}

fn place(span: &Span) -> Place {
    Place {
        line: span.start.line().max(1),
        column: span.start.col() + 1,
    }
}

fn width(span: &Span) -> usize {
    if span.start.line() == span.end.line() {
        span.end.col().saturating_sub(span.start.col()).max(1)
    } else {
        1
    }
}

fn stop(place: Place, message: &str) -> Box<Remark> {
    Box::new(Remark {
        place,
        width: 1,
        message: message.to_owned(),
        hint: None,
    })
}
