//! The charts with a bar for each span of time, as SVG that takes its colours from the page.

use super::combine::{Period, RepoSummary};
use super::month::{Month, Span};
use super::scale::Scale;
use super::text::{compact, counted, escape, thousands};

/// All charts have this width, in the units of their drawing.
pub const WIDTH: f64 = 960.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 28.0;

/// One colour of a bar: its class in the style sheet and what it counts.
type Part = (&'static str, fn(&Period) -> u64);

/// A chart with one bar for each period.
struct TimeChart<'a> {
    id: &'a str,
    title: &'a str,
    height: f64,
    /// Stacked upwards from the base line.
    above: &'a [Part],
    /// Hangs below the base line, on the same scale.
    below: Option<Part>,
    tip: fn(&Period) -> String,
}

/// Commits in the course of time.
pub fn commits(summary: &RepoSummary) -> String {
    TimeChart {
        id: "commits",
        title: "Commits",
        height: 220.0,
        above: &[("main", |period| period.commits)],
        below: None,
        tip: |period| counted(period.commits, "commit"),
    }
    .draw(summary)
}

/// Lines added, upwards, and removed, downwards.
pub fn churn(summary: &RepoSummary) -> String {
    TimeChart {
        id: "churn",
        title: "Lines added and removed",
        height: 260.0,
        above: &[("added", |period| period.added)],
        below: Some(("removed", |period| period.removed)),
        tip: |period| {
            format!(
                "+{} −{} lines",
                thousands(period.added),
                thousands(period.removed)
            )
        },
    }
    .draw(summary)
}

/// Authors in the course of time, the new ones apart.
pub fn authors(summary: &RepoSummary) -> String {
    TimeChart {
        id: "authors",
        title: "Active authors",
        height: 200.0,
        above: &[
            ("main", |period| period.authors - period.new_authors),
            ("fresh", |period| period.new_authors),
        ],
        below: None,
        tip: |period| {
            format!(
                "{}, {} new",
                counted(period.authors, "author"),
                thousands(period.new_authors)
            )
        },
    }
    .draw(summary)
}

impl TimeChart<'_> {
    fn draw(&self, summary: &RepoSummary) -> String {
        let periods = &summary.periods;
        let scale = Scale::of(
            periods
                .iter()
                .flat_map(|period| [self.sum(period), self.under(period)]),
        );
        let floor = Scale::of(periods.iter().map(|period| self.under(period)));
        let lowest = if self.below.is_some() {
            floor.end().min(scale.end())
        } else {
            0
        };
        let pixels = (self.height - TOP - BOTTOM) / (scale.end() as f64 + lowest as f64);
        let base = TOP + scale.end() as f64 * pixels;
        let mut drawing = self.head(summary);
        drawing.push_str(&grid(scale, lowest, base, pixels));
        let slot = (WIDTH - LEFT) / periods.len().max(1) as f64;
        for (index, period) in periods.iter().enumerate() {
            let x = LEFT + slot * index as f64;
            drawing.push_str(&self.bar(
                period,
                summary.span,
                Place {
                    x,
                    slot,
                    base,
                    pixels,
                    scale,
                    lowest,
                },
            ));
        }
        drawing.push_str(&format!(
            r#"<line class="base" x1="{LEFT}" x2="{WIDTH}" y1="{base:.1}" y2="{base:.1}"/>"#
        ));
        drawing.push_str(&time_axis(periods, summary.span, slot, self.height));
        drawing + "</svg>"
    }

    fn head(&self, summary: &RepoSummary) -> String {
        let (id, height) = (self.id, self.height);
        let peak = summary
            .periods
            .iter()
            .max_by_key(|period| self.sum(period) + self.under(period));
        let peak = peak.map_or_else(String::new, |period| {
            format!(
                " The most: {} in {}.",
                (self.tip)(period),
                summary.span.label(period.start)
            )
        });
        format!(
            r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{id}-title {id}-text"><title id="{id}-title">{} per {}</title><desc id="{id}-text">A bar for each {}.{}</desc>"#,
            self.title,
            summary.span.noun(),
            summary.span.noun(),
            escape(&peak),
        )
    }

    fn bar(&self, period: &Period, span: Span, place: Place) -> String {
        let Place {
            x,
            slot,
            base,
            pixels,
            scale,
            lowest,
        } = place;
        let gap = (slot * 0.22).clamp(0.5, 8.0);
        let (left, width) = (x + gap / 2.0, (slot - gap).min(56.0));
        let left = left + (slot - gap - width) / 2.0;
        let mut bar = format!(
            r#"<g class="bar"><title>{}: {}</title><rect class="hit" x="{x:.1}" y="{TOP}" width="{slot:.1}" height="{:.1}"/>"#,
            span.label(period.start),
            (self.tip)(period),
            (scale.end() as f64 + lowest as f64) * pixels,
        );
        let mut stacked = 0;
        for (class, count) in self.above {
            let from = stacked.min(scale.end());
            stacked += count(period);
            let to = stacked.min(scale.end());
            bar.push_str(&rect(
                class,
                left,
                base - to as f64 * pixels,
                width,
                (to - from) as f64 * pixels,
            ));
        }
        if stacked > scale.end() {
            bar.push_str(&cut(left, TOP, width, stacked));
        }
        if let Some((class, count)) = self.below {
            let removed = count(period);
            bar.push_str(&rect(
                class,
                left,
                base,
                width,
                removed.min(lowest) as f64 * pixels,
            ));
            if removed > lowest {
                bar.push_str(&cut(
                    left,
                    base + lowest as f64 * pixels - 14.0,
                    width,
                    removed,
                ));
            }
        }
        bar + "</g>"
    }

    fn sum(&self, period: &Period) -> u64 {
        self.above.iter().map(|(_, count)| count(period)).sum()
    }

    fn under(&self, period: &Period) -> u64 {
        self.below.map_or(0, |(_, count)| count(period))
    }
}

