-- The vault as format 1 had it: what a vault is made of in the tests of bringing it to the present format.
CREATE TABLE vault (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    key_kind TEXT NOT NULL CHECK (key_kind IN ('keyring', 'key_file', 'passphrase')),
    salt BLOB,
    argon_memory INTEGER,
    argon_passes INTEGER,
    argon_lanes INTEGER,
    check_sealed BLOB NOT NULL
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
PRAGMA user_version = 1;
