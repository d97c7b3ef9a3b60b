//! As much of Rust as it takes to find the paths in a file: no comments, no strings, no code that only tests see.

/// A word, `::`, or a single sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// The tokens of a file, without comments and literals, and without what stands under `#[cfg(test)]`.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let skipped = comment(rest).or_else(|| literal(rest));
        let length = skipped.unwrap_or_else(|| match next {
            _ if word(rest) > 0 => word(rest),
            ':' if rest.starts_with("::") => 2,
            _ => next.len_utf8(),
        });
        if skipped.is_none() && !next.is_whitespace() {
            tokens.push(Token {
                text: &rest[..length],
                line,
            });
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    without_tests(&tokens)
}

/// The names directly below the root of the crate that a file names in its paths; `depth` is the number of modules the
/// file is in.
pub(super) fn modules_named<'a>(tokens: &[Token<'a>], depth: usize) -> Vec<Token<'a>> {
    let mut found = Vec::new();
    let mut inner = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let is = |at: Option<usize>, text| {
            at.and_then(|at| tokens.get(at))
                .is_some_and(|token| token.text == text)
        };
        let starts = !is(index.checked_sub(1), "::") && is(Some(index + 1), "::");
        match token.text {
            "{" => inner.push(is(index.checked_sub(2), "mod")),
            "}" => drop(inner.pop()),
            "crate" | "flowrt" if starts => resolve(tokens, index + 2, 0, &mut found),
            "super" | "self" if starts => {
                let here = depth + inner.iter().filter(|is_module| **is_module).count();
                resolve(tokens, index, here, &mut found);
            }
            _ => {}
        }
    }
    found
}

/// What the `use` items of a file bring in: the last name of each path, and the first.
pub(super) fn use_leaves(tokens: &[Token<'_>]) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    for (index, _) in tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| token.text == "use")
    {
        leaf(tokens, index + 1, None, &mut leaves);
    }
    leaves
}

/// Follows one path, or each branch of a group, that begins `depth` modules below the root.
fn resolve<'a>(tokens: &[Token<'a>], at: usize, depth: usize, found: &mut Vec<Token<'a>>) {
    let Some(token) = tokens.get(at) else { return };
    let continues = tokens.get(at + 1).is_some_and(|next| next.text == "::");
    match token.text {
        "{" => branches(tokens, at)
            .into_iter()
            .for_each(|branch| resolve(tokens, branch, depth, found)),
        "self" if continues => resolve(tokens, at + 2, depth, found),
        "super" if continues && depth > 0 => resolve(tokens, at + 2, depth - 1, found),
        "self" | "super" => {}
        // A macro of the crate lives at its root, wherever it was written.
        _ if tokens.get(at + 1).is_some_and(|next| next.text == "!") => {}
        _ if depth == 0 => found.push(*token),
        _ => {}
    }
}

fn leaf(tokens: &[Token<'_>], at: usize, head: Option<&str>, leaves: &mut Vec<(String, String)>) {
    let Some(token) = tokens.get(at) else { return };
    if token.text == "{" {
        branches(tokens, at)
            .into_iter()
            .for_each(|branch| leaf(tokens, branch, head, leaves));
        return;
    }
    let is_root = ["crate", "self", "flowrt", "::"].contains(&token.text);
    let head = head.or((!is_root).then_some(token.text));
    match (tokens.get(at + 1).map(|next| next.text), head) {
        _ if token.text == "::" => leaf(tokens, at + 1, head, leaves),
        (Some("::"), _) => leaf(tokens, at + 2, head, leaves),
        (Some("as"), Some(head)) if tokens.len() > at + 2 => {
            leaves.push((tokens[at + 2].text.into(), head.into()))
        }
        (_, Some(head)) => leaves.push((token.text.into(), head.into())),
        _ => {}
    }
}

/// Where the branches of the group begin that opens at `open`.
fn branches(tokens: &[Token<'_>], open: usize) -> Vec<usize> {
    let mut starts = vec![open + 1];
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "{" => depth += 1,
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            "," if depth == 1 => starts.push(index + 1),
            _ => {}
        }
    }
    starts.retain(|start| tokens.get(*start).is_some_and(|token| token.text != "}"));
    starts
}

fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at = item_end(tokens, closing(tokens, at + 1) + 1);
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// `#[cfg(test)]` and `#[cfg(all(test, …))]`, but not `#[cfg(not(test))]`.
fn is_test_attribute(tokens: &[Token<'_>]) -> bool {
    let starts = ["#", "[", "cfg", "("]
        .iter()
        .zip(tokens)
        .all(|(wanted, token)| *wanted == token.text);
    if !starts || tokens.len() < 5 {
        return false;
    }
    let inside = &tokens[4..closing(tokens, 3).min(tokens.len())];
    inside.iter().any(|token| token.text == "test")
        && inside
            .iter()
            .all(|token| token.text != "not" && token.text != "any")
}

/// The index after the item that begins at `at`, its further attributes included.
fn item_end(tokens: &[Token<'_>], mut at: usize) -> usize {
    let is_use = |at: usize| {
        let mut words = tokens[at..]
            .iter()
            .take_while(|token| !["{", ";"].contains(&token.text));
        words.any(|token| token.text == "use")
    };
    while tokens.get(at).is_some_and(|token| token.text == "#") {
        at = closing(tokens, at + 1) + 1;
    }
    let ends_at_brace = at < tokens.len() && !is_use(at);
    while let Some(token) = tokens.get(at) {
        match token.text {
            ";" => return at + 1,
            "}" => return at,
            "{" if ends_at_brace => return closing(tokens, at) + 1,
            "{" | "(" | "[" => at = closing(tokens, at) + 1,
            _ => at += 1,
        }
    }
    at
}

/// The index of what closes the bracket at `open`.
fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len()
}

fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len())
}

/// The length of the comment that begins here; comments nest.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return Some(at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    Some(rest.len())
}

/// The length of the string or character that begins here.
fn literal(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        rest.strip_prefix(prefix)
            .is_some_and(|after| after.trim_start_matches('#').starts_with('"'))
    });
    if let Some(prefix) = prefix.filter(|prefix| prefix.ends_with('r')) {
        let hashes = rest[prefix.len()..].find('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let body = prefix.len() + hashes + 1;
        return Some(
            rest[body..]
                .find(&end)
                .map_or(rest.len(), |at| body + at + end.len()),
        );
    }
    if let Some(prefix) = prefix.filter(|prefix| rest[prefix.len()..].starts_with('"')) {
        return Some(prefix.len() + 1 + quoted(&rest[prefix.len() + 1..], '"'));
    }
    let after = rest.strip_prefix('\'')?;
    let mut chars = after.chars();
    let escaped = chars.next()? == '\\';
    // Otherwise this is a lifetime.
    (escaped || chars.next()? == '\'').then(|| 1 + quoted(after, '\''))
}

/// The length up to and with the closing quote.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
