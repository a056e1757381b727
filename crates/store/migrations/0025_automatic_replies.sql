-- Who was told of an absence, and in which period of it (mailbox_settings.automatic_replies_period): nobody is told twice.
CREATE TABLE automatic_reply (
    mailbox BYTEA NOT NULL,
    recipient TEXT NOT NULL,
    period BIGINT NOT NULL,
    PRIMARY KEY (mailbox, recipient)
);
