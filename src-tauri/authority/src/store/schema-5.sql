-- From schema 4 to 5: what an administrator sets: a user that is disabled, and what a client may do.

ALTER TABLE users ADD COLUMN disabled_at INTEGER;
ALTER TABLE clients ADD COLUMN grants TEXT NOT NULL DEFAULT 'client_credentials device_code';
