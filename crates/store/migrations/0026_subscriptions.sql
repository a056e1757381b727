-- What apps want to be told of a mailbox's changes. What is to be told stands in change, above modseq.
-- person: for whom the app asked; none where it did for itself. folder: of which messages; none where of all. modseq: the last change
-- that the receiver has taken. held_modseq, held_since: up to which change the receiver was first tried in vain, and when.
-- paused: since when the app lacks the right. missed, reauthorization_required, removed: since when this waits to be told; what is
-- removed is there no more but for that. encryption_certificate: for whom the messages themselves are encrypted that are sent along; none
-- where they are not.
CREATE TABLE subscription (
    mailbox BYTEA NOT NULL,
    id BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    person BYTEA,
    resource TEXT NOT NULL,
    folder BYTEA,
    change_type TEXT NOT NULL,
    notification_url TEXT NOT NULL,
    lifecycle_notification_url TEXT,
    client_state TEXT,
    latest_supported_tls_version TEXT NOT NULL,
    expiration_date_time BIGINT NOT NULL,
    modseq BIGINT NOT NULL,
    held_modseq BIGINT,
    held_since BIGINT,
    paused BIGINT,
    missed BIGINT,
    reauthorization_required BIGINT,
    removed BIGINT,
    is_ending_told BIGINT NOT NULL,
    encryption_certificate TEXT,
    encryption_certificate_id TEXT NOT NULL,
    is_filtered BIGINT NOT NULL,
    PRIMARY KEY (mailbox, id)
);
CREATE INDEX subscription_id ON subscription (id);
CREATE INDEX subscription_client_id ON subscription (client_id);
CREATE INDEX subscription_notification_url ON subscription (notification_url);
CREATE INDEX subscription_lifecycle_notification_url ON subscription (lifecycle_notification_url);
CREATE INDEX subscription_expiration ON subscription (expiration_date_time);

-- Which messages a subscription's filter let in, as its receiver was told.
CREATE TABLE subscription_member (
    mailbox BYTEA NOT NULL,
    subscription BYTEA NOT NULL,
    message BYTEA NOT NULL,
    PRIMARY KEY (mailbox, subscription, message)
);

-- Where notifications are posted to: when next, by whom it is taken until when, and how often it could not be reached since it last
-- could. As destination, which nodes of the version before take from for mail alone.
CREATE TABLE notification_target (
    name TEXT NOT NULL PRIMARY KEY,
    due_date_time BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    node BYTEA
);
CREATE INDEX notification_target_due ON notification_target (due_date_time);
CREATE INDEX notification_target_leased ON notification_target (leased_until) WHERE leased_until > 0;
