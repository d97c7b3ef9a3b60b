//! `limits …`.

use serde_json::json;

use super::Desk;

fn limited() -> Desk {
    Desk::of(env!("CARGO_BIN_EXE_limited"))
}

#[test]
fn a_limit_is_shown_set_and_goes_back_to_what_the_program_says() {
    let desk = limited();
    let listed = desk.ask("limits");
    assert!(
        listed
            .out
            .contains("API  100 per second  0 running  0 waiting"),
        "{listed:?}"
    );
    assert_eq!(desk.json("limits ls")[0]["name"], "API");
    let shown = desk.json("limits show API");
    assert_eq!(
        (&shown["rule"]["count"], &shown["program"]),
        (&json!(100), &json!(null))
    );

    let set = desk.say(&["limits", "set", "API", "50 per minute"]);
    assert_eq!(set.code, Some(0), "{set:?}");
    assert!(
        set.out
            .contains("API · 50 per minute (the program says 100 per second)"),
        "{set:?}"
    );
    let shown = desk.json("limits show API");
    assert_eq!(
        (
            &shown["rule"]["count"],
            &shown["rule"]["per"],
            &shown["program"]["count"]
        ),
        (&json!(50), &json!(60_000_000), &json!(100))
    );
    let back = desk.json("limits set API --default");
    assert_eq!(
        (&back["rule"]["count"], &back["program"]),
        (&json!(100), &json!(null))
    );
    assert_eq!(desk.json("limits reset API")["name"], "API");
}

#[test]
fn a_plan_says_when_calls_would_start() {
    let desk = limited();
    let plan = desk.json("limits plan API --count 300");
    assert_eq!(
        (&plan["limit"], &plan["count"]),
        (&json!("API"), &json!(300))
    );
    assert_eq!(plan["starts"]["seconds"], 2, "{plan}");
    let said = desk.ask("limits plan API --count 300");
    assert!(said.out.starts_with("300 calls start between "), "{said:?}");
    for count in ["0", "100001", "many", "-1"] {
        desk.refuses(
            &["limits", "plan", "API", &format!("--count={count}")],
            &[count, "--count"],
        );
    }
}

#[test]
fn what_limits_do_not_understand_they_say() {
    let desk = limited();
    for (words, what) in [
        (
            &["set", "API", "8x"][..],
            &["`8x` is no amount for API", "50 per minute"][..],
        ),
        (&["set", "API", "0"], &["a rate of zero"]),
        // The program has a rate, and slots are another thing.
        (&["set", "API", "8"], &["`8` is no amount for API"]),
        (&["set", "API"], &["lacks <AMOUNT>"]),
        (&["set", "API", "8", "--default"], &["exclude each other"]),
        (
            &["set", "APY", "50 per minute"],
            &["there is no limit `APY`", "did you mean `API`?"],
        ),
        (&["show"], &["lacks <NAME>"]),
        (
            &["show", "APY"],
            &["there is no limit `APY`", "did you mean `API`?"],
        ),
        (&["reset", "APY"], &["there is no limit `APY`"]),
        (&["plan", "APY"], &["there is no limit `APY`"]),
        (
            &["sett", "API", "8"],
            &["has no command `sett`", "did you mean `set`?"],
        ),
    ] {
        desk.refuses(&[&["limits"], words].concat(), what);
        desk.refuses(&[&["limits"], words, &["--json"]].concat(), what);
    }
    assert_eq!(
        desk.json("limits show API")["program"],
        json!(null),
        "nothing was set"
    );
}
