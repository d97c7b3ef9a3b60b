//! What a Markdown document shows: blocks of code, and commands.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The line of its fence, from 1.
    pub(super) line: usize,
    /// What stands after the fence, such as `rust` or `rust,no_run`.
    pub(super) kind: String,
    pub(super) text: String,
}

/// The fenced blocks of a document.
///
/// # Panics
/// If a fence is not closed.
pub(super) fn blocks(document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in document.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(kind)) => {
                open = Some(Block {
                    line: index + 1,
                    kind: kind.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed: {open:?}");
    blocks
}

/// Everything that is written as code: lines of blocks other than Rust, and what stands between backticks elsewhere.
fn code(document: &str) -> Vec<String> {
    let mut code: Vec<String> = blocks(document)
        .iter()
        .filter(|block| !block.kind.starts_with("rust"))
        .flat_map(|block| block.text.lines().map(str::to_owned))
        .collect();
    let mut inside = false;
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            code.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    code
}

/// The arguments of each `cargo run -p examples -- …`.
pub(super) fn example_runs(document: &str) -> Vec<Vec<String>> {
    code(document)
        .iter()
        .filter_map(|line| line.trim().strip_prefix("cargo run -p examples"))
        .map(|rest| {
            let rest = rest.trim_start().strip_prefix("--").unwrap_or_default();
            words(rest)
        })
        .collect()
}

/// The verbs of each line of usage that begins with the name of the program: `flows runs ls | show` gives two.
pub(super) fn verbs(document: &str) -> Vec<Vec<String>> {
    code(document)
        .iter()
        .filter_map(|line| line.trim().strip_prefix("flows "))
        .filter(|usage| !usage.starts_with(' '))
        .flat_map(|usage| {
            let mut first: Vec<String> = Vec::new();
            let mut all = Vec::new();
            for alternative in usage.split(" | ") {
                let verbs = words(alternative)
                    .into_iter()
                    .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()));
                first.truncate(first.len().saturating_sub(1));
                first.extend(verbs);
                all.push(first.clone());
            }
            all
        })
        .filter(|verbs| !verbs.is_empty())
        .collect()
}

/// The words of a command; what stands after two spaces is a remark.
fn words(text: &str) -> Vec<String> {
    let command = text.trim().split("  ").next().unwrap_or_default();
    command.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "Say `cargo run -p examples -- run a --b 1`, or:\n\n```text\ncargo run -p examples -- graph a     draws it\ncargo run -p examples\nflows runs ls | show RUN | cancel\nflows       lists\n```\n\n```rust,no_run\nfn main() {}\n```\n";

    #[test]
    fn blocks_have_a_kind_and_a_line() {
        let blocks = blocks(DOCUMENT);
        assert_eq!(
            blocks
                .iter()
                .map(|block| (block.line, block.kind.as_str()))
                .collect::<Vec<_>>(),
            [(3, "text"), (10, "rust,no_run")]
        );
        assert_eq!(blocks[1].text, "fn main() {}\n");
    }

    #[test]
    fn commands_are_found_in_blocks_and_between_backticks() {
        assert_eq!(
            example_runs(DOCUMENT),
            [&["graph", "a"][..], &[], &["run", "a", "--b", "1"]]
        );
        assert_eq!(
            verbs(DOCUMENT),
            [["runs", "ls"], ["runs", "show"], ["runs", "cancel"]]
        );
    }
}
