use std::path::Path;
use std::time::Duration;

use super::{Config, file_of};
use crate::error::Result;

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config> {
    let variable = |name: &str| {
        let found = variables.iter().find(|(there, _)| *there == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::from_sources(Some(("flowrt.toml", text)), variable)
}

fn refused(text: &str, variables: &[(&str, &str)]) -> String {
    let error = read(text, variables).expect_err("it is refused");
    format!("{} ({})", error.message(), error.try_this().unwrap_or("-"))
}

#[test]
fn what_is_not_said_has_its_usual_value() {
    assert_eq!(read("", &[]).unwrap(), Config::default());
    assert_eq!(
        read("# nothing\n[retention]\n", &[]).unwrap(),
        Config::default()
    );
    assert!(read("[retain]\n", &[]).is_err());
}

#[test]
fn every_setting_is_read() {
    let text = "
history_steps_max = 5_000
depth_max = 3
payload_bytes_max = \"2 MiB\"
crashes_max = 0
grace = \"1m 30s\"
[retention]
older_than = \"30d\"
keep = 7
every = \"10m\"
";
    let config = read(text, &[]).unwrap();
    assert_eq!(
        (
            config.history_steps_max,
            config.depth_max,
            config.payload_bytes_max,
            config.crashes_max,
            config.grace
        ),
        (5_000, 3, 2 << 20, 0, Duration::from_secs(90))
    );
    let retention = config.retention;
    assert_eq!(retention.older_than, Some(Duration::from_secs(30 * 86_400)));
    assert_eq!((retention.keep, retention.every.as_secs()), (7, 600));
}

#[test]
fn the_environment_wins() {
    let variables = [
        ("FLOWRT_DEPTH_MAX", "9"),
        ("FLOWRT_RETENTION_OLDER_THAN", "2d"),
        ("FLOWRT_GRACE", ""),
    ];
    let config = read("depth_max = 3\ngrace = \"7s\"", &variables).unwrap();
    assert_eq!(config.depth_max, 9);
    assert_eq!(config.grace.as_secs(), 7);
    assert_eq!(
        config.retention.older_than,
        Some(Duration::from_secs(2 * 86_400))
    );
}

#[test]
fn a_slip_is_told_with_its_line_and_what_was_meant() {
    for (text, expected) in [
        (
            "\n\ndepth_mx = 3",
            "flowrt.toml, line 3: there is no setting `depth_mx` (did you mean `depth_max`?)",
        ),
        (
            "[retention]\nkeep = 1\nolder_then = \"3d\"",
            "flowrt.toml, line 3: there is no setting `retention.older_then` (did you mean `retention.older_than`?)",
        ),
        (
            "grace = 5",
            "flowrt.toml, line 1: `grace` is a duration such as \"5s\", not 5",
        ),
        (
            "depth_max = 1_001",
            "flowrt.toml, line 1: `depth_max` is from 0 to 1000, not 1001",
        ),
        (
            "payload_bytes_max = \"1 GiB\"",
            "flowrt.toml, line 1: `payload_bytes_max` is from 1024 to 67108864, not 1073741824",
        ),
        (
            "crashes_max = true",
            "flowrt.toml, line 1: `crashes_max` is a whole number, not true or false",
        ),
        (
            "crashes_max = 99999999999999999999",
            "flowrt.toml, line 1: `crashes_max` is a whole number, not \"99999999999999999999\"",
        ),
        (
            "depth_max = 3\ndepth_max =",
            "flowrt.toml, line 2: this is not TOML",
        ),
    ] {
        let said = refused(text, &[]);
        assert!(said.starts_with(expected), "{said}");
    }
    assert!(
        refused("", &[("FLOWRT_GRACE", "soon")])
            .starts_with("the variable FLOWRT_GRACE: `grace` is a duration: "),
    );
}

#[test]
fn the_file_is_beside_the_folder_of_the_store() {
    for (store, file) in [
        (".flowrt/flowrt.db", "flowrt.toml"),
        ("../.flowrt/flowrt.db", "../flowrt.toml"),
        ("/a/.flowrt/x.db", "/a/flowrt.toml"),
        ("flows.db", "./flowrt.toml"),
        ("data/flows.db", "data/flowrt.toml"),
    ] {
        assert_eq!(file_of(Path::new(store)), Path::new(file), "{store}");
    }
}
