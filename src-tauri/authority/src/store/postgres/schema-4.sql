-- From schema 3 to 4: the credentials of a user are found by it, and that one is disabled is heard like the end of a session.

CREATE INDEX credentials_by_user ON credentials (user_id);

-- Whoever remembers a credential does not know that its user is disabled: what is remembered is forgotten, as 'e' says.
CREATE TRIGGER user_changes AFTER UPDATE OF disabled_at ON users FOR EACH STATEMENT EXECUTE FUNCTION note_change('end');
