-- From format 1 to format 2 of the vault: the clock's anchor and the log. Run in one transaction, after a backup.
ALTER TABLE vault ADD COLUMN boot TEXT;
ALTER TABLE vault ADD COLUMN wall_minus_boot INTEGER;
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
