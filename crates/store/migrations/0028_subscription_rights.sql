-- Whether a subscription's filter asks of what Mail.ReadBasic doesn't show; whoever hears what it lets in learns of that.
ALTER TABLE subscription ADD COLUMN reads_text BIGINT NOT NULL DEFAULT 0;
CREATE INDEX subscription_person ON subscription (person);
