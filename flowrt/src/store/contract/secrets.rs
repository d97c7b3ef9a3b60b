//! Secrets as they are sealed.

use super::super::{SecretRecord, Store};

fn secret(name: &str, key: &str, byte: u8) -> SecretRecord {
    SecretRecord {
        name: name.to_owned(),
        key: key.to_owned(),
        sealed: vec![byte, 0, 255],
        changed: i64::from(byte),
    }
}

pub(super) async fn secrets_are_kept_by_name(store: &dyn Store) {
    assert_eq!(store.secret("B".to_owned()).await.unwrap(), None);
    for one in [
        secret("B", "k", 1),
        secret("A", "k", 2),
        secret("B", "l", 3),
    ] {
        store.set_secret(one).await.unwrap();
    }
    let b = secret("B", "l", 3);
    assert_eq!(
        store.secret("B".to_owned()).await.unwrap().as_ref(),
        Some(&b)
    );
    assert_eq!(store.secrets().await.unwrap(), [secret("A", "k", 2), b]);
    assert!(store.remove_secret("B".to_owned()).await.unwrap());
    assert!(!store.remove_secret("B".to_owned()).await.unwrap());
    assert_eq!(store.secrets().await.unwrap(), [secret("A", "k", 2)]);
}

pub(super) async fn only_what_is_as_it_was_is_sealed_anew(store: &dyn Store) {
    for one in [secret("A", "k", 1), secret("B", "k", 9)] {
        store.set_secret(one).await.unwrap();
    }
    let sealed = |name: &str, was: u8, becomes: u8| {
        let changed = i64::from(was);
        (
            secret(name, "k", was),
            SecretRecord {
                changed,
                ..secret(name, "l", becomes)
            },
        )
    };
    // Somebody has set B since it was read.
    let changes = vec![sealed("A", 1, 4), sealed("B", 2, 5), sealed("C", 3, 6)];
    assert_eq!(store.reseal_secrets(changes).await.unwrap(), 1);
    let there = store.secrets().await.unwrap();
    assert_eq!(there[0].key, "l");
    assert_eq!((there[0].sealed[0], there[0].changed), (4, 1));
    assert_eq!(there[1..], [secret("B", "k", 9)]);
}
