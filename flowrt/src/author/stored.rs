//! Handles to values that are kept apart from the records that pass them on, and read only when used.

use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::author::frame::{self, Frame};
use crate::author::record::PAYLOAD_BYTES_MAX;
use crate::error::{Error, ErrorKind, Result};
use crate::model::blob::{Blob, BlobId};
use crate::model::payload::Payload;

/// A handle to a value that is kept apart: what is recorded is its digest and size, and its bytes are read only when a body
/// asks for them. Passing it from task to task costs a line, whatever the size.
///
/// ```
/// use flowrt::Stored;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let pixels = Stored::bytes(vec![0; 1_000_000])?;
/// assert_eq!(pixels.size(), 1_000_000);
/// let names = Stored::new(vec!["ada".to_owned()])?;
/// assert_eq!(names.load().await?, ["ada"]);
/// # Ok::<(), flowrt::Error>(()) }).unwrap();
/// ```
///
/// The bytes are kept when the result (or the arguments) that the handle is part of are recorded, and for as long as a run
/// is there whose record names them. A value has at most 64 MiB, like every value.
pub struct Stored<T: ?Sized> {
    id: BlobId,
    /// Until they are kept, the bytes are here.
    bytes: Option<Arc<[u8]>>,
    source: Option<Arc<dyn Source>>,
    of: PhantomData<fn() -> Box<T>>,
}

/// Where kept bytes are read.
pub(crate) trait Source: fmt::Debug + Send + Sync {
    /// The bytes, or an error that says what could not be read for whom.
    fn load(&self, id: BlobId, whose: String) -> BoxFuture<'static, Result<Arc<[u8]>>>;
}

impl<T: Serialize + DeserializeOwned> Stored<T> {
    /// Encodes the value, which is kept as JSON.
    ///
    /// # Errors
    /// If it cannot be encoded, or is over the limit.
    pub fn new(value: T) -> Result<Self> {
        let bytes = serde_json::to_vec(&value).map_err(|error| {
            let message = format!("the value cannot be encoded as JSON: {error}");
            Error::new(ErrorKind::Record, message)
        })?;
        Self::of_bytes(bytes)
    }

    /// Reads the value.
    ///
    /// # Errors
    /// If its bytes are gone or damaged, or it does not fit its type.
    pub async fn load(&self) -> Result<T> {
        self.decode(&self.read().await?)
    }

    /// Reads the value in a task that is not `async`. Blocks the thread.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_blocking(&self) -> Result<T> {
        self.decode(&self.read_blocking()?)
    }

    fn decode(&self, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("the stored value does not fit its type: {error}");
            Error::new(ErrorKind::Record, message)
        })
    }
}

impl Stored<[u8]> {
    /// A handle to bytes, which are kept as they are.
    ///
    /// # Errors
    /// If they are over the limit.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        Self::of_bytes(bytes.into())
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// If they are gone or damaged.
    pub async fn load(&self) -> Result<Vec<u8>> {
        Ok(self.read().await?.to_vec())
    }

    /// Reads the bytes in a task that is not `async`. Blocks the thread.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_blocking(&self) -> Result<Vec<u8>> {
        Ok(self.read_blocking()?.to_vec())
    }
}

impl<T: ?Sized> Stored<T> {
    fn of_bytes(bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() > PAYLOAD_BYTES_MAX {
            let message = format!(
                "the stored value is {} bytes, over the limit of {PAYLOAD_BYTES_MAX} (payload_bytes_max)",
                bytes.len()
            );
            return Err(Error::new(ErrorKind::Limit, message).hint(
                "keep the bytes elsewhere and record a path or key, or cut them into pieces",
            ));
        }
        let blob = Blob::new(bytes);
        Ok(Self {
            id: blob.id(),
            bytes: Some(blob.bytes().clone()),
            source: None,
            of: PhantomData,
        })
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.id.size()
    }

    /// BLAKE3 of the bytes, as 64 hexadecimal digits: equal values have equal digests.
    pub fn digest(&self) -> String {
        self.id.digest()
    }

