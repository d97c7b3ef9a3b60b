//! `flowrt.toml` beside a store.

use super::Place;

#[test]
fn a_slip_stops_the_program_before_it_does_anything() {
    let place = Place::new();
    std::fs::write(place.path("flowrt.toml"), "grace = \"5s\"\ndepht_max = 3\n").expect("a file");
    let (code, said) = place.refused("here", &["run", "pack", "--folder", ".", "--items", "1"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("flowrt.toml, line 2"), "{said}");
    assert!(said.contains("did you mean `depth_max`?"), "{said}");
    assert_eq!(place.ledger(), Vec::<String>::new());
}

#[test]
fn limits_are_those_of_the_file_and_of_the_environment() {
    let place = Place::new();
    let run = ["run", "pack", "--folder", ".", "--items", "30", "--json"];
    std::fs::write(place.path("flowrt.toml"), "history_steps_max = 10\n").expect("a file");
    let (_, said) = place.refused("here", &run);
    assert!(said.contains("history_steps_max"), "{said}");
    assert_eq!(place.ledger().len(), 10);
    let output = place
        .command(super::PROGRAM, "here", &run)
        .env("FLOWRT_HISTORY_STEPS_MAX", "100")
        .output()
        .expect("the program runs");
    assert!(output.status.success());
    std::fs::write(place.path("flowrt.toml"), "depth_max = 0\n").expect("a file");
    place.ran("here", &["pack", "--items", "1"]);
    let (_, said) = place.refused("here", &["run", "ship", "--folder", "."]);
    assert!(said.contains("depth_max"), "{said}");
    std::fs::write(place.path("flowrt.toml"), "payload_bytes_max = \"1 KiB\"\n").expect("a file");
    let long = "x".repeat(2_000);
    let (_, said) = place.refused("here", &["run", "pack", "--folder", &long, "--items", "1"]);
    assert!(said.contains("payload_bytes_max"), "{said}");
}
