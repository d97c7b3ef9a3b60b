//! Reading a JSON Schema: what a place in it takes, and what lies below it.

use serde_json::Value;

/// How many references to references are followed before a schema counts as saying nothing.
const REFERENCES_MAX: usize = 32;

/// How long a placeholder of several words may be.
const PLACEHOLDER_BYTES: usize = 48;

/// What a value looks like, as far as a person who types it cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of some words.
    Choice,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A length of time, such as `2h 30m`.
    Duration,
    /// Several of something.
    List,
    /// Named values.
    Object,
    /// A value that is not typed, only referred to.
    Secret,
    /// Anything else, as JSON.
    Any,
}

/// Words as a placeholder has them; many are cut.
pub fn words_in_short(words: &[&str]) -> String {
    let whole = words.join("|");
    if whole.len() <= PLACEHOLDER_BYTES {
        return whole;
    }
    let mut short = String::new();
    for word in words {
        if short.len() + word.len() > PLACEHOLDER_BYTES {
            break;
        }
        short.push_str(word);
        short.push('|');
    }
    short.push('…');
    short
}

/// A place in a JSON Schema, with the whole that it may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    schema: &'a Value,
    root: &'a Value,
    said: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The whole schema.
    pub fn root(schema: &'a Value) -> Self {
        Self {
            schema,
            root: schema,
            said: None,
        }
        .resolved()
    }

    fn at(self, schema: &'a Value) -> Self {
        Self {
            schema,
            said: None,
            ..self
        }
        .resolved()
    }

    /// Follows references. What a field says of itself stands beside the reference to its type.
    fn resolved(mut self) -> Self {
        for _ in 0..REFERENCES_MAX {
            self.said = self
                .said
                .or_else(|| self.schema.get("description")?.as_str());
            let reference = self.schema.get("$ref").and_then(Value::as_str);
            let target = reference.and_then(|text| self.root.pointer(text.strip_prefix('#')?));
            match target {
                Some(target) => self.schema = target,
                None => break,
            }
        }
        self
    }

    /// The value of a keyword.
    pub fn get(self, keyword: &str) -> Option<&'a Value> {
        self.schema.get(keyword)
    }

    /// The doc comment of the field or type.
    pub const fn description(self) -> Option<&'a str> {
        self.said
    }

    /// The schema allows nothing at all.
    pub fn is_never(self) -> bool {
        *self.schema == Value::Bool(false)
    }

    /// Its alternatives (`anyOf`, `oneOf`); empty if it has none.
    pub fn alternatives(self) -> Vec<Self> {
        ["anyOf", "oneOf"]
            .iter()
            .filter_map(|keyword| self.get(keyword)?.as_array())
            .flatten()
            .map(|schema| self.at(schema))
            .collect()
    }

    /// The schemas that must all hold beside it.
    pub fn parts(self) -> Vec<Self> {
        let parts = self.get("allOf").and_then(Value::as_array);
        parts
            .into_iter()
            .flatten()
            .map(|schema| self.at(schema))
            .collect()
    }

    /// The names of JSON types that it takes; empty if it does not say.
    pub fn types(self) -> Vec<&'a str> {
        match self.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// `null` is one of its values.
    pub fn takes_null(self) -> bool {
        self.types().contains(&"null")
            || self.get("const") == Some(&Value::Null)
            || self.alternatives().into_iter().any(Self::takes_null)
    }

    /// Without the alternative `null`: what an `Option` holds.
    pub fn inner(self) -> Self {
        let mut others = self
            .alternatives()
            .into_iter()
            .filter(|place| place.types() != ["null"]);
        match (others.next(), others.next()) {
            (Some(only), None) => only.inner(),
            _ => self,
        }
    }

    /// The words it takes, if it takes only words.
    pub fn choices(self) -> Option<Vec<&'a str>> {
        if let Some(word) = self.get("const") {
            return Some(vec![word.as_str()?]);
        }
        if let Some(Value::Array(words)) = self.get("enum") {
            let words = words.iter().filter(|word| !word.is_null());
            return words.map(Value::as_str).collect();
        }
        let alternatives = self.alternatives();
        let words = alternatives
            .into_iter()
            .filter(|place| place.types() != ["null"]);
        let words: Option<Vec<_>> = words.map(Self::choices).collect();
        words
            .map(|words| words.concat())
            .filter(|words| !words.is_empty())
    }

    /// Words that stand for a whole value although others are objects: the unit variants of a mixed enum.
    pub fn bare_words(self) -> Vec<&'a str> {
        let alternatives = self.alternatives();
        self.choices().unwrap_or_else(|| {
            alternatives
                .into_iter()
                .filter_map(Self::choices)
                .flatten()
                .collect()
        })
    }

    /// It holds a `Secret`.
    pub fn is_secret(self) -> bool {
        let says = |keyword: &str, value: Value| self.get(keyword) == Some(&value);
        says("writeOnly", true.into()) && says("format", "password".into())
    }

    /// What a person who types it must know.
    pub fn kind(self) -> Kind {
        let place = self.inner();
        if place.is_secret() {
            return Kind::Secret;
        }
        if place.choices().is_some() {
            return Kind::Choice;
        }
        let types: Vec<_> = place
            .types()
            .into_iter()
            .filter(|name| *name != "null")
            .collect();
        match types[..] {
            ["string"] => Kind::Text,
            ["boolean"] => Kind::Bool,
            ["integer"] => Kind::Integer,
            ["number"] => Kind::Number,
            ["array"] => Kind::List,
            ["object"] if place.is_duration() => Kind::Duration,
            ["object"] => Kind::Object,
            _ => Kind::Any,
        }
    }

    /// The form in which serde writes a `std::time::Duration`.
    fn is_duration(self) -> bool {
        let fields = self.get("properties").and_then(Value::as_object);
        fields.is_some_and(|fields| {
            fields.len() == 2 && fields.contains_key("secs") && fields.contains_key("nanos")
        })
    }

    /// What is below it at a field's name or an item's number.
    pub fn child(self, key: &str) -> Option<Self> {
        let named = self.get("properties").and_then(|fields| fields.get(key));
        let numbered = || {
            let index: usize = key.parse().ok()?;
            let prefix = self.get("prefixItems").and_then(Value::as_array);
            prefix
                .and_then(|items| items.get(index))
                .or_else(|| self.get("items"))
        };
        let other = || {
            self.get("additionalProperties")
                .filter(|schema| **schema != Value::Bool(false))
        };
        if let Some(schema) = named.or_else(numbered).or_else(other) {
            return Some(self.at(schema));
        }
        let below = self.parts().into_iter().chain(self.alternatives());
        below.into_iter().find_map(|place| place.child(key))
    }

    /// Its named fields, those of its parts and alternatives too, each name once.
    pub fn fields(self) -> Vec<(&'a str, Self)> {
        let mut fields: Vec<(&'a str, Self)> = Vec::new();
        let own = self.get("properties").and_then(Value::as_object);
        let own = own
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.as_str(), self.at(schema)));
        let below = self
            .parts()
            .into_iter()
            .chain(self.alternatives())
            .flat_map(Self::fields);
        for (name, place) in own.chain(below) {
            if fields.iter().all(|(known, _)| *known != name) {
                fields.push((name, place));
            }
        }
        fields
    }

    /// The words that a field takes in one alternative or another, such as the tags of an enum.
    pub fn words_at(self, field: &str) -> Vec<&'a str> {
        let mut words: Vec<&str> = Vec::new();
        for alternative in self.alternatives() {
            let place = alternative.child(field);
            for word in place.and_then(Self::choices).unwrap_or_default() {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        words
    }

    /// What it expects, in words.
    pub fn expects(self) -> String {
        let place = self.inner();
        if let Some(words) = place.choices() {
            return match words[..] {
                [only] => format!("`{only}`"),
                _ => format!("one of {}", words.join(", ")),
            };
        }
        match place.kind() {
            Kind::Text => match place.get("format").and_then(Value::as_str) {
                Some(format) => format!("a {}", format.replace('-', " and ")),
                None => "text".to_owned(),
            },
            Kind::Secret => "a secret: @NAME, env:NAME or file:PATH".to_owned(),
            Kind::Bool => "true or false".to_owned(),
            Kind::Integer => "a whole number".to_owned(),
            Kind::Number => "a number".to_owned(),
            Kind::Duration => "a length of time such as 2h 30m".to_owned(),
            Kind::List => "a list".to_owned(),
            Kind::Object => {
                let names: Vec<_> = place.fields().into_iter().map(|(name, _)| name).collect();
                if names.is_empty() {
                    "an object".to_owned()
                } else {
                    format!("an object with {}", names.join(", "))
                }
            }
            Kind::Choice | Kind::Any => {
                let several: Vec<_> = place
                    .alternatives()
                    .into_iter()
                    .map(Self::expects)
                    .collect();
                if several.is_empty() {
                    "JSON".to_owned()
                } else {
                    several.join(", or ")
                }
            }
        }
    }

    /// What stands for its value in a listing: `<TEXT>`, `<N>`, `<eu|us>`.
    pub fn placeholder(self) -> String {
        let place = self.inner();
        match place.kind() {
            Kind::Text => match place.get("format").and_then(Value::as_str) {
                Some("date-time") => "TIME".to_owned(),
                Some(format) => format.to_uppercase(),
                None => "TEXT".to_owned(),
            },
            Kind::Choice => words_in_short(&place.choices().unwrap_or_default()),
            Kind::Secret => "SECRET".to_owned(),
            Kind::Bool => "true|false".to_owned(),
            Kind::Integer => "N".to_owned(),
            Kind::Number => "NUMBER".to_owned(),
            Kind::Duration => "DURATION".to_owned(),
            Kind::List => match place.get("items").map(|schema| place.at(schema)) {
                Some(item) if !matches!(item.kind(), Kind::List | Kind::Object | Kind::Any) => {
                    item.placeholder()
                }
                _ => "JSON".to_owned(),
            },
            Kind::Object | Kind::Any => "JSON".to_owned(),
        }
    }
}
