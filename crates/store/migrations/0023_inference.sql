-- Senders whose mail is always filed as focused, or as other. address: folded to lower case; shown_address: as it was given.
CREATE TABLE inference_override (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    address TEXT NOT NULL,
    shown_address TEXT NOT NULL,
    name TEXT NOT NULL,
    classify_as TEXT NOT NULL,
    PRIMARY KEY (mailbox, id)
);
CREATE UNIQUE INDEX inference_override_address ON inference_override (mailbox, address);
