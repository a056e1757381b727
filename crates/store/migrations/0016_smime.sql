-- Keys of S/MIME, one row for each certificate. certificate: DER. sealed: the private key, under the operator's master key.
CREATE TABLE smime_key (
    mailbox BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    certificate BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    added_date_time BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    PRIMARY KEY (mailbox, fingerprint)
);
CREATE INDEX smime_key_not_after ON smime_key (not_after);

-- Certificates of others, as a mailbox knows them, by each address (folded to lower case) that they are for.
-- source: signed (it came with a message that its holder signed), given (somebody put it here), directory (looked up).
CREATE TABLE smime_certificate (
    mailbox BYTEA NOT NULL,
    address TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    certificate BYTEA NOT NULL,
    source TEXT NOT NULL,
    added_date_time BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    PRIMARY KEY (mailbox, address, fingerprint)
);

-- Whether what is encrypted for its owner is shown as it was before that.
ALTER TABLE mailbox ADD COLUMN shows_opened BIGINT NOT NULL DEFAULT 0;

-- The submission under which this one is followed, where some recipients of one message get octets of their own.
ALTER TABLE outbox_recipient ADD COLUMN part_of BYTEA;
CREATE INDEX outbox_recipient_part_of ON outbox_recipient (mailbox, part_of) WHERE part_of IS NOT NULL;
