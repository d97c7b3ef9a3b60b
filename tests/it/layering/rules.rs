//! Who may use whom.

use std::collections::HashMap;
use std::path::Path;

use super::source::{Token, modules_named, tokens, use_leaves};

/// Used by all but `model`, and using nothing but each other.
const LEAVES: &[&str] = &["clock", "error", "config", "failpoint", "mask", "seal"];

/// What each module may use besides itself and the leaves, from the top down.
const LAYERS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("error", &[]),
    ("config", &[]),
    ("failpoint", &[]),
    ("mask", &[]),
    ("seal", &[]),
    ("model", &[]),
    ("draw", &["model"]),
    ("registry", &["model", "author"]),
    ("author", &["model", "registry"]),
    ("store", &["model"]),
    ("logs", &["model", "store", "author"]),
    ("engine", &["model", "store", "author", "registry", "logs"]),
    ("launch", &["engine", "store", "model", "author"]),
    ("worker", &["launch", "engine", "store", "model", "author"]),
    ("scheduler", &["engine", "store", "model", "author"]),
    (
        "ops",
        &[
            "scheduler",
            "worker",
            "launch",
            "engine",
            "store",
            "model",
            "author",
            "registry",
            "draw",
            "logs",
        ],
    ),
    (
        "testing",
        &[
            "ops", "engine", "store", "model", "author", "registry", "draw",
        ],
    ),
    ("web", &["ops", "draw", "model", "registry", "author"]),
    ("server", &["web", "ops", "draw", "model", "author"]),
    (
        "cli",
        &[
            "server", "ops", "draw", "model", "registry", "author", "logs",
        ],
    ),
];

/// What only gathers the rest for those outside.
const FREE: &[&str] = &["lib", "private", "prelude", "schema"];

/// One use of what is not above.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offence {
    pub(super) line: usize,
    pub(super) message: String,
}

/// The names at the root of the crate that come from its modules: through them, a lower module could be reached unseen.
#[derive(Debug, Default)]
pub(super) struct RootNames(HashMap<String, String>);

impl RootNames {
    pub(super) fn read(lib: &str) -> Self {
        Self(use_leaves(&tokens(lib)).into_iter().collect())
    }
}

/// What is wrong in one file; `path` is relative to the `src` folder.
pub(super) fn offences(path: &Path, text: &str, names: &RootNames) -> Vec<Offence> {
    let parts: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let module = parts.first().map_or("lib", String::as_str);
    if FREE.contains(&module) || parts.iter().any(|part| part == "tests") {
        return Vec::new();
    }
    if LAYERS.iter().all(|(name, _)| *name != module) {
        let message = format!(
            "`{module}` has no place among the layers; give it one in tests/it/layering/rules.rs"
        );
        return vec![Offence { line: 1, message }];
    }
    let depth = parts.iter().filter(|part| *part != "mod").count();
    modules_named(&tokens(text), depth)
        .into_iter()
        .filter_map(|used| judge(module, used, names))
        .collect()
}

fn judge(module: &str, used: Token<'_>, names: &RootNames) -> Option<Offence> {
    let known = |name: &str| LAYERS.iter().any(|(layer, _)| *layer == name) || FREE.contains(&name);
    let (target, through) = match names.0.get(used.text) {
        _ if known(used.text) => (used.text, String::new()),
        Some(origin) => (origin.as_str(), format!(" (as `crate::{}`)", used.text)),
        None => {
            let message = format!(
                "`crate::{}` is neither a module with a layer nor a name that lib.rs takes from one",
                used.text
            );
            return Some(Offence {
                line: used.line,
                message,
            });
        }
    };
    // What lib.rs takes from another crate is nobody's layer.
    if target == module || !known(target) || may_use(module, target) {
        return None;
    }
    Some(Offence {
        line: used.line,
        message: format!("`{module}` must not use `{target}`{through}"),
    })
}

fn may_use(module: &str, target: &str) -> bool {
    if LEAVES.contains(&target) {
        return module != "model" || target == "error";
    }
    LAYERS
        .iter()
        .any(|(layer, above)| *layer == module && above.contains(&target))
}
