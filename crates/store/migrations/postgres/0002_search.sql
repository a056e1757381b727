-- The index of texts in PostgreSQL's words, beside the mail's tables. It is derived from messages: what is here may be
-- emptied at any time. What SQLite has of it stands in search/0001_first.sql.

-- Mailboxes by a small number, and how much of each is indexed. modseq: changes up to this one. walked: messages that were
-- there before the change log is followed are indexed up to this id; null once all are. Who indexes a mailbox locks its row.
CREATE TABLE search_mailbox (
    mailbox BYTEA NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    modseq BIGINT NOT NULL,
    walked BYTEA
);

-- number: the mailbox's number, then the second of sent_date_time, then a tie, so that the newest of a mailbox stand together
-- at its end. fingerprint: of all that is indexed.
CREATE TABLE search_document (
    number BIGINT NOT NULL PRIMARY KEY,
    mailbox BIGINT NOT NULL,
    message BYTEA NOT NULL,
    received_date_time BIGINT NOT NULL,
    sent_date_time BIGINT NOT NULL,
    size BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL
);
CREATE UNIQUE INDEX search_document_message ON search_document (mailbox, message);

-- words: the set of a document's words, without positions. texts: its words in order, for phrases. is_cut: there are more
-- words than the set takes; then texts alone says what is found. Both stand beside their row, so that rows are short, and
-- what a search of frequent words passes over costs little.
CREATE TABLE search_text (
    number BIGINT NOT NULL PRIMARY KEY,
    is_cut BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    texts TEXT NOT NULL
) WITH (toast_tuple_target = 128);

-- What is new waits in a list, and goes into the index when there is more of it: that costs a third. Each search reads the
-- list, of whatever mailboxes, so it is short.
CREATE INDEX search_text_words ON search_text USING gin (words) WITH (gin_pending_list_limit = 512);
