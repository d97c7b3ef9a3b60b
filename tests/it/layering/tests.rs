//! The checker on made-up sources: a check that cannot fail checks nothing.

use std::path::Path;

use super::rules::{Offence, RootNames, offences};

const LIB: &str = "pub mod error; pub use error::{Error, Result as Outcome}; pub use crate::engine::Engine; pub use flowmacros::task;";

#[track_caller]
fn finds(file: &str, source: &str, expected: &[(usize, &str)]) {
    let found: Vec<_> = offences(Path::new(file), source, &RootNames::read(LIB))
        .into_iter()
        .map(|Offence { line, message }| (line, message))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, message)| (*line, (*message).to_owned()))
        .collect();
    assert_eq!(found, expected, "{file}: {source}");
}

#[test]
fn upwards_is_allowed() {
    finds(
        "engine/runner.rs",
        "use crate::store::Store;\nuse crate::{model::ids, clock};",
        &[],
    );
    finds(
        "cli/mod.rs",
        "use crate::ops::Ops; fn f() { crate::draw::text(); }",
        &[],
    );
    finds("registry.rs", "use crate::author::meta::Meta;", &[]);
    finds("private.rs", "pub use crate::engine::*;", &[]);
}

#[test]
fn downwards_is_not() {
    finds(
        "model/graph.rs",
        "//! Doc.\nuse crate::store::Store;",
        &[(2, "`model` must not use `store`")],
    );
    finds(
        "store/mod.rs",
        "use crate::engine::Engine;",
        &[(1, "`store` must not use `engine`")],
    );
    finds(
        "cli/runs.rs",
        "\n\nuse crate::store::Store;",
        &[(3, "`cli` must not use `store`")],
    );
    finds(
        "clock.rs",
        "use crate::model::ids::RunId;",
        &[(1, "`clock` must not use `model`")],
    );
}

#[test]
fn the_model_uses_only_the_error_among_the_leaves() {
    finds("model/state.rs", "use crate::error::Error;", &[]);
    finds(
        "model/state.rs",
        "use crate::clock::Clock;",
        &[(1, "`model` must not use `clock`")],
    );
}

#[test]
fn each_branch_of_a_group_counts() {
    finds(
        "draw.rs",
        "use crate::{\n    model::{self, graph::Graph},\n    ops::{Ops, Plan},\n    cli,\n};",
        &[
            (3, "`draw` must not use `ops`"),
            (4, "`draw` must not use `cli`"),
        ],
    );
}

#[test]
fn paths_in_expressions_and_through_super_count() {
    finds(
        "store/memory.rs",
        "fn f() -> crate::engine::Run { todo() }",
        &[(1, "`store` must not use `engine`")],
    );
    finds(
        "store/memory.rs",
        "use super::super::engine::Run;",
        &[(1, "`store` must not use `engine`")],
    );
    finds(
        "store/memory.rs",
        "use super::{super::engine, Store};",
        &[(1, "`store` must not use `engine`")],
    );
    finds(
        "store/mod.rs",
        "use super::engine;",
        &[(1, "`store` must not use `engine`")],
    );
    finds("store/memory.rs", "use super::engine; use self::ops;", &[]);
    finds(
        "store/memory.rs",
        "mod inner { use super::super::ops; }",
        &[],
    );
    finds(
        "store/memory.rs",
        "mod inner { use super::super::super::ops; }",
        &[(1, "`store` must not use `ops`")],
    );
    finds(
        "model/mod.rs",
        "fn f() { flowrt::engine::go() }",
        &[(1, "`model` must not use `engine`")],
    );
}

#[test]
fn a_name_of_the_root_counts_as_its_module() {
    finds("model/mod.rs", "use crate::Error;", &[]);
    finds("store/mod.rs", "use crate::Outcome;", &[]);
    finds(
        "store/mod.rs",
        "use crate::Engine;",
        &[(1, "`store` must not use `engine` (as `crate::Engine`)")],
    );
    finds(
        "store/mod.rs",
        "use crate::task; crate::some_macro!();",
        &[],
    );
    finds(
        "store/mod.rs",
        "use crate::Unheard;",
        &[(
            1,
            "`crate::Unheard` is neither a module with a layer nor a name that lib.rs takes from one",
        )],
    );
}

#[test]
fn tests_may_use_what_they_like() {
    finds(
        "model/mod.rs",
        "#[cfg(test)]\nmod tests { use crate::store::X; fn f() { if a { b } } }",
        &[],
    );
    finds(
        "model/mod.rs",
        "#[cfg(test)]\n#[allow(x)]\nuse crate::{store, ops};",
        &[],
    );
    finds("model/tests.rs", "use crate::store::X;", &[]);
    finds("model/graph/tests.rs", "use crate::store::X;", &[]);
    finds(
        "model/mod.rs",
        "#[cfg(test)]\nmod tests { }\nuse crate::ops::X;\n#[cfg(not(test))]\nuse crate::cli;",
        &[
            (3, "`model` must not use `ops`"),
            (5, "`model` must not use `cli`"),
        ],
    );
}

#[test]
fn comments_and_strings_are_no_uses() {
    finds(
        "model/mod.rs",
        "// crate::store::X\n/* crate::ops /* crate::cli */ crate::ops */ //! [`crate::store`]",
        &[],
    );
    finds(
        "model/mod.rs",
        r##"const A: &str = "\" crate::store::X"; const B: &str = r#"crate::ops::X""#;"##,
        &[],
    );
    finds(
        "model/mod.rs",
        "fn f<'a>(x: &'a str) { g('\"'); crate::ops::x('\\''); }",
        &[(1, "`model` must not use `ops`")],
    );
    finds(
        "model/mod.rs",
        "pub(crate) fn f() {} pub(super) fn g() {}",
        &[],
    );
    finds(
        "model/mod.rs",
        "const A: &str = \"a\nb\";\nuse crate::ops;",
        &[(3, "`model` must not use `ops`")],
    );
}

#[test]
fn a_module_without_a_layer_is_an_offence() {
    finds(
        "gadgets/mod.rs",
        "",
        &[(
            1,
            "`gadgets` has no place among the layers; give it one in tests/it/layering/rules.rs",
        )],
    );
}
