-- Mail goes to other domains, and what became of it stays to be read for a while.
ALTER TABLE outbox ADD COLUMN envelope_id TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN returns TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN requires_tls BIGINT NOT NULL DEFAULT 0;

-- state: due (to be delivered here at due_date_time), relay (to be relayed then), held (kept, not tried), and how it ended then:
-- delivered, relayed, failed, cancelled. A submission's octets stay while one of its paths has not ended.
-- destination: by what paths that go the same way are found together; empty where it is delivered here.
ALTER TABLE outbox_recipient ADD COLUMN destination TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox_recipient ADD COLUMN notify TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox_recipient ADD COLUMN original_recipient TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox_recipient ADD COLUMN next_hop TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox_recipient ADD COLUMN reply TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox_recipient ADD COLUMN is_delay_told BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_recipient_relay ON outbox_recipient (destination, due_date_time) WHERE state = 'relay';
CREATE INDEX outbox_recipient_held ON outbox_recipient (due_date_time) WHERE state = 'held';

-- By what a message that was sent is followed, whether its sender keeps a copy or not.
ALTER TABLE idempotency ADD COLUMN sent BYTEA;

-- Where something is to be relayed to: when it is tried next, by whom it is taken until when, and how often it could not be
-- reached at all since it last could.
CREATE TABLE destination (
    name TEXT NOT NULL PRIMARY KEY,
    due_date_time BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    failures BIGINT NOT NULL
);
CREATE INDEX destination_due ON destination (due_date_time);
