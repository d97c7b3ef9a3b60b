//! What a line or a span says, as one line of text.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};

/// Message first, then `key=value` for each other field.
#[derive(Debug, Default)]
pub(super) struct Fields {
    message: String,
    rest: String,
}

impl Fields {
    pub(super) fn into_text(self) -> String {
        if self.message.is_empty() {
            return self.rest;
        }
        if self.rest.is_empty() {
            return self.message;
        }
        format!("{} {}", self.message, self.rest)
    }

    fn put(&mut self, field: &Field, value: &dyn fmt::Display) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value}");
            return;
        }
        if !self.rest.is_empty() {
            self.rest.push(' ');
        }
        let _ = write!(self.rest, "{}={value}", field.name());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        // A value of several words would run into the next field.
        if field.name() != "message" && (value.is_empty() || value.contains([' ', '=', '"', '\n']))
        {
            self.put(field, &format_args!("{value:?}"));
        } else {
            self.put(field, &value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.record_str(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format_args!("{value:?}"));
    }
}
