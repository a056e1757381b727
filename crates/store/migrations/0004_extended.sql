-- What clients hang on messages and folders: MAPI's extended properties, and open extensions of messages.

-- item: a message's or a folder's id. property: its type, then its tag or name, in one spelling. position: its place among
-- the values of a property that has many; 0 for the only one. folded: in the form in which equality compares. number: what
-- has an order other than that of text.
CREATE TABLE extended_property (
    mailbox BYTEA NOT NULL,
    item BYTEA NOT NULL,
    property TEXT NOT NULL,
    position BIGINT NOT NULL,
    value TEXT NOT NULL,
    folded TEXT NOT NULL,
    number BIGINT,
    PRIMARY KEY (mailbox, item, property, position)
);
-- An index takes no text of any length: so much of it finds the few rows that are compared whole.
CREATE INDEX extended_property_value ON extended_property (mailbox, property, substr(folded, 1, 255), item);
CREATE INDEX extended_property_number ON extended_property (mailbox, property, number, item) WHERE number IS NOT NULL;

-- folded_name: names compare without regard to case. members: a JSON object.
CREATE TABLE extension (
    mailbox BYTEA NOT NULL,
    message BYTEA NOT NULL,
    folded_name TEXT NOT NULL,
    name TEXT NOT NULL,
    members TEXT NOT NULL,
    PRIMARY KEY (mailbox, message, folded_name)
);
