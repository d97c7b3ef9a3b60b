//! Keys: made on first use, rotated, wrong, and secrets that somebody has changed in the store.

use std::path::Path;

use super::{program, said, set};

fn ran(folder: &Path, arguments: &[&str]) -> String {
    let (output, text) = said(&mut program(folder, arguments));
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

fn works(folder: &Path) -> bool {
    let (output, _) = said(&mut program(folder, &["run", "named", "--of", "API"]));
    output.status.success()
}

#[test]
fn a_key_is_made_private_and_rotated() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let at = folder.path();
    set(at, "API", "value-one-1");
    set(at, "OTHER", "value-two-2");
    let key = at.join(".flowrt/key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&key)
            .expect("it was made")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    ran(at, &["run", "leak", "--name", "before", "--token", "@API"]);
    let old = std::fs::read_to_string(&key).expect("is text");
    assert!(ran(at, &["secrets", "rotate-key"]).contains("sealed 2 secrets"));
    let new = std::fs::read_to_string(&key).expect("is text");
    assert_ne!(new.lines().next(), old.lines().next());
    assert!(new.ends_with(&old), "the old key stays behind the new one");
    assert!(works(at));
    // The first key alone opens all secrets: they were sealed anew.
    std::fs::write(&key, new.lines().next().expect("a line")).expect("there is room");
    assert!(works(at));
    let listed = ran(at, &["secrets", "ls"]);
    assert!(
        listed.contains("API") && listed.contains("OTHER") && !listed.contains("value"),
        "{listed}"
    );
    ran(at, &["secrets", "rm", "API"]);
    assert!(!works(at));
    let (output, text) = said(&mut program(at, &["secrets", "rm", "OTHR"]));
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("did you mean `OTHER`?"), "{text}");
}

#[test]
fn a_rotation_that_is_killed_loses_nothing() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let at = folder.path();
    set(at, "API", "value-one-1");
    let mut command = program(at, &["secrets", "rotate-key"]);
    let (output, _) = said(command.env("FLOWRT_FAILPOINT", "ops::key_made:1"));
    assert!(!output.status.success(), "it was killed");
    assert!(works(at));
    ran(at, &["secrets", "rotate-key"]);
    assert!(works(at));
}

#[test]
fn a_wrong_key_and_a_changed_secret_are_said() {
    let folder = tempfile::tempdir().expect("there is a disk");
    let at = folder.path();
    set(at, "API", "value-one-1");
    let wrong = "ab".repeat(32);
    let (output, text) =
        said(program(at, &["run", "named", "--of", "API"]).env("FLOWRT_KEY", &wrong));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("the secret `API` is sealed under the key"),
        "{text}"
    );
    assert!(!text.contains(&wrong), "{text}");
    let (_, text) = said(program(at, &["run", "named", "--of", "API"]).env("FLOWRT_KEY", "no key"));
    assert!(text.contains("FLOWRT_KEY holds no key"), "{text}");
    let store = rusqlite::Connection::open(at.join(".flowrt/flowrt.db")).expect("opens");
    // What was sealed for one name does not pass for another.
    store
        .execute(
            "INSERT INTO secret SELECT 'COPY', key, sealed, changed FROM secret",
            [],
        )
        .expect("writes");
    store.execute("UPDATE secret SET sealed = CAST(substr(sealed, 1, 30) || x'00' || substr(sealed, 32) AS BLOB) WHERE name = 'API'", []).expect("writes");
    drop(store);
    for name in ["API", "COPY"] {
        let (output, text) = said(&mut program(at, &["run", "named", "--of", name]));
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("its seal is broken"), "{text}");
    }
}
