-- removal: how the messages of a folder go that people deleted (recoverable, permanent). It is seen no more; its row goes
-- with the last of them.
ALTER TABLE folder ADD COLUMN removal TEXT;
CREATE INDEX folder_removal ON folder (mailbox, id) WHERE removal IS NOT NULL;

-- A folder that others' messages are still copied into: those that stand behind this place of the source, newest first.
CREATE TABLE folder_copy (
    mailbox BYTEA NOT NULL,
    target BYTEA NOT NULL,
    source BYTEA NOT NULL,
    received_date_time BIGINT NOT NULL,
    message BYTEA NOT NULL,
    PRIMARY KEY (mailbox, target)
);
