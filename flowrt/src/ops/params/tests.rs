//! Text, values and faults, for types of every form.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

use super::check::{Findings, check};
use super::schema::{Kind, Place};
use super::text::{read, set};

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Size {
    Small,
    Large,
    Other { width: u8 },
    Named(String),
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Inner {
    sizes: Option<Vec<Size>>,
    #[serde(flatten)]
    more: More,
    tree: Option<Box<Inner>>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct More {
    #[schemars(range(min = 1, max = 5))]
    level: u32,
    #[schemars(length(max = 3))]
    code: String,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Loose {
    Number(u32),
    Text(String),
}

fn value<T: JsonSchema>(texts: &[&str]) -> Result<Value, String> {
    let schema = schema_for!(T).to_value();
    read(Place::root(&schema), texts)
}

fn faults<T: JsonSchema>(value: &Value) -> Vec<(String, String)> {
    let schema = schema_for!(T).to_value();
    let mut found = Findings::default();
    check(Place::root(&schema), value, &mut "p".to_owned(), &mut found);
    let all = found.shapes.into_iter().chain(found.bounds);
    all.map(|fault| (fault.path, fault.message)).collect()
}

#[test]
fn text_becomes_what_the_type_expects() {
    assert_eq!(value::<String>(&["1"]), Ok(json!("1")));
    assert_eq!(value::<Option<String>>(&["null"]), Ok(json!("null")));
    assert_eq!(value::<u32>(&["1"]), Ok(json!(1)));
    assert_eq!(
        value::<u32>(&["one"]),
        Ok(json!("one")),
        "left to the check"
    );
    assert_eq!(value::<Option<u32>>(&["1"]), Ok(json!(1)));
    assert_eq!(value::<Option<u32>>(&["null"]), Ok(Value::Null));
    assert_eq!(value::<f64>(&["1e3"]), Ok(json!(1000.0)));
    assert_eq!(value::<Option<bool>>(&["true"]), Ok(json!(true)));
    assert_eq!(value::<char>(&["7"]), Ok(json!("7")));
    assert_eq!(value::<Vec<u32>>(&["1"]), Ok(json!([1])));
    assert_eq!(value::<Vec<u32>>(&["[1, 2]"]), Ok(json!([1, 2])));
    assert_eq!(value::<Vec<u32>>(&["1", "2"]), Ok(json!([1, 2])));
    assert_eq!(value::<Vec<String>>(&["[a"]), Ok(json!(["[a"])));
    assert_eq!(
        value::<Option<Vec<String>>>(&["a", "b"]),
        Ok(json!(["a", "b"]))
    );
    assert_eq!(
        value::<Vec<Vec<u32>>>(&["[1]", "[2]"]),
        Ok(json!([[1], [2]]))
    );
    assert_eq!(
        value::<Vec<Vec<u32>>>(&["[[1],[2]]"]),
        Ok(json!([[1], [2]]))
    );
    assert_eq!(value::<(u32, String)>(&["1", "2"]), Ok(json!([1, "2"])));
    assert_eq!(value::<Size>(&["small"]), Ok(json!("small")));
    assert_eq!(
        value::<Size>(&[r#"{"other":{"width":1}}"#]),
        Ok(json!({"other": {"width": 1}}))
    );
    assert_eq!(value::<Loose>(&["12"]), Ok(json!(12)));
    assert_eq!(value::<Loose>(&["twelve"]), Ok(json!("twelve")));
    assert_eq!(value::<Value>(&["{\"a\":1}"]), Ok(json!({"a": 1})));
    assert_eq!(value::<Value>(&["word"]), Ok(json!("word")));
    assert_eq!(
        value::<Duration>(&["1m 500ms"]),
        Ok(json!({"secs": 60, "nanos": 500_000_000}))
    );
    assert_eq!(
        value::<BTreeMap<String, u8>>(&[r#"{"a":1}"#]),
        Ok(json!({"a": 1}))
    );
}

#[test]
fn text_that_is_nothing_of_the_kind_is_told() {
    assert!(value::<Duration>(&["5"]).is_err_and(|fault| fault.contains("5s")));
    assert!(value::<Inner>(&["{"]).is_err_and(|fault| fault.contains("as JSON")));
    assert!(value::<u32>(&["1", "2"]).is_err_and(|fault| fault.contains("2 times")));
}

#[test]
fn values_that_fit_have_no_faults() {
    for value in [
        json!("small"),
        json!({"other": {"width": 3}}),
        json!({"named": "x"}),
    ] {
        assert_eq!(faults::<Size>(&value), []);
    }
    let nested = json!({"sizes": ["large", {"other": {"width": 1}}], "level": 3, "code": "abc",
        "tree": {"sizes": null, "level": 1, "code": "", "tree": null}});
    assert_eq!(faults::<Inner>(&nested), []);
    assert_eq!(faults::<Loose>(&json!("x")), []);
    assert_eq!(faults::<Value>(&json!([1, {}])), []);
}

#[test]
fn every_fault_is_found_where_it_is() {
    let wrong = json!({"sizes": ["smal", 7], "level": 9, "code": "abcd",
        "tree": {"level": "x", "tree": {"code": 1, "level": 0}}});
    let found = faults::<Inner>(&wrong);
    for (path, message) in [
        ("p.sizes[0]", "did you mean `small`?"),
        ("p.sizes[1]", "got 7"),
        ("p.level", "at most 5, got 9"),
        ("p.code", "at most 3 characters, got 4"),
        ("p.tree.level", "a whole number, got \"x\""),
        ("p.tree.code", "is missing: it expects text"),
        ("p.tree.tree.code", "expects text, got 1"),
        ("p.tree.tree.level", "at least 1, got 0"),
    ] {
        assert!(
            found
                .iter()
                .any(|(there, said)| there == path && said.contains(message)),
            "{path}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 8, "{found:#?}");
    let size = faults::<Size>(&json!({"other": {"width": 300}}));
    assert_eq!(
        size,
        [(
            "p.other.width".to_owned(),
            "expects at most 255, got 300".to_owned()
        )]
    );
}

#[test]
fn places_say_what_they_take() {
    let shown = |schema: schemars::Schema| {
        let schema = schema.to_value();
        let place = Place::root(&schema);
        (place.kind(), place.placeholder())
    };
    assert_eq!(
        shown(schema_for!(Option<Vec<u8>>)),
        (Kind::List, "N".to_owned())
    );
    assert_eq!(
        shown(schema_for!(Option<Inner>)),
        (Kind::Object, "JSON".to_owned())
    );
    assert_eq!(shown(schema_for!(Loose)), (Kind::Any, "JSON".to_owned()));
    assert_eq!(
        shown(schema_for!(Option<bool>)),
        (Kind::Bool, "true|false".to_owned())
    );
    let schema = schema_for!(Inner).to_value();
    let fields: Vec<_> = Place::root(&schema)
        .fields()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        fields,
        ["code", "level", "sizes", "tree"],
        "flattened ones too"
    );
}

#[test]
fn places_below_are_set_and_made() {
    let mut value = Value::Null;
    set(&mut value, &["a", "list", "0", "x"], json!(1)).expect("it is made");
    set(&mut value, &["a", "list", "1"], json!(2)).expect("the next item");
    assert_eq!(value, json!({"a": {"list": [{"x": 1}, 2]}}));
    assert!(set(&mut value, &["a", "list", "5"], json!(2)).is_err());
    assert!(set(&mut value, &["a", "list", "1", "y"], json!(2)).is_err());
}

mod any_text {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_read_without_a_panic(text in ".{0,40}", json in "[\\[\\]{}\":,0-9a-z. -]{0,40}") {
            for text in [text.as_str(), json.as_str()] {
                prop_assert_eq!(value::<String>(&[text]), Ok(json!(text)));
                let read = [
                    value::<u8>(&[text]),
                    value::<Option<f64>>(&[text]),
                    value::<Vec<Size>>(&[text]),
                    value::<Inner>(&[text]),
                    value::<Loose>(&[text]),
                    value::<Duration>(&[text]),
                ];
                for value in read.into_iter().flatten() {
                    let _ = faults::<Inner>(&value);
                    let _ = faults::<Vec<Size>>(&value);
                }
            }
        }

        #[test]
        fn sets_places_without_a_panic(steps in prop::collection::vec("[a-c0-3]{0,2}", 0..6)) {
            let mut value = json!({"a": [1, {"b": null}]});
            let path: Vec<&str> = steps.iter().map(String::as_str).collect();
            if set(&mut value, &path, json!(7)).is_ok() {
                let there = path.iter().fold(&value, |value, step| match value {
                    Value::Array(items) => &items[step.parse::<usize>().unwrap()],
                    other => &other[*step],
                });
                prop_assert_eq!(there, &json!(7));
            }
        }
    }
}
