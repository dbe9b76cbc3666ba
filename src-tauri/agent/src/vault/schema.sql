-- The vault, format 2. Instants are whole microseconds since 1970-01-01 UTC, spans whole milliseconds.
-- Columns named *_sealed hold XChaCha20-Poly1305: nonce (24 bytes), ciphertext, tag (16 bytes).
CREATE TABLE vault (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    key_kind TEXT NOT NULL CHECK (key_kind IN ('keyring', 'key_file', 'passphrase')),
    salt BLOB,
    argon_memory INTEGER,
    argon_passes INTEGER,
    argon_lanes INTEGER,
    check_sealed BLOB NOT NULL,
    -- The clock's anchor: a boot of the machine, and by how much the wall clock was ahead of the time since that boot.
    boot TEXT,
    wall_minus_boot INTEGER
) STRICT;
CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    base_url TEXT,
    params TEXT NOT NULL,
    life INTEGER,
    pinned INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    resting INTEGER NOT NULL,
    refused TEXT,
    live_until INTEGER,
    credential_sealed BLOB,
    grant_sealed BLOB,
    grant_expires_at INTEGER,
    grant_life INTEGER
) STRICT;
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
    remote_id TEXT NOT NULL,
    name TEXT,
    kind TEXT,
    created_at INTEGER,
    expires_at INTEGER,
    standing TEXT NOT NULL CHECK (standing IN ('held', 'orphan')),
    current INTEGER NOT NULL,
    retire_at INTEGER,
    token_sealed BLOB,
    life TEXT
) STRICT;
CREATE INDEX session_account ON session (account);
-- What was about to be done, written before it was done; ended in the transaction that stores what it brought.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    intent TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX journal_open ON journal (account) WHERE ended_at IS NULL;
-- What happened, for the user to read: never a secret, tokens as a short fingerprint.
CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    account TEXT,
    event TEXT NOT NULL,
    code TEXT,
    reason TEXT,
    session TEXT,
    fingerprint TEXT,
    took_ms INTEGER
) STRICT;
CREATE INDEX log_account ON log (account, id);
CREATE INDEX log_at ON log (at);
PRAGMA user_version = 2;
