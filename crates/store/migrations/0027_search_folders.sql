-- What a folder shows that holds no messages of its own (Graph: mailSearchFolder): those of some folders, and of the ones within them
-- where nested folders count, that a filter lets in. source_folders: their ids in hexadecimal digits, with commas.
CREATE TABLE search_folder (
    mailbox BYTEA NOT NULL,
    folder BYTEA NOT NULL,
    source_folders TEXT NOT NULL,
    include_nested_folders BIGINT NOT NULL,
    filter_query TEXT NOT NULL,
    PRIMARY KEY (mailbox, folder)
);
