//! What a form shows for a flow's parameters, and what comes of what is typed.

use serde_json::{Map, Value, json};

use super::{Field, Look, Typed, fields, read};
use crate::author::meta::Meta;
use crate::prelude::*;

#[derive(JsonSchema, serde::Serialize, serde::Deserialize, Clone)]
enum Region {
    Eu,
    Us,
}

#[derive(JsonSchema, serde::Serialize, serde::Deserialize, Clone)]
struct Window {
    from: String,
    days: Vec<u32>,
}

#[flow]
#[allow(clippy::too_many_arguments, reason = "one of each type")]
fn web_form(
    subject: String,
    #[arg(default = "eu")] place: String,
    #[arg(default = 10, help = "how many")] pages: u32,
    loud: bool,
    #[arg(default = Region::Us)] region: Region,
    other: Option<Region>,
    certain: Option<bool>,
    #[arg(default = vec!["a".to_owned(), "b".to_owned()])] words: Vec<String>,
    #[arg(default = Duration::from_secs(90))] wait: Duration,
    window: Option<Window>,
    key: Option<Secret<String>>,
) -> Result<()> {
    let _ = {
        (
            subject, place, pages, loud, region, other, certain, words, wait, window, key,
        )
    };
    Ok(())
}

fn meta() -> &'static Meta {
    let flows = crate::registry::flows().unwrap();
    flows["web_form"]
}

fn field<'a>(fields: &'a [Field], name: &str) -> &'a Field {
    fields.iter().find(|field| field.name == name).unwrap()
}

fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, text)| (format!("p.{name}"), (*text).to_owned()))
        .collect()
}

#[test]
fn each_type_has_its_field_and_each_default_stands_in_it() {
    let empty = Map::new();
    let fields = fields(meta(), Typed::Values(&empty), &[]);
    let looks: Vec<_> = fields
        .iter()
        .map(|field| (field.name.as_str(), field.look, field.text.as_str()))
        .collect();
    assert_eq!(
        looks,
        [
            ("subject", Look::Line, ""),
            ("place", Look::Line, "eu"),
            ("pages", Look::Number, "10"),
            ("loud", Look::Tick, "false"),
            ("region", Look::Choice, "Us"),
            ("other", Look::Choice, ""),
            ("certain", Look::Choice, ""),
            ("words", Look::Lines, "a\nb"),
            ("wait", Look::Line, "1 min 30 s"),
            ("window", Look::Json, ""),
            ("key", Look::Secret, ""),
        ]
    );
    assert!(field(&fields, "subject").is_required);
    assert!(!field(&fields, "place").is_required);
    assert_eq!(field(&fields, "pages").help, "how many");
    assert_eq!(field(&fields, "region").choices, ["Eu", "Us"]);
    assert!(!field(&fields, "region").may_be_empty);
    assert!(field(&fields, "other").may_be_empty);
    assert_eq!(field(&fields, "certain").choices, ["true", "false"]);
}

#[test]
fn a_form_sent_as_it_stands_gives_the_defaults() {
    let empty = Map::new();
    let all = fields(meta(), Typed::Values(&empty), &[]);
    let mut pairs: Vec<(String, String)> = all
        .iter()
        .map(|field| (field.input.clone(), field.text.clone()))
        .collect();
    pairs[0].1 = "x".to_owned();
    let values = Value::Object(read(meta(), &pairs).unwrap());
    let accepted = crate::ops::params::accept(meta(), &values).unwrap();
    let bare = crate::ops::params::accept(meta(), &json!({ "subject": "x" })).unwrap();
    assert_eq!(accepted, bare);
}

#[test]
fn what_is_typed_is_read_by_its_type() {
    let pairs = typed(&[
        ("subject", "a b"),
        ("place", ""),
        ("pages", " 7 "),
        ("loud", "false"),
        ("loud", "true"),
        ("region", "Eu"),
        ("other", "Us"),
        ("certain", "false"),
        ("words", "one\r\n\r\ntwo words\r\n"),
        ("wait", "2h"),
        ("window", "{\"from\": \"x\", \"days\": [1]}"),
        ("key", "@KEY"),
    ]);
    let values = Value::Object(read(meta(), &pairs).unwrap());
    assert_eq!(values["subject"], "a b");
    assert_eq!(
        values["place"], "",
        "a text that was taken away is an empty text"
    );
    assert_eq!(values["pages"], 7);
    assert_eq!(values["loud"], true);
    assert_eq!(
        (&values["region"], &values["other"]),
        (&json!("Eu"), &json!("Us"))
    );
    assert_eq!(values["certain"], false);
    assert_eq!(values["words"], json!(["one", "two words"]));
    assert_eq!(values["wait"]["secs"], 7_200);
    assert_eq!(values["window"], json!({ "from": "x", "days": [1] }));
}

#[test]
fn all_faults_are_told_beside_their_fields() {
    let pairs = typed(&[
        ("subject", ""),
        ("pages", "-1"),
        ("region", "Asia"),
        ("wait", "long"),
        ("window", "{\"from\": 1, \"days\": [\"x\"]}"),
        ("key", "hunter2"),
    ]);
    let faults = read(meta(), &pairs).unwrap_err();
    let fields = fields(meta(), Typed::Form(&pairs), &faults);
    for name in ["subject", "pages", "region", "wait", "window", "key"] {
        assert!(
            !field(&fields, name).faults.is_empty(),
            "{name}: {faults:?}"
        );
    }
    assert!(field(&fields, "place").faults.is_empty());
    assert_eq!(field(&fields, "pages").text, "-1", "what was typed stays");
    assert_eq!(field(&fields, "key").text, "", "unless it was a secret");
    let window = &field(&fields, "window").faults;
    assert!(
        window.iter().any(|fault| fault.starts_with("from ")),
        "{window:?}"
    );
}
