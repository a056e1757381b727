-- The first schema. One text for every engine: BYTEA, BIGINT and TEXT mean the same in all of them.
-- Every key begins with the mailbox, so that an engine may place mailboxes anywhere. Three things belong to no mailbox:
-- blobs (found by their digest), people and their addresses (found before a mailbox is known).

CREATE TABLE person (
    id BYTEA NOT NULL PRIMARY KEY,
    user_principal_name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    given_name TEXT NOT NULL,
    surname TEXT NOT NULL
);

-- address: folded to lower case
CREATE TABLE address (
    address TEXT NOT NULL PRIMARY KEY,
    person BYTEA NOT NULL REFERENCES person (id)
);

-- octets: null where they stand in a file
CREATE TABLE blob (
    digest BYTEA NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    octets BYTEA
);

-- modseq: how many changes this mailbox has seen
CREATE TABLE mailbox (
    id BYTEA NOT NULL PRIMARY KEY,
    modseq BIGINT NOT NULL
);

CREATE TABLE send_as (
    mailbox BYTEA NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (mailbox, address)
);

CREATE TABLE folder (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    parent BYTEA,
    well_known_name TEXT,
    display_name TEXT NOT NULL,
    is_hidden BIGINT NOT NULL,
    total_item_count BIGINT NOT NULL,
    unread_item_count BIGINT NOT NULL,
    PRIMARY KEY (mailbox, id)
);
CREATE UNIQUE INDEX folder_well_known ON folder (mailbox, well_known_name);
CREATE INDEX folder_parent ON folder (mailbox, parent);

-- A message is prefix, then the blob without its cuts. generated: fields shown but not part of it. overlay: what its
-- owner set beside the octets.
CREATE TABLE message (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    folder BYTEA NOT NULL,
    modseq BIGINT NOT NULL,
    blob BYTEA NOT NULL,
    prefix TEXT NOT NULL,
    generated TEXT NOT NULL,
    cuts TEXT NOT NULL,
    size BIGINT NOT NULL,
    is_draft BIGINT NOT NULL,
    is_read BIGINT NOT NULL,
    is_composed BIGINT NOT NULL,
    created_date_time BIGINT NOT NULL,
    last_modified_date_time BIGINT NOT NULL,
    received_date_time BIGINT NOT NULL,
    sent_date_time BIGINT NOT NULL,
    internet_message_id TEXT NOT NULL,
    conversation_id BYTEA NOT NULL,
    conversation_index BYTEA NOT NULL,
    subject TEXT NOT NULL,
    body_preview TEXT NOT NULL,
    importance TEXT NOT NULL,
    inference_classification TEXT NOT NULL,
    has_attachments BIGINT NOT NULL,
    is_delivery_receipt_requested BIGINT NOT NULL,
    is_read_receipt_requested BIGINT NOT NULL,
    from_recipients TEXT NOT NULL,
    sender TEXT NOT NULL,
    to_recipients TEXT NOT NULL,
    cc_recipients TEXT NOT NULL,
    bcc_recipients TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    categories TEXT NOT NULL,
    flag TEXT NOT NULL,
    overlay TEXT NOT NULL,
    PRIMARY KEY (mailbox, id)
);
CREATE INDEX message_folder_received ON message (mailbox, folder, received_date_time, id);
CREATE INDEX message_received ON message (mailbox, received_date_time, id);

-- What changed, in the order of it. operation: created, updated, deleted.
CREATE TABLE change (
    mailbox BYTEA NOT NULL,
    modseq BIGINT NOT NULL,
    folder BYTEA NOT NULL,
    message BYTEA NOT NULL,
    operation TEXT NOT NULL,
    PRIMARY KEY (mailbox, modseq, folder)
);

-- A submission under way, by its sender's mailbox, and whom it has not reached yet.
CREATE TABLE outbox (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    blob BYTEA NOT NULL,
    prefix TEXT NOT NULL,
    cuts TEXT NOT NULL,
    reverse_path TEXT NOT NULL,
    created_date_time BIGINT NOT NULL,
    PRIMARY KEY (mailbox, id)
);

-- state: due (to be tried at due_date_time), held (kept, not tried)
CREATE TABLE outbox_recipient (
    mailbox BYTEA NOT NULL,
    submission BYTEA NOT NULL,
    forward_path TEXT NOT NULL,
    state TEXT NOT NULL,
    due_date_time BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (mailbox, submission, forward_path)
);
CREATE INDEX outbox_recipient_due ON outbox_recipient (due_date_time) WHERE state = 'due';

-- The answer to a request that its client may send again (Idempotency-Key), kept for a day.
CREATE TABLE idempotency (
    mailbox BYTEA NOT NULL,
    key TEXT NOT NULL,
    request BYTEA NOT NULL,
    message BYTEA,
    internet_message_id TEXT NOT NULL,
    created_date_time BIGINT NOT NULL,
    PRIMARY KEY (mailbox, key)
);

-- A message that comes in several requests. blob: its octets, once all have come.
CREATE TABLE upload_session (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    size BIGINT NOT NULL,
    expiration_date_time BIGINT NOT NULL,
    blob BYTEA,
    PRIMARY KEY (mailbox, id)
);
