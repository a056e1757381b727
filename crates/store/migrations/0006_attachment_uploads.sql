-- Attachments that come in several requests. message and item: the draft, and as text which attachment of it the octets
-- become; null where they are a message of their own. attachment: by what the attachment is found, once it is there.
ALTER TABLE upload_session ADD COLUMN message BYTEA;
ALTER TABLE upload_session ADD COLUMN item TEXT;
ALTER TABLE upload_session ADD COLUMN attachment BYTEA;
-- A mailbox has few sessions that wait for octets, and may have many that ended well.
CREATE INDEX upload_session_waiting ON upload_session (mailbox, size) WHERE blob IS NULL AND attachment IS NULL;
CREATE INDEX upload_session_ends ON upload_session (mailbox, expiration_date_time);
