//! The schedules of a deployment.

use super::entry::{CATCHUPS, CatchupWord, no_templates};
use super::fields::Fields;
use super::node::{Key, Node, Value};
use super::place::{Place, Remarks};
use super::rule::{self, Rule};

/// A schedule as a file says it.
#[derive(Debug, Clone)]
pub struct ScheduleEntry {
    /// Where it begins.
    pub place: Place,
    /// Its name within the deployment.
    pub slug: String,
    /// When.
    pub rule: Rule,
    /// Values of parameters, on top of the deployment's.
    pub parameters: Vec<(Key, Node)>,
    /// Whether it fires.
    pub active: bool,
    /// What is made up for.
    pub catchup: CatchupWord,
}

const KNOWN: &[&str] = &[
    "cron",
    "interval",
    "rrule",
    "day_or",
    "timezone",
    "anchor_date",
    "start",
    "end",
    "jitter",
    "catchup",
    "active",
    "parameters",
    "slug",
];

/// `schedule` or `schedules`.
pub(super) fn read(
    fields: &mut Fields,
    catchup: Option<CatchupWord>,
    remarks: &mut Remarks,
) -> Vec<ScheduleEntry> {
    let (one, many) = (
        fields.take_with_key("schedule"),
        fields.take_with_key("schedules"),
    );
    if let (Some((first, _)), Some((second, node))) = (&one, &many)
        && !node.is_empty()
    {
        let message = format!(
            "`schedule` (line {}) and `schedules` exclude each other",
            first.place.line
        );
        remarks.fault_hint(second.at(), message, "put all of them into `schedules`");
    }
    let mut nodes: Vec<Node> = one
        .into_iter()
        .filter(|(_, node)| !node.is_empty())
        .map(|(_, node)| node)
        .collect();
    if let Some((_, node)) = many {
        match node.value {
            Value::Null => {}
            Value::List(items) => nodes.extend(items),
            _ => remarks.fault_hint(
                node.at(),
                format!("`schedules` is a list, not {}", node.kind()),
                "begin each with `- cron: …`, or call it `schedule`",
            ),
        }
    }
    let mut schedules: Vec<ScheduleEntry> = Vec::new();
    for (index, node) in nodes.into_iter().enumerate() {
        let Some((schedule, slug_at)) = schedule(node, index, catchup, remarks) else {
            continue;
        };
        if schedules.iter().any(|there| there.slug == schedule.slug) {
            let message = format!("two schedules have the slug `{}`", schedule.slug);
            remarks.fault_hint(slug_at, message, "give each its own `slug`");
        }
        schedules.push(schedule);
    }
    schedules
}

fn schedule(
    node: Node,
    index: usize,
    catchup: Option<CatchupWord>,
    remarks: &mut Remarks,
) -> Option<(ScheduleEntry, (Place, usize))> {
    let place = node.place;
    // `schedule: "0 10 * * *"` can only mean one thing.
    let node = match node.value {
        Value::Text { .. } => Node {
            place,
            width: node.width,
            value: Value::Map(vec![(
                Key {
                    place,
                    text: "cron".to_owned(),
                },
                node,
            )]),
        },
        _ => node,
    };
    let mut fields = Fields::of(node, "a schedule", remarks)?;
    let slug = fields.text("slug", remarks);
    let parameters = fields.map("parameters", remarks);
    no_templates(&parameters, remarks);
    let active = fields.bool("active", remarks).unwrap_or(true);
    let own = fields.word("catchup", CATCHUPS, remarks);
    let rule = rule::read(&mut fields, place, remarks);
    fields.note("replaces", "a schedule is known by its slug", remarks);
    let why = "a slot becomes a run when its time has come";
    fields.note("max_scheduled_runs", why, remarks);
    fields.finish("key of a schedule", KNOWN, remarks);
    let slug_at = slug.as_ref().map_or((place, 1), Node::at);
    let slug = match slug {
        Some(node) => node.text().unwrap_or_default().to_owned(),
        None if index == 0 => "schedule".to_owned(),
        None => format!("schedule-{}", index + 1),
    };
    let schedule = ScheduleEntry {
        place,
        slug,
        rule: rule?,
        parameters,
        active,
        catchup: own.or(catchup).unwrap_or(CatchupWord::None),
    };
    Some((schedule, slug_at))
}
