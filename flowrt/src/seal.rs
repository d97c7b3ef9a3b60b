//! Keys of a store, and sealing texts under them: XChaCha20-Poly1305.
//!
//! The first key of a ring seals; all of them open, so that what was sealed before a rotation stays readable.

mod keys;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

#[cfg(all(feature = "isolate", unix))]
pub(crate) use keys::Handed;
pub(crate) use keys::Keys;

use crate::clock;
use crate::error::{Error, ErrorKind, Result};

/// What is bound to values that stand in a record, in place of a name.
const RECORDED: &str = "flowrt recorded value";

/// One key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

/// A text that only a key opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Which key.
    pub(crate) key: String,
    /// 24 bytes, and the ciphertext with its tag after them.
    pub(crate) bytes: Vec<u8>,
}

const NONCE_BYTES: usize = 24;

impl Key {
    pub(crate) fn random() -> Self {
        Self(clock::random_bytes())
    }

    /// A short name that tells nothing about it.
    pub(crate) fn id(&self) -> String {
        let hash = blake3::derive_key("flowrt 2026 id of a key", &self.0);
        hex(&hash[..4])
    }

    fn text(&self) -> String {
        hex(&self.0)
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = unhex(text.trim())?;
        Some(Self(bytes.try_into().ok()?))
    }

    fn seal_with(&self, nonce: [u8; NONCE_BYTES], text: &str, name: &str) -> Sealed {
        let payload = Payload {
            msg: text.as_bytes(),
            aad: name.as_bytes(),
        };
        let sealed = XChaCha20Poly1305::new(&self.0.into())
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a text in memory is shorter than the cipher's limit of 256 GiB");
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Sealed {
            key: self.id(),
            bytes,
        }
    }

    /// Seals a text for that name; each time it looks otherwise.
    pub(crate) fn seal(&self, text: &str, name: &str) -> Sealed {
        self.seal_with(clock::random_bytes(), text, name)
    }

    /// Seals a text for a record. The same text gives the same again, because a replay compares what it records: the nonce
    /// is a keyed hash of the text.
    fn seal_recorded(&self, text: &str) -> Sealed {
        let key = blake3::derive_key("flowrt 2026 nonce of a recorded value", &self.0);
        let hash = blake3::keyed_hash(&key, text.as_bytes());
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&hash.as_bytes()[..NONCE_BYTES]);
        self.seal_with(nonce, text, RECORDED)
    }

    /// Opens what was sealed for that name; `None` if any bit of it, or the name, is another.
    fn open(&self, sealed: &Sealed, name: &str) -> Option<String> {
        let (nonce, cipher) = sealed.bytes.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: cipher,
            aad: name.as_bytes(),
        };
        let plain = XChaCha20Poly1305::new(&self.0.into())
            .decrypt(&XNonce::from(nonce), payload)
            .ok()?;
        String::from_utf8(plain).ok()
    }
}

impl Keys {
    /// Seals a text for a record, as one word.
    ///
    /// # Errors
    /// If there is no key and none can be made.
    pub(crate) fn seal_recorded(&self, text: &str) -> Result<String> {
        let sealed = self.first()?.seal_recorded(text);
        Ok(format!("{}:{}", sealed.key, hex(&sealed.bytes)))
    }

    /// Opens what [`seal_recorded`](Self::seal_recorded) gave.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_recorded(&self, word: &str) -> Result<String> {
        let sealed = word.split_once(':').and_then(|(key, bytes)| {
            Some(Sealed {
                key: key.to_owned(),
                bytes: unhex(bytes)?,
            })
        });
        let sealed = sealed.ok_or_else(|| tampered("the recorded value of a secret"))?;
        self.open_as(&sealed, RECORDED, "the recorded value of a secret")
    }

    /// Opens the secret of that name.
    ///
    /// # Errors
    /// If its key is not in the ring, or it is not what was sealed under that name.
    pub(crate) fn open(&self, sealed: &Sealed, name: &str) -> Result<String> {
        self.open_as(sealed, name, &format!("the secret `{name}`"))
    }

    fn open_as(&self, sealed: &Sealed, name: &str, what: &str) -> Result<String> {
        let ring = self.ring()?;
        match ring.iter().find(|key| key.id() == sealed.key) {
            Some(key) => key.open(sealed, name).ok_or_else(|| tampered(what)),
            None => Err(wrong_key(what, &sealed.key, &ring, &self.place())),
        }
    }
}

fn wrong_key(what: &str, wanted: &str, ring: &[Key], place: &str) -> Error {
    let there = match ring {
        [] => "there is none".to_owned(),
        ring => {
            let ids: Vec<_> = ring.iter().map(Key::id).collect();
            format!("the one there is {}", ids.join(", "))
        }
    };
    let message = format!("{what} is sealed under the key {wanted}, and {there} (in {place})");
    Error::new(ErrorKind::Store, message)
        .hint("give the key by FLOWRT_KEY_FILE, or set the secret again: secrets set NAME")
}

fn tampered(what: &str) -> Error {
    Error::new(
        ErrorKind::Store,
        format!("{what} was changed in the store: its seal is broken"),
    )
    .hint("set it again: secrets set NAME; a recorded one comes back with a backup of the store")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}

#[cfg(test)]
mod tests;
