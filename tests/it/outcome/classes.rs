use super::Place;

#[test]
fn an_error_says_whether_and_when_it_is_worth_another_attempt() {
    let place = Place::new();
    let (code, said) = place.call(&["run", "asking"]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(place.count("asks"), 2, "a plain error is up to `retry_if`");
}

#[test]
fn a_run_has_no_more_attempts_than_its_budget() {
    let place = Place::new();
    assert_eq!(place.call(&["run", "thrifty"]).0, Some(1));
    assert_eq!(place.count("stumbles first"), 5);
    assert_eq!(place.count("stumbles second"), 2);
}

const WORDS: &str =
    r#"["throttled", "offline", "throttled", "other", "offline", "throttled", "other"]"#;

#[test]
fn each_retry_rule_has_a_count_of_its_own() {
    for (words, knocks, code) in [
        // Three times throttled, twice offline, once for another reason: the second time of that is too often.
        (WORDS, 7, 1),
        (
            r#"["throttled", "throttled", "throttled", "throttled"]"#,
            4,
            1,
        ),
        (r#"["offline", "gone"]"#, 2, 1),
        (r#"["other", "throttled", "offline"]"#, 4, 0),
    ] {
        let place = Place::new();
        let (ended, said) = place.call(&["run", "knocking", "--words", words]);
        assert_eq!(ended, Some(code), "{words}: {said}");
        assert_eq!(place.count("knocks"), knocks, "{words}");
        if code == 1 {
            assert!(said.contains(&format!("(attempt {knocks})")), "{said}");
        }
    }
}

#[test]
fn the_counts_of_retry_rules_survive_a_death() {
    for nth in 1..=7 {
        let place = Place::new();
        place.dies_at(
            &format!("engine::before_body:{nth}"),
            &["run", "knocking", "--words", WORDS],
        );
        assert_eq!(place.call(&["runs", "resume", &place.name()]).0, Some(1));
        assert_eq!(place.count("knocks"), 7, "killed before attempt {nth}");
    }
}
