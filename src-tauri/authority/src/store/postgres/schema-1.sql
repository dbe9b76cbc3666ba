-- The authority's tables. Instants are microseconds since 1970, digests are SHA-256 in 32 bytes; no token is in here.
-- They say what the SQLite store's tables say, column for column.

-- The secrets of the database: `jwt_key`, 32 bytes, signs Discovr's session JWTs.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

-- The keys that sign access tokens, which follow each other.
CREATE TABLE access_keys (
    active_at BIGINT PRIMARY KEY, -- when it begins to sign: no two at once
    seed BYTEA NOT NULL, -- 32 bytes
    created_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    token_life BIGINT NOT NULL -- milliseconds, of the longest tokens that anyone signs with it
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT -- since when its credentials are refused
);

CREATE TABLE profiles (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    avatar_url TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX profiles_by_user ON profiles (user_id);

-- A sequence never gives an id twice, so a session never finds itself rooted in a stranger.
CREATE TABLE credentials (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    scopes TEXT,
    life BIGINT, -- milliseconds
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX credentials_by_end ON credentials (expires_at) WHERE expires_at IS NOT NULL;

-- `root` is the credential whose removal ends the session at once; none where the session lives to its end whatever
-- happens to what it was opened with.
CREATE TABLE sessions (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    root BIGINT,
    kind TEXT NOT NULL,
    name TEXT,
    subject TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_end ON sessions (expires_at);
-- Only AntiRaid lists sessions and ends them by id; the others do not pay for that.
CREATE INDEX antiraid_sessions_by_user ON sessions (user_id) WHERE kind IN ('login', 'app_login', 'api');
CREATE UNIQUE INDEX antiraid_sessions_by_id ON sessions (id) WHERE kind IN ('login', 'app_login', 'api');

-- `scopes` is what the session that is signed in for will be allowed; none for a sign-in of Discovr's.
CREATE TABLE device_codes (
    digest BYTEA PRIMARY KEY,
    user_code BYTEA NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    user_id TEXT,
    scopes TEXT,
    denied BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX device_codes_by_end ON device_codes (expires_at);

CREATE TABLE clients (
    id TEXT PRIMARY KEY,
    digest BYTEA, -- of its secret; none for a public client
    scopes TEXT NOT NULL,
    grants TEXT NOT NULL, -- how it may come to a token
    created_at BIGINT NOT NULL
);

-- A session and where its refresh tokens stand: hashes of at most three generations, and the salts that lead from one to
-- the next. One that a client opened for itself has no user, and its refresh token was never handed out.
CREATE TABLE native_sessions (
    id BYTEA PRIMARY KEY,
    client_id TEXT NOT NULL,
    user_id TEXT,
    name TEXT,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    idle BIGINT NOT NULL, -- milliseconds
    used_at BIGINT NOT NULL,
    ended TEXT, -- the reason
    forgotten_at BIGINT NOT NULL, -- when the row may go
    tag_key BYTEA NOT NULL,
    generation BIGINT NOT NULL,
    previous_digest BYTEA,
    previous_salt BYTEA,
    current_digest BYTEA NOT NULL,
    current_salt BYTEA NOT NULL,
    successor_digest BYTEA
);
CREATE INDEX native_sessions_by_end ON native_sessions (forgotten_at);
CREATE INDEX native_sessions_by_user ON native_sessions (user_id) WHERE user_id IS NOT NULL AND ended IS NULL;

-- What was ended or changed in the last minute, for the processes that remember what they have read: a letter for its kind,
-- and its key. Not in the log: a server that has crashed has lost its connections too, and whoever loses one forgets all.
CREATE UNLOGGED TABLE changes (
    what TEXT NOT NULL,
    xact XID8 NOT NULL DEFAULT pg_current_xact_id(),
    noted_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX changes_by_xact ON changes (xact);

-- By triggers, so that no statement can forget it, be it one that an operator types. An end is called out at once; other
-- changes are only written down, as all who call out must wait for one another to commit.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    what TEXT;
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        what := 'e';
    ELSIF TG_TABLE_NAME = 'native_sessions' THEN
        what := 'n' || encode(OLD.id, 'hex');
    ELSIF TG_TABLE_NAME = 'sessions' THEN
        what := 's' || encode(OLD.digest, 'hex');
    ELSIF TG_TABLE_NAME = 'credentials' THEN
        what := 'c' || encode(OLD.digest, 'hex');
    ELSE
        what := 'k' || OLD.id;
    END IF;
    INSERT INTO changes (what) VALUES (what);
    IF TG_ARGV[0] = 'end' THEN
        PERFORM pg_notify('daypass', what);
    END IF;
    RETURN NULL;
END $$;

-- Rows whose time is over are removed in silence: whoever remembers them knows their end.
CREATE FUNCTION is_sweeping() RETURNS boolean LANGUAGE sql AS $$
    SELECT coalesce(current_setting('daypass.sweeping', TRUE), '') = 'on'
$$;

CREATE TRIGGER session_ends AFTER DELETE ON sessions
    FOR EACH ROW WHEN (NOT is_sweeping()) EXECUTE FUNCTION note_change('end');
CREATE TRIGGER credential_ends AFTER DELETE ON credentials
    FOR EACH ROW WHEN (NOT is_sweeping()) EXECUTE FUNCTION note_change('end');
CREATE TRIGGER native_session_goes AFTER DELETE ON native_sessions
    FOR EACH ROW WHEN (NOT is_sweeping()) EXECUTE FUNCTION note_change('end');
CREATE TRIGGER native_session_ends AFTER UPDATE ON native_sessions
    FOR EACH ROW WHEN (OLD.ended IS DISTINCT FROM NEW.ended) EXECUTE FUNCTION note_change('end');
CREATE TRIGGER native_session_changes AFTER UPDATE ON native_sessions
    FOR EACH ROW WHEN (OLD.ended IS NOT DISTINCT FROM NEW.ended
        AND (OLD.generation, OLD.successor_digest, OLD.name, OLD.scopes, OLD.expires_at)
            IS DISTINCT FROM (NEW.generation, NEW.successor_digest, NEW.name, NEW.scopes, NEW.expires_at))
    EXECUTE FUNCTION note_change('change');
CREATE TRIGGER client_changes AFTER UPDATE OR DELETE ON clients FOR EACH ROW EXECUTE FUNCTION note_change('end');

CREATE TRIGGER sessions_emptied AFTER TRUNCATE ON sessions FOR EACH STATEMENT EXECUTE FUNCTION note_change('end');
CREATE TRIGGER credentials_emptied AFTER TRUNCATE ON credentials FOR EACH STATEMENT EXECUTE FUNCTION note_change('end');
CREATE TRIGGER native_sessions_emptied AFTER TRUNCATE ON native_sessions FOR EACH STATEMENT EXECUTE FUNCTION note_change('end');
CREATE TRIGGER clients_emptied AFTER TRUNCATE ON clients FOR EACH STATEMENT EXECUTE FUNCTION note_change('end');
