-- What a mailbox does with what arrives (Graph: messageRule). Rules run by their sequence, those of one in the order in which they
-- were made. conditions, exceptions, actions: JSON, in the words of the rules of mail. has_error: an action could not be done.
CREATE TABLE message_rule (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    sequence BIGINT NOT NULL,
    display_name TEXT NOT NULL,
    is_enabled BIGINT NOT NULL,
    has_error BIGINT NOT NULL,
    conditions TEXT NOT NULL,
    exceptions TEXT NOT NULL,
    actions TEXT NOT NULL,
    PRIMARY KEY (mailbox, id)
);
