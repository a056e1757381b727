-- What lists are found by. Each index leads to its messages by date; what has no column that sorts as it compares has a
-- key beside it, made by the store (sql/derived.rs). Texts compare by their octets (in PostgreSQL: COLLATE "C"), so far as
-- 255 characters: an index takes no text of any length.

-- traits: isRead, isDraft, hasAttachments, inferenceClassification, importance and flagStatus in one number
ALTER TABLE message ADD COLUMN traits BIGINT NOT NULL DEFAULT 0;
-- folded, the beginning
ALTER TABLE message ADD COLUMN subject_key TEXT NOT NULL DEFAULT '';
-- the address of the first of From, and of Sender, folded
ALTER TABLE message ADD COLUMN from_key TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN sender_key TEXT NOT NULL DEFAULT '';

CREATE INDEX message_folder_traits ON message (mailbox, folder, traits, received_date_time, id);
CREATE INDEX message_from ON message (mailbox, from_key, received_date_time, id);
-- Nearly always the sender is who it is from: then the index before this one finds both.
CREATE INDEX message_sender ON message (mailbox, sender_key, received_date_time, id) WHERE sender_key <> from_key;
CREATE INDEX message_subject ON message (mailbox, subject_key, received_date_time, id);
CREATE INDEX message_internet_message_id ON message (mailbox, substr(internet_message_id, 1, 255), received_date_time, id);
CREATE INDEX message_conversation ON message (mailbox, conversation_id, received_date_time, id);
CREATE INDEX message_sent ON message (mailbox, sent_date_time, received_date_time, id);
CREATE INDEX message_created ON message (mailbox, created_date_time, received_date_time, id);
CREATE INDEX message_last_modified ON message (mailbox, last_modified_date_time, received_date_time, id);

-- name_key: a category's name, folded, the beginning
CREATE TABLE message_category (
    mailbox BYTEA NOT NULL,
    name_key TEXT NOT NULL,
    received_date_time BIGINT NOT NULL,
    message BYTEA NOT NULL,
    PRIMARY KEY (mailbox, name_key, received_date_time, message)
);
