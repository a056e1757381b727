-- The domain whose mailboxes are here, as the last server that started here was told: commands beside it read it.
CREATE TABLE domain (name TEXT NOT NULL PRIMARY KEY);

-- Apps are found by their names too.
CREATE INDEX application_display_name ON application (display_name);

-- Who may send as an address is asked of the address too.
CREATE INDEX send_as_address ON send_as (address);
