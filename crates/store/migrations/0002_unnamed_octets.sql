-- Octets go with the last row that names them: whether there is another one is looked up by these.
CREATE INDEX message_blob ON message (blob);
CREATE INDEX outbox_blob ON outbox (blob);
CREATE INDEX upload_session_blob ON upload_session (blob) WHERE blob IS NOT NULL;

-- Until now they stayed.
DELETE FROM blob WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.blob = blob.digest)
    AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.blob = blob.digest)
    AND NOT EXISTS (SELECT 1 FROM upload_session u WHERE u.blob = blob.digest);
