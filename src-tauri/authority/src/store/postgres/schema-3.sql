-- From schema 2 to 3: when an access token of a session was last accepted. No life depends on it: the triggers that note
-- changes do not look at it. In no index, and with room on each page for what is written again there, so that a write of it
-- stays on the session's page and touches no index ("heap-only tuples").

ALTER TABLE native_sessions ADD COLUMN seen_at BIGINT;
ALTER TABLE native_sessions SET (fillfactor = 90);
