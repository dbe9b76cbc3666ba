-- From schema 2 to 3: a session of the native dialect may have a name, and is found by its user.

ALTER TABLE native_sessions ADD COLUMN name TEXT;
CREATE INDEX native_sessions_by_user ON native_sessions (user_id) WHERE user_id IS NOT NULL AND ended IS NULL;
