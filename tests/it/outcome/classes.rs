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
