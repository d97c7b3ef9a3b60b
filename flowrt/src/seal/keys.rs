//! Where keys come from.

#[cfg(all(feature = "isolate", unix))]
mod handed;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(all(feature = "isolate", unix))]
pub(crate) use handed::Handed;

use super::Key;
use crate::error::{Error, ErrorKind, Result};

const VARIABLE: &str = "FLOWRT_KEY";
const FILE_VARIABLE: &str = "FLOWRT_KEY_FILE";

/// The keys of one store: from `FLOWRT_KEY`, from the file that `FLOWRT_KEY_FILE` names, or from a file beside the store,
/// which is made on first use. A store in memory has a key of its own that dies with it.
#[derive(Debug)]
pub(crate) struct Keys {
    source: Source,
    ring: Mutex<Option<Arc<[Key]>>>,
}

#[derive(Debug, Clone)]
enum Source {
    Variable(String),
    /// A file that somebody else keeps.
    Given(PathBuf),
    /// A file of our own.
    Own(PathBuf),
    Memory,
}

impl Keys {
    /// The keys of a store whose own file would be `own`.
    pub(crate) fn of(own: Option<PathBuf>) -> Self {
        let set = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let source = match (set(VARIABLE), set(FILE_VARIABLE), own) {
            (Some(text), ..) => Source::Variable(text),
            (None, Some(path), _) => Source::Given(path.into()),
            (None, None, Some(path)) => Source::Own(path),
            (None, None, None) => Source::Memory,
        };
        Self {
            source,
            ring: Mutex::default(),
        }
    }

    /// Where they are, for messages.
    pub(crate) fn place(&self) -> String {
        match &self.source {
            Source::Variable(_) => VARIABLE.to_owned(),
            Source::Given(path) | Source::Own(path) => path.display().to_string(),
            Source::Memory => "memory".to_owned(),
        }
    }

    /// All keys, the one that seals first; empty if there is none yet.
    ///
    /// # Errors
    /// If what should be keys is not, or a file of keys may be read by others.
    pub(crate) fn ring(&self) -> Result<Arc<[Key]>> {
        let mut held = self.held();
        if let Some(ring) = &*held {
            return Ok(ring.clone());
        }
        let ring: Arc<[Key]> = self.read()?.into();
        if !ring.is_empty() {
            *held = Some(ring.clone());
        }
        Ok(ring)
    }

    /// The key that seals, made if there is none.
    ///
    /// # Errors
    /// As [`ring`](Self::ring), or if a file cannot be written.
    pub(crate) fn first(&self) -> Result<Key> {
        if let Some(key) = self.ring()?.first() {
            return Ok(key.clone());
        }
        match &self.source {
            Source::Own(path) => {
                make(path, &Key::random())?;
            }
            Source::Memory => *self.held() = Some([Key::random()].into()),
            // A ring from elsewhere is never empty: reading it says so.
            Source::Variable(_) | Source::Given(_) => {}
        }
        let ring = self.ring()?;
        ring.first()
            .cloned()
            .ok_or_else(|| unreadable(&self.place()))
    }

    /// Puts a new key before the others. It is on the disk when this returns; the old ones stay, because recorded values of
    /// runs are sealed under them.
    ///
    /// # Errors
    /// If the keys are not in a file of this store's own.
    pub(crate) fn rotate(&self) -> Result<Key> {
        let key = Key::random();
        let mut ring = self.ring()?.to_vec();
        ring.insert(0, key.clone());
        match &self.source {
            Source::Own(path) => replace(path, &ring)?,
            Source::Memory => {}
            Source::Variable(_) | Source::Given(_) => {
                return Err(Error::new(
                    ErrorKind::Input,
                    format!("the keys are in {}, which this program does not write", self.place()),
                )
                .hint("put a new line of 64 hexadecimal digits before the others there; secrets rotate-key then seals all secrets anew"));
            }
        }
        *self.held() = Some(ring.into());
        Ok(key)
    }

    /// Whether this program may write the keys.
    pub(crate) fn are_own(&self) -> bool {
        matches!(self.source, Source::Own(_) | Source::Memory)
    }

    /// Reads the keys again when they are next asked for: another process may have made or rotated them.
    pub(crate) fn forget(&self) {
        if !matches!(self.source, Source::Memory) {
            *self.held() = None;
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Arc<[Key]>>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Result<Vec<Key>> {
        let text = match &self.source {
            Source::Variable(text) => text.clone(),
            Source::Memory => return Ok(Vec::new()),
            Source::Own(path) if !path.exists() => return Ok(Vec::new()),
            Source::Own(path) => {
                check_private(path)?;
                read_file(path)?
            }
            Source::Given(path) => read_file(path)?,
        };
        let keys: Option<Vec<Key>> = text
            .split([',', '\n', ' '])
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(Key::parse)
            .collect();
        keys.filter(|keys| !keys.is_empty())
            .ok_or_else(|| unreadable(&self.place()))
    }
}

fn unreadable(place: &str) -> Error {
    Error::new(
        ErrorKind::Store,
        format!(
            "{place} holds no key: a key is 64 hexadecimal digits, a line each, the newest first"
        ),
    )
    .hint("make one: openssl rand -hex 32")
}

fn failed(path: &Path, what: &str, error: &std::io::Error) -> Error {
    Error::new(
        ErrorKind::Store,
        format!("the key file {} cannot be {what}: {error}", path.display()),
    )
    .hint("FLOWRT_KEY_FILE names another file")
}

fn read_file(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| failed(path, "read", &error))
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let facts = std::fs::metadata(path).map_err(|error| failed(path, "read", &error))?;
    if facts.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Store,
        format!("the key file {} may be read by other users", path.display()),
    )
    .hint(format!("chmod 600 {}", path.display())))
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<()> {
    Ok(())
}

fn open_private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write(path: &Path, keys: &[Key]) -> std::io::Result<()> {
    let mut file = open_private(path)?;
    for key in keys {
        writeln!(file, "{}", key.text())?;
    }
    file.sync_all()
}

/// A name that no other process uses.
fn beside(path: &Path) -> PathBuf {
    path.with_extension(format!("new-{}", crate::clock::new_uuid().simple()))
}

/// Writes the first key, whole or not at all; the key of a process that was faster stays.
fn make(path: &Path, key: &Key) -> Result<()> {
    let new = beside(path);
    let made = write(&new, std::slice::from_ref(key)).and_then(|()| {
        match std::fs::hard_link(&new, path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    });
    let _ = std::fs::remove_file(&new);
    made.and_then(|()| sync_folder(path))
        .map_err(|error| failed(path, "made", &error))
}

fn replace(path: &Path, keys: &[Key]) -> Result<()> {
    let new = beside(path);
    let replaced = write(&new, keys).and_then(|()| std::fs::rename(&new, path));
    if replaced.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    replaced
        .and_then(|()| sync_folder(path))
        .map_err(|error| failed(path, "written", &error))
}

/// A key that a crash takes away takes all secrets with it.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
