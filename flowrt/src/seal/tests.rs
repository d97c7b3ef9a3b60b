//! Keys and what they seal.

use super::*;

fn own(folder: &tempfile::TempDir) -> Keys {
    Keys::of(Some(folder.path().join("key")))
}

#[test]
fn only_the_same_key_and_name_open() {
    let key = Key::random();
    let sealed = key.seal("value", "NAME");
    assert_ne!(sealed, key.seal("value", "NAME"), "the nonce is random");
    assert_eq!(key.open(&sealed, "NAME").as_deref(), Some("value"));
    assert_eq!(key.open(&sealed, "OTHER"), None);
    assert_eq!(Key::random().open(&sealed, "NAME"), None);
    for index in 0..sealed.bytes.len() {
        let mut broken = sealed.clone();
        broken.bytes[index] ^= 1;
        assert_eq!(key.open(&broken, "NAME"), None, "byte {index}");
        broken.bytes.truncate(index);
        assert_eq!(key.open(&broken, "NAME"), None, "cut at {index}");
    }
}

#[test]
fn a_recorded_value_looks_the_same_each_time() {
    let keys = Keys::of(None);
    let word = keys.seal_recorded("value").unwrap();
    assert_eq!(word, keys.seal_recorded("value").unwrap());
    assert_ne!(word, keys.seal_recorded("other").unwrap());
    assert_ne!(word, Keys::of(None).seal_recorded("value").unwrap());
    assert_eq!(keys.open_recorded(&word).unwrap(), "value");
    let error = keys.open_recorded(&word[..word.len() - 2]).unwrap_err();
    assert!(error.message().contains("its seal is broken"), "{error}");
}

#[test]
fn a_key_is_made_private_once_for_all() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        own(&folder).ring().unwrap().is_empty(),
        "reading makes none"
    );
    let firsts: Vec<Key> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| own(&folder).first().unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(firsts.iter().all(|key| *key == firsts[0]), "{firsts:?}");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join("key");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let error = own(&folder).ring().unwrap_err();
        assert!(
            error.message().contains("may be read by other users"),
            "{error}"
        );
    }
}

#[test]
fn a_rotation_keeps_what_was_sealed_before() {
    let folder = tempfile::tempdir().unwrap();
    let keys = own(&folder);
    let old = keys.seal_recorded("value").unwrap();
    let new = keys.rotate().unwrap();
    assert_eq!(own(&folder).first().unwrap(), new);
    assert_eq!(own(&folder).open_recorded(&old).unwrap(), "value");
    std::fs::write(folder.path().join("key"), new.text()).unwrap();
    let error = own(&folder).open_recorded(&old).unwrap_err();
    assert!(error.message().contains(&new.id()), "{error}");
    std::fs::write(folder.path().join("key"), "no key").unwrap();
    let error = own(&folder).first().unwrap_err();
    assert!(error.message().contains("holds no key"), "{error}");
}
