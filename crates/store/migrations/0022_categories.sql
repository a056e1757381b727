-- The list of categories from which a mailbox's owner chooses. Messages have names, not these rows (message_category).
-- folded_name: as names compare, without case. created_date_time: their order.
CREATE TABLE outlook_category (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    display_name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    color TEXT NOT NULL,
    created_date_time BIGINT NOT NULL,
    PRIMARY KEY (mailbox, id)
);
CREATE UNIQUE INDEX outlook_category_name ON outlook_category (mailbox, folded_name);

-- Whether the list was ever changed; until then it is the one that every mailbox begins with.
ALTER TABLE mailbox ADD COLUMN has_own_categories BIGINT NOT NULL DEFAULT 0;
