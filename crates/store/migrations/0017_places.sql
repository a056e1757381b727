-- Where octets stand that don't stand in their row: a name that is used once. Nothing for the files of before, whose name is
-- their digest alone.
ALTER TABLE blob ADD COLUMN place TEXT;
CREATE UNIQUE INDEX blob_place ON blob (place) WHERE place IS NOT NULL;

-- What has come of an upload where no file grows with it: octets from start on, of which the first so many count.
CREATE TABLE upload_part (
    mailbox BYTEA NOT NULL,
    session BYTEA NOT NULL,
    start BIGINT NOT NULL,
    size BIGINT NOT NULL,
    blob BYTEA NOT NULL,
    PRIMARY KEY (mailbox, session, start)
);
CREATE INDEX upload_part_blob ON upload_part (blob);

-- The request whose part is awaited: what another brings after it began doesn't count.
ALTER TABLE upload_session ADD COLUMN writer BYTEA;
