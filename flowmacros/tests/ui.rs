//! What must not compile: one file a mistake, in a folder for each kind of mistake, with the message a person reads.
//!
//! `TRYBUILD=overwrite cargo test -p flowmacros --test ui` writes the messages anew; read each before it is committed.

#[test]
fn mistakes_are_said_in_words_that_help() {
    let cases = trybuild::TestCases::new();
    for kind in [
        "await",
        "deployment",
        "edge",
        "graph",
        "option",
        "signature",
    ] {
        cases.compile_fail(format!("tests/ui/{kind}/*.rs"));
    }
}
