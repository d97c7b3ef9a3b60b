//! The layer for `tracing-subscriber` that finds out whose line it is.

use std::sync::{Arc, OnceLock};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::run::Line;
use super::{of_attempt, of_flow};
use crate::author::context::Attempt;
use crate::author::frame::{self, Frame};
use crate::clock::Clock;
use crate::mask;
use crate::model::ids::RunId;

/// Keeps what tasks and flows log through `tracing` with their runs: made by [`layer`].
#[derive(Debug, Default)]
pub struct Layer(());

/// The layer that keeps log lines with the runs they belong to, for any number of engines in the process.
///
/// A program with `flowrt::main!` has it already. Others add it to their subscriber; what it keeps is what passes the
/// filter that they give it:
///
/// ```
/// use tracing_subscriber::filter::LevelFilter;
/// use tracing_subscriber::prelude::*;
///
/// tracing_subscriber::registry()
///     .with(flowrt::logs::layer().with_filter(LevelFilter::INFO))
///     .init();
/// ```
///
/// A line belongs to the body that is running on its thread. On another thread it belongs to the body in which its span
/// was made: `tokio::spawn(work.instrument(tracing::info_span!("upload")))`. Lines of nobody are not kept.
pub fn layer() -> Layer {
    Layer(())
}

static STRAY: OnceLock<fn(&'static str, &str, &str)> = OnceLock::new();

/// Lines that belong to no run are shown by this function: level, target, message. The first one set stays.
pub fn stray(show: fn(&'static str, &str, &str)) {
    let _ = STRAY.set(show);
}

#[derive(Debug, Clone)]
enum Owner {
    Attempt(Arc<Attempt>),
    Flow(RunId),
}

fn owner_here() -> Option<Owner> {
    frame::with_current(|frame| match frame {
        Frame::Task(attempt) => Owner::Attempt(attempt.clone()),
        Frame::Untracked(run) => Owner::Flow(*run),
        Frame::Flow(scope) | Frame::Glue(scope, _) => Owner::Flow(scope.core.facts.run),
    })
}

/// What is remembered of a span.
struct SpanData {
    owner: Option<Owner>,
    text: String,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> tracing_subscriber::Layer<S> for Layer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let inherited = || {
            let parent = span.parent()?;
            let extensions = parent.extensions();
            extensions.get::<SpanData>()?.owner.clone()
        };
        let owner = owner_here().or_else(inherited);
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let text = fields.into_text();
        span.extensions_mut().insert(SpanData { owner, text });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(data) = span.extensions_mut().get_mut::<SpanData>() {
            if !data.text.is_empty() {
                data.text.push(' ');
            }
            data.text.push_str(&fields.into_text());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut owner = owner_here();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut message = fields.into_text();
        for span in context.event_scope(event).into_iter().flatten() {
            let extensions = span.extensions();
            let Some(data) = extensions.get::<SpanData>() else {
                continue;
            };
            if owner.is_none() {
                owner.clone_from(&data.owner);
            }
            if !data.text.is_empty() {
                message.push_str(&format!(" {}{{{}}}", span.name(), data.text));
            }
        }
        mask::in_place(&mut message);
        let level = name_of(*event.metadata().level());
        let target = event.metadata().target();
        let Some(owner) = owner else {
            if let Some(show) = STRAY.get() {
                show(level, target, &message);
            }
            return;
        };
        let line = Line {
            time: Clock::real().now(),
            level,
            target: target.to_owned(),
            message,
        };
        match owner {
            Owner::Attempt(attempt) => of_attempt(&attempt, line),
            Owner::Flow(run) => of_flow(run, line),
        }
    }
}

const fn name_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// The level of that name. A name that is none is of a line that somebody should see.
#[cfg(feature = "isolate")]
pub(crate) fn level_named(name: &str) -> &'static str {
    [Level::ERROR, Level::INFO, Level::DEBUG, Level::TRACE]
        .map(name_of)
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or(name_of(Level::WARN))
}
