//! Many steps in few lines: items of a fan-out that follow each other, and steps with the same reason.

use super::{Action, PlannedStep};

/// How many names one line takes.
const NAMES_MAX: usize = 4;

/// The action, the names and the reason of each line.
pub(super) fn lines(steps: &[PlannedStep]) -> Vec<(Action, String, String)> {
    let mut lines: Vec<Line> = Vec::new();
    for step in steps {
        let reason = step.reason.to_string();
        if let Some(last) = lines.last_mut()
            && last.action == step.action
            && last.reason == reason
            && last.takes(&step.step)
        {
            continue;
        }
        lines.push(Line::new(step.action, &step.step, reason));
    }
    lines
        .into_iter()
        .map(|line| {
            let names: Vec<_> = line.names.iter().map(Name::to_string).collect();
            (line.action, names.join(", "), line.reason)
        })
        .collect()
}

struct Line {
    action: Action,
    names: Vec<Name>,
    reason: String,
}

/// A step, or items of a fan-out from the first to the last index.
struct Name {
    base: String,
    items: Option<(u64, u64)>,
}

impl Line {
    fn new(action: Action, step: &str, reason: String) -> Self {
        Self {
            action,
            names: vec![Name::of(step)],
            reason,
        }
    }

    /// Whether the step finds room in this line; if so, it is in it. Steps of different depth keep their own lines.
    fn takes(&mut self, step: &str) -> bool {
        let name = Name::of(step);
        let Some(last) = self.names.last_mut() else {
            return false;
        };
        if let (Some((_, end)), Some((next, _))) = (&mut last.items, name.items)
            && last.base == name.base
            && *end + 1 == next
        {
            *end = next;
            return true;
        }
        let is_plain = name.items.is_none() && self.names.iter().all(|name| name.items.is_none());
        let same_depth = depth(&name.base) == depth(&self.names[0].base);
        let fits =
            is_plain && same_depth && self.action == Action::Run && self.names.len() < NAMES_MAX;
        if fits {
            self.names.push(name);
        }
        fits
    }
}

fn depth(step: &str) -> usize {
    step.matches('/').count()
}

impl Name {
    fn of(step: &str) -> Self {
        let item = step.strip_suffix(']').and_then(|step| {
            let (base, index) = step.rsplit_once('[')?;
            Some((base, index.parse::<u64>().ok()?))
        });
        match item {
            Some((base, index)) => Self {
                base: base.to_owned(),
                items: Some((index, index)),
            },
            None => Self {
                base: step.to_owned(),
                items: None,
            },
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.items {
            None => f.write_str(&self.base),
            Some((first, last)) if first == last => write!(f, "{}[{first}]", self.base),
            Some((first, last)) => write!(f, "{}[{first}..{last}]", self.base),
        }
    }
}
