//! What a store takes.

use super::Place;

#[test]
fn a_store_tells_its_size_and_its_largest_runs() {
    let place = Place::new();
    let small = place.ran("here", &["pack", "--items", "1"]);
    let large = place.ran("here", &["pack", "--items", "50"]);
    let info = place.json("here", &["store", "info", "--largest", "1"]);
    // What was written last may still be in the log.
    let of = |what: &str| info[what].as_u64().expect("a size");
    assert!(of("file_bytes") + of("log_bytes") > 32_768, "{info}");
    assert_eq!(
        (&info["rows"]["run"], &info["rows"]["step"]),
        (&2.into(), &51.into())
    );
    assert_eq!(info["largest"].as_array().map(Vec::len), Some(1));
    assert_eq!(info["largest"][0]["name"], large.as_str());
    assert_eq!(info["largest"][0]["steps"], 50);
    let told = place.told("here", &["store", "info"]);
    for part in [&*small, &*large, "database", "50 steps"] {
        assert!(told.contains(part), "{told}");
    }
}
