//! Bytes that are kept apart from the records that name them, by their digest.

use std::fmt;
use std::sync::Arc;

/// Names bytes by what they are: equal bytes have equal names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId {
    digest: [u8; 32],
    size: u64,
}

/// Bytes and their name.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob {
    id: BlobId,
    bytes: Arc<[u8]>,
}

impl BlobId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            digest: *blake3::hash(bytes).as_bytes(),
            size: bytes.len() as u64,
        }
    }

    /// The digest and size as they are written: 64 hexadecimal digits, and bytes.
    pub fn parse(digest: &str, size: u64) -> Option<Self> {
        let digest = *blake3::Hash::from_hex(digest).ok()?.as_bytes();
        Some(Self { digest, size })
    }

    /// BLAKE3, as 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        blake3::Hash::from(self.digest).to_hex().to_string()
    }

    /// How many bytes it has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Whether these are the bytes that it names.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        Self::of(bytes) == *self
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.digest(), self.size)
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for BlobId {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (digest, size) = text.split_once(':').ok_or(())?;
        Self::parse(digest, size.parse().map_err(|_| ())?).ok_or(())
    }
}

impl Blob {
    /// Names the bytes. Reads them once.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let id = BlobId::of(&bytes);
        Self { id, bytes }
    }

    /// Bytes whose name is known.
    pub(crate) fn known(id: BlobId, bytes: Arc<[u8]>) -> Self {
        Self { id, bytes }
    }

    /// Its name.
    pub const fn id(&self) -> BlobId {
        self.id
    }

    /// The bytes, shared.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_and_fits_only_its_bytes() {
        let id = BlobId::of(b"bytes");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.fits(b"bytes") && !id.fits(b"bytez"));
        assert_eq!("12:5".parse::<BlobId>(), Err(()));
    }
}
