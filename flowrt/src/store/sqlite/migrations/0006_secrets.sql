-- Secrets, sealed: nonce and ciphertext under the key of that id, bound to the name.
CREATE TABLE secret (
    name    TEXT PRIMARY KEY,
    key     TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
