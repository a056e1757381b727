-- Who began a session: the app, and the person for whom it asked; no person where it asked for itself. Sessions that began
-- before this have neither.
ALTER TABLE upload_session ADD COLUMN client_id TEXT;
ALTER TABLE upload_session ADD COLUMN person BYTEA;
