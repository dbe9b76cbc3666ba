-- From schema 6 to 7: when an access token of a session was last accepted. In no index, and no life depends on it.

ALTER TABLE native_sessions ADD COLUMN seen_at INTEGER;
