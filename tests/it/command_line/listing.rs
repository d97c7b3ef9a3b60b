//! What the program says of itself: flows, help, version, completions, pictures.

use super::Desk;

#[test]
fn flows_are_listed_with_their_parameters() {
    let desk = Desk::new();
    let said = desk.say("");
    assert_eq!(said.code, Some(0));
    assert!(
        said.err
            .contains("run one:   desk run asks        draw it:   desk graph asks"),
        "{said:?}"
    );
    let columns: Vec<_> = said
        .out
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.find("program").or_else(|| line.find("dag ·")))
        .collect();
    assert!(
        columns
            .iter()
            .all(|column| column.is_some() && *column == columns[0]),
        "{}",
        said.out
    );
    for part in [
        "program · 0 10 * * * Asia/Tokyo\n",
        "dag · 3 nodes\n  --why <TEXT> [the disk is full]\n",
        "--region <eu|north-america|south-america> [eu]   --pages <N> [10]",
        "   --dry-run\n",
        "--max-share <NUMBER> [0.5]   --pause <DURATION> [1 min]",
    ] {
        assert!(said.out.contains(part), "{part}\n{}", said.out);
    }
    assert!(desk.is_untouched());
}

#[test]
fn the_listing_has_the_schema_for_programs() {
    let desk = Desk::new();
    let flows = desk.json("");
    let ship = flows
        .as_array()
        .expect("a list")
        .iter()
        .find(|flow| flow["name"] == "ship")
        .expect("a flow");
    assert_eq!(
        (&ship["schedule"], &ship["timezone"], &ship["kind"]),
        (
            &"0 10 * * *".into(),
            &"Asia/Tokyo".into(),
            &"program".into()
        )
    );
    let schema = &ship["schema"];
    assert_eq!(schema["properties"]["pages"]["default"], 10);
    assert_eq!(schema["properties"]["region"]["description"], "where to");
    assert_eq!(schema["$defs"]["Region"]["enum"][1], "north-america");
    assert_eq!(schema["additionalProperties"], false);
    let strict = flows
        .as_array()
        .expect("a list")
        .iter()
        .find(|flow| flow["name"] == "strict")
        .expect("a flow");
    assert_eq!(
        strict["schema"]["required"],
        serde_json::json!(["region", "pages", "window"])
    );
}

#[test]
fn help_says_what_a_flow_takes() {
    let desk = Desk::new();
    let help = desk.say("run ship --help");
    assert_eq!(help.code, Some(0));
    for part in [
        "--region <eu|north-america|south-america>",
        "where to [default: eu]",
        "[default: 10] [env: DESK_PAGES]",
        "--window.from <TEXT>",
        "The first day.",
        "--target.kind <file|bucket>",
        "--no-wait",
    ] {
        assert!(help.out.contains(part), "{part}\n{}", help.out);
    }
    for line in [
        "--help",
        "runs --help",
        "runs ls --help",
        "graph --help",
        "check --help",
        "store migrate --help",
        "completions --help",
    ] {
        let help = desk.say(line);
        assert_eq!((help.code, help.err.as_str()), (Some(0), ""), "{line}");
        assert!(help.out.contains("Usage: desk"), "{line}: {}", help.out);
    }
    assert_eq!(
        desk.say("--version").out.trim_end(),
        concat!("desk ", env!("CARGO_PKG_VERSION")).replace("0.0.0", "0.1.0")
    );
    assert!(desk.is_untouched());
}

#[test]
fn shells_get_scripts_that_know_flows_and_flags() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish"] {
        let said = desk.say(&format!("completions {shell}"));
        assert_eq!(said.code, Some(0));
        for word in ["ship", "max-share", "migrate", "north-america"] {
            assert!(said.out.contains(word), "{shell} lacks {word}");
        }
    }
    let said = desk.say("completions bosh");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("did you mean `bash`?"), "{said:?}");
}

#[test]
fn a_run_is_drawn_with_its_states() {
    let desk = Desk::new();
    desk.say("run broken --name bad");
    let picture = desk.say("graph --run bad");
    assert_eq!(
        picture.out,
        "✓ say ────┐\n✗ refuse ─┴─▶ ⊘ join (upstream failed)\n"
    );
    assert_eq!(
        desk.say("graph broken").out,
        "say ────┐\nrefuse ─┴─▶ join\n"
    );
    let json = desk.json("graph broken --run bad");
    assert_eq!(json["nodes"][1]["state"], "Failed");
    let other = desk.say("graph ship --run bad");
    assert_eq!(other.code, Some(2));
    assert!(other.err.contains("a run of `broken`"), "{other:?}");
}
