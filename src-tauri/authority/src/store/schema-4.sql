-- From schema 3 to 4: access tokens are signed by keys that follow each other. The one that was in `meta` is the first of
-- them; how old it is nobody knows, so the next one is published at once.

CREATE TABLE access_keys (
    active_at INTEGER PRIMARY KEY, -- when it begins to sign: no two at once
    seed BLOB NOT NULL, -- 32 bytes
    created_at INTEGER NOT NULL,
    withdrawn_at INTEGER,
    token_life INTEGER NOT NULL -- milliseconds, of the longest tokens that anyone signs with it
) STRICT;
INSERT INTO access_keys (active_at, seed, created_at, token_life)
    SELECT 0, value, 0, 600000 FROM meta WHERE key = 'access_key';
DELETE FROM meta WHERE key = 'access_key';
