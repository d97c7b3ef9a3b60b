//! Many steps in few lines: items of a fan-out, calls of one task after each other, and steps with the same reason.

use std::fmt;

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

/// A step, or several of one name.
struct Name {
    base: String,
    which: Which,
}

/// Which steps of that name.
enum Which {
    /// The only one.
    One,
    /// Items of a fan-out from one index to another.
    Items(u64, u64),
    /// So many items of a fan-out that are known by keys; the first key.
    Keys(String, usize),
    /// Calls in one scope from one number to another; the first has none in its id.
    Calls(u64, u64),
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
        if let Some(last) = self.names.last_mut()
            && last.base == name.base
            && last.which.goes_on_with(&name.which)
        {
            return true;
        }
        let is_one = |name: &Name| matches!(name.which, Which::One);
        let fits = self.action == Action::Run
            && is_one(&name)
            && self.names.iter().all(is_one)
            && depth(&name.base) == depth(&self.names[0].base)
            && self.names.len() < NAMES_MAX;
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
        let inside = step
            .strip_suffix(']')
            .and_then(|step| step.rsplit_once('['))
            .filter(|(_, key)| !key.ends_with(".."));
        let call = step
            .rsplit_once('#')
            .and_then(|(base, number)| Some((base, number.parse().ok()?)));
        let (base, which) = match (inside, call) {
            (Some((base, key)), _) => match key.parse() {
                Ok(index) => (base, Which::Items(index, index)),
                Err(_) => (base, Which::Keys(key.to_owned(), 1)),
            },
            (None, Some((base, number))) => (base, Which::Calls(number, number)),
            (None, None) => (step, Which::One),
        };
        Self {
            base: base.to_owned(),
            which,
        }
    }
}

impl Which {
    /// Takes the next step of that name in, if it is the next.
    fn goes_on_with(&mut self, next: &Self) -> bool {
        match (&mut *self, next) {
            (
                Self::Items(_, last) | Self::Calls(_, last),
                Self::Items(next, _) | Self::Calls(next, _),
            ) if *last + 1 == *next => {
                *last = *next;
            }
            (Self::Keys(_, count), Self::Keys(..)) => *count += 1,
            (Self::One, Self::Calls(2, _)) => *self = Self::Calls(1, 2),
            _ => return false,
        }
        true
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = &self.base;
        match &self.which {
            Which::One => f.write_str(base),
            Which::Items(first, last) if first == last => write!(f, "{base}[{first}]"),
            Which::Items(first, last) => write!(f, "{base}[{first}..{last}]"),
            Which::Keys(key, 1) => write!(f, "{base}[{key}]"),
            Which::Keys(key, count) => write!(f, "{base}[{key} and {} more]", count - 1),
            Which::Calls(number, last) if number == last => write!(f, "{base}#{number}"),
            Which::Calls(first, last) => write!(f, "{base}#{first}..{last}"),
        }
    }
}
