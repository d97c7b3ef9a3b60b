//! Every fault of a value, found by its JSON Schema.

use std::fmt::Write as _;

use serde_json::Value;

use super::Fault;
use super::not_there;
use super::schema::Place;

/// How much of a value is shown in an error.
const SHOWN_CHARS: usize = 60;

/// What a schema finds wrong with a value.
#[derive(Debug, Default)]
pub struct Findings {
    /// The value is of another form than the type. If the type takes it all the same, the type is right.
    pub shapes: Vec<Fault>,
    /// The value is out of bounds that only the schema knows.
    pub bounds: Vec<Fault>,
}

impl Findings {
    fn len(&self) -> usize {
        self.shapes.len() + self.bounds.len()
    }

    fn append(&mut self, mut other: Self) {
        self.shapes.append(&mut other.shapes);
        self.bounds.append(&mut other.bounds);
    }

    fn shape(&mut self, path: &str, message: String) {
        self.shapes.push(Fault {
            path: path.to_owned(),
            message,
        });
    }

    fn bound(&mut self, path: &str, message: String) {
        self.bounds.push(Fault {
            path: path.to_owned(),
            message,
        });
    }
}

/// A value as an error shows it.
pub fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN_CHARS {
        return text;
    }
    let mut cut: String = text.chars().take(SHOWN_CHARS).collect();
    cut.push('…');
    cut
}

/// Adds to `found` what is wrong with `value`; `path` is where it is, and is left as it was.
pub fn check(place: Place<'_>, value: &Value, path: &mut String, found: &mut Findings) {
    // What an option holds is judged as if it were no option.
    let place = if value.is_null() {
        place
    } else {
        place.inner()
    };
    // A type that is a secret judges by itself, and says nothing of the value.
    if place.is_secret() {
        return;
    }
    if place.is_never() {
        found.shape(path, "is not allowed here".to_owned());
        return;
    }
    let alternatives = place.alternatives();
    if !alternatives.is_empty() && !check_alternatives(place, &alternatives, value, path, found) {
        return;
    }
    if !is_of_type(place, value) {
        found.shape(path, misfit(place, value));
        return;
    }
    if alternatives.is_empty() && !is_chosen(place, value) {
        found.shape(path, misfit(place, value));
        return;
    }
    for part in place.parts() {
        check(part, value, path, found);
    }
    match value {
        Value::Object(_) => check_object(place, value, path, found),
        Value::Array(items) => check_items(place, items, path, found),
        Value::String(text) => check_text(place, text, path, found),
        Value::Number(number) => check_number(place, number, path, found),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether one of the alternatives takes the value; if none does, the faults are those of the one that comes nearest.
fn check_alternatives(
    place: Place<'_>,
    alternatives: &[Place<'_>],
    value: &Value,
    path: &mut String,
    found: &mut Findings,
) -> bool {
    if let Some(tag) = tag_of(alternatives)
        && let Value::Object(object) = value
        && let words = place.words_at(tag)
        && !object
            .get(tag)
            .and_then(Value::as_str)
            .is_some_and(|word| words.contains(&word))
    {
        below(path, &format!(".{tag}"), |path| {
            found.shape(path, wrong_tag(&words, object.get(tag)))
        });
        return false;
    }
    let mut nearest: Option<(bool, Findings)> = None;
    for alternative in alternatives {
        let mut theirs = Findings::default();
        check(*alternative, value, path, &mut theirs);
        if theirs.len() == 0 {
            return true;
        }
        let is_far = !looks_meant(*alternative, value);
        let is_nearer = nearest
            .as_ref()
            .is_none_or(|(far, best)| (is_far, theirs.len()) < (*far, best.len()));
        if is_nearer {
            nearest = Some((is_far, theirs));
        }
    }
    match nearest {
        Some((false, theirs)) => found.append(theirs),
        _ => found.shape(path, misfit(place, value)),
    }
    false
}

/// The field whose word tells the alternatives apart.
fn tag_of<'a>(alternatives: &[Place<'a>]) -> Option<&'a str> {
    let is_tag = |name: &str| {
        alternatives.iter().all(|place| {
            let words = place.child(name).and_then(Place::choices);
            words.is_some_and(|words| words.len() == 1)
        })
    };
    let fields = alternatives.first()?.fields();
    fields
        .into_iter()
        .map(|(name, _)| name)
        .find(|name| is_tag(name))
}

fn wrong_tag(words: &[&str], value: Option<&Value>) -> String {
    let expects = format!("one of {}", words.join(", "));
    match value {
        None => format!("is missing: it expects {expects}"),
        Some(value) => misfit_of(&expects, words, value),
    }
}

/// An object for an object: one whose tag says so, or that shares a field name.
fn looks_meant(place: Place<'_>, value: &Value) -> bool {
    let Value::Object(object) = value else {
        return is_of_type(place, value) && place.choices().is_none() && !place.types().is_empty();
    };
    let fields = place.fields();
    let tags: Vec<_> = fields
        .iter()
        .filter(|(_, field)| field.get("const").is_some())
        .collect();
    if tags.is_empty() {
        return fields.iter().any(|(name, _)| object.contains_key(*name));
    }
    tags.iter()
        .all(|(name, tag)| object.get(*name) == tag.get("const"))
}

