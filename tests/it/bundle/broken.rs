//! Files that are no bundle, and places where none can be written.

use super::{Place, shown};

#[test]
fn a_file_that_is_not_whole_changes_nothing() {
    let place = Place::new();
    let name = place.ran("here", &["ship"]);
    place.told("here", &["store", "export", &name, "-o", "run.json"]);
    let whole = std::fs::read_to_string(place.path("run.json")).expect("it is there");
    let flipped = whole.replacen("item0", "item9", 1);
    let newer = whole.replacen("\"version\":1", "\"version\":7", 1);
    let half: String = whole.chars().take(whole.len() / 2).collect();
    for (file, content, expected) in [
        ("half.json", half.as_str(), "ends in the middle"),
        ("flipped.json", &flipped, "was changed or damaged"),
        ("newer.json", &newer, "newer flowrt (bundle 7"),
        ("empty.json", "", "is empty"),
        ("other.json", "{\"a\":1}\n", "is not a bundle"),
    ] {
        std::fs::write(place.path(file), content).expect("a file");
        let (code, said) = place.refused("there", &["store", "import", file]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(expected) && said.contains(file), "{said}");
        assert!(said.contains("try:"), "{said}");
    }
    let (code, said) = place.refused("there", &["store", "import", "nowhere.json"]);
    assert_eq!(code, Some(2), "{said}");
    place.refused("there", &["store", "import", "."]);
    assert!(!place.path("there.db").exists(), "nothing was made");
    assert!(place.names("here").contains(&name));
}

#[test]
fn nothing_is_overwritten() {
    let place = Place::new();
    let name = place.ran("here", &["ship"]);
    std::fs::write(place.path("mine"), "mine").expect("a file");
    let (code, said) = place.refused("here", &["store", "export", &name, "-o", "mine"]);
    assert_eq!(code, Some(2), "{said}");
    place.refused("here", &["store", "backup", "mine"]);
    let kept = std::fs::read_to_string(place.path("mine")).expect("it is there");
    assert_eq!(kept, "mine");
    let nowhere = place.path("no/run.json");
    place.refused("here", &["store", "export", &name, "-o", shown(&nowhere)]);
    place.refused("here", &["store", "backup", shown(&nowhere)]);
    place.refused("here", &["store", "export", "nobody"]);
}
