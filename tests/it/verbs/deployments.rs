//! `deployments …`.

use serde_json::json;

use super::Desk;

const FILE: &str = "\
deployments:
- name: nightly
  flow_name: ship
  description: Each night
  tags: [night]
  parameters: { pages: 3 }
  schedule: { cron: 0 3 * * *, timezone: UTC }
- name: bare
  flow_name: ship
";

#[test]
fn a_deployment_is_shown_paused_run_and_deleted() {
    let desk = Desk::deployed(FILE);
    let all = desk.json("deployments");
    let names: Vec<_> = all
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["bare", "nightly"]);
    let shown = desk.ask("deployments show nightly");
    for part in ["Each night", "night", "0 3 * * *", "pages ="] {
        assert!(shown.out.contains(part), "{part}: {shown:?}");
    }
    assert_eq!(
        desk.json("deployments show nightly")["parameters"]["pages"],
        3
    );
    desk.ask("deployments pause nightly");
    assert_eq!(desk.json("deployments show nightly")["fires"], false);
    desk.ask("deployments resume nightly");
    assert_eq!(desk.json("deployments show nightly")["fires"], true);
    let run = desk.json("deployments run nightly -p pages=7 -p region=eu");
    assert_eq!(
        (
            &run["deployment"],
            &run["parameters"]["pages"],
            &run["workers"]
        ),
        (&json!("nightly"), &json!(7), &json!(0)),
        "{run}"
    );
    assert_eq!(
        desk.json("deployments delete bare"),
        json!({ "deleted": "bare" })
    );
    let gone = desk.ask("deployments delete nightly");
    assert!(gone.err.contains("its runs stay"), "{gone:?}");
    assert_eq!(desk.json("deployments"), json!([]));
    assert_eq!(desk.json("runs")[0]["run_id"], run["run_id"]);
}

#[test]
fn what_deployments_do_not_know_they_say_and_start_nothing() {
    let desk = Desk::deployed(FILE);
    for (words, what) in [
        (&["show"][..], &["lacks <NAME>"][..]),
        (
            &["show", "nightlie"],
            &[
                "there is no deployment `nightlie`",
                "did you mean `nightly`?",
            ],
        ),
        (
            &["pause", "nothing"],
            &[
                "there is no deployment `nothing`",
                "there are bare, nightly",
            ],
        ),
        (
            &["delete", "nothing"],
            &["there is no deployment `nothing`"],
        ),
        (
            &["run", "nightly", "-p", "pages"],
            &["`pages` is no parameter: it has no `=`"],
        ),
        (
            &["run", "nightly", "-p", "pages=many"],
            &["pages expects a whole number", "nothing was started"],
        ),
        (
            &["run", "nightly", "-p", "pagez=2"],
            &["pagez is no parameter; did you mean `pages`?"],
        ),
        (&["paws", "nightly"], &["has no command `paws`"]),
    ] {
        desk.refuses(&[&["deployments"], words].concat(), what);
        desk.refuses(&[&["deployments"], words, &["--json"]].concat(), what);
    }
    assert_eq!(desk.json("runs"), json!([]));
}
