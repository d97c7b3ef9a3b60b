//! The secrets of a store: set, listed by name, removed, and sealed anew. Nothing here gives a value back.

use serde::Serialize;

use super::Engine;
use crate::author::secret::{check_name, take_over};
use crate::author::vault::Vault;
use crate::engine::trouble;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::failpoint;
use crate::mask;
use crate::model::payload::Payload;
use crate::model::record::Micros;
use crate::store::SecretRecord;

/// A secret as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct SecretReport {
    /// Its name.
    pub name: String,
    /// The id of the key that opens it.
    pub key: String,
    /// When it was last set.
    #[serde(with = "crate::model::rfc3339")]
    #[schemars(with = "String")]
    pub changed: Micros,
    /// Why it cannot be used now: its key is missing, or it was changed in the store.
    pub trouble: Option<String>,
}

impl Engine {
    /// The secrets of the store, by name, and whether each can be opened here.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn secrets(&self) -> Result<Vec<SecretReport>> {
        let records = self.shared.store.secrets().await.map_err(trouble)?;
        let report = |record: SecretRecord| SecretReport {
            trouble: self
                .shared
                .vault
                .open(&record)
                .err()
                .map(|error| error.message().to_owned()),
            name: record.name,
            key: record.key,
            changed: record.changed,
        };
        Ok(records.into_iter().map(report).collect())
    }

    /// Sets a secret. It is encrypted and on the disk when this returns, and runs that read it next have the new value.
    ///
    /// # Errors
    /// If the name cannot be one, the value is empty, there is no key and none can be made, or the store fails.
    pub async fn set_secret(&self, name: &str, value: &str) -> Result<()> {
        check_name(name)?;
        if value.is_empty() {
            return Err(Error::new(
                ErrorKind::Input,
                format!("the value for the secret `{name}` is empty"),
            )
            .hint(format!("secrets rm {name} removes it")));
        }
        mask::add(value);
        let keys = self.shared.vault.keys();
        keys.forget();
        let sealed = keys.first()?.seal(value, name);
        let record = SecretRecord {
            name: name.to_owned(),
            key: sealed.key,
            sealed: sealed.bytes,
            changed: self.shared.clock.now(),
        };
        self.shared.store.set_secret(record).await.map_err(trouble)
    }

    /// Removes a secret. Runs that need it fail from now on.
    ///
    /// # Errors
    /// If there is none of that name, or the store fails.
    pub async fn remove_secret(&self, name: &str) -> Result<()> {
        let removed = self.shared.store.remove_secret(name.to_owned()).await;
        if removed.map_err(trouble)? {
            return Ok(());
        }
        let names: Vec<String> = self
            .secrets()
            .await?
            .into_iter()
            .map(|one| one.name)
            .collect();
        let error = Error::new(
            ErrorKind::NotFound,
            format!("the store has no secret `{name}`"),
        );
        Err(
            match flowrt_grammar::closest(name, names.iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("list them: secrets ls"),
            },
        )
    }

    /// Seals every secret of the store under a new key, in one transaction; returns how many. The old key stays behind the
    /// new one, so that a crash at any moment loses nothing and recorded runs can be resumed. Where the keys are not this
    /// program's to write, the first of them counts as the new one.
    ///
    /// # Errors
    /// If a secret cannot be opened (nothing is changed then), or the store fails.
    pub async fn rotate_key(&self) -> Result<u64> {
        let keys = self.shared.vault.keys();
        keys.forget();
        let secrets = self.shared.store.secrets().await.map_err(trouble)?;
        let opened: Vec<(SecretRecord, String)> = secrets
            .into_iter()
            .map(|secret| {
                let value = self.shared.vault.open(&secret)?;
                Ok((secret, value))
            })
            .collect::<Result<_>>()?;
        let key = if keys.are_own() {
            keys.rotate()?
        } else {
            keys.first()?
        };
        failpoint("ops::key_made");
        let changes = opened.into_iter().map(|(was, value)| {
            let sealed = key.seal(&value, &was.name);
            let becomes = SecretRecord {
                key: sealed.key,
                sealed: sealed.bytes,
                ..was.clone()
            };
            (was, becomes)
        });
        let changes = changes.collect();
        self.shared
            .store
            .reseal_secrets(changes)
            .await
            .map_err(trouble)
    }

    /// Parameters as this store records them: what was hidden before the store was known is sealed under its key.
    pub(super) fn with_own_seals(&self, input: Payload) -> Result<Payload> {
        if !input.contains(crate::author::secret::FIELD) {
            return Ok(input);
        }
        let mut value = input.to_value();
        take_over(&mut value, self.shared.vault.keys())?;
        Ok(Payload::from_json(value.to_string()))
    }
}
