//! Bytes as lines: in pieces, because a line must fit into memory many times.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::lines::Piece;
use super::records::Fault;
use crate::model::blob::{Blob, BlobId};

/// How many bytes a line holds.
const PIECE: usize = 3 << 18;

/// The lines of a blob. One without bytes has one line too.
pub(super) fn pieces(blob: &Blob) -> impl Iterator<Item = Piece> {
    let bytes = blob.bytes();
    let starts = (0..bytes.len().max(1)).step_by(PIECE);
    starts.map(|start| Piece {
        id: blob.id().to_string(),
        base64: BASE64_STANDARD.encode(&bytes[start..bytes.len().min(start + PIECE)]),
    })
}

/// Puts pieces together.
#[derive(Debug, Default)]
pub(super) struct Pieces(BTreeMap<BlobId, Vec<u8>>);

impl Pieces {
    pub fn take(&mut self, piece: &Piece) -> Result<(), Fault> {
        let id = piece.id.parse::<BlobId>();
        let id = id.map_err(|()| format!("{:?} is no name of bytes", piece.id))?;
        let bytes = BASE64_STANDARD.decode(&piece.base64);
        let bytes = bytes.map_err(|error| format!("its bytes cannot be read: {error}"))?;
        let there = self.0.entry(id).or_default();
        there.extend(bytes);
        if there.len() as u64 > id.size() {
            return Err(format!("there are more bytes than {id} has"));
        }
        Ok(())
    }

    /// All of them, if they are what their names say, and none of `named` is missing.
    pub fn whole(self, named: impl IntoIterator<Item = BlobId>) -> Result<Vec<Blob>, Fault> {
        if let Some(id) = named.into_iter().find(|id| !self.0.contains_key(id)) {
            return Err(format!("the bytes of {id} are not there"));
        }
        self.0
            .into_iter()
            .map(|(id, bytes)| {
                if id.fits(&bytes) {
                    Ok(Blob::known(id, bytes.into()))
                } else {
                    Err(format!("the bytes of {id} are others"))
                }
            })
            .collect()
    }
}
