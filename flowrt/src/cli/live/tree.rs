//! The tree of a run on one screen: finished nodes fold up, fan-outs are bars.

use super::moment::{Moment, between};
use super::standing::{sign, words};
use super::text::{Line, Tone};
use super::view::{Row, RunView, Standing, View};
use crate::model::number::grouped;
use crate::model::record::Micros;

/// Names longer than this do not push the details of all rows to the right.
const NAME_COLUMNS_MAX: usize = 32;

/// How many of the items that run are named by their labels.
const NAMED: usize = 3;

/// How deep child runs are drawn below their callers.
const NESTED_MAX: usize = 4;

/// What is left out so that the picture fits the screen, from nothing to as much as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Folded {
    Nothing,
    Finished,
    NotStarted,
    Children,
}

/// The run that is watched, in at most `height` lines of at most `width` columns.
pub(crate) fn draw(
    view: &View,
    about: &str,
    moment: &Moment,
    width: usize,
    height: usize,
) -> Vec<Line> {
    let Some(run) = view.root().and_then(|root| view.run(root)) else {
        return Vec::new();
    };
    let head = head(run, about, moment, width);
    let mut body = Vec::new();
    for folded in [
        Folded::Nothing,
        Folded::Finished,
        Folded::NotStarted,
        Folded::Children,
    ] {
        body.clear();
        rows(view, run, moment, folded, 1, &mut body);
        if body.len() < height {
            break;
        }
    }
    let room = height.saturating_sub(1).max(1);
    if body.len() > room {
        let hidden = body.len() - room + 1;
        body.truncate(room - 1);
        let rest = format!("  … and {hidden} more lines");
        body.push(Line::new().with(Tone::Faint, rest));
    }
    let all = std::iter::once(head).chain(body);
    all.map(|line| line.cut(width)).collect()
}

fn head(run: &RunView, about: &str, moment: &Moment, width: usize) -> Line {
    let clock = match run.ended {
        Some((_, at)) => Moment {
            now: at,
            zone: moment.zone.clone(),
        }
        .since(run.began),
        None => moment.since(run.began),
    };
    let title = Line::new()
        .with(Tone::Strong, &run.flow)
        .with(Tone::Plain, format!(" · {}", run.name))
        .with(
            Tone::Faint,
            if about.is_empty() {
                String::new()
            } else {
                format!(" · {about}")
            },
        );
    let room = width.saturating_sub(clock.len() + 1);
    title
        .cut(room)
        .pad_to(room.min(86))
        .with(Tone::Plain, format!(" {clock}"))
}

fn rows(
    view: &View,
    run: &RunView,
    moment: &Moment,
    folded: Folded,
    depth: usize,
    out: &mut Vec<Line>,
) {
    let indent = "  ".repeat(depth);
    let wide = run.rows.iter().map(|row| row.name.chars().count()).max();
    let column = indent.len() + 2 + wide.unwrap_or(0).min(NAME_COLUMNS_MAX) + 2;
    let finished = run.rows.iter().filter(|row| folds(row)).count();
    let mut told_finished = false;
    let mut later = Vec::new();
    for row in &run.rows {
        if row.is_untouched() {
            let first_to_come = row.needs.iter().all(|need| !run.rows[*need].is_untouched());
            let may_begin = row.needs.iter().all(|need| run.rows[*need].is_over());
            if view.is_inferred() && may_begin && run.ended.is_none() {
                let line = Line::new()
                    .with(Tone::Plain, &indent)
                    .with(Tone::Active, "● ");
                out.push(line.with(Tone::Plain, &row.name));
                continue;
            }
            if folded >= Folded::NotStarted || !first_to_come || run.ended.is_some() {
                later.push(row.name.as_str());
            } else {
                out.push(untouched(run, row, &indent, column));
            }
        } else if folded >= Folded::Finished && finished > 1 && folds(row) {
            if !std::mem::replace(&mut told_finished, true) {
                let text = format!("{finished} finished");
                out.push(
                    Line::new()
                        .with(Tone::Good, format!("{indent}✓ "))
                        .with(Tone::Plain, text),
                );
            }
        } else {
            out.push(touched(row, moment, &indent, column));
            if folded < Folded::Children && depth < NESTED_MAX {
                children(view, run, row, moment, folded, depth, out);
            }
        }
    }
    if let (Some(standing), None) = (&run.retrying, run.ended) {
        let words = words(&Row::default(), standing, moment);
        let sign = Line::new().with(Tone::Waits, format!("{indent}◷ "));
        out.push(sign.with(Tone::Plain, format!("the flow itself: {words}")));
    }
    if !later.is_empty() {
        out.push(Line::new().with(Tone::Faint, format!("{indent}○ {}", later.join(", "))));
    }
}

