//! When a schedule fires.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::fields::{Fields, within};
use super::node::Node;
use super::place::{Place, Remarks};
use crate::{Cron, GrammarError, Rrule, parse_zone};

/// The rule of a schedule. All of it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// A cron expression.
    pub cron: Option<String>,
    /// A length of time between two starts.
    pub interval: Option<Duration>,
    /// A recurrence rule of iCalendar.
    pub rrule: Option<String>,
    /// Whether, where day and weekday are both given, either suffices.
    pub day_or: Option<bool>,
    /// The name of the time zone; none: UTC.
    pub timezone: Option<String>,
    /// From when intervals are counted.
    pub anchor: Option<Moment>,
    /// Nothing before.
    pub start: Option<Moment>,
    /// Nothing after.
    pub end: Option<Moment>,
    /// Each start is late by up to so much.
    pub jitter: Option<Duration>,
    /// Where the rule itself stands.
    pub place: Option<Place>,
}

/// A moment, as it was written and as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// As it was written.
    pub text: String,
    /// As it is meant: what has no zone of its own is in that of the schedule.
    pub at: Timestamp,
}

/// Exactly one of `cron`, `interval`, `rrule`, and what goes with it.
pub(super) fn read(fields: &mut Fields, start: Place, remarks: &mut Remarks) -> Option<Rule> {
    let faults_before = remarks.faults.len();
    let zone = fields.text("timezone", remarks);
    let tz = match &zone {
        None => TimeZone::UTC,
        Some(node) => match parse_zone(node.text().unwrap_or_default()) {
            Ok(tz) => tz,
            Err(error) => {
                within(node, &error, "`timezone`", remarks);
                TimeZone::UTC
            }
        },
    };
    let text_of = |node: &Node| node.text().unwrap_or_default().to_owned();
    let cron = fields.text("cron", remarks);
    if let Some(node) = &cron
        && let Err(error) = Cron::parse(node.text().unwrap_or_default())
    {
        let text = text_of(node);
        let message = format!("\"{text}\" is not a cron expression");
        within(node, &error, &message, remarks);
    }
    let interval = fields.duration("interval", remarks);
    if let Some((node, duration)) = &interval
        && *duration < Duration::from_secs(1)
    {
        remarks.fault(node.at(), "`interval` is at least a second");
    }
    let rrule = fields.text("rrule", remarks);
    if let Some(node) = &rrule
        && let Err(error) = Rrule::parse(node.text().unwrap_or_default(), &tz)
    {
        let message = format!("\"{}\" is not a rule of RFC 5545", text_of(node));
        within(node, &error, &message, remarks);
    }
    let place = cron
        .as_ref()
        .or(rrule.as_ref())
        .or(interval.as_ref().map(|(node, _)| node))
        .map(|node| node.place);
    let mut moment = |name| moment(fields, name, &tz, remarks);
    let anchor = moment("anchor_date");
    let (begin, end) = (moment("start"), moment("end"));
    let jitter = fields.duration("jitter", remarks).map(|(_, time)| time);
    let day_or = fields.bool("day_or", remarks);
    let rule = Rule {
        timezone: zone.as_ref().map(text_of),
        cron: cron.as_ref().map(text_of),
        interval: interval.map(|(_, duration)| duration),
        rrule: rrule.as_ref().map(text_of),
        day_or,
        anchor,
        start: begin,
        end,
        jitter,
        place,
    };
    let kinds = usize::from(rule.cron.is_some())
        + usize::from(rule.interval.is_some())
        + usize::from(rule.rrule.is_some());
    let whole = remarks.faults.len() == faults_before;
    if kinds != 1 && whole {
        let message = match kinds {
            0 => "this schedule does not say when: it has one of cron, interval, rrule",
            _ => "a schedule has one of cron, interval, rrule",
        };
        let hint = match kinds {
            0 => "cron: 0 10 * * *",
            _ => "write a schedule for each, under `schedules`",
        };
        remarks.fault_hint((place.unwrap_or(start), 1), message, hint);
    }
    if let (Some(begin), Some(end)) = (&rule.start, &rule.end)
        && begin.at >= end.at
    {
        remarks.fault((start, 1), "this schedule ends before it starts");
    }
    (remarks.faults.len() == faults_before).then_some(rule)
}

fn moment(fields: &mut Fields, name: &str, tz: &TimeZone, remarks: &mut Remarks) -> Option<Moment> {
    let node = fields.text(name, remarks)?;
    let text = node.text().unwrap_or_default().to_owned();
    let read = text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text
            .parse::<DateTime>()
            .or_else(|_| text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)))
            .ok()?;
        let zoned = tz.to_ambiguous_zoned(civil).compatible().ok()?;
        Some(zoned.timestamp())
    });
    if read.is_none() {
        let error = GrammarError {
            message: format!(
                "\"{text}\" is no moment; write 2026-01-31, 2026-01-31T10:00, or with a zone 2026-01-31T10:00Z"
            ),
            at: None,
        };
        within(&node, &error, &format!("`{name}`"), remarks);
    }
    read.map(|at| Moment { text, at })
}
