-- The index of texts, in a database beside the mail's: it is derived from messages, and may be thrown away at any time.
-- This text is SQLite's alone; an engine with full text of its own has these tables in its own words.

-- Mailboxes by a small number, and how much of each is indexed. modseq: changes up to this one. walked: messages that were
-- there before the change log is followed are indexed up to this id; null once all are.
CREATE TABLE search_mailbox (
    mailbox BLOB NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    modseq INTEGER NOT NULL,
    walked BLOB
);

-- number: the mailbox's number, then the second of sent_date_time, then a tie, so that the newest of a mailbox stand together
-- at its end. fingerprint: of all that is indexed.
CREATE TABLE search_document (
    number INTEGER NOT NULL PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    message BLOB NOT NULL,
    received_date_time INTEGER NOT NULL,
    sent_date_time INTEGER NOT NULL,
    size INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL
);
CREATE UNIQUE INDEX search_document_message ON search_document (mailbox, message);

-- Its rowid is the number of a document. place: words that nobody can write, for what has few values.
CREATE VIRTUAL TABLE search_text USING fts5 (
    subject, body, sender, to_recipients, cc_recipients, bcc_recipients, attachments, place,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