fn folds(row: &Row) -> bool {
    row.is_over() && row.counts.failed == 0
}

fn children(
    view: &View,
    run: &RunView,
    row: &Row,
    moment: &Moment,
    folded: Folded,
    depth: usize,
    out: &mut Vec<Line>,
) {
    let mut called: Vec<_> = row
        .active()
        .filter_map(|(step, _)| run.children.get_key_value(&**step))
        .collect();
    called.sort_unstable();
    for (step, child) in called {
        let Some(child) = view.run(*child) else {
            continue;
        };
        if row.many {
            let indent = "  ".repeat(depth + 1);
            let text = format!("{indent}{step} · {}", child.name);
            out.push(Line::new().with(Tone::Faint, text));
            rows(view, child, moment, folded, depth + 2, out);
        } else {
            rows(view, child, moment, folded, depth + 1, out);
        }
    }
}

fn untouched(run: &RunView, row: &Row, indent: &str, column: usize) -> Line {
    let needs: Vec<_> = row
        .needs
        .iter()
        .map(|need| run.rows[*need].name.as_str())
        .collect();
    let line = Line::new().with(Tone::Faint, format!("{indent}○ {}", row.name));
    if needs.is_empty() {
        return line;
    }
    line.pad_to(column)
        .with(Tone::Faint, format!("after {}", needs.join(", ")))
}

fn touched(row: &Row, moment: &Moment, indent: &str, column: usize) -> Line {
    let (sign, tone) = sign(row);
    let line = Line::new()
        .with(Tone::Plain, indent)
        .with(tone, format!("{sign} "))
        .with(Tone::Plain, &row.name)
        .pad_to(column);
    if row.many {
        return many(row, moment, line);
    }
    match row.only() {
        Some(standing) => match row.progress {
            Some((done, total)) => line
                .with(
                    Tone::Plain,
                    format!("{} of {} ", grouped(done), grouped(total)),
                )
                .with(Tone::Active, bar(done, total))
                .with(Tone::Plain, format!("   {}", words(row, standing, moment))),
            None => line.with(Tone::Plain, words(row, standing, moment)),
        },
        None => line,
    }
}

fn many(row: &Row, moment: &Moment, line: Line) -> Line {
    let counts = row.counts;
    let done = counts.ended();
    let total = row.total().filter(|total| *total >= done);
    let mut line = match total {
        Some(total) if done < total => line
            .with(
                Tone::Plain,
                format!("{} of {} ", grouped(done), grouped(total)),
            )
            .with(Tone::Active, bar(done, total)),
        _ if counts.active() > 0 => line.with(Tone::Plain, format!("{} ended", grouped(done))),
        _ => line.with(Tone::Plain, format!("× {}", grouped(done))),
    };
    let mut notes = Vec::new();
    if counts.running > 0 {
        let labels = row.labels(NAMED);
        let more = if counts.running > u64::try_from(NAMED).unwrap_or(u64::MAX) {
            ", …"
        } else {
            ""
        };
        let named = if labels.is_empty() {
            String::new()
        } else {
            format!(": {}{more}", labels.join(", "))
        };
        notes.push(format!("{} running{named}", grouped(counts.running)));
    }
    if counts.waiting > 0 {
        let next =
            next_wake(row).map_or_else(String::new, |due| format!(" until {}", moment.clock(due)));
        let verb = if counts.waiting == 1 { "waits" } else { "wait" };
        notes.push(format!("{} {verb}{next}", grouped(counts.waiting)));
    }
    for (count, what) in [
        (counts.failed, "failed"),
        (counts.unrun, "not run"),
        (counts.kept, "kept"),
    ] {
        if count > 0 {
            notes.push(format!("{} {what}", grouped(count)));
        }
    }
    if counts.active() == 0
        && let (Some(first), Some(last)) = (row.first, row.last)
        && counts.kept < done
    {
        notes.push(flowrt_grammar::format_duration(between(first, last)));
    }
    if !notes.is_empty() {
        line = line.with(Tone::Plain, format!("   {}", notes.join(" · ")));
    }
    line
}

fn next_wake(row: &Row) -> Option<Micros> {
    let dues = row.active().filter_map(|(_, standing)| match standing {
        Standing::Retrying { due, .. } => *due,
        Standing::Waiting { until, .. } => *until,
        _ => None,
    });
    dues.min()
}

fn bar(done: u64, total: u64) -> String {
    let full = usize::try_from(done.saturating_mul(10) / total.max(1))
        .unwrap_or(10)
        .min(10);
    "▰".repeat(full) + &"▱".repeat(10 - full)
}
