-- What people let apps do. Codes and refresh tokens carry their mailbox, so that every key begins with it; here stands only
-- their SHA-256. A device's code belongs to nobody until it is granted, so it is found by its digest alone.

-- code_challenge: of PKCE, S256. is_redeemed: a second use takes back what the first gave.
CREATE TABLE authorization_code (
    mailbox BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    nonce TEXT,
    is_redeemed BIGINT NOT NULL,
    expiration_date_time BIGINT NOT NULL,
    PRIMARY KEY (mailbox, digest)
);
CREATE INDEX authorization_code_expiration ON authorization_code (mailbox, expiration_date_time);

-- family: the digest of what the first of them was given for. is_used: another has taken its place.
CREATE TABLE refresh_token (
    mailbox BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    family BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    is_confidential BIGINT NOT NULL,
    is_used BIGINT NOT NULL,
    expiration_date_time BIGINT NOT NULL,
    PRIMARY KEY (mailbox, digest)
);
CREATE INDEX refresh_token_family ON refresh_token (mailbox, family);
CREATE INDEX refresh_token_expiration ON refresh_token (mailbox, expiration_date_time);

-- state: pending, granted (to mailbox), declined
CREATE TABLE device_code (
    digest BYTEA NOT NULL PRIMARY KEY,
    user_code TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    mailbox BYTEA,
    polled_date_time BIGINT NOT NULL,
    expiration_date_time BIGINT NOT NULL
);
CREATE INDEX device_code_expiration ON device_code (expiration_date_time);
