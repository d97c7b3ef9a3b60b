//! The secrets of an engine: in its store, sealed under its keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;

use super::trouble;
use crate::author::vault::Vault;
use crate::error::{Error, ErrorKind, Result};
use crate::seal::{Keys, Sealed};
use crate::store::{SecretRecord, Store};

/// The folder that is the program's own: its key file needs no longer name.
const FOLDER: &str = ".flowrt";

/// A store's secrets and what opens them.
#[derive(Debug)]
pub(crate) struct EngineVault {
    store: Arc<dyn Store>,
    keys: Keys,
}

impl EngineVault {
    pub(super) fn of(store: Arc<dyn Store>) -> Self {
        let keys = Keys::of(key_file(&store.url()));
        Self { store, keys }
    }

    /// Opens a secret as the store has it. A key that another process has made since is read now.
    ///
    /// # Errors
    /// If its key is not there, or it was changed.
    pub(crate) fn open(&self, secret: &SecretRecord) -> Result<String> {
        let sealed = Sealed {
            key: secret.key.clone(),
            bytes: secret.sealed.clone(),
        };
        let opened = self.keys.open(&sealed, &secret.name);
        if opened.is_ok() {
            return opened;
        }
        self.keys.forget();
        self.keys.open(&sealed, &secret.name)
    }
}

impl Vault for EngineVault {
    fn keys(&self) -> &Keys {
        &self.keys
    }

    fn stored(&self, name: &str) -> Result<Option<String>> {
        let secret = self.store.secret(name.to_owned()).now_or_never();
        // A store that cannot answer at once must not hold up the thread that everything else runs on.
        let secret = secret.ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                format!("the store {} cannot be read here", self.store.url()),
            )
            .hint("give the secret by a variable or a file")
        })?;
        let secret = secret.map_err(trouble)?;
        secret.map(|secret| self.open(&secret)).transpose()
    }
}

/// The key file beside a store's file. It is found again from any folder.
fn key_file(url: &str) -> Option<PathBuf> {
    let path = std::path::absolute(url.strip_prefix("sqlite:")?).ok()?;
    let folder = path.parent()?;
    if folder.file_name() == Some(FOLDER.as_ref()) {
        return Some(folder.join("key"));
    }
    let mut name = path.file_name()?.to_owned();
    name.push(".key");
    Some(Path::new(folder).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_lies_beside_the_store() {
        let of = |url: &str| key_file(url).map(|path| path.display().to_string());
        assert_eq!(
            of("sqlite:/a/.flowrt/flowrt.db").as_deref(),
            Some("/a/.flowrt/key")
        );
        assert_eq!(of("sqlite:/a/flows.db").as_deref(), Some("/a/flows.db.key"));
        assert_eq!(of("memory:"), None);
    }
}