    fn read(&self) -> BoxFuture<'static, Result<Arc<[u8]>>> {
        if let Some(bytes) = &self.bytes {
            return Box::pin(std::future::ready(Ok(bytes.clone())));
        }
        let (source, whose) = around();
        match self.source.as_ref().or(source.as_ref()) {
            Some(source) => source.load(self.id, whose),
            None => Box::pin(std::future::ready(Err(Error::new(
                ErrorKind::Misuse,
                "the bytes of a stored value are read inside a task, or from what an engine returned",
            )
            .hint("pass the handle on, and call `load()` in the body of a task")))),
        }
    }

    fn read_blocking(&self) -> Result<Arc<[u8]>> {
        let read = self.read();
        if self.bytes.is_some() {
            return futures_util::FutureExt::now_or_never(read)
                .unwrap_or_else(|| Err(Error::from("bytes at hand were not given")));
        }
        let runtime = tokio::runtime::Handle::try_current()?;
        // On a thread of its own, because an executor's thread refuses to wait for another future.
        let read = std::thread::spawn(move || runtime.block_on(read)).join();
        read.unwrap_or_else(|_| Err(Error::from("the read of a stored value panicked")))
    }
}

impl<T: ?Sized> Clone for Stored<T> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            bytes: self.bytes.clone(),
            source: self.source.clone(),
            of: PhantomData,
        }
    }
}

impl<T: ?Sized> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stored({})", self.id)
    }
}

impl<T: ?Sized> PartialEq for Stored<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<T: ?Sized> Eq for Stored<T> {}

impl<T: ?Sized> Serialize for Stored<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(bytes) = &self.bytes {
            COLLECTED.with_borrow_mut(|collected| {
                if let Some(collected) = collected {
                    collected.push(Blob::known(self.id, bytes.clone()));
                }
            });
        }
        let mut handle = serializer.serialize_struct("Stored", 2)?;
        handle.serialize_field("$blob", &self.id.digest())?;
        handle.serialize_field("size", &self.id.size())?;
        handle.end()
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for Stored<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            #[serde(rename = "$blob")]
            digest: String,
            size: u64,
        }
        let written = Written::deserialize(deserializer)?;
        let id = BlobId::parse(&written.digest, written.size)
            .ok_or_else(|| D::Error::custom("this is no digest of a stored value"))?;
        let bytes = ATTACHED.with_borrow(|attached| {
            let found = attached.iter().find(|blob| blob.id() == id);
            found.map(|blob| blob.bytes().clone())
        });
        Ok(Self {
            id,
            bytes,
            source: around().0,
            of: PhantomData,
        })
    }
}

impl<T: ?Sized> schemars::JsonSchema for Stored<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Stored".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A handle to bytes that are kept apart.",
            "properties": {
                "$blob": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
                "size": { "type": "integer", "minimum": 0 },
            },
            "required": ["$blob", "size"],
        })
    }
}

thread_local! {
    /// While a value is encoded: the bytes that are not kept yet.
    static COLLECTED: RefCell<Option<Vec<Blob>>> = const { RefCell::new(None) };
    /// While a value is decoded: bytes that came with it.
    static ATTACHED: RefCell<Vec<Blob>> = const { RefCell::new(Vec::new()) };
    /// While a value is decoded outside of a task: where its bytes are.
    static SOURCE: RefCell<Option<Arc<dyn Source>>> = const { RefCell::new(None) };
}

/// Encodes, and gives the bytes that the value names and that are not kept yet.
pub(crate) fn collecting<R>(encode: impl FnOnce() -> R) -> (R, Vec<Blob>) {
    let before = COLLECTED.replace(Some(Vec::new()));
    let encoded = encode();
    let collected = COLLECTED.replace(before);
    (encoded, collected.unwrap_or_default())
}

/// Decodes a value with the bytes that came with it.
pub(crate) fn attaching<R>(payload: &Payload, decode: impl FnOnce() -> R) -> R {
    if payload.attached().is_empty() {
        return decode();
    }
    let before = ATTACHED.replace(payload.attached().to_vec());
    let decoded = decode();
    ATTACHED.set(before);
    decoded
}

/// Decodes a value whose bytes are there.
pub(crate) fn reading_from<R>(source: Arc<dyn Source>, decode: impl FnOnce() -> R) -> R {
    let before = SOURCE.replace(Some(source));
    let decoded = decode();
    SOURCE.set(before);
    decoded
}

/// Where bytes are read here, and who reads them.
fn around() -> (Option<Arc<dyn Source>>, String) {
    if let Some(Frame::Task(attempt)) = frame::current()
        && let (Some(keeper), Some(run)) = (&attempt.keeper, attempt.run)
    {
        let whose = format!(
            "a stored value that step {} of run {run} reads",
            attempt.step
        );
        return (Some(keeper.clone()), whose);
    }
    (
        SOURCE.with_borrow(Clone::clone),
        "a stored value".to_owned(),
    )
}
