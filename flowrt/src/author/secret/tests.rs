//! What a secret shows, and what comes back.

use serde_json::json;

use super::*;

#[test]
fn a_value_is_recorded_encrypted_and_comes_back() {
    let secret = Secret::new("shown-nowhere-1".to_owned());
    let text = serde_json::to_string(&[&secret]).unwrap();
    assert!(text.starts_with(r#"[{"$secret":"sealed:"#), "{text}");
    assert_eq!(
        text,
        serde_json::to_string(&[&secret]).unwrap(),
        "a replay compares it"
    );
    let [back]: [Secret<String>; 1] = serde_json::from_str(&text).unwrap();
    assert_eq!(back.reveal().unwrap(), "shown-nowhere-1");
    assert_eq!(
        serde_json::to_string(&[&back]).unwrap(),
        text,
        "passing it on changes nothing"
    );
    for shown in [
        format!("{secret}"),
        format!("{secret:?}"),
        format!("{back:?}"),
        text,
    ] {
        assert!(!shown.contains("nowhere"), "{shown}");
    }
    assert_eq!(mask::text("a shown-nowhere-1 b"), "a ••• b");
}

#[test]
fn references_are_recorded_as_they_are() {
    for (text, shown) in [
        ("@API", "@API"),
        ("env:API", "env:API"),
        ("file:/a b", "file:/a b"),
    ] {
        let json = json!({ FIELD: text });
        let secret: Secret<String> = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&secret).unwrap(), json);
        assert_eq!(format!("{secret:?}"), format!("Secret({shown})"));
    }
    for wrong in [
        json!({ FIELD: "API" }),
        json!({ FIELD: 1 }),
        json!({ FIELD: "@A", "b": 1 }),
    ] {
        assert!(serde_json::from_value::<Secret<String>>(wrong).is_err());
    }
}

#[test]
fn a_file_or_variable_is_read_as_text_or_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    std::fs::write(&path, "[1,2,834756]\n").unwrap();
    let path = path.display().to_string();
    assert_eq!(
        Secret::<String>::file(&path).reveal().unwrap(),
        "[1,2,834756]"
    );
    assert_eq!(
        Secret::<Vec<u32>>::file(&path).reveal().unwrap(),
        &[1, 2, 834_756]
    );
    let error = Secret::<bool>::file(&path).reveal().unwrap_err();
    assert!(error.message().ends_with("is no `bool`"), "{error}");
    let error = Secret::<String>::env("NO_SUCH_VARIABLE")
        .reveal()
        .unwrap_err();
    assert!(
        error
            .message()
            .contains("env:NO_SUCH_VARIABLE is not there"),
        "{error}"
    );
}

#[test]
fn a_value_that_does_not_fit_is_not_shown() {
    let error = serde_json::from_value::<Secret<u32>>(json!("not-a-number-987")).unwrap_err();
    assert!(!error.to_string().contains("987"), "{error}");
}

#[test]
fn a_missing_secret_names_all_places() {
    let error = secret("NO-SUCH.SECRET").unwrap_err();
    for place in [
        "FLOWRT_SECRET_NO_SUCH_SECRET,",
        " NO_SUCH_SECRET,",
        "NO_SUCH_SECRET_FILE",
        "/run/secrets/NO-SUCH.SECRET",
        "none is open here",
    ] {
        assert!(error.message().contains(place), "{place}: {error}");
    }
    assert!(secret("../etc/passwd").is_err());
}
