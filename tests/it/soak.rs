//! A few seconds of the soak; `cargo xtask soak --minutes N` is the long version.

use std::process::Command;

#[test]
fn a_soak_of_some_seconds_loses_and_doubles_nothing() {
    let output = Command::new(env!("CARGO_BIN_EXE_soaked"))
        .args(["--seconds", "5", "--json"])
        .output()
        .expect("the soak runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let ledger: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    let of = |name: &str| ledger[name].as_u64().expect("a number");
    for name in ["lost", "doubled", "wrong", "broke", "hung"] {
        assert_eq!(of(name), 0, "{name}: {errors}");
    }
    assert!(
        of("recorded") > 0 && of("effects") >= of("recorded"),
        "{ledger}"
    );
    assert!(of("kills") + of("stops") > 0, "{ledger}");
}
