-- Several processes may serve one store. Each is a node that says again and again until when it is there; what it has taken is
-- free once it is not.
CREATE TABLE node (
    id BYTEA NOT NULL PRIMARY KEY,
    alive_until BIGINT NOT NULL
);

-- Who delivers it here, as long as that node is there.
ALTER TABLE outbox ADD COLUMN node BYTEA;
-- Who has taken it.
ALTER TABLE destination ADD COLUMN node BYTEA;
CREATE INDEX destination_leased ON destination (leased_until) WHERE leased_until > 0;
