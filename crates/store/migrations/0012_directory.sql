-- Who may come in: apps and what they may do, how people prove who they are, and what they share with each other.
-- Apps belong to no mailbox, as people do: they are found before one is known.

-- account_enabled: 0 where nobody may come in as this person. is_shared: a mailbox of several, as which nobody signs in.
-- password_hash: a PHC string; null where there is no password.
ALTER TABLE person ADD COLUMN account_enabled BIGINT NOT NULL DEFAULT 1;
ALTER TABLE person ADD COLUMN is_shared BIGINT NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN password_hash TEXT;

-- client_id: folded to lower case. Permissions: names joined by spaces. limits: which of the kinds in application_limit
-- are limited, joined by spaces; one that is limited to nothing has no row there. sends_per_minute: null is no limit.
CREATE TABLE application (
    client_id TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    account_enabled BIGINT NOT NULL,
    is_public_client BIGINT NOT NULL,
    delegated_permissions TEXT NOT NULL,
    application_permissions TEXT NOT NULL,
    limits TEXT NOT NULL,
    sends_per_minute BIGINT,
    created_date_time BIGINT NOT NULL
);

-- kind: mailbox (value: an id), from (an address), recipientDomain (a domain), all folded to lower case
CREATE TABLE application_limit (
    client_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (client_id, kind, value)
);

-- digest: SHA-256 of a secret, which is random. hint: its first three characters.
CREATE TABLE password_credential (
    client_id TEXT NOT NULL,
    key_id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    hint TEXT NOT NULL,
    end_date_time BIGINT,
    PRIMARY KEY (client_id, key_id)
);

-- public_key: an RSAPublicKey in DER
CREATE TABLE key_credential (
    client_id TEXT NOT NULL,
    key_id BYTEA NOT NULL,
    public_key BYTEA NOT NULL,
    end_date_time BIGINT,
    PRIMARY KEY (client_id, key_id)
);

CREATE TABLE redirect_uri (
    client_id TEXT NOT NULL,
    uri TEXT NOT NULL,
    PRIMARY KEY (client_id, uri)
);

-- Which permission let an app into a mailbox, how often and when last.
CREATE TABLE application_use (
    mailbox BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    permission TEXT NOT NULL,
    uses BIGINT NOT NULL,
    last_used_date_time BIGINT NOT NULL,
    PRIMARY KEY (mailbox, client_id, permission)
);
CREATE INDEX application_use_client ON application_use (client_id);

-- Sends of apps whose rate is limited, of the last minute.
CREATE TABLE application_send (
    client_id TEXT NOT NULL,
    sent_date_time BIGINT NOT NULL,
    submission BYTEA NOT NULL,
    PRIMARY KEY (client_id, sent_date_time, submission)
);

-- What a person lets an app do, until it is taken back. scope: permissions joined by spaces.
CREATE TABLE permission_grant (
    mailbox BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (mailbox, client_id)
);

-- What others may do with a mailbox. access: fullAccess, sendOnBehalf
CREATE TABLE mailbox_grant (
    mailbox BYTEA NOT NULL,
    grantee BYTEA NOT NULL,
    access TEXT NOT NULL,
    PRIMARY KEY (mailbox, grantee, access)
);
CREATE INDEX mailbox_grant_grantee ON mailbox_grant (grantee);
