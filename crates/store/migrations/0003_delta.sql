-- What a client needs that follows a mailbox by its change numbers. No token was given before this, so what is there
-- already counts as come before any of them: 0.

-- change_floor: changes numbered up to this one are no more in the log
ALTER TABLE mailbox ADD COLUMN change_floor BIGINT NOT NULL DEFAULT 0;

-- folder_modseq: the change by which the message came into its folder
ALTER TABLE message ADD COLUMN folder_modseq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX message_folder_modseq ON message (mailbox, folder, modseq);
CREATE INDEX change_deleted ON change (mailbox, folder, modseq) WHERE operation = 'deleted';

-- modseq: the folder's last change, its counts included. created_modseq: the change that made it. parent_modseq: the
-- change by which it came into the folder that it stands in.
ALTER TABLE folder ADD COLUMN modseq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE folder ADD COLUMN created_modseq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE folder ADD COLUMN parent_modseq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX folder_modseq ON folder (mailbox, modseq, id);

-- A folder that left its parent: for another one, or for good.
CREATE TABLE folder_departure (
    mailbox BYTEA NOT NULL,
    modseq BIGINT NOT NULL,
    folder BYTEA NOT NULL,
    parent BYTEA NOT NULL,
    PRIMARY KEY (mailbox, modseq, folder)
);
