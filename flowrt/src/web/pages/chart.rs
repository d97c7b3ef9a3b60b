//! Small pictures of many runs.

use std::fmt::Write;

use super::links;
use crate::draw::label::words;
use crate::model::number::counted;
use crate::model::record::{Micros, RunRecord};
use crate::web::masked;
use crate::web::moment::{Moment, between};
use crate::web::signs::run_tone;

/// The width of a bar and of the space behind it.
const STEP: usize = 9;
const BAR: usize = 7;
/// The height of the picture.
const HEIGHT: f64 = 34.0;
/// The least height of a bar that stands for something.
const LEAST: f64 = 4.0;

/// Runs as bars, the newest on the right: the longer one took, the higher it is. Takes them newest first.
pub(super) fn durations(records: &[RunRecord], moment: &Moment) -> String {
    if records.is_empty() {
        return String::new();
    }
    let length = |record: &RunRecord| {
        let begun = record.started.unwrap_or(record.created);
        record
            .finished
            .unwrap_or(moment.now)
            .saturating_sub(begun)
            .max(0)
    };
    let longest = records.iter().map(length).max().unwrap_or(0).max(1);
    let width = records.len() * STEP - (STEP - BAR);
    let mut out = format!(
        "<svg class=\"bars\" width=\"{width}\" height=\"{HEIGHT}\" viewBox=\"0 0 {width} {HEIGHT}\" role=\"img\" \
         aria-label=\"How long the last {} took\">",
        counted(records.len() as u64, "run")
    );
    for (place, record) in records.iter().rev().enumerate() {
        let share = length(record) as f64 / longest as f64;
        let height = (share * HEIGHT).max(LEAST);
        let begun = record.started.unwrap_or(record.created);
        let took = between(begun, record.finished.unwrap_or(moment.now));
        let _ = write!(
            out,
            "<a href=\"{}\"><rect class=\"reach\" x=\"{x}\" y=\"0\" width=\"{STEP}\" height=\"{HEIGHT}\"/>\
             <rect class=\"{}\" x=\"{x}\" y=\"{:.1}\" width=\"{BAR}\" height=\"{height:.1}\" rx=\"1.5\"/>\
             <title>{} · {} in {took} · {}</title></a>",
            links::run(&record.name),
            run_tone(record.state),
            HEIGHT - height,
            masked::html(&record.name),
            words(record.state.as_str()),
            moment.short(begun),
            x = place * STEP,
        );
    }
    out.push_str("</svg>");
    out
}

/// What became of the runs of a day, by hour: those that did well above those that did not.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hour {
    pub good: usize,
    pub bad: usize,
    pub other: usize,
}

/// The hours of the last day, the oldest first.
pub(super) fn hours(records: &[RunRecord], now: Micros) -> [Hour; 24] {
    const HOUR: Micros = 3_600_000_000;
    let mut hours = [Hour::default(); 24];
    let this = now.div_euclid(HOUR);
    for record in records {
        let age = this - record.started.unwrap_or(record.created).div_euclid(HOUR);
        let Some(hour) = usize::try_from(23 - age)
            .ok()
            .and_then(|place| hours.get_mut(place))
        else {
            continue;
        };
        match run_tone(record.state) {
            "good" => hour.good += 1,
            "bad" => hour.bad += 1,
            _ => hour.other += 1,
        }
    }
    hours
}

/// The hours of a day as stacked bars.
pub(super) fn day(hours: &[Hour; 24], moment: &Moment) -> String {
    const WIDTH: usize = 24 * 20 - 4;
    const TALL: f64 = 64.0;
    let most = hours.iter().map(|hour| hour.good + hour.bad + hour.other);
    let most = most.max().unwrap_or(0).max(1) as f64;
    let mut out = format!(
        "<svg class=\"day\" viewBox=\"0 0 {WIDTH} {TALL}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Runs of the last 24 hours, by hour\">"
    );
    for (place, hour) in hours.iter().enumerate() {
        let x = place * 20;
        let _ = write!(
            out,
            "<g><rect class=\"ground\" x=\"{x}\" y=\"{}\" width=\"16\" height=\"1.5\"/>",
            TALL - 1.5
        );
        let mut top = TALL - 1.5;
        for (count, tone) in [(hour.bad, "bad"), (hour.other, "busy"), (hour.good, "good")] {
            if count > 0 {
                let height = (count as f64 / most * (TALL - 4.0)).max(2.0);
                top -= height;
                let _ = write!(
                    out,
                    "<rect class=\"{tone}\" x=\"{x}\" y=\"{top:.1}\" width=\"16\" height=\"{height:.1}\"/>"
                );
            }
        }
        let back = Micros::try_from(23 - place).unwrap_or(0) * 3_600_000_000;
        let _ = write!(
            out,
            "<title>the hour of {}: {} completed, {} failed, {} other</title></g>",
            moment.short(moment.now - back),
            hour.good,
            hour.bad,
            hour.other
        );
    }
    out.push_str("</svg>");
    out
}
