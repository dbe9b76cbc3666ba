-- From schema 1 to 2: the sessions of a client are found by it, so that its removal does not read all there are.

CREATE INDEX native_sessions_by_client ON native_sessions (client_id);