fn is_of_type(place: Place<'_>, value: &Value) -> bool {
    let types = place.types();
    types.is_empty()
        || types.iter().any(|name| match *name {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => {
                value.is_i64()
                    || value.is_u64()
                    || value.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => true,
        })
}

fn is_chosen(place: Place<'_>, value: &Value) -> bool {
    let words = place.get("enum").and_then(Value::as_array);
    place.get("const").is_none_or(|only| only == value)
        && words.is_none_or(|words| words.contains(value))
}

fn misfit(place: Place<'_>, value: &Value) -> String {
    misfit_of(&place.expects(), &place.bare_words(), value)
}

fn misfit_of(expects: &str, words: &[&str], value: &Value) -> String {
    let mut message = format!("expects {expects}, got {}", shown(value));
    let words = words.iter().copied();
    if let Some(near) = value
        .as_str()
        .and_then(|text| flowrt_grammar::closest(text, words))
    {
        let _ = write!(message, "; did you mean `{near}`?");
    }
    message
}

fn check_object(place: Place<'_>, value: &Value, path: &mut String, found: &mut Findings) {
    let Value::Object(object) = value else { return };
    let required = place.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            let expects = place
                .child(name)
                .map_or_else(|| "a value".to_owned(), Place::expects);
            below(path, &format!(".{name}"), |path| {
                found.shape(path, format!("is missing: it expects {expects}"))
            });
        }
    }
    let is_closed = ["additionalProperties", "unevaluatedProperties"]
        .iter()
        .any(|keyword| place.get(keyword) == Some(&Value::Bool(false)));
    let own = place.get("properties").and_then(Value::as_object);
    for (name, value) in object {
        below(path, &format!(".{name}"), |path| {
            let is_own = own.is_some_and(|own| own.contains_key(name));
            let has_own_keywords = own.is_some() || place.get("additionalProperties").is_some();
            match place.child(name) {
                // What is only known to a part or an alternative is checked there.
                Some(child)
                    if is_own
                        || (has_own_keywords
                            && place.alternatives().is_empty()
                            && place.parts().is_empty()) =>
                {
                    check(child, value, path, found);
                }
                Some(_) => {}
                None if is_closed => {
                    let fields = place.fields();
                    found.shape(
                        path,
                        not_there("field", name, fields.iter().map(|(name, _)| *name)),
                    );
                }
                None => {}
            }
        });
    }
}

fn check_items(place: Place<'_>, items: &[Value], path: &mut String, found: &mut Findings) {
    check_size(
        place,
        items.len(),
        ("minItems", "maxItems"),
        "items",
        path,
        found,
    );
    for (index, item) in items.iter().enumerate() {
        if let Some(child) = place.child(&index.to_string()) {
            below(path, &format!("[{index}]"), |path| {
                check(child, item, path, found)
            });
        }
    }
}

fn check_text(place: Place<'_>, text: &str, path: &str, found: &mut Findings) {
    check_size(
        place,
        text.chars().count(),
        ("minLength", "maxLength"),
        "characters",
        path,
        found,
    );
}

fn check_size(
    place: Place<'_>,
    size: usize,
    (least, most): (&str, &str),
    what: &str,
    path: &str,
    found: &mut Findings,
) {
    let bound = |keyword| place.get(keyword).and_then(Value::as_u64);
    let size = size as u64;
    if let Some(least) = bound(least).filter(|least| size < *least) {
        found.bound(path, format!("expects at least {least} {what}, got {size}"));
    }
    if let Some(most) = bound(most).filter(|most| size > *most) {
        found.bound(path, format!("expects at most {most} {what}, got {size}"));
    }
}

fn check_number(place: Place<'_>, number: &serde_json::Number, path: &str, found: &mut Findings) {
    let Some(value) = number.as_f64() else { return };
    let bound = |keyword| place.get(keyword).and_then(Value::as_f64);
    let shown = |bound: f64| {
        serde_json::Number::from_f64(bound).map_or_else(String::new, |_| format!("{bound}"))
    };
    let wrong = [
        (
            "minimum",
            "at least",
            bound("minimum").filter(|least| value < *least),
        ),
        (
            "maximum",
            "at most",
            bound("maximum").filter(|most| value > *most),
        ),
        (
            "exclusiveMinimum",
            "more than",
            bound("exclusiveMinimum").filter(|least| value <= *least),
        ),
        (
            "exclusiveMaximum",
            "less than",
            bound("exclusiveMaximum").filter(|most| value >= *most),
        ),
    ];
    for (_, words, bound) in wrong {
        if let Some(bound) = bound {
            found.bound(
                path,
                format!("expects {words} {}, got {number}", shown(bound)),
            );
        }
    }
}

fn below(path: &mut String, step: &str, work: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push_str(step);
    work(path);
    path.truncate(length);
}