/// Where a bar stands.
struct Place {
    x: f64,
    slot: f64,
    base: f64,
    pixels: f64,
    scale: Scale,
    lowest: u64,
}

/// A bar; its colour is that of the class.
pub fn rect(class: &str, x: f64, y: f64, width: f64, height: f64) -> String {
    if height <= 0.0 {
        return String::new();
    }
    // A count that is not zero stays visible, however small it is beside the others.
    let (y, height) = if height < 1.0 && class != "removed" {
        (y - (1.0 - height), 1.0)
    } else {
        (y, height.max(1.0))
    };
    format!(
        r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="1.5"/>"#
    )
}

/// Two slanted strokes through a bar that goes on beyond the axis, and its value.
fn cut(x: f64, y: f64, width: f64, value: u64) -> String {
    let (right, middle) = (
        x + width + 1.0,
        (x + width / 2.0).clamp(LEFT + 14.0, WIDTH - 16.0),
    );
    format!(
        r#"<path class="cut" d="M{:.1} {:.1}L{right:.1} {:.1}M{:.1} {:.1}L{right:.1} {:.1}"/><text class="over" x="{middle:.1}" y="{:.1}">{}</text>"#,
        x - 1.0,
        y + 9.0,
        y + 5.0,
        x - 1.0,
        y + 13.0,
        y + 9.0,
        if y <= TOP { y - 5.0 } else { y + 25.0 },
        compact(value),
    )
}

fn grid(scale: Scale, lowest: u64, base: f64, pixels: f64) -> String {
    let line = |value: u64, y: f64| {
        format!(
            r#"<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1}" y2="{y:.1}"/><text class="y" x="{:.1}" y="{:.1}">{}</text>"#,
            LEFT - 8.0,
            y + 4.0,
            compact(value),
        )
    };
    let above = (0..=scale.steps).map(|step| {
        line(
            step * scale.step,
            base - (step * scale.step) as f64 * pixels,
        )
    });
    let below = (1..=lowest / scale.step).map(|step| {
        line(
            step * scale.step,
            base + (step * scale.step) as f64 * pixels,
        )
    });
    above.chain(below).collect()
}

fn time_axis(periods: &[Period], span: Span, slot: f64, height: f64) -> String {
    let wanted = |index: usize, start: Month| match span {
        Span::Month if periods.len() > 26 => start.number() == 1,
        Span::Month => index.is_multiple_of(periods.len().div_ceil(13)),
        Span::Quarter => start.number() == 1,
        Span::Year | Span::Decade => {
            start
                .year()
                .is_multiple_of(if periods.len() > 20 { 5 } else { 1 })
        }
    };
    let label = |index: usize, start: Month| match span {
        Span::Month if periods.len() > 26 => start.year().to_string(),
        Span::Month if index == 0 || start.number() == 1 => {
            format!("{} {}", &start.name()[..3], start.year())
        }
        Span::Month => start.name()[..3].to_owned(),
        _ => start.year().to_string(),
    };
    // Twenty years of quarters have more years than room for their names.
    let ticks: Vec<(usize, Month)> = periods
        .iter()
        .enumerate()
        .map(|(index, period)| (index, period.start))
        .filter(|(index, start)| wanted(*index, *start))
        .collect();
    let every = ticks.len().div_ceil(16).max(1);
    let texts = ticks.iter().step_by(every).map(|(index, start)| {
        let x = (LEFT + slot * (*index as f64 + 0.5)).clamp(LEFT + 12.0, WIDTH - 26.0);
        format!(
            r#"<text class="x" x="{x:.1}" y="{:.1}">{}</text>"#,
            height - 8.0,
            label(*index, *start)
        )
    });
    texts.collect()
}
