-- What PostgreSQL alone needs: which deeds are done, each noted by its own transaction, so that one whose commit broke off
-- can be told from one that never happened. mailbox: whom it is about; zeros where it is not one.
CREATE TABLE deed (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    PRIMARY KEY (mailbox, id)
);
CREATE INDEX deed_id ON deed (id);
