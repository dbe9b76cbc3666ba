-- From schema 1 to 2: the native dialect. Its secret in `meta` is `access_key`, 32 bytes, which signs access tokens.

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    digest BLOB, -- of its secret; none for a public client
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A session and where its refresh tokens stand: hashes of at most three generations, and the salts that lead from one to
-- the next. One that a client opened for itself has no user, and its refresh token was never handed out.
CREATE TABLE native_sessions (
    id BLOB PRIMARY KEY,
    client_id TEXT NOT NULL,
    user_id TEXT,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    idle INTEGER NOT NULL, -- milliseconds
    used_at INTEGER NOT NULL,
    ended TEXT, -- the reason
    forgotten_at INTEGER NOT NULL, -- when the row may go
    tag_key BLOB NOT NULL,
    generation INTEGER NOT NULL,
    previous_digest BLOB,
    previous_salt BLOB,
    current_digest BLOB NOT NULL,
    current_salt BLOB NOT NULL,
    successor_digest BLOB
) STRICT;
CREATE INDEX native_sessions_by_end ON native_sessions (forgotten_at);

-- What the session that is signed in for will be allowed; none for a sign-in of Discovr's.
ALTER TABLE device_codes ADD COLUMN scopes TEXT;
ALTER TABLE device_codes ADD COLUMN denied INTEGER NOT NULL DEFAULT 0;
