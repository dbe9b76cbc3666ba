-- From schema 7 to 8: the credentials of a user are found by it, so that its removal does not read all there are.

CREATE INDEX credentials_by_user ON credentials (user_id);
