//! The names that a format string captures.

/// `{name}`, `{name:…}`, and the `width$` and `.precision$` inside a format.
pub(super) fn captured(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        rest = &rest[open + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            rest = after;
            continue;
        }
        let Some(close) = rest.find('}') else { break };
        let (name, spec) = rest[..close]
            .split_once(':')
            .unwrap_or((&rest[..close], ""));
        keep(name.trim(), &mut names);
        let parts: Vec<&str> = spec.split('$').collect();
        for part in &parts[..parts.len() - 1] {
            let start = part.rfind(|c: char| !c.is_alphanumeric() && c != '_');
            keep(start.map_or(part, |start| &part[start + 1..]), &mut names);
        }
        rest = &rest[close + 1..];
    }
    names
}

fn keep(name: &str, names: &mut Vec<String>) {
    if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_widths_and_precisions_are_found() {
        let found = super::captured("{a} {{b}} {0} {} {c:>w$.p$} {d:?}");
        assert_eq!(found, ["a", "c", "w", "p", "d"]);
    }
}
