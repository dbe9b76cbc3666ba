-- The authority's tables. Instants are microseconds since 1970, digests are SHA-256 in 32 bytes; no token is in here.

-- The secrets of the file: `jwt_key`, 32 bytes, signs Discovr's session JWTs; later steps add to them.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE profiles (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    avatar_url TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX profiles_by_user ON profiles (user_id);

-- AUTOINCREMENT: an id is never used again, so a session never finds itself rooted in a stranger.
CREATE TABLE credentials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    scopes TEXT,
    life INTEGER, -- milliseconds
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;
CREATE INDEX credentials_by_end ON credentials (expires_at) WHERE expires_at IS NOT NULL;

-- `root` is the credential whose removal ends the session at once; none where the session lives to its end whatever
-- happens to what it was opened with.
CREATE TABLE sessions (
    seq INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    root INTEGER,
    kind TEXT NOT NULL,
    name TEXT,
    subject TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_end ON sessions (expires_at);
-- Only AntiRaid lists sessions and ends them by id; the others do not pay for that.
CREATE INDEX antiraid_sessions_by_user ON sessions (user_id) WHERE kind IN ('login', 'app_login', 'api');
CREATE UNIQUE INDEX antiraid_sessions_by_id ON sessions (id) WHERE kind IN ('login', 'app_login', 'api');

CREATE TABLE device_codes (
    digest BLOB PRIMARY KEY,
    user_code BLOB NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    user_id TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_codes_by_end ON device_codes (expires_at);
