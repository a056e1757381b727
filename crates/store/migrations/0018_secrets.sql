-- Secrets that all nodes of one store have in common. Where one node alone serves, they stand in files of its data directory,
-- and here is nothing: a copy of the database then gives nothing away.
CREATE TABLE secret (
    name TEXT NOT NULL PRIMARY KEY,
    octets BYTEA NOT NULL,
    created_date_time BIGINT NOT NULL
);
